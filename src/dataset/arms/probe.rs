//! Ways measured on the first samples.

use super::Arm;
use crate::dataset::chain::{self, Chain, setup_failed};
use crate::dataset::request::Request;
use crate::dataset::source::Source;
use crate::dataset::{DatasetError, Seconds, choice};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{Assembled, SampleFamily};
use resolvent_solvers::{Direct, Kind, SolveError, Stopping};

/// Samples that each arm is measured on after the first.
pub(super) const PROBES: u64 = 3;
/// An arm that takes so many times the time of the best is not looked at any further.
const HOPELESS: f64 = 2.0;
/// Bytes that the factors of a thread may take.
const FACTOR_BYTES: usize = 2 << 30;
/// Operations that a factorisation may take: a minute or so.
const FACTOR_FLOPS: f64 = 2e11;

/// Measures arms on the first samples.
pub(super) struct Probe<'a, T: Scalar<Real = f64>> {
    pub request: &'a Request,
    pub family: &'a dyn SampleFamily<T>,
    pub most: usize,
    pub constant: bool,
    pub best: f64,
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl<T: Scalar<Real = f64>> Probe<'_, T> {
    pub fn stop(&self) -> bool {
        (self.stop)()
    }

    /// A way on the first samples; seconds are those of setup and iterations, without what every way
    /// shares.
    pub fn measure(
        &mut self,
        solver: &str,
        precond: &str,
        probes: u64,
    ) -> Result<Arm, DatasetError> {
        let mut arm = Arm {
            solver: solver.into(),
            precond: precond.into(),
            samples: 0,
            seconds: None,
            iterations: 0.0,
            remark: None,
        };
        let plan = chain::Plan {
            way: choice::way(solver, precond)?,
            safe: None,
            budget: self.most,
            constant: self.constant,
            stopping: Stopping {
                rtol: self.request.rtol,
                max_iters: self.most,
                ..Stopping::default()
            },
            network: choice::network(precond)?,
        };
        let description = self.family.describe();
        let source = Source::new(self.request, &description)?;
        let mut chain = Chain::new(self.family, &description, source, plan);
        let mut first = 0.0;
        for sample in 0..(1 + probes).min(self.request.samples) {
            chain.seconds = Seconds::default();
            let made = match chain.sample(sample, &mut ()) {
                Err(error) if setup_failed(&error) || refused(&error) => {
                    arm.remark = Some(error.to_string());
                    return Ok(arm);
                }
                made => made.map_err(chain::blamed(self.request.first + sample))?,
            };
            if let Some(reason) = made.failed {
                arm.remark = Some(reason.into());
                return Ok(arm);
            }
            let took = chain.seconds.setup + chain.seconds.solve;
            if sample > 0 || self.request.samples == 1 {
                arm.samples += 1;
                // the smallest: whatever else the machine does only adds to it
                arm.iterations += (made.iterations as f64 - arm.iterations) / arm.samples as f64;
                arm.seconds = Some(arm.seconds.map_or(took, |least| least.min(took)));
            } else {
                arm.iterations = 0.0;
                first = made.iterations as f64;
            }
            // the first solve sets everything up, which may take as long as a solve
            let allowed = HOPELESS * if sample == 0 { 2.0 } else { 1.0 };
            if arm.seconds.unwrap_or(took) > allowed * self.best && sample != 1 {
                arm.seconds = Some(arm.seconds.unwrap_or(took));
                arm.iterations = arm.iterations.max(first);
                arm.remark = Some("given up: others are faster".into());
                return Ok(arm);
            }
        }
        arm.iterations = match arm.samples {
            0 => first,
            _ => arm.iterations,
        };
        self.best = self.best.min(arm.seconds.unwrap_or(f64::INFINITY));
        Ok(arm)
    }

    /// A factorisation, unless its size or time is out of bounds.
    pub fn direct(&mut self, solver: &str) -> Result<Arm, DatasetError> {
        let kind = match solver {
            "direct:kind=llt" => Kind::Llt,
            "direct:kind=ldlt" => Kind::Ldlt,
            _ => Kind::Lu,
        };
        let description = self.family.describe();
        let mut source = Source::new(self.request, &description)?;
        let mut inputs = description.new_inputs();
        let mut system = Assembled::default();
        source
            .assemble(self.family, 0, &mut inputs, &mut system)
            .map_err(chain::blamed(self.request.first))?;
        let prediction = Direct::<T>::predict(system.a.view(), kind)?;
        if prediction.bytes <= FACTOR_BYTES && prediction.flops <= FACTOR_FLOPS {
            return self.measure(solver, "none", PROBES);
        }
        Ok(Arm {
            solver: solver.into(),
            precond: "none".into(),
            samples: 0,
            seconds: None,
            iterations: 0.0,
            remark: Some(format!(
                "not tried: its factors would take {} MB and {:.0e} operations",
                prediction.bytes >> 20,
                prediction.flops
            )),
        })
    }

    /// SSOR with the ω that takes the fewest iterations on the first sample: golden section on ω.
    pub fn relaxed(&mut self, solver: &str) -> Result<Arm, DatasetError> {
        let name = |omega: f64| format!("ssor:omega={omega:.3}");
        let (mut low, mut high) = (1.0, 1.98);
        let golden = 0.5 * (5.0f64.sqrt() - 1.0);
        let count = |omega: f64, this: &mut Self| -> Result<f64, DatasetError> {
            let arm = this.measure_once(solver, &name(omega))?;
            Ok(arm.unwrap_or(f64::INFINITY))
        };
        let mut inner = [high - golden * (high - low), low + golden * (high - low)];
        let mut counts = [count(inner[0], self)?, count(inner[1], self)?];
        for _ in 0..5 {
            if counts[0] < counts[1] {
                high = inner[1];
                inner = [high - golden * (high - low), inner[0]];
                counts = [count(inner[0], self)?, counts[0]];
            } else {
                low = inner[0];
                inner = [inner[1], low + golden * (high - low)];
                counts = [counts[1], count(inner[1], self)?];
            }
        }
        let omega = if counts[0] < counts[1] {
            inner[0]
        } else {
            inner[1]
        };
        self.measure(solver, &name(omega), PROBES)
    }

    /// Whether a way can be set up for the first sample.
    ///
    /// # Errors
    /// [`DatasetError::Request`] with what is wrong.
    pub fn set_up(&mut self, solver: &str, precond: &str) -> Result<(), DatasetError> {
        let arm = self.measure(solver, precond, 0)?;
        match arm.remark {
            Some(problem) if arm.samples == 0 && problem.contains(' ') => {
                Err(DatasetError::Request(problem))
            }
            _ => Ok(()),
        }
    }

    /// Iterations on the first sample; `None` if it did not converge.
    fn measure_once(&mut self, solver: &str, precond: &str) -> Result<Option<f64>, DatasetError> {
        let best = std::mem::replace(&mut self.best, f64::INFINITY);
        let arm = self.measure(solver, precond, 0);
        self.best = best;
        let arm = arm?;
        Ok(arm.remark.is_none().then_some(arm.iterations))
    }
}

/// The method does not take the preconditioner.
fn refused(error: &DatasetError) -> bool {
    matches!(
        error,
        DatasetError::Solve(SolveError::NeedsLinearity { .. })
    )
}
