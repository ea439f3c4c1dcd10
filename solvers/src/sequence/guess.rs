//! Where a solve of a sequence begins.

use resolvent_matrices::Scalar;

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
}

impl Guess {
    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Zero => "zero",
            Self::Previous => "previous",
            Self::Extrapolate => "extrapolate",
        }
    }
}

/// The last two solutions.
#[derive(Debug, Clone, Default)]
pub(super) struct Guesses<T> {
    last: Vec<T>,
    before: Vec<T>,
    known: usize,
}

impl<T: Scalar> Guesses<T> {
    /// Writes the initial guess. Solutions of another length are of no use.
    pub fn write(&self, rule: Guess, x: &mut [T]) {
        let fits = self.last.len() == x.len();
        match (rule, self.known) {
            (Guess::Given, _) => {}
            (Guess::Zero, _) | (_, 0) => x.fill(T::ZERO),
            _ if !fits => x.fill(T::ZERO),
            (Guess::Extrapolate, 2..) => {
                for ((x, &last), &before) in x.iter_mut().zip(&self.last).zip(&self.before) {
                    *x = last + (last - before); // x₀ = 2xₜ₋₁ − xₜ₋₂
                }
            }
            _ => x.copy_from_slice(&self.last),
        }
    }

    /// Takes a solution. Allocates for the first two only.
    pub fn keep(&mut self, x: &[T]) {
        if self.last.len() != x.len() {
            self.forget();
            self.last.resize(x.len(), T::ZERO);
            self.before.resize(x.len(), T::ZERO);
        }
        std::mem::swap(&mut self.last, &mut self.before);
        self.last.copy_from_slice(x);
        self.known = (self.known + 1).min(2);
    }

    /// The solutions known, the last one first.
    pub fn known(&self) -> impl Iterator<Item = &[T]> {
        let both = [self.last.as_slice(), self.before.as_slice()];
        both.into_iter().take(self.known)
    }

    pub fn forget(&mut self) {
        self.known = 0;
        self.last.clear();
        self.before.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_give_what_they_say() {
        let mut guesses = Guesses::<f64>::default();
        let at = |guesses: &Guesses<f64>, rule| {
            let mut x = [9.0; 2];
            guesses.write(rule, &mut x);
            x
        };
        let rules = [
            Guess::Given,
            Guess::Zero,
            Guess::Previous,
            Guess::Extrapolate,
        ];
        let none = rules.map(|rule| at(&guesses, rule)[0]);
        assert_eq!(none, [9.0, 0.0, 0.0, 0.0]);
        guesses.keep(&[1.0, 2.0]);
        assert_eq!(
            rules.map(|rule| at(&guesses, rule)[0]),
            [9.0, 0.0, 1.0, 1.0]
        );
        guesses.keep(&[3.0, 5.0]);
        assert_eq!(at(&guesses, Guess::Previous), [3.0, 5.0]);
        assert_eq!(at(&guesses, Guess::Extrapolate), [5.0, 8.0]);
        guesses.keep(&[1.0; 3]); // another size: what was known is of no use
        assert_eq!(at(&guesses, Guess::Extrapolate), [0.0; 2]);
        assert_eq!(guesses.known().count(), 1);
    }
}
