//! `--rtol auto`: labels as exact as the grid makes it worth while.
//!
//! On the first samples the error of the discretisation is seen on the doubled grid ([`bars`]), and the
//! algebraic one against a solve to 1e-12, both as they are stored and in the 2-norm:
//!   η = ‖u_h − R u_{h/2}‖₂/‖R u_{h/2}‖₂,   e(rtol) = ‖u_rtol − u_h‖₂/‖u_h‖₂
//! rtol is the largest of 1e-2, 3e-3, 1e-3, … with e ≤ [`SHARE`]/[`SAFETY`]·η for each of them, by the way
//! in which the samples will be solved. The samples still stop on ‖b − Ax‖₂ ≤ rtol‖b‖₂, recomputed.

use super::arms::{self, Arm};
use super::bars::{self, Doubled};
use super::chain::{Chain, blamed};
use super::request::Request;
use super::restrict::Restriction;
use super::source::Source;
use super::{Choice, DatasetError};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{AnyFamily, SampleFamily};
use serde::{Deserialize, Serialize};

/// The algebraic error is at most this part of that of the discretisation.
pub const SHARE: f64 = 0.01;
/// On the samples that were measured it is smaller by this factor: others may be worse.
pub const SAFETY: f64 = 2.0;
/// Samples that are measured.
const PROBES: u64 = 4;
/// What a solve to full accuracy is.
const EXACT: f64 = 1e-12;
/// Where the ways are measured from, and the smallest rtol that is chosen.
const TIGHT: f64 = 1e-8;

/// Where an rtol is from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// What was chosen.
    pub rtol: f64,
    /// The algebraic error was to be at most this part of that of the discretisation.
    pub share: f64,
    /// It was met on the samples that were measured; if not, rtol is the smallest there is.
    pub met: bool,
    /// The error of the discretisation of each sample that was measured: relative, 2-norm, the largest of
    /// its outputs.
    pub discretisation: Vec<f64>,
    /// The algebraic error of each over that of the discretisation, the largest of its outputs.
    pub ratios: Vec<f64>,
}

/// How a request is solved, with an rtol that is found if that is asked for.
///
/// # Errors
/// [`DatasetError`] as of [`arms::choose`] and [`bars::doubled`].
pub fn choose(
    request: &mut Request,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(Choice, Vec<Arm>), DatasetError> {
    let family = request.family()?;
    if !request.auto_rtol {
        return arms::choose(request, &family, stop);
    }
    let doubled = bars::doubled(request, &family.describe())?;
    match (&family, &doubled) {
        (AnyFamily::Real(f), AnyFamily::Real(d)) => {
            find(request, &family, f.as_ref(), d.as_ref(), stop)
        }
        (AnyFamily::Complex(f), AnyFamily::Complex(d)) => {
            find(request, &family, f.as_ref(), d.as_ref(), stop)
        }
        _ => Err(DatasetError::Request(
            "--rtol auto: the family has other numbers on the doubled grid; give --rtol a number"
                .into(),
        )),
    }
}

fn find<T: Scalar<Real = f64>>(
    request: &mut Request,
    any: &AnyFamily,
    family: &dyn SampleFamily<T>,
    doubled: &dyn SampleFamily<T>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(Choice, Vec<Arm>), DatasetError> {
    request.rtol = TIGHT;
    let (first, arms) = arms::choose(request, any, stop)?;
    let truth = Truth::measure(request, family, doubled, &first)?;
    let mut found = (first, arms);
    for rtol in candidates() {
        request.rtol = rtol;
        // by the way that is at hand, before all ways are measured at this rtol
        if !truth.small(&truth.ratios(request, family, &found.0)?) {
            continue;
        }
        found = arms::choose(request, any, stop)?;
        let ratios = truth.ratios(request, family, &found.0)?;
        if truth.small(&ratios) || rtol == TIGHT {
            return Ok(truth.noted(request.rtol, ratios, found));
        }
    }
    found = arms::choose(request, any, stop)?;
    let ratios = truth.ratios(request, family, &found.0)?;
    Ok(truth.noted(request.rtol, ratios, found))
}

/// 1e-2, 3e-3, 1e-3, …, 1e-8.
fn candidates() -> impl Iterator<Item = f64> {
    const ALL: [f64; 13] = [
        1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7, 3e-8, TIGHT,
    ];
    ALL.into_iter()
}

/// The outputs of a sample.
type Fields = Vec<Vec<f64>>;

/// What is known of the samples that are measured.
struct Truth {
    /// Their outputs, as they are stored, solved to full accuracy.
    exact: Vec<Fields>,
    /// η of each output.
    discretisation: Vec<Vec<f64>>,
}

impl Truth {
    fn measure<T: Scalar<Real = f64>>(
        request: &Request,
        family: &dyn SampleFamily<T>,
        doubled: &dyn SampleFamily<T>,
        choice: &Choice,
    ) -> Result<Self, DatasetError> {
        let exact = stored(request, family, choice, EXACT)?;
        let stored = request.stored_family()?.describe();
        let plan = choice.plan(request)?;
        let mut fine = Doubled::new(request, doubled, &stored, plan)?;
        let mut discretisation = Vec::new();
        for (sample, outputs) in (0..).zip(&exact) {
            let distances = fine.distances(sample, outputs, &mut ());
            let distances = distances.map_err(blamed(request.first + sample))?;
            if distances.iter().any(|d| !d.is_finite()) {
                return Err(DatasetError::Request(format!(
                    "--rtol auto: sample {} does not converge on the doubled grid; give --rtol a number",
                    request.first + sample
                )));
            }
            discretisation.push(distances);
        }
        Ok(Self {
            exact,
            discretisation,
        })
    }

    /// e/η of each sample solved like this, the largest of its outputs.
    fn ratios<T: Scalar<Real = f64>>(
        &self,
        request: &Request,
        family: &dyn SampleFamily<T>,
        choice: &Choice,
    ) -> Result<Vec<f64>, DatasetError> {
        let solved = stored(request, family, choice, request.rtol)?;
        let sample = |(at, u): (usize, &Fields)| {
            let pairs = u.iter().zip(&self.exact[at]).zip(&self.discretisation[at]);
            pairs
                .map(|((u, exact), eta)| bars::distance(u, exact) / eta)
                .fold(0.0, worst)
        };
        Ok(solved.iter().enumerate().map(sample).collect())
    }

    fn small(&self, ratios: &[f64]) -> bool {
        ratios.iter().copied().fold(0.0, worst) <= SHARE / SAFETY
    }

    fn noted(
        &self,
        rtol: f64,
        ratios: Vec<f64>,
        (choice, arms): (Choice, Vec<Arm>),
    ) -> (Choice, Vec<Arm>) {
        let most = |eta: &Vec<f64>| eta.iter().copied().fold(0.0, worst);
        let tolerance = Tolerance {
            rtol,
            share: SHARE,
            met: self.small(&ratios),
            discretisation: self.discretisation.iter().map(most).collect(),
            ratios,
        };
        let tolerance = Some(tolerance);
        (
            Choice {
                tolerance,
                ..choice
            },
            arms,
        )
    }
}

/// The larger one; NaN, where one is.
fn worst(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

/// The first samples as they are stored, solved in this way to an rtol. Where rtol is out of reach they are
/// as near to it as that comes.
fn stored<T: Scalar<Real = f64>>(
    request: &Request,
    family: &dyn SampleFamily<T>,
    choice: &Choice,
    rtol: f64,
) -> Result<Vec<Fields>, DatasetError> {
    let (solved, stored) = (family.describe(), request.stored_family()?.describe());
    let restriction = match request.solve_grid {
        Some(_) => Some(Restriction::of_outputs(&solved, &stored)?),
        None => None,
    };
    let mut plan = choice.plan(request)?;
    if rtol < plan.stopping.rtol {
        // more than the way was measured for
        plan.stopping.max_iters = plan.stopping.max_iters.max((10 * solved.rows()).max(1000));
        plan.budget = plan.budget.max(plan.stopping.max_iters);
    }
    plan.stopping.rtol = rtol;
    let source = Source::new(request, &solved)?;
    let mut chain = Chain::new(family, &solved, source, plan);
    let mut all = Vec::new();
    for sample in 0..PROBES.min(request.samples) {
        chain.begin();
        chain
            .sample(sample, &mut ())
            .map_err(blamed(request.first + sample))?;
        let mut outputs = stored.new_outputs();
        match &restriction {
            Some(restriction) => restriction.outputs(&chain.outputs, &mut outputs),
            None => outputs.clone_from(&chain.outputs),
        }
        all.push(outputs);
    }
    Ok(all)
}
