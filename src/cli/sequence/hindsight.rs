//! What would have been best: each system solved again with every ω of a grid, and by golden section
//! around the best of them, from the same initial guess. Nothing of it is counted.

use crate::cli::input::Double;
use resolvent::models::paper_grid;
use resolvent::precond::SsorConfig;
use resolvent::solvers::{Change, Guess, Observer, Sequence, SequenceConfig, StopReason, Way};
use resolvent::{CgConfig, Csr, Method, Precond, Stopping};
use serde::{Deserialize, Serialize};

/// One system, in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Again {
    /// With ω = 1, 1.05, …, 1.95; where it did not converge, the bound on iterations.
    pub iterations: Vec<usize>,
    pub golden: Best,
    /// No ω of the grid converges.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// An ω and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub omega: f64,
    pub iterations: usize,
}

/// The sums over a run; part of what is saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Systems on which no ω converges.
    #[serde(default)]
    failed: usize,
    grid: Vec<usize>,
    oracle: usize,
    golden: usize,
}

/// In the closing object.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BestFixed {
    pub omega: f64,
    pub iterations_total: usize,
}

/// In the closing object.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Oracle {
    pub iterations_total: usize,
}

/// Solves again.
pub struct Hindsight<T: Double> {
    sequence: Sequence<T>,
    way: Way<f64>,
    stopping: Stopping<f64>,
    x: Vec<T>,
    pub sums: Sums,
}

/// Of ω, at the end of the golden section.
const CLOSE: f64 = 0.005;

impl<T: Double> Hindsight<T> {
    /// By SOR if that is given; else by the method given, or CG where it has no preconditioner, with
    /// SSOR.
    pub fn new(method: Option<Method<f64>>) -> Self {
        let way = match method {
            Some(Method::Sor(config)) => Way {
                method: Method::Sor(resolvent::solvers::SorConfig {
                    adaptive: false,
                    ..config
                }),
                precond: Precond::None,
            },
            other => Way {
                method: other
                    .filter(|method| !matches!(method, Method::Direct(_)))
                    .unwrap_or(Method::Cg(CgConfig::default())),
                precond: Precond::Ssor(SsorConfig::default()),
            },
        };
        let config = SequenceConfig {
            guess: Guess::Given,
            ..Default::default()
        };
        Self {
            sequence: Sequence::new(config),
            way,
            stopping: Stopping::default(),
            x: Vec::new(),
            sums: Sums::default(),
        }
    }

    /// The system at hand, from `start`; nothing if the observer ends it. The sums are left alone:
    /// see [`Sums::add`].
    pub fn judge(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        change: Change,
        stopping: Stopping<f64>,
        start: &[T],
        observer: &mut dyn Observer<T>,
    ) -> Option<Again> {
        self.stopping = stopping;
        self.sequence.set_stopping(stopping);
        self.sequence.advance(change);
        let grid = paper_grid();
        let mut converged = false;
        let mut solve = |omega| {
            let (iterations, arrived) = self.solve(a, b, omega, start, observer)?;
            converged |= arrived;
            Some(iterations)
        };
        let iterations: Vec<usize> = grid
            .iter()
            .map(|&omega| solve(omega))
            .collect::<Option<_>>()?;
        let best = (0..grid.len()).min_by_key(|&k| iterations[k]).unwrap_or(0);
        let mut golden = Best {
            omega: grid[best],
            iterations: iterations[best],
        };
        let inner = 0.5 * (5f64.sqrt() - 1.0);
        let (mut low, mut high) = (grid[best] - 0.05, (grid[best] + 0.05).min(1.995));
        let mut points = [high - inner * (high - low), low + inner * (high - low)];
        let mut values = [solve(points[0])?, solve(points[1])?];
        loop {
            for (omega, iterations) in points.into_iter().zip(values) {
                if iterations < golden.iterations {
                    golden = Best { omega, iterations };
                }
            }
            if high - low < CLOSE {
                break;
            }
            if values[0] <= values[1] {
                high = points[1];
                points = [high - inner * (high - low), points[0]];
                values = [solve(points[0])?, values[0]];
            } else {
                low = points[0];
                points = [points[1], low + inner * (high - low)];
                values = [values[1], solve(points[1])?];
            }
        }
        Some(Again {
            iterations,
            golden,
            failed: !converged,
        })
    }

    /// Iterations with this ω, the bound on them where it does not converge or cannot be set up, and
    /// whether it does. Nothing is recycled: the other solves were of the same system.
    fn solve(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        omega: f64,
        start: &[T],
        observer: &mut dyn Observer<T>,
    ) -> Option<(usize, bool)> {
        if self.way.method.recycles() {
            self.sequence.go_on_from(&[]);
        }
        self.x.clear();
        self.x.extend_from_slice(start);
        let way = self.way.with_omega(omega);
        let solved = self
            .sequence
            .solve(a, b, Some(&way), None, &mut self.x, observer);
        match solved.map(|solved| solved.report) {
            Ok(report) if report.reason == StopReason::Interrupted => None,
            Ok(report) if report.converged() => Some((report.iterations, true)),
            _ => Some((self.stopping.max_iters, false)),
        }
    }
}

impl Sums {
    /// Takes a system that is done.
    pub fn add(&mut self, again: &Again) {
        self.failed += usize::from(again.failed);
        self.grid.resize(again.iterations.len(), 0);
        let sums = self.grid.iter_mut().zip(&again.iterations);
        sums.for_each(|(sum, k)| *sum += k);
        self.oracle += again.iterations.iter().min().copied().unwrap_or(0);
        self.golden += again.golden.iterations;
    }

    pub fn failed(&self) -> usize {
        self.failed
    }

    pub fn best_fixed(&self) -> Option<BestFixed> {
        let sums = self.grid.iter().zip(paper_grid());
        let best = sums.min_by_key(|(sum, _)| **sum)?;
        Some(BestFixed {
            omega: best.1,
            iterations_total: *best.0,
        })
    }

    pub fn oracle(&self) -> Option<Oracle> {
        (!self.grid.is_empty()).then_some(Oracle {
            iterations_total: self.oracle,
        })
    }

    pub fn golden(&self) -> Option<Oracle> {
        (!self.grid.is_empty()).then_some(Oracle {
            iterations_total: self.golden,
        })
    }
}
