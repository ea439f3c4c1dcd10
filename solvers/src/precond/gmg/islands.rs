//! Islands: small parts of a grid whose cells conduct well among themselves and badly to all others.
//!
//! A function that is constant on such a part and 0 elsewhere has next to no energy, so the smoother leaves
//! it; and where a coarse cell also holds a piece of something else, no coarse grid has it. So on every level each island gets
//! an unknown of its own, before and after the cycle B from there on:
//!
//!   z = C r,   z ← z + B (r − A z),   z ← z + C (r − A z),     C = Σ 1_I (1_Iᵀ A 1_I)⁻¹ 1_Iᵀ.
//!
//! Islands are the connected components of the faces with a ≥ √(dₚ d_q)/(4·dimensions) that have at least two cells,
//! at most an eighth of all, and Rayleigh quotient 1ᵀA1/1ᵀD1 below a fifth. Islands do not overlap, and what leaves them is
//! their faces to others: one application costs a few numbers for each face on their banks. Aᵢⱼ ≤ 0
//! and a diagonal that outweighs its row make Σ 1ᵀA1 outweigh what islands share, so that CA ≤ 2 and the whole
//! stays symmetric positive definite (docs/methods/gmg.md).
//!
//! | setup | O(cells) | apply | O(cells of islands), on the finest level one copy of r | memory | as much |

use super::cells::Cells;
use super::field::{Field, Shape};
use super::level::GmgLevel;
use resolvent_matrices::{Real, Scalar};

/// Of the sum of an island's diagonals, at most this part holds it to the rest.
const HELD: f64 = 0.2;
/// An island is at most one cell in so many.
const PART: usize = 8;
/// In the place of a cell: no neighbour, or no island.
const NONE: u32 = u32::MAX;

/// A face out of an island, or a link of one of its cells.
#[derive(Debug, Clone, Copy)]
struct Bank {
    /// Its place and its island.
    near: [u32; 2],
    /// Beyond the face; [`NONE`] where there is no cell, or no island.
    far: [u32; 2],
    /// In units of A.
    conductance: f64,
}

/// All islands of a level.
#[derive(Debug, Clone, Default)]
pub(super) struct Islands {
    /// Where the numbers of their cells are, one island after the other, and where each begins.
    places: Vec<u32>,
    starts: Vec<u32>,
    banks: Vec<Bank>,
    /// (1ᵀA1)⁻¹ of each.
    inverse: Vec<f64>,
    /// What each adds in all of its cells: before the cycle, and after it.
    value: Vec<f64>,
    more: Vec<f64>,
}

/// A vector of a level, by the places of its cells.
pub(super) trait Values {
    fn at(&self, place: u32) -> f64;
    fn add(&mut self, place: u32, by: f64);
}

impl<T: Scalar> Values for [T] {
    fn at(&self, place: u32) -> f64 {
        self.get(place as usize).map_or(0.0, |v| v.re().to_f64())
    }

    fn add(&mut self, place: u32, by: f64) {
        if let Some(v) = self.get_mut(place as usize) {
            *v += T::from_f64(by);
        }
    }
}

/// The residual of a level, given r̂ = D⁻½ r.
pub(super) struct Residual<'a> {
    pub field: &'a mut Field,
    pub roots: &'a Field,
}

impl Values for Residual<'_> {
    fn at(&self, place: u32) -> f64 {
        f64::from(self.field.at(place)) / f64::from(self.roots.at(place))
    }

    fn add(&mut self, place: u32, by: f64) {
        let root = f64::from(self.roots.at(place));
        self.field.add(place, (by * root) as f32);
    }
}

/// The correction of a level, given ẑ = D½ z.
pub(super) struct Correction<'a> {
    pub field: &'a mut Field,
    pub roots: &'a Field,
}

impl Values for Correction<'_> {
    fn at(&self, place: u32) -> f64 {
        f64::from(self.field.at(place)) * f64::from(self.roots.at(place))
    }

    fn add(&mut self, place: u32, by: f64) {
        let root = f64::from(self.roots.at(place));
        self.field.add(place, (by / root) as f32);
    }
}

impl Islands {
    /// Of the finest level, A being `unit` times it, in rows of A. O(cells).
    pub fn finest(level: &GmgLevel, cells: &Cells, unit: f64) -> Self {
        Self::find(level, unit, |count| rows(cells, count))
    }

    /// Of another level, in its fields. O(cells).
    pub fn coarse(level: &GmgLevel, solid: bool) -> Self {
        Self::find(level, 1.0, |_| {
            let shape = Shape::new(level.dims, solid);
            move |p| Field::place(shape, p)
        })
    }

    /// `place` says, given how many cells there are, where the number of each is.
    fn find<F: Fn(usize) -> u32>(level: &GmgLevel, unit: f64, place: impl Fn(usize) -> F) -> Self {
        let roots = roots(level);
        let dimensions = level.dims.iter().filter(|&&n| n > 1).count();
        let least = 1.0 / (4 * dimensions.max(1)) as f32;
        if !has_weak(level, &roots, least) {
            return Self::default();
        }
        let (mut part, parts) = components(level, &roots, least);
        let count = number(level, &roots, &mut part, parts);
        match count {
            0 => Self::default(),
            _ => Self::of(level, unit, &part, count, place(part.len())),
        }
    }

    /// Given the number of the island of each cell.
    fn of(
        level: &GmgLevel,
        unit: f64,
        numbers: &[u32],
        count: usize,
        place: impl Fn(usize) -> u32,
    ) -> Self {
        let mut starts = vec![0u32; count + 1];
        let on = |(p, &i): (usize, &u32)| (i != NONE).then_some((p, i as usize));
        let inside = || numbers.iter().enumerate().filter_map(on);
        inside().for_each(|(_, i)| starts[i + 1] += 1);
        (0..count).for_each(|i| starts[i + 1] += starts[i]);
        let mut next = starts.clone();
        let mut places = vec![0; starts[count] as usize];
        let (mut banks, mut held) = (Vec::new(), vec![0.0; count]);
        for (p, i) in inside() {
            places[next[i] as usize] = place(p);
            next[i] += 1;
            if level.link[p] > 0.0 {
                let conductance = unit * f64::from(level.link[p]);
                held[i] += conductance;
                banks.push(Bank {
                    near: [place(p), i as u32],
                    far: [NONE; 2],
                    conductance,
                });
            }
        }
        faces(level, |p, q, a| {
            let (i, j) = (numbers[p], numbers[q]);
            if i == j {
                return;
            }
            let conductance = unit * f64::from(a);
            for i in [i, j].into_iter().filter(|&i| i != NONE) {
                held[i as usize] += conductance;
            }
            let (near, far) = match i != NONE {
                true => ([place(p), i], [place(q), j]),
                false => ([place(q), j], [place(p), i]),
            };
            banks.push(Bank {
                near,
                far,
                conductance,
            });
        });
        Self {
            places,
            starts,
            banks,
            inverse: held.iter().map(|held| 1.0 / held).collect(),
            value: vec![0.0; count],
            more: vec![0.0; count],
        }
    }

    pub fn is_empty(&self) -> bool {
        self.inverse.is_empty()
    }

    /// How many there are, and how many cells they have.
    pub fn count(&self) -> [usize; 2] {
        [self.inverse.len(), self.places.len()]
    }

    /// The places of the cells of island i.
    fn cells(&self, i: usize) -> &[u32] {
        &self.places[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    /// r ← r − A C r. What C r is, is remembered until [`Islands::after`].
    pub fn before(&mut self, r: &mut (impl Values + ?Sized)) {
        for i in 0..self.inverse.len() {
            let sum: f64 = self.cells(i).iter().map(|&p| r.at(p)).sum();
            self.value[i] = self.inverse[i] * sum;
        }
        for bank in &self.banks {
            let beyond = self.value.get(bank.far[1] as usize).unwrap_or(&0.0);
            let flux = bank.conductance * (self.value[bank.near[1] as usize] - beyond);
            r.add(bank.near[0], -flux);
            if bank.far[0] != NONE {
                r.add(bank.far[0], flux);
            }
        }
    }

    /// z ← z + C r + C (r − A (z + C r)), given what [`Islands::before`] made of r, and z = B (r − A C r).
    /// What A C r takes of r is in the residual already: left is what A z takes, through the banks.
    pub fn after(&mut self, r: &(impl Values + ?Sized), z: &mut (impl Values + ?Sized)) {
        for i in 0..self.inverse.len() {
            self.more[i] = self.cells(i).iter().map(|&p| r.at(p)).sum();
        }
        for bank in &self.banks {
            let beyond = match bank.far[0] {
                NONE => 0.0,
                place => z.at(place),
            };
            let flux = bank.conductance * (z.at(bank.near[0]) - beyond);
            self.more[bank.near[1] as usize] -= flux;
            if let Some(more) = self.more.get_mut(bank.far[1] as usize) {
                *more += flux;
            }
        }
        for i in 0..self.inverse.len() {
            let value = self.value[i] + self.inverse[i] * self.more[i];
            self.cells(i).iter().for_each(|&p| z.add(p, value));
        }
    }

    pub fn bytes(&self) -> usize {
        let places = size_of_val(self.places.as_slice()) + size_of_val(self.starts.as_slice());
        places + size_of_val(self.banks.as_slice()) + 24 * self.inverse.len()
    }
}

/// Pairs of neighbours and the conductance between them, where there is one.
#[inline(always)]
fn faces(level: &GmgLevel, mut see: impl FnMut(usize, usize, f32)) {
    for (face, step) in level.faces.iter().zip(level.strides()) {
        for (p, &a) in face.iter().enumerate() {
            if a > 0.0 {
                see(p, p + step, a);
            }
        }
    }
}

/// √ of the diagonals, without scalings.
fn roots(level: &GmgLevel) -> Vec<f32> {
    let mut sums = level.link.clone();
    for (face, step) in level.faces.iter().zip(level.strides()) {
        sums.iter_mut().zip(face).for_each(|(d, a)| *d += a);
        let behind = sums.get_mut(step..).unwrap_or_default();
        behind.iter_mut().zip(face).for_each(|(d, a)| *d += a);
    }
    sums.iter_mut().for_each(|d| *d = d.sqrt());
    sums
}

/// Whether any face conducts, but is weak.
fn has_weak(level: &GmgLevel, roots: &[f32], least: f32) -> bool {
    level.faces.iter().zip(level.strides()).any(|(face, step)| {
        let behind = roots.get(step..).unwrap_or_default();
        let cells = face.iter().zip(roots).zip(behind);
        cells.fold(false, |any, ((&a, p), q)| {
            any | ((a > 0.0) & (a < least * p * q))
        })
    })
}

/// The row of each cell; [`NONE`] where it has none.
fn rows(cells: &Cells, count: usize) -> impl Fn(usize) -> u32 {
    let known = cells.active.as_ref().map(|active| {
        let mut rows = vec![NONE; count];
        for (row, &cell) in active.cells.iter().enumerate() {
            rows[cell as usize] = row as u32;
        }
        rows
    });
    move |p| known.as_ref().map_or(p as u32, |rows| rows[p])
}

/// The number of the component of each cell, connected by faces that are strong; and how many there are.
fn components(level: &GmgLevel, roots: &[f32], least: f32) -> (Vec<u32>, usize) {
    // every cell leads to an earlier one of its component, and at last to the first
    let mut part: Vec<u32> = (0..level.link.len() as u32).collect();
    let first = |part: &mut [u32], mut p: u32| {
        while part[p as usize] != p {
            let next = part[part[p as usize] as usize];
            part[p as usize] = next; // half the way for the next time
            p = next;
        }
        p
    };
    let mut last = [NONE; 2];
    faces(level, |p, q, a| {
        if a < least * roots[p] * roots[q] {
            return;
        }
        let pair = [part[p], part[q]];
        if q == p + 1 && pair[1] == q as u32 {
            part[q] = pair[0]; // along a line, one after the other
        } else if pair[0] != pair[1] && pair != last {
            // neighbouring lines have the same two parts at many cells
            last = pair;
            let (i, j) = (first(&mut part, p as u32), first(&mut part, q as u32));
            part[i.max(j) as usize] = i.min(j);
        }
    });
    let mut count = 0;
    for p in 0..part.len() {
        let before = part[p] as usize;
        part[p] = match before == p {
            true => {
                count += 1;
                count - 1
            }
            false => part[before], // earlier, so numbered already
        };
    }
    (part, count as usize)
}

/// From components to the islands among them, [`NONE`] elsewhere; returns how many there are.
fn number(level: &GmgLevel, roots: &[f32], part: &mut [u32], parts: usize) -> usize {
    #[derive(Clone, Default)]
    struct Part {
        size: usize,
        /// 1ᵀD1 and 1ᵀA1.
        mass: f64,
        held: f64,
    }
    let mut all = vec![Part::default(); parts];
    for ((&i, &root), &link) in part.iter().zip(roots).zip(&level.link) {
        let of = &mut all[i as usize];
        of.size += 1;
        of.mass += f64::from(root) * f64::from(root);
        of.held += f64::from(link);
    }
    faces(level, |p, q, a| {
        if part[p] != part[q] {
            all[part[p] as usize].held += f64::from(a);
            all[part[q] as usize].held += f64::from(a);
        }
    });
    let mut count = 0;
    let numbers: Vec<u32> = all
        .iter()
        .map(|of| {
            let small = of.size > 1 && of.size * PART <= part.len();
            if small && of.held > 0.0 && of.held < HELD * of.mass {
                count += 1;
                count - 1
            } else {
                NONE
            }
        })
        .collect();
    part.iter_mut().for_each(|i| *i = numbers[*i as usize]);
    count as usize
}
