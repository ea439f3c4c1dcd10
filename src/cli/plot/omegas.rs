//! What each ω would have cost, had it been kept throughout, beside what was paid.

use super::axes::{INK, Panel, SMALL, Scale};
use super::regret::color;
use super::svg::{Anchor, Font, Page, Stroke};
use crate::cli::error::CliError;
use std::path::Path;

const LEFT: f64 = 76.0;
const TOP: f64 = 104.0;
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 360.0;
const LINE: f64 = 20.0;

/// A picture of runs with hindsight.
pub struct Figure<'a> {
    pub title: String,
    pub runs: Vec<Run<'a>>,
}

pub struct Run<'a> {
    /// What the legend says.
    pub name: String,
    /// Mean iterations at each ω, by ω.
    pub fixed: Vec<[f64; 2]>,
    /// Mean over the best ω for each system.
    pub oracle: f64,
    /// What the run has paid, of each system.
    pub cost: &'a [f64],
}

impl Figure<'_> {
    pub fn save(&self, path: &Path) -> Result<(), CliError> {
        let legend = TOP + HEIGHT + 66.0;
        let height = legend + self.runs.len() as f64 * LINE + 8.0;
        let mut page = Page::new(LEFT + WIDTH + 40.0, height);
        let title = Font {
            size: 18.0,
            color: INK,
            bold: true,
        };
        page.text([LEFT, 34.0], Anchor::Start, title, &self.title);
        let small = Font {
            size: 13.0,
            ..SMALL
        };
        let subtitle = "mean iterations of a solve with one ω throughout, from hindsight";
        page.text([LEFT, 56.0], Anchor::Start, small, subtitle);
        let panel = self.panel();
        panel.draw(&mut page, "ω", "iterations of a solve");
        let mut x = LEFT;
        for (name, stroke) in [
            ("ω throughout", solid(INK)),
            ("best ω for each system", dashed(INK, "7 3")),
            ("this run", dashed(INK, "2 3")),
        ] {
            page.line(&[[x, TOP - 14.0], [x + 26.0, TOP - 14.0]], stroke);
            page.text([x + 32.0, TOP - 10.0], Anchor::Start, SMALL, name);
            x += 54.0 + 6.6 * name.chars().count() as f64;
        }
        for (index, run) in self.runs.iter().enumerate() {
            let color = color(index);
            for (level, dashes) in [(run.oracle, "7 3"), (run.mean(), "2 3")] {
                let ends = panel.x.ends.map(|omega| panel.at(omega, level));
                page.line(&ends, dashed(color, dashes));
            }
            let curve: Vec<_> = run.fixed.iter().map(|&[w, k]| panel.at(w, k)).collect();
            page.line(&curve, solid(color));
            let best = run.fixed.iter().min_by(|a, b| a[1].total_cmp(&b[1]));
            if let Some(&[omega, least]) = best {
                page.dot(panel.at(omega, least), 4.0, color);
            }
            let y = legend + index as f64 * LINE;
            page.line(&[[LEFT, y], [LEFT + 30.0, y]], solid(color));
            page.text([LEFT + 40.0, y + 4.0], Anchor::Start, SMALL, &run.name);
        }
        page.save(path)
    }

    fn panel(&self) -> Panel {
        let levels = |run: &Run<'_>| [run.oracle, run.mean()];
        let fixed = self.runs.iter().flat_map(|run| &run.fixed).map(|p| p[1]);
        let all = fixed.chain(self.runs.iter().flat_map(levels));
        let all = all.filter(|k| *k > 0.0 && k.is_finite());
        let (least, most) = all.fold((f64::INFINITY, 0.0f64), |(l, m), k| (l.min(k), m.max(k)));
        let (least, most) = match most > 0.0 {
            true => (least, most),
            false => (1.0, 10.0),
        };
        Panel {
            left: LEFT,
            top: TOP,
            width: WIDTH,
            height: HEIGHT,
            x: Scale::linear(1.0, 2.0, 10),
            y: match most > 4.0 * least {
                true => Scale::log(least * 0.8, most * 1.25),
                false => Scale::linear(0.0, most * 1.05, 5),
            },
        }
    }
}

impl Run<'_> {
    pub fn mean(&self) -> f64 {
        self.cost.iter().sum::<f64>() / self.cost.len().max(1) as f64
    }
}

fn solid(color: &'static str) -> Stroke {
    Stroke {
        color,
        width: 1.8,
        dashes: "",
    }
}

fn dashed(color: &'static str, dashes: &'static str) -> Stroke {
    Stroke {
        color,
        width: 1.3,
        dashes,
    }
}
