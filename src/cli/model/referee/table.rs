//! What a referee says: a table for each group of systems.

use super::entrant::{Entrant, Part, Run};
use serde::Serialize;
use std::fmt::Write;

/// `model referee --json`.
#[derive(Debug, Serialize)]
pub struct RefereeJson {
    pub model: String,
    pub trained_seconds: Option<f64>,
    pub rtol: f64,
    pub rounds: usize,
    pub seed: u64,
    pub threads: usize,
    pub groups: Vec<GroupJson>,
    /// Packages that were looked for and not found.
    pub absent_peers: Vec<&'static str>,
    /// What else does not take part, and why.
    pub notes: Vec<String>,
    pub interrupted: bool,
    pub seconds: f64,
    pub version: &'static str,
}

/// One family or folder.
#[derive(Debug, Serialize)]
pub struct GroupJson {
    pub systems: String,
    pub count: usize,
    pub entrants: Vec<EntrantJson>,
}

#[derive(Debug, Serialize)]
pub struct EntrantJson {
    pub name: String,
    pub part: Part,
    pub solver: String,
    pub solved: usize,
    /// Of the fastest runs; null unless it solved every system, as all that follows.
    pub mean: Option<Mean>,
    pub worst_iterations: Option<usize>,
    /// Its time over that of the model.
    pub time_against_model: Option<f64>,
    /// Iterations of the model over its own.
    pub model_iterations_against: Option<f64>,
    /// Systems after which training has paid against it; null: never, or training is not known.
    pub training_pays_after: Option<f64>,
    /// The slowest round over the fastest one, on the system where that is the median.
    pub spread: Option<f64>,
    /// Of the first run that failed.
    pub problem: Option<String>,
    /// For each system, every round.
    pub runs: Vec<Vec<Run>>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Mean {
    pub iterations: f64,
    pub precond_applies: Option<f64>,
    pub setup: f64,
    pub solve: f64,
    pub total: f64,
}

impl GroupJson {
    /// Of `runs[s][e]`, the rounds of entrant e on system s; the model comes first. `None` if there are no
    /// runs.
    pub fn of(
        systems: String,
        entrants: &[Entrant],
        runs: Vec<Vec<Vec<Run>>>,
        trained: Option<f64>,
    ) -> Option<Self> {
        let count = runs.len();
        let mut of_entrant: Vec<Vec<Vec<Run>>> = entrants.iter().map(|_| Vec::new()).collect();
        for system in runs {
            for (rounds, all) in system.into_iter().zip(&mut of_entrant) {
                all.push(rounds);
            }
        }
        let model = mean(of_entrant.first()?);
        let pairs = entrants.iter().zip(of_entrant);
        let entrants = pairs.map(|(entrant, runs)| EntrantJson::of(entrant, runs, model, trained));
        (count > 0).then(|| Self {
            systems,
            count,
            entrants: entrants.collect(),
        })
    }
}

/// The fastest of the rounds that have converged.
fn fastest(rounds: &[Run]) -> Option<&Run> {
    let converged = rounds.iter().filter(|run| run.converged);
    converged.min_by(|a, b| a.total().total_cmp(&b.total()))
}

/// Over all systems, if all are solved.
fn mean(runs: &[Vec<Run>]) -> Option<Mean> {
    let best: Option<Vec<&Run>> = runs.iter().map(|rounds| fastest(rounds)).collect();
    let best = best.filter(|best| !best.is_empty())?;
    let of = |value: &dyn Fn(&Run) -> f64| {
        best.iter().map(|run| value(run)).sum::<f64>() / best.len() as f64
    };
    let counted = best.iter().all(|run| run.precond_applies.is_some());
    Some(Mean {
        iterations: of(&|run| run.iterations as f64),
        precond_applies: counted.then(|| of(&|run| run.precond_applies.unwrap_or(0) as f64)),
        setup: of(&|run| run.setup),
        solve: of(&|run| run.solve),
        total: of(&Run::total),
    })
}

impl EntrantJson {
    fn of(
        entrant: &Entrant,
        runs: Vec<Vec<Run>>,
        model: Option<Mean>,
        trained: Option<f64>,
    ) -> Self {
        let best: Vec<&Run> = runs.iter().filter_map(|rounds| fastest(rounds)).collect();
        let own = mean(&runs);
        let both = own.zip(model);
        let saved = both.map(|(own, model)| own.total - model.total);
        let saved = saved.filter(|saved| *saved > 0.0 && entrant.part != Part::Model);
        let ratio = |value: fn(Mean) -> f64| {
            let pair = both.map(|(own, model)| [value(own), value(model)]);
            pair.filter(|[own, model]| *own > 0.0 && *model > 0.0)
        };
        let slowest = |rounds: &Vec<Run>| {
            let most = rounds.iter().map(Run::total).fold(0.0, f64::max);
            fastest(rounds).map(|best| most / best.total())
        };
        let mut spreads: Vec<f64> = runs.iter().filter_map(slowest).collect();
        spreads.sort_by(f64::total_cmp);
        let failed = runs.iter().flatten().find(|run| !run.converged);
        Self {
            name: entrant.name.clone(),
            part: entrant.part,
            solver: entrant.solver().into(),
            solved: best.len(),
            worst_iterations: own.and(best.iter().map(|run| run.iterations).max()),
            mean: own,
            time_against_model: ratio(|m| m.total).map(|[own, model]| own / model),
            model_iterations_against: ratio(|m| m.iterations).map(|[own, model]| model / own),
            training_pays_after: saved.zip(trained).map(|(saved, t)| (t / saved).ceil()),
            spread: spreads.get(spreads.len() / 2).copied(),
            problem: failed.map(|run| run.reason.clone()),
            runs,
        }
    }

    fn row(&self, count: usize, trained: bool) -> Vec<String> {
        let dash = || "-".to_owned();
        let ms = |value: fn(&Mean) -> f64| self.mean.map_or_else(dash, |m| digits(1e3 * value(&m)));
        let direct = self.solver == "direct";
        let judged = self.part == Part::Model;
        let pays = match (self.training_pays_after, self.time_against_model) {
            (Some(systems), _) if systems >= 1e9 => format!("{systems:.0e}"),
            (Some(systems), _) => format!("{systems:.0}"),
            (None, Some(_)) if trained && !judged => "never".into(),
            _ => dash(),
        };
        vec![
            self.name.clone(),
            self.solver.clone(),
            format!("{}/{count}", self.solved),
            match self.mean {
                Some(mean) if !direct => format!("{:.1}", mean.iterations),
                _ => dash(),
            },
            match self.worst_iterations {
                Some(worst) if !direct => worst.to_string(),
                _ => dash(),
            },
            ms(|m| m.setup),
            ms(|m| m.solve),
            ms(|m| m.total),
            self.time_against_model.map_or_else(dash, digits),
            pays,
        ]
    }
}

const HEAD: [&str; 10] = [
    "preconditioner",
    "solver",
    "solved",
    "iterations",
    "worst",
    "setup ms",
    "solve ms",
    "total ms",
    "x the model's",
    "training pays after",
];

impl RefereeJson {
    /// Whether the model solved everything, and there was something.
    pub fn model_converged(&self) -> bool {
        let solved = |group: &GroupJson| {
            group
                .entrants
                .first()
                .is_some_and(|e| e.solved == group.count)
        };
        !self.interrupted && !self.groups.is_empty() && self.groups.iter().all(solved)
    }

    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: relative residual {:e}, {} thread{}, the fastest of {} round{}, seed {}\n",
            self.model,
            self.rtol,
            self.threads,
            if self.threads == 1 { "" } else { "s" },
            self.rounds,
            if self.rounds == 1 { "" } else { "s" },
            self.seed
        );
        // writing to a string cannot fail
        let _ = match self.trained_seconds {
            Some(seconds) => writeln!(text, "its training took {seconds:.0} s"),
            None => writeln!(
                text,
                "what its training took is not known: --training-seconds"
            ),
        };
        for group in &self.groups {
            let _ = writeln!(text, "\n## {}\n\nsystems: {}\n", group.systems, group.count);
            text += &group.table(self.trained_seconds.is_some());
            text += &group.words();
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n{note}");
        }
        if !self.absent_peers.is_empty() {
            let _ = writeln!(text, "\nnot found: {}", self.absent_peers.join(", "));
        }
        if self.interrupted {
            text += "\ninterrupted: the system that was begun is left out\n";
        }
        text
    }
}

impl GroupJson {
    fn table(&self, trained: bool) -> String {
        let rows = self.entrants.iter().map(|e| e.row(self.count, trained));
        let head = HEAD.map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
        let width = |k: usize| {
            rows.iter()
                .map(|row| row[k].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            let cell = |(k, cell): (usize, &String)| match k {
                0 | 1 => format!(" {cell:<0$} |", widths[k]),
                _ => format!(" {cell:>0$} |", widths[k]),
            };
            text += "|";
            text.extend(row.iter().enumerate().map(cell));
            text += "\n";
            if index == 0 {
                let rule = |(k, w): (usize, &usize)| match k {
                    0 | 1 => format!("{}|", "-".repeat(w + 2)),
                    _ => format!("{}:|", "-".repeat(w + 1)),
                };
                text += "|";
                text.extend(widths.iter().enumerate().map(rule));
                text += "\n";
            }
        }
        text
    }

    /// Who failed and why, who is the fastest, and what training did.
    fn words(&self) -> String {
        let mut text = String::from("\n");
        for e in &self.entrants {
            if let Some(problem) = &e.problem {
                let _ = writeln!(text, "{}: {problem}", e.name);
            }
        }
        let Some(model) = self.entrants.first() else {
            return text;
        };
        // among those that solved every system
        let all = self.entrants.iter().filter(|e| e.solved == self.count);
        let rivals = all.filter(|e| !matches!(e.part, Part::Shuffled | Part::Untrained));
        let total = |e: &EntrantJson| e.mean.map_or(f64::INFINITY, |m| m.total);
        let mut rivals: Vec<_> = rivals.collect();
        rivals.sort_by(|a, b| total(a).total_cmp(&total(b)));
        let name = &model.name;
        let _ = match rivals.as_slice() {
            [] => writeln!(text, "nobody solved every system"),
            [first] if first.part == Part::Model => {
                writeln!(text, "fastest: {name}; nobody else solved every system")
            }
            [first, next, ..] if first.part == Part::Model => writeln!(
                text,
                "fastest: {name}; the next, {}, takes {:.2} times as long",
                next.name,
                total(next) / total(model)
            ),
            [first, ..] if model.solved == self.count => writeln!(
                text,
                "fastest: {}; {name} takes {:.2} times as long",
                first.name,
                total(model) / total(first)
            ),
            [first, ..] => writeln!(text, "fastest: {}", first.name),
        };
        for e in &self.entrants {
            let against = e.model_iterations_against;
            if let (Part::Untrained | Part::Shuffled, Some(ratio)) = (e.part, against) {
                let _ = writeln!(
                    text,
                    "iterations of {name} against {}: {:+.0} %",
                    e.name,
                    100.0 * (ratio - 1.0)
                );
            }
        }
        text
    }
}

/// Three digits that count.
fn digits(value: f64) -> String {
    match value {
        v if v < 1.0 => format!("{v:.3}"),
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}
