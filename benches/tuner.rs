//! What a decision takes: to choose an arm and to learn from its outcome, for each tuner, with a context that
//! is given and without one.
//!
//! Timed within a sequence that tunes itself, on a matrix so small and so much the same that nothing else is
//! in it: describing the matrix is not, estimates of β are not.

mod common;

use common::{poisson, short, vector};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use resolvent::models::{ContextKind, Tuned, TunedConfig, TunerKind, paper_grid};
use resolvent::precond::SsorConfig;
use resolvent::solvers::{Change, SorConfig, Way};
use resolvent::{CgConfig, Csr, Grid, Method, Precond};
use std::time::Duration;

/// Decisions before the clock runs.
const BEFORE: usize = 500;

/// A sequence of one small matrix.
struct Sequence {
    tuned: Tuned<f64>,
    a: Csr<f64>,
    b: Vec<f64>,
    x: Vec<f64>,
    decisions: usize,
}

impl Sequence {
    fn new(tuner: TunerKind, context: ContextKind) -> Self {
        let way = match tuner {
            TunerKind::Adaptive => Way {
                method: Method::Sor(SorConfig::default()),
                precond: Precond::None,
            },
            _ => Way {
                method: Method::Cg(CgConfig::default()),
                precond: Precond::Ssor(SsorConfig::default()),
            },
        };
        let config = TunedConfig {
            tuner,
            context,
            context_range: Some([0.0, 1.0]),
            omegas: paper_grid(),
            ..TunedConfig::new(way)
        };
        let a = poisson(Grid::new(3, 3, 1));
        Self {
            tuned: Tuned::new(config).expect("these fit"),
            b: vector(a.nrows()),
            x: vec![0.0; a.nrows()],
            a,
            decisions: 0,
        }
    }

    /// The time of one decision.
    fn decide(&mut self) -> Duration {
        let context = (self.decisions as f64 * 0.618_034) % 1.0;
        self.decisions += 1;
        self.tuned.set_context(&[context]);
        self.x.fill(0.0);
        let (a, b, change) = (&self.a, &self.b, Change::Nothing);
        let done = self.tuned.solve(a, b, change, &mut self.x, &mut ());
        done.expect("it can be solved").overhead
    }
}

fn tuner(c: &mut Criterion) {
    let mut group = c.benchmark_group("tuner/decision");
    for (name, kind, _) in TunerKind::ALL {
        for (given, context) in [("context", ContextKind::Given), ("none", ContextKind::None)] {
            let mut sequence = Sequence::new(kind, context);
            for _ in 0..BEFORE {
                sequence.decide();
            }
            group.bench_function(BenchmarkId::new(name, given), |b| {
                b.iter_custom(|count| (0..count).map(|_| sequence.decide()).sum())
            });
        }
    }
}

criterion_group! { name = benches; config = short(); targets = tuner }
criterion_main!(benches);
