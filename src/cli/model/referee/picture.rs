//! The table as a picture: seconds of everybody, setup and solve, with the iterations beside them.

use super::entrant::Part;
use super::table::{EntrantJson, GroupJson, RefereeJson};
use crate::cli::error::CliError;
use crate::cli::plot::axes::{INK, Panel, SMALL, Scale};
use crate::cli::plot::svg::{Anchor, Font, Page};
use std::path::Path;

const DOT: f64 = 5.0;
const TICK: f64 = 12.0;
const ROW: f64 = 20.0;
/// Above a group, for its name, and below it, for the axis.
const ABOVE: f64 = 34.0;
const BELOW: f64 = 56.0;
const LEFT: f64 = 190.0;
const WIDTH: f64 = 700.0;

/// Of the model, of itself untrained, of classical ones, of other packages.
fn color(part: Part) -> &'static str {
    match part {
        Part::Model => "#d55e00",
        Part::Untrained | Part::Shuffled => "#e69f00",
        Part::Classical => "#0072b2",
        Part::Peer => "#009e73",
    }
}

pub fn save(result: &RefereeJson, path: &Path) -> Result<(), CliError> {
    let rows = |group: &GroupJson| group.entrants.len() as f64 * ROW + 8.0;
    let heights = result.groups.iter().map(|g| ABOVE + rows(g) + BELOW);
    let mut page = Page::new(LEFT + WIDTH + 30.0, 84.0 + heights.sum::<f64>());
    let title = Font {
        size: 18.0,
        color: INK,
        bold: true,
    };
    page.text([24.0, 34.0], Anchor::Start, title, &result.model);
    let words = format!(
        "mean time a system, setup and solve (dot) and setup alone (tick), to a relative residual of {:e}; threads: {}",
        result.rtol, result.threads
    );
    page.text([24.0, 58.0], Anchor::Start, SMALL, &words);
    let mut top = 84.0;
    for group in &result.groups {
        let name = format!("{} ({} systems)", group.systems, group.count);
        let bold = Font {
            bold: true,
            color: INK,
            ..SMALL
        };
        page.text([24.0, top + 16.0], Anchor::Start, bold, &name);
        draw(&mut page, group, top + ABOVE, rows(group));
        top += ABOVE + rows(group) + BELOW;
    }
    page.save(path)
}

fn draw(page: &mut Page, group: &GroupJson, top: f64, height: f64) {
    let total = |e: &EntrantJson| e.mean.map(|m| 1e3 * m.total).filter(|t| *t > 0.0);
    let times = group.entrants.iter().filter_map(total);
    let (low, high) = times.fold((f64::INFINITY, 0.0f64), |(l, h), t| (l.min(t), h.max(t)));
    if high == 0.0 {
        page.text(
            [LEFT, top + 16.0],
            Anchor::Start,
            SMALL,
            "nobody solved all of them",
        );
        return;
    }
    let mut y = Scale::linear(0.0, 1.0, 1);
    y.ticks.clear();
    let panel = Panel {
        left: LEFT,
        top,
        width: WIDTH,
        height,
        // logarithmic: direct, multigrid and plain CG are decades apart
        x: Scale::log(low / 4.0, high * 8.0),
        y,
    };
    panel.draw(page, "milliseconds", "");
    for (k, e) in group.entrants.iter().enumerate() {
        let y = top + 4.0 + (k as f64 + 0.5) * ROW;
        let font = Font {
            color: INK,
            bold: e.part == Part::Model,
            ..SMALL
        };
        page.text([LEFT - 10.0, y + 4.0], Anchor::End, font, &short(&e.name));
        let Some(mean) = e.mean else {
            let words = format!("solved {} of {}", e.solved, group.count);
            page.text([LEFT + 8.0, y + 4.0], Anchor::Start, SMALL, &words);
            continue;
        };
        let at = |ms: f64| panel.at(ms.max(panel.x.ends[0]), 0.0)[0];
        let (setup, total) = (at(1e3 * mean.setup), at(1e3 * mean.total));
        if 1e3 * mean.setup > panel.x.ends[0] {
            page.marks(&[[setup, y]], [2.5, TICK], color(e.part));
        }
        page.dot([total, y], DOT, color(e.part));
        let words = match e.solver.as_str() {
            "direct" => "direct".to_owned(),
            solver => format!("{solver}, {:.1} iterations", mean.iterations),
        };
        page.text([total + 10.0, y + 4.0], Anchor::Start, SMALL, &words);
    }
}

/// A name that fits beside the panel.
fn short(name: &str) -> String {
    match name.chars().count() {
        0..=26 => name.into(),
        _ => name.chars().take(25).chain(['…']).collect(),
    }
}
