//! Matrix Market files: read straight into compressed rows, written with 17 digits.
//!
//! ```no_run
//! use resolvent_matrices::mtx::{self, AnyMatrix};
//! let file = mtx::read("bcsstk15.mtx".as_ref())?;
//! if let AnyMatrix::Real(a) = &file.matrix {
//!     println!("{} x {}, {} entries", a.nrows(), a.ncols(), a.nnz());
//! }
//! # Ok::<(), mtx::MtxError>(())
//! ```
//!
//! Files are memory-mapped and parsed in parallel in the caller's rayon pool (on one thread outside
//! of any); a name that ends in `.gz` is decompressed first. Symmetric, skew-symmetric and
//! Hermitian files are expanded to both triangles, duplicates are summed in the order of the file,
//! explicit zeros are kept. Format: R. F. Boisvert, R. Pozo, K. A. Remington, NISTIR 5935, 1996.
//!
//! What the standard leaves open, and what is done here:
//!
//! | case | decision |
//! |---|---|
//! | `1.5D-3`, `1.5d-3` (Fortran exponents), `+1` | read |
//! | NaN, infinity, values beyond the range of a double | refused: no solver can use them |
//! | byte-order mark, leading blanks before the banner, CRLF, no line feed at the end | read |
//! | carriage returns alone as line ends | refused |
//! | comments and blank lines between entries | skipped |
//! | any capitalisation of the banner | read |
//! | a symmetric file that stores the upper triangle | read: either triangle may be stored |
//! | a symmetric file with entries in both | refused: it cannot be known which are meant |
//! | a non-zero on the diagonal of a skew-symmetric, a non-real one of a Hermitian file | refused |
//! | whole numbers too large for 64 bits, fractions in an integer file | read as doubles |
//! | an extra word after an entry, more or fewer entries than declared | refused |
//! | an array size line without the column count | one column |
//! | `vector` objects | refused |
//! | 0 × 0 | read; solvers refuse it |
//! | more rows or entries than the file has room for | refused before anything is allocated |

mod array;
mod coordinate;
mod error;
mod header;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub use error::MtxError;
pub use header::{Field, Format, Header, Symmetry};
pub use write::{write_csr, write_vectors};

use crate::{Csr, Scalar};
use error::Fault;
use num_complex::Complex;
use std::io::Read;
use std::path::Path;
use text::Lines;

/// A matrix whose file decides whether it is real.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyMatrix {
    /// From a real, integer or pattern file.
    Real(Csr<f64>),
    /// From a complex file.
    Complex(Csr<Complex<f64>>),
}

/// A matrix and what its file says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixFile {
    /// Banner and size line.
    pub header: Header,
    /// The matrix, symmetry expanded.
    pub matrix: AnyMatrix,
}

/// Dense columns, e.g. right-hand sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors<T> {
    /// Length of each column.
    pub nrows: usize,
    /// Number of columns.
    pub ncols: usize,
    /// All columns, one after the other.
    pub data: Vec<T>,
}

/// Columns whose file decides whether they are real.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyVectors {
    /// From a real, integer or pattern file.
    Real(Vectors<f64>),
    /// From a complex file.
    Complex(Vectors<Complex<f64>>),
}

/// Reads a matrix.
///
/// # Errors
/// [`MtxError`].
pub fn read(path: &Path) -> Result<MatrixFile, MtxError> {
    with_text(path, parse)
}

/// Reads the banner and the size line alone.
///
/// # Errors
/// [`MtxError`].
pub fn read_header(path: &Path) -> Result<Header, MtxError> {
    with_text(path, |text| open(&mut Lines::new(text), text))
}

/// Reads dense columns from an array file, or from a coordinate file whose missing entries are 0.
///
/// # Errors
/// [`MtxError`].
pub fn read_vectors(path: &Path) -> Result<AnyVectors, MtxError> {
    with_text(path, |text| {
        let mut lines = Lines::new(text);
        let header = open(&mut lines, text)?;
        if header.field == Field::Complex {
            columns(&header, lines).map(AnyVectors::Complex)
        } else {
            columns(&header, lines).map(AnyVectors::Real)
        }
    })
}

/// Reads a matrix from text that is already in memory; `name` stands for the file in errors.
///
/// # Errors
/// [`MtxError`].
pub fn parse_matrix(text: &[u8], name: &str) -> Result<MatrixFile, MtxError> {
    parse(text).map_err(|fault| fault.named(name))
}

fn parse(text: &[u8]) -> Result<MatrixFile, Fault> {
    let mut lines = Lines::new(text);
    let header = open(&mut lines, text)?;
    let matrix = if header.field == Field::Complex {
        AnyMatrix::Complex(matrix(&header, lines)?)
    } else {
        AnyMatrix::Real(matrix(&header, lines)?)
    };
    Ok(MatrixFile { header, matrix })
}

fn matrix<T: Scalar>(header: &Header, mut lines: Lines<'_>) -> Result<Csr<T>, Fault> {
    match header.format {
        Format::Coordinate => coordinate::read(header, lines.rest(), lines.count()),
        Format::Array => {
            let data = array::read::<T>(header, &mut lines)?;
            let (rows, cols) = (header.rows, header.cols);
            let by_rows = (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j)));
            Csr::from_triplets(rows, cols, by_rows.map(|(i, j)| (i, j, data[j * rows + i])))
                .map_err(|e| Fault::content(e.to_string()))
        }
    }
}

fn columns<T: Scalar>(header: &Header, mut lines: Lines<'_>) -> Result<Vectors<T>, Fault> {
    let (nrows, ncols) = (header.rows, header.cols);
    let data = match header.format {
        Format::Array => array::read(header, &mut lines)?,
        Format::Coordinate => {
            let text = lines.rest();
            let csr = coordinate::read::<T>(header, text, lines.count())?;
            let size = nrows.saturating_mul(ncols);
            room(size, text.len(), "numbers")?;
            let mut data = vec![T::ZERO; size];
            for i in 0..nrows {
                for (j, value) in csr.view().row_iter(i) {
                    data[j * nrows + i] = value;
                }
            }
            data
        }
    };
    Ok(Vectors { nrows, ncols, data })
}

/// Reads the header and refuses sizes that the file cannot back, before anything is allocated.
fn open(lines: &mut Lines<'_>, text: &[u8]) -> Result<Header, Fault> {
    let header = header::read(lines)?;
    let most = i32::MAX as usize;
    if header.rows > most || header.cols > most {
        return Err(Fault::new(
            lines.line(),
            format!("{} rows and {} columns", header.rows, header.cols),
            format!("at most {most} of each"),
        ));
    }
    let values = if header.field == Field::Complex { 2 } else { 1 };
    let shortest = match header.format {
        Format::Array => 2 * values, // "0\n"
        Format::Coordinate => 4,     // "1 1\n"
    };
    // the last line may lack its end
    if header.entries > (lines.rest().len() + 1) / shortest {
        return Err(Fault::new(
            lines.line(),
            format!("{} entries declared", header.entries),
            format!(
                "at most {}, for which the rest of the file ({} bytes) has room: it is cut short, or the size line is wrong",
                (lines.rest().len() + 1) / shortest,
                lines.rest().len()
            ),
        ));
    }
    let doubled = if header.symmetry == Symmetry::General {
        1
    } else {
        2
    };
    if header.entries.saturating_mul(doubled) > u32::MAX as usize {
        return Err(Fault::new(
            lines.line(),
            format!("{} entries declared", header.entries),
            format!("at most {} after expansion", u32::MAX),
        ));
    }
    room(header.rows, text.len(), "rows")?;
    Ok(header)
}

/// Refuses a size out of all proportion to the file.
fn room(size: usize, bytes: usize, what: &str) -> Result<(), Fault> {
    const FREE: usize = 1 << 24;
    if size > FREE && size / 64 > bytes {
        return Err(Fault::content(format!(
            "{size} {what} declared in a file of {bytes} bytes, nearly all of them empty; check the size line"
        )));
    }
    Ok(())
}

/// Calls `f` on the text of a file.
fn with_text<O>(path: &Path, f: impl FnOnce(&[u8]) -> Result<O, Fault>) -> Result<O, MtxError> {
    let io = |source| MtxError::Io {
        path: path.to_owned(),
        source,
    };
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(io)?;
    let gzip = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    let length = file.metadata().map_err(io)?.len();
    if gzip || length == 0 {
        let mut text = Vec::new();
        if gzip {
            let mut decoder = flate2::read::MultiGzDecoder::new(file);
            decoder
                .read_to_end(&mut text)
                .map_err(|source| MtxError::Content {
                    name: name.clone(),
                    problem: format!(
                        "cannot be decompressed ({source}); the file may be cut short, or not gzip at all: its name should then not end in .gz"
                    ),
                })?;
        } else {
            (&file).read_to_end(&mut text).map_err(io)?; // a pipe has no length
        }
        return f(&text).map_err(|fault| fault.named(&name));
    }
    // SAFETY: the map is read only and dropped before we return. Should another process cut the
    // file short meanwhile, reading it would end this process: that is the price of mapping,
    // and the documentation of `memmap2` says the same.
    let text = unsafe { memmap2::Mmap::map(&file) }.map_err(io)?;
    f(&text).map_err(|fault| fault.named(&name))
}
