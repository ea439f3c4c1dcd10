//! Shifted Laplacians: A + cₜI with cₜ drawn at random.
//!
//! A is the 5-point matrix (4 and −1) on m × m points, n = m²; c = −0.15 + 0.6·Beta(a, b) with
//! (a, b) = (½, 1½), high variance, or (2, 6), low. b is a standard normal vector, drawn again until
//! ‖b‖² ≤ n. For n = 100, A + cI is positive definite for every c that can be drawn; the context is
//! c. Each solve is meant to begin at zero.
//!
//! - M. Khodak, E. Chow, M.-F. Balcan, A. Talwalkar, Learning to Relax: Setting Solver Parameters
//!   Across a Sequence of Linear System Instances, ICLR 2024, arXiv:2310.02246, section on learning.

use super::{Family, Instance, Novelty, five_point};
use crate::{Csr, MatrixError};
use rand::SeedableRng;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, StandardNormal};

/// How far the shifts scatter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variance {
    /// Beta(½, 1½): many close to singular.
    #[default]
    High,
    /// Beta(2, 6).
    Low,
}

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftedLaplacians {
    /// Unknowns, a square number. Default 100.
    pub n: usize,
    /// Systems. Default 5000.
    pub systems: usize,
    /// Default high.
    pub variance: Variance,
}

impl Default for ShiftedLaplacians {
    fn default() -> Self {
        Self {
            n: 100,
            systems: 5000,
            variance: Variance::High,
        }
    }
}

const NAME: &str = "shifted-laplacian";

impl ShiftedLaplacians {
    /// The sequence that belongs to a seed.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] if n is not a square from 1 to 10⁶.
    pub fn start(self, seed: u64) -> Result<Box<dyn Family>, MatrixError> {
        let wrong = |problem| MatrixError::Parameter {
            generator: NAME,
            problem,
        };
        let m = self.n.isqrt();
        if m * m != self.n || !(1..=1_000_000).contains(&self.n) {
            let near = (m * m).max(1);
            return Err(wrong(format!(
                "n = {} must be a square number from 1 to 10^6, {near} for instance",
                self.n
            )));
        }
        let (a, b) = match self.variance {
            Variance::High => (0.5, 1.5),
            Variance::Low => (2.0, 6.0),
        };
        let beta = Beta::new(a, b).map_err(|error| wrong(error.to_string()))?;
        let (a, diagonal) = five_point(m)?;
        Ok(Box::new(Running {
            parameters: self,
            seed,
            beta,
            a,
            diagonal,
        }))
    }
}

struct Running {
    parameters: ShiftedLaplacians,
    seed: u64,
    beta: Beta<f64>,
    /// The unshifted matrix.
    a: Csr<f64>,
    diagonal: Vec<usize>,
}

impl Family for Running {
    fn name(&self) -> String {
        let ShiftedLaplacians {
            n,
            systems,
            variance,
        } = self.parameters;
        let variance = match variance {
            Variance::High => "high",
            Variance::Low => "low",
        };
        format!("{NAME}:n={n},systems={systems},variance={variance}")
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
            out.context = vec![0.0];
            out.novelty = Novelty::Pattern;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64); // what is drawn depends on the seed and the index alone
        let c = -0.15 + 0.6 * self.beta.sample(&mut rng);
        let values = out.a.values_mut();
        self.diagonal.iter().for_each(|&at| values[at] = 4.0 + c);
        out.context[0] = c;
        loop {
            out.b
                .iter_mut()
                .for_each(|b| *b = StandardNormal.sample(&mut rng));
            if out.b.iter().map(|b| b * b).sum::<f64>() <= n as f64 {
                return Ok(());
            }
        }
    }
}
