//! What an object is: its class and its counts.

use super::Reader;
use crate::petsc::{Kind, PetscError, class};
use std::io::{Read, Seek};

/// What an object is, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Matrix or vector.
    pub kind: Kind,
    /// Rows.
    pub rows: usize,
    /// Columns; 1 for a vector.
    pub cols: usize,
    /// Entries; the length of a vector.
    pub nnz: usize,
    /// Whether the values are complex.
    pub complex: bool,
    /// Whether the indices have 64 bits.
    pub index64: bool,
    /// Where it begins.
    pub offset: u64,
    /// Where what follows the counts begins.
    pub(super) body: u64,
}

impl Header {
    pub(super) fn index_bytes(&self) -> u64 {
        if self.index64 { 8 } else { 4 }
    }

    fn scalar_bytes(&self) -> u64 {
        if self.complex { 16 } else { 8 }
    }

    /// Bytes before the values; at most 2⁶⁷.
    fn before_values(&self) -> u128 {
        match self.kind {
            Kind::Matrix => (self.rows as u128 + self.nnz as u128) * u128::from(self.index_bytes()),
            Kind::Vector => 0,
        }
    }

    pub(super) fn body_bytes(&self) -> u128 {
        self.before_values() + self.nnz as u128 * u128::from(self.scalar_bytes())
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Class and counts; the whole object is then known to be within the file.
    pub(super) fn header(&mut self) -> Result<Option<Header>, PetscError> {
        let offset = self.at;
        if offset == self.length {
            return Ok(None);
        }
        let start = self.peek()?;
        let seen = class(&start);
        let index64 = self.options.index64;
        let Some((kind, wide)) = seen.filter(|(_, wide)| index64.unwrap_or(*wide) == *wide) else {
            return Err(self.no_object(offset, &start, seen.is_some()));
        };
        self.seek(offset + if wide { 8 } else { 4 })?;
        let mut header = Header {
            kind,
            rows: 0,
            cols: 1,
            nnz: 0,
            complex: false,
            index64: wide,
            offset,
            body: 0,
        };
        let most_rows = i32::MAX as u64;
        header.rows = self.count(wide, "rows", most_rows)?;
        header.nnz = header.rows;
        if kind == Kind::Matrix {
            header.cols = self.count(wide, "columns", most_rows)?;
            header.nnz = self.count(wide, "entries", u64::from(u32::MAX))?;
        }
        header.body = self.at;
        self.see_complex(&mut header)?;
        let (needed, left) = (header.body_bytes(), self.length - self.at);
        if needed > u128::from(left) {
            return Err(self.truncated(match kind {
                Kind::Matrix => "a matrix of these rows and entries",
                Kind::Vector => "a vector of this length",
            })(needed));
        }
        Ok(Some(header))
    }

    /// Whether the values are complex: what follows them tells.
    fn see_complex(&mut self, header: &mut Header) -> Result<(), PetscError> {
        if header.nnz == 0 {
            return Ok(());
        }
        if let Some(complex) = self.complex {
            header.complex = complex;
            return Ok(());
        }
        let body = u128::from(header.body);
        let real = body + header.body_bytes();
        header.complex = true;
        let complex = body + header.body_bytes();
        if self.object_or_end(real)? {
            header.complex = false;
        } else if !self.object_or_end(complex)? {
            header.complex = false;
            if real > u128::from(self.length) {
                return Ok(()); // which is said of it there
            }
            return Err(self.content(
                header.offset,
                format!(
                    "whether the values are real or complex cannot be seen: an object or the end of the file should follow at byte {real} or {complex}; the file may be cut off"
                ),
            ));
        }
        self.complex = Some(header.complex);
        Ok(())
    }

    /// Whether an object or the end of the file is there.
    fn object_or_end(&mut self, at: u128) -> Result<bool, PetscError> {
        if at >= u128::from(self.length) {
            return Ok(at == u128::from(self.length));
        }
        let here = self.at;
        self.seek(at as u64)?;
        let start = self.peek()?;
        self.seek(here)?;
        Ok(class(&start).is_some())
    }

    /// What stands there instead of an object.
    fn no_object(&self, offset: u64, start: &[u8], other_width: bool) -> PetscError {
        let Some(&[a, b, c, d]) = start.get(..4) else {
            return self.truncated("the class of an object")(4);
        };
        let found = i64::from(i32::from_be_bytes([a, b, c, d]));
        let swapped = class(&[d, c, b, a]).is_some();
        let hint = if other_width {
            "the indices of this file have the other width; leave out int32 and int64 (in code: index64), and it is seen"
                .into()
        } else if swapped {
            "the bytes are in the order of a little-endian machine; PETSc writes big-endian files"
                .into()
        } else {
            let what = match found {
                1_211_218 => "an index set",
                1_211_219 => "a bag",
                1_211_221 => "a mesh (DM)",
                _ => "no object of PETSc",
            };
            format!(
                "found {found}, {what}; expected a matrix (1211216) or a vector (1211214), big-endian"
            )
        };
        PetscError::Class {
            path: self.path.clone(),
            offset,
            found,
            hint,
        }
    }

    /// A count of the header.
    fn count(&mut self, wide: bool, what: &'static str, most: u64) -> Result<usize, PetscError> {
        let offset = self.at;
        let mut value = 0;
        self.numbers(1, wide, "a count", |number| {
            value = number;
            Ok(())
        })?;
        match u64::try_from(value) {
            Ok(count) if count <= most => Ok(count as usize),
            Ok(_) => Err(self.content(offset, format!("{what}: {value}, at most {most} are read"))),
            Err(_) if what == "entries" && value == -1 => Err(self.content(
                offset,
                "a dense matrix; convert it with MatConvert to MATAIJ before it is written".into(),
            )),
            Err(_) => Err(self.content(offset, format!("{what}: {value}, expected at least 0"))),
        }
    }
}
