//! What a sweep keeps of a vector: the latest layers of a tile. A layer of a plane is one row, of a box
//! several.

use super::field::{LANE, Shape, WIDTH, aligned};
use super::tile::{Tile, own_lines, strips};
use std::ops::Range;

/// A layer of a tile. Columns next to it on both sides can be read, and are zero.
pub(super) trait Layer: Clone + Send {
    /// Whether there are neighbours within the layer, other than along x.
    const SOLID: bool;

    /// Of no use before it is opened, and before [`fit`](Layer::fit) for its tile.
    fn new(shape: Shape, margin: usize) -> Self;

    /// For another tile, whose lines are computed up to `margin` lines outside of it.
    fn fit(&mut self, tile: &Tile, margin: usize);

    /// Numbers of a line from column `shift` on.
    fn row(&self, line: isize, shift: isize, width: usize) -> &[f32];

    /// A line to be overwritten; what is beside it becomes zero.
    fn open(&mut self, line: isize, width: usize) -> &mut [f32];

    /// The lines of a tile, and `margin` more on each side as far as there are any.
    #[inline(always)]
    fn lines(tile: &Tile, margin: usize) -> Range<isize> {
        if Self::SOLID {
            let low = tile.first.saturating_sub(margin);
            low as isize..(tile.last + margin).min(tile.lines) as isize
        } else {
            0..1
        }
    }

    /// The same as rows to be worked on at once, by their first line and their width: where lines are
    /// whole they follow each other as they do in the fields, and all of them with the zeros between
    /// are one row.
    #[inline(always)]
    fn rows(tile: &Tile, margin: usize) -> impl Iterator<Item = (isize, usize)> {
        let (lines, width) = (Self::lines(tile, margin), tile.strip.width);
        let (step, width) = match Self::SOLID && tile.whole() {
            true => (lines.len().max(1), lines.len() * (width + LANE) - LANE),
            false => (1, width),
        };
        lines.step_by(step).map(move |line| (line, width))
    }

    /// Where layer j is among N slots.
    fn slot<const N: usize>(j: isize) -> usize;

    fn bytes(&self) -> usize;
}

/// A row of a plane.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Row([f32; WIDTH + 2 * LANE]);

impl Row {
    pub const ZERO: Self = Self([0.0; WIDTH + 2 * LANE]);
}

impl Layer for Row {
    const SOLID: bool = false;

    fn new(_: Shape, _: usize) -> Self {
        Self::ZERO
    }

    #[inline(always)]
    fn fit(&mut self, _: &Tile, _: usize) {}

    #[inline(always)]
    fn row(&self, _: isize, shift: isize, width: usize) -> &[f32] {
        let at = (LANE as isize + shift) as usize;
        &self.0[at..at + width]
    }

    #[inline(always)]
    fn open(&mut self, _: isize, width: usize) -> &mut [f32] {
        self.0[LANE + width..2 * LANE + width].fill(0.0);
        &mut self.0[LANE..LANE + width]
    }

    #[inline(always)]
    fn slot<const N: usize>(j: isize) -> usize {
        j as usize & (N - 1) // a power of two
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// Lines of a layer of a box, each followed by zeros.
#[derive(Debug, Clone)]
pub(super) struct Slab {
    /// Line `origin` is at `base`.
    origin: isize,
    base: usize,
    stride: usize,
    data: Vec<f32>,
}

impl Layer for Slab {
    const SOLID: bool = true;

    fn new(shape: Shape, margin: usize) -> Self {
        let (mut size, mut level) = (0, shape);
        while level.nx > 0 {
            for strip in strips(level.nx) {
                let own = own_lines(strip.width, level.lines).min(level.lines);
                size = size.max((own + 2 * margin + 2) * (strip.width + LANE) + LANE);
            }
            level = level.coarser();
        }
        let data = match size {
            0 => Vec::new(),
            size => vec![0.0; size + LANE],
        };
        Self {
            origin: 0,
            base: aligned(&data),
            stride: 0,
            data,
        }
    }

    fn fit(&mut self, tile: &Tile, margin: usize) {
        if self.data.is_empty() {
            return;
        }
        self.origin = tile.first as isize - margin as isize - 1;
        self.stride = tile.strip.width + LANE;
        // beyond the sides of the grid couplings are zero, and what they multiply has to be finite
        for line in [-1, tile.lines as isize] {
            if line >= self.origin && line <= (tile.last + margin) as isize {
                self.open(line, tile.strip.width).fill(0.0);
            }
        }
    }

    #[inline(always)]
    fn row(&self, line: isize, shift: isize, width: usize) -> &[f32] {
        let at = (line - self.origin) as usize * self.stride + self.base + LANE;
        let at = (at as isize + shift) as usize;
        &self.data[at..at + width]
    }

    #[inline(always)]
    fn open(&mut self, line: isize, width: usize) -> &mut [f32] {
        let at = (line - self.origin) as usize * self.stride + self.base;
        let row = &mut self.data[at..at + width + 2 * LANE];
        row[..LANE].fill(0.0);
        row[LANE + width..].fill(0.0);
        &mut row[LANE..LANE + width]
    }

    #[inline(always)]
    fn slot<const N: usize>(j: isize) -> usize {
        // three are enough where 4 are for a mask's sake, and leave more of the cache
        j.rem_euclid(if N == 4 { 3 } else { N as isize }) as usize
    }

    fn bytes(&self) -> usize {
        size_of_val(self.data.as_slice())
    }
}

/// The latest layers of a vector that moves through a sweep.
#[derive(Debug, Clone)]
pub(super) struct Ring<B, const N: usize>(pub [B; N]);

impl<B: Layer, const N: usize> Ring<B, N> {
    /// For levels of this shape and all coarser ones.
    pub fn new(shape: Shape, margin: usize) -> Self {
        let last = (0..N as isize).map(B::slot::<N>).max();
        Self(std::array::from_fn(|k| match Some(k) <= last {
            true => B::new(shape, margin),
            false => B::new(Shape::NONE, margin),
        }))
    }

    /// For another tile.
    pub fn fit(&mut self, tile: &Tile, margin: usize) {
        self.0.iter_mut().for_each(|layer| layer.fit(tile, margin));
    }

    pub fn bytes(&self) -> usize {
        self.0.iter().map(Layer::bytes).sum()
    }

    /// Layer j.
    #[inline(always)]
    pub fn at(&self, j: isize) -> &B {
        &self.0[B::slot::<N>(j)]
    }

    #[inline(always)]
    pub fn at_mut(&mut self, j: isize) -> &mut B {
        &mut self.0[B::slot::<N>(j)]
    }
}
