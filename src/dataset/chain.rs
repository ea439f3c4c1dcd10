//! Samples solved one after the other: inputs, system, solution, and its residual.

use super::source::Source;
use super::{DatasetError, Record, Seconds};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{Assembled, Description, SampleFamily, Step};
use resolvent_matrices::sequences::Novelty;
use resolvent_solvers::{
    Backstop, CgCoefficients, Change, EnergyConfig, EnergyEstimator, LinearOperator, Observer,
    RecycledState, Sequence, SequenceConfig, SolveError, Solved, Step as Iteration, Stopping, Way,
    kernels,
};
use std::ops::ControlFlow;
use std::time::Instant;

/// How the samples of a data set are solved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The way that is tried first.
    pub way: Way<f64>,
    /// What finishes a solve that the first way does not.
    pub safe: Option<Way<f64>>,
    /// Iterations of the first way, where there is another.
    pub budget: usize,
    /// Look whether the matrix is that of the sample before, value by value.
    pub constant: bool,
    /// When a solve has converged.
    pub stopping: Stopping<f64>,
}

/// One thread's place to make samples in.
pub struct Chain<'f, T: Scalar<Real = f64>> {
    family: &'f dyn SampleFamily<T>,
    steps: usize,
    plan: Plan,
    source: Source,
    sequence: Sequence<T>,
    system: Assembled<T>,
    /// Values of the matrix before, where it may be the same.
    values: Vec<T>,
    /// Inputs of the sample at hand.
    pub inputs: Vec<Vec<f64>>,
    /// Its outputs.
    pub outputs: Vec<Vec<f64>>,
    x: Vec<T>,
    before: Vec<T>,
    r: Vec<T>,
    /// Estimates the error of solves by CG, where that is asked for.
    estimator: Option<EnergyEstimator>,
    /// What each stage has taken.
    pub seconds: Seconds,
}

impl<'f, T: Scalar<Real = f64>> Chain<'f, T> {
    /// A place for samples of a family.
    pub fn new(
        family: &'f dyn SampleFamily<T>,
        description: &Description,
        source: Source,
        plan: Plan,
    ) -> Self {
        let rows = description.rows();
        Self {
            family,
            steps: family.steps().max(1),
            plan,
            source,
            sequence: sequence(plan.stopping),
            system: Assembled::default(),
            values: Vec::new(),
            inputs: description.new_inputs(),
            outputs: description.new_outputs(),
            x: vec![T::ZERO; rows],
            before: Vec::with_capacity(rows),
            r: vec![T::ZERO; rows],
            estimator: None,
            seconds: Seconds::default(),
        }
    }

    /// Estimates the energy norm of the error of what CG solves from now on.
    pub fn estimating(mut self) -> Self {
        self.estimator = Some(EnergyEstimator::new(EnergyConfig::default()));
        self
    }

    /// Begins a chain: what follows depends on nothing that was solved before.
    pub fn begin(&mut self) {
        if self.plan.way.method.recycles() {
            self.sequence = sequence(self.plan.stopping);
            self.system = Assembled::default();
        }
    }

    /// What a solver that recycles has found so far.
    pub fn recycled(&self) -> Vec<(String, RecycledState)> {
        self.sequence.recycled()
    }

    /// Goes on from what it had found after another sample of the chain.
    pub fn go_on_from(&mut self, recycled: &[(String, RecycledState)]) {
        self.sequence.go_on_from(recycled);
    }

    /// The (first) system of a sample, counted from 0, not solved.
    ///
    /// # Errors
    /// [`DatasetError`] for inputs and systems that cannot be used.
    pub fn draw(&mut self, sample: u64, system: &mut Assembled<T>) -> Result<(), DatasetError> {
        self.source.inputs(self.family, sample, &mut self.inputs)?;
        Ok(self
            .family
            .assemble(&self.inputs, Step::default(), system)?)
    }

    /// Makes a sample, counted from 0; its fields are then in `inputs` and `outputs`.
    ///
    /// # Errors
    /// [`DatasetError`] for inputs and systems that cannot be used. Not converging is a status.
    pub fn sample(
        &mut self,
        sample: u64,
        observer: &mut dyn Observer<T>,
    ) -> Result<Made, DatasetError> {
        let mut lap = Lap::now();
        self.source.inputs(self.family, sample, &mut self.inputs)?;
        self.seconds.generate += lap.seconds();
        let mut made = Made::default();
        for step in 0..self.steps {
            let before = if step == 0 { &[][..] } else { &self.before };
            let index = Step {
                index: step,
                before,
            };
            self.family
                .assemble(&self.inputs, index, &mut self.system)?;
            self.seconds.generate += lap.seconds();
            if step == 0 {
                self.x.fill(T::ZERO); // later steps begin with the solution before
            }
            let solved = self.solve(observer)?;
            self.seconds.setup += solved.setup.as_secs_f64();
            self.seconds.solve += lap.seconds() - solved.setup.as_secs_f64();
            self.family
                .outputs(&self.x, step, &self.inputs, &mut self.outputs)?;
            self.family.unknowns(&self.outputs, step, &mut self.x)?;
            made.take(&solved, self.residual(), self.plan.stopping.rtol);
            made.take_energy(self.energy(solved.solver));
            self.seconds.verify += lap.seconds();
            self.before.clear();
            self.before.extend_from_slice(&self.x);
        }
        Ok(made)
    }

    /// The system at hand, from the iterate in x.
    fn solve(&mut self, observer: &mut dyn Observer<T>) -> Result<Solved<f64>, DatasetError> {
        let change = self.change();
        self.sequence.advance(change);
        let backstop = self.plan.safe.map(|safe| Backstop {
            iterations: self.plan.budget,
            time: None,
            safe,
        });
        let Assembled { a, b, .. } = &self.system;
        let (way, backstop) = (Some(&self.plan.way), backstop.as_ref());
        let (sequence, x) = (&mut self.sequence, &mut self.x);
        Ok(match &mut self.estimator {
            Some(estimator) => {
                estimator.reset();
                let mut observer = Estimating {
                    estimator,
                    next: observer,
                };
                sequence.solve(a, b, way, backstop, x, &mut observer)?
            }
            None => sequence.solve(a, b, way, backstop, x, observer)?,
        })
    }

    /// ‖x* − x‖_A from above and ‖x‖_A of the system at hand, whose residual was just recomputed; `None`
    /// where CG has not finished it, or has not said enough.
    fn energy(&self, solver: &str) -> Option<Energy> {
        let above = match solver {
            "cg" | "rcg" => self.estimator.as_ref()?.above()?,
            _ => return None,
        };
        let dot = |v: &[T]| kernels::dot(&self.x, v).re();
        let square = dot(&self.system.b) - dot(&self.r); // xᴴAx = xᴴ(b − r)
        Some(Energy {
            error: above.energy,
            norm: square.max(0.0).sqrt(),
        })
    }

    /// What is new about the matrix.
    fn change(&mut self) -> Change {
        let new = match self.system.novelty {
            Novelty::Rhs => return Change::Nothing,
            Novelty::Values => Change::Values,
            Novelty::Pattern => Change::Pattern,
        };
        let values = self.system.a.values();
        if !self.plan.constant {
            return new;
        }
        if new == Change::Values && self.values == values {
            return Change::Nothing;
        }
        self.values.clear();
        self.values.extend_from_slice(values);
        new
    }

    /// ‖b − Ax‖₂/‖b‖₂ of the unknowns as they are stored, in double precision.
    fn residual(&mut self) -> f64 {
        let Assembled { a, b, .. } = &self.system;
        a.residual(b, &self.x, &mut self.r); // r = b − Ax
        let r = kernels::norm_squared(&self.r).sqrt();
        match r == 0.0 {
            true => 0.0,
            false => r / kernels::norm_squared(b.as_slice()).sqrt(),
        }
    }

    /// The system at hand.
    pub fn system(&self) -> &Assembled<T> {
        &self.system
    }
}

fn sequence<T: Scalar<Real = f64>>(stopping: Stopping<f64>) -> Sequence<T> {
    Sequence::new(SequenceConfig {
        stopping,
        ..SequenceConfig::default()
    })
}

/// Takes the coefficients of CG for an estimator, and passes everything on.
struct Estimating<'a, T: Scalar> {
    estimator: &'a mut EnergyEstimator,
    next: &'a mut dyn Observer<T>,
}

impl<T: Scalar> Observer<T> for Estimating<'_, T> {
    fn step(&mut self, step: &Iteration<'_, T>) -> ControlFlow<()> {
        self.next.step(step)
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        self.estimator.push(of);
        self.next.coefficients(of);
    }
}

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
    fn take(&mut self, solved: &Solved<f64>, residual: f64, rtol: f64) {
        self.solver = solved.solver;
        self.precond = solved.precond;
        self.iterations += solved.report.iterations;
        self.matvecs += solved.report.matvecs;
        self.rescued |= solved.capped;
        if residual.is_nan() || residual > self.relative_residual {
            self.relative_residual = residual;
        }
        // judged by the residual of what is stored, whatever the solver says
        let small = residual <= rtol; // false of NaN
        if !small {
            let reason = match solved.report.converged() {
                true => "residual_of_the_stored_solution",
                false => solved.report.reason.name(),
            };
            self.failed.get_or_insert(reason);
        }
    }

    fn take_energy(&mut self, energy: Option<Energy>) {
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

/// Time since the last time it was asked for.
pub struct Lap(Instant);

impl Lap {
    /// From now on.
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the last call.
    pub fn seconds(&mut self) -> f64 {
        let now = Instant::now();
        let seconds = (now - self.0).as_secs_f64();
        self.0 = now;
        seconds
    }
}

/// A sample that could not be made.
pub fn blamed(index: u64) -> impl FnOnce(DatasetError) -> DatasetError {
    move |source| DatasetError::Sample {
        index,
        source: Box::new(source),
    }
}

/// What is solved here cannot be: a part failed before the first iteration.
pub fn setup_failed(error: &DatasetError) -> bool {
    matches!(
        error,
        DatasetError::Solve(SolveError::Precond(_) | SolveError::Factorization { .. })
    )
}
