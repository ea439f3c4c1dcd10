//! Waves in a random medium: −Δu − k²m u = f on the unit square, ∂u/∂n = ik√m u on its boundary (the
//! first-order absorbing condition), complex.
//!
//! m = exp(σ g) is the squared slowness, g Gaussian of variance 1; f a Gaussian bump of width `width` and
//! integral 1 at a random place. Unknowns at all nodes, the boundary included, h_d = 1/(n_d − 1). With
//! D_d the second difference along a dimension, q = k²m and κ = k√m:
//!   order 2   −(D_x + D_y)u − qu = f
//!   order 4   −(D_x + D_y + (h_x² + h_y²)/12 D_xD_y)u − (1 + h_x²/12 D_x + h_y²/12 D_y)(qu)
//!                 = (1 + h_x²/12 D_x + h_y²/12 D_y)f
//! At a side, s pointing inwards and t along it, the value beyond is taken from
//!   u₋ = u₊ − 2h u_s − h³/3 u_sss,   u_s = −iκu,   u_sss = iκ³u − q_s u − f_s + i(κu)_tt
//! (order 2: without u_sss), q_s and f_s by one-sided differences. Rows are multiplied by h_x², and by ½
//! for each side a node is on, which makes the matrix of order 2 complex symmetric; it is never
//! Hermitian, and from a few wave lengths on far from definite.
//!
//! Waves on a grid are too slow, and the phase error grows with the distance: like k³h² for order 2 and
//! k⁵h⁴ for order 4. Where that passes 1 the family is refused, unless `allow_pollution` is set.
//! - I. Babuška, S. Sauter, SIAM J. Numer. Anal. 34(6):2392–2423, 1997, doi:10.1137/S0036142994269186.
//! - I. Singer, E. Turkel, Comput. Methods Appl. Mech. Eng. 163:343–358, 1998,
//!   doi:10.1016/S0045-7825(98)00023-1.

use super::describe::shape;
use super::points::{self, Points};
use super::{
    Assembled, Description, FieldSpec, Parameter, SampleFamily, Site, Step, fitting, fluxes,
    length, refuse,
};
use crate::fields::{Gaussian, Place, Scratch, Sides, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};
use num_complex::Complex;
use rand::Rng;
use std::f64::consts::TAU;

type C = Complex<f64>;

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Helmholtz {
    /// Wave number k where m = 1. Default 10.
    pub k: f64,
    /// Standard deviation of ln m. Default 0.2.
    pub sigma: f64,
    /// Exponent of the covariance. Default 3.
    pub alpha: f64,
    /// Inverse length of the covariance. Default 5.
    pub tau: f64,
    /// Correlation of m in consecutive samples. Default 0.
    pub rho: f64,
    /// Standard deviation of the bump f. Default 0.05.
    pub width: f64,
    /// Order of the stencil, 2 (five points) or 4 (nine). Default 2.
    pub order: usize,
    /// Whether grids too coarse for k are used. Default no.
    pub allow_pollution: bool,
}

impl Default for Helmholtz {
    fn default() -> Self {
        Self {
            k: 10.0,
            sigma: 0.2,
            alpha: 3.0,
            tau: 5.0,
            rho: 0.0,
            width: 0.05,
            order: 2,
            allow_pollution: false,
        }
    }
}

const NAME: &str = "helmholtz";

impl Helmholtz {
    /// The family at this many nodes, the boundary included.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for k and widths that are not positive, σ outside of 0 to 10, an order
    /// other than 2 and 4, an α that is not above 1, ρ outside of 0 to 1, grids that are not of 2
    /// dimensions with at least 5 nodes along each, and those too coarse for k.
    pub fn on(self, grid: Grid) -> Result<HelmholtzFamily, MatrixError> {
        points::positive(NAME, &[("k", self.k), ("width", self.width)])?;
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        if self.sigma != 0.0 {
            points::deviation(NAME, self.sigma)?;
        }
        if self.order != 2 && self.order != 4 {
            return refuse(NAME, format!("order = {} must be 2 or 4", self.order));
        }
        let points = Points::new(NAME, grid, Place::Nodes)?;
        if grid.nz > 1 || grid.nx < 5 || grid.ny < 5 {
            return refuse(
                NAME,
                "the grid must be NXxNY with at least 5 nodes along each".into(),
            );
        }
        let h = points.h[0].max(points.h[1]);
        self.resolved(h)?;
        let field = Gaussian::new(Sides::Insulated, grid, Place::Nodes, self.alpha, self.tau);
        Ok(HelmholtzFamily {
            parameters: self,
            points,
            field: field.with_deviation(self.sigma),
            pattern: match self.order {
                2 => fluxes::pattern(grid)?,
                _ => nine_points(grid)?,
            },
        })
    }

    /// k^(p+1) h^p ≤ 1 for order p.
    fn resolved(&self, h: f64) -> Result<(), MatrixError> {
        let p = self.order as i32;
        let pollution = self.k.powi(p + 1) * h.powi(p);
        if pollution <= 1.0 || self.allow_pollution {
            return Ok(());
        }
        let needed = self.k.powf(1.0 + 1.0 / f64::from(p)).ceil() + 1.0;
        let more = if p == 2 { ", or order=4" } else { "" };
        let problem = format!(
            "k = {} with h = {h:.3e} would be wrong in phase (k^{} h^{p} = {pollution:.2}, at most 1): \
             take {needed} nodes a side{more}, or allow-pollution=true",
            self.k,
            p + 1,
        );
        refuse(NAME, problem)
    }
}

/// [`Helmholtz`] on a grid.
pub struct HelmholtzFamily {
    parameters: Helmholtz,
    points: Points,
    field: Gaussian,
    pattern: Csr<C>,
}

/// The pattern of nine points, zeros for values.
fn nine_points(grid: Grid) -> Result<Csr<C>, MatrixError> {
    let n = grid.nx * grid.ny;
    let entries = (0..n).flat_map(|row| {
        let (x, y) = (row % grid.nx, row / grid.nx);
        let columns = x.saturating_sub(1)..(x + 2).min(grid.nx);
        let rows = y.saturating_sub(1)..(y + 2).min(grid.ny);
        rows.flat_map(move |yy| columns.clone().map(move |xx| (row, xx + grid.nx * yy)))
    });
    Csr::from_triplets(n, n, entries.map(|(i, j)| (i, j, C::default())))
}

/// The medium and the source of a sample, with what is read off them at a node.
struct Medium<'a> {
    points: &'a Points,
    order: usize,
    k: f64,
    m: &'a [f64],
    /// f at a node.
    f: &'a dyn Fn(usize) -> f64,
}

impl Medium<'_> {
    fn q(&self, at: usize) -> f64 {
        self.k * self.k * self.m[at]
    }

    fn kappa(&self, at: usize) -> f64 {
        self.k * self.m[at].sqrt()
    }

    /// Whether the node is at the lower, at the upper side of dimension `d`.
    fn sides(&self, at: [usize; 2], d: usize) -> [bool; 2] {
        [at[d] == 0, at[d] + 1 == self.points.grid.dims()[d]]
    }

    /// D_d with u_s = −iκu beyond a side: factors of the value before, of its own, of the one behind.
    fn second(&self, at: [usize; 2], d: usize, kappa: f64) -> [C; 3] {
        let h = self.points.h[d];
        let own = C::new(-2.0, 2.0 * h * kappa);
        let of = |v: f64| C::new(v, 0.0);
        let factors = match self.sides(at, d) {
            [true, _] => [of(0.0), own, of(2.0)],
            [_, true] => [of(2.0), own, of(0.0)],
            _ => [of(1.0), of(-2.0), of(1.0)],
        };
        factors.map(|factor| factor / (h * h))
    }

    /// The slope of `values` inwards at a side, and the second difference, one-sided.
    fn inwards(
        &self,
        here: usize,
        at: [usize; 2],
        d: usize,
        values: impl Fn(usize) -> f64,
    ) -> [f64; 2] {
        let stride = self.points.strides()[d];
        let lower = at[d] == 0;
        let v = [0, 1, 2, 3].map(|step| {
            values(if lower {
                here + step * stride
            } else {
                here - step * stride
            })
        });
        let h = self.points.h[d];
        [
            (-3.0 * v[0] + 4.0 * v[1] - v[2]) / (2.0 * h),
            (2.0 * v[0] - 5.0 * v[1] + 4.0 * v[2] - v[3]) / (h * h),
        ]
    }

    /// The row of a node, as factors of its 3 × 3 neighbourhood, and its right-hand side.
    fn row(&self, here: usize) -> ([[C; 3]; 3], C) {
        let grid = self.points.grid;
        let at = [here % grid.nx, here / grid.nx];
        let [dx, dy] = [0, 1].map(|d| self.second(at, d, self.kappa(here)));
        let mut s = [[C::default(); 3]; 3];
        let mut rhs = (self.f)(here);
        for i in 0..3 {
            s[1][i] -= dx[i];
            s[i][1] -= dy[i];
        }
        s[1][1] -= self.q(here);
        if self.order == 4 {
            self.cross(at, here, &mut s);
            for (d, factors) in [(0, dx), (1, dy)] {
                rhs += self.along(at, here, d, factors, &mut s);
            }
        }
        let on = (0..2)
            .flat_map(|d| self.sides(at, d))
            .filter(|on| *on)
            .count();
        let scale = self.points.h[0].powi(2) * 0.5f64.powi(on as i32);
        s.as_flattened_mut().iter_mut().for_each(|v| *v *= scale);
        (s, C::new(scale * rhs, 0.0))
    }

    /// D_d(κu), with (κu)_s = κ_s u − iκ²u beyond a side.
    fn bent(&self, at: [usize; 2], here: usize, d: usize) -> [C; 3] {
        let (h, stride) = (self.points.h[d], self.points.strides()[d]);
        let mut factors = self.second(at, d, self.kappa(here));
        for (i, factor) in factors.iter_mut().enumerate() {
            if *factor != C::default() {
                *factor *= self.kappa(here + i * stride - stride);
            }
        }
        if self.sides(at, d) != [false; 2] {
            let [kappa_s, _] = self.inwards(here, at, d, |at| self.kappa(at));
            factors[1] -= 2.0 * kappa_s / h;
        }
        factors
    }

    /// −(h_x² + h_y²)/12 D_yD_x u; beyond a side of y, w = D_x u has w_s = −iD_x(κu).
    fn cross(&self, at: [usize; 2], here: usize, s: &mut [[C; 3]; 3]) {
        let [hx, hy, _] = self.points.h;
        let c = (hx * hx + hy * hy) / (12.0 * hy * hy);
        let factors = match self.sides(at, 1) {
            [true, _] => [0.0, -2.0, 2.0],
            [_, true] => [2.0, -2.0, 0.0],
            _ => [1.0, -2.0, 1.0],
        };
        for (t, factor) in factors.into_iter().enumerate().filter(|(_, f)| *f != 0.0) {
            let line = here + t * self.points.grid.nx - self.points.grid.nx;
            let dx = self.second(at, 0, self.kappa(line));
            for (s, dx) in s[t].iter_mut().zip(dx) {
                *s -= c * factor * dx;
            }
        }
        if self.sides(at, 1) != [false; 2] {
            for (s, bent) in s[1].iter_mut().zip(self.bent(at, here, 0)) {
                *s -= C::new(0.0, 2.0 * hy * c) * bent;
            }
        }
    }

    /// −h²/12 D(qu), what u_sss adds at a side, and h²/12 Df with what f_s adds, which is handed back.
    fn along(
        &self,
        at: [usize; 2],
        here: usize,
        d: usize,
        factors: [C; 3],
        s: &mut [[C; 3]; 3],
    ) -> f64 {
        let h = self.points.h[d];
        let strides = self.points.strides();
        let beside = |d: usize, i: usize| here + i * strides[d] - strides[d];
        let place = |d: usize, i: usize| if d == 0 { (1, i) } else { (i, 1) };
        let there = factors.into_iter().enumerate();
        for (i, factor) in there.filter(|(_, factor)| *factor != C::default()) {
            let (y, x) = place(d, i);
            s[y][x] -= h * h / 12.0 * factor * self.q(beside(d, i));
        }
        if self.sides(at, d) == [false; 2] {
            let f = [0, 1, 2].map(|i| (self.f)(beside(d, i)));
            return (f[0] - 2.0 * f[1] + f[2]) / 12.0;
        }
        let kappa = self.kappa(here);
        let [q_s, _] = self.inwards(here, at, d, |at| self.q(at));
        let [f_s, f_ss] = self.inwards(here, at, d, self.f);
        s[1][1] += h / 6.0 * q_s; // of D(qu), beyond the side
        s[1][1] += h / 3.0 * C::new(-q_s, kappa.powi(3));
        let t = 1 - d;
        for (i, bent) in self.bent(at, here, t).into_iter().enumerate() {
            let (y, x) = place(t, i);
            s[y][x] += C::new(0.0, h / 3.0) * bent; // i(κu)_tt
        }
        h * h / 12.0 * f_ss + h / 3.0 * f_s
    }
}

impl HelmholtzFamily {
    /// A and b for a medium and a source given at the nodes.
    pub(super) fn write(&self, m: &[f64], f: &dyn Fn(usize) -> f64, out: &mut Assembled<C>) {
        out.ready(&self.pattern, Novelty::Values);
        let medium = Medium {
            points: &self.points,
            order: self.parameters.order,
            k: self.parameters.k,
            m,
            f,
        };
        let nx = self.points.grid.nx;
        let (row_ptr, columns, values) = out.a.pattern_and_values_mut();
        for here in 0..row_ptr.len() - 1 {
            let (s, rhs) = medium.row(here);
            out.b[here] = rhs;
            let range = row_ptr[here] as usize..row_ptr[here + 1] as usize;
            for (v, &j) in values[range.clone()].iter_mut().zip(&columns[range]) {
                let j = j as usize;
                let (y, x) = (j / nx + 1 - here / nx, j % nx + 1 - here % nx);
                *v = s[y][x];
            }
        }
    }
}

impl SampleFamily<C> for HelmholtzFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        let mut parts = shape(self.points.grid);
        parts.push(2);
        Description {
            name: NAME,
            equation: "-Laplacian(u) - k^2 m u = f; m = exp(sigma g), g a Gaussian field of the covariance \
                       (-Laplacian + tau^2)^(-alpha), scaled to variance 1; f a Gaussian bump of integral 1 \
                       and standard deviation width around source, which is uniform in [1/4, 3/4]^2"
                .into(),
            boundary: "du/dn = i k sqrt(m) u".into(),
            source: super::OURS,
            grid: shape(self.points.grid),
            unknowns: self.points.grid,
            components: 1,
            inputs: vec![
                self.points.field("m"),
                FieldSpec {
                    name: "source",
                    shape: vec![2],
                    site: Site::Numbers,
                },
            ],
            outputs: vec![FieldSpec {
                name: "u",
                shape: parts,
                site: Site::Nodes,
            }],
            parameters: vec![
                ("k", Parameter::Number(p.k)),
                ("sigma", Parameter::Number(p.sigma)),
                ("alpha", Parameter::Number(p.alpha)),
                ("tau", Parameter::Number(p.tau)),
                ("rho", Parameter::Number(p.rho)),
                ("width", Parameter::Number(p.width)),
                ("order", Parameter::Count(p.order)),
                ("allow-pollution", Parameter::Flag(p.allow_pollution)),
            ],
            symmetric: p.order == 2,
            definite: false,
            constant_matrix: p.sigma == 0.0,
            steps: 1,
        }
    }

    fn draw(
        &self,
        seed: u64,
        index: u64,
        scratch: &mut Scratch,
        inputs: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("m and source", inputs, [self.points.len(), 2])?;
        let stream = Stream::new(seed, 0).correlated(self.parameters.rho);
        self.field.draw(&stream, index, scratch, &mut inputs[0]);
        inputs[0].iter_mut().for_each(|g| *g = g.exp());
        let mut rng = Stream::new(seed, 1).at(index);
        inputs[1].fill_with(|| rng.random_range(0.25..0.75));
        Ok(())
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        _: Step<'_, C>,
        out: &mut Assembled<C>,
    ) -> Result<(), MatrixError> {
        fitting("m and source", inputs, [self.points.len(), 2])?;
        let (centre, w) = (&inputs[1], self.parameters.width);
        let f = |at: usize| {
            let x = self.points.coordinates(at);
            let far = (x[0] - centre[0]).powi(2) + (x[1] - centre[1]).powi(2);
            (-0.5 * far / (w * w)).exp() / (TAU * w * w)
        };
        self.write(&inputs[0], &f, out);
        Ok(())
    }

    fn outputs(
        &self,
        x: &[C],
        _: usize,
        _: &[Vec<f64>],
        out: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("u", out, [2 * self.points.len()])?;
        length("x", self.points.len(), x.len())?;
        for (u, x) in out[0].chunks_exact_mut(2).zip(x) {
            u.copy_from_slice(&[x.re, x.im]);
        }
        Ok(())
    }

    fn unknowns(&self, outputs: &[Vec<f64>], _: usize, x: &mut [C]) -> Result<(), MatrixError> {
        fitting("u", outputs, [2 * self.points.len()])?;
        length("x", self.points.len(), x.len())?;
        for (x, u) in x.iter_mut().zip(outputs[0].chunks_exact(2)) {
            *x = C::new(u[0], u[1]);
        }
        Ok(())
    }
}
