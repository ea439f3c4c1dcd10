//! The layout of PDEBench's files of Darcy flow: `nu` (N, X, Y), `tensor` (N, 1, X, Y), `x-coordinate`,
//! `y-coordinate`, and the constant right-hand side as the attribute `beta`.

use super::hdf5::{Hdf5, Kind, Value};
use super::well::{line, turned};
use super::{Set, Which, single};
use crate::dataset::folder::Folder;
use crate::dataset::{DatasetError, Dtype, durable};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Refuses a family of another kind.
pub fn fits(folder: &Folder) -> Result<(), DatasetError> {
    single(folder)?;
    let grid = &folder.stored.grid;
    // the right-hand side is the number `beta`
    let diffusion = matches!(folder.stored.inputs[0].name, "a" | "k");
    let images = super::fields(folder).all(|(_, field)| field.shape == *grid);
    if diffusion && grid.len() == 2 && images {
        return Ok(());
    }
    Err(DatasetError::Request(format!(
        "{}: this layout takes one coefficient of diffusion and one solution in two dimensions, a number a point",
        folder.stored.name
    )))
}

/// Writes a split.
pub fn write(set: &Set<'_>, out: &Path, split: &str) -> Result<PathBuf, DatasetError> {
    let folder = set.folder;
    let fields = [Which::Input(0), Which::Output(0)];
    let grid = &folder.stored.grid;
    let name = match split {
        "train" => "Train",
        "valid" => "Valid",
        _ => "Test",
    };
    let path = out.join(format!("2D_{}_{name}.hdf5", folder.stored.name));
    let aside = durable::aside(&path);
    let failed = || DatasetError::io(&aside, "write");
    let file = File::create(&aside).map_err(failed())?;
    let mut h5 = Hdf5::new(BufWriter::new(file)).map_err(failed())?;
    let (n, nx, ny) = (set.len(), grid[1] as u64, grid[0] as u64);
    let places = turned(grid);
    let mut objects = Vec::new();
    for (field, shape) in fields.into_iter().zip([&[n, nx, ny][..], &[n, 1, nx, ny]]) {
        let data = h5.array(Kind::F32, shape).map_err(failed())?;
        let (mut values, mut bytes) = (Vec::new(), Vec::new());
        set.rows(field, |row| {
            values.clear();
            bytes.clear();
            values.extend(places.iter().map(|place| row[*place]));
            Dtype::F32.encode(&values, &mut bytes);
            h5.write(&bytes).map_err(failed())
        })?;
        objects.push(h5.dataset(&data, &[]).map_err(failed())?);
    }
    for n in [grid[1], grid[0]] {
        let axis = set.axis(set.spec(fields[1]), n)?;
        objects.push(line(&mut h5, &axis, &[]).map_err(failed())?);
    }
    let names = ["nu", "tensor", "x-coordinate", "y-coordinate"];
    let links: Vec<_> = names.into_iter().zip(objects).collect();
    let root = h5
        .group(&links, &[("beta", Value::Float(1.0))])
        .map_err(failed())?;
    let file = h5.finish(root).map_err(failed())?;
    file.get_ref().sync_all().map_err(failed())?;
    durable::rename(&aside, &path)?;
    Ok(path)
}
