//! Newton's method within a continuation: each system is that of one Newton step, J(u) δ = −F(u), on the
//! unit square with zero on the boundary, (nx − 1)² unknowns, h = 1/nx.
//!
//! - `bratu`: −Δu = λeᵘ, 5-point:           F = Lu − λh² eᵘ,  J = L − λh² diag(eᵘ)
//! - `plaplacian`: −∇·((ε² + |∇u|²)^((p−2)/2) ∇u) = λ, linear elements on the halves of the cells, ε = 0.1:
//!   F and J are gradient and Hessian of E(u) = Σ h²/(2p) (ε² + |∇u|²)^(p/2) − λh² Σ u over halves and points
//!
//! λ goes up to `load` and down again, λₖ = load (0.05 + 0.95 (1 − cos(2π(k+1)/`levels`))/2) at level k. The
//! Newton iterate is carried here: it begins at zero, and each level begins with the last iterate of
//! the one before. The solution of a system is added to it — for `plaplacian` halved, at most ten times,
//! until E does not grow. A level ends after six systems or as soon as ‖δ‖∞ ≤ 10⁻⁶ (1 + ‖u‖∞). With
//! systems solved well enough, J is positive definite: E is convex, and on the lower branch of `bratu`
//! (λ < 6.8, 5.8 on the coarsest grid) the iterates are subsolutions from the first step of a level on. The
//! context is the number of the step within the level, and λ. Solves begin at zero.
//!
//! - P. Deuflhard, Newton Methods for Nonlinear Problems, Springer, 2004, ch. 5.

use super::{Family, Instance, Novelty, carried, turn};
use crate::{Csr, MatrixError};
use std::f64::consts::TAU;

/// What is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nonlinear {
    /// −Δu = λeᵘ.
    #[default]
    Bratu,
    /// The p-Laplacian.
    PLaplacian,
}

impl Nonlinear {
    /// The names of all.
    pub const NAMES: [&'static str; 2] = ["bratu", "plaplacian"];
    /// In the order of [`Nonlinear::NAMES`].
    pub const ALL: [Self; 2] = [Self::Bratu, Self::PLaplacian];
}

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    /// What is solved. Default bratu.
    pub problem: Nonlinear,
    /// Cells a side; (nx − 1)² unknowns. Default 50.
    pub nx: usize,
    /// Newton steps in all. Default 1000.
    pub systems: usize,
    /// The largest λ. Default 5.5.
    pub load: f64,
    /// Values of λ on the way up and down again. Default 40.
    pub levels: usize,
    /// p of the p-Laplacian. Default 3.
    pub p: f64,
}

impl Default for Newton {
    fn default() -> Self {
        Self {
            problem: Nonlinear::Bratu,
            nx: 50,
            systems: 1000,
            load: 5.5,
            levels: 40,
            p: 3.0,
        }
    }
}

const NAME: &str = "newton";
const MOST_STEPS: usize = 6;
const SMALL: f64 = 1e-6;
const EPS: f64 = 0.1;
/// The halves of a cell: its corners, as columns and rows further on.
const HALVES: [[(usize, usize); 3]; 2] = [[(0, 0), (1, 0), (0, 1)], [(1, 1), (0, 1), (1, 0)]];
/// Gradients of the three functions of a half, times h; of the other half the negative of these.
const GRADIENTS: [[f64; 2]; 3] = [[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]];

impl Newton {
    /// The sequence; nothing is random about it.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for nx outside of 3 to 4096, no levels, a load that is not positive
    /// (and at most 5.8 for bratu), and p outside of 1.5 to 6.
    pub fn start(self) -> Result<Box<dyn Family>, MatrixError> {
        let wrong = |problem| {
            Err(MatrixError::Parameter {
                generator: NAME,
                problem,
            })
        };
        if !(3..=4096).contains(&self.nx) {
            return wrong(format!("nx = {} must be from 3 to 4096", self.nx));
        }
        if self.levels == 0 {
            return wrong("levels = 0 must be at least 1".into());
        }
        let most = match self.problem {
            Nonlinear::Bratu => 5.8,
            Nonlinear::PLaplacian => 1e6,
        };
        if !(self.load > 0.0 && self.load <= most) {
            return wrong(format!(
                "load = {} must be positive, at most {most}",
                self.load
            ));
        }
        if !(1.5..=6.0).contains(&self.p) {
            return wrong(format!("p = {} must be from 1.5 to 6", self.p));
        }
        let n = (self.nx - 1).pow(2);
        let mut running = Running {
            parameters: self,
            pattern: Csr::default(),
            places: Vec::new(),
            u: vec![0.0; n],
            level: 0,
            step: 0,
            made: 0,
        };
        running.lay_out()?;
        Ok(Box::new(running))
    }
}

struct Running {
    parameters: Newton,
    /// Five points for bratu, seven for the p-Laplacian.
    pattern: Csr<f64>,
    /// Where the nine entries of each half stand; `usize::MAX` on the boundary.
    places: Vec<[[usize; 3]; 3]>,
    u: Vec<f64>,
    level: usize,
    step: usize,
    made: usize,
}

impl Running {
    /// The unknowns at the corners of a half, `None` on the boundary.
    fn corners(&self, cell: usize, half: usize) -> [Option<usize>; 3] {
        let nx = self.parameters.nx;
        HALVES[half].map(|(right, up)| {
            let (x, y) = (cell % nx + right, cell / nx + up);
            let inside = x > 0 && y > 0 && x < nx && y < nx;
            inside.then(|| (y - 1) * (nx - 1) + x - 1)
        })
    }

    /// Pattern and places.
    fn lay_out(&mut self) -> Result<(), MatrixError> {
        let (n, cells) = (self.u.len(), self.parameters.nx.pow(2));
        let halves = (0..cells).flat_map(|cell| [(cell, 0), (cell, 1)]);
        let corners: Vec<_> = halves
            .map(|(cell, half)| self.corners(cell, half))
            .collect();
        let bratu = self.parameters.problem == Nonlinear::Bratu;
        let linked = move |a: usize, b: usize| !bratu || a == b || a == 0 || b == 0;
        let entries = corners.iter().flat_map(|corners| {
            (0..9).filter_map(move |k| {
                let (a, b) = (k / 3, k % 3);
                Some((corners[a]?, corners[b]?, 0.0)).filter(|_| linked(a, b))
            })
        });
        self.pattern = Csr::from_triplets(n, n, entries)?;
        let place = |i: usize, j: usize| {
            let (columns, _) = self.pattern.view().row(i);
            self.pattern.row_range(i).start + columns.partition_point(|&c| (c as usize) < j)
        };
        let at = |corners: &[Option<usize>; 3]| {
            std::array::from_fn(|a| {
                std::array::from_fn(|b| match (corners[a], corners[b]) {
                    (Some(i), Some(j)) if linked(a, b) => place(i, j),
                    _ => usize::MAX,
                })
            })
        };
        self.places = corners.iter().map(at).collect();
        Ok(())
    }

    /// λ of the level.
    fn load(&self) -> f64 {
        let Newton { load, levels, .. } = self.parameters;
        let turn = TAU * (self.level % levels + 1) as f64 / levels as f64;
        load * (0.05 + 0.475 * (1.0 - turn.cos()))
    }

    /// h∇u on a half.
    fn gradient(&self, corners: &[Option<usize>; 3], half: usize, u: &[f64]) -> [f64; 2] {
        let at = corners.map(|corner| corner.map_or(0.0, |i| u[i]));
        let sign = if half == 0 { 1.0 } else { -1.0 };
        [sign * (at[1] - at[0]), sign * (at[2] - at[0])]
    }

    /// E(u) of the p-Laplacian.
    fn energy(&self, u: &[f64]) -> f64 {
        let Newton { nx, p, .. } = self.parameters;
        let h2 = 1.0 / (nx * nx) as f64;
        let mut sum = 0.0;
        for k in 0..2 * nx * nx {
            let g = self.gradient(&self.corners(k / 2, k % 2), k % 2, u);
            let s = EPS * EPS + (g[0] * g[0] + g[1] * g[1]) / h2;
            sum += 0.5 * h2 / p * s.powf(0.5 * p);
        }
        sum - self.load() * h2 * u.iter().sum::<f64>()
    }

    /// Takes in the update that a system was solved for, and moves on.
    fn update(&mut self, delta: &[f64]) {
        let before = std::mem::take(&mut self.u);
        let moved = |scale: f64| -> Vec<f64> {
            let pairs = before.iter().zip(delta);
            pairs.map(|(u, d)| u + scale * d).collect()
        };
        let mut scale = 1.0;
        let mut after = moved(scale);
        if self.parameters.problem == Nonlinear::PLaplacian {
            let energy = self.energy(&before);
            let no_more = energy + 1e-14 * energy.abs();
            for _ in 0..10 {
                if self.energy(&after) <= no_more {
                    break;
                }
                scale *= 0.5;
                after = moved(scale);
            }
        }
        self.u = after;
        let largest = |v: &[f64]| v.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        let small = largest(delta) <= SMALL * (1.0 + largest(&self.u));
        self.step += 1;
        if small || self.step == MOST_STEPS {
            (self.level, self.step) = (self.level + 1, 0);
        }
    }

    /// J(u) and −F(u).
    fn write(&self, a: &mut Csr<f64>, b: &mut [f64]) {
        let Newton { nx, p, problem, .. } = self.parameters;
        let h2 = 1.0 / (nx * nx) as f64;
        let (load, linear) = (self.load(), problem == Nonlinear::Bratu);
        let values = a.values_mut();
        values.fill(0.0);
        b.fill(load * h2);
        if linear {
            let pairs = b.iter_mut().zip(&self.u);
            pairs.for_each(|(b, u)| *b *= u.exp()); // λh² eᵘ
        }
        for (k, places) in self.places.iter().enumerate() {
            let (corners, sign) = (
                self.corners(k / 2, k % 2),
                if k % 2 == 0 { 1.0 } else { -1.0 },
            );
            let g = self.gradient(&corners, k % 2, &self.u);
            let s = EPS * EPS + (g[0] * g[0] + g[1] * g[1]) / h2;
            // half the weight of |∇u|², and of (∇u·∇v)²: for the 5-point matrix ½ and 0
            let (w, w2) = match linear {
                true => (0.5, 0.0),
                false => {
                    let w = 0.5 * s.powf(0.5 * p - 1.0);
                    (w, (p - 2.0) * w / s / h2)
                }
            };
            let along = GRADIENTS.map(|d| sign * (d[0] * g[0] + d[1] * g[1]));
            for i in 0..3 {
                let Some(row) = corners[i] else { continue };
                b[row] -= w * along[i];
                for j in 0..3 {
                    if places[i][j] != usize::MAX {
                        let (d, e) = (GRADIENTS[i], GRADIENTS[j]);
                        let dot = d[0] * e[0] + d[1] * e[1];
                        values[places[i][j]] += w * dot + w2 * (along[i] * along[j]);
                    }
                }
            }
        }
        if linear {
            for i in 0..self.u.len() {
                let (columns, _) = self.pattern.view().row(i);
                let before = columns.partition_point(|&c| (c as usize) < i);
                let at = self.pattern.row_range(i).start + before;
                values[at] -= load * h2 * self.u[i].exp();
            }
        }
    }
}

impl Family for Running {
    fn name(&self) -> String {
        let Newton {
            problem,
            nx,
            systems,
            load,
            levels,
            p,
        } = self.parameters;
        let name = Nonlinear::NAMES[Nonlinear::ALL
            .iter()
            .position(|k| *k == problem)
            .unwrap_or(0)];
        let p = match problem {
            Nonlinear::Bratu => String::new(),
            Nonlinear::PLaplacian => format!(",p={p}"),
        };
        format!("{NAME}:problem={name},nx={nx},systems={systems},load={load},levels={levels}{p}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        false
    }

    fn follows(&self) -> bool {
        true
    }

    fn next(&mut self, index: usize, delta: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        let n = self.u.len();
        if index == 0 {
            self.u.fill(0.0);
            (self.level, self.step) = (0, 0);
        } else if turn(NAME, self.made, index)? {
            carried("the solution before", n, delta.len())?;
            self.update(delta);
        }
        self.made = index + 1;
        out.novelty = Novelty::Values;
        if out.a.nrows() != n {
            out.a = self.pattern.clone();
            out.b = vec![0.0; n];
            out.context = vec![0.0; 2];
            out.novelty = Novelty::Pattern;
        }
        out.context
            .copy_from_slice(&[self.step as f64, self.load()]);
        self.write(&mut out.a, &mut out.b);
        Ok(())
    }

    fn save(&self) -> Vec<f64> {
        let counts = [self.made as f64, self.level as f64, self.step as f64];
        counts.iter().chain(&self.u).copied().collect()
    }

    fn restore(&mut self, _: usize, state: &[f64]) -> Result<(), MatrixError> {
        carried("what was saved", self.u.len() + 3, state.len())?;
        let count = |k: usize| state[k] as usize;
        (self.made, self.level, self.step) = (count(0), count(1), count(2));
        self.u.copy_from_slice(&state[3..]);
        Ok(())
    }
}
