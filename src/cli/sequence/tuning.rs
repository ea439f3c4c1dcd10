//! What `--tune` and its companions ask for.

use crate::cli::args::{How, positive};
use crate::cli::error::CliError;
use clap::{Args, ValueEnum};
use resolvent::models::{ContextKind, CostKind, TunedConfig, TunerKind, paper_grid};
use resolvent::precond::{IctConfig, SsorConfig};
use resolvent::solvers::ways;
use resolvent::solvers::{GmresConfig, SequenceConfig, Way};
use resolvent::{CgConfig, Csr, Method, Precond, Scalar};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(next_help_heading = "How to learn")]
pub struct Tuning {
    /// Choose anew for each system, and learn from what the solves cost: the relaxation of sor or
    /// ssor, or the whole configuration
    #[arg(long, value_enum, value_name = "omega|config")]
    pub tune: Option<What>,
    /// Who chooses (listed by --help) [default with --tune: auto]
    #[arg(long, value_name = "TUNER", value_parser = tuner)]
    pub tuner: Option<TunerKind>,
    /// The omegas to choose among, LOW:STEP:HIGH, or `paper` for 1:0.05:1.95 [default: 29, finer
    /// towards 2]. --tune omega alone tunes cg with ssor; --omega is then your own one
    #[arg(long, value_name = "W:W:W", value_parser = omegas)]
    pub omegas: Option<Omegas>,
    /// What is chosen on: auto, how hard the matrix is, from one pass over it; gershgorin, its bound
    /// on the Jacobi radius; contrast, how far its diagonal entries are apart; change, how much they
    /// have changed; given, the number that comes with each system; none; or a CSV file with a
    /// line for each system, of which the first number is taken
    #[arg(
        long,
        value_name = "auto|gershgorin|contrast|change|given|none|FILE",
        default_value = "auto"
    )]
    pub context: String,
    /// The range of the context, where it is known beforehand
    #[arg(long, value_name = "LOW:HIGH", value_parser = range, allow_hyphen_values = true)]
    pub context_range: Option<Range>,
    /// What is to be small [default: iterations; with --tune config, time]
    #[arg(long, value_enum, value_name = "iterations|work|time")]
    pub cost: Option<Cost>,
    /// Let every arm run to its end, however long it takes
    #[arg(long)]
    pub no_backstop: bool,
    /// Solve each system again with every omega of 1:0.05:1.95 and by golden section, uncounted: what
    /// would have been best
    #[arg(long)]
    pub hindsight: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    Omega,
    Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Cost {
    Iterations,
    Work,
    Time,
}

impl From<Cost> for CostKind {
    fn from(cost: Cost) -> Self {
        match cost {
            Cost::Iterations => Self::Iterations,
            Cost::Work => Self::Work,
            Cost::Time => Self::Time,
        }
    }
}

/// ω to choose among.
#[derive(Debug, Clone, PartialEq)]
pub struct Omegas(Vec<f64>);

/// Of a context.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range([f64; 2]);

impl Tuning {
    /// Whether anything is tuned.
    pub fn asked(&self) -> bool {
        self.tune.is_some() || self.tuner.is_some()
    }

    /// Refuses options that nothing would come of.
    pub fn check(&self, how: &How) -> Result<(), CliError> {
        let useless = |option: &'static str, of: &str, hint: &'static str| {
            Err(CliError::NotApplicable {
                option,
                solver: of.into(),
                hint,
            })
        };
        let config = self.tune == Some(What::Config);
        if !self.asked() {
            let given = [
                (self.omegas.is_some(), "omegas"),
                (self.context_range.is_some(), "context-range"),
                (self.cost.is_some(), "cost"),
                (self.no_backstop, "no-backstop"),
                (self.context != "auto", "context"),
            ];
            if let Some((_, option)) = given.iter().find(|(given, _)| *given) {
                return useless(
                    option,
                    "a run that tunes nothing",
                    "give --tune or --tuner as well",
                );
            }
        }
        if config && self.omegas.is_some() {
            return useless(
                "omegas",
                "--tune config",
                "it chooses among whole configurations; leave it out, or take --tune omega",
            );
        }
        let contextual = [TunerKind::ChebCb, TunerKind::TsallisInfCb];
        if let Some(tuner) = self.tuner.filter(|tuner| contextual.contains(tuner))
            && self.kind() == ContextKind::None
        {
            let name = format!("--tuner {}", tuner.name());
            return useless(
                "context none",
                &name,
                "it chooses by a context; take tsallis-inf, or another --context",
            );
        }
        let named = [&how.solver, &how.precond]
            .into_iter()
            .find(|name| name.contains("omega="));
        if let (Some(name), Some(_)) = (named, how.omega) {
            return useless("omega", name, "omega is given twice");
        }
        Ok(())
    }

    /// What is to be solved by: where ω is tuned and one is given, cg with ssor unless something else is
    /// named.
    pub fn relaxed(&self, how: &How) -> How {
        let mut how = how.clone();
        let omega = self.asked() && self.tune != Some(What::Config) && how.omega.is_some();
        if omega && how.precond == "auto" && how.solver.split(':').next() != Some("sor") {
            how.precond = "ssor".into();
        }
        how
    }

    /// What is to be small.
    pub fn cost(&self) -> CostKind {
        match (self.cost, self.tune) {
            (Some(cost), _) => cost.into(),
            (None, Some(What::Config)) => CostKind::Time,
            (None, _) => CostKind::Iterations,
        }
    }

    pub fn kind(&self) -> ContextKind {
        match self.context.as_str() {
            "auto" => ContextKind::Matrix,
            "gershgorin" => ContextKind::Gershgorin,
            "contrast" => ContextKind::Contrast,
            "change" => ContextKind::Change,
            "none" => ContextKind::None,
            _ => ContextKind::Given,
        }
    }

    /// The contexts of a file, one for each system.
    pub fn contexts(&self) -> Result<Option<Vec<Vec<f64>>>, CliError> {
        match self.context.as_str() {
            "auto" | "gershgorin" | "contrast" | "change" | "none" | "given" => Ok(None),
            path => contexts(Path::new(path)).map(Some),
        }
    }

    /// What is tuned, now that the first matrix is known; `method` and `precond` where they are
    /// given.
    pub fn config<T: Scalar<Real = f64>>(
        &self,
        a: &Csr<T>,
        method: Option<Method<f64>>,
        precond: Option<Precond>,
        sequence: SequenceConfig<f64>,
        seed: u64,
    ) -> Result<TunedConfig<f64>, CliError> {
        let mut config = match self.tune {
            Some(What::Config) => {
                let fits = |way: &Way<f64>| {
                    method.is_none_or(|m| m.name() == way.method.name())
                        && precond.is_none_or(|p| p.name() == way.precond.name())
                };
                let mut all: Vec<Way<f64>> = Vec::new();
                if let (Some(method), Some(precond)) = (method, precond) {
                    all.push(Way { method, precond }); // the safe one
                }
                for way in ways(a).map_err(CliError::Solve)? {
                    if fits(&way) && !all.contains(&way) {
                        all.push(way);
                    }
                    if fits(&way) {
                        all.extend(variants(&way));
                    }
                }
                TunedConfig::over(all).map_err(CliError::Tuned)?
            }
            _ => {
                let method = method.unwrap_or(Method::Cg(CgConfig::default()));
                let ssor = Precond::Ssor(SsorConfig::default());
                let none = matches!(method, Method::Sor(_)).then_some(Precond::None);
                let precond = precond.or(none).unwrap_or(ssor);
                TunedConfig::new(Way { method, precond })
            }
        };
        // what solves a matrix that no arm is for
        config.sequence = SequenceConfig {
            method: None,
            precond: None,
            ..sequence
        };
        config.tuner = self.tuner.unwrap_or_default();
        config.omegas = self.omegas.clone().map_or(Vec::new(), |omegas| omegas.0);
        config.context = self.kind();
        config.context_range = self.context_range.map(|range| range.0);
        config.cost = self.cost();
        config.backstop = !self.no_backstop;
        config.seed = seed;
        Ok(config)
    }

    /// What must be the same for a run to go on.
    pub fn fingerprint(&self) -> String {
        let flag = |given: bool, flag: &str| match given {
            true => format!(" --{flag}"),
            false => String::new(),
        };
        let hindsight = flag(self.hindsight, "hindsight");
        if !self.asked() {
            return hindsight;
        }
        let tune = match self.tune {
            Some(What::Config) => "config",
            _ => "omega",
        };
        let tuner = self.tuner.unwrap_or_default().name();
        let omegas = self.omegas.as_ref().map_or(String::new(), |omegas| {
            let list: Vec<_> = omegas.0.iter().map(f64::to_string).collect();
            format!(" --omegas {}", list.join(":"))
        });
        let range = self
            .context_range
            .map_or(String::new(), |Range([low, high])| {
                format!(" --context-range {low}:{high}")
            });
        let cost = self.cost.map_or(String::new(), |cost| {
            format!(" --cost {}", CostKind::from(cost).name())
        });
        let backstop = flag(self.no_backstop, "no-backstop");
        format!(
            " --tune {tune} --tuner {tuner}{omegas} --context {}{range}{cost}{backstop}{hindsight}",
            self.context
        )
    }
}

/// The same with other numbers, where these decide: ω, what is dropped, when to restart.
fn variants(way: &Way<f64>) -> Vec<Way<f64>> {
    if way.omega().is_some() {
        return [1.5, 1.8].map(|omega| way.with_omega(omega)).to_vec();
    }
    let (method, precond) = (way.method, way.precond);
    match (method, precond) {
        (method, Precond::Ict(config)) => [10.0, 0.1]
            .map(|factor| Way {
                method,
                precond: Precond::Ict(IctConfig {
                    drop_tol: factor * config.drop_tol,
                    ..config
                }),
            })
            .to_vec(),
        (Method::Gmres(config), Precond::Ilut(_)) => [20, 150]
            .map(|restart| Way {
                method: Method::Gmres(GmresConfig { restart, ..config }),
                precond,
            })
            .to_vec(),
        _ => Vec::new(),
    }
}

fn tuner(text: &str) -> Result<TunerKind, String> {
    let found = TunerKind::ALL.iter().find(|entry| entry.0 == text);
    found.map(|entry| entry.1).ok_or_else(|| {
        let names: Vec<_> = TunerKind::ALL.iter().map(|entry| entry.0).collect();
        format!("there are: {}", names.join(", "))
    })
}

fn omegas(text: &str) -> Result<Omegas, String> {
    if text == "paper" {
        return Ok(Omegas(paper_grid()));
    }
    let parts: Result<Vec<f64>, _> = text.split(':').map(positive).collect();
    match parts.as_deref() {
        Ok(&[low, step, high]) if high < 2.0 && low <= high && (high - low) / step < 1000.0 => {
            let steps = ((high - low) / step + 1e-9) as usize;
            let omega = |k| ((low + k as f64 * step) * 1e9).round() / 1e9;
            Ok(Omegas((0..=steps).map(omega).collect()))
        }
        _ => Err(
            "expected LOW:STEP:HIGH with 0 < LOW, HIGH < 2 and fewer than 1000 steps, or `paper`"
                .into(),
        ),
    }
}

fn range(text: &str) -> Result<Range, String> {
    let parts: Result<Vec<f64>, _> = text.split(':').map(str::parse).collect();
    match parts.as_deref() {
        Ok(&[low, high]) if low.is_finite() && high.is_finite() && low < high => {
            Ok(Range([low, high]))
        }
        _ => Err("expected LOW:HIGH, two finite numbers, the lower first".into()),
    }
}

/// A line of numbers for each system.
fn contexts(path: &Path) -> Result<Vec<Vec<f64>>, CliError> {
    let wrong = |line: usize, problem: String| CliError::Manifest {
        path: path.into(),
        line: line as u64,
        problem,
    };
    let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => CliError::NoContext(PathBuf::from(path)),
        _ => CliError::Read {
            path: path.into(),
            source,
        },
    })?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let mut length = None;
    lines
        .map(|(number, line)| {
            let numbers = line
                .split(',')
                .map(|word| match word.trim().parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(value),
                    _ => Err(wrong(
                        number + 1,
                        format!("found `{}`, expected a finite number", word.trim()),
                    )),
                });
            let numbers: Vec<f64> = numbers.collect::<Result<_, _>>()?;
            let expected = *length.get_or_insert(numbers.len());
            match numbers.len() == expected {
                true => Ok(numbers),
                false => Err(wrong(
                    number + 1,
                    format!(
                        "{} numbers, the lines before have {expected}",
                        numbers.len()
                    ),
                )),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_and_ranges_are_read() {
        assert_eq!(omegas("paper").unwrap().0.len(), 20);
        assert_eq!(omegas("1:0.25:1.75").unwrap().0, [1.0, 1.25, 1.5, 1.75]);
        for wrong in [
            "1:0.1:2",
            "1:0:1.5",
            "1.5:0.1:1",
            "1:2",
            "a:b:c",
            "1:1e-9:1.9",
        ] {
            assert!(omegas(wrong).is_err(), "{wrong}");
        }
        assert_eq!(range("-0.15:0.65").unwrap().0, [-0.15, 0.65]);
        assert!(range("1:0").is_err() && range("nan:1").is_err());
        assert!(tuner("chebcb").is_ok() && tuner("ucb").unwrap_err().contains("tsallis-inf"));
    }
}
