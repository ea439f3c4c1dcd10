//! A data set in the layouts that other packages load, in single precision, without the samples that
//! did not converge.
//!
//! | layout | files | loaded by |
//! |---|---|---|
//! | neuraloperator | `NAME_train_RES.pt`, `NAME_test_RES.pt`, … with `x` and `y`, (N, …) or (N, C, …) | `PTDataset` and the loaders on it |
//! | deeponet | `NAME_train.npz`, `NAME_test.npz`, … with `branch` (N, m), `trunk` (P, d), `y` (N, P) | `deepxde.data.TripleCartesianProd` |
//! | the-well | `data/{train,valid,test}/NAME.hdf5`, `stats.yaml` | The Well's `WellDataset` |
//! | pdebench | `2D_NAME_Train.hdf5`, … with `nu` (N, X, Y), `tensor` (N, 1, X, Y) | PDEBench's `FNODatasetSingle` |
//!
//! `tests/loaders` loads each of them through the loader of its package.

mod channels;
mod hdf5;
mod pdebench;
mod torch;
mod well;
mod zip;

use super::folder::Folder;
use super::npy::{Dtype, Rows, header};
use super::record::Record;
use super::{DatasetError, axes, durable};
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
    /// HDF5 as of The Well.
    TheWell,
    /// HDF5 as of PDEBench.
    Pdebench,
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
    match layout {
        Layout::Neuraloperator => channels::fits(folder)?,
        Layout::Deeponet => one_a_point(folder)?,
        Layout::TheWell => well::whole(folder)?,
        Layout::Pdebench => pdebench::fits(folder)?,
    }
    for shard in 0..request.shards() {
        let record = folder.done(shard)?;
        for stored in record.iter().flat_map(|record| &record.files) {
            let path = folder.path.join(&stored.file);
            if durable::sha256(&path)? != stored.sha256 {
                let problem = "it has changed since it was written: see `resolvent dataset verify`";
                return Err(DatasetError::file(&path, problem));
            }
        }
    }
    std::fs::create_dir_all(out).map_err(DatasetError::io(out, "write"))?;
    let splits = request.split.of(request.samples);
    let mut files = Vec::new();
    for (name, range) in [
        ("train", splits.train),
        ("valid", splits.valid),
        ("test", splits.test),
    ] {
        let samples = usable(folder, range)?;
        if samples.is_empty() {
            continue;
        }
        let set = Set { folder, samples };
        files.push(match layout {
            Layout::Neuraloperator => set.tensors(out, name)?,
            Layout::Deeponet => set.branch_and_trunk(out, name)?,
            Layout::TheWell => well::write(&set, out, name)?,
            Layout::Pdebench => pdebench::write(&set, out, name)?,
        });
    }
    if files.is_empty() {
        let problem = "none of its samples has converged: there is nothing to export";
        return Err(DatasetError::file(&folder.path, problem));
    }
    if layout == Layout::TheWell {
        let samples = usable(folder, request.split.of(request.samples).train)?;
        files.push(well::statistics(&Set { folder, samples }, out)?);
    }
    Ok(files)
}

/// The one input and output of a family; these layouts have no more.
fn single(folder: &Folder) -> Result<(), DatasetError> {
    let (inputs, outputs) = (folder.stored.inputs.len(), folder.stored.outputs.len());
    if (inputs, outputs) == (1, 1) {
        return Ok(());
    }
    Err(DatasetError::Request(format!(
        "{} has {inputs} inputs and {outputs} outputs, this layout takes one of each; read the arrays of the \
         folder instead",
        folder.stored.name
    )))
}

/// One input, and one output with a number for each point of the grid.
fn one_a_point(folder: &Folder) -> Result<(), DatasetError> {
    single(folder)?;
    let values = &folder.stored.outputs[0];
    let points = folder.stored.grid.iter().product::<usize>();
    if values.len() == points {
        return Ok(());
    }
    Err(DatasetError::Request(format!(
        "`{}` has {} numbers for {points} points; this layout takes one for each",
        values.name,
        values.len()
    )))
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
            at = Some((
                shard,
                record.map(|record| record.records).unwrap_or_default(),
            ));
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
    samples: Vec<u64>,
}

/// One of the fields of a family.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Input(usize),
    Output(usize),
}

/// All of them.
fn fields(folder: &Folder) -> impl Iterator<Item = (Which, &FieldSpec)> {
    let inputs = folder.stored.inputs.iter().enumerate();
    let outputs = folder.stored.outputs.iter().enumerate();
    inputs
        .map(|(at, field)| (Which::Input(at), field))
        .chain(outputs.map(|(at, field)| (Which::Output(at), field)))
}

/// Whether time is the first index of a field: a cube of steps may look like anything.
fn timed(folder: &Folder, which: Which, field: &FieldSpec) -> bool {
    matches!(which, Which::Output(_)) && axes::timed(&folder.stored, field)
}

impl Set<'_> {
    fn spec(&self, which: Which) -> &FieldSpec {
        match which {
            Which::Input(at) => &self.folder.stored.inputs[at],
            Which::Output(at) => &self.folder.stored.outputs[at],
        }
    }

    /// Number of samples.
    fn len(&self) -> u64 {
        self.samples.len() as u64
    }

    /// Calls `take` with each row of a field.
    fn rows(
        &self,
        which: Which,
        mut take: impl FnMut(&[f64]) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        self.rows_of(&[which], |rows| take(&rows[0]))
    }

    /// Calls `take` with the rows of several fields, sample by sample.
    fn rows_of(
        &self,
        fields: &[Which],
        mut take: impl FnMut(&[Vec<f64>]) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let folder = self.folder;
        let shard_size = folder.plan.request.shard as u64;
        let mut values: Vec<_> = fields
            .iter()
            .map(|field| vec![0.0; self.spec(*field).len()])
            .collect();
        let mut open: Option<(u64, Vec<Rows>)> = None;
        for sample in &self.samples {
            let shard = sample / shard_size;
            let files = match open.take() {
                Some((at, files)) if at == shard => files,
                _ => {
                    let arrays = fields.iter().map(|field| match *field {
                        Which::Input(at) => folder.inputs(shard as usize).swap_remove(at),
                        Which::Output(at) => folder.outputs(shard as usize).swap_remove(at),
                    });
                    arrays
                        .map(|path| Rows::open(&path))
                        .collect::<Result<_, _>>()?
                }
            };
            let (_, files) = open.insert((shard, files));
            for (rows, values) in files.iter_mut().zip(&mut values) {
                rows.read(sample % shard_size, values)?;
            }
            take(&values)?;
        }
        Ok(())
    }

    /// The same, as bytes in single precision.
    fn bytes(
        &self,
        which: Which,
        mut take: impl FnMut(&[u8]) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let mut bytes = Vec::new();
        self.rows(which, |row| {
            bytes.clear();
            Dtype::F32.encode(row, &mut bytes);
            take(&bytes)
        })
    }

    /// Coordinates of the `n` points of a field along a dimension.
    fn axis(&self, field: &FieldSpec, n: usize) -> Result<Vec<f64>, DatasetError> {
        // a field at the nodes with two more along a side has the boundary, and this one has not
        let around = |other: &FieldSpec| {
            let mut sides = other.shape.iter().zip(&field.shape);
            other.site == Site::Nodes && sides.all(|(m, n)| *m == n + 2)
        };
        let inner = self.folder.stored.inputs.iter().any(around);
        let place = match field.site {
            Site::Cells => |i: usize, n: usize| (i as f64 + 0.5) / n as f64,
            Site::Nodes if inner => |i: usize, n: usize| (i + 1) as f64 / (n + 1) as f64,
            Site::Nodes => |i: usize, n: usize| i as f64 / (n - 1) as f64,
            Site::Sides | Site::Numbers => {
                let problem = format!(
                    "`{}` has no coordinates, which this layout needs",
                    field.name
                );
                return Err(DatasetError::Request(problem));
            }
        };
        Ok((0..n).map(|i| place(i, n)).collect())
    }

    /// `NAME_SPLIT_RES.pt`.
    fn tensors(&self, out: &Path, split: &str) -> Result<PathBuf, DatasetError> {
        let resolution = self.folder.stored.grid.iter().max().copied().unwrap_or(0);
        let stem = format!("{}_{split}_{resolution}", self.folder.stored.name);
        let path = out.join(format!("{stem}.pt"));
        let sides = channels::sides(self.folder)?;
        let [x, y] = sides.each_ref().map(|side| side.shape(self.len()));
        write(&path, |zip| {
            let failed = || DatasetError::io(&path, "write");
            let mut entry = |name: &str, content: &[u8]| {
                zip.begin(&format!("{stem}/{name}"))
                    .and_then(|()| zip.write(content))
            };
            entry("data.pkl", &torch::pickle(&[("x", &x), ("y", &y)])).map_err(failed())?;
            entry("byteorder", b"little").map_err(failed())?;
            entry("version", b"3\n").map_err(failed())?;
            for (storage, side) in sides.iter().enumerate() {
                zip.begin(&format!("{stem}/data/{storage}"))
                    .map_err(failed())?;
                side.write(self, |bytes| zip.write(bytes).map_err(failed()))?;
            }
            Ok(())
        })?;
        Ok(path)
    }

    /// `NAME_SPLIT.npz`.
    fn branch_and_trunk(&self, out: &Path, split: &str) -> Result<PathBuf, DatasetError> {
        let path = out.join(format!("{}_{split}.npz", self.folder.stored.name));
        let (branch, values) = (Which::Input(0), Which::Output(0));
        let trunk = self.coordinates(self.spec(values))?;
        let d = self.folder.stored.grid.len();
        let points = trunk.len() / d.max(1);
        write(&path, |zip| {
            let failed = || DatasetError::io(&path, "write");
            let begin = |zip: &mut Archive, name: &str, shape: &[u64]| {
                let head = header(&path, Dtype::F32, shape)?;
                let begun = zip.begin(&format!("{name}.npy"));
                begun.and_then(|()| zip.write(&head)).map_err(failed())
            };
            begin(zip, "branch", &[self.len(), self.spec(branch).len() as u64])?;
            self.bytes(branch, |bytes| zip.write(bytes).map_err(failed()))?;
            begin(zip, "trunk", &[points as u64, d as u64])?;
            let mut bytes = Vec::new();
            Dtype::F32.encode(&trunk, &mut bytes);
            zip.write(&bytes).map_err(failed())?;
            begin(zip, "y", &[self.len(), points as u64])?;
            self.bytes(values, |bytes| zip.write(bytes).map_err(failed()))
        })?;
        Ok(path)
    }

    /// Coordinates of all points of a field, x first, x fastest.
    fn coordinates(&self, field: &FieldSpec) -> Result<Vec<f64>, DatasetError> {
        let grid = &self.folder.stored.grid;
        let axes = grid
            .iter()
            .map(|n| self.axis(field, *n))
            .collect::<Result<Vec<_>, _>>()?;
        let mut all = Vec::new();
        for point in 0..grid.iter().product() {
            let mut rest = point;
            for axis in axes.iter().rev() {
                all.push(axis[rest % axis.len()]);
                rest /= axis.len();
            }
        }
        Ok(all)
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
