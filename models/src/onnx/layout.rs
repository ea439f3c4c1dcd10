//! Axes of tensors.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An axis of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// Of size 1: the batch, or written as `1`.
    One,
    /// Channels.
    C,
    /// z, y and x.
    D,
    H,
    W,
}

/// Axes of a tensor, as in `NCHW`: N or 1 of size 1, C the channels, D, H and W the grid along z, y and
/// x. x is fastest; C comes before the axes of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Layout {
    text: String,
    axes: Vec<Axis>,
}

impl Layout {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence on what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        const ALLOWED: &str = "expected axes such as NCHW, N1HW, CHW or NCDHW: N and 1 of size 1, then C for the channels, then the grid as W, HW or DHW, x fastest";
        let mut axes = Vec::new();
        for letter in text.chars() {
            axes.push(match letter {
                'N' | '1' => Axis::One,
                'C' => Axis::C,
                'D' => Axis::D,
                'H' => Axis::H,
                'W' => Axis::W,
                _ => return Err(format!("layout {text:?}: {letter:?} is no axis; {ALLOWED}")),
            });
        }
        let rest: Vec<_> = axes.iter().filter(|axis| **axis != Axis::One).collect();
        let grid = match rest.split_first() {
            Some((Axis::C, grid)) => grid,
            _ => &rest,
        };
        let known: [&[Axis]; 3] = [
            &[Axis::W],
            &[Axis::H, Axis::W],
            &[Axis::D, Axis::H, Axis::W],
        ];
        let fits = known.iter().any(|k| k.iter().eq(grid.iter().copied()));
        match fits {
            true => Ok(Self {
                text: text.into(),
                axes,
            }),
            false => Err(format!("layout {text:?}: {ALLOWED}")),
        }
    }

    /// The layout that a tensor of so many axes most likely has.
    pub(super) fn likely(rank: usize) -> &'static str {
        match rank {
            0 | 1 => "W",
            2 => "HW",
            3 => "CHW",
            4 => "NCHW",
            _ => "NCDHW",
        }
    }

    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Of the grid.
    pub fn dimensions(&self) -> usize {
        let grid = [Axis::D, Axis::H, Axis::W];
        self.axes.iter().filter(|axis| grid.contains(axis)).count()
    }
}

impl TryFrom<String> for Layout {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Layout> for String {
    fn from(layout: Layout) -> Self {
        layout.text
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        for (text, dimensions) in [
            ("NCHW", 2),
            ("N1HW", 2),
            ("HW", 2),
            ("W", 1),
            ("NCW", 1),
            ("NCDHW", 3),
            ("1DHW", 3),
        ] {
            let layout = Layout::parse(text).unwrap();
            assert_eq!(
                (layout.dimensions(), layout.to_string()),
                (dimensions, text.into())
            );
        }
        for text in [
            "", "N", "C", "NHWC", "NCWH", "NCDW", "nchw", "NCHHW", "D", "HCW",
        ] {
            let error = Layout::parse(text).unwrap_err();
            assert!(
                error.contains("expected axes such as NCHW"),
                "{text}: {error}"
            );
        }
    }
}
