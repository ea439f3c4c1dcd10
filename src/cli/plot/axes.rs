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

/// A box with a linear x axis from 0 and a y axis in decades.
#[derive(Debug, Clone, Copy)]
pub struct Panel {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x_max: f64,
    /// Decades at the lower and upper edge.
    pub decades: [i32; 2],
}

impl Panel {
    /// Where a point stands on the page.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let [low, high] = self.decades.map(f64::from);
        let up = (y.log10().clamp(low, high) - low) / (high - low);
        [
            self.left + x / self.x_max * self.width,
            self.top + (1.0 - up) * self.height,
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
        let [low, high] = self.decades;
        let step = ((high - low) as usize).div_ceil(10).max(1);
        for decade in (low..=high).rev().step_by(step) {
            let [_, y] = self.at(0.0, 10f64.powi(decade));
            page.line(&[[self.left, y], [right, y]], grid);
            page.text(
                [self.left - 8.0, y + 4.0],
                Anchor::End,
                SMALL,
                &power(decade),
            );
        }
        let tick = nice(self.x_max / 5.0);
        let count = (self.x_max / tick + 1e-9) as usize;
        for i in 0..=count {
            let value = i as f64 * tick;
            let [x, _] = self.at(value, 1.0);
            page.line(&[[x, self.top], [x, bottom]], grid);
            page.text(
                [x, bottom + 18.0],
                Anchor::Middle,
                SMALL,
                &number(value, tick),
            );
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

/// 10ⁿ.
pub fn power(decade: i32) -> String {
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
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(power(-12), "10⁻¹²");
        assert_eq!(power(0), "10⁰");
        assert_eq!(power(34), "10³⁴");
    }
}
