//! Big-endian numbers, a buffer at a time.

use super::Reader;
use crate::petsc::PetscError;
use num_complex::Complex;
use std::io::{ErrorKind, Read, Seek};

impl<R: Read + Seek> Reader<R> {
    /// Pieces of `width` bytes, each with what is said against it.
    fn pieces(
        &mut self,
        count: usize,
        width: usize,
        what: &'static str,
        mut each: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), PetscError> {
        const AT_ONCE: usize = 8192;
        let truncated = self.truncated(what);
        let mut buffer = vec![0; count.min(AT_ONCE) * width];
        let mut left = count;
        while left > 0 {
            let now = left.min(AT_ONCE);
            let bytes = &mut buffer[..now * width];
            self.inner.read_exact(bytes).map_err(|source| {
                if source.kind() == ErrorKind::UnexpectedEof {
                    return truncated(count as u128 * width as u128);
                }
                PetscError::Io {
                    path: self.path.clone(),
                    source,
                }
            })?;
            for piece in bytes.chunks_exact(width) {
                if let Err(problem) = each(piece) {
                    return Err(self.content(self.at, problem));
                }
                self.at += width as u64;
            }
            left -= now;
        }
        Ok(())
    }

    /// Whole numbers.
    pub(super) fn numbers(
        &mut self,
        count: usize,
        wide: bool,
        what: &'static str,
        mut each: impl FnMut(i64) -> Result<(), String>,
    ) -> Result<(), PetscError> {
        self.pieces(count, if wide { 8 } else { 4 }, what, |bytes| {
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
            each(bytes.iter().fold(sign, |n, &b| n << 8 | i64::from(b)))
        })
    }

    pub(super) fn reals(&mut self, count: usize) -> Result<Vec<f64>, PetscError> {
        let mut values = Vec::with_capacity(count);
        self.pieces(count, 8, "the values", |bytes| {
            values.push(double(bytes)?);
            Ok(())
        })?;
        Ok(values)
    }

    pub(super) fn complexes(&mut self, count: usize) -> Result<Vec<Complex<f64>>, PetscError> {
        let mut values = Vec::with_capacity(count);
        self.pieces(count, 16, "the values", |bytes| {
            values.push(Complex::new(double(&bytes[..8])?, double(&bytes[8..])?));
            Ok(())
        })?;
        Ok(values)
    }
}

fn double(bytes: &[u8]) -> Result<f64, String> {
    let bits = bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b));
    let value = f64::from_bits(bits);
    if value.is_finite() {
        Ok(value)
    } else {
        Err(format!("{value}: no solver can use it"))
    }
}
