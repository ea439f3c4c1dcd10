//! One object after the other.

use super::{Kind, Object, PetscError, PetscOptions, class};
use crate::mtx::{AnyMatrix, AnyVectors, Vectors};
use crate::{Csr, Scalar};
use num_complex::Complex;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

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
    body: u64,
}

impl Header {
    fn index_bytes(&self) -> u64 {
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

    fn body_bytes(&self) -> u128 {
        self.before_values() + self.nnz as u128 * u128::from(self.scalar_bytes())
    }
}

/// Reads one object after the other: the memory of the largest suffices.
///
/// After an error the iterator has ended.
#[derive(Debug)]
pub struct Reader<R = BufReader<File>> {
    inner: R,
    path: PathBuf,
    length: u64,
    at: u64,
    options: PetscOptions,
    /// As the first values told.
    complex: Option<bool>,
    ended: bool,
}

impl Reader {
    /// A file whose widths are to be seen from it.
    ///
    /// # Errors
    /// [`PetscError::Io`].
    pub fn open(path: &Path) -> Result<Self, PetscError> {
        Self::open_with(path, PetscOptions::default())
    }

    /// A file.
    ///
    /// # Errors
    /// [`PetscError::Io`].
    pub fn open_with(path: &Path, options: PetscOptions) -> Result<Self, PetscError> {
        let file = File::open(path).map_err(|source| PetscError::Io {
            path: path.into(),
            source,
        })?;
        Self::new(BufReader::new(file), path, options)
    }
}

impl<R: Read + Seek> Reader<R> {
    /// From anything that can be read and sought in; `name` is for error texts.
    ///
    /// # Errors
    /// [`PetscError::Io`].
    pub fn new(mut inner: R, name: &Path, options: PetscOptions) -> Result<Self, PetscError> {
        let length = inner.seek(SeekFrom::End(0)).and_then(|length| {
            inner.rewind()?;
            Ok(length)
        });
        let path = name.to_path_buf();
        Ok(Self {
            length: length.map_err(|source| PetscError::Io {
                path: path.clone(),
                source,
            })?,
            inner,
            path,
            at: 0,
            options,
            complex: options.complex,
            ended: false,
        })
    }

    /// What the next object is, read over.
    ///
    /// # Errors
    /// [`PetscError`].
    pub fn skip_object(&mut self) -> Result<Option<Header>, PetscError> {
        let Some(header) = self.header()? else {
            return Ok(None);
        };
        self.seek(header.body + header.body_bytes() as u64)?; // within the file: looked at
        Ok(Some(header))
    }

    /// The object of a header of this file; the next one is what follows it.
    ///
    /// # Errors
    /// [`PetscError`], also where there is another object now.
    pub fn read_at(&mut self, header: &Header) -> Result<Object, PetscError> {
        self.seek(header.offset)?;
        self.complex = Some(header.complex);
        match self.header()? {
            Some(found) if found == *header => self.body(&found),
            _ => Err(self.content(
                header.offset,
                "the file has changed since it was looked at".into(),
            )),
        }
    }

    fn content(&self, offset: u64, problem: String) -> PetscError {
        PetscError::Content {
            path: self.path.clone(),
            offset,
            problem,
        }
    }

    fn seek(&mut self, at: u64) -> Result<(), PetscError> {
        let moved = self.inner.seek(SeekFrom::Start(at));
        self.at = at;
        moved.map(|_| ()).map_err(|source| PetscError::Io {
            path: self.path.clone(),
            source,
        })
    }

    /// Up to eight bytes from here, without moving on.
    fn peek(&mut self) -> Result<Vec<u8>, PetscError> {
        let (mut bytes, at) = (Vec::new(), self.at);
        let read = (&mut self.inner).take(8).read_to_end(&mut bytes);
        read.map_err(|source| PetscError::Io {
            path: self.path.clone(),
            source,
        })?;
        self.seek(at)?;
        Ok(bytes)
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

    /// Class and counts; the whole object is then known to be within the file.
    fn header(&mut self) -> Result<Option<Header>, PetscError> {
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

    fn truncated(&self, what: &'static str) -> impl Fn(u128) -> PetscError + use<R> {
        let (path, offset) = (self.path.clone(), self.at);
        let left = self.length.saturating_sub(offset);
        move |needed| PetscError::Truncated {
            path: path.clone(),
            offset,
            what,
            needed,
            left,
        }
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

    /// What stands there instead of an object.
    fn no_object(&self, offset: u64, start: &[u8], other_width: bool) -> PetscError {
        let Some(&[a, b, c, d]) = start.get(..4) else {
            return self.truncated("the class of an object")(4);
        };
        let found = i64::from(i32::from_be_bytes([a, b, c, d]));
        let swapped = class(&[d, c, b, a]).is_some();
        let hint = if other_width {
            "the indices of this file have the other width; leave index64 unset, and it is seen"
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
    fn numbers(
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

    fn reals(&mut self, count: usize) -> Result<Vec<f64>, PetscError> {
        let mut values = Vec::with_capacity(count);
        self.pieces(count, 8, "the values", |bytes| {
            values.push(double(bytes)?);
            Ok(())
        })?;
        Ok(values)
    }

    fn complexes(&mut self, count: usize) -> Result<Vec<Complex<f64>>, PetscError> {
        let mut values = Vec::with_capacity(count);
        self.pieces(count, 16, "the values", |bytes| {
            values.push(Complex::new(double(&bytes[..8])?, double(&bytes[8..])?));
            Ok(())
        })?;
        Ok(values)
    }

    /// What follows a header.
    fn body(&mut self, header: &Header) -> Result<Object, PetscError> {
        match header.kind {
            Kind::Vector if header.complex => {
                let data = self.complexes(header.rows)?;
                Ok(Object::Vector(AnyVectors::Complex(column(data))))
            }
            Kind::Vector => {
                let data = self.reals(header.rows)?;
                Ok(Object::Vector(AnyVectors::Real(column(data))))
            }
            Kind::Matrix => {
                let (row_ptr, columns) = self.pattern(header)?;
                Ok(Object::Matrix(if header.complex {
                    let values = self.complexes(header.nnz)?;
                    AnyMatrix::Complex(self.sorted(header, row_ptr, columns, values)?)
                } else {
                    let values = self.reals(header.nnz)?;
                    AnyMatrix::Real(self.sorted(header, row_ptr, columns, values)?)
                }))
            }
        }
    }

    /// Row pointers and columns.
    fn pattern(&mut self, header: &Header) -> Result<(Vec<u32>, Vec<u32>), PetscError> {
        let Header {
            rows, cols, nnz, ..
        } = *header;
        let mut row_ptr = Vec::with_capacity(rows + 1);
        let mut sum = 0u32;
        row_ptr.push(sum);
        self.numbers(rows, header.index64, "the lengths of the rows", |length| {
            let row = row_ptr.len() - 1;
            let next = u32::try_from(length)
                .ok()
                .and_then(|length| sum.checked_add(length))
                .filter(|&next| next as usize <= nnz);
            sum = next.ok_or_else(|| {
                format!("row {row} has {length} entries, of {nnz} in all that begin with {sum} in the rows before")
            })?;
            row_ptr.push(sum);
            Ok(())
        })?;
        if sum as usize != nnz {
            let problem = format!("the rows have {sum} entries together, {nnz} were announced");
            return Err(self.content(header.body, problem));
        }
        let mut columns = Vec::with_capacity(nnz);
        self.numbers(nnz, header.index64, "the columns", |column| {
            let known = u32::try_from(column).ok();
            let known = known.filter(|&column| (column as usize) < cols);
            columns.push(known.ok_or_else(|| {
                format!("column {column} (from 0) of a matrix with {cols} columns")
            })?);
            Ok(())
        })?;
        Ok((row_ptr, columns))
    }

    /// The matrix, its rows sorted.
    fn sorted<T: Scalar>(
        &self,
        header: &Header,
        row_ptr: Vec<u32>,
        mut columns: Vec<u32>,
        mut values: Vec<T>,
    ) -> Result<Csr<T>, PetscError> {
        let mut row = Vec::new();
        for (i, ends) in row_ptr.windows(2).enumerate() {
            let range = ends[0] as usize..ends[1] as usize;
            let (columns, values) = (&mut columns[range.clone()], &mut values[range]);
            if columns.is_sorted_by(|a, b| a < b) {
                continue;
            }
            row.clear();
            row.extend(columns.iter().copied().zip(values.iter().copied()));
            row.sort_by_key(|&(column, _)| column);
            if let Some(twice) = row.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let entries = header.rows as u64 + u64::from(ends[0]);
                let offset = header.body + entries * header.index_bytes();
                let problem = format!("row {i} has column {} twice (from 0)", twice[0].0);
                return Err(self.content(offset, problem));
            }
            for ((column, value), &(c, v)) in columns.iter_mut().zip(values).zip(&row) {
                (*column, *value) = (c, v);
            }
        }
        Csr::new(header.rows, header.cols, row_ptr, columns, values)
            .map_err(|error| self.content(header.offset, error.to_string()))
    }
}

impl<R: Read + Seek> Iterator for Reader<R> {
    type Item = Result<Object, PetscError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let object = match self.header() {
            Ok(Some(header)) => Some(self.body(&header)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(object, Some(Ok(_)));
        object
    }
}

fn column<T>(data: Vec<T>) -> Vectors<T> {
    Vectors {
        nrows: data.len(),
        ncols: 1,
        data,
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
