//! The next coarser level of a level: 2×2 cells become one.
//!
//! The flux between two coarse cells goes through the faces m between their children. Per face,
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

use super::level::GmgLevel;
use super::{NAME, PrecondError};

impl GmgLevel {
    /// The next coarser level by the default rule: ⌈NX/2⌉ × ⌈NY/2⌉ cells. O(n).
    #[must_use]
    pub fn coarser(&self) -> Self {
        let mut coarse = Self::empty(self.nx.div_ceil(2), self.ny.div_ceil(2));
        self.coarsen_into(&mut coarse);
        coarse
    }

    /// The next coarser level with every conductance between series and Galerkin as said, instead of
    /// their mean. Of each coarse cell: `position`, from 0 (series) to 1 (Galerkin), for its two faces
    /// towards the next along x (by rows) and its two along y (by columns); and `factor`, by which the
    /// conductances along x and y are multiplied. O(n).
    ///
    /// # Errors
    /// [`PrecondError::Config`] for another number of values, positions outside of [0, 1], factors that
    /// are not finite or negative.
    pub fn coarser_between(
        &self,
        position: [&[f32]; 4],
        factor: [&[f32]; 2],
    ) -> Result<Self, PrecondError> {
        let config = |problem: String| PrecondError::Config {
            precond: NAME,
            problem,
        };
        let mut coarse = Self::empty(self.nx.div_ceil(2), self.ny.div_ceil(2));
        let cells = coarse.link.len();
        let inside = |v: &f32| (0.0..=1.0).contains(v);
        let finite = |v: &f32| (0.0..1e18).contains(v);
        let fits = position
            .iter()
            .all(|p| p.len() == cells && p.iter().all(inside))
            && factor
                .iter()
                .all(|f| f.len() == cells && f.iter().all(finite));
        if !fits {
            return Err(config(format!(
                "positions must be from 0 to 1 and factors finite and not negative, one for each of {cells} coarse cells"
            )));
        }
        let between = |[series, galerkin]: [f32; 2], t: f32| series + t * (galerkin - series);
        self.coarsen_by(&mut coarse, |at, along, pairs| {
            let [a, b] = [position[2 * along][at], position[2 * along + 1][at]];
            factor[along][at] * (between(pairs[0], a) + between(pairs[1], b))
        });
        let finite = |v: &f32| v.is_finite();
        if !coarse.east.iter().chain(&coarse.north).all(finite) {
            let problem = "conductances times these factors are out of single precision";
            return Err(config(problem.into()));
        }
        Ok(coarse)
    }

    /// The default rule into a level of the right size.
    pub(super) fn coarsen_into(&self, coarse: &mut Self) {
        self.coarsen_by(coarse, |_, _, [a, b]| 0.5 * (a[0] + b[0] + a[1] + b[1]));
    }

    /// Conductances of coarse cell `at` along x (0) and y (1) from [series, Galerkin] of its two faces.
    #[inline(always)]
    fn coarsen_by(&self, coarse: &mut Self, combine: impl Fn(usize, usize, [[f32; 2]; 2]) -> f32) {
        let (cx, cy) = (coarse.nx, coarse.ny);
        coarse.scaling = None;
        coarse.weight = None;
        for cj in 0..cy {
            for ci in 0..cx {
                let (i, j, at) = (2 * ci, 2 * cj, ci + cx * cj);
                let (right, up) = (i + 1 < self.nx, j + 1 < self.ny);
                coarse.east[at] = match i + 2 < self.nx {
                    true => {
                        let pair = |j| self.through_east(i, j);
                        let pairs = [pair(j), if up { pair(j + 1) } else { [0.0; 2] }];
                        combine(at, 0, pairs)
                    }
                    false => 0.0,
                };
                coarse.north[at] = match j + 2 < self.ny {
                    true => {
                        let pair = |i| self.through_north(i, j);
                        let pairs = [pair(i), if right { pair(i + 1) } else { [0.0; 2] }];
                        combine(at, 1, pairs)
                    }
                    false => 0.0,
                };
                coarse.link[at] = self.links(i, j);
            }
        }
    }

    /// [series, Galerkin] through the faces of row j between the coarse cells at i and i + 2.
    #[inline(always)]
    fn through_east(&self, i: usize, j: usize) -> [f32; 2] {
        let p = i + self.nx * j;
        let (left, m) = (self.east[p], self.east[p + 1]);
        let right = if i + 3 < self.nx {
            self.east[p + 2]
        } else {
            0.0
        };
        if left > 0.0 && right > 0.0 {
            return chain(m, left, right);
        }
        let behind = i + 3 < self.nx && self.coupled(i + 3, j);
        blocked_chain(m, [(left, self.coupled(i, j)), (right, behind)])
    }

    /// The same through the faces of column i between the coarse cells at j and j + 2.
    #[inline(always)]
    fn through_north(&self, i: usize, j: usize) -> [f32; 2] {
        let p = i + self.nx * j;
        let (left, m) = (self.north[p], self.north[p + self.nx]);
        let right = if j + 3 < self.ny {
            self.north[p + 2 * self.nx]
        } else {
            0.0
        };
        if left > 0.0 && right > 0.0 {
            return chain(m, left, right);
        }
        let behind = j + 3 < self.ny && self.coupled(i, j + 3);
        blocked_chain(m, [(left, self.coupled(i, j)), (right, behind)])
    }

    /// Whether anything holds the cell to others: masked cells are not in the way.
    #[inline(always)]
    fn coupled(&self, i: usize, j: usize) -> bool {
        self.faces(i, j).iter().any(|&f| f > 0.0)
    }

    /// The link of the coarse cell with children from (i, j) on.
    fn links(&self, i: usize, j: usize) -> f32 {
        let p = i + self.nx * j;
        if i + 1 < self.nx && j + 1 < self.ny {
            let up = p + self.nx;
            let any = self.link[p] + self.link[p + 1] + self.link[up] + self.link[up + 1];
            if any == 0.0 {
                return 0.0;
            }
        }
        let (mut reaction, mut children, mut n) = (f32::INFINITY, [[0.0f32; 2]; 4], 0);
        for (i, j) in [(i, j), (i + 1, j), (i, j + 1), (i + 1, j + 1)] {
            if i >= self.nx || j >= self.ny {
                continue;
            }
            let faces = self.faces(i, j);
            let best = faces.iter().fold(0.0f32, |a, &b| a.max(b));
            if best == 0.0 {
                continue; // masked
            }
            let link = self.link[i + self.nx * j];
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
