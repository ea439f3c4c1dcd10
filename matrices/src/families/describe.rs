//! What a family says about itself, for manifests and for whoever reads them.

use crate::Grid;
use std::fmt;

/// All there is to know about a family.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Name, as typed.
    pub name: &'static str,
    /// Equation and discretisation, in a sentence.
    pub equation: String,
    /// Conditions on the boundary.
    pub boundary: String,
    /// Where the parameters are from.
    pub source: &'static str,
    /// Shape of a field with one value for each point: `[NY, NX]` or `[NZ, NY, NX]`.
    pub grid: Vec<usize>,
    /// Points with unknowns along x, y and z.
    pub unknowns: Grid,
    /// Unknowns at each of them, which follow on each other.
    pub components: usize,
    /// What is drawn.
    pub inputs: Vec<FieldSpec>,
    /// What is solved for.
    pub outputs: Vec<FieldSpec>,
    /// Every parameter, under the name under which it is typed.
    pub parameters: Vec<(&'static str, Parameter)>,
    /// A = Aᵀ.
    pub symmetric: bool,
    /// A is Hermitian positive definite.
    pub definite: bool,
    /// A is the same for all samples.
    pub constant_matrix: bool,
    /// Systems a sample takes one after the other.
    pub steps: usize,
}

impl Description {
    /// Name and all parameters as they are typed: `darcy:low=3,high=12,…`.
    pub fn spec(&self) -> String {
        let pairs = self.parameters.iter();
        let pairs: Vec<_> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
        match pairs.is_empty() {
            true => self.name.into(),
            false => format!("{}:{}", self.name, pairs.join(",")),
        }
    }

    /// Number of unknowns.
    pub fn rows(&self) -> usize {
        self.unknowns.dims().iter().product::<usize>() * self.components
    }

    /// Room for the inputs of a sample.
    pub fn new_inputs(&self) -> Vec<Vec<f64>> {
        self.inputs.iter().map(FieldSpec::room).collect()
    }

    /// Room for the outputs of a sample.
    pub fn new_outputs(&self) -> Vec<Vec<f64>> {
        self.outputs.iter().map(FieldSpec::room).collect()
    }
}

/// A field as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// Name.
    pub name: &'static str,
    /// Its shape within a sample, the last index fastest; empty for a single number. Time comes first,
    /// components come last.
    pub shape: Vec<usize>,
    /// Where its values sit.
    pub site: Site,
}

impl FieldSpec {
    /// Numbers in a sample.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn room(&self) -> Vec<f64> {
        vec![0.0; self.len()]
    }
}

/// Where the values of a field sit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// At the centres of equal cells of the unit square or cube.
    Cells,
    /// At the nodes of a grid that has the boundary in it.
    Nodes,
    /// On the sides of the unit square or cube, at the centres of the faces of the cells there.
    Sides,
    /// Nowhere: a number, or coefficients of a series.
    Numbers,
}

impl Site {
    /// `"cells"`, `"nodes"`, `"sides"` or `"numbers"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cells => "cells",
            Self::Nodes => "nodes",
            Self::Sides => "sides",
            Self::Numbers => "numbers",
        }
    }
}

impl From<crate::fields::Place> for Site {
    fn from(place: crate::fields::Place) -> Self {
        match place {
            crate::fields::Place::Cells => Self::Cells,
            crate::fields::Place::Nodes => Self::Nodes,
        }
    }
}

/// The value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parameter {
    /// A number.
    Number(f64),
    /// A whole number.
    Count(usize),
    /// One of several words.
    Word(&'static str),
    /// Yes or no.
    Flag(bool),
}

impl fmt::Display for Parameter {
    /// As it is typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(v) => write!(f, "{v}"),
            Self::Count(v) => write!(f, "{v}"),
            Self::Word(v) => f.write_str(v),
            Self::Flag(v) => write!(f, "{v}"),
        }
    }
}

/// `[NY, NX]` or `[NZ, NY, NX]`.
pub(super) fn shape(grid: Grid) -> Vec<usize> {
    match grid.dimension() {
        3 => vec![grid.nz, grid.ny, grid.nx],
        _ => vec![grid.ny, grid.nx],
    }
}
