use super::*;

fn all() -> Vec<Box<dyn Family>> {
    let obstacles = |grid, walls| {
        Obstacles {
            grid,
            systems: 12,
            balls: 5,
            radius: 0.2,
            walls,
        }
        .start(3)
        .unwrap()
    };
    let adversarial = |kind| {
        Adversarial {
            kind,
            n: 49,
            systems: 12,
        }
        .start(3)
        .unwrap()
    };
    let projection = |ratio| {
        Projection {
            nx: 12,
            systems: 12,
            ratio,
            dt: 0.02,
        }
        .start()
        .unwrap()
    };
    let newton = |problem| {
        Newton {
            problem,
            nx: 8,
            systems: 12,
            levels: 5,
            ..Default::default()
        }
        .start()
        .unwrap()
    };
    let grid = crate::Grid::new(7, 6, 1);
    let trajectories = crate::families::Heat {
        steps: 4,
        ..Default::default()
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
        projection(1000.0),
        projection(1.0),
        newton(Nonlinear::Bratu),
        newton(Nonlinear::PLaplacian),
        Impes {
            nx: 8,
            systems: 12,
            dt: 0.05,
            ..Default::default()
        }
        .start(3)
        .unwrap(),
        DarcyGauss {
            nx: 12,
            systems: 12,
            ..Default::default()
        }
        .start(3)
        .unwrap(),
        obstacles(grid, Walls::Mixed),
        obstacles(crate::Grid::new(5, 4, 6), Walls::Neumann),
        samples(crate::families::Darcy::default().on(grid).unwrap()),
        samples(trajectories.on(grid).unwrap()),
        adversarial(Kind::Switch),
        adversarial(Kind::Alternating),
        adversarial(Kind::Diverging),
    ]
}

fn samples(family: impl crate::families::SampleFamily<f64> + 'static) -> Box<dyn Family> {
    Box::new(Samples::new(Box::new(family), 3, 12))
}

/// A stand-in for the solution of a system.
fn solution(n: usize, t: usize) -> Vec<f64> {
    (0..n)
        .map(|i| ((i * 5 + t * 3) % 11) as f64 / 11.0)
        .collect()
}

#[test]
fn the_pattern_is_new_where_it_says_so_and_what_is_drawn_depends_on_the_index_alone() {
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
            let anew = t == 0 || name.starts_with("obstacles");
            assert_eq!(system.novelty == Novelty::Pattern, anew, "{name}");
            assert!(
                system
                    .a
                    .values()
                    .iter()
                    .chain(&system.b)
                    .all(|v| v.is_finite()),
                "{name}"
            );
            let numbers = match name.split(':').next() {
                Some("adversarial") => 0,
                Some("projection" | "newton" | "darcy-gauss" | "darcy") => 2,
                Some("heat") => 4,
                _ => 1,
            };
            assert_eq!(system.context.len(), numbers);
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
        let mut u = Vec::new();
        for t in 0..family.len() {
            family.next(t, &u, &mut system).unwrap();
            let a = &system.a;
            u = solution(a.nrows(), t + 1);
            let symmetric = (0..a.nrows()).all(|i| {
                let mut row = a.view().row_iter(i);
                row.all(|(j, v)| a.view().get(j, i) == v)
            });
            assert_eq!(symmetric, !name.contains("diverging"), "{name}");
            if !symmetric {
                continue;
            }
            let dense = faer::Mat::from_fn(a.nrows(), a.nrows(), |i, j| a.view().get(i, j));
            let factors = dense.llt(faer::Side::Lower);
            let factors = factors.unwrap_or_else(|_| panic!("{name} {t}"));
            if name.starts_with("newton") {
                u = exact(&factors, &system.b);
            }
        }
    }
}

/// x = A⁻¹b.
fn exact(factors: &faer::linalg::solvers::Llt<f64>, b: &[f64]) -> Vec<f64> {
    use faer::linalg::solvers::Solve;
    let x = factors.solve(faer::Mat::from_fn(b.len(), 1, |i, _| b[i]));
    (0..b.len()).map(|i| x[(i, 0)]).collect()
}

/// The systems of a family, each solved exactly and handed to `see` with its solution.
fn solved(mut family: Box<dyn Family>, mut see: impl FnMut(usize, &Instance, &[f64])) {
    let mut system = Instance::default();
    let mut u = Vec::new();
    for t in 0..family.len() {
        family.next(t, &u, &mut system).unwrap();
        let a = system.a.view();
        let dense = faer::Mat::from_fn(a.nrows(), a.nrows(), |i, j| a.get(i, j));
        u = exact(&dense.llt(faer::Side::Lower).unwrap(), &system.b);
        see(t, &system, &u);
    }
}

#[test]
fn a_projection_ties_one_cell_and_loses_nothing() {
    for ratio in [1.0, 1e3] {
        let family = Projection {
            nx: 10,
            systems: 4,
            ratio,
            dt: 0.05,
        };
        solved(family.start().unwrap(), |t, system, p| {
            let sum: f64 = system.b.iter().sum();
            let size: f64 = system.b.iter().map(|b| b.abs()).sum();
            assert!(size > 0.1 && sum.abs() < 1e-12 * size, "{sum} {size}");
            let largest = p.iter().fold(0.0, |m: f64, p| m.max(p.abs()));
            assert!(p[0].abs() < 1e-9 * largest, "{}", p[0]);
            let uniform = system.novelty == Novelty::Rhs;
            assert_eq!(uniform, ratio == 1.0 && t > 0);
        });
    }
}

#[test]
fn newton_converges_within_each_level() {
    for problem in Nonlinear::ALL {
        let family = Newton {
            problem,
            nx: 10,
            systems: 60,
            levels: 10,
            ..Default::default()
        };
        let (mut levels, mut load, mut first) = (0, 0.0, 0.0);
        let mut steps = Vec::new();
        solved(family.start().unwrap(), |_, system, _| {
            let size = system.b.iter().map(|b| b * b).sum::<f64>().sqrt();
            if system.context[1] != load {
                (levels, load, first) = (levels + 1, system.context[1], size);
            }
            steps.push((system.context[0], size / first));
        });
        let most = steps.iter().map(|s| s.0).fold(0.0, f64::max);
        assert!(levels >= 10 && most <= 5.0, "{problem:?} {levels} {most}");
        // quadratic at the end
        let last = steps.iter().filter(|s| s.0 == 3.0);
        assert!(last.clone().count() > 2);
        assert!(last.clone().all(|s| s.1 < 1e-2), "{problem:?} {steps:?}");
    }
}

#[test]
fn water_displaces_oil() {
    let family = Impes {
        nx: 10,
        systems: 20,
        dt: 0.01,
        ..Default::default()
    };
    let mut before = -1.0;
    solved(family.start(1).unwrap(), |t, system, p| {
        // what flows in has stayed until it comes through at the other corner
        let mean = system.context[0];
        assert!(mean > before && mean <= 0.01 * t as f64 + 1e-12, "{mean}");
        if t <= 8 {
            assert!((mean - 0.01 * t as f64).abs() < 1e-9, "{t} {mean}");
        }
        before = mean;
        assert!(p[0] > 0.0 && p.iter().all(|&x| x <= p[0] && x >= p[99] * 0.999));
    });
}

#[test]
fn noise_has_its_variance_and_differs_from_system_to_system() {
    let family = DarcyGauss {
        nx: 32,
        systems: 40,
        sigma: 1.0,
        length: 0.1,
    };
    let mut family = family.start(5).unwrap();
    let mut system = Instance::default();
    let mut squares = Vec::new();
    for t in 0..40 {
        family.next(t, &[], &mut system).unwrap();
        let [mean, spread] = system.context[..] else {
            panic!("two numbers");
        };
        squares.push(mean * mean + spread * spread);
    }
    let mean = squares.iter().sum::<f64>() / 40.0;
    assert!((mean - 1.0).abs() < 0.15, "{mean}");
    assert!(squares.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_system_asked_for_again_is_the_same() {
    for mut family in all() {
        let name = family.name();
        let mut system = Instance::default();
        family.next(0, &[], &mut system).unwrap();
        let u = solution(system.a.nrows(), 1);
        family.next(1, &u, &mut system).unwrap();
        let (mut again, saved) = (system.clone(), family.save());
        family.next(1, &u, &mut again).unwrap();
        assert_eq!((&system.a, &system.b), (&again.a, &again.b), "{name}");
        assert_eq!(family.save(), saved, "{name}");
        assert!(saved.is_empty() || family.restore(2, &saved[1..]).is_err());
        assert!(saved.is_empty() || family.next(7, &u, &mut again).is_err());
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

#[test]
fn obstacles_by_hand() {
    // 3 cells, u = 0 at the left wall and without flux elsewhere, no ball
    let grid = crate::Grid::new(3, 1, 1);
    let none = Obstacles {
        grid,
        systems: 1,
        balls: 0,
        ..Default::default()
    };
    let mut system = Instance::default();
    none.start(0).unwrap().next(0, &[], &mut system).unwrap();
    let dense = |a: &Csr<f64>| -> Vec<Vec<f64>> {
        (0..3)
            .map(|i| (0..3).map(|j| a.view().get(i, j)).collect())
            .collect()
    };
    assert_eq!(
        dense(&system.a),
        [[3.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]]
    );
    // a ball in the middle of a line cuts it in two: the right end, which nothing ties, is closed
    let one = Obstacles {
        balls: 2,
        radius: 0.5,
        ..none
    };
    let mut closed = 0;
    for seed in 0..40 {
        one.start(seed).unwrap().next(0, &[], &mut system).unwrap();
        let a = dense(&system.a);
        assert!((0..3).all(|i| a[i][i] > 0.0), "{a:?}");
        closed += usize::from(system.context[0] == 1.0);
    }
    assert!(closed < 40);
    for wrong in [
        Obstacles {
            radius: 0.0,
            ..none
        },
        Obstacles {
            balls: 10_001,
            ..none
        },
    ] {
        assert!(wrong.start(0).is_err());
    }
}
