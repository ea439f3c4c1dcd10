//! A data set in the layouts that other packages load, in single precision, without the samples that
//! did not converge.
//!
//! | layout | files | loaded by |
//! |---|---|---|
//! | neuraloperator | `NAME_train_RES.pt`, `NAME_test_RES.pt`, … with `x` and `y` (N, …) | `PTDataset` and the loaders on it |
//! | deeponet | `NAME_train.npz`, `NAME_test.npz`, … with `branch` (N, m), `trunk` (P, d), `y` (N, P) | `deepxde.data.TripleCartesianProd` |
//!
//! HDF5 layouts (The Well, PDEBench) are written by `docs/scripts/to_hdf5.py` from the arrays.

mod torch;
mod zip;

use super::folder::Folder;
use super::npy::{Dtype, Rows, header};
use super::record::Record;
use super::{DatasetError, durable};
use resolvent_matrices::families::{FieldSpec, Site};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use zip::Zip;

/// How files are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A dictionary of tensors for each split.
    Neuraloperator,
    /// Branch, trunk and values for each split.
    Deeponet,
}

/// Writes a data set in another layout; returns the files.
///
/// # Errors
/// [`DatasetError`] where the set is not complete, cannot be read or written, or does not fit the
/// layout.
pub fn export(folder: &Folder, layout: Layout, out: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let request = &folder.plan.request;
    let open = folder.open_shards()?;
    if let Some(shard) = open.first() {
        return Err(DatasetError::file(
            &folder.path,
            format!("shard {shard} is not there yet; `resolvent dataset run` makes it"),
        ));
    }
    let (input, output) = fields(folder)?;
    std::fs::create_dir_all(out).map_err(DatasetError::io(out, "write"))?;
    let splits = request.split.of(request.samples);
    let mut files = Vec::new();
    for (name, range) in [("train", splits.train), ("valid", splits.valid), ("test", splits.test)] {
        let samples = usable(folder, range)?;
        if samples.is_empty() {
            continue;
        }
        let set = Set {
            folder,
            input,
            output,
            samples,
        };
        let stem = format!("{}_{name}", folder.stored.name);
        files.push(match layout {
            Layout::Neuraloperator => set.tensors(out, &stem)?,
            Layout::Deeponet => set.branch_and_trunk(out, &stem)?,
        });
    }
    Ok(files)
}

/// The one input and output of a family; these layouts have no more.
fn fields(folder: &Folder) -> Result<(&FieldSpec, &FieldSpec), DatasetError> {
    match (folder.stored.inputs.as_slice(), folder.stored.outputs.as_slice()) {
        ([input], [output]) => Ok((input, output)),
        (inputs, outputs) => Err(DatasetError::Request(format!(
            "{} has {} inputs and {} outputs, this layout takes one of each; read the arrays of the folder instead",
            folder.stored.name,
            inputs.len(),
            outputs.len()
        ))),
    }
}

/// The samples of a range that have converged.
fn usable(folder: &Folder, range: Range<u64>) -> Result<Vec<u64>, DatasetError> {
    let shard_size = folder.plan.request.shard as u64;
    let mut samples = Vec::new();
    let mut at: Option<(u64, Vec<Record>)> = None;
    for sample in range {
        let shard = sample / shard_size;
        if at.as_ref().is_none_or(|(s, _)| *s != shard) {
            let record = folder.done(shard as usize)?;
            at = Some((shard, record.map(|record| record.records).unwrap_or_default()));
        }
        let row = (sample % shard_size) as usize;
        let record = at.as_ref().and_then(|(_, records)| records.get(row));
        if record.is_some_and(Record::converged) {
            samples.push(sample);
        }
    }
    Ok(samples)
}

/// The samples of a split.
struct Set<'a> {
    folder: &'a Folder,
    input: &'a FieldSpec,
    output: &'a FieldSpec,
    samples: Vec<u64>,
}

impl Set<'_> {
    fn shape(&self, field: &FieldSpec) -> Vec<u64> {
        let mut shape = vec![self.samples.len() as u64];
        shape.extend(field.shape.iter().map(|d| *d as u64));
        shape
    }

    /// `NAME_RES.pt`.
    fn tensors(&self, out: &Path, stem: &str) -> Result<PathBuf, DatasetError> {
        let resolution = self.folder.stored.grid.iter().max().copied().unwrap_or(0);
        let stem = format!("{stem}_{resolution}");
        let path = out.join(format!("{stem}.pt"));
        let (x, y) = (self.shape(self.input), self.shape(self.output));
        write(&path, |zip| {
            let failed = || DatasetError::io(&path, "write");
            let mut entry = |name: &str, content: &[u8]| {
                zip.begin(&format!("{stem}/{name}")).and_then(|()| zip.write(content))
            };
            entry("data.pkl", &torch::pickle(&[("x", &x), ("y", &y)])).map_err(failed())?;
            entry("byteorder", b"little").map_err(failed())?;
            for (storage, inputs) in [(0, true), (1, false)] {
                zip.begin(&format!("{stem}/data/{storage}")).map_err(failed())?;
                self.rows(inputs, |bytes| zip.write(bytes).map_err(failed()))?;
            }
            let mut entry = |name: &str, content: &[u8]| {
                zip.begin(&format!("{stem}/{name}")).and_then(|()| zip.write(content))
            };
            entry("version", b"3\n").map_err(failed())
        })?;
        Ok(path)
    }

    /// `NAME.npz`.
    fn branch_and_trunk(&self, out: &Path, stem: &str) -> Result<PathBuf, DatasetError> {
        let path = out.join(format!("{stem}.npz"));
        let trunk = self.coordinates()?;
        let d = self.folder.stored.grid.len();
        let points = trunk.len() / d.max(1);
        if self.output.len() != points {
            return Err(DatasetError::Request(format!(
                "`{}` has {} numbers for {points} points; this layout takes one for each",
                self.output.name,
                self.output.len()
            )));
        }
        let n = self.samples.len() as u64;
        write(&path, |zip| {
            let failed = || DatasetError::io(&path, "write");
            let begin = |zip: &mut Archive, name: &str, shape: &[u64]| {
                let head = header(&path, Dtype::F32, shape)?;
                let begun = zip.begin(&format!("{name}.npy"));
                begun.and_then(|()| zip.write(&head)).map_err(failed())
            };
            begin(zip, "branch", &[n, self.input.len() as u64])?;
            self.rows(true, |bytes| zip.write(bytes).map_err(failed()))?;
            begin(zip, "trunk", &[points as u64, d as u64])?;
            let mut bytes = Vec::new();
            Dtype::F32.encode(&trunk, &mut bytes);
            zip.write(&bytes).map_err(failed())?;
            begin(zip, "y", &[n, points as u64])?;
            self.rows(false, |bytes| zip.write(bytes).map_err(failed()))
        })?;
        Ok(path)
    }

    /// Coordinates of the points of the output, x first.
    fn coordinates(&self) -> Result<Vec<f64>, DatasetError> {
        let grid = &self.folder.stored.grid;
        let place = |i: usize, n: usize| match self.output.site {
            Site::Cells => Some((i as f64 + 0.5) / n as f64),
            Site::Nodes => Some(i as f64 / (n - 1) as f64),
            Site::Sides | Site::Numbers => None,
        };
        let mut all = Vec::new();
        for point in 0..grid.iter().product() {
            let mut rest = point;
            for n in grid.iter().rev() {
                all.push(place(rest % n, *n).ok_or_else(|| {
                    DatasetError::Request(format!("`{}` has no coordinates", self.output.name))
                })?);
                rest /= n;
            }
        }
        Ok(all)
    }

    /// The rows of the input or of the output, in single precision.
    fn rows(
        &self,
        inputs: bool,
        mut take: impl FnMut(&[u8]) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let shard_size = self.folder.plan.request.shard as u64;
        let field = if inputs { self.input } else { self.output };
        let mut row = vec![0.0; field.len()];
        let mut bytes = Vec::new();
        let mut open: Option<(u64, Rows)> = None;
        for sample in &self.samples {
            let shard = sample / shard_size;
            if open.as_ref().is_none_or(|(s, _)| *s != shard) {
                let paths = match inputs {
                    true => self.folder.inputs(shard as usize),
                    false => self.folder.outputs(shard as usize),
                };
                for path in paths.iter().take(1) {
                    open = Some((shard, Rows::open(path)?));
                }
            }
            if let Some((_, rows)) = &mut open {
                rows.read(sample % shard_size, &mut row)?;
            }
            bytes.clear();
            Dtype::F32.encode(&row, &mut bytes);
            take(&bytes)?;
        }
        Ok(())
    }
}

type Archive = Zip<BufWriter<File>>;

/// An archive written as a whole.
fn write(
    path: &Path,
    fill: impl FnOnce(&mut Archive) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let aside = durable::aside(path);
    let failed = || DatasetError::io(&aside, "write");
    let mut zip = Zip::new(BufWriter::new(File::create(&aside).map_err(failed())?));
    fill(&mut zip)?;
    let mut file = zip.finish().map_err(failed())?;
    file.flush().map_err(failed())?;
    file.get_ref().sync_all().map_err(failed())?;
    durable::rename(&aside, path)
}
