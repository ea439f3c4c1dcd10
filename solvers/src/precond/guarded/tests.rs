//! Whatever the first preconditioner does, the solve converges, and says why it did not do so with it.

use super::*;
use crate::precond::{Ic0, Ic0Config};
use crate::testing::{Custom, distance, hpd, vector};
use crate::{
    Cg, CgConfig, Fcg, FcgConfig, Fgmres, Gcrodr, GcrodrConfig, GmresConfig, Rcg, RcgConfig,
    SolveReport, Solver, System,
};
use resolvent_matrices::Csr;

type Apply = fn(usize, &[f64], &mut [f64]) -> Result<(), PrecondError>;

/// Cells along a side.
const N: usize = 30;

/// What may be said of directions that have nothing to do with the residual; the sign of (r,z) is chance.
const USELESS: [Distrust; 3] = [Distrust::Indefinite, Distrust::NoProgress, Distrust::Slow];

fn trials(relative_cost: f64) -> GuardedConfig {
    GuardedConfig {
        relative_cost: Some(relative_cost),
        ..GuardedConfig::default()
    }
}

fn guarded(
    a: &Csr<f64>,
    linearity: Linearity,
    apply: Apply,
    config: GuardedConfig,
) -> Guarded<f64> {
    let inner = Box::new(Custom(linearity, apply, 0));
    let fallback = Box::new(Ic0::new(a, Ic0Config::default()).unwrap());
    Guarded::new(inner, fallback, config)
}

fn nan(_: usize, _: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    z.fill(f64::NAN);
    Ok(())
}
fn late_nan(call: usize, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    z.copy_from_slice(r);
    if call > 3 {
        z[7] = f64::NAN;
    }
    Ok(())
}
fn infinite(_: usize, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    z.copy_from_slice(r);
    z[3] = f64::INFINITY;
    Ok(())
}
fn zero(_: usize, _: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    z.fill(0.0);
    Ok(())
}
fn error(_: usize, _: &[f64], _: &mut [f64]) -> Result<(), PrecondError> {
    let problem = "out of order".into();
    Err(PrecondError::Failed {
        precond: "custom",
        problem,
    })
}
/// The same direction whatever is asked.
fn stubborn(_: usize, _: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    z.iter_mut()
        .enumerate()
        .for_each(|(i, z)| *z = (i as f64).sin());
    Ok(())
}
/// A direction that has nothing to do with what is asked.
fn random(call: usize, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    let noise = vector::<f64>(r.len(), call as u64 + 100);
    z.copy_from_slice(&noise);
    Ok(())
}
fn flipped(_: usize, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    z.iter_mut().zip(r).for_each(|(z, r)| *z = -r);
    Ok(())
}
fn plain(_: usize, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
    z.copy_from_slice(r);
    Ok(())
}

fn flexible(n: usize) -> Vec<Box<dyn Solver<f64>>> {
    let two = FcgConfig::dcdm();
    let gcrodr = GcrodrConfig {
        restart: 20,
        k: 5,
        ..Default::default()
    };
    vec![
        Box::new(Fcg::new(n, FcgConfig::default())),
        Box::new(Fcg::new(n, two)),
        Box::new(Fgmres::new(n, GmresConfig::default())),
        Box::new(Gcrodr::new(n, gcrodr)),
        Box::new(Cg::new(
            n,
            CgConfig {
                flexible: true,
                ..Default::default()
            },
        )),
    ]
}

fn positive(n: usize) -> Vec<Box<dyn Solver<f64>>> {
    vec![
        Box::new(Cg::new(n, CgConfig::default())),
        Box::new(Rcg::new(n, RcgConfig::default())),
    ]
}

fn solve(solver: &mut dyn Solver<f64>, a: &Csr<f64>, m: &mut Guarded<f64>) -> SolveReport<f64> {
    let exact = vector::<f64>(a.nrows(), 5);
    let mut b = exact.clone();
    a.view().mul_vec(&exact, &mut b).unwrap();
    let mut x = vec![0.0; a.nrows()];
    let report = solver
        .solve(System::new(a, &b, m), &mut x, &mut ())
        .unwrap();
    assert!(report.converged(), "{}: {report:?}", solver.name());
    assert!(distance(&x, &exact) < 1e-5, "{}", solver.name());
    report
}

#[test]
fn what_fails_is_replaced_within_the_solve_and_named() {
    let a = hpd::<f64>(N);
    let cases: [(Apply, &[Distrust]); 7] = [
        (nan, &[Distrust::NonFinite]),
        (late_nan, &[Distrust::NonFinite]),
        (infinite, &[Distrust::NonFinite]),
        (zero, &[Distrust::Zero]),
        (error, &[Distrust::Failed]),
        (stubborn, &USELESS),
        (random, &USELESS),
    ];
    for (case, (apply, reasons)) in cases.into_iter().enumerate() {
        for mut solver in flexible(a.nrows()) {
            let mut m = guarded(&a, Linearity::Variable, apply, trials(1.0));
            let report = solve(&mut *solver, &a, &mut m);
            let fallback = report.fallback.expect("it is reported");
            let takeover = fallback.takeover;
            let name = solver.name();
            assert!(
                reasons.contains(&takeover.why),
                "{case} {name}: {takeover:?}"
            );
            assert_eq!((takeover.from, takeover.to), ("custom", "ic0"));
            assert_eq!(m.error().is_some(), takeover.why == Distrust::Failed);
            assert!(fallback.iteration <= 20, "{case} {name}: {fallback:?}");
        }
    }
}

#[test]
fn a_method_that_needs_m_positive_falls_back_from_one_that_lies() {
    let a = hpd::<f64>(N);
    let cases: [(Apply, &[Distrust]); 6] = [
        (nan, &[Distrust::NonFinite]),
        (late_nan, &[Distrust::NonFinite]),
        (zero, &[Distrust::Zero]),
        (flipped, &[Distrust::Indefinite]),
        (stubborn, &USELESS),
        (random, &USELESS),
    ];
    for (case, (apply, reasons)) in cases.into_iter().enumerate() {
        for mut solver in positive(a.nrows()) {
            let mut m = guarded(&a, Linearity::NearlyHpd, apply, trials(1.0));
            let report = solve(&mut *solver, &a, &mut m);
            let fallback = report.fallback.expect("it is reported");
            let name = solver.name();
            assert!(
                reasons.contains(&fallback.takeover.why),
                "{case} {name}: {fallback:?}"
            );
        }
    }
}

#[test]
fn methods_that_need_m_fixed_throw_a_cycle_away_when_it_changes() {
    // a positive definite M is good for them, too, and so is its fallback
    let a = hpd::<f64>(N);
    for apply in [nan as Apply, late_nan, zero] {
        let n = a.nrows();
        let gmres = GmresConfig::default();
        let solvers: [Box<dyn Solver<f64>>; 2] = [
            Box::new(crate::Gmres::new(n, gmres)),
            Box::new(crate::Bicgstab::new(n, Default::default())),
        ];
        for mut solver in solvers {
            let mut m = guarded(&a, Linearity::NearlyHpd, apply, trials(1.0));
            let report = solve(&mut *solver, &a, &mut m);
            assert!(report.fallback.is_some(), "{}", solver.name());
        }
    }
}

#[test]
fn gmres_goes_on_with_the_fallback_from_where_it_diverged() {
    // not fixed, whatever it declares: the combination of a full cycle is sent far away
    fn unsteady(call: usize, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
        let factor = if call.is_multiple_of(21) { -1e9 } else { 1.0 };
        z.iter_mut().zip(r).for_each(|(z, r)| *z = factor * r);
        Ok(())
    }
    let a = hpd::<f64>(N);
    let config = GmresConfig {
        restart: 20,
        ..GmresConfig::default()
    };
    let mut gmres = crate::Gmres::new(a.nrows(), config);
    let mut m = guarded(&a, Linearity::NearlyHpd, unsteady, trials(1.0));
    let report = solve(&mut gmres, &a, &mut m);
    let fallback = report.fallback.expect("it diverges after the first cycle");
    assert_eq!(fallback.iteration, 20);
    assert_eq!(fallback.takeover.why, Distrust::NoProgress);
}

#[test]
fn a_wrong_sign_is_no_fault_under_a_flexible_method() {
    let a = hpd::<f64>(N);
    for mut solver in flexible(a.nrows()).into_iter().take(4) {
        let never = GuardedConfig {
            trials: false,
            ..GuardedConfig::default()
        };
        let mut right = guarded(&a, Linearity::Variable, plain, never);
        let mut wrong = guarded(&a, Linearity::Variable, flipped, never);
        let expected = solve(&mut *solver, &a, &mut right);
        solver.forget();
        let report = solve(&mut *solver, &a, &mut wrong);
        assert_eq!(report.fallback, None);
        assert!(
            report.iterations.abs_diff(expected.iterations) <= 1,
            "{}",
            solver.name()
        );
    }
}

#[test]
fn one_that_is_good_stays() {
    // the fallback's own output, so that it is never behind
    let a = hpd::<f64>(N);
    for mut solver in flexible(a.nrows()) {
        let inner = Box::new(Ic0::new(&a, Ic0Config::default()).unwrap());
        let fallback = Box::new(crate::precond::Jacobi::new(&a).unwrap());
        let mut m = Guarded::new(inner, fallback, trials(1.0));
        let report = solve(&mut *solver, &a, &mut m);
        assert_eq!(report.fallback, None, "{}", solver.name());
    }
}

#[test]
fn the_next_right_hand_side_keeps_the_fallback_and_the_next_matrix_does_not() {
    let a = hpd::<f64>(N);
    let mut m = guarded(&a, Linearity::Variable, zero, trials(1.0));
    let mut fcg = Fcg::new(a.nrows(), FcgConfig::default());
    assert!(solve(&mut fcg, &a, &mut m).fallback.is_some());
    let again = solve(&mut fcg, &a, &mut m).fallback.expect("still");
    assert_eq!(again.iteration, 0);
    m.update(&a).unwrap();
    assert_eq!(Guard::<f64>::takeover(&m), None);
}

#[test]
fn what_it_declares_is_the_weaker_of_both() {
    let a = hpd::<f64>(4);
    let of = |linearity| guarded(&a, linearity, plain, trials(1.0)).linearity();
    assert_eq!(of(Linearity::FixedHpd), Linearity::NearlyHpd);
    assert_eq!(of(Linearity::NearlyHpd), Linearity::NearlyHpd);
    assert_eq!(of(Linearity::Fixed), Linearity::Variable);
    assert_eq!(of(Linearity::Variable), Linearity::Variable);
}

/// A fallback that fails on trial is not taken, and the first one, which was only slow, is not blamed.
#[test]
fn a_bad_fallback_costs_a_trial_and_nothing_else() {
    let a = hpd::<f64>(N);
    for apply in [nan as Apply, error, late_nan] {
        let solvers = flexible(a.nrows()).into_iter().chain(positive(a.nrows()));
        for mut solver in solvers {
            let inner = Box::new(Custom(Linearity::NearlyHpd, plain as Apply, 0));
            let bad = Box::new(Custom(Linearity::NearlyHpd, apply, 0));
            let mut m = Guarded::new(inner, bad, trials(1.0));
            let report = solve(&mut *solver, &a, &mut m);
            assert_eq!(report.fallback, None, "{}", solver.name());
        }
    }
}

/// Directions of another M are none of the next one: a takeover begins anew.
#[test]
fn after_a_takeover_a_solve_takes_what_it_takes_from_there() {
    fn late_error(call: usize, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
        match call < 25 {
            true => plain(call, r, z),
            false => error(call, r, z),
        }
    }
    let a = hpd::<f64>(N);
    let quiet = GuardedConfig {
        trials: false,
        ..GuardedConfig::default()
    };
    let short: Vec<Box<dyn Solver<f64>>> = vec![
        Box::new(Cg::new(a.nrows(), CgConfig::default())),
        Box::new(Fcg::new(a.nrows(), FcgConfig::default())),
        Box::new(Rcg::new(a.nrows(), RcgConfig::default())),
    ];
    for mut solver in short {
        let mut count = |apply: Apply| {
            solver.forget();
            let inner = Box::new(Custom(Linearity::NearlyHpd, apply, 0));
            let other = Box::new(Custom(Linearity::NearlyHpd, plain as Apply, 0));
            let mut m = Guarded::new(inner, other, quiet);
            solve(&mut *solver, &a, &mut m).iterations
        };
        let (alone, taken) = (count(plain), count(late_error));
        assert!(alone > 40 && taken <= alone + 30, "{alone} {taken}");
    }
}

/// A solve that ends in the middle of a trial has judged nobody.
#[test]
fn an_unfinished_trial_of_an_unfinished_solve_is_none() {
    let a = hpd::<f64>(N);
    let inner = Box::new(Custom(Linearity::NearlyHpd, plain as Apply, 0));
    let other = Box::new(Custom(Linearity::NearlyHpd, plain as Apply, 0));
    let mut m = Guarded::new(inner, other, trials(1.0));
    let stopping = crate::Stopping {
        max_iters: 8,
        ..crate::Stopping::default()
    };
    let mut cg = Cg::new(
        a.nrows(),
        CgConfig {
            stopping,
            ..CgConfig::default()
        },
    );
    let (b, mut x) = (vec![1.0; a.nrows()], vec![0.0; a.nrows()]);
    let report = cg
        .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
        .unwrap();
    assert!(!report.converged());
    assert_eq!(report.fallback, None);
}
