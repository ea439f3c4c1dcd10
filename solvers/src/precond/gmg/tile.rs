//! How a level is divided: into strips of columns, and boxes into bands of lines as well, so that a few
//! layers fit the nearest caches.

use super::field::{LANE, Shape, WIDTH};

/// Columns of its neighbours on each side that a strip computes as well.
const HALO: usize = LANE;
/// Columns of a strip that are its own.
const CORE: usize = WIDTH - 2 * HALO;

/// The columns that a strip computes, `[low, low + width)`, and those it owns, `[first, last)`.
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

/// A strip of the lines `[first, last)` of every layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile {
    pub strip: Strip,
    pub first: usize,
    pub last: usize,
    /// Lines of a layer.
    pub lines: usize,
    whole: bool,
}

impl Tile {
    /// Whether its lines are those of the level.
    #[inline(always)]
    pub fn whole(&self) -> bool {
        self.whole
    }
}

/// Numbers of a layer of a tile of a box, about. Some forty layers are in use at once, 3 MB: more than a
/// second-level cache holds, but at 128³ a quarter of that took 17 % longer, as edges are done twice.
const SLAB: usize = 20 * 1024;

/// Lines of a tile of rows of this width that are its own: even, so that no coarse cell is shared.
pub(super) fn own_lines(width: usize, lines: usize) -> usize {
    let most = (SLAB / (width + LANE)).max(8);
    let count = lines.div_ceil(most);
    lines.div_ceil(count).next_multiple_of(2)
}

/// The tiles of a level; those of planes are strips.
pub(super) fn tiles(shape: Shape) -> impl Iterator<Item = Tile> {
    let lines = shape.lines;
    strips(shape.nx).flat_map(move |strip| {
        let own = own_lines(strip.width, lines);
        (0..lines).step_by(own).map(move |first| Tile {
            strip,
            first,
            last: lines.min(first + own),
            lines,
            whole: strip.last - strip.first == shape.nx,
        })
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

    #[test]
    fn tiles_cover_layers() {
        for (nx, lines) in [(1, 1), (20, 7), (128, 128), (300, 65), (1000, 3)] {
            let mut seen = vec![0; nx * lines];
            for t in tiles(Shape::new([nx, lines, 2], true)) {
                assert!(t.first % 2 == 0 && t.last <= lines);
                for line in t.first..t.last {
                    let own = t.strip.first..t.strip.last;
                    seen[nx * line..][own].iter_mut().for_each(|s| *s += 1);
                }
            }
            assert!(seen.iter().all(|&s| s == 1));
        }
    }
}
