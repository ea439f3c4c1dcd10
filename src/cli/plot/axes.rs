//! A panel with axes: where numbers stand, and the ticks beside them.

use super::svg::{Anchor, Font, Page, Stroke};

pub const INK: &str = "#24292f";
pub const SOFT: &str = "#57606a";
const GRID: &str = "#e4e7eb";

pub const SMALL: Font = Font {
    size: 12.0,
    color: SOFT,
    bold: false,
};

/// Numbers along an axis.
#[derive(Debug, Clone)]
pub struct Scale {
    /// At its ends.
    pub ends: [f64; 2],
    log: bool,
    /// Where a line is drawn, and what stands beside it.
    pub ticks: Vec<(f64, String)>,
}

impl Scale {
    /// With at most so many steps between ticks, or one more.
    pub fn linear(from: f64, to: f64, steps: usize) -> Self {
        let tick = nice((to - from) / steps as f64);
        let first = (from / tick - 1e-9).ceil() as i64;
        let last = (to / tick + 1e-9).floor() as i64;
        let at = |i: i64| (i as f64 * tick, number(i as f64 * tick, tick));
        Self {
            ends: [from, to],
            log: false,
            ticks: (first..=last).map(at).collect(),
        }
    }

    /// From 10^low to 10^high.
    pub fn decades(low: i32, high: i32) -> Self {
        let step = ((high - low) as usize).div_ceil(10).max(1);
        let decades = (low..=high).rev().step_by(step);
        Self {
            ends: [low, high].map(|decade| 10f64.powi(decade)),
            log: true,
            ticks: decades.map(|d| (10f64.powi(d), power(d))).collect(),
        }
    }

    /// Logarithmic between any two positive numbers.
    pub fn log(from: f64, to: f64) -> Self {
        let [low, high] = [from, to].map(|end| end.log10().floor() as i32);
        let mut scale = Self::decades(low, high + 1);
        if to / from < 300.0 {
            let finer = |d| [1.0, 2.0, 5.0].map(|f| (f * 10f64.powi(d), plain(f, d)));
            scale.ticks = (low..=high).flat_map(finer).collect();
        }
        let within = |v: f64| v >= from * (1.0 - 1e-9) && v <= to * (1.0 + 1e-9);
        scale.ticks.retain(|(v, _)| within(*v));
        scale.ends = [from, to];
        scale
    }

    /// Which part of the way from one end to the other.
    fn part(&self, value: f64) -> f64 {
        let [from, to] = self.ends;
        let part = match self.log {
            true => (value.max(f64::MIN_POSITIVE) / from).log10() / (to / from).log10(),
            false => (value - from) / (to - from),
        };
        part.clamp(0.0, 1.0)
    }
}

/// A box with a scale below and one at the left.
#[derive(Debug, Clone)]
pub struct Panel {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Scale,
    pub y: Scale,
}

impl Panel {
    /// Where a point stands on the page.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [
            self.left + self.x.part(x) * self.width,
            self.top + (1.0 - self.y.part(y)) * self.height,
        ]
    }

    /// Grid lines, ticks, frame and the names of the axes.
    pub fn draw(&self, page: &mut Page, x_name: &str, y_name: &str) {
        let grid = Stroke {
            color: GRID,
            width: 1.0,
            dashes: "",
        };
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        for (value, text) in &self.y.ticks {
            let [_, y] = self.at(self.x.ends[0], *value);
            page.line(&[[self.left, y], [right, y]], grid);
            page.text([self.left - 8.0, y + 4.0], Anchor::End, SMALL, text);
        }
        for (value, text) in &self.x.ticks {
            let [x, _] = self.at(*value, self.y.ends[0]);
            page.line(&[[x, self.top], [x, bottom]], grid);
            page.text([x, bottom + 18.0], Anchor::Middle, SMALL, text);
        }
        page.frame([self.left, self.top], [self.width, self.height], "#8c959f");
        let name = Font {
            size: 13.0,
            color: INK,
            bold: false,
        };
        let middle = self.left + self.width / 2.0;
        page.text([middle, bottom + 40.0], Anchor::Middle, name, x_name);
        let half = self.top + self.height / 2.0;
        page.turned(
            [self.left - 52.0, half],
            Anchor::Middle,
            name,
            -90.0,
            y_name,
        );
    }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn nice(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let found = factors
        .into_iter()
        .find(|f| f * power >= least * (1.0 - 1e-9));
    found.unwrap_or(10.0) * power
}

/// A tick's number with as many digits as the distance of ticks asks for.
fn number(value: f64, tick: f64) -> String {
    let digits = (-tick.log10().floor()).clamp(0.0, 9.0) as usize;
    if value >= 1e6 {
        format!("{value:e}")
    } else {
        format!("{value:.digits$}")
    }
}

/// One digit times a power of ten.
fn plain(digit: f64, decade: i32) -> String {
    match decade {
        -3..5 => format!(
            "{:.*}",
            (-decade).max(0) as usize,
            digit * 10f64.powi(decade)
        ),
        _ if digit == 1.0 => power(decade),
        _ => format!("{digit}·{}", power(decade)),
    }
}

/// 10ⁿ.
fn power(decade: i32) -> String {
    let digits = decade.to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => c
            .to_digit(10)
            .and_then(|d| char::from_u32(0x2070 + d))
            .unwrap_or(c),
    });
    "10".chars().chain(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(nice(0.11), 0.2);
        assert_eq!(nice(34.0), 50.0);
        assert_eq!(nice(1.0), 1.0);
        assert_eq!(number(0.6, 0.2), "0.6");
        assert_eq!(number(100.0, 50.0), "100");
        assert_eq!(
            (plain(2.0, -2), plain(5.0, 1)),
            ("0.02".into(), "50".into())
        );
        assert_eq!(
            (plain(1.0, 5), plain(2.0, 5)),
            ("10⁵".into(), "2·10⁵".into())
        );
    }

    #[test]
    fn scales_mark_what_they_hold() {
        let texts = |scale: Scale| -> Vec<_> { scale.ticks.into_iter().map(|t| t.1).collect() };
        assert_eq!(texts(Scale::linear(0.95, 2.0, 5)), ["1.0", "1.5", "2.0"]);
        assert_eq!(
            texts(Scale::log(1.0, 60.0)),
            ["1", "2", "5", "10", "20", "50"]
        );
        assert_eq!(texts(Scale::log(1.0, 5000.0)), ["10³", "10²", "10¹", "10⁰"]);
        assert_eq!(Scale::log(1.0, 100.0).part(10.0), 0.5);
        assert_eq!(Scale::linear(1.0, 3.0, 5).part(2.0), 0.5);
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(power(-12), "10⁻¹²");
        assert_eq!(power(0), "10⁰");
        assert_eq!(power(34), "10³⁴");
    }
}
