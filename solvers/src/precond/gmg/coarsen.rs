//! The next coarser level of a level: 2×2 cells of a plane become one, 2×2×2 of a box.
//!
//! The flux between two coarse cells goes through the faces m between their children, two in the plane
//! and four in the box. Per face,
//!   series:  1/g = 1/m + 1/(2l) + 1/(2r), l and r the faces from the children on both sides to their
//!            siblings behind: a chain of conductors from centre to centre,
//!   Galerkin: g = m/2, half of what piecewise constant interpolation gives (which is twice too stiff
//!            for smooth functions).
//! Both are m/2 where all conduct alike. The chain is blocked by one bad conductor, around which the
//! flux can go; the other one does not see what is inside of the coarse cells. Their mean serves
//! contrasts of 10⁶, neither does alone (tables in docs/methods/gmg.md).
//!
//! A link that all cells inside have is a reaction, and is added up. What more a cell has beside
//! missing faces is a link to a Dirichlet value, in series with half a face: the value stays where it
//! is while the centre moves away from it.
//! - D. Braess, Computing 55:379–393, 1995, doi:10.1007/BF02238488 (the factor of aggregation).
//! - W. L. Wan, T. F. Chan, B. Smith, SIAM J. Sci. Comput. 21:1632–1649, 1999,
//!   doi:10.1137/S1064827597327277 (interpolation that follows the coefficients).

use super::bands::{bands, threads};
use super::field::{Layers, Shape};
use super::level::{GmgLevel, every};
use super::{NAME, PrecondError};
use crate::kernels::simd::simd;
use std::ops::Range;

/// Coarse cells of a line that are made at once.
const CHUNK: usize = 16;

impl GmgLevel {
    /// The next coarser level by the default rule: ⌈NX/2⌉ × ⌈NY/2⌉ × ⌈NZ/2⌉ cells. O(n).
    #[must_use]
    pub fn coarser(&self) -> Self {
        let mut coarse = Self::empty(self.halves());
        // nothing in it fails
        self.coarsen_into(&mut coarse).ok();
        coarse
    }

    /// The next coarser level with every conductance between series and Galerkin as said, instead of
    /// their mean. Of each coarse cell: `position`, from 0 (series) to 1 (Galerkin), for its faces towards
    /// the next along x, then y, then z; and `factor`, by which the conductances along these are
    /// multiplied. A line or a plane has 2 faces along x (by rows), 2 along y (by columns) and 2 factors;
    /// a box has 4 along each, by (z, y), (z, x) and (y, x) with the last fastest, and 3 factors. O(n).
    ///
    /// # Errors
    /// [`PrecondError::Config`] for another number of values, positions outside of [0, 1], factors that are
    /// not finite or negative.
    pub fn coarser_between(
        &self,
        position: &[&[f32]],
        factor: &[&[f32]],
    ) -> Result<Self, PrecondError> {
        let config = |problem: String| PrecondError::Config {
            precond: NAME,
            problem,
        };
        let (positions, factors) = if self.depth() > 1 { (12, 3) } else { (4, 2) };
        if position.len() != positions || factor.len() != factors {
            return Err(config(format!(
                "the level has {} layers of cells, for which {positions} positions and {factors} factors are needed; {} and {} were given",
                self.depth(),
                position.len(),
                factor.len()
            )));
        }
        let mut coarse = Self::empty(self.halves());
        let cells = coarse.link.len();
        let fits = position
            .iter()
            .all(|p| p.len() == cells && every(p, |v| (0.0..=1.0).contains(&v)))
            && factor
                .iter()
                .all(|f| f.len() == cells && every(f, |v| (0.0..1e18).contains(&v)));
        if !fits {
            return Err(config(format!(
                "positions must be from 0 to 1 and factors finite and not negative, one for each of {cells} coarse cells"
            )));
        }
        match self.depth() {
            1 => self.coarsen_by(&mut coarse, &Between::<2> { position, factor })?,
            _ => self.coarsen_by(&mut coarse, &Between::<4> { position, factor })?,
        }
        if !coarse.faces.iter().all(|face| every(face, f32::is_finite)) {
            let problem = "conductances times these factors are out of single precision";
            return Err(config(problem.into()));
        }
        Ok(coarse)
    }

    /// The default rule into a level of the right size.
    pub(super) fn coarsen_into(&self, coarse: &mut Self) -> Result<(), PrecondError> {
        match self.depth() {
            1 => self.coarsen_by(coarse, &Mean::<2>),
            _ => self.coarsen_by(coarse, &Mean::<4>),
        }
    }

    fn coarsen_by<R: Rule>(&self, coarse: &mut Self, rule: &R) -> Result<(), PrecondError> {
        coarse.scaling = None;
        coarse.weight = None;
        let shape = Shape::new(coarse.dims, R::FACES == 4);
        let [east, north, up] = coarse.faces.each_mut();
        let up = match up.is_empty() {
            true => Layers::none(),
            false => Layers::of(shape, up),
        };
        let [east, north, link] = [east, north, &mut coarse.link].map(|v| Layers::of(shape, v));
        let parts = [east, north, up, link];
        bands(0..shape.layers, parts, threads(shape), &|layers, parts| {
            band(self, rule, shape, layers, parts.map(Layers::cells));
            Ok(())
        })
    }

    /// Conductances along direction D from some coarse cells, the first of which is `cell` with
    /// children from `at` on.
    #[inline(always)]
    fn between<const D: usize, R: Rule>(
        &self,
        rule: &R,
        at: [usize; 3],
        cell: usize,
        out: &mut [f32],
    ) {
        // those that have a next one
        let count = match D {
            0 => ((self.dims[0] - 1) / 2)
                .saturating_sub(at[0] / 2)
                .min(out.len()),
            _ => out.len() * usize::from(at[D] + 2 < self.dims[D]),
        };
        let (out, rest) = out.split_at_mut(count);
        rest.fill(0.0);
        if count == 0 {
            return;
        }
        let (first, second) = ([1, 0, 0][D], [2, 2, 1][D]); // the other directions
        let mut pairs = [[[0.0; CHUNK]; 2]; 4];
        for (face, pairs) in pairs[..R::FACES].iter_mut().enumerate() {
            let mut at = at;
            at[first] += face & 1;
            at[second] += face >> 1;
            if at[first] < self.dims[first] && at[second] < self.dims[second] {
                self.through_many::<D>(at, count, pairs);
            }
        }
        for (c, out) in out.iter_mut().enumerate() {
            // loops, since `map` of arrays is not always inlined
            let mut faces = [[0.0; 2]; 4];
            for (face, [series, galerkin]) in faces.iter_mut().zip(&pairs[..R::FACES]) {
                *face = [series[c], galerkin[c]];
            }
            *out = rule.combine(cell + c, D, &faces);
        }
    }

    /// [`through`](GmgLevel::through) of some cells, every other along x.
    #[inline(always)]
    fn through_many<const D: usize>(
        &self,
        at: [usize; 3],
        count: usize,
        out: &mut [[f32; CHUNK]; 2],
    ) {
        const SPAN: usize = 2 * CHUNK - 1;
        let (faces, stride) = (&self.faces[D], self.strides()[D]);
        let p = self.cell(at);
        let last = at[0] + SPAN - 1 + if D == 0 { 3 } else { 0 };
        if count == CHUNK && last < self.dims[0] && (D == 0 || at[D] + 3 < self.dims[D]) {
            let line = |q: usize| faces[q..].first_chunk::<SPAN>();
            if let (Some(l), Some(m), Some(r)) = (line(p), line(p + stride), line(p + 2 * stride)) {
                let mut conducting = true;
                let [series, galerkin] = out;
                for c in 0..CHUNK {
                    let (l, m, r) = (l[2 * c], m[2 * c], r[2 * c]);
                    conducting &= (l > 0.0) & (r > 0.0);
                    [series[c], galerkin[c]] = chain(m, l, r);
                }
                if conducting {
                    return;
                }
            }
        }
        let [series, galerkin] = out;
        for c in 0..count {
            let at = [at[0] + 2 * c, at[1], at[2]];
            let there = at[0] < self.dims[0];
            [series[c], galerkin[c]] = if there {
                self.through::<D>(at)
            } else {
                [0.0; 2]
            };
        }
    }

    /// [series, Galerkin] along direction D, through the face behind the second cell of the pair that
    /// begins at `at`.
    #[inline(always)]
    fn through<const D: usize>(&self, at: [usize; 3]) -> [f32; 2] {
        let (faces, stride) = (&self.faces[D], self.strides()[D]);
        let p = self.cell(at);
        let there = at[D] + 3 < self.dims[D];
        let (left, m) = (faces[p], faces[p + stride]);
        let right = if there { faces[p + 2 * stride] } else { 0.0 };
        if left > 0.0 && right > 0.0 {
            return chain(m, left, right);
        }
        let mut far = at;
        far[D] += 3;
        let behind = there && self.coupled(far);
        blocked_chain(m, [(left, self.coupled(at)), (right, behind)])
    }

    /// Whether anything holds the cell to others: masked cells are not in the way.
    #[inline(always)]
    fn coupled(&self, at: [usize; 3]) -> bool {
        self.around(self.cell(at), at).iter().any(|&f| f > 0.0)
    }

    #[inline(always)]
    fn cell(&self, at: [usize; 3]) -> usize {
        let [_, nx, sheet] = self.strides();
        at[0] + nx * at[1] + sheet * at[2]
    }

    /// The links of some coarse cells, the first with children from `at` on.
    fn links(&self, at: [usize; 3], out: &mut [f32]) {
        let mut any = false;
        for k in at[2]..(at[2] + 2).min(self.dims[2]) {
            for j in at[1]..(at[1] + 2).min(self.dims[1]) {
                let end = (at[0] + 2 * out.len()).min(self.dims[0]);
                let line = self.cell([0, j, k]);
                let links = &self.link[line + at[0]..line + end];
                any |= links.iter().fold(0.0f32, |a, &b| if b > a { b } else { a }) > 0.0;
            }
        }
        if !any {
            return out.fill(0.0);
        }
        for (c, out) in out.iter_mut().enumerate() {
            *out = self.link_of([at[0] + 2 * c, at[1], at[2]]);
        }
    }

    /// The link of the coarse cell with children from `at` on.
    fn link_of(&self, at: [usize; 3]) -> f32 {
        // with children that are there, and the faces that can be: all but those along z of planes
        let (around, sides) = if self.depth() > 1 { (8, 6) } else { (4, 4) };
        let child = |k: usize| [at[0] + (k & 1), at[1] + (k >> 1 & 1), at[2] + (k >> 2)];
        let there = |at: &[usize; 3]| (0..3).all(|d| at[d] < self.dims[d]);
        let mut any = 0.0;
        for at in (0..around).map(child).filter(there) {
            any += self.link[self.cell(at)];
        }
        if any == 0.0 {
            return 0.0;
        }
        let (mut reaction, mut children, mut n) = (f32::INFINITY, [[0.0f32; 2]; 8], 0);
        for at in (0..around).map(child).filter(there) {
            let p = self.cell(at);
            let faces = &self.around(p, at)[..sides];
            let best = faces.iter().fold(0.0f32, |a, &b| a.max(b));
            if best == 0.0 {
                continue; // masked
            }
            let link = self.link[p];
            if faces.iter().all(|&f| f > 0.0) {
                reaction = reaction.min(link);
            }
            children[n] = [link, best];
            n += 1;
        }
        let reaction = if reaction.is_finite() { reaction } else { 0.0 };
        let sum = children[..n].iter().map(|&[link, best]| {
            let shared = link.min(reaction);
            let own = link - shared;
            shared + own * (2.0 * best / (own + 2.0 * best)) // 1/(1/own + 1/(2 best))
        });
        sum.sum()
    }
}

/// How the faces between two coarse cells make one.
trait Rule: Sync {
    /// How many there are: 2 or 4.
    const FACES: usize;

    /// The conductance from coarse cell `cell` along x (0), y (1) or z (2), given [series, Galerkin] of
    /// its faces.
    fn combine(&self, cell: usize, along: usize, faces: &[[f32; 2]; 4]) -> f32;
}

/// The mean of both, of all faces.
struct Mean<const FACES: usize>;

impl<const FACES: usize> Rule for Mean<FACES> {
    const FACES: usize = FACES;

    #[inline(always)]
    fn combine(&self, _: usize, _: usize, faces: &[[f32; 2]; 4]) -> f32 {
        let faces = &faces[..FACES];
        let series = faces.iter().fold(0.0, |sum, face| sum + face[0]);
        0.5 * faces.iter().fold(series, |sum, face| sum + face[1])
    }
}

/// As [`GmgLevel::coarser_between`] was told.
struct Between<'a, const FACES: usize> {
    position: &'a [&'a [f32]],
    factor: &'a [&'a [f32]],
}

impl<const FACES: usize> Rule for Between<'_, FACES> {
    const FACES: usize = FACES;

    #[inline(always)]
    fn combine(&self, cell: usize, along: usize, faces: &[[f32; 2]; 4]) -> f32 {
        let position = &self.position[FACES * along..];
        let mut sum = 0.0;
        for ([series, galerkin], position) in faces[..FACES].iter().zip(position) {
            sum += series + position[cell] * (galerkin - series);
        }
        self.factor[along][cell] * sum
    }
}

simd! {
    /// Some layers of a coarse level: east, north, up, link.
    fn band<R: Rule>(
        fine: &GmgLevel,
        rule: &R,
        shape: Shape,
        layers: Range<usize>,
        parts: [&mut [f32]; 4],
    ) {
        let [east, north, up, link] = parts;
        let lines = (layers.start * shape.lines)..(layers.end * shape.lines);
        for (k, line) in lines.enumerate() {
            let [j, layer] = match R::FACES {
                4 => [2 * (line % shape.lines), 2 * (line / shape.lines)],
                _ => [2 * line, 0],
            };
            for first in (0..shape.nx).step_by(CHUNK) {
                let count = CHUNK.min(shape.nx - first);
                let (cell, at) = (first + shape.nx * line, [2 * first, j, layer]);
                let here = first + shape.nx * k..first + shape.nx * k + count;
                fine.between::<0, R>(rule, at, cell, &mut east[here.clone()]);
                fine.between::<1, R>(rule, at, cell, &mut north[here.clone()]);
                if !up.is_empty() {
                    fine.between::<2, R>(rule, at, cell, &mut up[here.clone()]);
                }
                fine.links(at, &mut link[here]);
            }
        }
    }
}

/// [series, Galerkin] of a face m between faces that conduct: 1/(1/m + 1/(2l) + 1/(2r)) and m/2. In
/// double precision, where the products fit.
#[inline(always)]
fn chain(m: f32, l: f32, r: f32) -> [f32; 2] {
    let (f, l, r) = (f64::from(m), f64::from(l), f64::from(r));
    let series = f * l * r / (l * r + 0.5 * f * (l + r));
    [series as f32, 0.5 * m]
}

/// The same where a face behind does not conduct: a wall if its sibling is there, nothing if not.
fn blocked_chain(m: f32, behind: [(f32, bool); 2]) -> [f32; 2] {
    let resistance = behind.map(|(f, there)| if there { 0.5 / f } else { 0.0 });
    let series = m / (1.0 + m * (resistance[0] + resistance[1])); // 0 behind a wall
    [if m > 0.0 { series } else { 0.0 }, 0.5 * m]
}
