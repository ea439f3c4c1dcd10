//! Runs of tuners: regret, cost, and what was chosen.

use super::COLORS;
use super::axes::{INK, Panel, SMALL, Scale};
use super::choices::{self, Chosen};
use super::svg::{Anchor, Font, Page, Stroke};
use crate::cli::error::CliError;
use std::path::Path;

const LEFT: f64 = 76.0;
/// Left edge of the second panel of a row.
const RIGHT: f64 = 586.0;
const TOP: f64 = 104.0;
const WIDTH: f64 = 430.0;
const WIDE: f64 = RIGHT + WIDTH - LEFT;
const HEIGHT: f64 = 320.0;
const LINE: f64 = 20.0;
/// What lies between the rows of panels: ticks and names above, the key below.
const BETWEEN: f64 = 92.0;
/// The running mean goes over so many systems.
const WINDOW: usize = 50;

/// A picture of runs.
pub struct Figure<'a> {
    pub title: String,
    pub subtitle: &'a str,
    /// What a solve costs, e.g. iterations.
    pub unit: &'a str,
    pub runs: Vec<Run<'a>>,
}

pub struct Run<'a> {
    /// Short, where it stands.
    pub file: String,
    /// What the legend says.
    pub name: String,
    pub cost: &'a [f64],
    /// What it is measured against: the best fixed choice and the oracle.
    pub others: Vec<Other<'a>>,
    pub chosen: Vec<Chosen<'a>>,
}

pub struct Other<'a> {
    pub cost: &'a [f64],
    /// Cumulative.
    pub regret: Vec<f64>,
    /// Factor and exponent.
    pub fit: Option<[f64; 2]>,
}

impl Figure<'_> {
    pub fn save(&self, path: &Path) -> Result<(), CliError> {
        let regret = self.runs.iter().any(|run| !run.others.is_empty());
        let second = TOP + HEIGHT + BETWEEN;
        let strips = choices::Strips::of(&self.runs);
        let legend = match &strips {
            Some(strips) => second + strips.height() + 66.0,
            None => TOP + HEIGHT + 66.0,
        };
        let height = legend + self.runs.len() as f64 * LINE + 8.0;
        let mut page = Page::new(1040.0, height);
        let font = |size, bold| Font {
            size,
            color: INK,
            bold,
        };
        page.text([LEFT, 34.0], Anchor::Start, font(18.0, true), &self.title);
        let small = Font {
            size: 13.0,
            ..SMALL
        };
        let mut subtitle = self.subtitle.to_owned();
        if strips.is_some() && self.runs.len() > choices::RUNS {
            subtitle += &format!("; choices of the first {} runs", choices::RUNS);
        }
        page.text([LEFT, 56.0], Anchor::Start, small, &subtitle);
        if regret {
            self.regrets(&mut page);
            self.costs(&mut page, RIGHT, WIDTH);
        } else {
            self.costs(&mut page, LEFT, WIDE);
        }
        if let Some(strips) = strips {
            strips.draw(&mut page, [LEFT, second], WIDE, self.x());
        }
        for (index, run) in self.runs.iter().enumerate() {
            let y = legend + index as f64 * LINE;
            page.line(&[[LEFT, y], [LEFT + 30.0, y]], solid(index));
            page.text([LEFT + 40.0, y + 4.0], Anchor::Start, SMALL, &run.name);
        }
        page.save(path)
    }

    /// The longest run.
    fn systems(&self) -> f64 {
        let lengths = self.runs.iter().map(|run| run.cost.len());
        lengths.max().unwrap_or(1) as f64
    }

    /// Over how many systems means are taken: few in short runs.
    fn window(&self) -> usize {
        (self.systems() as usize / 10).clamp(1, WINDOW)
    }

    fn x(&self) -> Scale {
        Scale::linear(0.0, self.systems() * 1.01, 6)
    }

    /// Cumulative regret on logarithmic axes.
    fn regrets(&self, page: &mut Page) {
        let others = || self.runs.iter().flat_map(|run| &run.others);
        let values = || {
            others()
                .flat_map(|o| &o.regret)
                .copied()
                .filter(|r| *r > 0.0)
        };
        let most = values().fold(0.0, f64::max);
        let (most, least) = match most > 0.0 {
            true => (most * 1.5, values().fold(most, f64::min).max(most * 1e-5)),
            false => (10.0, 1.0),
        };
        let panel = Panel {
            left: LEFT,
            top: TOP,
            width: WIDTH,
            height: HEIGHT,
            x: Scale::log(1.0, self.systems().max(2.0)),
            y: Scale::log(10f64.powf(least.log10().floor()), most),
        };
        panel.draw(
            page,
            "systems",
            &format!("cumulative regret, {}", self.unit),
        );
        key(
            page,
            LEFT,
            &[
                ("against best fixed", solid(0).with(INK)),
                ("against oracle", DASHED),
                ("fit", FIT),
            ],
        );
        if most == 10.0 && values().next().is_none() {
            let middle = [LEFT + WIDTH / 2.0, TOP + HEIGHT / 2.0];
            page.text(middle, Anchor::Middle, SMALL, "regret is not positive");
        }
        for (index, run) in self.runs.iter().enumerate() {
            for (role, other) in run.others.iter().enumerate() {
                let stroke = [solid(index), DASHED.with(color(index))][role.min(1)];
                for part in pieces(&other.regret, panel.y.ends[0]) {
                    let line: Vec<_> = part.iter().map(|&[t, r]| panel.at(t, r)).collect();
                    page.line(&line, stroke);
                }
                let Some([factor, exponent]) = other.fit else {
                    continue;
                };
                let last = other.regret.len() as f64;
                let end = |t: f64| [t, factor * t.powf(exponent)];
                let ends = [end(last.sqrt()), end(last)];
                page.line(&ends.map(|[t, r]| panel.at(t, r)), FIT);
            }
        }
    }

    /// Running means of the cost.
    fn costs(&self, page: &mut Page, left: f64, width: f64) {
        let window = self.window();
        let means = |run: &Run| -> Vec<_> {
            let others = run.others.iter().map(|other| other.cost);
            let all = std::iter::once(run.cost).chain(others);
            all.map(|cost| running_mean(cost, window)).collect()
        };
        let curves: Vec<Vec<_>> = self.runs.iter().map(means).collect();
        let values = || curves.iter().flatten().flatten().map(|[_, mean]| *mean);
        let most = values().fold(0.0, f64::max);
        let most = if most > 0.0 { most.min(1e300) } else { 1.0 };
        let least = values().filter(|v| *v > 0.0).fold(most, f64::min);
        let panel = Panel {
            left,
            top: TOP,
            width,
            height: HEIGHT,
            x: self.x(),
            y: match most > 30.0 * least {
                true => Scale::log(least * 0.8, most * 1.25),
                false => Scale::linear(0.0, most * 1.05, 5),
            },
        };
        let name = match window {
            1 => format!("{} of a solve", self.unit),
            n => format!("{} of a solve, mean of the last {n}", self.unit),
        };
        panel.draw(page, "system", &name);
        let roles = [solid(0).with(INK), DASHED, DOTTED];
        if curves.iter().any(|curves| curves.len() > 1) {
            let names = ["this run", "best fixed", "oracle"];
            key(
                page,
                left,
                &[0, 1, 2].map(|role| (names[role], roles[role])),
            );
        }
        // references first, the runs over them
        for role in [2, 1, 0] {
            for (index, all) in curves.iter().enumerate() {
                let Some((last, rest)) = all.get(role).and_then(|c| c.split_last()) else {
                    continue;
                };
                // runs over the same systems have the same references: they are drawn once
                let same =
                    |later: &Vec<Vec<[f64; 2]>>| role > 0 && later.get(role) == Some(&all[role]);
                if curves[index + 1..].iter().any(same) {
                    continue;
                }
                let step = rest.len().div_ceil(450).max(1);
                let thinned = rest.iter().step_by(step).chain([last]);
                let line: Vec<_> = thinned.map(|&[t, mean]| panel.at(t, mean)).collect();
                page.line(&line, roles[role].with(color(index)));
                if let ([point], 0) = (&line[..], role) {
                    page.dot(*point, 3.0, color(index)); // a line of one point is not seen
                }
            }
        }
    }
}

const DASHED: Stroke = Stroke {
    color: INK,
    width: 1.4,
    dashes: "7 3",
};
const DOTTED: Stroke = Stroke {
    color: INK,
    width: 1.2,
    dashes: "2 3",
};
const FIT: Stroke = Stroke {
    color: INK,
    width: 1.0,
    dashes: "1 3",
};

fn solid(index: usize) -> Stroke {
    Stroke {
        color: color(index),
        width: 1.8,
        dashes: "",
    }
}

impl Stroke {
    fn with(self, color: &'static str) -> Self {
        Self { color, ..self }
    }
}

/// The colour of a run.
pub fn color(index: usize) -> &'static str {
    COLORS[index % COLORS.len()]
}

/// What the strokes of a panel mean, above it.
fn key(page: &mut Page, left: f64, entries: &[(&str, Stroke)]) {
    let mut x = left;
    for (name, stroke) in entries {
        let y = TOP - 14.0;
        page.line(&[[x, y], [x + 26.0, y]], *stroke);
        page.text([x + 32.0, y + 4.0], Anchor::Start, SMALL, name);
        x += 54.0 + 6.6 * name.chars().count() as f64;
    }
}

/// Stretches of a curve above `least`, as (t, value), thinned evenly in log t.
fn pieces(values: &[f64], least: f64) -> Vec<Vec<[f64; 2]>> {
    let mut pieces = vec![Vec::new()];
    let mut next = 1.0;
    for (t, &value) in (1..).zip(values) {
        let t = f64::from(t);
        if t < next && t as usize != values.len() {
            continue;
        }
        next = t * 1.01;
        match value >= least {
            true => pieces
                .last_mut()
                .into_iter()
                .for_each(|p| p.push([t, value])),
            false if pieces.last().is_some_and(|p| !p.is_empty()) => pieces.push(Vec::new()),
            false => {}
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// Means over so many values, each with the number of its last one, from 1.
fn running_mean(values: &[f64], window: usize) -> Vec<[f64; 2]> {
    let window = window.min(values.len()).max(1);
    let means = values.windows(window).zip(window..);
    means
        .map(|(part, t)| [t as f64, part.iter().sum::<f64>() / window as f64])
        .collect()
}
