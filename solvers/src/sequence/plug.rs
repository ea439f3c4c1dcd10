//! Preconditioners of the caller's in a sequence: a network, or anything that only he can make.

use crate::Precond;
use crate::precond::{PrecondError, Preconditioner};
use resolvent_matrices::{Csr, Scalar};

/// Makes a preconditioner for a matrix. For the next matrix of the same pattern the sequence calls
/// [`Preconditioner::update`] instead.
pub type Maker<T> =
    Box<dyn FnMut(&Csr<T>) -> Result<Box<dyn Preconditioner<T>>, PrecondError> + Send>;

/// What was plugged in, by name.
pub(super) struct Plugs<T: Scalar>(Vec<(&'static str, Maker<T>)>);

impl<T: Scalar> Default for Plugs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Scalar> Plugs<T> {
    /// Takes a maker; one of the same name gives way.
    pub fn insert(&mut self, name: &'static str, maker: Maker<T>) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, maker));
    }

    /// Makes a preconditioner, plugged in or not.
    pub fn build(
        &mut self,
        precond: &Precond,
        a: &Csr<T>,
    ) -> Result<Box<dyn Preconditioner<T>>, PrecondError> {
        let Precond::Plugged(name) = precond else {
            return precond.build(a);
        };
        let known = self.0.iter_mut().find(|(known, _)| known == name);
        let (_, maker) = known.ok_or_else(|| PrecondError::unplugged(name))?;
        maker(a)
    }
}

#[cfg(test)]
mod tests {
    use crate::precond::{Jacobi, PrecondError};
    use crate::testing::{hpd, vector};
    use crate::{Change, Method, Precond, Sequence, SequenceConfig, SolveError, Way};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn what_is_plugged_in_is_made_once_a_pattern_and_refused_where_nobody_knows_it() {
        let (small, large) = (hpd::<f64>(6), hpd::<f64>(7));
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let mut sequence = Sequence::new(SequenceConfig::default());
        let way = |name| Way {
            method: Method::Fcg(Default::default()),
            precond: Precond::Plugged(name),
        };
        sequence.plug(
            "mine",
            Box::new(move |a| {
                count.fetch_add(1, Ordering::Relaxed);
                Ok(Box::new(Jacobi::new(a)?))
            }),
        );
        let mut solve = |a, change, name| {
            let (b, mut x) = (vector::<f64>(49, 3), vec![0.0; 49]);
            let n = if change == Change::Pattern { 49 } else { 36 };
            sequence.next(a, &b[..n], change, Some(&way(name)), &mut x[..n], &mut ())
        };
        for (a, change, expected) in [
            (&small, Change::Values, 1),
            (&small, Change::Values, 1),
            (&small, Change::Nothing, 1),
            (&large, Change::Pattern, 2),
        ] {
            let solved = solve(a, change, "mine").unwrap();
            assert!(solved.report.converged());
            assert_eq!(solved.precond, "mine");
            assert_eq!(made.load(Ordering::Relaxed), expected);
        }
        let unknown = solve(&large, Change::Pattern, "yours");
        let Err(SolveError::Precond(PrecondError::Config { precond, problem })) = unknown else {
            panic!("{unknown:?}");
        };
        assert!(precond == "yours" && problem.contains("plug"), "{problem}");
        // what was plugged in survives forgetting
        sequence.forget();
        let (b, mut x) = (vector::<f64>(36, 3), vec![0.0; 36]);
        let change = Change::Pattern;
        let solved = sequence.next(&small, &b, change, Some(&way("mine")), &mut x, &mut ());
        assert!(solved.unwrap().report.converged());
    }
}
