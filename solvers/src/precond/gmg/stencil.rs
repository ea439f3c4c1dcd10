//! A level as the sweeps read it: S = D⁻½ A D⁻½ in single precision, D what the smoother divides by.
//!
//! Every coupling a/√(dₚ d_q) is at most 1 whatever the units of A, and without scalings the diagonal
//! of S is 1 and need not be read: 8 bytes a cell hold the operator of a plane, 12 that of a box.

use super::PrecondError;
use super::bands::{bands, threads};
use super::field::{Field, Layers, Shape};
use super::level::GmgLevel;
use super::rows::Couplings;
use super::tile::Strip;
use std::ops::Range;

/// The scaled operator of a level, and its transfer to the next coarser one.
#[derive(Debug, Clone)]
pub(super) struct Stencil {
    pub shape: Shape,
    east: Field,
    /// Towards the next line of a layer; of boxes alone.
    north: Option<Field>,
    /// Towards the next layer.
    above: Field,
    /// Cells' shares of the coarse correction, in scaled variables.
    weight: Field,
    diagonal: Option<Field>,
}

impl Stencil {
    pub fn zeros(level: &GmgLevel, solid: bool) -> Self {
        let shape = Shape::new(level.dims, solid);
        let field = || Field::zeros(shape);
        Self {
            shape,
            east: field(),
            north: solid.then(field),
            above: field(),
            weight: field(),
            diagonal: level.scaling.is_some().then(field),
        }
    }

    /// D⁻½ of a level, into `out`; what [`fill`](Stencil::fill) goes on from.
    pub fn roots(&mut self, level: &GmgLevel, out: &mut Field) -> Result<(), PrecondError> {
        let parts = [out.layers_mut(), self.weight.layers_mut()];
        bands(
            0..self.shape.layers,
            parts,
            threads(self.shape),
            &|layers, [roots, weight]| {
                roots_of(level, self.shape, layers, roots, Some(weight));
                Ok(())
            },
        )
    }

    /// Takes the numbers of a level, given its D⁻½ and that of the next coarser one.
    pub fn fill(
        &mut self,
        level: &GmgLevel,
        roots: &Field,
        coarse: &Field,
    ) -> Result<(), PrecondError> {
        if level.scaling.is_none() {
            self.diagonal = None; // of levels that were given and are made anew
        }
        let shape = self.shape;
        let [north, diagonal] = [&mut self.north, &mut self.diagonal]
            .map(|field| field.as_mut().map_or(Layers::none(), Field::layers_mut));
        let parts = [
            self.east.layers_mut(),
            north,
            self.above.layers_mut(),
            self.weight.layers_mut(),
            diagonal,
        ];
        bands(0..shape.layers, parts, threads(shape), &|layers, parts| {
            couplings(level, shape, layers, [roots, coarse], parts);
            Ok(())
        })
    }

    /// Coefficients of the cells of a strip in a line of layer j, or more of them.
    #[inline(always)]
    pub fn couplings(&self, [j, line]: [isize; 2], s: Strip, w: usize) -> Couplings<'_> {
        let i = s.low as isize;
        let (south, north) = match &self.north {
            Some(north) => (north.row(j, line - 1, i, w), north.row(j, line, i, w)),
            None => Default::default(),
        };
        Couplings {
            west: self.east.row(j, line, i - 1, w),
            east: self.east.row(j, line, i, w),
            below: self.above.row(j - 1, line, i, w),
            above: self.above.row(j, line, i, w),
            south,
            north,
            diagonal: match &self.diagonal {
                Some(diagonal) => diagonal.row(j, line, i, w),
                None => &[],
            },
        }
    }

    #[inline(always)]
    pub fn weights(&self, [j, line]: [isize; 2], s: Strip) -> &[f32] {
        self.weight.row(j, line, s.low as isize, s.width)
    }

    /// Whether the diagonal is not 1.
    #[inline(always)]
    pub fn has_diagonal(&self) -> bool {
        self.diagonal.is_some()
    }

    pub fn bytes(&self) -> usize {
        let fields = [Some(&self.east), Some(&self.above), Some(&self.weight)];
        let fields = fields
            .into_iter()
            .chain([self.north.as_ref(), self.diagonal.as_ref()]);
        fields.flatten().map(Field::bytes).sum()
    }
}

/// a/√(dₚ d_q) of all faces of some layers, the weights and the diagonal.
fn couplings(
    level: &GmgLevel,
    shape: Shape,
    layers: Range<usize>,
    [roots, coarse]: [&Field; 2],
    [mut east, mut north, mut above, mut weight, mut diagonal]: [Layers<'_>; 5],
) {
    let nx = shape.nx;
    let solid = !north.is_none();
    let first = layers.start;
    for j in layers {
        for line in 0..shape.lines {
            let (at, to) = (shape.start(j, line), [j as isize, line as isize]);
            let here = roots.row(to[0], to[1], 0, nx + 1);
            let scaled = |faces: &[f32], other: &[f32], out: &mut [f32]| {
                let (faces, here, other) = (&faces[at..at + nx], &here[..nx], &other[..nx]);
                for i in 0..nx {
                    out[i] = faces[i] * here[i] * other[i];
                }
            };
            scaled(
                &level.faces[0],
                &here[1..],
                east.row(j - first, line, 0, nx),
            );
            let next = roots.row((j + 1).min(shape.layers - 1) as isize, to[1], 0, nx);
            let onward = &level.faces[if solid { 2 } else { 1 }];
            if !onward.is_empty() {
                scaled(onward, next, above.row(j - first, line, 0, nx));
            }
            if solid {
                let next = (line + 1).min(shape.lines - 1) as isize;
                let next = roots.row(to[0], next, 0, nx);
                scaled(&level.faces[1], next, north.row(j - first, line, 0, nx));
            }
            if let (false, Some(scaling)) = (diagonal.is_none(), &level.scaling) {
                // of cells without anything the diagonal is 0, and so is all else
                let out = diagonal.row(j - first, line, 0, nx);
                out.copy_from_slice(&scaling[at..at + nx]);
            }
            let coarse = coarse.row(to[0] / 2, to[1] / 2, 0, nx.div_ceil(2));
            let out = weight.row(j - first, line, 0, nx);
            let (pairs, last) = out.as_chunks_mut::<2>();
            let whole = pairs.len();
            for (pair, c) in pairs.iter_mut().zip(coarse) {
                *pair = [pair[0] * c, pair[1] * c];
            }
            last.iter_mut().for_each(|last| *last *= coarse[whole]);
            if let Some(weight) = &level.weight {
                let weight = &weight[at..at + nx];
                out.iter_mut().zip(weight).for_each(|(out, w)| *out *= w);
            }
        }
    }
}

/// D⁻½ of some layers; and D½ of the cells that anything holds to others, 0 of the rest.
pub(super) fn roots_of(
    level: &GmgLevel,
    shape: Shape,
    layers: Range<usize>,
    mut out: Layers<'_>,
    mut weight: Option<Layers<'_>>,
) {
    let (nx, first) = (shape.nx, layers.start);
    for (j, line) in layers.flat_map(|j| (0..shape.lines).map(move |line| (j, line))) {
        let at = shape.start(j, line);
        let row = out.row(j - first, line, 0, nx);
        row.copy_from_slice(&level.link[at..at + nx]);
        add_faces(level, at, row);
        if let Some(scaling) = &level.scaling {
            let scaling = &scaling[at..at + nx];
            row.iter_mut().zip(scaling).for_each(|(row, s)| *row /= s);
        }
        for d in row.iter_mut() {
            let root = 1.0 / d.sqrt();
            *d = if *d > 0.0 { root } else { 0.0 };
        }
        if let Some(weight) = &mut weight {
            let weight = weight.row(j - first, line, 0, nx);
            weight.fill(0.0);
            add_faces(level, at, weight);
            for (held, root) in weight.iter_mut().zip(row) {
                *held = if *held > 0.0 { 1.0 / *root } else { 0.0 };
            }
        }
    }
}

/// Adds the conductances of the faces of the cells from `at` on, a line of them.
fn add_faces(level: &GmgLevel, at: usize, row: &mut [f32]) {
    let [nx, ny, _] = level.dims;
    let [east, north, up] = level.faces.each_ref();
    let add = |row: &mut [f32], from: &[f32]| {
        row.iter_mut().zip(from).for_each(|(row, f)| *row += f);
    };
    let sheet = nx * ny;
    add(row, &east[at..at + nx]);
    add(row, &north[at..at + nx]);
    add(&mut row[1..], &east[at..at + nx - 1]);
    if !at.is_multiple_of(sheet) {
        add(row, &north[at - nx..at]);
    }
    if !up.is_empty() {
        add(row, &up[at..at + nx]);
        if at >= sheet {
            add(row, &up[at - sheet..at - sheet + nx]);
        }
    }
}
