//! What to tune, by which learner, on what.

use resolvent_solvers::{Real, SequenceConfig, Way};

/// The learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TunerKind {
    /// A master over the way's own ω, the classical estimates of the best one, and learners.
    #[default]
    Auto,
    /// The same without the classical ones.
    Learned,
    /// Shares what it sees between neighbouring arms and contexts.
    Smooth,
    /// Tsallis-INF with importance weights, as in the paper.
    TsallisInf,
    /// Tsallis-INF with less variance.
    TsallisInfRv,
    /// Tsallis-INF in bins of the context.
    TsallisInfCb,
    /// Chebyshev regression with inverse-gap weighting.
    ChebCb,
    /// Exponential weights.
    Exp3,
    /// The ω of the way, always.
    Fixed,
    /// The ω that theory gives for an estimate of the Jacobi radius.
    Young,
    /// SOR that finds its ω during the solve.
    Adaptive,
}

impl TunerKind {
    /// All, with the names used on the command line and what they are.
    pub const ALL: [(&'static str, Self, &'static str); 11] = [
        (
            "auto",
            Self::Auto,
            "master over the given omega, classical estimates and learners",
        ),
        (
            "learned",
            Self::Learned,
            "the same without the classical estimates",
        ),
        (
            "smooth",
            Self::Smooth,
            "shares what it sees between neighbouring omegas and contexts",
        ),
        (
            "tsallis-inf",
            Self::TsallisInf,
            "Tsallis-INF as in the paper: no context",
        ),
        (
            "tsallis-inf-rv",
            Self::TsallisInfRv,
            "the same with less variance",
        ),
        (
            "tsallis-inf-cb",
            Self::TsallisInfCb,
            "Tsallis-INF in bins of the context",
        ),
        (
            "chebcb",
            Self::ChebCb,
            "Chebyshev regression on the context",
        ),
        ("exp3", Self::Exp3, "exponential weights: no context"),
        ("fixed", Self::Fixed, "always --omega"),
        (
            "young",
            Self::Young,
            "Young's formula, the Jacobi radius estimated",
        ),
        (
            "adaptive",
            Self::Adaptive,
            "sor that finds omega during the solve",
        ),
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|entry| entry.1 == self);
        found.map_or("auto", |entry| entry.0)
    }
}

/// What the tuner chooses on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContextKind {
    /// Nothing.
    None,
    /// How hard the matrix is, from one pass over it.
    #[default]
    Matrix,
    /// Gershgorin's bound on the Jacobi radius.
    Gershgorin,
    /// How far the diagonal entries are apart.
    Contrast,
    /// How much the diagonal has changed since the matrix before.
    Change,
    /// What the caller says: [`Tuned::set_context`](super::Tuned::set_context). Of several numbers, the first
    /// one alone is chosen on: put first the one that the best ω moves with. Its unit does not matter. Where
    /// it is missing or not finite, it is 0.
    Given,
}

impl ContextKind {
    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Matrix => "auto",
            Self::Gershgorin => "gershgorin",
            Self::Contrast => "contrast",
            Self::Change => "change",
            Self::Given => "given",
        }
    }
}

/// What is to be small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CostKind {
    /// Iterations. The same on every machine.
    #[default]
    Iterations,
    /// Work in products with A. The same on every machine.
    Work,
    /// Seconds.
    Time,
}

impl CostKind {
    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iterations => "iterations",
            Self::Work => "work",
            Self::Time => "time",
        }
    }
}

/// Configuration of a [`Tuned`](super::Tuned) sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct TunedConfig<R> {
    /// The way whose ω is tuned: SOR, or a method with SSOR. Its ω is the default arm.
    pub way: Way<R>,
    /// Stopping, initial guesses and the rest of the sequence.
    pub sequence: SequenceConfig<R>,
    /// The learner.
    pub tuner: TunerKind,
    /// The ω to choose among, in (0, 2); empty: 2 − ω in 29 steps of a factor of 0.85.
    pub omegas: Vec<f64>,
    /// Whole configurations to choose among instead; the first is the safe one.
    pub configs: Vec<Way<R>>,
    /// What the learner chooses on.
    pub context: ContextKind,
    /// The range of the context (its first number), if it is known: two finite numbers, the lower first.
    pub context_range: Option<[f64; 2]>,
    /// What is to be small.
    pub cost: CostKind,
    /// End an arm that takes three times what was to be expected, and let the safe one finish.
    pub backstop: bool,
    /// Of the draws.
    pub seed: u64,
}

impl<R: Real> TunedConfig<R> {
    /// The default tuner over a way's ω.
    pub fn new(way: Way<R>) -> Self {
        Self {
            way,
            sequence: SequenceConfig::default(),
            tuner: TunerKind::default(),
            omegas: Vec::new(),
            configs: Vec::new(),
            context: ContextKind::default(),
            context_range: None,
            cost: CostKind::default(),
            backstop: true,
            seed: 0,
        }
    }

    /// The default tuner over whole configurations, by time; the first is the safe one.
    ///
    /// # Errors
    /// [`TunedError::NoArms`] without any.
    pub fn over(configs: Vec<Way<R>>) -> Result<Self, TunedError> {
        let first = *configs.first().ok_or(TunedError::NoArms)?;
        Ok(Self {
            configs,
            cost: CostKind::Time,
            ..Self::new(first)
        })
    }
}

/// Why a sequence cannot be tuned as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TunedError {
    /// There is no ω.
    #[error(
        "{solver} with {precond} has no omega to tune; use sor, or a solver with ssor, or tune whole configurations"
    )]
    NoOmega {
        /// method
        solver: &'static str,
        /// preconditioner
        precond: &'static str,
    },
    /// An ω that cannot be used.
    #[error("omega = {0} is not between 0 and 2")]
    Omega(f64),
    /// A range of the context that is none.
    #[error("the context range {low}:{high} is not two finite numbers, the lower first")]
    ContextRange {
        /// first number
        low: f64,
        /// second number
        high: f64,
    },
    /// The tuner needs SOR.
    #[error("the tuner {tuner} is for sor in one direction, not for {solver} with {precond}")]
    NeedsSor {
        /// tuner
        tuner: &'static str,
        /// method
        solver: &'static str,
        /// preconditioner
        precond: &'static str,
    },
    /// The tuner does not choose among configurations.
    #[error(
        "the tuner {0} knows of omega only; whole configurations are chosen by auto, learned, tsallis-inf, tsallis-inf-rv, exp3 or fixed"
    )]
    NeedsOmega(&'static str),
    /// Nothing to choose among.
    #[error("there is nothing to choose among")]
    NoArms,
}
