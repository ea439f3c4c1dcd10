use super::*;
use crate::precond::{Ic0Config, JacobiConfig, SsorConfig};
use crate::{CgConfig, GmresConfig, Method, Outcome, Precond, Step, StopReason};
use resolvent_matrices::generate::{Poisson, ShiftedLaplacian};
use std::ops::ControlFlow;

fn poisson() -> Csr<f64> {
    Poisson::default().generate().unwrap().matrix
}

fn scaled(a: &Csr<f64>, t: usize) -> Csr<f64> {
    let mut next = a.clone();
    let n = next.nrows();
    for i in 0..n {
        let row = next.row_range(i);
        let at = next.col_idx()[row.clone()]
            .iter()
            .position(|&j| j as usize == i);
        next.values_mut()[row.start + at.unwrap()] += (t * (1 + i % 3)) as f64;
    }
    next
}

fn cg(precond: Precond) -> Way<f64> {
    Way {
        method: Method::Cg(CgConfig::default()),
        precond,
    }
}

fn ssor(omega: f64) -> Way<f64> {
    cg(Precond::Ssor(SsorConfig {
        omega,
        ..SsorConfig::default()
    }))
}

fn true_residual(a: &Csr<f64>, b: &[f64], x: &[f64]) -> f64 {
    let mut ax = vec![0.0; b.len()];
    a.view().mul_vec(x, &mut ax).unwrap();
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut b.iter().zip(&ax).map(|(b, ax)| b - ax)) / norm(&mut b.iter().copied())
}

#[test]
fn what_is_carried_changes_nothing_but_the_cost() {
    let a = poisson();
    let n = a.nrows();
    let ways = [
        ssor(1.5),
        cg(Precond::Ic0(Ic0Config::default())),
        cg(Precond::Jacobi(JacobiConfig::default())),
    ];
    let mut sequence = Sequence::new(SequenceConfig {
        guess: Guess::Zero,
        ..SequenceConfig::default()
    });
    for t in 0..4 {
        let (a, b) = (scaled(&a, t), vec![1.0 + t as f64; n]);
        sequence.advance(if t % 2 == 0 {
            Change::Values
        } else {
            Change::Pattern
        });
        for way in &ways {
            let mut x = vec![9.0; n];
            sequence.guess(&a, &b, &mut x);
            let warm = sequence
                .solve(&a, &b, Some(way), None, &mut x, &mut ())
                .unwrap();
            let mut alone = vec![0.0; n];
            let mut cold = Sequence::new(SequenceConfig::default());
            let cold = cold
                .next(&a, &b, Change::Pattern, Some(way), &mut alone, &mut ())
                .unwrap();
            assert!(warm.report.converged() && !warm.capped && warm.attempts.is_empty());
            assert_eq!(
                (&x, warm.report.iterations),
                (&alone, cold.report.iterations)
            );
            assert!(true_residual(&a, &b, &x) <= 1e-8);
        }
    }
    assert_eq!(sequence.engines.len(), ways.len());
}

#[test]
fn another_omega_uses_the_same_engine() {
    let a = poisson();
    let b = vec![1.0; a.nrows()];
    let mut sequence = Sequence::new(SequenceConfig {
        guess: Guess::Zero,
        ..SequenceConfig::default()
    });
    let mut iterations = |omega| {
        let mut x = vec![0.0; b.len()];
        let way = ssor(omega);
        let solved = sequence.next(&a, &b, Change::Nothing, Some(&way), &mut x, &mut ());
        (solved.unwrap().report.iterations, sequence.engines.len())
    };
    let one = iterations(1.0);
    assert!(iterations(1.7).0 < one.0);
    assert_eq!(iterations(1.0), one);
    assert_eq!(one.1, 1);
}

#[test]
fn a_budget_that_is_used_up_leaves_the_rest_to_the_safe_way() {
    let a = poisson();
    let b = vec![1.0; a.nrows()];
    let (slow, safe) = (cg(Precond::None), ssor(1.6));
    let solve = |iterations| {
        let mut sequence = Sequence::new(SequenceConfig::default());
        let mut x = vec![0.0; b.len()];
        let backstop = Backstop {
            iterations,
            time: None,
            safe,
        };
        let solved = sequence.solve(&a, &b, Some(&slow), Some(&backstop), &mut x, &mut ());
        let solved = solved.unwrap();
        assert!(solved.report.converged() && true_residual(&a, &b, &x) <= 1e-8);
        solved
    };
    let alone = solve(10_000);
    assert!(!alone.capped && alone.precond == "none" && alone.attempts.is_empty());
    let capped = solve(5);
    assert!(capped.capped && capped.precond == "ssor");
    assert_eq!(capped.attempts.len(), 1);
    assert_eq!(capped.attempts[0].outcome, Outcome::TooSlow);
    assert_eq!(capped.attempts[0].iterations, 5);
    assert!(capped.report.iterations > 5 && capped.work > 10.0);
}

#[test]
fn a_way_that_cannot_be_built_leaves_it_to_the_safe_one() {
    let mut a = poisson();
    let first = a.row_range(0).start;
    a.values_mut()[first] = 0.0; // the diagonal of row 0
    let b = vec![1.0; a.nrows()];
    let safe = Way {
        method: Method::Gmres(GmresConfig::default()),
        precond: Precond::None,
    };
    let backstop = Backstop {
        iterations: 100,
        time: None,
        safe,
    };
    let mut x = vec![0.0; b.len()];
    let mut sequence = Sequence::new(SequenceConfig::default());
    let solved = sequence
        .solve(&a, &b, Some(&ssor(1.0)), Some(&backstop), &mut x, &mut ())
        .unwrap();
    assert!(solved.capped && matches!(solved.attempts[0].outcome, Outcome::Failed(_)));
    assert_eq!(solved.solver, "gmres");
    let alone = sequence.solve(&a, &b, Some(&ssor(1.0)), None, &mut x, &mut ());
    assert!(alone.is_err());
}

#[test]
fn whoever_stops_it_is_obeyed() {
    struct Stop;
    impl Observer<f64> for Stop {
        fn step(&mut self, step: &Step<'_, f64>) -> ControlFlow<()> {
            match step.k {
                3 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    let a = poisson();
    let b = vec![1.0; a.nrows()];
    let backstop = Backstop {
        iterations: 100,
        time: None,
        safe: ssor(1.0),
    };
    let mut sequence = Sequence::new(SequenceConfig::default());
    let mut x = vec![0.0; b.len()];
    let way = cg(Precond::None);
    let solved = sequence
        .solve(&a, &b, Some(&way), Some(&backstop), &mut x, &mut Stop)
        .unwrap();
    assert_eq!(solved.report.reason, StopReason::Interrupted);
    assert!(!solved.capped && solved.report.iterations == 3);
}

#[test]
fn the_choice_is_kept_while_it_serves() {
    let a = poisson();
    let indefinite = ShiftedLaplacian::default()
        .generate::<f64>()
        .unwrap()
        .matrix;
    let mut sequence = Sequence::new(SequenceConfig {
        guess: Guess::Zero,
        ..SequenceConfig::default()
    });
    let mut next = |a: &Csr<f64>, change| {
        let b = vec![1.0; a.nrows()];
        let mut x = vec![0.0; b.len()];
        let solved = sequence.next(a, &b, change, None, &mut x, &mut ()).unwrap();
        assert!(solved.report.converged() && true_residual(a, &b, &x) <= 1e-8);
        (solved.solver, solved.attempts.len())
    };
    let first = next(&a, Change::Pattern);
    assert_eq!(next(&scaled(&a, 1), Change::Values), (first.0, 0));
    assert_eq!(next(&scaled(&a, 2), Change::Values), (first.0, 0));
    next(&indefinite, Change::Pattern); // whatever it takes
    next(&indefinite, Change::Nothing);
}

#[test]
fn guesses_save_iterations() {
    let a = poisson();
    let n = a.nrows();
    let total = |guess| {
        let mut sequence = Sequence::new(SequenceConfig {
            guess,
            ..SequenceConfig::default()
        });
        let mut x = vec![0.0; n];
        let step = |t: usize| {
            let b: Vec<f64> = (0..n)
                .map(|i| 1.0 + (0.1 * t as f64 + i as f64).sin())
                .collect();
            let way = ssor(1.5);
            let solved = sequence.next(&a, &b, Change::Nothing, Some(&way), &mut x, &mut ());
            solved.unwrap().report.iterations
        };
        (0..8).map(step).sum::<usize>()
    };
    let (zero, previous) = (total(Guess::Zero), total(Guess::Previous));
    let extrapolate = total(Guess::Extrapolate);
    assert!(
        extrapolate < previous && previous < zero,
        "{extrapolate} {previous} {zero}"
    );
}

#[test]
fn a_pressure_known_up_to_a_constant() {
    // the periodic 1-D Laplacian
    let n = 50;
    let entries =
        (0..n).flat_map(|i| [(i, i, 2.0), (i, (i + 1) % n, -1.0), ((i + 1) % n, i, -1.0)]);
    let a = Csr::from_triplets(n, n, entries).unwrap();
    let b: Vec<f64> = (0..n)
        .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    let mut x = vec![0.0; n];
    let mut sequence = Sequence::new(SequenceConfig::default());
    let way = ssor(1.2);
    let solved = sequence
        .next(&a, &b, Change::Pattern, Some(&way), &mut x, &mut ())
        .unwrap();
    assert!(solved.report.converged());
    assert!(x.iter().sum::<f64>().abs() < 1e-8);
}

/// A diverged iterate is no guess for the next system, and a factorisation is work.
#[test]
fn what_is_worse_than_zero_is_not_begun_with() {
    let a = poisson();
    let n = a.nrows();
    let mut sequence = Sequence::new(SequenceConfig {
        guess: Guess::Previous,
        ..SequenceConfig::default()
    });
    let diverging = Way {
        method: Method::Sor(crate::SorConfig {
            omega: 1.9,
            ..crate::SorConfig::default()
        }),
        precond: Precond::None,
    };
    let mut wild = a.clone();
    wild.values_mut()
        .iter_mut()
        .filter(|v| **v < 0.0)
        .for_each(|v| *v *= -3.0);
    let (b, mut x) = (vec![1.0; n], vec![0.0; n]);
    let solved = sequence.next(
        &wild,
        &b,
        Change::Pattern,
        Some(&diverging),
        &mut x,
        &mut (),
    );
    let report = solved.unwrap().report;
    assert!(report.residual_norm > report.rhs_norm, "{report:?}");
    assert_eq!(sequence.kept().count(), 0);
    let direct = Way {
        method: Method::Direct(crate::DirectConfig::default()),
        precond: Precond::None,
    };
    let solved = sequence.next(&a, &b, Change::Values, Some(&direct), &mut x, &mut ());
    let first = solved.unwrap();
    assert!(first.report.converged());
    assert_eq!(sequence.kept().count(), 1);
    let b: Vec<f64> = (0..n).map(|i| i as f64).collect();
    let solved = sequence.next(&a, &b, Change::Nothing, Some(&direct), &mut x, &mut ());
    let second = solved.unwrap();
    let products = |s: &Solved<f64>| s.report.matvecs as f64;
    assert!(
        second.work > products(&second) + 1.0,
        "factors are read: {}",
        second.work
    );
    assert!(
        first.work > second.work + 5.0,
        "factorised: {} and {}",
        first.work,
        second.work
    );
}
