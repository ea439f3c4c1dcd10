//! Islands: small parts of a grid whose cells conduct well among themselves and badly to all others.
//!
//! A function that is constant on such a part and 0 elsewhere has next to no energy, so the smoother leaves
//! it; and where a coarse cell also holds a piece of something else, no coarse grid has it. So on every level each island gets
//! an unknown of its own, before and after the cycle B from there on:
//!
//!   z = C r,   z ← z + B (r − A z),   z ← z + C (r − A z),     C = Σ 1_I (1_Iᵀ A 1_I + s_I/2)⁻¹ 1_Iᵀ,
//!
//! s_I what conducts from I to other islands. Islands do not overlap, and what leaves them is
//! their faces to others: one application costs a few numbers for each face on their banks. Aᵢⱼ ≤ 0
//! and a diagonal that outweighs its row make 1ᵀA1 outweigh s, so that CA ≤ 4/3 and the whole
//! stays symmetric positive definite (docs/methods/gmg.md). Which parts are islands: [`search`].
//!
//! | setup | O(cells) | apply | O(cells of islands), on the finest level one copy of r | memory | as much |

mod search;

use super::cells::Cells;
use super::field::{Field, Shape};
use super::level::GmgLevel;
use resolvent_matrices::{Real, Scalar};
use search::{Face, Found};

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
    /// (1ᵀA1 + s/2)⁻¹ of each.
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
    /// Of the finest level, A being `unit` times it, in rows of A; `None` where they would be most of it. O(cells).
    pub fn finest(level: &GmgLevel, cells: &Cells, unit: f64) -> Option<Self> {
        match search::islands(level) {
            Some(found) if found.most() => None,
            Some(found) => {
                let row = rows(cells, found.numbers.len());
                Some(Self::of(level, unit, &found, row))
            }
            None => Some(Self::default()),
        }
    }

    /// Of another level, in its fields. O(cells).
    pub fn coarse(level: &GmgLevel, solid: bool) -> Self {
        let shape = Shape::new(level.dims, solid);
        let found = search::islands(level);
        let of = |found| Self::of(level, 1.0, &found, |p| Field::place(shape, p));
        found.map(of).unwrap_or_default()
    }

    /// `place` says where the number of each cell is.
    fn of(level: &GmgLevel, unit: f64, found: &Found, place: impl Fn(usize) -> u32) -> Self {
        let (numbers, count) = (&found.numbers, found.sizes.len());
        let mut starts = vec![0u32; count + 1];
        for (i, &size) in found.sizes.iter().enumerate() {
            starts[i + 1] = starts[i] + size as u32;
        }
        let mut next = starts.clone();
        let mut places = vec![0; starts[count] as usize];
        let (mut banks, mut held) = (Vec::new(), vec![0.0; count]);
        let inside = numbers.iter().enumerate();
        for (p, i) in inside.filter_map(|(p, &i)| (i != NONE).then_some((p, i as usize))) {
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
        for &Face { p, q, a } in &found.weak {
            let (p, q) = (p as usize, q as usize);
            let (i, j) = (numbers[p], numbers[q]);
            if i == j {
                continue;
            }
            let conductance = unit * f64::from(a);
            let apart = i == NONE || j == NONE;
            for i in [i, j].into_iter().filter(|&i| i != NONE) {
                // half as much again where both are islands
                held[i as usize] += if apart { 1.0 } else { 1.5 } * conductance;
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
        }
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
