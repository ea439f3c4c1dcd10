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
    /// Over the systems that it solved, as all that follows; null where it solved none.
    pub mean: Option<Mean>,
    pub worst_iterations: usize,
    /// Its time over that of the model, on the systems that both solved.
    pub time_against_model: Option<f64>,
    /// Iterations of the model over its own, likewise.
    pub model_iterations_against: Option<f64>,
    /// Systems after which training has paid against it; null: never, or training is not known.
    pub training_pays_after: Option<f64>,
    /// Of the first system that it did not solve.
    pub problem: Option<String>,
    pub runs: Vec<Run>,
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
    /// Of `runs[s][e]`, entrant e on system s; the model comes first. `None` if there are no runs.
    pub fn of(
        systems: String,
        entrants: &[Entrant],
        runs: &[Vec<Run>],
        trained: Option<f64>,
    ) -> Option<Self> {
        if runs.is_empty() {
            return None;
        }
        let model: Vec<&Run> = runs.iter().filter_map(|runs| runs.first()).collect();
        let one = |(e, entrant): (usize, &Entrant)| {
            let own: Vec<Run> = runs
                .iter()
                .filter_map(|runs| runs.get(e).cloned())
                .collect();
            EntrantJson::of(entrant, own, &model, trained)
        };
        Some(Self {
            systems,
            count: runs.len(),
            entrants: entrants.iter().enumerate().map(one).collect(),
        })
    }
}

impl EntrantJson {
    fn of(entrant: &Entrant, runs: Vec<Run>, model: &[&Run], trained: Option<f64>) -> Self {
        let solved: Vec<&Run> = runs.iter().filter(|run| run.converged).collect();
        let n = solved.len() as f64;
        let mean = |of: &dyn Fn(&Run) -> f64| solved.iter().map(|run| of(run)).sum::<f64>() / n;
        let applies = |run: &Run| run.precond_applies.unwrap_or(0) as f64;
        let counted = solved.iter().all(|run| run.precond_applies.is_some());
        let found = Mean {
            iterations: mean(&|run| run.iterations as f64),
            precond_applies: counted.then(|| mean(&applies)),
            setup: mean(&|run| run.setup),
            solve: mean(&|run| run.solve),
            total: mean(&Run::total),
        };
        let both: Vec<_> = runs
            .iter()
            .zip(model)
            .filter(|(run, model)| run.converged && model.converged)
            .collect();
        let sum = |of: &dyn Fn(&Run) -> f64| {
            let own: f64 = both.iter().map(|(run, _)| of(run)).sum();
            let models: f64 = both.iter().map(|(_, model)| of(model)).sum();
            (!both.is_empty() && own > 0.0 && models > 0.0).then_some((own, models))
        };
        let times = sum(&Run::total);
        let counts = sum(&|run| run.iterations as f64);
        let saved = times.map(|(own, models)| (own - models) / both.len() as f64);
        let pays = saved.filter(|saved| *saved > 0.0 && entrant.part != Part::Model);
        Self {
            name: entrant.name.clone(),
            part: entrant.part,
            solver: entrant.solver().into(),
            solved: solved.len(),
            mean: (!solved.is_empty()).then_some(found),
            worst_iterations: solved.iter().map(|run| run.iterations).max().unwrap_or(0),
            time_against_model: times.map(|(own, models)| own / models),
            model_iterations_against: counts.map(|(own, models)| models / own),
            training_pays_after: pays.zip(trained).map(|(saved, t)| (t / saved).ceil()),
            problem: runs.iter().find(|r| !r.converged).map(|r| r.reason.clone()),
            runs,
        }
    }

    fn row(&self, count: usize, trained: bool) -> Vec<String> {
        let dash = || "-".to_owned();
        let ms = |value: fn(&Mean) -> f64| self.mean.map_or_else(dash, |m| digits(1e3 * value(&m)));
        let direct = self.solver == "direct";
        let judged = self.part == Part::Model;
        let pays = match (self.training_pays_after, self.time_against_model) {
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
            match self.mean {
                Some(_) if !direct => self.worst_iterations.to_string(),
                _ => dash(),
            },
            ms(|m| m.setup),
            ms(|m| m.solve),
            ms(|m| m.total),
            self.time_against_model
                .map_or_else(dash, |r| format!("{r:.2}")),
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
        if !self.absent_peers.is_empty() {
            let _ = writeln!(text, "\nnot found: {}", self.absent_peers.join(", "));
        }
        if self.interrupted {
            text += "\ninterrupted: what had not been run by everybody is left out\n";
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
        let rivals = all.filter(|e| !matches!(e.part, Part::Random | Part::Untrained));
        let total = |e: &EntrantJson| e.mean.map_or(f64::INFINITY, |m| m.total);
        let mut rivals: Vec<_> = rivals.collect();
        rivals.sort_by(|a, b| total(a).total_cmp(&total(b)));
        let name = &model.name;
        let _ = match rivals.as_slice() {
            [] => writeln!(text, "nobody solved every system"),
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
            if let (Part::Untrained | Part::Random, Some(ratio)) = (e.part, against) {
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
