//! Coarse levels from a rule.

use super::*;

/// The default rule by way of positions and factors, and how often it was asked.
struct Halves(usize);

impl GmgRule for Halves {
    fn coarsen(&mut self, fine: GmgLevel) -> Result<(GmgLevel, GmgLevel), PrecondError> {
        self.0 += 1;
        let [nx, ny, _] = fine.grid().dims();
        let cells = nx.div_ceil(2) * ny.div_ceil(2);
        let (half, one) = (vec![0.5; cells], vec![1.0; cells]);
        let coarse = fine.coarser_between([&half, &half, &half, &half], [&one, &one])?;
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
                .coarser_between([&good, bad, &good, &good], [&good, &good])
                .is_err()
        );
    }
    let negative = vec![-1.0; 12];
    assert!(
        level
            .coarser_between([&good, &good, &good, &good], [&good, &negative])
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
