//! From the second system of one pattern on, a tuned sequence allocates nothing, whoever tunes: choosing and learning
//! included. A kind of arm that is played for the first time may: adaptive SOR keeps a vector that SOR does not. This binary has one test and its own global allocator, which counts.

#[path = "../../solvers/tests/counting/mod.rs"]
mod counting;

use counting::{allocations, count_this_thread};
use resolvent_matrices::{Csr, generate::Poisson};
use resolvent_models::{ContextKind, Tuned, TunedConfig, TunerKind};
use resolvent_solvers::{CgConfig, Change, Guess, Method, Precond, SorConfig, Way};

#[test]
fn nothing_is_allocated_from_the_second_system_on() {
    count_this_thread();
    let mut a: Csr<f64> = Poisson::default().generate().unwrap().matrix;
    let n = a.nrows();
    let (mut x, mut b) = (vec![0.0; n], vec![1.0; n]);
    let ssor = Way {
        method: Method::Cg(CgConfig::default()),
        precond: Precond::Ssor(Default::default()),
    };
    let sor = Way {
        method: Method::Sor(SorConfig::default()),
        precond: Precond::None,
    };
    for way in [ssor, sor] {
        for (name, kind, _) in TunerKind::ALL {
            for context in [ContextKind::None, ContextKind::Matrix, ContextKind::Given] {
                let mut config = TunedConfig::new(way);
                config.sequence.guess = Guess::Extrapolate;
                (config.tuner, config.context) = (kind, context);
                let Ok(mut tuned) = Tuned::new(config) else {
                    assert!(name == "adaptive" && way == ssor);
                    continue;
                };
                let (mut late, mut played) = (0, Vec::new());
                for t in 0..24 {
                    a.values_mut().iter_mut().for_each(|v| *v *= 1.01);
                    b[t] = -1.0;
                    let change = if t == 0 {
                        Change::Pattern
                    } else {
                        Change::Values
                    };
                    tuned.set_context(&[t as f64, 1.0]);
                    let before = allocations();
                    let solved = tuned.next(&a, &b, change, &mut x, &mut ());
                    let made = allocations() - before;
                    let solved = solved.unwrap();
                    assert!(solved.solved.report.converged());
                    let kind = std::mem::discriminant(&solved.choice.arm);
                    // a solve that was capped reports its attempts in a list
                    if played.contains(&kind) && t > 2 && solved.solved.attempts.is_empty() {
                        late += made;
                    }
                    played.push(kind);
                }
                assert_eq!(late, 0, "{name}, {context:?}, {way}");
            }
        }
    }
}
