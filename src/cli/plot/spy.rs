//! The pattern of a matrix: every entry of a small one, densities of a large one.

use super::axes::{INK, SMALL};
use super::svg::{Anchor, Font, Page};
use crate::cli::error::CliError;
use resolvent::{CsrRef, Scalar};
use std::path::Path;

/// Pixels of the longer side of the matrix.
const SIDE: f64 = 560.0;
/// Cells along the longer side of a matrix that has more rows or columns than this.
const CELLS: usize = 280;
/// From few entries in a cell to many.
const SHADES: [&str; 6] = [
    "#c6d9ec", "#94bbdd", "#5f9bcd", "#2f78b7", "#125a99", "#08306b",
];

/// Draws where the entries of `a` are.
pub fn save<T: Scalar>(path: &Path, title: &str, a: CsrRef<'_, T, u32>) -> Result<(), CliError> {
    let (rows, cols) = (a.nrows().max(1), a.ncols().max(1));
    let longer = rows.max(cols);
    let cells = longer.min(CELLS);
    let across = |count: usize| (count * cells).div_ceil(longer);
    let (down, right) = (across(rows), across(cols));
    let cell = |i: usize, j: usize| (i * cells / longer) * right + j * cells / longer;

    let mut counts = vec![0u32; down * right];
    for i in 0..a.nrows() {
        for (j, _) in a.row_iter(i) {
            counts[cell(i, j)] += 1;
        }
    }
    let size = SIDE / cells as f64;
    let mut page = Page::new(SIDE + 120.0, down as f64 * size + 150.0);
    let bold = Font {
        size: 17.0,
        color: INK,
        bold: true,
    };
    page.text([60.0, 34.0], Anchor::Start, bold, title);
    let about = format!("{} x {}, {} entries", a.nrows(), a.ncols(), a.nnz());
    page.text([60.0, 56.0], Anchor::Start, SMALL, &about);

    let (left, top) = (60.0, 90.0);
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let mut boxes = vec![Vec::new(); SHADES.len()];
    for (index, &count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let (i, j) = (index / right, index % right);
        // a hairline more than the cell, or gaps show between neighbours
        let overlap = if longer > CELLS { 0.15 } else { -0.08 * size };
        let place = [left + j as f64 * size, top + i as f64 * size];
        boxes[shade(count, most)].push([place[0], place[1], size + overlap, size + overlap]);
    }
    for (boxes, color) in boxes.iter().zip(SHADES).filter(|(b, _)| !b.is_empty()) {
        page.boxes(boxes, color);
    }
    let [width, height] = [right as f64 * size, down as f64 * size];
    page.frame([left, top], [width, height], "#8c959f");
    page.text([left, top - 8.0], Anchor::Start, SMALL, "1");
    page.text(
        [left + width, top - 8.0],
        Anchor::End,
        SMALL,
        &cols.to_string(),
    );
    page.text([left - 8.0, top + 12.0], Anchor::End, SMALL, "1");
    page.text(
        [left - 8.0, top + height],
        Anchor::End,
        SMALL,
        &rows.to_string(),
    );
    let note = if longer > CELLS {
        let per = longer.div_ceil(cells);
        format!("a cell is about {per} x {per} entries; the darkest holds {most}")
    } else {
        "a box is an entry".into()
    };
    page.text([left, top + height + 26.0], Anchor::Start, SMALL, &note);
    page.save(path)
}

/// Which shade: logarithmic, the darkest for the fullest cell.
fn shade(count: u32, most: u32) -> usize {
    let last = SHADES.len() - 1;
    if most == 1 {
        return last;
    }
    let part = f64::from(count).ln() / f64::from(most).ln();
    ((part * last as f64).round() as usize).min(last)
}
