//! The folder of a data set: what lies where.
//!
//! ```text
//! plan.json                 what is made, and how; written first
//! coefficients-NNNN.npy     inputs of shard NNNN; of families with several, coefficients-NAME-NNNN.npy
//! solutions-NNNN.npy        outputs, likewise
//! errors-NNNN.npy           error bars, a row a sample, where they are asked for
//! shards/NNNN.json          records and checksums of a shard; written last, once its arrays are there
//! shards/NNNN.time.json     seconds that it took
//! manifest.json             everything about the data, once every shard is there
//! timings.json              seconds; in no checksum
//! ```

use super::durable::{self, Stored};
use super::record::Shard;
use super::request::Request;
use super::restrict::Restriction;
use super::{DatasetError, bars, choice::Choice};
use resolvent_matrices::families::{AnyFamily, Description, FieldSpec};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Version of the layout.
pub const FORMAT: u32 = 1;

/// What is made, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of the layout.
    pub format: u32,
    /// Version of the program.
    pub version: String,
    /// What is asked for.
    pub request: Request,
    /// How it is solved.
    pub choice: Choice,
}

/// A data set on disk, done or not.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What is made.
    pub plan: Plan,
    /// Family on the grid that is solved.
    pub family: AnyFamily,
    /// What is solved.
    pub solved: Description,
    /// What is stored.
    pub stored: Description,
    /// Family on the doubled grid, where the discretisation is looked at.
    pub doubled: Option<AnyFamily>,
}

impl Folder {
    /// A data set that was begun.
    ///
    /// # Errors
    /// [`DatasetError`] for what is none.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let file = path.join("plan.json");
        if !file.exists() {
            return Err(DatasetError::file(
                &file,
                "there is no such file, so this is no data set; begin one with `resolvent dataset FAMILY --out DIR`, or `dataset plan`",
            ));
        }
        let plan: Plan = durable::read_json(&file)?;
        if plan.format != FORMAT {
            return Err(DatasetError::file(
                &file,
                format!(
                    "it is of format {}, this program reads {FORMAT}",
                    plan.format
                ),
            ));
        }
        Self::of(path, plan)
    }

    /// Begins a data set.
    ///
    /// # Errors
    /// [`DatasetError`] where the folder holds other files, or cannot be written.
    pub fn create(path: &Path, request: Request, choice: Choice) -> Result<Self, DatasetError> {
        let plan = Plan {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            request,
            choice,
        };
        let folder = Self::of(path, plan)?;
        fs::create_dir_all(path.join("shards")).map_err(DatasetError::io(path, "write"))?;
        durable::write_json(&path.join("plan.json"), &folder.plan)?;
        Ok(folder)
    }

    fn of(path: &Path, plan: Plan) -> Result<Self, DatasetError> {
        plan.request.check()?;
        let family = plan.request.family()?;
        let stored = plan.request.stored_family()?.describe();
        let solved = family.describe();
        if plan.request.solve_grid.is_some() {
            Restriction::new(&solved, &stored)?; // before anything is written
        }
        let every = plan.request.error_bars.and_then(|bars| bars.every);
        let doubled = match every {
            Some(_) => Some(bars::doubled(&plan.request, &solved)?),
            None => None,
        };
        Ok(Self {
            path: path.to_path_buf(),
            doubled,
            solved,
            stored,
            family,
            plan,
        })
    }

    /// Refuses another request than the one it was made for, and to go on with what another version of
    /// the program has begun.
    ///
    /// # Errors
    /// [`DatasetError::Other`].
    pub fn agrees(&self, request: &Request) -> Result<(), DatasetError> {
        let other = |difference| DatasetError::Other {
            path: self.path.clone(),
            difference,
        };
        if let Some(difference) = request.difference(&self.plan.request) {
            return Err(other(difference));
        }
        let ours = env!("CARGO_PKG_VERSION");
        if self.plan.version != ours && !self.manifest().exists() {
            return Err(other(format!(
                "version is {} there and {ours} here",
                self.plan.version
            )));
        }
        Ok(())
    }

    /// Refuses a folder that holds something else.
    ///
    /// # Errors
    /// [`DatasetError::File`].
    pub fn free(path: &Path) -> Result<(), DatasetError> {
        let mut entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(DatasetError::io(path, "read")(error)),
        };
        // what a killed process has left of a plan is none
        let other = entries.find_map(|entry| {
            let name = entry.ok()?.file_name();
            (name != "plan.json.part" && name != "shards").then_some(name)
        });
        match other {
            None => Ok(()),
            Some(name) => Err(DatasetError::file(
                path,
                format!(
                    "the folder holds {} and is no data set; choose one that is empty or not there",
                    name.display()
                ),
            )),
        }
    }

    /// Whether a data set was begun there.
    pub fn begun(path: &Path) -> bool {
        path.join("plan.json").exists()
    }

    /// The arrays of inputs of a shard, in the order of the family's inputs.
    pub fn inputs(&self, shard: usize) -> Vec<PathBuf> {
        self.arrays("coefficients", &self.stored.inputs, shard)
    }

    /// The arrays of outputs of a shard.
    pub fn outputs(&self, shard: usize) -> Vec<PathBuf> {
        self.arrays("solutions", &self.stored.outputs, shard)
    }

    /// The error bars of a shard, where they are asked for.
    pub fn errors(&self, shard: usize) -> Option<PathBuf> {
        let name = format!("errors-{shard:04}.npy");
        self.plan.request.error_bars.map(|_| self.path.join(name))
    }

    fn arrays(&self, kind: &str, fields: &[FieldSpec], shard: usize) -> Vec<PathBuf> {
        let names = fields.iter().map(|field| match fields.len() {
            1 => format!("{kind}-{shard:04}.npy"),
            _ => format!("{kind}-{}-{shard:04}.npy", field.name),
        });
        names.map(|name| self.path.join(name)).collect()
    }

    /// Where the records of a shard lie.
    pub fn record(&self, shard: usize) -> PathBuf {
        self.path.join("shards").join(format!("{shard:04}.json"))
    }

    /// Where the seconds of a shard lie.
    pub fn time(&self, shard: usize) -> PathBuf {
        self.path
            .join("shards")
            .join(format!("{shard:04}.time.json"))
    }

    /// Where everything about the data lies.
    pub fn manifest(&self) -> PathBuf {
        self.path.join("manifest.json")
    }

    /// Where the seconds lie.
    pub fn timings(&self) -> PathBuf {
        self.path.join("timings.json")
    }

    /// What is written about a shard, if it is done and its arrays are there in their full length.
    ///
    /// # Errors
    /// [`DatasetError`] for a record that cannot be read.
    pub fn done(&self, shard: usize) -> Result<Option<Shard>, DatasetError> {
        let path = self.record(shard);
        if !path.exists() {
            return Ok(None);
        }
        let record: Shard = durable::read_json(&path)?;
        let whole = |stored: &Stored| {
            let there = fs::metadata(self.path.join(&stored.file));
            there.is_ok_and(|there| there.len() == stored.bytes)
        };
        Ok(record.files.iter().all(whole).then_some(record))
    }

    /// The shards that are not done.
    ///
    /// # Errors
    /// [`DatasetError`] for records that cannot be read.
    pub fn open_shards(&self) -> Result<Vec<usize>, DatasetError> {
        let mut open = Vec::new();
        for shard in 0..self.plan.request.shards() {
            if self.done(shard)?.is_none() {
                open.push(shard);
            }
        }
        Ok(open)
    }
}
