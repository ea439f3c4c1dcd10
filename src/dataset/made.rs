//! What became of a sample.

use super::Record;
use resolvent_solvers::Solved;

/// Energy norms, in the units of the system as it is assembled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Energy {
    /// ‖x* − x‖_A, estimated from above.
    pub error: f64,
    /// ‖x‖_A.
    pub norm: f64,
}

impl Energy {
    /// ‖x* − x‖_A/‖x‖_A.
    pub fn relative(&self) -> f64 {
        self.error / self.norm
    }
}

/// How a sample was solved.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Made {
    /// Method that finished it (the last step of it).
    pub solver: &'static str,
    /// Preconditioner that finished it.
    pub precond: &'static str,
    /// Iterations of all steps.
    pub iterations: usize,
    /// Products with A of all steps.
    pub matvecs: usize,
    /// The largest ‖b − Ax‖₂/‖b‖₂ of its steps.
    pub relative_residual: f64,
    /// Of the step with the largest relative error in the energy norm; `None` where one of them has no
    /// estimate, or none was asked for.
    pub energy: Option<Energy>,
    /// Steps of which the energy was asked.
    steps: usize,
    /// Why it did not converge; `None` if it did.
    pub failed: Option<&'static str>,
    /// Finished by the second way.
    pub rescued: bool,
}

impl Made {
    /// `None`: it was combined.
    pub(super) fn take(&mut self, solved: Option<&Solved<f64>>, residual: f64, rtol: f64) {
        (self.solver, self.precond) = ("combination", "none");
        if let Some(solved) = solved {
            (self.solver, self.precond) = (solved.solver, solved.precond);
            self.iterations += solved.report.iterations;
            self.matvecs += solved.report.matvecs;
            self.rescued |= solved.capped;
        }
        if residual.is_nan() || residual > self.relative_residual {
            self.relative_residual = residual;
        }
        // judged by the residual of what is stored, whatever the solver says
        let small = residual <= rtol; // false of NaN
        if !small {
            let reason = match solved {
                Some(solved) if !solved.report.converged() => solved.report.reason.name(),
                _ => "residual_of_the_stored_solution",
            };
            self.failed.get_or_insert(reason);
        }
    }

    pub(super) fn take_energy(&mut self, energy: Option<Energy>) {
        self.energy = match (self.energy, energy) {
            (Some(most), Some(now)) if most.relative() >= now.relative() => Some(most),
            (_, now) if self.steps == 0 || self.energy.is_some() => now,
            _ => None,
        };
        self.steps += 1;
    }

    /// As it is written.
    pub fn record(&self, index: u64, seed: u64, position: u64, parent: Option<u64>) -> Record {
        Record {
            index,
            seed,
            position,
            parent,
            solver: self.solver.into(),
            precond: self.precond.into(),
            iterations: self.iterations,
            matvecs: self.matvecs,
            relative_residual: Some(self.relative_residual).filter(|r| r.is_finite()),
            status: self.failed.unwrap_or("converged").into(),
        }
    }
}
