//! The rule: a level goes in, its fields come out.

use super::ratios::{self, Ratios};
use crate::onnx::{Model, OnnxError, ROLE_LEVELS_OUTPUT, ROLE_LEVELS_RATIOS};
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;
use resolvent_solvers::PrecondError;
use resolvent_solvers::precond::{GmgLevel, GmgRule};
use std::borrow::Cow;

/// A model at work on the levels of one matrix.
pub(super) struct Network {
    model: Model,
    /// `None` only while it is dropped.
    session: Option<Session>,
    /// If it takes them.
    ratios: Option<Ratios>,
    /// Of the last matrix.
    failed: Option<String>,
}

/// Channels of the fields: positions, factors; then weights and as many scalings, of which a model may leave
/// out the scalings or both.
#[derive(Clone, Copy)]
struct Channels {
    positions: usize,
    factors: usize,
    /// Cells in a coarse one.
    cells: usize,
}

impl Channels {
    fn of(dimensions: usize) -> Self {
        let cells = 1 << dimensions;
        Self {
            positions: dimensions * cells / 2,
            factors: dimensions,
            cells,
        }
    }

    /// How many there may be: without weights, with them, with scalings too.
    fn counts(self) -> [usize; 3] {
        let faces = self.positions + self.factors;
        [faces, faces + self.cells, faces + 2 * self.cells]
    }
}

/// What the network says of a level.
struct Predicted {
    scaling: Option<Vec<f32>>,
    /// `None` if all are 1.
    weight: Option<Vec<f32>>,
    coarse: GmgLevel,
}

impl GmgRule for Network {
    fn coarsen(&mut self, fine: GmgLevel) -> Result<(GmgLevel, GmgLevel), PrecondError> {
        if self.failed.is_none() {
            match self.predict(&fine) {
                Ok(Predicted {
                    scaling,
                    weight,
                    coarse,
                }) => {
                    let fine = match weight {
                        Some(weight) => fine.with_weights(weight)?,
                        None => fine,
                    };
                    let fine = match scaling {
                        Some(scaling) => fine.with_scaling(scaling)?,
                        None => fine,
                    };
                    return Ok((fine, coarse));
                }
                Err(problem) => self.blame(&problem),
            }
        }
        let coarse = fine.coarser();
        Ok((fine, coarse))
    }
}

impl Network {
    pub(super) fn new(model: &Model) -> Result<Self, OnnxError> {
        Ok(Self {
            session: Some(model.take()?),
            ratios: (model.inputs()[0].name == ROLE_LEVELS_RATIOS).then(Ratios::default),
            model: model.clone(),
            failed: None,
        })
    }

    /// Why it is of no use for this matrix.
    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// For the next matrix.
    pub(super) fn forget(&mut self) {
        self.failed = None;
    }

    /// What it said is of no use for this matrix; the first reason is the one that is told.
    pub(super) fn blame(&mut self, problem: &dyn std::fmt::Display) {
        let path = self.model.path().display();
        self.failed
            .get_or_insert_with(|| format!("{path}: {problem}"));
    }

    /// Why its model is none for such cells. A single layer may be a coarse level of a box.
    pub(super) fn misfit(&self, [nx, ny, nz]: [usize; 3]) -> Option<String> {
        let (kind, cells) = match (self.dimensions(), nz) {
            (2, 2..) => ("planes", format!("{nx}x{ny}x{nz}")),
            (3, 1) => ("boxes", format!("{nx}x{ny}")),
            _ => return None,
        };
        let path = self.model.path().display();
        let other = if nz > 1 {
            "models/onnx/mgnet3d.onnx of the repository"
        } else {
            "mgnet, which is built in"
        };
        Some(format!(
            "A stands on {cells} cells, and {path} predicts levels of {kind}; use gmg, or a model that fits: {other}"
        ))
    }

    fn dimensions(&self) -> usize {
        self.model.contract().layout.dimensions()
    }

    fn predict(&mut self, fine: &GmgLevel) -> Result<Predicted, String> {
        let (dims, dimensions) = (fine.grid().dims(), self.dimensions());
        if dimensions == 2 && dims[2] > 1 {
            return Err("it predicts levels of planes".into());
        }
        let size = |d: usize| {
            if d < dimensions {
                dims[d].next_multiple_of(2)
            } else {
                1
            }
        };
        let padded = [size(0), size(1), size(2)];
        let link;
        let shown: Vec<(&str, usize, Cow<'_, [f32]>)> = match &mut self.ratios {
            Some(ratios) => {
                let values = ratios.of(fine, padded, dimensions);
                vec![(ROLE_LEVELS_RATIOS, ratios::count(dimensions), values.into())]
            }
            None => {
                link = links(fine);
                let parts: [(&str, &[f32]); 4] = [
                    ("east", fine.east()),
                    ("north", fine.north()),
                    ("link", &link),
                    ("up", fine.up()),
                ];
                let even = |&(name, values)| (name, 1, even(values, dims, padded));
                parts[..dimensions + 1].iter().map(even).collect()
            }
        };
        let said = |error: ort::Error| error.to_string();
        let mut inputs: Vec<(&str, SessionInputValue)> = Vec::new();
        for (name, channels, values) in &shown {
            // z, y, x: of planes, no z
            let mut shape = vec![1, *channels as i64];
            shape.extend((0..dimensions).rev().map(|d| padded[d] as i64));
            let tensor = TensorRef::from_array_view((shape, &**values)).map_err(said)?;
            inputs.push((name, tensor.into()));
        }
        let session = self.session.as_mut().ok_or("its session is gone")?;
        let outputs = session.run(inputs).map_err(said)?;
        let output = outputs
            .get(ROLE_LEVELS_OUTPUT)
            .ok_or("no fields came out")?;
        let (sizes, fields) = output.try_extract_tensor::<f32>().map_err(said)?;
        Predicted::of(fine, dimensions, sizes, fields)
    }
}

impl Predicted {
    /// From fields, the channels one after the other.
    fn of(
        fine: &GmgLevel,
        dimensions: usize,
        sizes: &[i64],
        fields: &[f32],
    ) -> Result<Self, String> {
        let dims = fine.grid().dims();
        let channels = Channels::of(dimensions);
        let counts = channels.counts();
        let [faces, weighted, _] = counts;
        let coarse = dims.map(|n| n.div_ceil(2));
        let cells = coarse.iter().product::<usize>();
        let found = sizes.get(1).map_or(0, |&c| c as usize);
        if !counts.contains(&found) || fields.len() != found * cells {
            let words = |of: &[usize], between| {
                of.iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(between)
            };
            let needed: Vec<_> = coarse[..dimensions].iter().rev().copied().collect();
            return Err(format!(
                "for {} cells its fields are {sizes:?}, [1, {}, {}] are needed",
                words(&dims[..dimensions], "x"),
                words(&counts, " or "),
                words(&needed, ", ")
            ));
        }
        let channel = |k: usize| &fields[k * cells..(k + 1) * cells];
        // the last levels of a flat box are planes: the faces of their only layer
        let flat = dimensions == 3 && dims[2] == 1;
        let of = |k: usize| !flat || (k < 8 && k % 4 < 2);
        let position = (0..channels.positions).filter(|&k| of(k)).map(channel);
        let factors = channels.factors - usize::from(flat);
        let factor = (channels.positions..).take(factors).map(channel);
        let (position, factor) = (position.collect::<Vec<_>>(), factor.collect::<Vec<_>>());
        let coarse = fine.coarser_between(&position, &factor);
        let coarse = coarse.map_err(|error| error.to_string())?;
        let (weights, scalings) =
            fields[faces * cells..].split_at((found.min(weighted) - faces) * cells);
        // checked here, where it is a fault of the network and not of the matrix
        if !every(weights, |w| w.abs() < 1e9) {
            return Err("it says weights that are not finite, or huge".into());
        }
        if !every(scalings, |s| (f32::MIN_POSITIVE..=1.0).contains(&s)) {
            return Err("it says scalings that are not above 0 and at most 1".into());
        }
        let weight = (!every(weights, |w| w == 1.0)).then(|| spread(dims, channel, faces));
        let scaling = (!scalings.is_empty()).then(|| spread(dims, channel, weighted));
        Ok(Self {
            scaling,
            weight,
            coarse,
        })
    }
}

/// Whether all numbers are such; without a way out in between, so that it is vectorised.
#[inline(always)]
fn every(values: &[f32], such: impl Fn(f32) -> bool) -> bool {
    values.iter().fold(true, |all, &v| all & such(v))
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.model.give_back(session);
        }
    }
}

/// Links of the cells that anything couples with; 0 for masked ones, whose diagonals mean nothing.
fn links(level: &GmgLevel) -> Cow<'_, [f32]> {
    let [nx, ny, _] = level.grid().dims();
    let mut out = Cow::Borrowed(level.link());
    let (east, north, up) = (level.east(), level.north(), level.up());
    let after = |faces: &[f32], p: usize| faces.get(p).is_some_and(|f| *f > 0.0);
    let before = |faces: &[f32], p: usize, step: usize| p >= step && after(faces, p - step);
    for (p, &link) in level.link().iter().enumerate() {
        // the first two are enough for most
        let coupled = after(east, p)
            || after(north, p)
            || link == 0.0
            || before(east, p, 1) // the last of a line has no face to the next
            || before(north, p, nx)
            || after(up, p)
            || before(up, p, nx * ny);
        if !coupled {
            out.to_mut()[p] = 0.0;
        }
    }
    out
}

/// Numbers of cells, out of the channels from `first` on: one for each cell in a coarse one, by z, y and x,
/// x fastest.
fn spread<'a>(dims: [usize; 3], channel: impl Fn(usize) -> &'a [f32], first: usize) -> Vec<f32> {
    let [nx, ny, nz] = dims;
    let (cx, cy) = (nx.div_ceil(2), ny.div_ceil(2));
    let mut out = vec![0.0; nx * ny * nz];
    for (line, out) in out.chunks_exact_mut(nx).enumerate() {
        let (j, k) = (line % ny, line / ny);
        let child = first + 2 * (j % 2) + 4 * (k % 2);
        let coarse = cx * (j / 2 + cy * (k / 2));
        let [left, right] = [child, child + 1].map(|k| &channel(k)[coarse..coarse + cx]);
        for (pair, (left, right)) in out.chunks_mut(2).zip(left.iter().zip(right)) {
            pair[0] = *left;
            if let Some(last) = pair.get_mut(1) {
                *last = *right;
            }
        }
    }
    out
}

/// Numbers of cells on a larger grid, zeros past the sides; zeros alone where there are none.
fn even(values: &[f32], dims: [usize; 3], padded: [usize; 3]) -> Cow<'_, [f32]> {
    if dims == padded {
        return values.into();
    }
    let ([nx, ny, _], [width, height, _]) = (dims, padded);
    let mut out = vec![0.0; padded.iter().product()];
    for (k, sheet) in values.chunks_exact(nx * ny).enumerate() {
        for (j, line) in sheet.chunks_exact(nx).enumerate() {
            out[width * (j + height * k)..][..nx].copy_from_slice(line);
        }
    }
    out.into()
}
