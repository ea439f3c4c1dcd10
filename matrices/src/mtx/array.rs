//! Dense files: all values, column by column.

use super::coordinate::diagonal_fits;
use super::error::{Fault, excerpt};
use super::header::{Field, Header, Symmetry};
use super::text::{self, Lines};
use crate::Scalar;

/// All values of the matrix, column-major, symmetry expanded.
pub(super) fn read<T: Scalar>(header: &Header, lines: &mut Lines<'_>) -> Result<Vec<T>, Fault> {
    let (rows, cols) = (header.rows, header.cols);
    let parts = if header.field == Field::Complex { 2 } else { 1 };
    let mut data = vec![T::ZERO; rows * cols];
    let mut found = 0;
    for j in 0..cols {
        let first = match header.symmetry {
            Symmetry::General => 0,
            Symmetry::Symmetric | Symmetry::Hermitian => j,
            Symmetry::SkewSymmetric => j + 1,
        };
        for i in first..rows {
            let Some((line, text)) = lines.next_meaningful() else {
                return Err(Fault::new(
                    lines.line(),
                    format!("{found} values in all"),
                    format!("{}, as the size line says", header.entries),
                ));
            };
            let value = text::value::<T>(text, 0, parts)
                .filter(|&(_, end)| text::skip_blanks(text, end) == text.len())
                .map(|(value, _)| value)
                .filter(|value| {
                    value.is_finite() && (i != j || diagonal_fits(header.symmetry, *value))
                });
            let Some(value) = value else {
                let expected = match (header.field, header.symmetry) {
                    (Field::Complex, Symmetry::Hermitian) => {
                        "two finite numbers, the second zero on the diagonal of a hermitian matrix"
                    }
                    (Field::Complex, _) => "two finite numbers, the real and the imaginary part",
                    _ => "one finite number",
                };
                return Err(Fault::new(line, excerpt(text), expected));
            };
            found += 1;
            data[j * rows + i] = value;
            match header.symmetry {
                Symmetry::General => {}
                Symmetry::Symmetric => data[i * rows + j] = value,
                Symmetry::SkewSymmetric => data[i * rows + j] = -value,
                Symmetry::Hermitian => data[i * rows + j] = value.conj(),
            }
        }
    }
    if let Some((line, text)) = lines.next_meaningful() {
        return Err(Fault::new(
            line,
            excerpt(text),
            format!("the end of the file after {} values", header.entries),
        ));
    }
    Ok(data)
}
