//! Writing. Numbers have 17 significant digits, so that reading them gives the same bits.

use super::error::MtxError;
use super::header::Symmetry;
use crate::{CsrRef, Index, Real, Scalar};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes dense columns (`data` holds one after the other) as an array.
///
/// # Errors
/// [`MtxError::Io`]; a file that stood at `path` is then unharmed.
pub fn write_vectors<T: Scalar>(
    path: &Path,
    nrows: usize,
    ncols: usize,
    data: &[T],
) -> Result<(), MtxError> {
    replace(path, |out| {
        writeln!(out, "%%MatrixMarket matrix array {} general", field::<T>())?;
        writeln!(out, "{nrows} {ncols}")?;
        data.iter().try_for_each(|&value| {
            number(out, value)?;
            writeln!(out)
        })
    })
}

/// Writes a matrix in coordinates, rows in order. For a symmetry other than `General` the lower
/// triangle is written (without the diagonal, if skew-symmetric); that the matrix has it is not
/// checked.
///
/// # Errors
/// [`MtxError::Io`]; a file that stood at `path` is then unharmed.
pub fn write_csr<T: Scalar, I: Index>(
    path: &Path,
    a: CsrRef<'_, T, I>,
    symmetry: Symmetry,
) -> Result<(), MtxError> {
    let kept = |i: usize, j: usize| match symmetry {
        Symmetry::General => true,
        Symmetry::Symmetric | Symmetry::Hermitian => j <= i,
        Symmetry::SkewSymmetric => j < i,
    };
    let entries = || {
        (0..a.nrows())
            .flat_map(move |i| a.row_iter(i).map(move |(j, value)| (i, j, value)))
            .filter(move |&(i, j, _)| kept(i, j))
    };
    replace(path, |out| {
        writeln!(
            out,
            "%%MatrixMarket matrix coordinate {} {symmetry}",
            field::<T>()
        )?;
        writeln!(out, "{} {} {}", a.nrows(), a.ncols(), entries().count())?;
        entries().try_for_each(|(i, j, value)| {
            write!(out, "{} {} ", i + 1, j + 1)?;
            number(out, value)?;
            writeln!(out)
        })
    })
}

fn field<T: Scalar>() -> &'static str {
    if T::IS_COMPLEX { "complex" } else { "real" }
}

fn number<T: Scalar>(out: &mut impl Write, value: T) -> std::io::Result<()> {
    write!(out, "{:.16e}", value.re().to_f64())?;
    if T::IS_COMPLEX {
        write!(out, " {:.16e}", value.im().to_f64())?;
    }
    Ok(())
}

/// Writes beside `path` and renames: a reader never sees half a file. What is not a plain file (a
/// pipe, `/dev/stdout`) is written directly.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<(), MtxError> {
    let io = |source| MtxError::Io {
        path: path.to_owned(),
        source,
    };
    let special = std::fs::metadata(path).is_ok_and(|m| !m.is_file());
    let target = if special {
        path.to_owned()
    } else {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        path.with_file_name(name)
    };
    let attempt = || {
        let mut out = BufWriter::with_capacity(1 << 16, File::create(&target)?);
        write(&mut out)?;
        out.into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        if special {
            Ok(())
        } else {
            std::fs::rename(&target, path)
        }
    };
    attempt().map_err(|e| {
        if !special {
            let _ = std::fs::remove_file(&target); // nothing half-written stays
        }
        io(e)
    })
}
