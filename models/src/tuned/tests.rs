use super::*;
use crate::arm::paper_grid;
use resolvent_matrices::generate::Poisson;
use resolvent_solvers::{CgConfig, Guess, Method, Precond, SorConfig};
use serde_json::{Value, json};

fn cg_ssor() -> Way<f64> {
    Way {
        method: Method::Cg(CgConfig::default()),
        precond: Precond::Ssor(Default::default()),
    }
}

fn sor(omega: f64) -> Way<f64> {
    Way {
        method: Method::Sor(SorConfig {
            omega,
            ..Default::default()
        }),
        precond: Precond::None,
    }
}

fn poisson() -> Csr<f64> {
    Poisson::default().generate().unwrap().matrix
}

fn right(n: usize, t: usize) -> Vec<f64> {
    (0..n)
        .map(|i| ((i * 7 + t * 13) % 17) as f64 - 8.0)
        .collect()
}

fn config(way: Way<f64>, tuner: TunerKind) -> TunedConfig<f64> {
    let mut config = TunedConfig::new(way);
    config.sequence.guess = Guess::Zero;
    config.tuner = tuner;
    config
}

/// Solves systems `from..to`; returns what was chosen and what it cost.
fn run(tuned: &mut Tuned<f64>, a: &Csr<f64>, steps: std::ops::Range<usize>) -> Vec<(Choice, f64)> {
    let n = a.nrows();
    let mut x = vec![0.0; n];
    steps
        .map(|t| {
            let mut next = a.clone();
            let shift = 0.3 * (1.0 + (t as f64 * 0.7).sin());
            for i in 0..n {
                let at = next.row_range(i).start
                    + next
                        .view()
                        .row(i)
                        .0
                        .iter()
                        .position(|&j| j as usize == i)
                        .unwrap();
                next.values_mut()[at] += shift;
            }
            let b = right(n, t);
            let solved = tuned
                .next(&next, &b, Change::Values, &mut x, &mut ())
                .unwrap();
            assert!(solved.solved.report.converged(), "{solved:?}");
            let mut ax = vec![0.0; n];
            next.view().mul_vec(&x, &mut ax).unwrap();
            let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
            let r = norm(&mut b.iter().zip(&ax).map(|(b, ax)| b - ax));
            assert!(r <= 1.001e-8 * norm(&mut b.iter().copied()));
            (solved.choice, solved.cost)
        })
        .collect()
}

#[test]
fn every_tuner_solves_every_system() {
    let a = poisson();
    for (name, kind, _) in TunerKind::ALL {
        for way in [cg_ssor(), sor(1.2)] {
            let mut config = config(way, kind);
            config.omegas = paper_grid();
            let tuned = Tuned::new(config);
            if name == "adaptive" && way == cg_ssor() {
                assert!(matches!(tuned.err(), Some(TunedError::NeedsSor { .. })));
                continue;
            }
            let all = run(&mut tuned.unwrap(), &a, 0..12);
            assert_eq!(all.len(), 12, "{name}");
        }
    }
}

#[test]
fn tuning_pays() {
    let a = poisson();
    let mean = |kind| {
        let all = run(&mut Tuned::new(config(sor(1.0), kind)).unwrap(), &a, 0..150);
        all[100..].iter().map(|(_, cost)| cost).sum::<f64>() / 50.0
    };
    let (fixed, learned, auto) = (
        mean(TunerKind::Fixed),
        mean(TunerKind::Learned),
        mean(TunerKind::Auto),
    );
    assert!(
        learned < 0.6 * fixed && auto < 0.6 * fixed,
        "{fixed} {learned} {auto}"
    );
}

#[test]
fn what_is_saved_chooses_the_same() {
    let a = poisson();
    for kind in [TunerKind::Auto, TunerKind::Learned, TunerKind::ChebCb] {
        let whole = run(&mut Tuned::new(config(sor(1.0), kind)).unwrap(), &a, 0..60);
        let mut first = Tuned::new(config(sor(1.0), kind)).unwrap();
        run(&mut first, &a, 0..25);
        let text = serde_json::to_string(&first.save()).unwrap();
        let mut second = Tuned::new(config(sor(1.0), kind)).unwrap();
        second
            .restore(&serde_json::from_str(&text).unwrap())
            .unwrap();
        assert_eq!(run(&mut second, &a, 25..60), whole[25..], "{kind:?}");
        let mut other = Tuned::<f64>::new(config(cg_ssor(), kind)).unwrap();
        assert!(
            other
                .restore(&serde_json::from_str(&text).unwrap())
                .is_err()
        );
    }
}

#[test]
fn a_state_is_text_from_the_first_decision_on() {
    let a = poisson();
    for (name, kind, _) in TunerKind::ALL {
        for systems in 0..3 {
            let mut first = Tuned::new(config(sor(1.0), kind)).unwrap();
            run(&mut first, &a, 0..systems);
            let text = serde_json::to_string(&first.save()).unwrap();
            let mut second = Tuned::<f64>::new(config(sor(1.0), kind)).unwrap();
            let saved = serde_json::from_str(&text).unwrap();
            assert_eq!(second.restore(&saved), Ok(()), "{name} after {systems}");
            assert_eq!(serde_json::to_string(&second.save()).unwrap(), text);
        }
    }
}

#[test]
fn a_damaged_state_is_refused() {
    let a = poisson();
    let begun = || Tuned::<f64>::new(config(sor(1.0), TunerKind::Auto)).unwrap();
    let mut tuned = begun();
    run(&mut tuned, &a, 0..12);
    let state = serde_json::to_value(tuned.save()).unwrap();
    let restored = |place: &str, with: Value| -> Result<(), String> {
        let mut state = state.clone();
        *state.pointer_mut(place).expect(place) = with;
        let state: TunedState = serde_json::from_value(state).map_err(|e| e.to_string())?;
        let mut other = begun();
        let fresh = other.save();
        let restored = other.restore(&state).map_err(|e| e.to_string());
        assert!(restored.is_ok() || other.save() == fresh, "{place}");
        restored
    };
    assert_eq!(restored("/decisions", json!(12)), Ok(()));
    let draws = json!(1_000_000_000_000u64);
    for (place, with, says) in [
        ("/version", json!(1), "version 1 of the format"),
        ("/kind", json!("smooth"), "learner is smooth"),
        ("/context", json!("none"), "context is none"),
        ("/cost", json!("time"), "cost is time"),
        ("/seed", json!(7), "seed is 7"),
        ("/arms/3", json!({"omega": 1.01}), "other arms"),
        ("/arms", json!([]), "other arms"),
        ("/decisions", json!(13), "record: 12"),
        ("/decisions", json!(u64::MAX), "not a number of decisions"),
        ("/record", json!([]), "record: 0 entries"),
        ("/beta", json!(1.5), "beta = 1.5"),
        ("/tracked", Value::Null, "tracked"),
        ("/tracked/vector", json!([0.5]), "tracked: 1 entries"),
        ("/tracked/vector/1", json!(0.5), "complex"),
        ("/tracked/gap", json!(-1.0), "a gap of -1"),
        ("/matrix/difficulty", Value::Null, "null"),
        ("/tuner", Value::Null, "null"),
        ("/tuner/state/gaps", json!(-1), "gaps"),
        ("/tuner/experts/0/draws", draws, "draws"),
        ("/tuner/experts/0/posterior/theta", json!([0.0]), "theta"),
        (
            "/tuner/experts/0/posterior/covariance",
            json!([0.0]),
            "covariance",
        ),
        ("/tuner/experts/1/shifts", json!([]), "shifts"),
        ("/typical/kept", json!([]), "kept"),
    ] {
        let error = restored(place, with).expect_err(place);
        assert!(error.contains(says), "{place}: {error}");
    }
}

#[test]
fn the_unit_of_a_given_context_makes_no_difference() {
    let a = poisson();
    for kind in [
        TunerKind::Learned,
        TunerKind::ChebCb,
        TunerKind::TsallisInfCb,
    ] {
        let chosen = |unit: f64| -> Vec<usize> {
            let mut config = config(sor(1.0), kind);
            config.omegas = paper_grid();
            config.context = ContextKind::Given;
            config.backstop = false;
            let mut tuned = Tuned::new(config).unwrap();
            let mut all = Vec::new();
            for t in 0..40 {
                // the shift that the matrix has, beside something that is not looked at
                let shift = 0.3 * (1.0 + (t as f64 * 0.7).sin());
                tuned.set_context(&[unit * shift, t as f64]);
                all.extend(run(&mut tuned, &a, t..t + 1));
            }
            all.into_iter().map(|(choice, _)| choice.index).collect()
        };
        let right = chosen(1.0);
        for power in [-27, -13, 20] {
            assert_eq!(chosen(2f64.powi(power)), right, "{kind:?}: 2^{power}");
        }
    }
}

/// −1.5 to both neighbours of 3 on the diagonal of a ring, skewed: SOR diverges for a large ω.
fn skewed(n: usize) -> Csr<f64> {
    let entries = (0..n).flat_map(|i| {
        [
            (i, i, 2.2),
            (i, (i + 1) % n, -1.9),
            (i, (i + n - 1) % n, 0.2),
        ]
    });
    Csr::from_triplets(n, n, entries).unwrap()
}

#[test]
fn an_arm_that_diverges_never_loses_a_solve() {
    let a = skewed(60);
    let mut tuned = Tuned::new(config(sor(1.0), TunerKind::TsallisInf)).unwrap();
    let mut x = vec![0.0; 60];
    let mut failed = 0;
    for t in 0..80 {
        let solved = tuned
            .next(&a, &right(60, t), Change::Nothing, &mut x, &mut ())
            .unwrap();
        assert!(solved.solved.report.converged(), "{t}: {solved:?}");
        failed += usize::from(solved.solved.capped);
    }
    assert!(failed > 3, "{failed}: the test has lost its point");
}

#[test]
fn a_solve_that_is_none_teaches_nothing() {
    let a = poisson();
    let mut tuned = Tuned::new(config(cg_ssor(), TunerKind::Learned)).unwrap();
    run(&mut tuned, &a, 0..5);
    let before = tuned.save();
    let mut x = vec![0.0; a.nrows()];
    tuned
        .next(&a, &vec![0.0; a.nrows()], Change::Nothing, &mut x, &mut ())
        .unwrap();
    assert_eq!(before, tuned.save());
}

#[test]
fn whole_configurations_by_work() {
    let a = poisson();
    let ways = vec![
        Way {
            method: Method::Cg(CgConfig::default()),
            precond: Precond::None,
        },
        Way {
            method: Method::Cg(CgConfig::default()),
            precond: Precond::Ic0(Default::default()),
        },
        cg_ssor().with_omega(1.6),
    ];
    let mut config = TunedConfig::over(ways).unwrap();
    config.sequence.guess = Guess::Zero;
    config.cost = CostKind::Work;
    let mut tuned = Tuned::new(config).unwrap();
    let all = run(&mut tuned, &a, 0..60);
    let late = &all[40..];
    let cheapest = |arm| {
        all.iter()
            .filter(|c| c.0.index == arm)
            .map(|c| c.1)
            .fold(f64::INFINITY, f64::min)
    };
    let best = (0..3)
        .min_by(|&i, &j| cheapest(i).total_cmp(&cheapest(j)))
        .unwrap();
    let plays = late
        .iter()
        .filter(|(choice, _)| choice.index == best)
        .count();
    assert!(plays > 12, "{plays} of 20 for {best}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let none = Way {
        method: Method::Cg(CgConfig::default()),
        precond: Precond::None,
    };
    assert!(matches!(
        Tuned::<f64>::new(config(none, TunerKind::Auto)).err(),
        Some(TunedError::NoOmega { .. })
    ));
    let mut wrong = config(sor(1.0), TunerKind::Auto);
    wrong.omegas = vec![1.0, 2.5];
    assert_eq!(Tuned::<f64>::new(wrong).err(), Some(TunedError::Omega(2.5)));
    assert_eq!(
        TunedConfig::<f64>::over(Vec::new()).err(),
        Some(TunedError::NoArms)
    );
    let mut wrong = config(sor(1.0), TunerKind::ChebCb);
    wrong.context_range = Some([1.0, 0.0]);
    let error = TunedError::ContextRange {
        low: 1.0,
        high: 0.0,
    };
    assert_eq!(Tuned::<f64>::new(wrong).err(), Some(error));
    let mut young = TunedConfig::over(vec![none]).unwrap();
    young.tuner = TunerKind::Young;
    assert_eq!(
        Tuned::<f64>::new(young).err(),
        Some(TunedError::NeedsOmega("young"))
    );
}

/// An observer that ends a solve at once.
struct Never;

impl resolvent_solvers::Observer<f64> for Never {
    fn step(&mut self, _: &resolvent_solvers::Step<'_, f64>) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Break(())
    }
}

#[test]
fn a_solve_that_was_interrupted_can_be_forgotten() {
    let mut a = poisson();
    let mut tuned = Tuned::<f64>::new(TunedConfig::new(cg_ssor())).unwrap();
    let (b, mut x) = (right(a.nrows(), 0), vec![0.0; a.nrows()]);
    let change = Change::Pattern;
    tuned.next(&a, &b, change, &mut x, &mut ()).unwrap();
    let (saved, before) = (tuned.save(), tuned.described());
    a.values_mut().iter_mut().for_each(|v| *v += 0.01);
    x.fill(0.0);
    let ended = tuned.solve(&a, &b, Change::Values, &mut x, &mut Never);
    let reason = ended.unwrap().solved.report.reason;
    assert_eq!(reason, resolvent_solvers::StopReason::Interrupted);
    assert_ne!(tuned.save(), saved);
    tuned.undescribe(before);
    assert_eq!(tuned.save(), saved);
}

/// Young's formula is among the experts of CG with SSOR as well, from what the solves show, and the arm of
/// the user is what the user asked for.
#[test]
fn classical_experts_are_always_there() {
    let a: Csr<f64> = Poisson {
        grid: resolvent_matrices::Grid::new(40, 40, 1),
        ..Poisson::default()
    }
    .generate()
    .unwrap()
    .matrix;
    let way = Way {
        method: Method::Cg(Default::default()),
        precond: Precond::Ssor(Default::default()),
    };
    let mut config = TunedConfig::new(way);
    config.tuner = TunerKind::Auto;
    let mut tuned = Tuned::<f64>::new(config).unwrap();
    assert!(tuned.weights().iter().any(|(name, _)| name == "young"));
    let (mut x, mut b) = (vec![0.0; a.nrows()], vec![1.0; a.nrows()]);
    for t in 0..3 {
        b[t] = 2.0;
        x.fill(0.0);
        let change = if t == 0 {
            Change::Pattern
        } else {
            Change::Nothing
        };
        let done = tuned.next(&a, &b, change, &mut x, &mut ()).unwrap();
        assert_eq!(done.extra_matvecs, 0, "it is read off");
    }
    let beta = (std::f64::consts::PI / 41.0).cos();
    let [found, best] = [tuned.beta, beta].map(crate::arm::ssor_omega);
    assert!((found - best).abs() < 0.1, "{found} for {best}");

    let mut own = config_of(true);
    own.tuner = TunerKind::Fixed;
    let mut tuned = Tuned::<f64>::new(own).unwrap();
    x.fill(0.0);
    let adapted = tuned
        .next(&a, &b, Change::Pattern, &mut x, &mut ())
        .unwrap();
    let mut plain = Tuned::<f64>::new(TunedConfig {
        tuner: TunerKind::Fixed,
        ..config_of(false)
    })
    .unwrap();
    x.fill(0.0);
    let fixed = plain
        .next(&a, &b, Change::Pattern, &mut x, &mut ())
        .unwrap();
    let counts = [adapted, fixed].map(|done| done.solved.report.iterations);
    assert!(2 * counts[0] < counts[1], "{counts:?}");
}

/// SOR from ω = 1, adaptive or not.
fn config_of(adaptive: bool) -> TunedConfig<f64> {
    TunedConfig::new(Way {
        method: Method::Sor(SorConfig {
            adaptive,
            ..SorConfig::default()
        }),
        precond: Precond::None,
    })
}
