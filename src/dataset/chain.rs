//! Samples solved one after the other: inputs, system, solution, and its residual.

use super::basis::Basis;
use super::made::{Energy, Made};
use super::source::Source;
use super::{DatasetError, Seconds};
use crate::network::Network;
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
#[derive(Debug, Clone)]
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
    /// The network that the way calls by name.
    pub network: Option<Network>,
}

/// One thread's place to make samples in.
pub struct Chain<'f, T: Scalar<Real = f64>> {
    family: &'f dyn SampleFamily<T>,
    steps: usize,
    description: Description,
    plan: Plan,
    source: Source,
    sequence: Sequence<T>,
    system: Assembled<T>,
    /// Values of the matrix before, where it may be the same.
    values: Vec<T>,
    /// What is new about the matrix since the sequence has seen it.
    unseen: Change,
    /// Samples whose solutions the others are combined from, not solved yet.
    asked: Vec<u64>,
    /// These solutions, and whether they are for the matrix at hand.
    basis: Option<(Basis<T>, bool)>,
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
            source,
            sequence: sequence(&plan, description),
            description: description.clone(),
            system: Assembled::default(),
            values: Vec::new(),
            unseen: Change::Nothing,
            asked: Vec::new(),
            basis: None,
            inputs: description.new_inputs(),
            outputs: description.new_outputs(),
            x: vec![T::ZERO; rows],
            before: Vec::with_capacity(rows),
            r: vec![T::ZERO; rows],
            estimator: None,
            seconds: Seconds::default(),
            plan,
        }
    }

    /// Estimates the energy norm of the error of what CG solves from now on.
    pub fn estimating(mut self) -> Self {
        self.estimator = Some(EnergyEstimator::new(EnergyConfig::default()));
        self
    }

    /// Combines samples from the solutions of these where that is exact enough.
    pub fn combining(mut self, samples: &[u64]) -> Self {
        self.asked = samples.to_vec();
        self
    }

    /// Begins a chain: what follows depends on nothing that was solved before.
    pub fn begin(&mut self) {
        if self.plan.way.method.recycles() {
            self.sequence = sequence(&self.plan, &self.description);
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
        self.source
            .assemble(self.family, sample, &mut self.inputs, system)
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
        if !self.asked.is_empty() {
            self.solve_basis(observer)?;
            self.seconds.setup += lap.seconds();
        }
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
                .assemble(&self.inputs, index, &mut self.system)
                .map_err(|error| self.source.refused(sample, error))?;
            self.seconds.generate += lap.seconds();
            if step == 0 {
                self.x.fill(T::ZERO); // later steps begin with the solution before
            }
            let solved = match self.combine() {
                true => None,
                false => Some(self.solve(observer)?),
            };
            let setup = solved.as_ref().map_or(0.0, |s| s.setup.as_secs_f64());
            self.seconds.setup += setup;
            self.seconds.solve += lap.seconds() - setup;
            self.family
                .outputs(&self.x, step, &self.inputs, &mut self.outputs)?;
            self.family.unknowns(&self.outputs, step, &mut self.x)?;
            let residual = self.residual();
            made.take(solved.as_ref(), residual, self.plan.stopping.rtol);
            made.take_energy(solved.and_then(|solved| self.energy(solved.solver)));
            self.seconds.verify += lap.seconds();
            self.before.clear();
            self.before.extend_from_slice(&self.x);
        }
        Ok(made)
    }

    /// Solves for what the samples are combined from.
    fn solve_basis(&mut self, observer: &mut dyn Observer<T>) -> Result<(), DatasetError> {
        let samples = std::mem::take(&mut self.asked);
        let (family, description) = (self.family, self.family.describe());
        let source = &mut self.source;
        let basis = Basis::new(family, &description, source, &self.plan, &samples, observer)?;
        self.basis = basis.map(|basis| (basis, false));
        Ok(())
    }

    /// x of the system at hand as a combination; false where there is none that is exact enough, x is then
    /// where to begin.
    fn combine(&mut self) -> bool {
        let change = self.change();
        self.unseen = self.unseen.max(change);
        let Assembled { a, b, .. } = &self.system;
        let Some((basis, serves)) = &mut self.basis else {
            return false;
        };
        if change != Change::Nothing {
            *serves = basis.serves(a);
        }
        if !*serves {
            return false;
        }
        basis.combine(b, &mut self.x);
        let residual = self.residual();
        if residual <= self.plan.stopping.rtol {
            return true;
        }
        if !matches!(residual.partial_cmp(&1.0), Some(std::cmp::Ordering::Less)) {
            self.x.fill(T::ZERO); // b has nothing to do with them
        }
        false
    }

    /// The system at hand, from the iterate in x.
    fn solve(&mut self, observer: &mut dyn Observer<T>) -> Result<Solved<f64>, DatasetError> {
        self.sequence
            .advance(std::mem::replace(&mut self.unseen, Change::Nothing));
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

/// A sequence that solves so.
pub fn sequence<T: Scalar<Real = f64>>(plan: &Plan, description: &Description) -> Sequence<T> {
    // what is read from files says nothing of its grid
    let grid = Some(description.unknowns).filter(|grid| grid.dimension() > 1);
    let mut sequence = Sequence::new(SequenceConfig {
        stopping: plan.stopping,
        ..SequenceConfig::default()
    });
    if let Some(network) = &plan.network
        && let Some(maker) = network.maker(grid)
    {
        sequence.plug(network.name(), maker);
    }
    sequence
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
