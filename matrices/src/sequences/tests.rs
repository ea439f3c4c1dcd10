use super::*;

fn all() -> Vec<Box<dyn Family>> {
    let adversarial = |kind| {
        Adversarial {
            kind,
            n: 49,
            systems: 12,
        }
        .start(3)
        .unwrap()
    };
    vec![
        ShiftedLaplacians {
            systems: 12,
            ..Default::default()
        }
        .start(3)
        .unwrap(),
        ShiftedLaplacians {
            systems: 12,
            variance: Variance::Low,
            ..Default::default()
        }
        .start(3)
        .unwrap(),
        Heat2d {
            nx: 9,
            systems: 12,
            ..Default::default()
        }
        .start()
        .unwrap(),
        Heat2dJump {
            nx: 15,
            systems: 12,
            hold: 3,
            ..Default::default()
        }
        .start(3)
        .unwrap(),
        adversarial(Kind::Switch),
        adversarial(Kind::Alternating),
        adversarial(Kind::Diverging),
    ]
}

/// A stand-in for the solution of a system.
fn solution(n: usize, t: usize) -> Vec<f64> {
    (0..n)
        .map(|i| ((i * 5 + t * 3) % 11) as f64 / 11.0)
        .collect()
}

#[test]
fn the_pattern_is_new_once_and_what_is_drawn_depends_on_the_index_alone() {
    for (mut one, mut other) in all().into_iter().zip(all()) {
        let name = one.name();
        let (mut system, mut again) = (Instance::default(), Instance::default());
        for t in 0..one.len() {
            let u = if t == 0 {
                Vec::new()
            } else {
                solution(system.a.nrows(), t)
            };
            one.next(t, &u, &mut system).unwrap();
            assert_eq!(system.novelty == Novelty::Pattern, t == 0, "{name}");
            assert!(
                system
                    .a
                    .values()
                    .iter()
                    .chain(&system.b)
                    .all(|v| v.is_finite()),
                "{name}"
            );
            assert_eq!(
                system.context.len(),
                usize::from(!name.starts_with("adversarial"))
            );
            // in the middle, from what was saved
            if t >= 5 {
                if t == 5 {
                    other.restore(t, &one.save()).unwrap();
                }
                other.next(t, &u, &mut again).unwrap();
                assert_eq!((&system.a, &system.b), (&again.a, &again.b), "{name} {t}");
            }
        }
    }
}

#[test]
fn symmetric_ones_are_and_are_positive_definite() {
    for mut family in all() {
        let name = family.name();
        let mut system = Instance::default();
        for t in 0..family.len() {
            let u = if t == 0 {
                Vec::new()
            } else {
                solution(system.a.nrows(), t)
            };
            family.next(t, &u, &mut system).unwrap();
            let a = &system.a;
            let symmetric = (0..a.nrows()).all(|i| {
                let mut row = a.view().row_iter(i);
                row.all(|(j, v)| a.view().get(j, i) == v)
            });
            assert_eq!(symmetric, !name.contains("diverging"), "{name}");
            if !symmetric {
                continue;
            }
            let dense = faer::Mat::from_fn(a.nrows(), a.nrows(), |i, j| a.view().get(i, j));
            assert!(dense.llt(faer::Side::Lower).is_ok(), "{name} {t}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert!(
        ShiftedLaplacians {
            n: 99,
            ..Default::default()
        }
        .start(0)
        .is_err()
    );
    assert!(
        Heat2d {
            nx: 1,
            ..Default::default()
        }
        .start()
        .is_err()
    );
    assert!(
        Heat2d {
            dt: f64::NAN,
            ..Default::default()
        }
        .start()
        .is_err()
    );
    assert!(
        Heat2dJump {
            contrast: -1.0,
            ..Default::default()
        }
        .start(0)
        .is_err()
    );
    assert!(
        Heat2dJump {
            hold: 0,
            ..Default::default()
        }
        .start(0)
        .is_err()
    );
    assert!(
        Adversarial {
            n: 5,
            ..Default::default()
        }
        .start(0)
        .is_err()
    );
    let mut heat = Heat2d {
        nx: 9,
        systems: 2,
        ..Default::default()
    }
    .start()
    .unwrap();
    let mut system = Instance::default();
    heat.next(0, &[], &mut system).unwrap();
    assert!(heat.next(1, &[0.0; 3], &mut system).is_err());
}

#[test]
fn shifts_are_of_the_two_variances() {
    let moments = |variance| {
        let mut family = ShiftedLaplacians {
            systems: 4000,
            variance,
            n: 4,
        }
        .start(1)
        .unwrap();
        let mut system = Instance::default();
        let shifts: Vec<f64> = (0..4000)
            .map(|t| {
                family.next(t, &[], &mut system).unwrap();
                assert!(system.b.iter().map(|b| b * b).sum::<f64>() <= 4.0);
                system.context[0]
            })
            .collect();
        let mean = shifts.iter().sum::<f64>() / 4000.0;
        (
            mean,
            shifts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 4000.0,
        )
    };
    // −0.15 + 0.6·Beta(a, b): mean −0.15 + 0.6 a/(a+b) = 0, variance 0.36 ab/((a+b)²(a+b+1))
    let (high, low) = (moments(Variance::High), moments(Variance::Low));
    assert!(
        high.0.abs() < 0.01 && low.0.abs() < 0.005,
        "{high:?} {low:?}"
    );
    assert!(
        (high.1 / (0.36 * 0.1875 / 3.0) - 1.0).abs() < 0.08,
        "{high:?}"
    );
    assert!(
        (low.1 / (0.36 * 0.1875 / 9.0) - 1.0).abs() < 0.08,
        "{low:?}"
    );
}
