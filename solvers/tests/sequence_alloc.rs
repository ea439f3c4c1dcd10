//! From the second system of one pattern on, a sequence allocates nothing. This binary has one test
//! and its own global allocator, which counts.

mod counting;

use counting::{allocations, count_this_thread};
use resolvent_solvers::matrices::{Csr, generate::Poisson};
use resolvent_solvers::precond::{Ic0Config, JacobiConfig, SsorConfig};
use resolvent_solvers::{
    Backstop, CgConfig, Change, Guess, Method, Precond, Sequence, SequenceConfig, Way,
};

fn way(precond: Precond) -> Way<f64> {
    Way {
        method: Method::Cg(CgConfig::default()),
        precond,
    }
}

#[test]
fn nothing_is_allocated_from_the_second_system_on() {
    count_this_thread();
    let mut a: Csr<f64> = Poisson::default().generate().unwrap().matrix;
    let n = a.nrows();
    let (mut x, mut b) = (vec![0.0; n], vec![1.0; n]);
    let ssor = way(Precond::Ssor(SsorConfig::default()));
    let ways = [
        ssor,
        way(Precond::Jacobi(JacobiConfig::default())),
        way(Precond::Ic0(Ic0Config::default())),
        way(Precond::None),
    ];
    for way in ways {
        let mut sequence = Sequence::new(SequenceConfig {
            guess: Guess::Extrapolate,
            ..SequenceConfig::default()
        });
        let backstop = Backstop {
            iterations: 1000,
            time: None,
            safe: ssor,
        };
        for t in 0..6 {
            let change = if t == 0 {
                Change::Pattern
            } else {
                Change::Values
            };
            a.values_mut().iter_mut().for_each(|v| *v *= 1.01);
            b[t] = -1.0;
            let way = way.with_omega(1.0 + 0.1 * t as f64);
            let before = allocations();
            sequence.advance(change);
            sequence.guess(&a, &b, &mut x);
            let solved = sequence.solve(&a, &b, Some(&way), Some(&backstop), &mut x, &mut ());
            sequence.keep(&x);
            let made = allocations() - before;
            assert!(solved.unwrap().report.converged());
            if t > 0 {
                assert_eq!(made, 0, "{way}, system {t}");
            }
        }
    }
}
