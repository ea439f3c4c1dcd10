//! The closing words of `sequence`.

use super::carrier::Carried;
use super::hindsight::{BestFixed, Oracle};
use crate::cli::judge::worst;
use crate::cli::report::{Column, Seconds, seconds};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sums over the systems of a stream; part of what is saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub systems: usize,
    pub converged: usize,
    pub capped: usize,
    /// Systems that another preconditioner finished than the one that was asked for.
    #[serde(default)]
    pub taken_over: usize,
    pub iterations: usize,
    pub matvecs: usize,
    pub precond_applies: usize,
    pub work: f64,
    /// As the tuner counts it.
    pub cost: f64,
    pub extra_matvecs: usize,
    /// Systems that were solved with a recycled space, and the products that brought it up to date.
    pub recycled: usize,
    pub recycling_matvecs: usize,
    pub max_relative_residual: f64,
    pub seconds: RunSeconds,
}

impl Totals {
    pub fn add(&mut self, carried: &Carried, column: &Column, seconds: &Seconds) {
        let solved = &carried.solved;
        self.systems += 1;
        self.converged += usize::from(column.converged);
        self.capped += usize::from(solved.capped);
        self.taken_over += usize::from(solved.report.fallback.is_some());
        self.iterations += solved.report.iterations;
        self.matvecs += solved.report.matvecs;
        self.precond_applies += solved.report.precond_applies;
        self.work += solved.work + carried.extra_work;
        self.cost += carried.cost;
        self.extra_matvecs += carried.extra_matvecs;
        if let Some(recycling) = solved.report.recycling {
            self.recycled += usize::from(recycling.dimension > 0);
            self.recycling_matvecs += recycling.setup_matvecs;
        }
        self.seconds.tuner += carried.overhead.as_secs_f64();
        let residuals = [self.max_relative_residual, column.relative_residual];
        self.max_relative_residual = worst(residuals.into_iter());
        self.seconds.read += seconds.read;
        self.seconds.setup += seconds.setup;
        self.seconds.solve += seconds.solve;
        self.seconds.total += seconds.total - seconds.read;
    }

    /// Those of several streams together.
    pub fn together<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.fold(Self::default(), |a, b| Self {
            systems: a.systems + b.systems,
            converged: a.converged + b.converged,
            capped: a.capped + b.capped,
            taken_over: a.taken_over + b.taken_over,
            iterations: a.iterations + b.iterations,
            matvecs: a.matvecs + b.matvecs,
            precond_applies: a.precond_applies + b.precond_applies,
            work: a.work + b.work,
            cost: a.cost + b.cost,
            extra_matvecs: a.extra_matvecs + b.extra_matvecs,
            recycled: a.recycled + b.recycled,
            recycling_matvecs: a.recycling_matvecs + b.recycling_matvecs,
            max_relative_residual: worst(
                [a.max_relative_residual, b.max_relative_residual].into_iter(),
            ),
            seconds: RunSeconds {
                read: a.seconds.read + b.seconds.read,
                setup: a.seconds.setup + b.seconds.setup,
                solve: a.seconds.solve + b.seconds.solve,
                tuner: a.seconds.tuner + b.seconds.tuner,
                total: a.seconds.total + b.seconds.total,
            },
        })
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSeconds {
    /// Reading or generating.
    pub read: f64,
    /// Preconditioners and factorisations.
    pub setup: f64,
    pub solve: f64,
    /// Choosing, and learning from the outcome.
    pub tuner: f64,
    /// All but reading and what `--hindsight` costs.
    pub total: f64,
}

/// `sequence --json`.
#[derive(Debug, Serialize)]
pub struct SequenceJson {
    pub source: String,
    /// Of all systems.
    #[serde(flatten)]
    pub all: Summary,
    /// Of each equation, where there are several.
    pub streams: Vec<StreamJson>,
    pub tuner: Option<&'static str>,
    /// In which order, where not as they come.
    pub order: Option<OrderJson>,
    pub x0: &'static str,
    pub rtol: f64,
    pub seed: u64,
    pub threads: usize,
    /// Index of the first system of this run; greater than 0 if it went on with another.
    pub resumed_at: usize,
    /// Systems still to be solved, where the run was stopped.
    pub remaining: usize,
    pub version: &'static str,
}

/// An order, and what it did for the distances between systems.
#[derive(Debug, Serialize)]
pub struct OrderJson {
    pub name: &'static str,
    /// To go through all systems and to order them; not in the seconds of the solves.
    pub seconds: f64,
    /// Mean distance of a system from the one it goes on from.
    pub mean_step: f64,
    /// The same as the systems come.
    pub mean_step_given: f64,
    /// False where that is less: the systems are then taken as they come.
    pub used: bool,
}

/// One equation of several.
#[derive(Debug, Serialize)]
pub struct StreamJson {
    pub name: String,
    #[serde(flatten)]
    pub summary: Summary,
}

/// What is said of the systems of a run or a stream.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub systems: usize,
    /// How many of them converged.
    pub converged: usize,
    pub iterations_total: usize,
    pub iterations_mean: f64,
    pub matvecs_total: usize,
    pub precond_applies_total: usize,
    /// In products with A.
    pub work_total: f64,
    /// As the tuner counts it.
    pub cost_total: f64,
    /// Products with A that describing the matrices took.
    pub extra_matvecs_total: usize,
    /// Systems that were solved with a recycled space.
    pub recycled: usize,
    /// Products with A that brought recycled spaces up to date; they are in the products.
    pub recycling_matvecs_total: usize,
    /// What is said of the recycled space at the end; null without one, or over several streams.
    pub recycling: Option<String>,
    /// Systems that another way had to finish.
    pub capped: usize,
    /// Systems in which something took over from a network.
    pub taken_over: usize,
    pub max_relative_residual: f64,
    pub seconds: RunSeconds,
    /// Who solved the last system; null over several streams.
    pub solver: Option<String>,
    pub precond: Option<String>,
    /// The experts of the tuner, and their weights at the end.
    pub experts: BTreeMap<String, f64>,
    /// With --hindsight: the ω of 1:0.05:1.95 with the fewest iterations over all systems; null over
    /// several streams.
    pub best_fixed: Option<BestFixed>,
    /// The best of these for each system.
    pub oracle: Option<Oracle>,
    /// The best that golden section finds for each system.
    pub golden: Option<Oracle>,
    /// Systems on which no ω of the grid converges: the bound on iterations is counted there.
    pub hindsight_failed: usize,
}

/// `1 system`, `2 systems`.
fn systems(count: usize) -> String {
    match count {
        1 => "1 system".into(),
        count => format!("{count} systems"),
    }
}

impl Summary {
    /// What is in the sums alone.
    pub fn of(t: &Totals) -> Self {
        Self {
            systems: t.systems,
            converged: t.converged,
            iterations_total: t.iterations,
            iterations_mean: t.iterations as f64 / t.systems.max(1) as f64,
            matvecs_total: t.matvecs,
            precond_applies_total: t.precond_applies,
            work_total: t.work,
            cost_total: t.cost,
            extra_matvecs_total: t.extra_matvecs,
            recycled: t.recycled,
            recycling_matvecs_total: t.recycling_matvecs,
            recycling: None,
            capped: t.capped,
            taken_over: t.taken_over,
            max_relative_residual: t.max_relative_residual,
            seconds: t.seconds,
            solver: None,
            precond: None,
            experts: BTreeMap::new(),
            best_fixed: None,
            oracle: None,
            golden: None,
            hindsight_failed: 0,
        }
    }

    /// Way and outcome.
    fn outcome(&self, tuner: Option<&str>) -> String {
        let way = match (&self.solver, self.precond.as_deref()) {
            (Some(solver), None | Some("none")) => solver.clone(),
            (Some(solver), Some(precond)) => format!("{solver} + {precond}"),
            (None, _) => "together".into(),
        };
        let tuner = tuner.map_or(String::new(), |tuner| format!(", tuner {tuner}"));
        let outcome = match self.systems - self.converged {
            0 => "all converged".into(),
            bad => format!("{bad} NOT converged"),
        };
        format!(
            "{way}{tuner}: {outcome}, {} iterations, {:.2} a system; {} products with A",
            self.iterations_total, self.iterations_mean, self.matvecs_total,
        )
    }

    /// What would have been best, and who chose.
    fn background(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let (Some(fixed), Some(oracle), Some(golden)) =
            (&self.best_fixed, &self.oracle, &self.golden)
        {
            let took = self.iterations_total + self.extra_matvecs_total;
            let part = |of: usize| took as f64 / of.max(1) as f64;
            lines.push(format!(
                "in hindsight: omega {} throughout {} iterations, the best for each system {} (of the grid) and {} (golden section); this run {:.3}, {:.3} and {:.3} of them",
                fixed.omega,
                fixed.iterations_total,
                oracle.iterations_total,
                golden.iterations_total,
                part(fixed.iterations_total),
                part(oracle.iterations_total),
                part(golden.iterations_total),
            ));
            if self.hindsight_failed > 0 {
                lines.push(format!(
                    "in hindsight no omega converges on {}: there the bound on iterations is counted",
                    systems(self.hindsight_failed)
                ));
            }
        }
        if !self.experts.is_empty() {
            let mut experts: Vec<_> = self.experts.iter().collect();
            experts.sort_by(|a, b| b.1.total_cmp(a.1));
            let shares = experts
                .iter()
                .map(|(name, weight)| format!("{name} {:.0} %", 100.0 * **weight));
            lines.push(format!(
                "experts: {}",
                shares.collect::<Vec<_>>().join(", ")
            ));
        }
        if let Some(recycling) = &self.recycling {
            lines.push(format!(
                "recycling: {} of {} systems with a space of systems before, {} products with A to bring it up to date; {recycling}",
                self.recycled, self.systems, self.recycling_matvecs_total,
            ));
        }
        if self.taken_over > 0 {
            lines.push(format!(
                "in {} of {} a classical preconditioner took over from the network; --log says why",
                self.taken_over,
                systems(self.systems),
            ));
        }
        if self.capped > 0 {
            lines.push(format!(
                "{} finished by another arm than the one chosen",
                match self.capped {
                    1 => "1 system was".to_owned(),
                    capped => format!("{capped} systems were"),
                }
            ));
        }
        lines
    }
}

impl SequenceJson {
    /// The lines for people.
    pub fn text(&self) -> String {
        let all = &self.all;
        let mut lines = vec![format!(
            "{}: {}, x0 {}{}",
            self.source,
            systems(all.systems),
            self.x0,
            match self.resumed_at {
                0 => String::new(),
                at => format!(", gone on with at number {}", at + 1),
            }
        )];
        if let Some(order) = &self.order {
            lines.push(format!(
                "order {}, found in {} s: mean step {:.3} of that as they come{}",
                order.name,
                seconds(order.seconds),
                order.mean_step / order.mean_step_given.max(f64::MIN_POSITIVE),
                match order.used {
                    true => "",
                    false => "; not used: they are taken as they come",
                },
            ));
        }
        for StreamJson { name, summary } in &self.streams {
            let outcome = summary.outcome(self.tuner);
            lines.push(format!("{name}: {}, {outcome}", systems(summary.systems)));
            lines.extend(
                summary
                    .background()
                    .into_iter()
                    .map(|line| format!("  {line}")),
            );
        }
        lines.push(all.outcome(self.tuner.filter(|_| self.streams.is_empty())));
        let s = &all.seconds;
        lines.push(format!(
            "{} s (setup {}, solve {}, tuner {}) and {} s to read or generate; largest relative residual {:.2e}",
            seconds(s.total),
            seconds(s.setup),
            seconds(s.solve),
            seconds(s.tuner),
            seconds(s.read),
            all.max_relative_residual,
        ));
        if self.streams.is_empty() {
            lines.extend(all.background());
        }
        if self.remaining > 0 {
            lines.push(format!(
                "stopped: {} left; with --state, the same command goes on",
                systems(self.remaining)
            ));
        }
        lines.join("\n") + "\n"
    }
}
