//! Sequences made to mislead whoever learns from them.
//!
//! - `switch`: A + cI with c = −0.9 λ for the first half, λ the least eigenvalue of A, and 4 for the
//!   second: nearly singular, then trivial.
//! - `alternating`: the two in turn.
//! - `diverging`: a skewed ring, 2.2 on the diagonal, −1.9 to the next and 0.2 to the one before:
//!   strictly dominant, so that SOR converges for ω ≤ 1, and diverges for a large ω.
//!
//! A is the 5-point matrix on m × m points, n = m²; b is standard normal. No context.

use super::{Family, Instance, Novelty, five_point};
use crate::{Csr, MatrixError};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What is misleading about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// One change, in the middle.
    #[default]
    Switch,
    /// Two matrices in turn.
    Alternating,
    /// A large ω diverges.
    Diverging,
}

impl Kind {
    /// The names of all.
    pub const NAMES: [&'static str; 3] = ["switch", "alternating", "diverging"];
    /// In the order of [`Kind::NAMES`].
    pub const ALL: [Self; 3] = [Self::Switch, Self::Alternating, Self::Diverging];
}

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adversarial {
    /// What is misleading. Default switch.
    pub kind: Kind,
    /// Unknowns, a square number. Default 400.
    pub n: usize,
    /// Systems. Default 1000.
    pub systems: usize,
}

impl Default for Adversarial {
    fn default() -> Self {
        Self {
            kind: Kind::Switch,
            n: 400,
            systems: 1000,
        }
    }
}

const NAME: &str = "adversarial";

impl Adversarial {
    /// The sequence that belongs to a seed.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] if n is not a square from 4 to 10⁶.
    pub fn start(self, seed: u64) -> Result<Box<dyn Family>, MatrixError> {
        let m = self.n.isqrt();
        if m * m != self.n || !(4..=1_000_000).contains(&self.n) {
            return Err(MatrixError::Parameter {
                generator: NAME,
                problem: format!("n = {} must be a square number from 4 to 10^6", self.n),
            });
        }
        let (a, diagonal) = match self.kind {
            Kind::Diverging => ring(self.n)?,
            _ => five_point(m)?,
        };
        Ok(Box::new(Running {
            parameters: self,
            seed,
            a,
            diagonal,
        }))
    }
}

/// The skewed ring, and where its diagonal stands.
fn ring(n: usize) -> Result<(Csr<f64>, Vec<usize>), MatrixError> {
    let row = |i: usize| {
        [
            (i, i, 2.2),
            (i, (i + 1) % n, -1.9),
            (i, (i + n - 1) % n, 0.2),
        ]
    };
    let a = Csr::from_triplets(n, n, (0..n).flat_map(row))?;
    let place = |i: usize| {
        let (columns, _) = a.view().row(i);
        a.row_range(i).start + columns.partition_point(|&j| (j as usize) < i)
    };
    let diagonal = (0..n).map(place).collect();
    Ok((a, diagonal))
}

struct Running {
    parameters: Adversarial,
    seed: u64,
    a: Csr<f64>,
    diagonal: Vec<usize>,
}

impl Running {
    fn diagonal_value(&self, index: usize) -> f64 {
        let Adversarial { kind, n, systems } = self.parameters;
        let hard = match kind {
            Kind::Diverging => return 2.2,
            Kind::Switch => index < systems / 2,
            Kind::Alternating => index.is_multiple_of(2),
        };
        let m = n.isqrt() as f64;
        // the least eigenvalue of the 5-point matrix is 4 − 4 cos(π/(m+1)): stay above −0.9 of it
        let least = 4.0 - 4.0 * (std::f64::consts::PI / (m + 1.0)).cos();
        if hard { 4.0 - 0.9 * least } else { 8.0 }
    }
}

impl Family for Running {
    fn name(&self) -> String {
        let Adversarial { kind, n, systems } = self.parameters;
        let kind = Kind::NAMES[Kind::ALL.iter().position(|k| *k == kind).unwrap_or(0)];
        format!("{NAME}:kind={kind},n={n},systems={systems}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        false
    }

    fn next(&mut self, index: usize, _: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        let n = self.parameters.n;
        out.novelty = Novelty::Values;
        if out.a.nrows() != n {
            out.a = self.a.clone();
            out.b = vec![0.0; n];
            out.context.clear();
            out.novelty = Novelty::Pattern;
        }
        let value = self.diagonal_value(index);
        let values = out.a.values_mut();
        self.diagonal.iter().for_each(|&at| values[at] = value);
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64);
        out.b
            .iter_mut()
            .for_each(|b| *b = StandardNormal.sample(&mut rng));
        Ok(())
    }
}
