//! One way to solve, set up once and brought up to date for each matrix.

use super::plug::Plugs;
use crate::precond::{PrecondError, Preconditioner, Ssor};
use crate::{
    Direct, DirectConfig, Method, Nullspace, Observer, Precond, RecycledState, SolveError,
    SolveReport, Solver, Sor, SorConfig, Stopping, System, Way,
};
use resolvent_matrices::{Csr, Scalar};

/// A method and a preconditioner with their storage.
pub(super) struct Engine<T: Scalar> {
    way: Way<T::Real>,
    solver: Machine<T>,
    m: Built<T>,
    /// Which matrix it was last brought up to date for; none yet.
    matrix: Option<u64>,
}

/// A method; SOR by itself, for its ω, and factorisations, for what they take.
enum Machine<T: Scalar> {
    Sor(Box<Sor<T>>),
    Direct(Box<Direct<T>>),
    Other(Box<dyn Solver<T>>),
}

impl<T: Scalar> Machine<T> {
    fn new(
        method: &Method<T::Real>,
        n: usize,
        stopping: Stopping<T::Real>,
    ) -> Result<Self, SolveError> {
        method.fits::<T>(n)?;
        Ok(match *method {
            Method::Sor(config) => {
                Self::Sor(Box::new(Sor::new(n, SorConfig { stopping, ..config })))
            }
            Method::Direct(config) => {
                Self::Direct(Box::new(Direct::new(DirectConfig { stopping, ..config })))
            }
            other => Self::Other(other.build(n, stopping)),
        })
    }

    fn get(&mut self) -> &mut dyn Solver<T> {
        match self {
            Self::Sor(sor) => sor.as_mut(),
            Self::Direct(direct) => direct.as_mut(),
            Self::Other(solver) => solver.as_mut(),
        }
    }
}

/// A preconditioner; SSOR by itself, since its ω changes more often than its matrix.
enum Built<T: Scalar> {
    Ssor(Box<Ssor<T>>),
    Other(Box<dyn Preconditioner<T>>),
}

impl<T: Scalar> Built<T> {
    fn new(precond: &Precond, a: &Csr<T>, plugs: &mut Plugs<T>) -> Result<Self, PrecondError> {
        Ok(match precond {
            Precond::Ssor(config) => Self::Ssor(Box::new(Ssor::new(a, *config)?)),
            other => Self::Other(plugs.build(other, a)?),
        })
    }

    fn get(&mut self) -> &mut dyn Preconditioner<T> {
        match self {
            Self::Ssor(ssor) => ssor.as_mut(),
            Self::Other(m) => m.as_mut(),
        }
    }
}

impl<T: Scalar> Engine<T> {
    /// Builds it for A; [`Engine::refresh`] comes next.
    pub fn new(
        way: &Way<T::Real>,
        a: &Csr<T>,
        stopping: Stopping<T::Real>,
        plugs: &mut Plugs<T>,
    ) -> Result<Self, SolveError> {
        Ok(Self {
            way: *way,
            solver: Machine::new(&way.method, a.nrows(), stopping)?,
            m: Built::new(&way.precond, a, plugs)?,
            matrix: None,
        })
    }

    /// The name of the way.
    pub fn name(&self) -> String {
        self.way.to_string()
    }

    /// What the solver carries, where it recycles.
    pub fn recycled(&self) -> Option<(String, RecycledState)> {
        match &self.solver {
            Machine::Sor(_) | Machine::Direct(_) => None,
            Machine::Other(solver) => Some((self.name(), solver.recycled()?)),
        }
    }

    /// Takes what a solver of the same way has carried.
    pub fn restore(&mut self, state: &RecycledState) {
        self.solver.get().restore(state);
    }

    /// Drops what the solver carries.
    pub fn forget(&mut self) {
        self.solver.get().forget();
    }

    /// Whether it serves this way, perhaps with another ω.
    pub fn serves(&self, way: &Way<T::Real>) -> bool {
        self.way.with_omega(1.0) == way.with_omega(1.0)
    }

    /// Takes the values of the matrix and ω, if they are new. Returns the work of that.
    pub fn refresh(
        &mut self,
        way: &Way<T::Real>,
        a: &Csr<T>,
        matrix: u64,
    ) -> Result<f64, SolveError> {
        let mut work = 0.0;
        if let (Built::Ssor(ssor), Some(omega)) = (&mut self.m, way.omega())
            && ssor.omega() != omega
        {
            ssor.set_omega(omega)?;
            if self.matrix == Some(matrix) {
                work += self.weight(a); // with a new matrix it is part of the setup
            }
        }
        if let (Machine::Sor(sor), Some(omega)) = (&mut self.solver, way.omega()) {
            sor.set_omega(omega);
        }
        self.way = *way;
        if self.matrix != Some(matrix) {
            if self.matrix.is_some() {
                self.m.get().update(a)?;
            }
            self.matrix = Some(matrix);
            work += setup_passes(&way.precond) * self.weight(a);
        }
        Ok(work)
    }

    /// The report, and the work besides products and applications of M⁻¹.
    pub fn solve(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        nullspace: &Nullspace<T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> (Result<SolveReport<T::Real>, SolveError>, f64) {
        let before = self.factorisations();
        let system = System::new(a, b, self.m.get()).with_nullspace(nullspace);
        let ended = self.solver.get().solve(system, x, observer);
        let solves = ended.as_ref().map_or(0, |report| report.iterations);
        let work = self.factor_work(a, self.factorisations() - before, solves);
        (ended, work)
    }

    fn factorisations(&self) -> usize {
        match &self.solver {
            Machine::Direct(direct) => direct.numeric_count(),
            _ => 0,
        }
    }

    /// Of factorisations, by their flops, and of solves with the factors, by the bytes they read.
    fn factor_work(&self, a: &Csr<T>, factorisations: usize, solves: usize) -> f64 {
        let Machine::Direct(direct) = &self.solver else {
            return 0.0;
        };
        let Some(factors) = direct.factors() else {
            return 0.0;
        };
        let entries = a.nnz().max(1) as f64;
        let read =
            (direct.passes() * factors.bytes) as f64 / (entries * (size_of::<T>() + 4) as f64);
        factorisations as f64 * factors.flops / (FLOPS_PER_ENTRY * entries) + solves as f64 * read
    }

    /// One application of M⁻¹ against one product with A, by the bytes that are read.
    pub fn weight(&self, a: &Csr<T>) -> f64 {
        let matrix = a.nnz() * (size_of::<T>() + 4) + a.nrows() * 4;
        let read = match &self.m {
            Built::Ssor(ssor) => ssor.read(),
            Built::Other(m) => m.traffic(),
        };
        read as f64 / matrix.max(1) as f64
    }
}

/// Operations of a factorisation that take as long as one entry takes in a product: 1.2 ns at
/// [`FLOPS_PER_SECOND`](crate::direct::FLOPS_PER_SECOND).
const FLOPS_PER_ENTRY: f64 = 2.4;

/// Passes over M that a setup is counted as.
fn setup_passes(precond: &Precond) -> f64 {
    match precond {
        Precond::None => 0.0,
        // a network: it is shown the matrix, and prepares nothing
        Precond::Jacobi(_) | Precond::Ssor(_) | Precond::Plugged(_) => 1.0,
        Precond::Ic0(_) | Precond::Ilu0(_) => 4.0,
        _ => 12.0,
    }
}
