//! What was chosen for each system: a strip for each run.

use super::axes::{Panel, SMALL, Scale};
use super::regret::{Run, color};
use super::svg::{Anchor, Font, Page};
use std::collections::HashSet;

/// The most choices without ω that have a row of their own.
const ROWS: usize = 8;
/// The most runs that are drawn.
pub const RUNS: usize = 8;
const ROW: f64 = 18.0;
/// Between one strip and the next, for the name of the next.
const GAP: f64 = 30.0;
const RED: &str = "#cf222e";

#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    pub omega: Option<f64>,
    pub name: Option<&'a str>,
    pub capped: bool,
}

impl Chosen<'_> {
    /// Its row, if it has no ω; nothing was chosen where there is no name either.
    fn row(&self) -> Option<&str> {
        self.name.filter(|_| self.omega.is_none())
    }
}

/// The strips of all runs, on the same axes.
pub struct Strips<'a> {
    runs: &'a [Run<'a>],
    /// The choices that are no ω, in the order in which they appear.
    rows: Vec<&'a str>,
    /// Least and largest ω, if there is one.
    omegas: Option<[f64; 2]>,
    /// Of the part with ω.
    height: f64,
}

impl<'a> Strips<'a> {
    /// Nothing where nothing was chosen.
    pub fn of(runs: &'a [Run<'a>]) -> Option<Self> {
        let runs = &runs[..runs.len().min(RUNS)];
        let chosen = || runs.iter().flat_map(|run| &run.chosen);
        let mut rows: Vec<&str> = Vec::new();
        let mut seen = HashSet::new();
        for name in chosen().filter_map(Chosen::row) {
            if seen.insert(name) {
                rows.push(name);
            }
        }
        if rows.len() > ROWS {
            rows.truncate(ROWS - 1);
            rows.push("others");
        }
        let ends = |ends: Option<[f64; 2]>, w: f64| {
            let [low, high] = ends.unwrap_or([w, w]);
            Some([low.min(w), high.max(w)])
        };
        let omegas = chosen().filter_map(|c| c.omega).fold(None, ends);
        let height = match (omegas, runs.len()) {
            (None, _) => 0.0,
            (_, 1) => 200.0,
            _ => 120.0,
        };
        (omegas.is_some() || !rows.is_empty()).then_some(Self {
            runs,
            rows,
            omegas,
            height,
        })
    }

    fn strip(&self) -> f64 {
        self.height + ROW * self.rows.len() as f64
    }

    pub fn height(&self) -> f64 {
        let count = self.runs.len() as f64;
        count * self.strip() + (count - 1.0) * GAP
    }

    /// ω upwards, what is no ω in rows above it.
    pub fn draw(&self, page: &mut Page, [left, top]: [f64; 2], width: f64, x: Scale) {
        let (y, pitch) = self.scale();
        for (index, run) in self.runs.iter().enumerate() {
            let last = index + 1 == self.runs.len();
            let mut x = x.clone();
            if !last {
                x.ticks.iter_mut().for_each(|(_, text)| text.clear());
            }
            let panel = Panel {
                left,
                top: top + index as f64 * (self.strip() + GAP),
                width,
                height: self.strip(),
                x,
                y: y.clone(),
            };
            let name = if self.omegas.is_some() { "ω" } else { "" };
            panel.draw(page, if last { "system" } else { "" }, name);
            let red = self.marks(page, &panel, index, run, pitch);
            let mut text = match self.runs.len() {
                1 => "chosen for each system".to_owned(),
                _ => run.file.clone(),
            };
            if red {
                text += " (red: it did not finish, another way did)";
            }
            let font = Font {
                color: color(index),
                ..SMALL
            };
            page.text([left, panel.top - 9.0], Anchor::Start, font, &text);
        }
    }

    /// The scale of a strip, and how much of it a row takes.
    fn scale(&self) -> (Scale, f64) {
        let (mut y, high, pitch) = match self.omegas {
            Some([low, high]) => {
                let (from, to) = (low - 0.05, high + 0.05);
                let mut scale = Scale::linear(from, to, if self.runs.len() == 1 { 6 } else { 4 });
                // a tick close to the first row would run into its name
                scale
                    .ticks
                    .retain(|(w, _)| self.rows.is_empty() || *w <= high);
                (scale, to, ROW / self.height * (to - from))
            }
            None => (Scale::linear(0.0, 1.0, 5), 0.0, 1.0),
        };
        if self.omegas.is_none() {
            y.ticks.clear();
        }
        y.ends[1] = high + self.rows.len() as f64 * pitch;
        let row = |(k, name): (usize, &&str)| (high + (k as f64 + 0.5) * pitch, short(name));
        y.ticks.extend(self.rows.iter().enumerate().map(row));
        (y, pitch)
    }

    /// Draws the choices of a run; whether one of them is red.
    fn marks(&self, page: &mut Page, panel: &Panel, index: usize, run: &Run, pitch: f64) -> bool {
        let size = match run.chosen.len() {
            0..150 => 5.0,
            150..1000 => 3.0,
            _ => 2.0,
        };
        let spot = match run.chosen.len() {
            0..2000 => 0.5,
            _ => size,
        };
        let first = panel.y.ends[1] - self.rows.len() as f64 * pitch;
        let (mut marks, mut capped) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for (t, chosen) in run.chosen.iter().enumerate() {
            let value = match (chosen.omega, chosen.row()) {
                (Some(omega), _) => omega,
                (None, Some(name)) => {
                    let k = self.rows.iter().position(|row| *row == name);
                    first + (k.unwrap_or(self.rows.len() - 1) as f64 + 0.5) * pitch
                }
                (None, None) => continue,
            };
            let [x, y] = panel.at((t + 1) as f64, value);
            // what falls on the same spot is drawn once
            if !seen.insert(((x / spot) as i64, (y / spot) as i64, chosen.capped)) {
                continue;
            }
            match chosen.capped {
                true => capped.push([x, y]),
                false => marks.push([x, y]),
            }
        }
        page.marks(&marks, [size, size], color(index));
        page.marks(&capped, [size, 8.0], RED);
        !capped.is_empty()
    }
}

/// A name that fits beside a panel: what tells arms apart is after the colon.
fn short(name: &str) -> String {
    let cut = |text: &str, length| text.chars().take(length).chain(['…']).collect::<String>();
    match (name.chars().count() > 8, name.split_once(':')) {
        (false, _) => name.into(),
        (true, Some((name, option))) if option.len() <= 4 => cut(name, 3) + " " + option,
        (true, _) => cut(name, 7),
    }
}
