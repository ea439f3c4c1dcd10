//! The layout of The Well (docs/data_format.md there, 2025): a file a split, with groups of dimensions,
//! boundary conditions, scalars, and fields by their rank; x is the first index, numbers are of single
//! precision. A steady field is a trajectory of one step. Real and imaginary part are two fields. Inputs
//! that are numbers are scalars. A family with other fields that do not sit on the grid is refused.

use super::hdf5::{Attributes, Hdf5, Kind, Object, Value};
use super::{Set, Which, fields, timed};
use crate::dataset::folder::Folder;
use crate::dataset::stats::Moments;
use crate::dataset::{DatasetError, Dtype, durable};
use resolvent_matrices::families::{AnyFamily, Parameter, Site};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// A field, or a part of one, as it stands in the file.
struct Column {
    which: Which,
    name: String,
    /// 0 for numbers, 1 for vectors.
    rank: usize,
    /// Steps; `None` where it does not change in time.
    steps: Option<usize>,
    /// Numbers at a point as stored, and which of them.
    components: usize,
    taken: std::ops::Range<usize>,
}

const AXES: [&str; 3] = ["x", "y", "z"];

/// Writes a split.
pub fn write(set: &Set<'_>, out: &Path, split: &str) -> Result<PathBuf, DatasetError> {
    let folder = set.folder;
    let columns = columns(folder);
    let place = out.join("data").join(split);
    std::fs::create_dir_all(&place).map_err(DatasetError::io(&place, "write"))?;
    let path = place.join(format!("{}.hdf5", folder.stored.name));
    let Some(last) = columns.last() else {
        return Err(DatasetError::Request(format!(
            "no field of {} has its values on the grid, which the layout of The Well needs",
            folder.stored.name
        )));
    };
    let grid = &folder.stored.grid;
    let axes = grid
        .iter()
        .rev()
        .map(|n| set.axis(set.spec(last.which), *n));
    let axes = axes.collect::<Result<Vec<_>, _>>()?;
    let aside = durable::aside(&path);
    let failed = || DatasetError::io(&aside, "write");
    let file = File::create(&aside).map_err(failed())?;
    let mut h5 = Hdf5::new(BufWriter::new(file)).map_err(failed())?;
    let mut fields: Vec<(usize, &str, Object)> = Vec::new();
    for column in &columns {
        let object = field(set, column, &mut h5, &path)?;
        fields.push((column.rank, &column.name, object));
    }
    let scalars = scalars(set, &mut h5, &path)?;
    let root = root(set, &axes, &columns, &fields, &scalars, &mut h5).map_err(failed())?;
    let file = h5.finish(root).map_err(failed())?;
    file.get_ref().sync_all().map_err(failed())?;
    durable::rename(&aside, &path)?;
    Ok(path)
}

/// Refuses a family with fields that have no place in the layout: values on the sides, on more points than
/// the grid has, or at none.
pub fn whole(folder: &Folder) -> Result<(), DatasetError> {
    let columns = columns(folder);
    let lost: Vec<&str> = fields(folder)
        .filter(|(which, _)| !columns.iter().any(|column| column.which == *which))
        .filter(|(which, field)| field.site != Site::Numbers || matches!(which, Which::Output(_)))
        .map(|(_, field)| field.name)
        .collect();
    match lost.is_empty() {
        true => Ok(()),
        false => Err(DatasetError::Request(format!(
            "{}: {} has its values elsewhere than at the {} points of the grid, where the layout of The Well has \
             no place for it; read the arrays of the folder instead",
            folder.stored.name,
            lost.join(", "),
            folder.stored.grid.iter().product::<usize>()
        ))),
    }
}

/// What of a family has a place in the layout.
fn columns(folder: &Folder) -> Vec<Column> {
    let grid = &folder.stored.grid;
    let complex = matches!(folder.family, AnyFamily::Complex(_));
    let mut columns = Vec::new();
    for (which, field) in fields(folder) {
        let output = matches!(which, Which::Output(_));
        let at = usize::from(timed(folder, which, field));
        let placed = matches!(field.site, Site::Cells | Site::Nodes);
        if !placed || !field.shape[at..].starts_with(grid) {
            continue;
        }
        let (lead, tail) = (&field.shape[..at], &field.shape[at + grid.len()..]);
        let components = tail.iter().product::<usize>();
        let column = |name: String, rank, taken| Column {
            which,
            name,
            rank,
            steps: output.then(|| lead.iter().product()),
            components,
            taken,
        };
        match components {
            1 => columns.push(column(field.name.into(), 0, 0..1)),
            2 if complex && output => {
                columns.push(column(format!("{}_re", field.name), 0, 0..1));
                columns.push(column(format!("{}_im", field.name), 0, 1..2));
            }
            n if n == grid.len() => columns.push(column(field.name.into(), 1, 0..n)),
            _ => {}
        }
    }
    columns
}

/// The numbers of a field, x first.
fn field(
    set: &Set<'_>,
    column: &Column,
    h5: &mut Hdf5<BufWriter<File>>,
    path: &Path,
) -> Result<Object, DatasetError> {
    let grid = &set.folder.stored.grid;
    let mut shape = vec![set.len()];
    shape.extend(column.steps.map(|steps| steps as u64));
    shape.extend(grid.iter().rev().map(|n| *n as u64));
    shape.extend((column.rank > 0).then_some(column.taken.len() as u64));
    let failed = || DatasetError::io(path, "write");
    let data = h5.array(Kind::F32, &shape).map_err(failed())?;
    let turned = turned(grid);
    let (mut values, mut bytes) = (Vec::new(), Vec::new());
    set.rows(column.which, |row| {
        values.clear();
        bytes.clear();
        for step in row.chunks_exact(turned.len() * column.components) {
            for point in &turned {
                let here = &step[point * column.components..][..column.components];
                values.extend_from_slice(&here[column.taken.clone()]);
            }
        }
        Dtype::F32.encode(&values, &mut bytes);
        h5.write(&bytes).map_err(failed())
    })?;
    let varying = vec![true; grid.len()];
    let attributes = [
        ("dim_varying", Value::Bools(&varying)),
        ("sample_varying", Value::Bool(true)),
        ("time_varying", Value::Bool(column.steps.is_some())),
    ];
    h5.dataset(&data, &attributes).map_err(failed())
}

/// Where each point is stored, in the order in which x is the slowest.
pub fn turned(grid: &[usize]) -> Vec<usize> {
    // grid is slowest first as stored: [z, ]y, x
    let strides: Vec<usize> = (0..grid.len())
        .map(|d| grid[d + 1..].iter().product())
        .collect();
    let n = grid.iter().product();
    let mut all = Vec::with_capacity(n);
    for mut rest in 0..n {
        let mut place = 0;
        for (n, stride) in grid.iter().zip(&strides) {
            place += rest % n * stride; // the last index of the new order is the first of the old
            rest /= n;
        }
        all.push(place);
    }
    all
}

/// The numbers of each sample that sit nowhere, by name: `source_x`, `source_y`.
fn scalars(
    set: &Set<'_>,
    h5: &mut Hdf5<BufWriter<File>>,
    path: &Path,
) -> Result<Vec<(String, Object)>, DatasetError> {
    let failed = || DatasetError::io(path, "write");
    let attributes = [
        ("sample_varying", Value::Bool(true)),
        ("time_varying", Value::Bool(false)),
    ];
    let d = set.folder.stored.grid.len();
    let mut scalars = Vec::new();
    for (which, field) in fields(set.folder) {
        if field.site != Site::Numbers {
            continue;
        }
        for at in 0..field.len() {
            let data = h5.array(Kind::F32, &[set.len()]).map_err(failed())?;
            set.rows(which, |row| {
                let mut bytes = Vec::new();
                Dtype::F32.encode(&row[at..=at], &mut bytes);
                h5.write(&bytes).map_err(failed())
            })?;
            let name = match field.len() {
                1 => field.name.into(),
                n if n == d => format!("{}_{}", field.name, AXES[at]),
                _ => format!("{}_{at}", field.name),
            };
            scalars.push((name, h5.dataset(&data, &attributes).map_err(failed())?));
        }
    }
    Ok(scalars)
}

/// When the steps are: those of the implicit schemes at the end of each.
fn times(folder: &Folder, columns: &[Column]) -> Vec<f64> {
    let steps = columns.iter().filter_map(|column| column.steps).max();
    let length = folder
        .stored
        .parameters
        .iter()
        .find_map(|(key, value)| match (*key, value) {
            ("dt", Parameter::Number(dt)) => Some(*dt),
            _ => None,
        });
    (0..steps.unwrap_or(1))
        .map(|step| length.map_or(step as f64, |dt| (step + 1) as f64 * dt))
        .collect()
}

/// Everything that is no field.
fn root(
    set: &Set<'_>,
    axes: &[Vec<f64>],
    columns: &[Column],
    fields: &[(usize, &str, Object)],
    scalars: &[(String, Object)],
    h5: &mut Hdf5<BufWriter<File>>,
) -> io::Result<Object> {
    let d = axes.len();
    let fixed: &Attributes<'_> = &[
        ("sample_varying", Value::Bool(false)),
        ("time_varying", Value::Bool(false)),
    ];
    let times = times(set.folder, columns);
    let time = line(h5, &times, &[("sample_varying", Value::Bool(false))])?;
    let mut dimensions = vec![("time", time)];
    for (name, axis) in AXES.iter().zip(axes) {
        dimensions.push((*name, line(h5, axis, fixed)?));
    }
    let spatial = [("spatial_dims", Value::Texts(&AXES[..d]))];
    let dimensions = h5.group(&dimensions, &spatial)?;
    // Robin's condition of the waves lets them out
    let open = matches!(set.folder.family, AnyFamily::Complex(_));
    let kind = if open { "open" } else { "wall" };
    let mut walls = Vec::new();
    for (name, axis) in AXES.iter().zip(axes) {
        walls.push((format!("{name}_{kind}"), wall(h5, name, kind, axis.len())?));
    }
    let walls: Vec<_> = walls
        .iter()
        .map(|(name, wall)| (name.as_str(), *wall))
        .collect();
    let walls = h5.group(&walls, &[])?;
    let members: Vec<_> = scalars
        .iter()
        .map(|(name, at)| (name.as_str(), *at))
        .collect();
    let names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let scalars = h5.group(&members, &[("field_names", Value::Texts(&names))])?;
    let mut groups = Vec::new();
    for rank in 0..3 {
        let members = fields.iter().filter(|(r, ..)| *r == rank);
        let members: Vec<_> = members.map(|(_, name, object)| (*name, *object)).collect();
        let names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
        groups.push(h5.group(&members, &[("field_names", Value::Texts(&names))])?);
    }
    let links = [
        ("dimensions", dimensions),
        ("boundary_conditions", walls),
        ("scalars", scalars),
        ("t0_fields", groups[0]),
        ("t1_fields", groups[1]),
        ("t2_fields", groups[2]),
    ];
    let parameters = &set.folder.stored.parameters;
    let words: Vec<_> = parameters
        .iter()
        .map(|(_, value)| value.to_string())
        .collect();
    let keys: Vec<_> = parameters.iter().map(|(key, _)| *key).collect();
    let mut attributes = vec![
        ("dataset_name", Value::Text(set.folder.stored.name)),
        ("grid_type", Value::Text("cartesian")),
        ("n_spatial_dims", Value::Int(d as i64)),
        ("n_trajectories", Value::Int(set.len() as i64)),
        ("simulation_parameters", Value::Texts(&keys)),
    ];
    for ((key, value), word) in parameters.iter().zip(&words) {
        let value = match value {
            Parameter::Number(v) => Value::Float(*v),
            Parameter::Count(v) => Value::Int(*v as i64),
            Parameter::Flag(v) => Value::Bool(*v),
            Parameter::Word(_) => Value::Text(word),
        };
        attributes.push((*key, value));
    }
    h5.group(&links, &attributes)
}

/// Numbers along a line.
pub fn line(
    h5: &mut Hdf5<BufWriter<File>>,
    values: &[f64],
    attributes: &Attributes<'_>,
) -> io::Result<Object> {
    let data = h5.array(Kind::F32, &[values.len() as u64])?;
    let mut bytes = Vec::new();
    Dtype::F32.encode(values, &mut bytes);
    h5.write(&bytes)?;
    h5.dataset(&data, attributes)
}

/// The two sides across a dimension.
fn wall(h5: &mut Hdf5<BufWriter<File>>, name: &str, kind: &str, n: usize) -> io::Result<Object> {
    let data = h5.array(Kind::Bool, &[n as u64])?;
    let mask: Vec<u8> = (0..n).map(|i| u8::from(i == 0 || i + 1 == n)).collect();
    h5.write(&mask)?;
    let mask = h5.dataset(&data, &[])?;
    let attributes = [
        ("associated_dims", Value::Texts(&[name])),
        ("associated_fields", Value::Texts(&[])),
        ("bc_type", Value::Text(&kind.to_uppercase())),
        ("sample_varying", Value::Bool(false)),
        ("time_varying", Value::Bool(false)),
    ];
    h5.group(&[("mask", mask)], &attributes)
}

/// `stats.yaml`: of the samples that train, each field and each component by itself; `_delta` of what it
/// changes by from step to step, 0 where there is one step.
pub fn statistics(set: &Set<'_>, out: &Path) -> Result<PathBuf, DatasetError> {
    let mut all = Vec::new();
    for column in columns(set.folder) {
        let [values, changes] = moments(set, &column)?;
        all.push((column, values, changes));
    }
    let mut text = String::new();
    type Of = fn(&Moments) -> f64;
    let kinds: [(&str, Of); 3] = [
        ("mean", |m| m.mean),
        ("std", Moments::deviation),
        ("rms", Moments::rms),
    ];
    for (suffix, change) in [("", false), ("_delta", true)] {
        for (key, of) in kinds {
            // writing to a string cannot fail
            let _ = writeln!(text, "{key}{suffix}:");
            for (column, values, changes) in &all {
                let parts = if change { changes } else { values };
                let numbers: Vec<f64> = parts.iter().map(of).collect();
                let _ = match (change && column.steps.is_none(), column.rank) {
                    (true, _) => Ok(()),
                    (_, 0) => writeln!(text, "  {}: {:?}", column.name, numbers[0]),
                    _ => writeln!(text, "  {}: {numbers:?}", column.name),
                };
            }
        }
    }
    let path = out.join("stats.yaml");
    durable::write(&path, text.as_bytes())?;
    Ok(path)
}

/// Moments of each component of a field, and of its changes from step to step.
fn moments(set: &Set<'_>, column: &Column) -> Result<[Vec<Moments>; 2], DatasetError> {
    let points = set.folder.stored.grid.iter().product::<usize>();
    let none = vec![Moments::default(); column.taken.len()];
    let mut all = [none.clone(), none];
    set.rows(column.which, |row| {
        for (at, component) in column.taken.clone().enumerate() {
            let values = row.iter().skip(component).step_by(column.components);
            let values: Vec<f64> = values.copied().collect();
            let after = values.get(points..).unwrap_or_default();
            let changes: Vec<f64> = after.iter().zip(&values).map(|(b, a)| b - a).collect();
            for (sums, part) in all.iter_mut().zip([&values, &changes]) {
                sums[at] = sums[at].and(Moments::of(part));
            }
        }
        Ok(())
    })?;
    Ok(all)
}
