//! Which parts of a level are islands: connected components of the faces with a ≥ √(dₚ d_q)/(4·dimensions) that have at least
//! two cells, at most an eighth of all, and Rayleigh quotient 1ᵀA1/1ᵀD1 below a fifth.
//!
//! Where such parts make up most of the finest level (the lines of an anisotropic problem, tiles with thin gaps), they are no
//! exceptions to what coarse levels can represent, and none of them is an island, on any level.

use super::super::bands;
use super::super::field::Shape;
use super::super::level::GmgLevel;
use super::NONE;
use rayon::prelude::*;

/// Of the sum of an island's diagonals, at most this part holds it to the rest.
const HELD: f64 = 0.2;
/// An island is at most one cell in so many.
const PART: usize = 8;
/// Those of the finest level are at most three cells in four.
const MOST: [usize; 2] = [3, 4];

/// The islands of a level.
pub(super) struct Found {
    /// That of each cell, [`NONE`] where there is none.
    pub numbers: Vec<u32>,
    /// How many cells each has.
    pub sizes: Vec<usize>,
    /// All faces between different parts, and more.
    pub weak: Vec<Face>,
    /// The cells that are not masked.
    cells: usize,
}

impl Found {
    /// Whether they are most of the level.
    pub fn most(&self) -> bool {
        self.sizes.iter().sum::<usize>() * MOST[1] > self.cells * MOST[0]
    }
}

/// Two neighbours and the conductance between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    pub p: u32,
    pub q: u32,
    pub a: f32,
}

/// The islands of a level, if it has any. O(cells).
pub(super) fn islands(level: &GmgLevel) -> Option<Found> {
    let dimensions = level.dims.iter().filter(|&&n| n > 1).count();
    let least = 1.0 / (4 * dimensions.max(1)) as f32;
    let bands = Bands::of(level);
    let roots = roots(level, &bands);
    if !has_weak(level, &bands, &roots, least) {
        return None;
    }
    let (part, count, weak) = components(level, &bands, &roots, least);
    chosen(level, &roots, part, count, weak)
}

/// Where threads begin in the cells of a level.
struct Bands {
    starts: Vec<usize>,
    /// Cells between neighbours in different bands.
    sheet: usize,
}

impl Bands {
    fn of(level: &GmgLevel) -> Self {
        let shape = Shape::new(level.dims, level.depth() > 1);
        let (threads, sheet) = (bands::threads(shape), shape.nx * shape.lines);
        let start = |k: usize| shape.layers * k / threads * sheet;
        let mut starts: Vec<usize> = (0..threads).map(start).collect();
        starts.dedup();
        Self { starts, sheet }
    }

    /// The numbers of each band and where they begin among all.
    fn cut<'a, A>(&self, mut all: &'a mut [A]) -> Vec<(usize, &'a mut [A])> {
        let mut bands = Vec::with_capacity(self.starts.len());
        for &start in self.starts.iter().rev() {
            let (before, band) = all.split_at_mut(start);
            bands.push((start, band));
            all = before;
        }
        bands
    }
}

/// √ of the diagonals, without scalings.
fn roots(level: &GmgLevel, bands: &Bands) -> Vec<f32> {
    let mut sums = vec![0.0; level.link.len()];
    let all = bands.cut(&mut sums).into_par_iter();
    all.for_each(|(start, sums)| {
        let count = sums.len();
        sums.copy_from_slice(&level.link[start..start + count]);
        let add =
            |sums: &mut [f32], face: &[f32]| sums.iter_mut().zip(face).for_each(|(d, a)| *d += a);
        for (face, step) in level.faces.iter().zip(level.strides()) {
            let Some(here) = face.get(start..start + count) else {
                continue; // a plane has none upwards
            };
            add(sums, here);
            let first = start.max(step); // the first cell with one before it
            add(
                &mut sums[(first - start).min(count)..],
                &face[first - step..],
            );
        }
        sums.iter_mut().for_each(|d| *d = d.sqrt());
    });
    sums
}

/// Whether any face conducts, but is weak.
fn has_weak(level: &GmgLevel, bands: &Bands, roots: &[f32], least: f32) -> bool {
    bands.starts.par_iter().enumerate().any(|(k, &start)| {
        let end = bands.starts.get(k + 1).copied().unwrap_or(roots.len());
        level.faces.iter().zip(level.strides()).any(|(face, step)| {
            let face = face.get(start..end).unwrap_or_default();
            let behind = roots.get(start + step..).unwrap_or_default();
            let cells = face.iter().zip(&roots[start..]).zip(behind);
            cells.fold(false, |any, ((&a, p), q)| {
                any | ((a > 0.0) & (a < least * p * q))
            })
        })
    })
}

/// The number of the component of each cell, connected by faces that are strong; how many there are; and the faces that are weak.
fn components(
    level: &GmgLevel,
    bands: &Bands,
    roots: &[f32],
    least: f32,
) -> (Vec<u32>, usize, Vec<Face>) {
    // every cell leads to an earlier one of its component, and at last to the first
    let mut part = vec![0; level.link.len()];
    let all = bands.cut(&mut part).into_par_iter().rev();
    let found = all.map(|(start, part)| {
        let mut parts = Parts::new(start, part, roots, least);
        for (face, step) in level.faces.iter().zip(level.strides()) {
            // neighbours in the band
            let inside = parts.part.len().saturating_sub(step);
            let face = face.get(start..start + inside).unwrap_or_default();
            match step {
                1 => parts.along_lines(face),
                _ if face.is_empty() => {} // a plane has none upwards
                _ => parts.connect(face, start, step),
            }
        }
        parts.weak
    });
    let mut weak: Vec<Face> = found.collect::<Vec<_>>().concat();
    let (sheet, solid) = (bands.sheet, level.depth() > 1);
    let across = &level.faces[if solid { 2 } else { 1 }];
    let mut parts = Parts::new(0, &mut part, roots, least);
    for &start in &bands.starts[1..] {
        let first = start - sheet;
        parts.connect(&across[first..start], first, sheet);
    }
    weak.append(&mut parts.weak);
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
    (part, count as usize, weak)
}

/// Components in the making: of the cells from `start` on, none of which leads to an earlier one.
struct Parts<'a> {
    start: usize,
    part: &'a mut [u32],
    roots: &'a [f32],
    least: f32,
    weak: Vec<Face>,
    /// Of each face in hand: [`WEAK`], [`STRONG`] or 0.
    kinds: Vec<u8>,
}

/// A face that conducts.
const WEAK: u8 = 1;
/// One that makes a part of its cells.
const STRONG: u8 = 2;
/// Faces that are looked at together.
const CHUNK: usize = 16;

impl<'a> Parts<'a> {
    fn new(start: usize, part: &'a mut [u32], roots: &'a [f32], least: f32) -> Self {
        Self {
            start,
            part,
            roots,
            least,
            weak: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// Of faces, the first of which is that of cell `from` and the one `step` on.
    fn read_kinds(&mut self, face: &[f32], from: usize, step: usize) {
        self.kinds.resize(face.len(), 0);
        let (here, there) = (&self.roots[from..], &self.roots[from + step..]);
        let ends = here.iter().zip(there);
        for ((kind, &a), (p, q)) in self.kinds.iter_mut().zip(face).zip(ends) {
            let strong = a >= self.least * p * q;
            *kind = u8::from(a > 0.0) * (1 + u8::from(strong));
        }
    }

    /// Begins: every cell leads to the first of those before it in its line.
    fn along_lines(&mut self, face: &[f32]) {
        self.read_kinds(face, self.start, 1);
        let mut first = self.start as u32;
        if let Some(part) = self.part.first_mut() {
            *part = first;
        }
        let after = self.part.iter_mut().skip(1).zip(self.start as u32 + 1..);
        for ((part, q), &kind) in after.zip(&self.kinds) {
            first = if kind == STRONG { first } else { q };
            *part = first;
        }
        self.note_weak(face, self.start, 1);
    }

    /// Unites the parts on both sides of each strong face, of which the first is that of cell `from`.
    fn connect(&mut self, face: &[f32], from: usize, step: usize) {
        self.read_kinds(face, from, step);
        let mut last = [NONE; 2];
        let kinds = std::mem::take(&mut self.kinds);
        for (k, kinds) in kinds.chunks(CHUNK).enumerate() {
            let p = from - self.start + CHUNK * k;
            let pair = [self.part[p], self.part[p + step]];
            // mostly all of them are strong, and between the same two
            let same = |p: usize, of: u32| {
                let parts = &self.part[p..p + kinds.len()];
                parts.iter().fold(true, |same, &part| same & (part == of))
            };
            if kinds.iter().fold(true, |all, &kind| all & (kind == STRONG))
                && same(p, pair[0])
                && same(p + step, pair[1])
            {
                last = self.unite(pair, last);
                continue;
            }
            for (i, &kind) in kinds.iter().enumerate() {
                if kind == STRONG {
                    let pair = [self.part[p + i], self.part[p + i + step]];
                    last = self.unite(pair, last);
                }
            }
        }
        self.kinds = kinds;
        self.note_weak(face, from, step);
    }

    /// Two cells with these before them are of one component; returns them.
    fn unite(&mut self, pair: [u32; 2], last: [u32; 2]) -> [u32; 2] {
        // neighbouring lines have the same two at many cells
        if pair[0] != pair[1] && pair != last {
            let [i, j] = [self.first(pair[0]), self.first(pair[1])];
            self.part[i.max(j) as usize - self.start] = i.min(j);
        }
        pair
    }

    fn first(&mut self, mut p: u32) -> u32 {
        let at = |p: u32| p as usize - self.start;
        while self.part[at(p)] != p {
            let next = self.part[at(self.part[at(p)])];
            self.part[at(p)] = next; // half the way for the next time
            p = next;
        }
        p
    }

    fn note_weak(&mut self, face: &[f32], from: usize, step: usize) {
        for (k, kinds) in self.kinds.chunks(CHUNK).enumerate() {
            if !kinds.iter().fold(false, |any, &kind| any | (kind == WEAK)) {
                continue;
            }
            for (i, _) in kinds.iter().enumerate().filter(|(_, kind)| **kind == WEAK) {
                let k = CHUNK * k + i;
                let p = (from + k) as u32;
                self.weak.push(Face {
                    p,
                    q: p + step as u32,
                    a: face[k],
                });
            }
        }
    }
}

/// The islands among the components.
fn chosen(
    level: &GmgLevel,
    roots: &[f32],
    mut part: Vec<u32>,
    parts: usize,
    weak: Vec<Face>,
) -> Option<Found> {
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
        of.size += usize::from(root * root > 1.000_001 * link); // masked cells do not count
        of.mass += f64::from(root) * f64::from(root);
        of.held += f64::from(link);
    }
    for face in &weak {
        let [i, j] = [face.p, face.q].map(|p| part[p as usize] as usize);
        if i != j {
            all[i].held += f64::from(face.a);
            all[j].held += f64::from(face.a);
        }
    }
    let cells: usize = all.iter().map(|of| of.size).sum();
    let mut sizes = Vec::new();
    let numbers: Vec<u32> = all
        .iter()
        .map(|of| {
            let small = of.size > 1 && of.size * PART <= cells;
            if small && of.held > 0.0 && of.held < HELD * of.mass {
                sizes.push(of.size);
                sizes.len() as u32 - 1
            } else {
                NONE
            }
        })
        .collect();
    if sizes.is_empty() {
        return None;
    }
    part.iter_mut().for_each(|i| *i = numbers[*i as usize]);
    Some(Found {
        numbers: part,
        sizes,
        weak,
        cells,
    })
}
