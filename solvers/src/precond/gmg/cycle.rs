//! The levels, made for a matrix, and the cycle through them.

use super::bands;
use super::cells::Cells;
use super::coarsest::{self, Coarsest};
use super::ends::{Scaled, Sink, Source};
use super::field::{Field, Layers, Shape};
use super::islands::{Correction, Islands, Residual};
use super::layers::{Layer, Row, Slab};
use super::level::GmgLevel;
use super::read;
use super::stencil::{Stencil, roots_of};
use super::sweep::{Scratch, Smoother, down, up};
use super::{PrecondError, polynomial};
use resolvent_matrices::{CsrRef, Scalar};
use std::ops::Range;

/// Threads that share out a level, at most.
const MOST_THREADS: usize = 16;

/// Everything of a V-cycle.
#[derive(Debug, Clone)]
pub(super) struct Hierarchy {
    levels: Vec<GmgLevel>,
    /// D⁻½ of each level.
    roots: Vec<Field>,
    /// Of all levels but the coarsest.
    stencils: Vec<Stencil>,
    coarsest: Coarsest,
    /// Residual and correction of all levels but the finest.
    residuals: Vec<Field>,
    corrections: Vec<Field>,
    /// Of all levels between the finest and the coarsest.
    islands: Vec<Islands>,
    /// Of the finest level, and of the others.
    smoothers: [Smoother; 2],
    work: Work,
    /// A over what the levels say.
    pub unit: f64,
}

/// Scratch for every thread.
#[derive(Debug, Clone)]
enum Work {
    Planes(Vec<Scratch<Row>>),
    Boxes(Vec<Scratch<Slab>>),
}

impl Work {
    /// For smoothers up to this one.
    fn new(shape: Shape, solid: bool, smoother: Smoother, threads: usize) -> Self {
        fn each<B: Layer>(shape: Shape, smoother: Smoother, threads: usize) -> Vec<Scratch<B>> {
            (0..threads)
                .map(|_| Scratch::new(shape, smoother))
                .collect()
        }
        match solid {
            true => Self::Boxes(each(shape, smoother, threads)),
            false => Self::Planes(each(shape, smoother, threads)),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Planes(scratch) => scratch.iter().map(Scratch::bytes).sum(),
            Self::Boxes(scratch) => scratch.iter().map(Scratch::bytes).sum(),
        }
    }
}

impl Hierarchy {
    /// Allocates the levels for a grid.
    pub fn new(cells: &Cells, degree: usize) -> Self {
        let mut levels = vec![GmgLevel::empty(cells.dims)];
        let mut last = &levels[0];
        while last.link.len() > coarsest::MOST {
            levels.push(GmgLevel::empty(last.halves()));
            last = &levels[levels.len() - 1];
        }
        Self::with(levels, degree)
    }

    /// Allocates the rest for levels that are there, the last of [`coarsest::MOST`] cells at most.
    pub fn with(levels: Vec<GmgLevel>, degree: usize) -> Self {
        let solid = levels[0].depth() > 1;
        let shape = |level: &GmgLevel| Shape::new(level.dims, solid);
        let field = |level: &GmgLevel| Field::zeros(shape(level));
        let (last, coarser) = (&levels[levels.len() - 1], &levels[1..]);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let smoothers = [degree, polynomial::coarser(degree)].map(Smoother::new);
        Self {
            roots: levels.iter().map(field).collect(),
            stencils: levels[..levels.len() - 1]
                .iter()
                .map(|level| Stencil::zeros(level, solid))
                .collect(),
            coarsest: Coarsest::zeros(shape(last)),
            residuals: coarser.iter().map(field).collect(),
            corrections: coarser.iter().map(field).collect(),
            islands: Vec::new(),
            smoothers,
            work: Work::new(
                shape(&levels[0]),
                solid,
                smoothers[1],
                threads.min(MOST_THREADS),
            ),
            unit: 1.0,
            levels,
        }
    }

    /// Other levels in the place of these; what is allocated stays where they have the same sizes.
    pub fn replace(&mut self, levels: Vec<GmgLevel>, degree: usize) {
        let sizes = |levels: &[GmgLevel]| levels.iter().map(|level| level.dims).collect::<Vec<_>>();
        match sizes(&levels) == sizes(&self.levels) {
            true => self.levels = levels,
            false => *self = Self::with(levels, degree),
        }
    }

    /// Room for this many threads, whatever the machine has.
    #[cfg(test)]
    pub fn scratch(&mut self, threads: usize) {
        let solid = self.levels[0].depth() > 1;
        let shape = Shape::new(self.levels[0].dims, solid);
        self.work = Work::new(shape, solid, self.smoothers[1], threads);
    }

    pub fn levels(&self) -> &[GmgLevel] {
        &self.levels
    }

    /// All levels from a matrix, by the default rule.
    pub fn read<T: Scalar>(
        &mut self,
        a: CsrRef<'_, T, u32>,
        cells: &Cells,
    ) -> Result<(), PrecondError> {
        self.levels[0].scaling = None;
        self.levels[0].weight = None;
        self.unit = read::read(a, cells, &mut self.levels[0])?;
        for l in 1..self.levels.len() {
            let (fine, coarse) = self.levels.split_at_mut(l);
            fine[l - 1].coarsen_into(&mut coarse[0])?;
        }
        self.fill()
    }

    /// What the sweeps read, from the levels.
    pub fn fill(&mut self) -> Result<(), PrecondError> {
        for (l, stencil) in self.stencils.iter_mut().enumerate() {
            stencil.roots(&self.levels[l], &mut self.roots[l])?;
        }
        let (last, level) = (self.roots.len() - 1, &self.levels[self.levels.len() - 1]);
        let shape = Shape::new(level.dims, self.levels[0].depth() > 1);
        let roots = self.roots[last].layers_mut();
        roots_of(level, shape, 0..shape.layers, roots, None);
        for (l, stencil) in self.stencils.iter_mut().enumerate() {
            stencil.fill(&self.levels[l], &self.roots[l], &self.roots[l + 1])?;
        }
        self.coarsest.fill(level)
    }

    /// Finds the islands of all levels between the finest and the coarsest, if `any` are wanted.
    pub fn find_islands(&mut self, any: bool) {
        let solid = self.levels[0].depth() > 1;
        let between = 1..if any { self.stencils.len().max(1) } else { 1 };
        let find = |level| Islands::coarse(level, solid);
        self.islands = self.levels[between].iter().map(find).collect();
    }

    /// From a residual down to the coarsest level but one; returns the largest number of the residual
    /// in scaled variables.
    pub fn down<T: Scalar>(&mut self, cells: &Cells, r: &[T], factor: f64) -> f32 {
        let to = Scaled {
            cells,
            roots: &self.roots[0],
            factor,
        };
        let mut most = 0.0;
        for (l, level) in self.stencils.iter().enumerate() {
            let (finer, coarser) = self.residuals.split_at_mut(l);
            let source = match finer.last_mut() {
                None => Source::Vector(r, to),
                Some(field) => {
                    if let Some(islands) = self.islands.get_mut(l - 1) {
                        let roots = &self.roots[l];
                        islands.before(&mut Residual { field, roots });
                    }
                    Source::<T>::Field(field)
                }
            };
            let out = coarser[0].layers_mut();
            let found = down_level(level, self.smoothers[l.min(1)], source, out, &mut self.work);
            if l == 0 {
                most = found;
            }
        }
        if self.stencils.is_empty() {
            most = r.iter().map(|v| magnitude(*v, factor)).fold(0.0, f32::max);
        }
        most
    }

    /// From the coarsest level up to the correction for the residual that [`Hierarchy::down`] was given.
    pub fn up<R: Scalar, T: Scalar>(&mut self, cells: &Cells, r: &[R], z: &mut [T], factor: f64) {
        let to = Scaled {
            cells,
            roots: &self.roots[0],
            factor,
        };
        let out = Scaled {
            factor: 1.0 / self.unit / factor,
            ..to
        };
        let Some(last) = self.residuals.last() else {
            self.coarsest
                .apply(Source::Vector(r, to), Sink::Vector(z, out));
            return;
        };
        if let Some(correction) = self.corrections.last_mut() {
            let sink = Sink::<T>::Layers(correction.layers_mut());
            self.coarsest.apply(Source::<R>::Field(last), sink);
        }
        for (l, level) in self.stencils.iter().enumerate().rev() {
            let (finer, coarser) = self.corrections.split_at_mut(l);
            let (source, sink) = match finer.last_mut() {
                None => (Source::Vector(r, to), Sink::Vector(&mut *z, out)),
                Some(field) => (
                    Source::Field(&self.residuals[l - 1]),
                    Sink::Layers(field.layers_mut()),
                ),
            };
            let ends = (source, sink);
            up_level(
                level,
                self.smoothers[l.min(1)],
                ends,
                &coarser[0],
                &mut self.work,
            );
            if l == 0 {
                continue;
            }
            if let Some(islands) = self.islands.get_mut(l - 1) {
                let (residual, roots) = (&mut self.residuals[l - 1], &self.roots[l]);
                let residual = Residual {
                    field: residual,
                    roots,
                };
                let field = &mut self.corrections[l - 1];
                islands.after(&residual, &mut Correction { field, roots });
            }
        }
    }

    pub fn bytes(&self) -> usize {
        let planes = [&self.roots, &self.residuals, &self.corrections];
        let planes = planes.into_iter().flatten().map(Field::bytes);
        planes.sum::<usize>()
            + self.levels.iter().map(GmgLevel::bytes).sum::<usize>()
            + self.stencils.iter().map(Stencil::bytes).sum::<usize>()
            + self.coarsest.bytes()
            + self.islands.iter().map(Islands::bytes).sum::<usize>()
            + self.work.bytes()
    }
}

fn magnitude<T: Scalar>(v: T, factor: f64) -> f32 {
    use resolvent_matrices::Real;
    (v.re().to_f64() * factor).abs() as f32
}

/// Scratch for as many threads as are worth it.
fn shared<'a, B>(scratch: &'a mut [Scratch<B>], level: &Stencil) -> &'a mut [Scratch<B>] {
    let count = bands::threads(level.shape).min(scratch.len());
    &mut scratch[..count]
}

/// [`down`] on the threads that a level is worth.
fn down_level<T: Scalar>(
    level: &Stencil,
    smoother: Smoother,
    source: Source<'_, T>,
    out: Layers<'_>,
    work: &mut Work,
) -> f32 {
    let layers = 0..level.shape.layers.div_ceil(2);
    match work {
        Work::Planes(s) => down_bands(level, smoother, source, layers, out, shared(s, level)),
        Work::Boxes(s) => down_bands(level, smoother, source, layers, out, shared(s, level)),
    }
}

/// [`down`] in as many bands as there is scratch.
fn down_bands<T: Scalar, B: Layer>(
    level: &Stencil,
    smoother: Smoother,
    source: Source<'_, T>,
    layers: Range<usize>,
    mut out: Layers<'_>,
    scratch: &mut [Scratch<B>],
) -> f32 {
    let half = scratch.len() / 2;
    if half == 0 {
        return down(level, smoother, source, layers, &mut out, &mut scratch[0]);
    }
    let middle = layers.start + layers.len() * half / scratch.len();
    let (mine, other) = scratch.split_at_mut(half);
    let (below, above) = out.split(middle - layers.start);
    let band = |layers, out: Layers<'_>, scratch: &mut [Scratch<B>]| {
        down_bands(level, smoother, source, layers, out, scratch)
    };
    let (a, b) = rayon::join(
        || band(layers.start..middle, below, mine),
        || band(middle..layers.end, above, other),
    );
    a.max(b)
}

/// [`up`] on the threads that a level is worth.
fn up_level<R: Scalar, T: Scalar>(
    level: &Stencil,
    smoother: Smoother,
    ends: (Source<'_, R>, Sink<'_, T>),
    coarse: &Field,
    work: &mut Work,
) {
    let layers = 0..level.shape.layers;
    match work {
        Work::Planes(s) => up_bands(level, smoother, ends, coarse, layers, shared(s, level)),
        Work::Boxes(s) => up_bands(level, smoother, ends, coarse, layers, shared(s, level)),
    }
}

/// [`up`] in as many bands as there is scratch.
fn up_bands<R: Scalar, T: Scalar, B: Layer>(
    level: &Stencil,
    smoother: Smoother,
    (source, mut sink): (Source<'_, R>, Sink<'_, T>),
    coarse: &Field,
    layers: Range<usize>,
    scratch: &mut [Scratch<B>],
) {
    let half = scratch.len() / 2;
    if half == 0 {
        let scratch = &mut scratch[0];
        return up(level, smoother, source, coarse, layers, &mut sink, scratch);
    }
    let middle = layers.start + layers.len() * half / scratch.len();
    let (mine, other) = scratch.split_at_mut(half);
    let (below, above) = sink.split(layers.start, middle);
    let band = |layers, sink: Sink<'_, T>, scratch: &mut [Scratch<B>]| {
        up_bands(level, smoother, (source, sink), coarse, layers, scratch);
    };
    rayon::join(
        || band(layers.start..middle, below, mine),
        || band(middle..layers.end, above, other),
    );
}
