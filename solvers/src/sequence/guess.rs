//! Where a solve of a sequence begins.

use super::pod::Pod;
use crate::LinearOperator;
use resolvent_matrices::Scalar;
use std::collections::VecDeque;

/// The initial guess of a system, from the solutions of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guess {
    /// What the caller has put into x.
    #[default]
    Given,
    /// x₀ = 0.
    Zero,
    /// x₀ = xₜ₋₁, zero for the first system.
    Previous,
    /// x₀ = 2xₜ₋₁ − xₜ₋₂, as long as there are two solutions; until then as `Previous`.
    Extrapolate,
    /// The best combination of the last so many solutions: x₀ = Q y with Q an orthonormal basis of
    /// them. Where QᴴAQ is Hermitian positive definite, QᴴAQ y = Qᴴb (Galerkin: the least error in
    /// the norm of A); else min ‖b − AQy‖₂. Costs one product for each that A has not multiplied
    /// yet: all of them where A has changed, one where it has not.
    Pod(usize),
}

impl Guess {
    /// [`Guess::Pod`] of ten solutions.
    pub const POD: Self = Self::Pod(10);

    /// How many solutions it needs.
    fn needs(self) -> usize {
        match self {
            Self::Given | Self::Zero => 0,
            Self::Previous => 1,
            Self::Extrapolate => 2,
            Self::Pod(most) => most.max(1),
        }
    }

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Zero => "zero",
            Self::Previous => "previous",
            Self::Extrapolate => "extrapolate",
            Self::Pod(_) => "pod",
        }
    }
}

/// The last solutions: two, or as many as the rule needs.
#[derive(Debug)]
pub(super) struct Guesses<T> {
    /// The last one first.
    known: VecDeque<Vec<T>>,
    /// Vectors not yet in use.
    spare: Vec<Vec<T>>,
    /// What is carried for [`Guess::Pod`].
    pod: Pod<T>,
}

impl<T> Default for Guesses<T> {
    fn default() -> Self {
        Self {
            known: VecDeque::new(),
            spare: Vec::new(),
            pod: Pod::default(),
        }
    }
}

impl<T: Scalar> Guesses<T> {
    /// Writes the initial guess of A x = b. Solutions of another length are of no use. Returns the
    /// products with A that took.
    pub fn write(&mut self, rule: Guess, a: &dyn LinearOperator<T>, b: &[T], x: &mut [T]) -> usize {
        let fits = |known: &Vec<T>| known.len() == x.len();
        let (last, before) = (self.known.front(), self.known.get(1));
        match (rule, last.filter(|k| fits(k)), before) {
            (Guess::Given, ..) => {}
            (Guess::Zero, ..) | (_, None, _) => x.fill(T::ZERO),
            (Guess::Extrapolate, Some(last), Some(before)) => {
                for ((x, &last), &before) in x.iter_mut().zip(last).zip(before) {
                    *x = last + (last - before); // x₀ = 2xₜ₋₁ − xₜ₋₂
                }
            }
            (Guess::Pod(_), Some(last), _) => {
                x.copy_from_slice(last);
                return self.pod.write(self.known.iter(), a, b, x);
            }
            (_, Some(last), _) => x.copy_from_slice(last),
        }
        0
    }

    /// Another matrix is next.
    pub fn advance(&mut self) {
        self.pod.advance();
    }

    /// Takes a solution. Allocates for the first only.
    pub fn keep(&mut self, rule: Guess, x: &[T]) {
        if self.known.front().is_some_and(|k| k.len() != x.len()) {
            self.forget();
        }
        let most = rule.needs().max(2);
        if self.known.is_empty() && self.spare.is_empty() {
            self.known.reserve(most);
            self.spare.extend((0..most).map(|_| vec![T::ZERO; x.len()]));
        }
        let place = self.spare.pop().or_else(|| self.known.pop_back());
        let Some(mut place) = place else { return };
        place.copy_from_slice(x);
        self.known.push_front(place);
        if matches!(rule, Guess::Pod(_)) {
            self.pod.keep(most);
        }
    }

    /// The solutions known, the last one first.
    pub fn known(&self) -> impl Iterator<Item = &[T]> {
        self.known.iter().map(Vec::as_slice)
    }

    pub fn forget(&mut self) {
        self.known.clear();
        self.spare.clear();
        self.pod = Pod::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pod_finds_the_best_combination() {
        use crate::testing::*;
        fn one<T: Scalar>(a: &resolvent_matrices::Csr<T>) {
            let n = a.nrows();
            let mut guesses = Guesses::<T>::default();
            let rule = Guess::Pod(3);
            let solutions: Vec<_> = (0..3).map(|t| vector::<T>(n, t + 1)).collect();
            let mut products = Vec::new();
            for round in 0..3 {
                for x in &solutions {
                    guesses.keep(rule, x);
                }
                // b of a combination of them: found exactly
                let exact: Vec<T> = (0..n)
                    .map(|i| solutions[0][i] + solutions[1][i] - solutions[2][i])
                    .collect();
                let (mut b, mut x) = (vec![T::ZERO; n], vec![T::ZERO; n]);
                a.apply(&exact, &mut b);
                products.push(guesses.write(rule, a, &b, &mut x));
                assert!(distance(&x, &exact) < 1e-10, "round {round}");
            }
            guesses.keep(rule, &vector::<T>(n, 9));
            let (b, mut x) = (vector::<T>(n, 11), vec![T::ZERO; n]);
            let more = guesses.write(rule, a, &b, &mut x);
            assert_eq!((products[0], more), (3, 1)); // A has not changed
            guesses.advance();
            assert_eq!(guesses.write(rule, a, &b, &mut x), 3);
        }
        one(&hpd::<f64>(7));
        one(&convection::<f64>(7, 0.4));
        one(&hpd::<resolvent_matrices::Complex<f64>>(7));
        one(&convection::<resolvent_matrices::Complex<f64>>(7, 0.4));
    }

    #[test]
    fn the_rules_give_what_they_say() {
        let mut guesses = Guesses::<f64>::default();
        let a = crate::testing::hpd::<f64>(1);
        let at = |guesses: &mut Guesses<f64>, rule| {
            let mut x = [9.0; 2];
            guesses.write(rule, &a, &[0.0; 2], &mut x);
            x
        };
        let rules = [
            Guess::Given,
            Guess::Zero,
            Guess::Previous,
            Guess::Extrapolate,
        ];
        let none = rules.map(|rule| at(&mut guesses, rule)[0]);
        assert_eq!(none, [9.0, 0.0, 0.0, 0.0]);
        guesses.keep(Guess::Extrapolate, &[1.0, 2.0]);
        assert_eq!(
            rules.map(|rule| at(&mut guesses, rule)[0]),
            [9.0, 0.0, 1.0, 1.0]
        );
        guesses.keep(Guess::Extrapolate, &[3.0, 5.0]);
        assert_eq!(at(&mut guesses, Guess::Previous), [3.0, 5.0]);
        assert_eq!(at(&mut guesses, Guess::Extrapolate), [5.0, 8.0]);
        guesses.keep(Guess::Extrapolate, &[1.0; 3]); // another size: what was known is of no use
        assert_eq!(at(&mut guesses, Guess::Extrapolate), [0.0; 2]);
        assert_eq!(guesses.known().count(), 1);
    }
}
