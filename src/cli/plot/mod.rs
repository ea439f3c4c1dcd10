//! Pictures. Here, convergence curves: the relative residual against iterations and against seconds.

pub mod axes;
pub mod choices;
pub mod omegas;
pub mod png;
pub mod regret;
pub mod spy;
pub mod svg;

use super::error::CliError;
use super::history::{Point, Series};
use axes::{INK, Panel, SMALL, Scale};
use std::path::Path;
use svg::{Anchor, Font, Page, Stroke};

const HEIGHT: f64 = 340.0;
const TOP: f64 = 84.0;
const LINE: f64 = 20.0;

/// Distinguishable also without full colour vision (Okabe and Ito's palette).
const COLORS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#24292f",
];
const DASHES: [&str; 3] = ["", "7 3", "2 3"];

/// A picture of curves.
pub struct Figure<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    /// Curves with their names.
    pub curves: Vec<(String, &'a Series)>,
    /// The relative tolerance.
    pub tolerance: f64,
    /// The x axes end where the first so many curves do; the others are cut off there.
    pub focus: usize,
}

impl Figure<'_> {
    pub fn save(&self, path: &Path) -> Result<(), CliError> {
        // the legend is two columns below the panels
        let rows = self.curves.len().div_ceil(2);
        let legend = TOP + HEIGHT + 66.0;
        let mut page = Page::new(1040.0, legend + rows as f64 * LINE + 14.0);
        let title = Font {
            size: 18.0,
            color: INK,
            bold: true,
        };
        page.text([76.0, 36.0], Anchor::Start, title, self.title);
        page.text(
            [76.0, 60.0],
            Anchor::Start,
            Font {
                size: 13.0,
                ..SMALL
            },
            self.subtitle,
        );

        let [low, high] = self.decades();
        type Axis = (f64, &'static str, fn(&Point) -> f64);
        let panels: [Axis; 2] = [
            (76.0, "iterations", |p| p.iteration as f64),
            (586.0, "seconds, setup included", |p| p.seconds),
        ];
        for (left, name, x) in panels {
            let shown = self.curves.iter().take(self.focus);
            let x_max = shown
                .flat_map(|(_, s)| &s.points)
                .map(x)
                .fold(0.0, f64::max);
            let panel = Panel {
                left,
                top: TOP,
                width: 430.0,
                height: HEIGHT,
                x: Scale::linear(0.0, if x_max > 0.0 { x_max * 1.03 } else { 1.0 }, 5),
                y: Scale::decades(low, high),
            };
            panel.draw(&mut page, name, "relative residual ‖b − Ax‖₂ / ‖b‖₂");
            for (index, (_, series)) in self.curves.iter().enumerate() {
                curve(&mut page, &panel, series, x, stroke(index));
            }
            self.tolerance_line(&mut page, &panel);
        }
        for (index, (name, _)) in self.curves.iter().enumerate() {
            let left = [76.0, 586.0][index % 2];
            let y = legend + (index / 2) as f64 * LINE;
            page.line(&[[left, y], [left + 30.0, y]], stroke(index));
            page.text([left + 40.0, y + 4.0], Anchor::Start, SMALL, name);
        }
        page.save(path)
    }

    fn tolerance_line(&self, page: &mut Page, panel: &Panel) {
        if self.tolerance <= 0.0 {
            return;
        }
        let red = Stroke {
            color: "#cf222e",
            width: 1.2,
            dashes: "6 4",
        };
        let ends = panel.x.ends.map(|x| panel.at(x, self.tolerance));
        page.line(&ends, red);
        let text = format!("tolerance {:e}", self.tolerance);
        let font = Font {
            color: "#cf222e",
            ..SMALL
        };
        // at the left, where curves are still high above, and below the line if there is room
        let [x, y] = ends[0];
        let below = y + 15.0 < panel.top + panel.height - 4.0;
        let shift = if below { 15.0 } else { -6.0 };
        page.text([x + 8.0, y + shift], Anchor::Start, font, &text);
    }

    /// The decades that hold every curve and the tolerance, within reason.
    fn decades(&self) -> [i32; 2] {
        let points = self.curves.iter().flat_map(|(_, s)| &s.points);
        let values = points
            .map(|p| p.relative_residual)
            .chain([self.tolerance, 1.0]);
        let logs = values.filter(|v| *v > 0.0 && v.is_finite()).map(f64::log10);
        let (low, high) = logs.fold((0.0f64, 0.0f64), |(l, h), v| (l.min(v), h.max(v)));
        let low = low.max(-18.0).floor() as i32;
        let high = high.min(12.0).ceil() as i32;
        [if low == high { low - 1 } else { low }, high]
    }
}

fn stroke(index: usize) -> Stroke {
    Stroke {
        color: COLORS[index % COLORS.len()],
        width: 1.8,
        dashes: DASHES[index / COLORS.len() % DASHES.len()],
    }
}

/// A curve, thinned to what the eye can tell apart, with a dot at its end unless it is cut off.
fn curve(page: &mut Page, panel: &Panel, s: &Series, x: fn(&Point) -> f64, stroke: Stroke) {
    let shown = |p: &&Point| p.relative_residual.is_finite() && x(p) <= panel.x.ends[1];
    let points: Vec<_> = s.points.iter().filter(shown).collect();
    let Some(last) = points.last() else { return };
    let step = points.len().div_ceil(1200).max(1);
    let thinned = points.iter().step_by(step).chain([last]);
    let place = |p: &&Point| panel.at(x(p), p.relative_residual.max(f64::MIN_POSITIVE));
    let line: Vec<_> = thinned.map(place).collect();
    page.line(&line, stroke);
    if points.len() == s.points.len() {
        page.dot(place(last), 3.5, stroke.color);
    }
}
