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
    /// [`DatasetError`] where the request makes no sense or the folder cannot be written, and
    /// [`DatasetError::Begun`] where one was begun there: its plan stays as it is.
    pub fn create(path: &Path, request: Request, choice: Choice) -> Result<Self, DatasetError> {
        let plan = Plan {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            request,
            choice,
        };
        let folder = Self::of(path, plan)?;
        fs::create_dir_all(path.join("shards")).map_err(DatasetError::io(path, "write"))?;
        let file = path.join("plan.json");
        match durable::write_new(&file, &durable::json(&file, &folder.plan)?)? {
            true => Ok(folder),
            false => Err(DatasetError::Begun(path.to_path_buf())),
        }
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

    /// Refuses a folder that holds something else than a data set.
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
            let of_a_plan = name
                .to_str()
                .is_some_and(|name| name.starts_with("plan.json.") && name.ends_with(".part"));
            (!of_a_plan && name != "shards").then_some(name)
        });
        match other {
            None => Ok(()),
            Some(_) if Self::begun(path) => Ok(()), // by another process, in the meantime
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
    /// [`DatasetError`] for a record that cannot be read, with what to do about it.
    pub fn done(&self, shard: usize) -> Result<Option<Shard>, DatasetError> {
        let path = self.record(shard);
        if !path.exists() {
            return Ok(None);
        }
        let record: Shard = durable::read_json(&path).map_err(|error| match error {
            DatasetError::File { path, problem } => DatasetError::File {
                path,
                problem: format!(
                    "it is no record of a shard ({problem}); remove it and type the command again, which makes shard {shard} anew"
                ),
            },
            other => other,
        })?;
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

#[cfg(test)]
mod tests {
    use super::super::order;
    use super::super::{Dtype, Shares};
    use super::*;

    fn request(seed: u64) -> Request {
        Request {
            family: "darcy".into(),
            grid: "8x8".into(),
            solve_grid: None,
            samples: 3,
            first: 0,
            seed,
            systems: Vec::new(),
            given: Vec::new(),
            dtype: Dtype::F64,
            solver: "cg".into(),
            precond: "ic0".into(),
            rtol: 1e-8,
            auto_rtol: false,
            max_iters: None,
            order: order::Kind::Given,
            shard: 2,
            chain: 2,
            error_bars: None,
            split: Shares::default(),
        }
    }

    #[test]
    fn a_plan_is_never_written_over() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path();
        let choice = |budget| Choice::asked("cg", "ic0", budget);
        Folder::create(path, request(1), choice(10)).unwrap();
        let plan = fs::read(path.join("plan.json")).unwrap();
        for (seed, budget) in [(1, 20), (2, 10)] {
            let again = Folder::create(path, request(seed), choice(budget));
            assert!(matches!(again, Err(DatasetError::Begun(_))));
        }
        assert_eq!(fs::read(path.join("plan.json")).unwrap(), plan);
        let folder = Folder::open(path).unwrap();
        assert!(folder.agrees(&request(1)).is_ok());
        assert!(folder.agrees(&request(2)).is_err());
    }

    #[test]
    fn a_record_that_cannot_be_read_says_what_to_do() {
        let temporary = tempfile::tempdir().unwrap();
        let choice = Choice::asked("cg", "ic0", 10);
        let folder = Folder::create(temporary.path(), request(1), choice).unwrap();
        for garbage in ["", "{", "[1]"] {
            fs::write(folder.record(1), garbage).unwrap();
            let said = folder.done(1).unwrap_err().to_string();
            assert!(said.contains("0001.json"), "{said}");
            assert!(
                said.contains("remove it and type the command again"),
                "{said}"
            );
            assert!(folder.done(0).unwrap().is_none());
        }
    }
}
