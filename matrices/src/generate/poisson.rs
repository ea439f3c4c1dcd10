//! Poisson's equation −Δu = f.
//!
//! Second-order finite differences at cell centres. A side is a mirror: beyond it u continues
//! odd (Dirichlet) or even (Neumann), which keeps the matrix symmetric for every stencil.
//! - 3, 5, 7 points (`Faces`): Σ_d K_d, K = (−1, 2, −1)/h²: the finite-volume matrix as well.
//! - 9, 27 points (`Box`): Σ_d K_d Π_{e≠d} (I − h_e²/12 K_e), the compact stencil of L. Collatz,
//!   The Numerical Treatment of Differential Equations, 3rd ed., Springer, 1960 (in the plane
//!   with square cells: 20, −4, −1 over 6).
//!
//! Masked cells have u = 0: their row is a diagonal, their neighbours keep the link to them in
//! the diagonal only.

use super::domain::{Boundary, Domain, Rows, Sides};
use super::manufactured::{Jet, remove_mean};
use super::{Problem, Properties, Spectrum, wrong};
use crate::{Complex, Grid, MatrixError, Scalar};

/// Which neighbours a cell couples with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stencil {
    /// Those across its faces: 3, 5 or 7 points.
    #[default]
    Faces,
    /// All around it: 3, 9 or 27 points.
    Box,
}

/// Parameters of −Δu = f.
#[derive(Debug, Clone, PartialEq)]
pub struct Poisson {
    /// Cells along each dimension. Default 32×32.
    pub grid: Grid,
    /// Default [`Stencil::Faces`].
    pub stencil: Stencil,
    /// Conditions at the lower and upper side along x, y and z; those of dimensions that the grid
    /// lacks are ignored. Default [`Boundary::Dirichlet`] all around.
    pub sides: [[Boundary; 2]; 3],
    /// Rows of masked cells, in any order. Default none.
    pub masked: Vec<usize>,
}

impl Default for Poisson {
    fn default() -> Self {
        Self {
            grid: Grid::new(32, 32, 1),
            stencil: Stencil::Faces,
            sides: Sides::default(),
            masked: Vec::new(),
        }
    }
}

impl Poisson {
    /// The problem, with a manufactured solution unless cells are masked (then f = 1).
    ///
    /// With Neumann conditions all around the matrix is singular and b is made consistent.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for an empty or too large grid and masked rows outside of it.
    pub fn generate<T: Scalar>(&self) -> Result<Problem<T>, MatrixError> {
        self.shifted("poisson", Complex::new(0.0, 0.0))
    }

    /// −Δu − σu = f.
    pub(super) fn shifted<T: Scalar>(
        &self,
        generator: &'static str,
        sigma: Complex<f64>,
    ) -> Result<Problem<T>, MatrixError> {
        let domain = Domain::new(generator, self.grid)?;
        let mut masked = vec![false; domain.n];
        for &row in &self.masked {
            match masked.get_mut(row) {
                Some(cell) => *cell = true,
                None => {
                    let n = domain.n;
                    return wrong(generator, format!("masked row {row} of only {n}"));
                }
            }
        }
        let shift = sigma * domain.h[0].powi(2);
        let mut rows = Rows::with_capacity(domain.n, 7);
        for row in 0..domain.n {
            self.fill(&domain, row, &masked, shift, &mut rows);
            rows.end_row();
        }
        let open = self.masked.is_empty();
        let singular = open && domain.insulated(&self.sides) && sigma.norm() == 0.0;
        let (rhs, continuous) = self.right_hand_side(&domain, &masked, sigma, singular);
        let real = sigma.im == 0.0;
        let spectrum = match self.extremes(&domain) {
            _ if singular => Spectrum::Semidefinite,
            _ if !real => Spectrum::Unknown,
            // masked cells take rows and columns out: eigenvalues stay between the extremes
            (least, _) if shift.re < least => Spectrum::Positive,
            _ if !open && shift.re == 0.0 => Spectrum::Positive,
            (least, most) if open && least < shift.re && shift.re < most => Spectrum::Indefinite,
            _ => Spectrum::Unknown,
        };
        Ok(Problem {
            name: format!("{generator}-{}", domain.label()),
            matrix: rows.finish(domain.n)?,
            rhs: rhs.into_iter().map(T::from_c64).collect(),
            exact: None,
            continuous: continuous.map(|u| u.into_iter().map(T::from_f64).collect()),
            grid: Some(self.grid),
            properties: Properties {
                symmetric: true,
                hermitian: real,
                spectrum,
                constant_nullspace: singular,
                consistent: true,
            },
            notes: format!(
                "-Laplacian(u) - ({sigma}) u = f, {:?} stencil at cell centres, sides {:?}, {} masked cells",
                self.stencil,
                &self.sides[..domain.dimension],
                masked.iter().filter(|&&m| m).count(),
            ),
        })
    }

    /// The entries of one row, multiplied by h_x².
    fn fill<T: Scalar>(
        &self,
        domain: &Domain,
        row: usize,
        masked: &[bool],
        shift: Complex<f64>,
        rows: &mut Rows<T>,
    ) {
        let at = domain.grid.at(row);
        if masked[row] {
            let middle = [0, 1, 2].map(|_| [-1.0, 2.0, -1.0]);
            let diagonal = self.weight_of(domain, &middle, [0; 3]);
            return rows.add(row, T::from_f64(diagonal));
        }
        let k = [0, 1, 2].map(|d| self.second_difference(domain, d, at[d]));
        let reach = |d: usize| if d < domain.dimension { -1..=1 } else { 0..=0 };
        for dz in reach(2) {
            for dy in reach(1) {
                for dx in reach(0) {
                    let step = [dx, dy, dz];
                    let steps = step.iter().filter(|&&c| c != 0).count();
                    if self.stencil == Stencil::Faces && steps > 1 {
                        continue;
                    }
                    let Some(to) = domain.grid.neighbour(at, step) else {
                        continue;
                    };
                    let (to, weight) = (domain.grid.row(to), self.weight_of(domain, &k, step));
                    if to == row {
                        rows.add(row, T::from_c64(Complex::new(weight, 0.0) - shift));
                    } else if !masked[to] {
                        rows.add(to, T::from_f64(weight));
                    }
                }
            }
        }
    }

    /// h² K in row `i` of dimension `d`: its entries to the left, at, and to the right.
    fn second_difference(&self, domain: &Domain, d: usize, i: usize) -> [f64; 3] {
        if d >= domain.dimension {
            return [0.0; 3];
        }
        let mut k = [-1.0, 2.0, -1.0];
        let ends = [(0, 0), (domain.grid.dims()[d] - 1, 1)];
        for (end, side) in ends {
            if i == end {
                k[1] += match self.sides[d][side] {
                    Boundary::Dirichlet => 1.0, // u beyond the side is −u
                    Boundary::Neumann => -1.0,  // u beyond the side is u
                };
            }
        }
        k
    }

    /// The weight of the neighbour at `step`, given h² K along each dimension.
    fn weight_of(&self, domain: &Domain, k: &[[f64; 3]; 3], step: [isize; 3]) -> f64 {
        let pick = |d: usize| k[d][(step[d] + 1) as usize];
        let here = |d: usize| if step[d] == 0 { 1.0 } else { 0.0 };
        (0..domain.dimension)
            .map(|d| {
                let others = (0..domain.dimension).filter(|&e| e != d);
                let others = others.map(|e| match self.stencil {
                    Stencil::Faces => here(e),
                    Stencil::Box => here(e) - pick(e) / 12.0,
                });
                domain.weight(d) * pick(d) * others.product::<f64>()
            })
            .sum()
    }

    /// f and u, or f = 1 around masked cells; multiplied by h_x².
    fn right_hand_side(
        &self,
        domain: &Domain,
        masked: &[bool],
        sigma: Complex<f64>,
        singular: bool,
    ) -> (Vec<Complex<f64>>, Option<Vec<f64>>) {
        let scale = domain.h[0].powi(2);
        if !self.masked.is_empty() {
            let source = |&m: &bool| Complex::new(if m { 0.0 } else { scale }, 0.0);
            return (masked.iter().map(source).collect(), None);
        }
        let jet = |row| Jet::at(domain, &self.sides, domain.centre(domain.grid.at(row)));
        let jets: Vec<Jet> = (0..domain.n).map(jet).collect();
        let mut f: Vec<f64> = jets.iter().map(|jet| -jet.laplacian() * scale).collect();
        if singular {
            remove_mean(&mut f);
        }
        let rhs = f.iter().zip(&jets);
        let rhs = rhs.map(|(f, jet)| Complex::new(*f, 0.0) - sigma * (jet.u * scale));
        (rhs.collect(), Some(jets.iter().map(|jet| jet.u).collect()))
    }

    /// The least and the largest eigenvalue without masked cells, multiplied by h_x².
    ///
    /// The matrix is a multilinear function of its one-dimensional parts, which commute: its
    /// extreme eigenvalues are among those at their extreme eigenvalues.
    fn extremes(&self, domain: &Domain) -> (f64, f64) {
        use Boundary::{Dirichlet, Neumann};
        let part = |d: usize| {
            let n = domain.grid.dims()[d] as f64;
            let (first, last) = match self.sides[d] {
                _ if d >= domain.dimension => return [0.0; 2],
                [Dirichlet, Dirichlet] => (1.0, n),
                [Neumann, Neumann] => (0.0, n - 1.0),
                _ => (0.5, n - 0.5),
            };
            [first, last].map(|k| 2.0 - 2.0 * (k * std::f64::consts::PI / n).cos())
        };
        let parts = [part(0), part(1), part(2)];
        let corners = (0..8usize).map(|corner| {
            let mu = [0, 1, 2].map(|d| parts[d][corner >> d & 1]);
            (0..domain.dimension)
                .map(|d| {
                    let others = (0..domain.dimension).filter(|&e| e != d);
                    let others = others.map(|e| match self.stencil {
                        Stencil::Faces => 1.0,
                        Stencil::Box => 1.0 - mu[e] / 12.0,
                    });
                    domain.weight(d) * mu[d] * others.product::<f64>()
                })
                .sum::<f64>()
        });
        corners.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), c| {
            (least.min(c), most.max(c))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(a: &Poisson, row: usize) -> Vec<f64> {
        let p = a.generate::<f64>().unwrap();
        p.matrix.view().row(row).1.to_vec()
    }

    #[test]
    fn interior_rows_are_the_classical_ones() {
        let mut a = Poisson {
            grid: Grid::new(3, 3, 1),
            ..Default::default()
        };
        assert_eq!(row(&a, 4), [-1.0, -1.0, 4.0, -1.0, -1.0]);
        a.stencil = Stencil::Box;
        let sixths = [-1.0, -4.0, -1.0, -4.0, 20.0, -4.0, -1.0, -4.0, -1.0];
        for (entry, sixth) in row(&a, 4).iter().zip(sixths) {
            assert!((entry * 6.0 - sixth).abs() < 1e-14);
        }
        a.grid = Grid::new(3, 3, 3);
        assert_eq!(row(&a, 13).len(), 27);
        assert!(row(&a, 13).iter().sum::<f64>().abs() < 1e-14);
    }

    #[test]
    fn masked_cells_are_cut_out() {
        let a = Poisson {
            grid: Grid::new(3, 3, 1),
            masked: vec![4, 4],
            ..Default::default()
        };
        assert_eq!(row(&a, 4), [4.0]);
        assert_eq!(row(&a, 3), [-1.0, 5.0, -1.0]);
        let p = a.generate::<f32>().unwrap();
        assert_eq!(p.rhs[4], 0.0);
        assert_eq!(Grid::detect(p.matrix.view()), p.grid);
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let empty = Poisson {
            grid: Grid::new(3, 0, 1),
            ..Default::default()
        };
        let outside = Poisson {
            masked: vec![1024],
            ..Default::default()
        };
        for wrong in [empty, outside] {
            assert!(matches!(
                wrong.generate::<f64>(),
                Err(MatrixError::Parameter {
                    generator: "poisson",
                    ..
                })
            ));
        }
    }
}
