//! What networks are told of a matrix: its stencil as fields on the grid.

use super::contract::Field;
use resolvent_matrices::{CsrRef, Grid};
use resolvent_solvers::kernels;

/// What is read off a matrix once.
#[derive(Debug, Default)]
pub(super) struct Coefficients {
    /// s: mean of the diagonal over the cells that are not masked; 1 of an operator without entries.
    pub scale: f64,
    /// Masked rows, and the reciprocals of their diagonals.
    pub masked: Vec<(usize, f64)>,
}

impl Coefficients {
    /// Of an operator without entries.
    pub fn none() -> Self {
        Self {
            scale: 1.0,
            masked: Vec::new(),
        }
    }

    /// Reads the diagonal. O(nnz).
    pub fn read(a: CsrRef<'_, f64, u32>) -> Self {
        let (mut sum, mut count) = (0.0, 0usize);
        let mut masked = Vec::new();
        for i in 0..a.nrows() {
            let mut diagonal = 0.0;
            let mut coupled = false;
            for (j, value) in a.row_iter(i) {
                match j == i {
                    true => diagonal = value,
                    false => coupled |= value != 0.0,
                }
            }
            if coupled || diagonal == 0.0 {
                (sum, count) = (sum + diagonal, count + 1);
            } else {
                masked.push((i, 1.0 / diagonal));
            }
        }
        let mean = sum / count as f64;
        let scale = if mean.is_finite() && mean != 0.0 {
            mean
        } else {
            1.0
        };
        Self { scale, masked }
    }

    /// What a vector has between the masked rows.
    pub fn unmasked<'a>(&'a self, v: &'a [f64]) -> impl Iterator<Item = &'a [f64]> {
        let ends = self.masked.iter().map(|(row, _)| *row).chain([v.len()]);
        let mut from = 0;
        ends.map(move |end| {
            let part = &v[from..end];
            from = end + 1;
            part
        })
    }
}

/// The steps to the neighbour that a field speaks of.
fn step(field: Field) -> Option<[isize; 3]> {
    Some(match field {
        Field::West => [-1, 0, 0],
        Field::East => [1, 0, 0],
        Field::South => [0, -1, 0],
        Field::North => [0, 1, 0],
        Field::Below => [0, 0, -1],
        Field::Above => [0, 0, 1],
        _ => return None,
    })
}

/// Writes one field, other than the residual, to where `place` says the unknowns of a row stand.
///
/// # Errors
/// What is wrong, if a row couples with what is no neighbour of it.
pub(super) fn write(
    field: Field,
    a: CsrRef<'_, f64, u32>,
    grid: Grid,
    known: &Coefficients,
    out: &mut [f32],
    place: impl Fn(usize) -> usize,
) -> Result<(), String> {
    out.fill(0.0);
    let mut masked = known.masked.iter().map(|(row, _)| *row).peekable();
    for i in 0..a.nrows() {
        if masked.next_if_eq(&i).is_some() {
            continue;
        }
        let value = match field {
            Field::Residual => 0.0,
            Field::Mask => 1.0,
            Field::Diagonal => a.get(i, i) / known.scale,
            Field::Excess => a.row_iter(i).map(|(_, v)| v).sum::<f64>() / known.scale,
            _ => -side(field, a, grid, i)? / known.scale,
        };
        out[place(i)] = value as f32;
    }
    Ok(())
}

/// The entry towards a neighbour; every entry has to be towards one.
fn side(field: Field, a: CsrRef<'_, f64, u32>, grid: Grid, i: usize) -> Result<f64, String> {
    let from = grid.at(i);
    let mut found = 0.0;
    for (j, value) in a.row_iter(i).filter(|&(j, value)| j != i && value != 0.0) {
        let to = grid.at(j);
        let taken = [0, 1, 2].map(|d| to[d] as isize - from[d] as isize);
        if taken.iter().map(|c| c.abs()).sum::<isize>() != 1 {
            return Err(format!(
                "row {i} ({} counted from 1) couples with row {j}, which is no neighbour of it on a grid of {}x{}x{}; it is for 3-, 5- and 7-point stencils",
                i + 1,
                grid.nx,
                grid.ny,
                grid.nz
            ));
        }
        if step(field) == Some(taken) {
            found = value;
        }
    }
    Ok(found)
}

/// ‖r‖₂ of a vector in parts, also where its square would under- or overflow.
pub(super) fn norm<'a, P: Iterator<Item = &'a [f64]>>(parts: impl Fn() -> P) -> f64 {
    let norm = parts().map(kernels::norm_squared).sum::<f64>().sqrt();
    if norm.is_nan() || (norm > 1e-140 && norm < 1e140) {
        return norm;
    }
    let largest = parts().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    let sum: f64 = parts().flatten().map(|v| (v / largest).powi(2)).sum();
    largest * sum.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_of_any_size() {
        let norm = |r: &[f64]| super::norm(|| r.chunks(1));
        assert_eq!(norm(&[3.0, 4.0]), 5.0);
        assert_eq!(norm(&[0.0; 4]), 0.0);
        for scale in [1e-300, 1e-200, 1e200, 1e300] {
            assert!((norm(&[3.0 * scale, 4.0 * scale]) / scale - 5.0).abs() < 1e-14);
        }
        assert!(norm(&[1.0, f64::NAN]).is_nan());
        assert_eq!(norm(&[1.0, f64::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn masked_rows_are_left_out() {
        let masked = [0, 3, 4, 6].map(|row| (row, 1.0)).to_vec();
        let known = Coefficients { scale: 1.0, masked };
        let v = [9.0, 3.0, 0.0, 9.0, 9.0, 4.0, 9.0];
        let parts: Vec<f64> = known.unmasked(&v).flatten().copied().collect();
        assert_eq!(parts, [3.0, 0.0, 4.0]);
        assert_eq!(super::norm(|| known.unmasked(&v)), 5.0);
    }
}
