//! Contexts of any size and in any unit.

use super::super::range::Range;
use super::*;

/// Teaches a tuner with contexts made of numbers in [0, 1), the arms in turn; returns what it has
/// answered last.
fn teach(tuner: &mut dyn Tuner, rounds: u64, made: &dyn Fn(f64) -> f64) -> Vec<f64> {
    let mut p = vec![0.0; tuner.arms()];
    for t in 0..rounds {
        let c = (t as f64 * 0.618_034) % 1.0;
        let (context, arm) = ([made(c)], (t * 7 % 9) as usize);
        tuner.distribution(&context, &mut p);
        let sum: f64 = p.iter().sum();
        assert!((sum - 1.0).abs() < 1e-9, "{} {t}: {p:?}", tuner.name());
        tuner.observe(&Outcome {
            context: &context,
            arm,
            probability: 1.0 / 9.0,
            place: None,
            cost: bowl(t, c, arm),
        });
    }
    p
}

/// Where no range and no unit is known.
fn free(kind: usize) -> Box<dyn Tuner> {
    let unknown = || {
        Smooth::new(SmoothConfig {
            positions: (0..9).map(f64::from).collect(),
            context: true,
            rising: false,
            overhears: true,
            width: 0.0,
            draws: 16,
            seed: 3,
        })
    };
    match kind {
        0 => Box::new(ChebCb::new(9, None)),
        1 => Box::new(unknown()),
        2 => Box::new(TsallisBins::new(9, 4, None, Estimator::ReducedVariance)),
        _ => {
            let expert = |tuner| Expert {
                label: "expert".into(),
                tuner,
                first: 0,
                prior: 1.0,
            };
            let experts = vec![
                expert(Box::new(unknown()) as Box<dyn Tuner>),
                expert(Box::new(Tsallis::new(9))),
            ];
            Box::new(Master::new(9, experts, true, 0.0))
        }
    }
}

/// What is expected at places of the range.
fn expected(tuner: &dyn Tuner, made: &dyn Fn(f64) -> f64) -> Vec<f64> {
    let mut costs = [0.0; 9];
    let mut all = Vec::new();
    for c in [0.1, 0.3, 0.5, 0.7, 0.9] {
        tuner.predict(&[made(c)], &mut costs);
        all.extend(costs);
    }
    all
}

#[test]
fn a_power_of_two_is_the_same_bit_for_bit() {
    for kind in 0..4 {
        let answer = teach(free(kind).as_mut(), 120, &|c| c);
        for power in [-27, -13, 3, 27] {
            let unit = 2f64.powi(power);
            let scaled = teach(free(kind).as_mut(), 120, &|c| unit * c);
            assert_eq!(answer, scaled, "{kind}: {unit}");
        }
    }
}

#[test]
fn a_unit_and_an_origin_make_no_difference() {
    for kind in 0..2 {
        let mut tuner = free(kind);
        teach(tuner.as_mut(), 120, &|c| c);
        let right = expected(tuner.as_ref(), &|c| c);
        assert!(right.iter().all(|cost| cost.is_finite()), "{right:?}");
        for (a, b) in [(1e-8, 0.0), (1e-4, 3.0), (1e8, -7e7), (1e15, 1e15)] {
            let made = |c: f64| a * c + b;
            let mut tuner = free(kind);
            teach(tuner.as_mut(), 120, &made);
            let found = expected(tuner.as_ref(), &made);
            for (found, right) in found.iter().zip(&right) {
                let same = (found - right).abs() <= 1e-3 * right.abs();
                assert!(same, "{kind}, {a} {b}: {found} {right}");
            }
        }
    }
}

#[test]
fn the_largest_contexts_are_learned_from() {
    let far = |c: f64| if c < 0.5 { -1.7e308 } else { 1.7e308 };
    for kind in 0..4 {
        let mut tuner = free(kind);
        let mut p = vec![0.0; 9];
        for t in 0..270 {
            let c = f64::from(t % 2 == 0);
            let (context, arm) = ([far(c)], (t / 2 * 7 % 9) as usize);
            tuner.distribution(&context, &mut p);
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{kind} {t}");
            tuner.observe(&Outcome {
                context: &context,
                arm,
                probability: 1.0 / 9.0,
                place: None,
                cost: bowl(t, c, arm),
            });
        }
        if kind < 2 {
            let mut costs = [0.0; 9];
            for (c, arms) in [(0.0, 0..3), (1.0, 6..9)] {
                tuner.predict(&[far(c)], &mut costs);
                let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
                let best = costs.iter().position(|cost| *cost == least);
                assert!(best.is_some_and(|best| arms.contains(&best)), "{costs:?}");
            }
        }
        let state = tuner.save();
        assert_eq!(free(kind).restore(&state), Ok(()), "{kind}");
    }
}

#[test]
fn a_context_that_stays_is_in_the_middle() {
    let learned = |constant: f64| {
        let mut tuner = ChebCb::new(9, None);
        teach(&mut tuner, 60, &|_| constant);
        expected(&tuner, &|_| constant)
    };
    for constant in [0.0, 1e15, -1.7e308] {
        assert_eq!(learned(constant), learned(0.3), "{constant}");
    }
}

#[test]
fn a_range_holds_what_it_has_seen() {
    let mut range = Range::new(None, 0.0);
    assert_eq!(range.part(1.0), None);
    assert!(range.hold(3.0, 0.1) && range.part(3.0).is_none());
    // by rounding
    assert!(!range.hold(3.0 + 4.0 * f64::EPSILON, 0.1) && range.part(3.0).is_none());
    assert!(range.hold(4.0, 0.1));
    assert_eq!(range.ends(), Some([3.0, 4.1]));
    assert_eq!((range.part(3.0), range.part(9.0)), (Some(0.0), Some(1.0)));
    assert!(!range.hold(3.5, 0.1) && range.holds(3.0) && !range.holds(2.0));
    for c in [f64::MAX, f64::MIN] {
        range.hold(c, 0.1);
    }
    assert_eq!(range.ends(), Some([f64::MIN, f64::MAX]));
    let parts = [f64::MIN, 0.0, f64::MAX].map(|c| range.part(c));
    assert_eq!(parts, [Some(0.0), Some(0.5), Some(1.0)]);
    let mut around = Range::new(None, 2.0);
    around.hold(5.0, 0.1);
    assert_eq!(
        (around.ends(), around.part(5.0)),
        (Some([4.0, 6.0]), Some(0.5))
    );
    for none in [[1.0, 0.0], [0.0, f64::INFINITY], [f64::NAN, 1.0]] {
        assert_eq!(Range::new(Some(none), 0.0).ends(), None);
    }
}
