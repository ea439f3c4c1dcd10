mod ranges;
mod states;

use super::tsallis::tsallis;
use super::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// Plays a tuner for `rounds`; returns what it paid in each.
fn play(
    tuner: &mut dyn Tuner,
    rounds: u64,
    seed: u64,
    cost: &dyn Fn(u64, f64, usize) -> f64,
) -> Vec<f64> {
    let mut p = vec![0.0; tuner.arms()];
    (0..rounds)
        .map(|t| round(tuner, &mut p, t, seed, cost))
        .collect()
}

fn round(
    tuner: &mut dyn Tuner,
    p: &mut [f64],
    t: u64,
    seed: u64,
    cost: &dyn Fn(u64, f64, usize) -> f64,
) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(t);
    let context = [rng.random::<f64>()];
    tuner.distribution(&context, p);
    assert!(
        (p.iter().sum::<f64>() - 1.0).abs() < 1e-9 && p.iter().all(|p| *p >= 0.0),
        "{p:?}"
    );
    let mut at: f64 = rng.random();
    let mut arm = p.iter().rposition(|p| *p > 0.0).unwrap();
    for (i, p) in p.iter().enumerate() {
        if at < *p {
            arm = i;
            break;
        }
        at -= p;
    }
    let cost = cost(t, context[0], arm);
    tuner.observe(&Outcome {
        context: &context,
        arm,
        probability: p[arm],
        place: None,
        cost,
    });
    cost
}

fn smooth(arms: usize, context: bool) -> Smooth {
    Smooth::new(SmoothConfig {
        positions: (0..arms).map(|i| i as f64).collect(),
        context,
        rising: false,
        overhears: true,
        width: 1.0,
        draws: 16,
        seed: 3,
    })
}

fn master(arms: usize) -> Master {
    let expert = |label: &str, first, tuner| Expert {
        label: label.into(),
        tuner,
        first,
        prior: 1.0,
    };
    let experts = vec![
        expert("smooth", 0, Box::new(smooth(arms, true)) as Box<dyn Tuner>),
        expert("tsallis-inf", 0, Box::new(Tsallis::new(arms))),
        expert("first", 0, Box::new(Fixed::new(1, 0))),
    ];
    Master::new(arms, experts, true, 1.0)
}

fn all(arms: usize) -> Vec<Box<dyn Tuner>> {
    vec![
        Box::new(Tsallis::with_estimator(arms, Estimator::ImportanceWeighted)),
        Box::new(Tsallis::new(arms)),
        Box::new(TsallisBins::new(arms, 4, None, Estimator::ReducedVariance)),
        Box::new(Exp3::new(arms)),
        Box::new(ChebCb::new(arms, None)),
        Box::new(smooth(arms, true)),
        Box::new(master(arms)),
        Box::new(Fixed::new(arms, 2)),
    ]
}

/// A bowl whose lowest arm moves with the context, with noise.
fn bowl(t: u64, c: f64, arm: usize) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(t);
    let away = arm as f64 - 8.0 * c;
    (20.0 + 2.0 * away * away) * (0.9 + 0.2 * rng.random::<f64>())
}

#[test]
fn newton_ends_on_a_distribution_for_any_losses() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..2000 {
        let scale = 10f64.powf(12.0 * rng.random::<f64>() - 6.0);
        let mut p: Vec<f64> = (0..20)
            .map(|_| scale * (rng.random::<f64>() - 0.3))
            .collect();
        let losses = p.clone();
        let eta = 10f64.powf(-3.0 * rng.random::<f64>());
        tsallis(eta, &mut p);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{losses:?}");
        // 1/√p is affine in the loss, with slope η/2: what defines the distribution
        for (i, j) in [(0, 1), (3, 17)] {
            let slope = p[i].sqrt().recip() - p[j].sqrt().recip();
            let expected = 0.5 * eta * (losses[i] - losses[j]);
            assert!((slope - expected).abs() <= 1e-6 * (1.0 + slope.abs() + p[j].sqrt().recip()));
        }
    }
}

#[test]
fn the_best_arm_is_found_without_context() {
    let cost = |t: u64, _: f64, arm: usize| bowl(t, 0.5, arm);
    let best = 20.0;
    for mut tuner in all(9) {
        if tuner.name() == "fixed" {
            continue;
        }
        let paid = play(tuner.as_mut(), 3000, 5, &cost);
        let late = paid[2500..].iter().sum::<f64>() / 500.0;
        let early = paid[..100].iter().sum::<f64>() / 100.0;
        let limit = if tuner.name() == "exp3" { 1.35 } else { 1.15 };
        assert!(late < limit * best, "{}: {late}", tuner.name());
        assert!(late < early, "{}: {early} {late}", tuner.name());
    }
}

#[test]
fn contexts_are_used() {
    for (mut tuner, limit) in [
        (
            Box::new(ChebCb::new(9, Some([0.0, 1.0]))) as Box<dyn Tuner>,
            1.2,
        ),
        (Box::new(smooth(9, true)), 1.06),
        (Box::new(master(9)), 1.1),
    ] {
        let paid = play(tuner.as_mut(), 2000, 6, &bowl);
        let late = paid[1500..].iter().sum::<f64>() / 500.0;
        // the arms are whole numbers: on average 1/12 away squared
        let best = 20.0 + 2.0 / 12.0;
        assert!(
            late < limit * best,
            "{}: {late} against {best}",
            tuner.name()
        );
    }
}

#[test]
fn what_is_saved_goes_on_bit_for_bit() {
    for (mut one, mut other) in all(9).into_iter().zip(all(9)) {
        let mut p = vec![0.0; 9];
        for t in 0..150 {
            round(one.as_mut(), &mut p, t, 7, &bowl);
        }
        let text = serde_json::to_string(&one.save()).unwrap();
        other
            .restore(&serde_json::from_str(&text).unwrap())
            .unwrap();
        let mut q = vec![0.0; 9];
        for t in 150..300 {
            let costs = (
                round(one.as_mut(), &mut p, t, 7, &bowl),
                round(other.as_mut(), &mut q, t, 7, &bowl),
            );
            assert_eq!((costs.0, &p), (costs.1, &q), "{}", one.name());
        }
        assert!(other.restore(&Value::Null).is_err(), "{}", other.name());
    }
    let few = Tsallis::new(3).save();
    let error = Tsallis::new(4).restore(&few).unwrap_err().to_string();
    assert!(error.contains("3 arms, there are 4"), "{error}");
}

#[test]
fn useless_costs_are_passed_over() {
    for mut tuner in all(9) {
        play(tuner.as_mut(), 20, 8, &bowl);
        let before = tuner.save();
        for cost in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            tuner.observe(&Outcome {
                context: &[f64::NAN],
                arm: 1,
                probability: 0.5,
                place: None,
                cost,
            });
        }
        assert_eq!(
            before.to_string(),
            tuner.save().to_string(),
            "{}",
            tuner.name()
        );
        let mut p = vec![0.0; 9];
        for context in [&[][..], &[f64::NAN], &[1e300], &[-1e300]] {
            tuner.distribution(context, &mut p);
            assert!(
                (p.iter().sum::<f64>() - 1.0).abs() < 1e-9,
                "{}: {p:?}",
                tuner.name()
            );
        }
    }
}

#[test]
fn a_range_that_grows_hardly_changes_a_prediction() {
    let mut cheb = ChebCb::new(9, Some([0.0, 1.0]));
    play(&mut cheb, 2000, 9, &bowl);
    let (mut before, mut after) = ([0.0; 9], [0.0; 9]);
    cheb.predict(&[0.3], &mut before);
    let mut p = [0.0; 9];
    cheb.distribution(&[1.5], &mut p); // widens
    cheb.predict(&[0.3], &mut after);
    // the pull to zero is that of the new range: where an arm was hardly played it shows a little
    for (b, a) in before.iter().zip(&after) {
        assert!((b - a).abs() < 0.1 * b.abs(), "{before:?}\n{after:?}");
    }
    let (b, a) = (before[2], after[2]); // the arm that is best there
    assert!((b - a).abs() < 0.02 * b, "{before:?}\n{after:?}");
}

#[test]
fn the_arithmetic_mean_is_what_counts() {
    // arm 0 costs 10 or 190 (mean 100, geometric mean 44), arm 1 always 70
    let cost = |t: u64, _: f64, arm: usize| match (arm, t % 2) {
        (0, 0) => 10.0,
        (0, _) => 190.0,
        _ => 70.0,
    };
    let mut tuner = smooth(2, false);
    let paid = play(&mut tuner, 1000, 11, &cost);
    let late = paid[500..].iter().filter(|paid| **paid == 70.0).count();
    assert!(late > 400, "{late}");
}

#[test]
fn the_master_leaves_what_is_bad() {
    // the fixed arm 0 is terrible, and the context says which is good
    let mut tuner = master(9);
    let cost = |t: u64, c: f64, arm: usize| if arm == 0 { 500.0 } else { bowl(t, c, arm) };
    play(&mut tuner, 300, 12, &cost);
    let weights = tuner.weights();
    let of = |label: &str| weights.iter().find(|w| w.0 == label).unwrap().1;
    assert!(of("first") < 0.01 && of("smooth") > 0.5, "{weights:?}");
}

#[test]
fn the_master_stays_with_what_is_best() {
    // nothing is better than the fixed arm 0
    let mut tuner = master(9);
    let cost = |t: u64, _: f64, arm: usize| {
        if arm == 0 {
            20.0
        } else {
            bowl(t, 0.5, arm) + 60.0
        }
    };
    let paid = play(&mut tuner, 1000, 13, &cost).iter().sum::<f64>();
    assert!(paid < 1.1 * 20.0 * 1000.0 + 20.0 * 80.0, "{paid}");
}

#[test]
fn estimates_have_the_right_mean_among_others() {
    let sums = |tuner: &Tsallis, of: &str| {
        let state = tuner.save();
        [0usize, 1, 2].map(|arm| state[of][arm].as_f64().unwrap())
    };
    let costs = [9.0, 12.0, 15.0];
    for estimator in [Estimator::ImportanceWeighted, Estimator::ReducedVariance] {
        let mut own = Tsallis::with_estimator(3, estimator);
        play(&mut own, 60, 14, &|_, _, arm: usize| 10.0 + arm as f64);
        let mut q = [0.0; 3];
        own.distribution(&[], &mut q);
        // of costs and of shifts, over what may be drawn: every other time an arm of others
        let mut mean = [[0.0; 3]; 2];
        for drawn in 0..4 {
            let mut one = own.clone();
            let (probability, cost) = match drawn {
                3 => (0.5, 40.0),
                arm => (0.5 * q[arm], costs[arm]),
            };
            let outcome = Outcome {
                context: &[],
                arm: drawn,
                probability,
                place: None,
                cost,
            };
            match drawn {
                3 => one.overhear(&outcome),
                _ => one.observe(&outcome),
            }
            for (mean, of) in mean.iter_mut().zip(["costs", "shifts"]) {
                let (before, after) = (sums(&own, of), sums(&one, of));
                for arm in 0..3 {
                    mean[arm] += probability * (after[arm] - before[arm]);
                }
            }
            assert_eq!(one.save()["t"], 61, "every round counts");
        }
        for arm in 0..3 {
            let (cost, shift) = (mean[0][arm], mean[1][arm]);
            assert!((cost - costs[arm]).abs() < 1e-9, "{estimator:?}: {mean:?}");
            assert!(shift.abs() < 1e-9, "{estimator:?}: {mean:?}");
        }
    }
}

#[test]
fn a_master_counts_the_rounds_of_others() {
    let expert = |first, tuner| Expert {
        label: "expert".into(),
        tuner,
        first,
        prior: 0.5,
    };
    let experts = vec![
        expert(0, Box::new(Tsallis::new(3)) as Box<dyn Tuner>),
        expert(3, Box::new(Fixed::new(1, 0))),
    ];
    let mut tuner = Master::new(4, experts, false, 1.0);
    play(&mut tuner, 50, 17, &|_, _, _| 10.0);
    let state = tuner.save();
    let plays = state["state"]["plays"][3].as_u64().unwrap();
    assert!(plays > 5, "{plays}: the test has lost its point");
    let own = &state["experts"][0];
    assert_eq!((&own["t"], &own["seen"]), (&json!(50), &json!(50 - plays)));
}
