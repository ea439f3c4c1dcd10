//! −∇·(K∇u) + v·∇u + cu = f on the unit square or cube, with fields that are given and not drawn.
//!
//! n_d cells along each dimension, all values at their centres, u = 0 on the boundary and on the faces of
//! masked cells; the flux of two cells with a mean of their K, their common velocity the mean of both
//! ([`Convection`]); multiplied by h_x². What is not given is K = 1, v = 0, c = 0, f = 1, no mask. A
//! masked cell keeps its row, u = 0.

use super::describe::shape;
use super::diffusion::Conductance;
use super::fluxes::{self, Face};
use super::points::Points;
use super::transport::{self, Convection};
use super::{
    Assembled, Description, FieldSpec, Mean, Parameter, SampleFamily, Site, Step, fitting, refuse,
};
use crate::fields::{Place, Scratch};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Which fields are given, in this order, and how they are discretised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Custom {
    /// K > 0.
    pub k: bool,
    /// v, its components on a last axis: x, y and, in three dimensions, z.
    pub v: bool,
    /// c.
    pub c: bool,
    /// f.
    pub f: bool,
    /// 1 in the cells that belong to the domain, 0 in the others.
    pub mask: bool,
    /// Mean of K at a face. Default harmonic.
    pub mean: Mean,
    /// Default upwind.
    pub scheme: Convection,
}

const NAME: &str = "custom";

impl Custom {
    /// The family on this many cells.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for grids that are not of 2 or 3 dimensions with at least 3 cells along
    /// each.
    pub fn on(self, grid: Grid) -> Result<CustomFamily, MatrixError> {
        let points = Points::new(NAME, grid, Place::Cells)?;
        Ok(CustomFamily {
            parameters: self,
            points,
            ones: vec![1.0; points.len()],
            pattern: fluxes::pattern(grid)?,
        })
    }
}

/// [`Custom`] on a grid.
pub struct CustomFamily {
    parameters: Custom,
    points: Points,
    ones: Vec<f64>,
    pattern: Csr<f64>,
}

/// The fields of a sample.
struct Given<'a> {
    k: &'a [f64],
    v: Option<&'a [f64]>,
    c: Option<&'a [f64]>,
    f: &'a [f64],
    mask: Option<&'a [f64]>,
}

impl CustomFamily {
    fn specs(&self) -> Vec<FieldSpec> {
        let p = self.parameters;
        let mut vectors = shape(self.points.grid);
        vectors.push(self.points.grid.dimension());
        let vector = FieldSpec {
            name: "v",
            shape: vectors,
            site: Site::Cells,
        };
        let of = |name| self.points.field(name);
        let all = [
            (p.k, of("k")),
            (p.v, vector),
            (p.c, of("c")),
            (p.f, of("f")),
            (p.mask, of("mask")),
        ];
        let given = all.into_iter().filter(|(given, _)| *given);
        given.map(|(_, spec)| spec).collect()
    }

    fn given<'a>(&'a self, inputs: &'a [Vec<f64>]) -> Result<Given<'a>, MatrixError> {
        let p = self.parameters;
        let (n, dimension) = (self.points.len(), self.points.grid.dimension());
        let all = [(p.k, 1), (p.v, dimension), (p.c, 1), (p.f, 1), (p.mask, 1)];
        let lengths = all.into_iter().filter(|(given, _)| *given);
        fitting(
            "a field of the sample",
            inputs,
            lengths.map(|(_, each)| each * n),
        )?;
        let mut rest = inputs.iter();
        let mut next = |given: bool| given.then(|| rest.next().map(Vec::as_slice)).flatten();
        let given = Given {
            k: next(p.k).unwrap_or(&self.ones),
            v: next(p.v),
            c: next(p.c),
            f: next(p.f).unwrap_or(&self.ones),
            mask: next(p.mask),
        };
        self.check(&given)?;
        Ok(given)
    }

    /// Refuses values that make no equation, in cells that are not masked.
    fn check(&self, given: &Given<'_>) -> Result<(), MatrixError> {
        let dimension = self.points.grid.dimension();
        for cell in 0..self.points.len() {
            let inside = match given.mask.map(|mask| mask[cell]) {
                None | Some(1.0) => true,
                Some(0.0) => false,
                Some(m) => return refuse(NAME, format!("mask is {m} in cell {cell}, not 0 or 1")),
            };
            let k = given.k[cell];
            if inside && !(k > 0.0 && k.is_finite()) {
                return refuse(
                    NAME,
                    format!("k is {k} in cell {cell}: it must be positive"),
                );
            }
            let v = given
                .v
                .map_or(&[][..], |v| &v[cell * dimension..][..dimension]);
            let c = given.c.map_or(0.0, |c| c[cell]);
            let finite = v.iter().chain([&c, &given.f[cell]]).all(|v| v.is_finite());
            if inside && !finite {
                return refuse(NAME, format!("a field is not finite in cell {cell}"));
            }
        }
        Ok(())
    }
}

impl SampleFamily<f64> for CustomFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        Description {
            name: NAME,
            equation:
                "-div(k grad u) + v.grad u + c u = f with fields as given; k = 1, v = 0, c = 0, \
                       f = 1 where not"
                    .into(),
            boundary: "u = 0, also on the faces of masked cells".into(),
            source: "fields and parameters are the user's",
            grid: shape(self.points.grid),
            unknowns: self.points.grid,
            components: 1,
            inputs: self.specs(),
            outputs: vec![self.points.field("u")],
            parameters: vec![
                ("k", Parameter::Flag(p.k)),
                ("v", Parameter::Flag(p.v)),
                ("c", Parameter::Flag(p.c)),
                ("f", Parameter::Flag(p.f)),
                ("mask", Parameter::Flag(p.mask)),
                ("mean", Parameter::Word(p.mean.name())),
                ("scheme", Parameter::Word(p.scheme.name())),
            ],
            symmetric: !p.v,
            definite: !p.v && !p.c,
            constant_matrix: !(p.k || p.v || p.c || p.mask),
            steps: 1,
        }
    }

    /// # Errors
    /// [`MatrixError::Parameter`]: nothing is drawn. Fill the inputs from where they are.
    fn draw(&self, _: u64, _: u64, _: &mut Scratch, _: &mut [Vec<f64>]) -> Result<(), MatrixError> {
        refuse(
            NAME,
            "the fields are given, not drawn: hand them in as inputs".into(),
        )
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        _: Step<'_, f64>,
        out: &mut Assembled<f64>,
    ) -> Result<(), MatrixError> {
        let given = self.given(inputs)?;
        out.ready(&self.pattern, Novelty::Values);
        let p = self.parameters;
        let points = &self.points;
        let conductance = Conductance::new(points, p.mean, given.k);
        let dimension = points.grid.dimension();
        let velocity = |cell: usize, d: usize| given.v.map_or(0.0, |v| v[cell * dimension + d]);
        let outflow = |face: Face, to: Option<usize>| {
            let own = velocity(face.from, face.d);
            let along = to.map_or(own, |to| 0.5 * (own + velocity(to, face.d)));
            if face.up { along } else { -along }
        };
        let c = |cell: usize| given.c.map_or(0.0, |c| c[cell]);
        let masked = |cell: usize| given.mask.is_some_and(|mask| mask[cell] == 0.0);
        let values = out.a.values_mut();
        transport::write(points, conductance, p.scheme, outflow, c, masked, values);
        let area = points.h[0].powi(2);
        for (cell, (b, f)) in out.b.iter_mut().zip(given.f).enumerate() {
            *b = if masked(cell) { 0.0 } else { area * f };
        }
        Ok(())
    }

    fn outputs(
        &self,
        x: &[f64],
        _: usize,
        _: &[Vec<f64>],
        out: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("u", out, [self.points.len()])?;
        self.points.put(x, &mut out[0])
    }

    fn unknowns(&self, outputs: &[Vec<f64>], _: usize, x: &mut [f64]) -> Result<(), MatrixError> {
        fitting("u", outputs, [self.points.len()])?;
        self.points.take(&outputs[0], x)
    }
}
