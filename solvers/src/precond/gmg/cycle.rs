//! The levels, made for a matrix, and the cycle through them.

use super::coarsest::{self, Coarsest};
use super::ends::{Scaled, Sink, Source};
use super::level::GmgLevel;
use super::plane::Plane;
use super::read::{self, Cells};
use super::stencil::{Stencil, roots};
use super::sweep::{Scratch, Smoother, down, up};
use super::{PrecondError, polynomial};
use crate::kernels::parallel;
use resolvent_matrices::{CsrRef, Scalar};
use std::ops::Range;

/// Cells that a thread is worth.
const MIN_CELLS: usize = 16 * 1024;
/// Threads that share out a level, at most.
const MOST_THREADS: usize = 16;

/// Everything of a V-cycle.
#[derive(Debug, Clone)]
pub(super) struct Hierarchy {
    levels: Vec<GmgLevel>,
    /// D⁻½ of each level.
    roots: Vec<Plane>,
    /// Of all levels but the coarsest.
    stencils: Vec<Stencil>,
    coarsest: Coarsest,
    /// Residual and correction of all levels but the finest.
    residuals: Vec<Plane>,
    corrections: Vec<Plane>,
    smoother: Smoother,
    scratch: Vec<Scratch>,
    /// A over what the levels say.
    pub unit: f64,
}

impl Hierarchy {
    /// Allocates the levels for a grid.
    pub fn new(cells: &Cells, degree: usize) -> Self {
        let (mut nx, mut ny) = (cells.nx, cells.ny);
        let mut levels = vec![GmgLevel::empty(nx, ny)];
        while nx * ny > coarsest::MOST {
            (nx, ny) = (nx.div_ceil(2), ny.div_ceil(2));
            levels.push(GmgLevel::empty(nx, ny));
        }
        Self::with(levels, degree)
    }

    /// Allocates the rest for levels that are there, the last of [`coarsest::MOST`] cells at most.
    pub fn with(levels: Vec<GmgLevel>, degree: usize) -> Self {
        let plane = |level: &GmgLevel| Plane::zeros(level.nx, level.ny);
        let last = &levels[levels.len() - 1];
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            roots: levels.iter().map(plane).collect(),
            stencils: levels[..levels.len() - 1]
                .iter()
                .map(Stencil::zeros)
                .collect(),
            coarsest: Coarsest::zeros(last.nx, last.ny),
            residuals: levels[1..].iter().map(plane).collect(),
            corrections: levels[1..].iter().map(plane).collect(),
            smoother: Smoother {
                omega: polynomial::factors(degree).map(|w| w as f32),
                degree,
            },
            scratch: vec![Scratch::ZERO; threads.min(MOST_THREADS)],
            unit: 1.0,
            levels,
        }
    }

    /// Room for this many threads, whatever the machine has.
    #[cfg(test)]
    pub fn scratch(&mut self, threads: usize) {
        self.scratch = vec![Scratch::ZERO; threads];
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
        self.unit = read::unit(a)?;
        self.levels[0].scaling = None;
        self.levels[0].weight = None;
        read::read(a, cells, self.unit, &mut self.levels[0])?;
        for l in 1..self.levels.len() {
            let (fine, coarse) = self.levels.split_at_mut(l);
            fine[l - 1].coarsen_into(&mut coarse[0]);
        }
        self.fill()
    }

    /// What the sweeps read, from the levels.
    pub fn fill(&mut self) -> Result<(), PrecondError> {
        for (level, out) in self.levels.iter().zip(&mut self.roots) {
            roots(level, out);
        }
        for (l, stencil) in self.stencils.iter_mut().enumerate() {
            stencil.fill(&self.levels[l], &self.roots[l], &self.roots[l + 1]);
        }
        self.coarsest.fill(&self.levels[self.levels.len() - 1])
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
            let source = match finer.last() {
                None => Source::Vector(r, to),
                Some(plane) => Source::<T>::Plane(plane),
            };
            let rows = level.ny.div_ceil(2);
            let (lines, stride) = coarser[0].lines_mut(rows);
            let scratch = shared(&mut self.scratch, level);
            let found = down_bands(
                level,
                self.smoother,
                source,
                0..rows,
                lines,
                stride,
                scratch,
            );
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
    pub fn up<T: Scalar>(&mut self, cells: &Cells, r: &[T], z: &mut [T], factor: f64) {
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
            let ny = self.levels[self.levels.len() - 1].ny;
            let (lines, stride) = correction.lines_mut(ny);
            self.coarsest
                .apply(Source::<T>::Plane(last), Sink::Lines(lines, stride));
        }
        for (l, level) in self.stencils.iter().enumerate().rev() {
            let (finer, coarser) = self.corrections.split_at_mut(l);
            let scratch = shared(&mut self.scratch, level);
            let (source, sink) = match finer.last_mut() {
                None => (Source::Vector(r, to), Sink::Vector(&mut *z, out)),
                Some(plane) => {
                    let (lines, stride) = plane.lines_mut(level.ny);
                    (
                        Source::Plane(&self.residuals[l - 1]),
                        Sink::Lines(lines, stride),
                    )
                }
            };
            up_bands(
                level,
                self.smoother,
                source,
                &coarser[0],
                0..level.ny,
                sink,
                scratch,
            );
        }
    }

    pub fn bytes(&self) -> usize {
        let planes = [&self.roots, &self.residuals, &self.corrections];
        let planes = planes.into_iter().flatten().map(Plane::bytes);
        planes.sum::<usize>()
            + self.levels.iter().map(GmgLevel::bytes).sum::<usize>()
            + self.stencils.iter().map(Stencil::bytes).sum::<usize>()
            + self.coarsest.bytes()
            + size_of_val(self.scratch.as_slice())
    }
}

fn magnitude<T: Scalar>(v: T, factor: f64) -> f32 {
    use resolvent_matrices::Real;
    (v.re().to_f64() * factor).abs() as f32
}

/// Scratch for as many threads as are worth it.
fn shared<'a>(scratch: &'a mut [Scratch], level: &Stencil) -> &'a mut [Scratch] {
    let worth = level.nx * level.ny / MIN_CELLS;
    let count = if worth > 1 && parallel() {
        rayon::current_num_threads().min(worth).min(scratch.len())
    } else {
        1
    };
    &mut scratch[..count]
}

/// [`down`] in as many bands as there is scratch.
fn down_bands<T: Scalar>(
    level: &Stencil,
    smoother: Smoother,
    source: Source<'_, T>,
    rows: Range<usize>,
    out: &mut [f32],
    stride: usize,
    scratch: &mut [Scratch],
) -> f32 {
    let half = scratch.len() / 2;
    if half == 0 {
        return down(level, smoother, source, rows, out, stride, &mut scratch[0]);
    }
    let middle = rows.start + rows.len() * half / scratch.len();
    let (mine, other) = scratch.split_at_mut(half);
    let (below, above) = out.split_at_mut((middle - rows.start) * stride);
    let band = |rows, out: &mut [f32], scratch: &mut [Scratch]| {
        down_bands(level, smoother, source, rows, out, stride, scratch)
    };
    let (a, b) = rayon::join(
        || band(rows.start..middle, below, mine),
        || band(middle..rows.end, above, other),
    );
    a.max(b)
}

/// [`up`] in as many bands as there is scratch.
fn up_bands<T: Scalar>(
    level: &Stencil,
    smoother: Smoother,
    source: Source<'_, T>,
    coarse: &Plane,
    rows: Range<usize>,
    mut sink: Sink<'_, T>,
    scratch: &mut [Scratch],
) {
    let half = scratch.len() / 2;
    if half == 0 {
        return up(
            level,
            smoother,
            source,
            coarse,
            rows,
            &mut sink,
            &mut scratch[0],
        );
    }
    let middle = rows.start + rows.len() * half / scratch.len();
    let (mine, other) = scratch.split_at_mut(half);
    let (below, above) = sink.split(rows.start, middle);
    let band = |rows, sink: Sink<'_, T>, scratch: &mut [Scratch]| {
        up_bands(level, smoother, source, coarse, rows, sink, scratch);
    };
    rayon::join(
        || band(rows.start..middle, below, mine),
        || band(middle..rows.end, above, other),
    );
}
