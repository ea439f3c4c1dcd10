//! Error bars: how far each label is from what it stands for.
//!
//! Two errors are told apart. The algebraic one, ‖x* − x‖_A with x* the exact solution of the discrete
//! system, is estimated from above for every sample that CG has finished, from CG's own coefficients
//! ([`EnergyEstimator`](resolvent_solvers::EnergyEstimator)). That of the discretisation is seen on one
//! sample in so many, by index: the same continuous sample is drawn and solved on the doubled grid, and
//!   ‖u_h − R u_{h/2}‖₂/‖R u_{h/2}‖₂
//! taken over the stored points, R being the restriction to them. Of a scheme of order p the error of
//! u_h is 1/(1 − 2^−p) times as large: 4/3 for p = 2, 2 for p = 1.

use super::chain::Chain;
use super::folder::Folder;
use super::made::Made;
use super::npy::Rows;
use super::request::Request;
use super::restrict::Restriction;
use super::source::Source;
use super::{DatasetError, Seconds};
use crate::registry;
use resolvent_matrices::families::{AnyFamily, Description, SampleFamily, Site};
use resolvent_matrices::{Grid, Scalar};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorBars {
    /// The discretisation is looked at where the index is a multiple of this; `None`: nowhere.
    pub every: Option<u64>,
}

impl ErrorBars {
    /// Those of one sample in k = 1/fraction, of none for 0.
    ///
    /// # Errors
    /// [`DatasetError::Request`] outside of 0 to 1, and for what is off every 1/k by more than a twentieth
    /// of itself: it is every k-th sample or none.
    pub fn of_fraction(fraction: f64) -> Result<Self, DatasetError> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(DatasetError::Request(format!(
                "--error-bars-fraction {fraction}: give a number from 0 (no sample on the doubled grid) to 1 (every sample)"
            )));
        }
        if fraction == 0.0 {
            return Ok(Self { every: None });
        }
        let every = (1.0 / fraction).round();
        if (fraction * every - 1.0).abs() > 0.05 {
            let near = [(1.0 / fraction).floor(), (1.0 / fraction).ceil()];
            return Err(DatasetError::Request(format!(
                "--error-bars-fraction {fraction}: it is every sample, every second, every third, …: give 1 over a \
                 whole number, here {:.3} or {:.3}",
                1.0 / near[0],
                1.0 / near[1]
            )));
        }
        let every = Some(every as u64);
        Ok(Self { every })
    }

    /// Whether the discretisation of the sample with this index is looked at.
    pub fn doubles(&self, index: u64) -> bool {
        self.every.is_some_and(|every| index.is_multiple_of(every))
    }
}

/// Columns before those of the outputs.
const ALGEBRAIC: usize = 2;

/// The columns of `errors-NNNN.npy`: name and meaning.
pub fn columns(stored: &Description) -> Vec<[String; 2]> {
    let of_output = |name: &str| {
        [
            format!("discretisation_{name}"),
            format!(
                "2-norm of {name} as it is stored minus {name} solved on the doubled grid, over that of the latter; NaN for samples that were not solved there"
            ),
        ]
    };
    let mut columns = vec![
        [
            "energy_error".to_owned(),
            "energy norm of the exact solution of the discrete system minus the stored one, estimated from above (Gauss-Radau quadrature with 0.9 of the smallest Ritz value), in the units of the system as it is assembled; of several steps that with the largest relative one; NaN where another solver than cg or rcg has finished the sample, and where it took no iteration or more than 2048".to_owned(),
        ],
        [
            "energy_error_relative".to_owned(),
            "the same over the energy norm of the solution".to_owned(),
        ],
    ];
    columns.extend(stored.outputs.iter().map(|output| of_output(output.name)));
    columns
}

/// The family on the grid with half the spacing.
///
/// # Errors
/// [`DatasetError::Request`] for families whose samples are not on every grid the same or cannot be
/// compared there, and for inputs that are read.
pub fn doubled(request: &Request, solved: &Description) -> Result<AnyFamily, DatasetError> {
    let refuse = |why: &str| {
        Err(DatasetError::Request(format!(
            "{} has no doubled grid to estimate the error of the discretisation on: {why}; leave it out with --error-bars-fraction 0, and give --rtol a number",
            solved.name
        )))
    };
    if !request.systems.is_empty() {
        return refuse("its systems are read from files");
    }
    if !request.given.is_empty() {
        return refuse("its coefficients are read from files, which have one grid");
    }
    if solved.name == "skr-released" {
        return refuse("its matrices discretise no equation");
    }
    let mut sites = solved.outputs.iter().map(|output| output.site);
    let double = match sites.find(|site| *site != Site::Numbers) {
        Some(Site::Nodes) => |n: usize| 2 * n - 1,
        Some(_) => |n: usize| 2 * n,
        None => return refuse("its solutions sit on no grid"),
    };
    let text = request.solve_grid.as_ref().unwrap_or(&request.grid);
    let [nx, ny, nz] = Request::points(text)?.dims();
    let grid = match solved.grid.len() {
        3 => Grid::new(double(nx), double(ny), double(nz)),
        _ => Grid::new(double(nx), double(ny), 1),
    };
    let family = registry::sample_family(&request.family, grid)?;
    let stored = request.stored_family()?.describe();
    match Restriction::of_outputs(&family.describe(), &stored) {
        Ok(_) => Ok(family),
        Err(_) => {
            refuse("its solutions sit on other points than its grid has, and are not compared")
        }
    }
}

/// One thread's place to look at samples on the doubled grid.
pub struct Doubled<'f, T: Scalar<Real = f64>> {
    chain: Chain<'f, T>,
    restriction: Restriction,
    fields: Vec<Vec<f64>>,
}

impl<'f, T: Scalar<Real = f64>> Doubled<'f, T> {
    /// For samples of a family on the doubled grid, solved as `plan` says.
    ///
    /// # Errors
    /// [`DatasetError::Request`] where solutions on one grid cannot be compared with those on the other.
    pub fn new(
        request: &Request,
        family: &'f dyn SampleFamily<T>,
        stored: &Description,
        plan: super::chain::Plan,
    ) -> Result<Self, DatasetError> {
        let fine = family.describe();
        let source = Source::new(request, &fine)?;
        Ok(Self {
            restriction: Restriction::of_outputs(&fine, stored)?,
            chain: Chain::new(family, &fine, source, plan),
            fields: stored.new_outputs(),
        })
    }

    /// For each output of a sample, counted from 0, how far it is from that on the doubled grid; not a
    /// number where that did not converge.
    ///
    /// # Errors
    /// [`DatasetError`] for a sample that cannot be made.
    pub fn distances(
        &mut self,
        sample: u64,
        outputs: &[Vec<f64>],
        observer: &mut dyn resolvent_solvers::Observer<T>,
    ) -> Result<Vec<f64>, DatasetError> {
        self.chain.begin();
        self.chain.seconds = Seconds::default();
        let made = self.chain.sample(sample, observer)?;
        if made.failed.is_some() {
            return Ok(vec![f64::NAN; outputs.len()]);
        }
        self.restriction
            .outputs(&self.chain.outputs, &mut self.fields);
        let pairs = outputs.iter().zip(&self.fields);
        Ok(pairs.map(|(u, fine)| distance(u, fine)).collect())
    }
}

/// ‖u − v‖₂/‖v‖₂.
pub fn distance(u: &[f64], v: &[f64]) -> f64 {
    let apart: f64 = u.iter().zip(v).map(|(u, v)| (u - v) * (u - v)).sum();
    let size: f64 = v.iter().map(|v| v * v).sum();
    (apart / size).sqrt()
}

/// The row of a sample.
pub fn row(made: &Made, distances: Option<Vec<f64>>, outputs: usize) -> Vec<f64> {
    let energy = made.energy.filter(|_| made.failed.is_none());
    let [error, relative] = energy.map_or([f64::NAN; 2], |of| [of.error, of.relative()]);
    let mut row = vec![error, relative];
    row.extend(distances.unwrap_or_else(|| vec![f64::NAN; outputs]));
    row
}

/// What the numbers of a column are, those left out that are none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its name.
    pub column: String,
    /// How many numbers.
    pub count: u64,
    /// Their mean; `None` of none.
    pub mean: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// A summary of each column over the shards that are done; empty where no error bars were asked for.
///
/// # Errors
/// [`DatasetError`] for files that cannot be read.
pub fn summary(folder: &Folder) -> Result<Vec<Summary>, DatasetError> {
    let request = &folder.plan.request;
    if request.error_bars.is_none() {
        return Ok(Vec::new());
    }
    let columns = columns(&folder.stored);
    let mut sums = vec![(0u64, 0.0, f64::NEG_INFINITY); columns.len()];
    let mut row = vec![0.0; columns.len()];
    for shard in 0..request.shards() {
        let Some(path) = folder.errors(shard).filter(|path| path.exists()) else {
            continue;
        };
        let mut rows = Rows::open(&path)?;
        for at in 0..rows.len() {
            rows.read(at, &mut row)?;
            for ((count, sum, max), v) in sums.iter_mut().zip(&row).filter(|(_, v)| v.is_finite()) {
                (*count, *sum, *max) = (*count + 1, *sum + v, v.max(*max));
            }
        }
    }
    let pairs = columns.into_iter().zip(sums);
    let one = |([column, _], (count, sum, max)): ([String; 2], (u64, f64, f64))| Summary {
        column,
        count,
        mean: (count > 0).then(|| sum / count as f64),
        max: (count > 0).then_some(max),
    };
    Ok(pairs.map(one).collect())
}

/// As the manifest has it.
///
/// # Errors
/// As [`summary`].
pub fn described(folder: &Folder) -> Result<Value, DatasetError> {
    let Some(bars) = folder.plan.request.error_bars else {
        return Ok(Value::Null);
    };
    let columns = columns(&folder.stored);
    let columns = columns
        .iter()
        .map(|[name, meaning]| json!({ "name": name, "meaning": meaning }));
    Ok(json!({
        "files": "errors-NNNN.npy",
        "dtype": "f64",
        "doubled": bars.every.map(|every| format!("samples whose index is a multiple of {every}")),
        "columns": columns.collect::<Vec<_>>(),
        "statistics": summary(folder)?,
    }))
}

/// What is wrong with the row of a sample, if anything is.
pub fn judge(bars: ErrorBars, index: u64, converged: bool, row: &[f64]) -> Option<&'static str> {
    let fine = |v: &f64| v.is_nan() || (*v >= 0.0 && v.is_finite());
    if !row.iter().all(fine) {
        return Some("an error is negative or infinite");
    }
    let (algebraic, discretisation) = row.split_at(ALGEBRAIC.min(row.len()));
    if !converged && row.iter().any(|v| !v.is_nan()) {
        return Some("it did not converge, yet an error stands for it");
    }
    if algebraic.iter().any(|v| v.is_nan()) != algebraic.iter().all(|v| v.is_nan()) {
        return Some("only one of the two energy errors is there");
    }
    let there = discretisation.iter().any(|v| !v.is_nan());
    (there && !bars.doubles(index))
        .then_some("there is an error of the discretisation where none was asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_choose_by_index() {
        let bars = |f| ErrorBars::of_fraction(f).unwrap();
        let count = |b: ErrorBars| (0..64).filter(|i| b.doubles(*i)).count();
        assert_eq!([0.0, 1.0, 0.5, 0.0625].map(bars).map(count), [0, 64, 32, 4]);
        assert_eq!([0.33, 0.2, 0.06].map(bars).map(count), [22, 13, 4]);
        for wrong in [-0.1, 1.5, f64::NAN, 0.67, 0.4] {
            assert!(ErrorBars::of_fraction(wrong).is_err());
        }
    }

    #[test]
    fn rows_are_judged() {
        let bars = ErrorBars { every: Some(4) };
        let nan = f64::NAN;
        assert_eq!(judge(bars, 4, true, &[1e-9, 1e-8, 0.1]), None);
        assert_eq!(judge(bars, 5, true, &[nan, nan, nan]), None);
        assert!(judge(bars, 5, true, &[nan, nan, 0.1]).is_some());
        assert!(judge(bars, 4, false, &[nan, nan, 0.1]).is_some());
        assert!(judge(bars, 4, true, &[1e-9, nan, 0.1]).is_some());
        assert!(judge(bars, 4, true, &[-1e-9, 1.0, 0.1]).is_some());
    }
}
