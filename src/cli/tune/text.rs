//! The report in words and tables.

use super::args::Cost;
use super::arms::{self, Arm, TRUSTED};
use super::hindsight::Unknown;
use super::regret::NoFit;
use super::report::{Group, HindsightJson, LogJson, Other, ReportJson, Spread};
use super::table::{maybe, number, ratio, row, sum, table};

/// The most arms that are listed; a tuner without a grid plays a new one each time.
const ARMS: usize = 40;

impl ReportJson {
    pub fn text(&self) -> String {
        let mut blocks: Vec<_> = self.logs.iter().map(|log| log.text(self.cost)).collect();
        if self.logs.len() > 1 {
            blocks.push(self.comparison());
        }
        blocks.join("\n")
    }

    /// A row for each log, and mean and deviation of those that belong together.
    fn comparison(&self) -> String {
        let mut rows = vec![row([
            "log",
            "tuner",
            "systems",
            "total",
            "mean",
            "first 100",
            "last 500",
            "/ best fixed",
            "/ oracle",
            "α",
        ])];
        rows.extend(self.logs.iter().map(|log| {
            let h = log.hindsight.as_ref();
            vec![
                log.name(),
                log.tuner.clone().unwrap_or("-".into()),
                log.systems.to_string(),
                sum(log.total),
                number(log.mean),
                maybe(log.window("first 100"), number),
                maybe(log.window("last 500"), number),
                maybe(h.map(|h| h.best_fixed.ratio), ratio),
                maybe(h.map(|h| h.oracle.ratio), ratio),
                maybe(h.and_then(|h| h.best_fixed.exponent), ratio),
            ]
        }));
        for group in &self.groups {
            rows.push(group.row(&format!("mean of {}", group.logs), |s| s.mean));
            rows.push(group.row("standard deviation", |s| s.deviation));
        }
        format!("All logs ({}):\n{}", self.cost.name(), table(&rows, "  "))
    }
}

impl Group {
    fn row(&self, name: &str, of: fn(&Spread) -> f64) -> Vec<String> {
        let cell = |spread: &Option<Spread>, say| maybe(spread.as_ref().map(of), say);
        vec![
            name.into(),
            self.tuner.clone().unwrap_or("-".into()),
            self.systems.to_string(),
            number(of(&self.total)),
            number(of(&self.mean)),
            cell(&self.first_100, number),
            cell(&self.last_500, number),
            cell(&self.ratio_best_fixed, ratio),
            cell(&self.ratio_oracle, ratio),
            cell(&self.exponent, ratio),
        ]
    }
}

impl LogJson {
    fn text(&self, cost: Cost) -> String {
        let tuner = self.tuner.as_ref();
        let mut text = format!(
            "{}: {}{} system{}, {}{}{}\n",
            self.name(),
            tuner.map_or(String::new(), |tuner| format!("{tuner}, ")),
            self.systems,
            if self.systems == 1 { "" } else { "s" },
            match self.systems - self.converged {
                0 => "all converged".into(),
                bad => format!("{bad} NOT converged"),
            },
            match self.capped {
                0 => String::new(),
                capped => format!(", {capped} capped"),
            },
            if self.cut_off {
                "; the last line is cut off and left out"
            } else {
                ""
            },
        );
        text += &table(&self.totals(cost), "  ");
        if !self.windows.is_empty() {
            text += "\n";
            text += &table(&self.windows_table(), "  ");
        }
        if let Some(hindsight) = &self.hindsight {
            text += "\n";
            text += &table(&regrets(hindsight), "  ");
            text += &format!(
                "  α is the slope of log R against log t. Expected: at most 2/3 against the best fixed ω; at most 3/4\n  against the oracle for a tuner that sees a context{}\n",
                match self.context {
                    true => "",
                    false => ", of which this log has none",
                }
            );
        }
        text += &self.notes();
        text += "\n";
        text += &self.arms_table();
        if !self.experts.is_empty() {
            text += "\n";
            text += &self.experts_table();
        }
        text
    }

    fn totals(&self, cost: Cost) -> Vec<Vec<String>> {
        let mut rows = vec![row([cost.name(), "total", "mean"])];
        rows.push(vec!["this run".into(), sum(self.total), number(self.mean)]);
        let Some(h) = &self.hindsight else {
            return rows;
        };
        rows[0].push("run / this".into());
        let mut add = |name: String, other: &Other| {
            rows.push(vec![
                name,
                sum(other.total),
                number(other.mean),
                ratio(other.ratio),
            ]);
        };
        add(
            format!(
                "best fixed ω = {:.2}",
                h.best_fixed.omega.unwrap_or_default()
            ),
            &h.best_fixed,
        );
        add("oracle on the grid".into(), &h.oracle);
        if let Some(golden) = &h.golden {
            add("oracle, golden section".into(), golden);
        }
        rows
    }

    fn windows_table(&self) -> Vec<Vec<String>> {
        let known = self.hindsight.is_some();
        let header: &[&str] = if known {
            &["mean of the", "this run", "best fixed", "oracle"]
        } else {
            &["mean of the", "this run"]
        };
        let mut rows = vec![header.iter().map(|&cell| cell.to_owned()).collect()];
        rows.extend(self.windows.iter().map(|w| {
            let mut row = vec![w.name.to_owned(), number(w.mean)];
            if known {
                row.extend([maybe(w.best_fixed, number), maybe(w.oracle, number)]);
            }
            row
        }));
        rows
    }

    /// What is not known, and what stands in for it.
    fn notes(&self) -> String {
        let why = match self.unknown {
            None => return String::new(),
            Some(Unknown::None) => {
                "no hindsight in this log (resolvent sequence --hindsight)".into()
            }
            Some(Unknown::Some(lines)) => format!(
                "hindsight on {lines} of {} lines only, so it is left out; run all of the sequence with --hindsight",
                self.systems
            ),
            Some(Unknown::Cost) => {
                "hindsight counts iterations; leave out --cost for the regret".into()
            }
        };
        let mut text = format!("\n  {why}\n");
        if let Some(arm) = arms::best_estimate(&self.arms) {
            let mean = arm.estimated_mean.unwrap_or(f64::NAN);
            text += &format!(
                "  ESTIMATE by importance weights, no measurement: the best fixed arm is {}, {} a system (from {} effective systems);\n  this run has cost {} times as much\n",
                name(arm),
                number(mean),
                maybe(arm.effective_systems, |n| format!("{n:.0}")),
                ratio(self.mean / mean),
            );
        } else if self.arms.iter().any(|arm| arm.estimated_mean.is_some()) {
            text += &format!(
                "  no arm has {TRUSTED} effective systems: no estimate of the best fixed one\n"
            );
        }
        text
    }

    fn arms_table(&self) -> String {
        // estimates are of no use where the truth is known
        let truth = self.hindsight.is_some();
        let estimated = !truth && self.arms.iter().any(|arm| arm.estimated_mean.is_some());
        let mut header = row(["arm", "played", "share", "mean where played", "capped"]);
        if truth {
            header.push("mean on all".into());
        } else if estimated {
            header.extend(row(["estimate on all", "effective systems"]));
        }
        let mut shown: Vec<_> = self.arms.iter().collect();
        if shown.len() > ARMS {
            shown.sort_by_key(|arm| std::cmp::Reverse(arm.played));
            shown.truncate(ARMS);
        }
        let mut rows = vec![header];
        rows.extend(shown.iter().map(|arm| {
            let mut row = vec![name(arm)];
            row.extend(played(arm.played, arm.share, arm.mean, arm.capped));
            if truth {
                row.push(maybe(arm.hindsight_mean, number));
            } else if estimated {
                row.push(maybe(arm.estimated_mean, number));
                row.push(maybe(arm.effective_systems, |n| format!("{n:.1}")));
            }
            row
        }));
        let left_out = match self.arms.len() - shown.len() {
            0 => String::new(),
            more => format!("  and {more} others, played less often\n"),
        };
        table(&rows, "  ") + &left_out
    }

    fn experts_table(&self) -> String {
        let mut rows = vec![row([
            "expert",
            "played",
            "share",
            "mean where played",
            "capped",
        ])];
        rows.extend(self.experts.iter().map(|e| {
            let mut row = vec![e.expert.clone().unwrap_or("none".into())];
            row.extend(played(e.played, e.share, e.mean, e.capped));
            row
        }));
        table(&rows, "  ")
    }
}

fn played(played: usize, share: f64, mean: f64, capped: usize) -> [String; 4] {
    [
        played.to_string(),
        format!("{:.1} %", 100.0 * share),
        number(mean),
        capped.to_string(),
    ]
}

/// An arm as the log calls it; its ω where it had no choice.
fn name(arm: &Arm) -> String {
    match (&arm.arm, arm.omega) {
        (Some(name), _) => name.clone(),
        (None, Some(omega)) => format!("omega={omega} (no choice)"),
        (None, None) => "no choice".into(),
    }
}

/// Regret at the checkpoints and its growth.
fn regrets(h: &HindsightJson) -> Vec<Vec<String>> {
    let exponent = |other: &Other| match other.fit {
        Ok(fit) => format!("{:.3}", fit.exponent),
        Err(NoFit::Few) => "too few systems".into(),
        Err(NoFit::NotPositive) => "regret is not positive".into(),
    };
    let mut rows = vec![row([
        "regret after",
        "against best fixed",
        "against oracle",
    ])];
    for (fixed, oracle) in h.best_fixed.regret.iter().zip(&h.oracle.regret) {
        rows.push(vec![
            fixed.systems.to_string(),
            sum(fixed.regret),
            sum(oracle.regret),
        ]);
    }
    rows.push(vec![
        "α".into(),
        exponent(&h.best_fixed),
        exponent(&h.oracle),
    ]);
    rows
}
