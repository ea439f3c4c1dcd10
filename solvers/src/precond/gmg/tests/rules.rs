//! Coarse levels from a rule.

use super::*;

/// The default rule by way of positions and factors, and how often it was asked.
struct Halves(usize);

impl GmgRule for Halves {
    fn coarsen(&mut self, fine: GmgLevel) -> Result<(GmgLevel, GmgLevel), PrecondError> {
        self.0 += 1;
        let cells = fine.halves().iter().product();
        let (half, one) = (vec![0.5; cells], vec![1.0; cells]);
        let coarse = match fine.depth() {
            1 => fine.coarser_between(&[&half[..]; 4], &[&one[..]; 2])?,
            _ => fine.coarser_between(&[&half[..]; 12], &[&one[..]; 3])?,
        };
        Ok((fine, coarse))
    }
}

#[test]
fn a_rule_that_is_the_default_makes_the_same_cycle() {
    let a = problems::holes(61, 40, 3);
    let mut rule = Halves(0);
    let mut by_rule = Gmg::by_rule(&a, GmgConfig::default(), &mut rule).unwrap();
    let mut plain = Gmg::new(&a, GmgConfig::default()).unwrap();
    assert_eq!(rule.0 + 1, plain.levels().len());
    let r = random_vector::<f64>(a.nrows(), 8);
    close(&apply(&mut by_rule, &r), &apply(&mut plain, &r), 1e-3);
    let next = problems::holes(61, 40, 4);
    by_rule.update_by(&next, &mut rule).unwrap();
    Preconditioner::<f64>::update(&mut plain, &next).unwrap();
    close(&apply(&mut by_rule, &r), &apply(&mut plain, &r), 1e-3);
}

#[test]
fn positions_and_levels_that_make_no_sense_are_refused() {
    let level = random_level([8, 6, 1], false, 1);
    let (good, short) = (vec![0.5; 12], vec![0.5; 11]);
    for bad in [&short, &vec![1.5; 12], &vec![f32::NAN; 12]] {
        assert!(
            level
                .coarser_between(&[&good, bad, &good, &good], &[&good, &good])
                .is_err()
        );
    }
    let negative = vec![-1.0; 12];
    assert!(
        level
            .coarser_between(&[&good, &good, &good, &good], &[&good, &negative])
            .is_err()
    );
    struct Wrong;
    impl GmgRule for Wrong {
        fn coarsen(&mut self, fine: GmgLevel) -> Result<(GmgLevel, GmgLevel), PrecondError> {
            Ok((fine, random_level([4, 3, 1], false, 1)))
        }
    }
    let a = cells(30, 30, |_, _| 1.0, Boundary::Dirichlet);
    let refused = Gmg::by_rule(&a, GmgConfig::default(), &mut Wrong);
    assert!(matches!(refused, Err(PrecondError::Config { .. })));
}

#[test]
fn of_a_box_too_positions_and_factors_mean_what_they_say() {
    let a = problems::solid(
        [21, 18, 10],
        |at| 1.0 + ((at[0] * 7 + at[1] * 3 + at[2]) % 5) as f64,
        Boundary::Dirichlet,
    );
    let mut by_rule = Gmg::by_rule(&a, GmgConfig::default(), &mut Halves(0)).unwrap();
    let mut plain = Gmg::new(&a, GmgConfig::default()).unwrap();
    let r = random_vector::<f64>(a.nrows(), 8);
    close(&apply(&mut by_rule, &r), &apply(&mut plain, &r), 1e-4);
    // Galerkin alone, along z twice as much, and of the face at (y, x) = (1, 0) nothing
    let level = random_level([6, 6, 6], false, 2);
    let (one, two, none) = (vec![1.0; 27], vec![2.0; 27], vec![0.0; 27]);
    let mut position = [&one[..]; 12];
    position[10] = &none;
    let coarse = level
        .coarser_between(&position, &[&one, &one, &two])
        .unwrap();
    let face = |level: &GmgLevel, d: usize, [x, y, z]: [usize; 3]| {
        level.faces[d][x + level.dims[0] * (y + level.dims[1] * z)]
    };
    let m = |x: usize, y: usize| face(&level, 2, [x, y, 1]);
    let series = {
        let [l, r] = [0, 2].map(|z| face(&level, 2, [2, 3, z]));
        1.0 / (1.0 / m(2, 3) + 0.5 / l + 0.5 / r)
    };
    let expected = m(2, 2) + m(3, 2) + m(3, 3) + 2.0 * series;
    let found = face(&coarse, 2, [1, 1, 0]);
    assert!(
        (found - expected).abs() < 1e-5 * expected,
        "{found} {expected}"
    );
    let expected: f32 = [(2, 2), (3, 2), (2, 3), (3, 3)]
        .map(|(y, z)| 0.5 * face(&level, 0, [1, y, z]))
        .iter()
        .sum();
    let found = face(&coarse, 0, [0, 1, 1]);
    assert!(
        (found - expected).abs() < 1e-5 * expected,
        "{found} {expected}"
    );
    assert!(
        level
            .coarser_between(&position[..4], &[&one[..]; 3])
            .is_err()
    );
    assert!(level.coarser_between(&position, &[&one[..]; 2]).is_err());
    let bad = vec![-0.1; 27];
    position[11] = &bad;
    assert!(level.coarser_between(&position, &[&one[..]; 3]).is_err());
}
