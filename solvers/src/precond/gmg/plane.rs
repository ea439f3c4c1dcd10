//! Numbers of the cells of a plane, with zeros around them, in the order in which sweeps read them.

/// Numbers in a row of a tile are a multiple of this many.
pub(super) const LANE: usize = 16;
/// Columns of a tile that are its own.
pub(super) const CORE: usize = 256;
/// Columns of its neighbours on each side that it computes as well.
pub(super) const HALO: usize = LANE;
/// Columns of a tile at most.
pub(super) const WIDTH: usize = CORE + 2 * HALO;

/// Lines of `stride` numbers: the cells of a line and zeros. Line −1 is zero as well.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    stride: usize,
    base: usize,
    data: Vec<f32>,
}

impl Plane {
    pub fn zeros(nx: usize, ny: usize) -> Self {
        // not a power of two apart: lines next to each other shall not share the cache's sets
        let stride = nx.next_multiple_of(LANE) + LANE;
        let base = stride + LANE;
        Self {
            stride,
            base,
            data: vec![0.0; base + stride * ny + WIDTH],
        }
    }

    /// Numbers of line j from column i on.
    #[inline(always)]
    pub fn row(&self, j: isize, i: isize, width: usize) -> &[f32] {
        let at = (self.base as isize + j * self.stride as isize + i) as usize;
        &self.data[at..at + width]
    }

    /// Line j, `width` cells of it.
    #[inline(always)]
    pub fn row_mut(&mut self, j: usize, width: usize) -> &mut [f32] {
        let at = self.base + j * self.stride;
        &mut self.data[at..at + width]
    }

    /// Lines from 0 on with their stride, to be split among threads.
    pub fn lines_mut(&mut self, ny: usize) -> (&mut [f32], usize) {
        let end = self.base + self.stride * ny;
        (&mut self.data[self.base..end], self.stride)
    }

    pub fn bytes(&self) -> usize {
        size_of_val(self.data.as_slice())
    }
}

/// The columns that a tile computes, `[low, low + width)`, and those it owns, `[first, last)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strip {
    pub low: usize,
    pub width: usize,
    pub first: usize,
    pub last: usize,
}

/// The strips of lines of NX cells.
pub(super) fn strips(nx: usize) -> impl Iterator<Item = Strip> {
    // all at once where that fits
    let core = if nx <= WIDTH { WIDTH } else { CORE };
    (0..nx).step_by(core).map(move |first| {
        let last = nx.min(first + core);
        let low = if core == WIDTH {
            first
        } else {
            first.saturating_sub(HALO)
        };
        let high = (last + HALO).min(nx).next_multiple_of(LANE);
        Strip {
            low,
            width: high.min(low + WIDTH) - low,
            first,
            last,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_cover_lines_and_keep_their_distance() {
        for nx in [
            1, 15, 16, 17, 255, 256, 257, 287, 288, 289, 511, 512, 513, 529, 1024, 5000,
        ] {
            let mut next = 0;
            for s in strips(nx) {
                assert_eq!(s.first, next);
                assert!(s.width <= WIDTH && s.width % LANE == 0 && s.low % LANE == 0);
                assert!(s.low == 0 || s.first - s.low == HALO);
                assert!(s.low + s.width >= nx || s.low + s.width >= s.last + HALO);
                next = s.last;
            }
            assert_eq!(next, nx);
        }
    }
}
