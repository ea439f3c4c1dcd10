//! The arms and the learner that a configuration asks for.

use super::{ContextKind, TunedConfig, TunedError, TunerKind};
use crate::arm::{Arm, fine_grid, position};
use crate::tuner::{
    ChebCb, Estimator, Exp3, Expert, Fixed, Master, Smooth, SmoothConfig, Tsallis, TsallisBins,
    Tuner,
};
use resolvent_solvers::{Direction, Method, Real};

/// Arms, and who chooses.
pub(super) struct Plan {
    pub arms: Vec<Arm>,
    /// The arm that finishes what others do not.
    pub safe: usize,
    pub tuner: Box<dyn Tuner>,
    /// Where β is from.
    pub beta: Beta,
}

/// Where β is from, for the arm of the classical formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beta {
    /// Nobody asks.
    None,
    /// Estimated for each matrix: a product or more.
    Tracked,
    /// Read off the solves before, by CG with SSOR: for nothing.
    OfSolves,
}

/// Bins of Tsallis-INF per context, as in the paper.
const BINS: usize = 5;
/// Where adaptive SOR may begin.
const STARTS: [f64; 4] = [1.0, 1.3, 1.5, 1.7];
/// Draws from the posterior for one distribution.
const DRAWS: usize = 16;
/// Contexts that are read off the matrix are logarithms: a unit is a factor of e.
const WIDTH: f64 = 1.0;
/// Differences of such contexts that mean nothing to ChebCB.
const NARROW: f64 = 2e-3;

pub(super) fn plan<R: Real>(config: &TunedConfig<R>) -> Result<Plan, TunedError> {
    if let Some([low, high]) = config.context_range {
        let range = low.is_finite() && high.is_finite() && low < high;
        if !range {
            return Err(TunedError::ContextRange { low, high });
        }
    }
    match config.configs.is_empty() {
        true => omegas(config),
        false => configs(config),
    }
}

/// Arms are relaxations.
fn omegas<R: Real>(config: &TunedConfig<R>) -> Result<Plan, TunedError> {
    let (solver, precond) = (config.way.method.name(), config.way.precond.name());
    let given = config
        .way
        .omega()
        .ok_or(TunedError::NoOmega { solver, precond })?;
    let sor = match config.way.method {
        Method::Sor(config) => Some(config),
        _ => None,
    };
    // what the fall of the residual says of ω holds of sweeps in one direction
    let adapts = sor.is_some_and(|sor| sor.direction != Direction::Symmetric);
    let mut grid = match config.omegas.is_empty() {
        true => fine_grid(),
        false => config.omegas.clone(),
    };
    if let Some(&wrong) = grid
        .iter()
        .chain([&given])
        .find(|w| !(**w > 0.0 && **w < 2.0))
    {
        return Err(TunedError::Omega(wrong));
    }
    grid.sort_by(f64::total_cmp);
    grid.dedup();
    let n = grid.len();
    let mut arms: Vec<Arm> = grid.iter().copied().map(Arm::Omega).collect();
    // the default is an arm of its own
    let default = arms.len();
    arms.push(match sor.is_some_and(|sor| sor.adaptive) {
        true => Arm::Adaptive(given),
        false => Arm::Omega(given),
    });
    let adaptive = arms.len();
    let young = adaptive + if adapts { STARTS.len() } else { 0 };
    if adapts {
        arms.extend(STARTS.map(Arm::Adaptive));
    }
    arms.push(Arm::Young);
    let context = config.context != ContextKind::None;
    let rising = matches!(
        config.context,
        ContextKind::Matrix | ContextKind::Gershgorin
    );
    let smooth = |positions: Vec<f64>, overhears: bool, seed: u64| {
        Box::new(Smooth::new(SmoothConfig {
            positions,
            context,
            rising,
            overhears,
            width: width(config),
            draws: DRAWS,
            seed: super::own_seed(config.seed).wrapping_add(seed),
        }))
    };
    let on_grid = || smooth(grid.iter().copied().map(position).collect(), true, 1);
    let total = arms.len();
    let expert = |label: &str, first, prior, tuner: Box<dyn Tuner>| Expert {
        label: label.into(),
        tuner,
        first,
        prior,
    };
    let learners = |scale: f64| {
        vec![
            expert("smooth", 0, 0.9 * scale, on_grid()),
            expert("tsallis-inf", 0, 0.1 * scale, Box::new(Tsallis::new(n))),
        ]
    };
    let range = config.context_range;
    let chebcb = || match range {
        None if rising => ChebCb::around(n, NARROW),
        _ => ChebCb::new(n, range),
    };
    let alone = |tuner: Box<dyn Tuner>| {
        Box::new(Within {
            tuner,
            arms: total,
            first: 0,
        }) as Box<dyn Tuner>
    };
    let mut beta = Beta::None;
    let tuner: Box<dyn Tuner> = match config.tuner {
        TunerKind::Auto => {
            let mut experts = learners(0.25);
            experts.push(expert("default", default, 0.1, Box::new(Fixed::new(1, 0))));
            if adapts {
                experts.push(expert(
                    "adaptive",
                    adaptive,
                    0.25,
                    smooth(STARTS.map(position).to_vec(), false, 2),
                ));
            }
            beta = match config.way.method {
                Method::Sor(_) => Beta::Tracked,
                Method::Cg(_) | Method::Rcg(_) => Beta::OfSolves,
                _ => Beta::None,
            };
            let prior = match beta {
                Beta::Tracked => 0.4,
                _ => 0.05, // CG forgives an ω, and the formula is that of a bound
            };
            if beta != Beta::None {
                experts.push(expert("young", young, prior, Box::new(Fixed::new(1, 0))));
            }
            Box::new(Master::new(total, experts, context, width(config)))
        }
        TunerKind::Learned => Box::new(Master::new(total, learners(1.0), context, width(config))),
        TunerKind::Smooth => alone(on_grid()),
        TunerKind::TsallisInf => alone(Box::new(Tsallis::with_estimator(
            n,
            Estimator::ImportanceWeighted,
        ))),
        TunerKind::TsallisInfRv => alone(Box::new(Tsallis::new(n))),
        TunerKind::TsallisInfCb => alone(Box::new(TsallisBins::new(
            n,
            BINS,
            range,
            Estimator::ImportanceWeighted,
        ))),
        TunerKind::ChebCb => alone(Box::new(chebcb())),
        TunerKind::Exp3 => alone(Box::new(Exp3::new(n))),
        TunerKind::Fixed => Box::new(Fixed::new(total, default)),
        TunerKind::Young => {
            beta = Beta::Tracked;
            Box::new(Fixed::new(total, young))
        }
        TunerKind::Adaptive if adapts => Box::new(Fixed::new(total, adaptive)),
        TunerKind::Adaptive => {
            let tuner = config.tuner.name();
            return Err(TunedError::NeedsSor {
                tuner,
                solver,
                precond,
            });
        }
    };
    Ok(Plan {
        arms,
        safe: default,
        tuner,
        beta,
    })
}

/// As in [`SmoothConfig::width`]: of a context that is given, that of its range where it is known, else 0,
/// since its unit is not known.
pub(super) fn width<R: Real>(config: &TunedConfig<R>) -> f64 {
    match (config.context, config.context_range) {
        (ContextKind::Given, None) | (ContextKind::Change, _) => 0.0,
        (ContextKind::Given, Some([low, high])) => high - low,
        _ => WIDTH,
    }
}

/// Arms are whole configurations.
fn configs<R: Real>(config: &TunedConfig<R>) -> Result<Plan, TunedError> {
    let n = config.configs.len();
    let arms = (0..n).map(Arm::Config).collect();
    let tuner: Box<dyn Tuner> = match config.tuner {
        TunerKind::Auto | TunerKind::Learned => {
            let mut experts: Vec<Expert> = (0..n)
                .map(|first| Expert {
                    label: Arm::Config(first).to_string(),
                    tuner: Box::new(Fixed::new(1, 0)),
                    first,
                    prior: 0.8 / n as f64,
                })
                .collect();
            experts.push(Expert {
                label: "tsallis-inf".into(),
                tuner: Box::new(Tsallis::new(n)),
                first: 0,
                prior: 0.2,
            });
            Box::new(Master::new(
                n,
                experts,
                config.context != ContextKind::None,
                width(config),
            ))
        }
        TunerKind::TsallisInf => {
            Box::new(Tsallis::with_estimator(n, Estimator::ImportanceWeighted))
        }
        TunerKind::TsallisInfRv => Box::new(Tsallis::new(n)),
        TunerKind::Exp3 => Box::new(Exp3::new(n)),
        TunerKind::Fixed => Box::new(Fixed::new(n, 0)),
        other => return Err(TunedError::NeedsOmega(other.name())),
    };
    Ok(Plan {
        arms,
        safe: 0,
        tuner,
        beta: Beta::None,
    })
}

/// A tuner over a part of the arms.
struct Within {
    tuner: Box<dyn Tuner>,
    arms: usize,
    first: usize,
}

impl Within {
    fn own(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.tuner.arms()
    }
}

impl Tuner for Within {
    fn name(&self) -> &'static str {
        self.tuner.name()
    }

    fn arms(&self) -> usize {
        self.arms
    }

    fn distribution(&mut self, context: &[f64], p: &mut [f64]) {
        p.fill(0.0);
        let own = self.own();
        self.tuner.distribution(context, &mut p[own]);
    }

    fn observe(&mut self, outcome: &crate::tuner::Outcome<'_>) {
        if self.own().contains(&outcome.arm) {
            let arm = outcome.arm - self.first;
            self.tuner
                .observe(&crate::tuner::Outcome { arm, ..*outcome });
        }
    }

    fn save(&self) -> serde_json::Value {
        self.tuner.save()
    }

    fn restore(&mut self, saved: &serde_json::Value) -> Result<(), crate::tuner::StateError> {
        self.tuner.restore(saved)
    }
}
