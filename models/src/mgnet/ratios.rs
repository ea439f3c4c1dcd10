//! Ratios of conductances, which a model of levels may take in their place: free of units, and in one piece.
//!
//!   coupling_k = ln(aₚ_q/√(dₚ d_q))  in [−5, 0]    q the next cell along k = x, y (z in a box)
//!   step_k     = ln(d_q/dₚ)          in [−8, 8]    0 past a side
//!   held       = linkₚ/dₚ                          0 in a cell that no face leads out of
//!
//! d = diag(A); numbers below 1e-18 count as that. In this order they are the channels. A network would need some thirty passes over
//! memory for them, on one thread in part; here it is three.

use rayon::prelude::*;
use resolvent_solvers::precond::GmgLevel;

/// Least conductance and diagonal.
const TINY: f32 = 1e-18;
/// Bounds of couplings (from below) and steps (on both sides).
const COUPLING: f32 = 5.0;
const STEP: f32 = 8.0;
/// Cells that a thread is worth.
const MIN_CELLS: usize = 16 * 1024;

/// Room for those of a level.
#[derive(Debug, Default)]
pub(super) struct Ratios {
    /// ln d.
    logs: Vec<f32>,
    channels: Vec<f32>,
}

/// How many there are of each cell.
pub(super) fn count(dimensions: usize) -> usize {
    2 * dimensions + 1
}

impl Ratios {
    /// Those of a level, on a grid of `padded` cells along x, y, z with nothing in what is more than the
    /// level has. O(cells).
    pub fn of(&mut self, level: &GmgLevel, padded: [usize; 3], dimensions: usize) -> &[f32] {
        let [width, height, depth] = padded;
        let cells = width * height * depth;
        self.logs.resize(cells, 0.0);
        self.channels.resize(count(dimensions) * cells, 0.0);
        let (ratios, held) = self.channels.split_at_mut(2 * dimensions * cells);
        let at_least = (MIN_CELLS / width).max(1);

        let lines = self
            .logs
            .par_chunks_mut(width)
            .zip(held.par_chunks_mut(width));
        lines
            .enumerate()
            .with_min_len(at_least)
            .for_each(|(line, (logs, held))| {
                diagonal(level, [line % height, line / height], logs, held)
            });

        let logs = &self.logs;
        let faces = [level.east(), level.north(), level.up()];
        let strides = [1, width, width * height];
        let (couplings, steps) = ratios.split_at_mut(dimensions * cells);
        let both = couplings
            .chunks_exact_mut(cells)
            .zip(steps.chunks_exact_mut(cells));
        for (k, (couplings, steps)) in both.enumerate() {
            let lines = couplings
                .par_chunks_mut(width)
                .zip(steps.par_chunks_mut(width));
            lines
                .enumerate()
                .with_min_len(at_least)
                .for_each(|(line, (couplings, steps))| {
                    let at = [line % height, line / height];
                    let here = &logs[line * width..][..width];
                    let last = k > 0 && at[k - 1] + 1 == padded[k];
                    let beyond = line * width + if last { 0 } else { strides[k] };
                    let there = &logs[beyond.min(cells - width)..][..width];
                    let face = line_of(level, faces[k], at);
                    if k > 0 {
                        along(here, there, face, couplings, steps);
                        return;
                    }
                    // along the line itself, its last cell has nothing beyond
                    let (inner, end) = (width - 1, face.get(width - 1).unwrap_or(&0.0));
                    let face = &face[..face.len().min(inner)];
                    along(
                        &here[..inner],
                        &here[1..],
                        face,
                        &mut couplings[..inner],
                        &mut steps[..inner],
                    );
                    couplings[inner] = coupling(*end, here[inner], here[inner]);
                    steps[inner] = 0.0;
                });
        }
        &self.channels
    }
}

/// The numbers of a line of a level; none where it has none.
fn line_of<'a>(level: &GmgLevel, of: &'a [f32], [j, k]: [usize; 2]) -> &'a [f32] {
    let [nx, ny, nz] = level.grid().dims();
    match j < ny && k < nz && !of.is_empty() {
        true => &of[nx * (j + ny * k)..][..nx],
        false => &[],
    }
}

/// ln d and link/d of a line.
fn diagonal(level: &GmgLevel, [j, k]: [usize; 2], logs: &mut [f32], held: &mut [f32]) {
    let add = |to: &mut [f32], of: &[f32]| to.iter_mut().zip(of).for_each(|(to, a)| *to += a);
    logs.fill(0.0);
    let near = logs; // all faces of each cell
    let east = line_of(level, level.east(), [j, k]);
    add(near, east);
    add(&mut near[1..], east);
    add(near, line_of(level, level.north(), [j, k]));
    add(near, line_of(level, level.up(), [j, k]));
    if j > 0 {
        add(near, line_of(level, level.north(), [j - 1, k]));
    }
    if k > 0 {
        add(near, line_of(level, level.up(), [j, k - 1]));
    }
    held.fill(0.0);
    let link = line_of(level, level.link(), [j, k]);
    for ((near, held), &link) in near.iter_mut().zip(held).zip(link) {
        let link = if *near > 0.0 { link } else { 0.0 };
        *near += link;
        *held = link / near.max(TINY);
    }
    near.iter_mut().for_each(|d| *d = ln(d.max(TINY)));
}

/// Couplings and steps between two lines of ln d; past the end of `face`, nothing conducts.
fn along(here: &[f32], there: &[f32], face: &[f32], couplings: &mut [f32], steps: &mut [f32]) {
    for ((here, there), step) in here.iter().zip(there).zip(steps) {
        *step = (there - here).clamp(-STEP, STEP);
    }
    let (some, rest) = couplings.split_at_mut(face.len());
    let ends = here.iter().zip(there);
    for (((here, there), &a), out) in ends.clone().zip(face).zip(some) {
        *out = coupling(a, *here, *there);
    }
    for ((here, there), out) in ends.skip(face.len()).zip(rest) {
        *out = coupling(0.0, *here, *there);
    }
}

#[inline(always)]
fn coupling(a: f32, here: f32, there: f32) -> f32 {
    (ln(a.max(TINY)) - 0.5 * (here + there)).clamp(-COUPLING, 0.0)
}

/// ln of a positive normal number to a few units in the last place, without a branch: lines of it are vectorised.
/// ln(2ᵉ m) = e ln 2 + 2 artanh((m − 1)/(m + 1)), m within √2 of 1.
#[inline(always)]
fn ln(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3; // the bits of √½
    let above = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (above as i32) >> 23;
    let m = f32::from_bits((above & 0x007f_ffff) + SQRT_HALF);
    let t = (m - 1.0) / (m + 1.0);
    let s = t * t;
    let series = 1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0)));
    exponent as f32 * std::f32::consts::LN_2 + 2.0 * t * (1.0 + s * series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::Grid;

    #[test]
    fn the_logarithm_is_one() {
        let mut x = 1e-18f32;
        while x < 1e30 {
            let (ours, exact) = (f64::from(ln(x)), f64::from(x).ln());
            assert!(
                (ours - exact).abs() < 3e-7 * exact.abs().max(0.3),
                "{x:e}: {ours} {exact}"
            );
            x *= 1.003_7;
        }
        assert_eq!(ln(1.0), 0.0);
    }

    /// By the definition, cell for cell, in double precision.
    fn slowly(level: &GmgLevel, padded: [usize; 3], dimensions: usize) -> Vec<f64> {
        let dims = level.grid().dims();
        let [width, height, depth] = padded;
        let cells = width * height * depth;
        let at = |p: usize| [p % width, p / width % height, p / (width * height)];
        let value =
            |of: &[f32], c: [usize; 3]| match (0..3).all(|d| c[d] < dims[d]) && !of.is_empty() {
                true => f64::from(of[c[0] + dims[0] * (c[1] + dims[1] * c[2])]),
                false => 0.0,
            };
        let faces = [level.east(), level.north(), level.up()];
        let d_of = |c: [usize; 3]| {
            let mut near = 0.0;
            for (k, face) in faces.iter().enumerate() {
                near += value(face, c);
                if c[k] > 0 {
                    let mut before = c;
                    before[k] -= 1;
                    near += value(face, before);
                }
            }
            let link = if near > 0.0 {
                value(level.link(), c)
            } else {
                0.0
            };
            ((near + link).max(1e-18), link)
        };
        let mut out = vec![0.0; (2 * dimensions + 1) * cells];
        for p in 0..cells {
            let (d, link) = d_of(at(p));
            for k in 0..dimensions {
                let mut next = at(p);
                next[k] = (next[k] + 1).min(padded[k] - 1);
                let there = d_of(next).0;
                let a = value(faces[k], at(p)).max(1e-18);
                out[k * cells + p] = (a / (d * there).sqrt()).ln().clamp(-5.0, 0.0);
                out[(dimensions + k) * cells + p] = (there / d).ln().clamp(-8.0, 8.0);
            }
            out[2 * dimensions * cells + p] = link / d;
        }
        out
    }

    #[test]
    fn they_are_what_they_say_on_any_grid() {
        let mut ratios = Ratios::default();
        for (dims, dimensions) in [
            ([7, 5, 1], 2),
            ([64, 320, 1], 2),
            ([1, 6, 1], 2),
            ([8, 1, 1], 2),
            ([5, 4, 3], 3),
            ([32, 32, 40], 3),
            ([6, 5, 1], 3),
        ] {
            let [nx, ny, nz] = dims;
            let n = nx * ny * nz;
            // cell by cell over twelve orders, a seventh of all faces closed, parts without any
            let number = |p: usize, k: usize| match (p * 31 + k * 17) % 7 {
                0 => 0.0,
                _ if p % 23 < 3 => 0.0,
                _ => 10f32.powi(((p * 7 + k * 5) % 13) as i32 - 6),
            };
            let mut faces: [Vec<f32>; 3] =
                std::array::from_fn(|k| (0..n).map(|p| number(p, k)).collect());
            for p in 0..n {
                let at = [p % nx, p / nx % ny, p / (nx * ny)];
                (0..3)
                    .filter(|&d| at[d] + 1 == dims[d])
                    .for_each(|d| faces[d][p] = 0.0);
            }
            if nz == 1 {
                faces[2].clear();
            }
            let link = (0..n)
                .map(|p| if p % 5 == 0 { number(p, 3) } else { 0.0 })
                .collect();
            let level = GmgLevel::new(Grid::new(nx, ny, nz), faces, link).unwrap();
            let even = |d: usize| {
                if d < dimensions {
                    dims[d].next_multiple_of(2)
                } else {
                    1
                }
            };
            let padded = [even(0), even(1), even(2)];
            let found = ratios.of(&level, padded, dimensions);
            let expected = slowly(&level, padded, dimensions);
            assert_eq!(found.len(), expected.len());
            for (p, (a, b)) in found.iter().zip(&expected).enumerate() {
                assert!((f64::from(*a) - b).abs() < 2e-5, "{dims:?} {p}: {a} {b}");
            }
        }
    }
}
