//! Everything about the data of a whole set, in one file.

use super::durable::{self, Stored};
use super::folder::{FORMAT, Folder};
use super::record::{Record, Seconds, Shard};
use super::restrict::Restriction;
use super::stats::Moments;
use super::{DatasetError, arms::Arm, bars, systems};
use resolvent_matrices::families::{FieldSpec, Parameter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What was found out on the way to a manifest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Totals {
    /// Samples.
    pub samples: u64,
    /// Samples whose solution is not there.
    pub failed: Vec<u64>,
    /// The largest ‖b − Ax‖₂/‖b‖₂ of those that are.
    pub max_relative_residual: f64,
    /// Samples that each way has finished: `cg+ic0`.
    pub solver_counts: BTreeMap<String, u64>,
    /// Iterations of all samples.
    pub iterations: u64,
    /// Products with A of all samples.
    pub matvecs: u64,
    /// Bytes of the arrays.
    pub bytes: u64,
}

impl Totals {
    fn take(&mut self, record: &Record) {
        self.samples += 1;
        self.iterations += record.iterations as u64;
        self.matvecs += record.matvecs as u64;
        let way = match record.precond.as_ref() {
            "none" => record.solver.to_string(),
            precond => format!("{}+{precond}", record.solver),
        };
        *self.solver_counts.entry(way).or_default() += 1;
        match record.relative_residual {
            Some(r) if record.converged() => {
                self.max_relative_residual = self.max_relative_residual.max(r);
            }
            _ => self.failed.push(record.index),
        }
    }
}

/// Seconds, in a file that no checksum is taken of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Timings {
    /// Seconds of threads, shard by shard and summed.
    pub seconds: Seconds,
    /// The ways that were measured for the choice.
    pub arms: Vec<Arm>,
    /// Each shard.
    pub shards: Vec<Seconds>,
}

/// Writes the manifest of a folder whose shards are all there, and adds up the seconds.
///
/// # Errors
/// [`DatasetError`] where a shard is missing, or a file cannot be read or written.
pub fn merge(folder: &Folder) -> Result<Totals, DatasetError> {
    let (totals, text) = made(folder)?;
    let mut timings: Timings = match folder.timings().exists() {
        true => durable::read_json(&folder.timings()).unwrap_or_default(),
        false => Timings::default(),
    };
    let shards = 0..folder.plan.request.shards();
    let time = |shard| durable::read_json(&folder.time(shard)).unwrap_or_default();
    timings.shards = shards.map(time).collect();
    timings.seconds = Seconds::default();
    timings
        .shards
        .iter()
        .for_each(|shard| timings.seconds.add(shard));
    timings.seconds.setup += probing(&timings.arms);
    let path = folder.timings();
    durable::write_shared(&path, &durable::json(&path, &timings)?)?;
    durable::write_shared(&folder.manifest(), text.as_bytes())?;
    durable::sweep(&folder.path.join("plan.json"));
    Ok(totals)
}

/// Whether there is a manifest that can be read.
pub fn readable(folder: &Folder) -> bool {
    let text = std::fs::read(folder.manifest()).unwrap_or_default(); // not there: it is no object
    serde_json::from_slice::<BTreeMap<String, serde::de::IgnoredAny>>(&text).is_ok()
}

/// In what the manifest that is there differs from the one that plan and shards make, if it does.
///
/// # Errors
/// [`DatasetError`] where a shard is missing, or a file cannot be read.
pub fn difference(folder: &Folder) -> Result<Option<String>, DatasetError> {
    let path = folder.manifest();
    let there = std::fs::read(&path).map_err(DatasetError::io(&path, "read"))?;
    let (_, text) = made(folder)?;
    if there == text.as_bytes() {
        return Ok(None);
    }
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Map<String, Value>>(bytes).ok();
    let (Some(there), Some(made)) = (parsed(&there), parsed(text.as_bytes())) else {
        return Ok(Some("it is not JSON".into()));
    };
    let all = made.keys().chain(there.keys());
    let key = all
        .into_iter()
        .find(|key| made.get(*key) != there.get(*key));
    Ok(key.map(|key| format!("`{key}` is another")))
}

/// The manifest of plan and shards.
fn made(folder: &Folder) -> Result<(Totals, String), DatasetError> {
    let shards = folder.plan.request.shards();
    let mut totals = Totals::default();
    let (mut files, mut records) = (Vec::<Stored>::new(), Vec::<Record>::new());
    for shard in 0..shards {
        let Some(record) = folder.done(shard)? else {
            return Err(DatasetError::file(
                &folder.path,
                format!(
                    "shard {shard} of {shards} is not there yet; `resolvent dataset run` makes what is missing"
                ),
            ));
        };
        let Shard {
            files: theirs,
            records: rows,
            ..
        } = record;
        totals.bytes += theirs.iter().map(|file| file.bytes).sum::<u64>();
        files.extend(theirs);
        rows.iter().for_each(|row| totals.take(row));
        records.extend(rows);
    }
    let sums = moments(folder)?;
    let mut manifest = description(folder);
    let statistics = json!({
        "of": "the samples that train, all numbers of a field together",
        "inputs": statistics(&folder.stored.inputs, &sums[0]),
        "outputs": statistics(&folder.stored.outputs, &sums[1]),
    });
    manifest.insert("splits".into(), splits(folder));
    manifest.insert("failed".into(), json!(totals.failed));
    manifest.insert("statistics".into(), statistics);
    manifest.insert("error_bars".into(), bars::described(folder)?);
    let text = written(&manifest, &files, &records);
    let failed = |e: serde_json::Error| DatasetError::file(&folder.manifest(), e.to_string());
    Ok((totals, text.map_err(failed)?))
}

/// Seconds of the solves that were measured for the choice.
fn probing(arms: &[Arm]) -> f64 {
    arms.iter()
        .filter_map(|arm| Some(arm.seconds? * (arm.samples + 1) as f64))
        .sum()
}

/// Notes the arms that were measured.
///
/// # Errors
/// [`DatasetError`].
pub fn note_arms(folder: &Folder, arms: Vec<Arm>) -> Result<(), DatasetError> {
    let timings = Timings {
        arms,
        ..Timings::default()
    };
    durable::write_json(&folder.timings(), &timings)
}

/// What is known before the first sample is made.
fn description(folder: &Folder) -> Map<String, Value> {
    let (request, stored) = (&folder.plan.request, &folder.stored);
    let parameters: Map<_, _> = stored
        .parameters
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Parameter::Number(v) => json!(v),
                Parameter::Count(v) => json!(v),
                Parameter::Word(v) => json!(v),
                Parameter::Flag(v) => json!(v),
            };
            (key.to_string(), value)
        })
        .collect();
    let solve = request
        .solve_grid
        .as_ref()
        .map(|grid| json!({ "grid": grid, "restriction": Restriction::words() }));
    let entries = json!({
        "format": FORMAT,
        "generator": "resolvent",
        "version": folder.plan.version,
        "family": stored.name,
        "equation": stored.equation,
        "boundary": stored.boundary,
        "source": stored.source,
        "parameters": parameters,
        "grid": stored.grid,
        "domain": "unit square or cube, the last index of an array along x",
        "solved": solve,
        "samples": request.samples,
        "first": request.first,
        "seed": request.seed,
        "random": random(folder),
        "given": request.given.iter().map(|given| json!({
            "field": given.field, "sha256": given.sha256,
        })).collect::<Vec<_>>(),
        "systems": request.systems,
        "dtype": request.dtype.name(),
        "rtol": request.rtol,
        "residual": "2-norm of b - A x over that of b, recomputed in double precision from the x that is \
                     stored, before any rounding to single precision",
        "quarantine": "solutions of the samples listed under `failed` are NaN, their coefficients are there",
        "solver": folder.plan.choice,
        "order": request.order.name(),
        "shard": request.shard,
        "chain": request.chain,
        "inputs": fields(&stored.inputs, "coefficients"),
        "outputs": fields(&stored.outputs, "solutions"),
    });
    match entries {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// How inputs are drawn, of those that are.
fn random(folder: &Folder) -> Value {
    let given: Vec<_> = folder.plan.request.given.iter().map(|g| &g.field).collect();
    let drawn = folder.stored.inputs.iter().map(|input| input.name);
    let drawn: Vec<_> = drawn
        .filter(|name| !given.iter().any(|g| g == name))
        .collect();
    let law = "ChaCha8 keyed by the seed and the number of the field, stream = index";
    if folder.plan.request.family == systems::NAME || drawn.is_empty() {
        return Value::Null;
    }
    match given.is_empty() {
        true => json!(law),
        false => json!(format!("{law}; of {} alone", drawn.join(", "))),
    }
}

fn fields(specs: &[FieldSpec], kind: &str) -> Value {
    let one = |field: &FieldSpec| {
        let files = match specs.len() {
            1 => format!("{kind}-NNNN.npy"),
            _ => format!("{kind}-{}-NNNN.npy", field.name),
        };
        json!({
            "name": field.name,
            "shape": field.shape,
            "values": field.site.name(),
            "files": files,
        })
    };
    specs.iter().map(one).collect()
}

fn splits(folder: &Folder) -> Value {
    let request = &folder.plan.request;
    let splits = request.split.of(request.samples);
    let range = |range: std::ops::Range<u64>| {
        json!([request.first + range.start, request.first + range.end])
    };
    json!({
        "train": range(splits.train),
        "valid": range(splits.valid),
        "test": range(splits.test),
    })
}

fn statistics(fields: &[FieldSpec], moments: &[Moments]) -> Value {
    let all = fields.iter().zip(moments).map(|(field, m)| {
        let known = m.count > 0;
        let number = |v: f64| if known { json!(v) } else { Value::Null };
        let values = json!({
            "count": m.count,
            "mean": number(m.mean),
            "std": number(m.deviation()),
            "rms": number(m.rms()),
            "min": m.min,
            "max": m.max,
        });
        (field.name.to_owned(), values)
    });
    Value::Object(all.collect())
}

/// A record a line, so that the file can be read by people and compared by tools.
fn written(
    manifest: &Map<String, Value>,
    files: &[Stored],
    records: &[Record],
) -> serde_json::Result<String> {
    let mut text = String::from("{\n");
    for (key, value) in manifest {
        text += &format!("\"{key}\": {value},\n");
    }
    text += &format!("\"files\": [\n{}\n],\n", lines(files)?);
    text += &format!("\"records\": [\n{}\n]\n}}\n", lines(records)?);
    Ok(text)
}

fn lines<V: Serialize>(items: &[V]) -> serde_json::Result<String> {
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        text += if at > 0 { ",\n" } else { "" };
        text += &serde_json::to_string(item)?;
    }
    Ok(text)
}

/// Moments of the inputs and of the outputs over the samples that train.
///
/// # Errors
/// [`DatasetError`] for records that cannot be read.
pub fn moments(folder: &Folder) -> Result<[Vec<Moments>; 2], DatasetError> {
    let mut sums = [
        vec![Moments::default(); folder.stored.inputs.len()],
        vec![Moments::default(); folder.stored.outputs.len()],
    ];
    for shard in 0..folder.plan.request.shards() {
        let Some(Shard {
            inputs, outputs, ..
        }) = folder.done(shard)?
        else {
            continue;
        };
        for (sums, parts) in sums.iter_mut().zip([inputs, outputs]) {
            sums.iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum = sum.and(part));
        }
    }
    Ok(sums)
}

/// Reads the totals back from a manifest.
///
/// # Errors
/// [`DatasetError`].
pub fn totals(folder: &Folder) -> Result<Totals, DatasetError> {
    let mut totals = Totals::default();
    for shard in 0..folder.plan.request.shards() {
        if let Some(shard) = folder.done(shard)? {
            totals.bytes += shard.files.iter().map(|file| file.bytes).sum::<u64>();
            shard.records.iter().for_each(|record| totals.take(record));
        }
    }
    Ok(totals)
}
