//! Arrays of NumPy read a row at a time.

use super::DatasetError;
use npyz::{DType, NpyHeader, Order, TypeChar};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

/// An array that is read a row at a time.
pub struct Rows {
    path: PathBuf,
    file: BufReader<File>,
    shape: Vec<u64>,
    start: u64,
    big: bool,
    kind: (TypeChar, usize),
    bytes: Vec<u8>,
}

impl Rows {
    /// Opens an array of numbers in C order.
    ///
    /// # Errors
    /// [`DatasetError`] for what is no such array, or is shorter than it says.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let mut file = File::open(path)
            .map(BufReader::new)
            .map_err(DatasetError::io(path, "read"))?;
        let wrong = |problem: String| DatasetError::file(path, problem);
        if !countable(&mut file) {
            return Err(wrong(
                "its shape has more numbers than can be counted: it was cut off or is damaged"
                    .into(),
            ));
        }
        let header = NpyHeader::from_reader(&mut file).map_err(|e| {
            wrong(format!(
                "this is no .npy file ({e}); write it with numpy.save"
            ))
        })?;
        let kind = plain(&header.dtype()).ok_or_else(|| {
            wrong(format!(
                "it holds {}, numbers are needed (float64, float32, integers or booleans)",
                header.dtype().descr()
            ))
        })?;
        if header.order() == Order::Fortran && header.shape().len() > 1 {
            return Err(wrong(
                "the array is in Fortran order; save numpy.ascontiguousarray of it".into(),
            ));
        }
        let start = file
            .stream_position()
            .map_err(DatasetError::io(path, "read"))?;
        let length = file
            .get_ref()
            .metadata()
            .map_err(DatasetError::io(path, "read"))?
            .len();
        let numbers = header
            .shape()
            .iter()
            .try_fold(1u64, |n, d| n.checked_mul(*d));
        let needed = numbers.and_then(|n| n.checked_mul(kind.1.1 as u64));
        if needed.is_none_or(|needed| length < start.saturating_add(needed)) {
            return Err(wrong(format!(
                "the file ends before its {:?} numbers do: it was cut off, write it again",
                header.shape()
            )));
        }
        Ok(Self {
            path: path.to_path_buf(),
            file,
            shape: header.shape().to_vec(),
            start,
            big: kind.0,
            kind: kind.1,
            bytes: Vec::new(),
        })
    }

    /// File.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Shape, the rows first.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Number of rows.
    pub fn len(&self) -> u64 {
        self.shape.first().copied().unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers in a row.
    pub fn row_len(&self) -> usize {
        self.shape.iter().skip(1).product::<u64>() as usize
    }

    /// Reads a row.
    ///
    /// # Errors
    /// [`DatasetError`] where there is no such row, or `row` has another length.
    pub fn read(&mut self, index: u64, row: &mut [f64]) -> Result<(), DatasetError> {
        if index >= self.len() || row.len() != self.row_len() {
            return Err(DatasetError::file(
                &self.path,
                format!(
                    "row {index} of {} numbers was asked for, the array is of shape {:?}",
                    row.len(),
                    self.shape
                ),
            ));
        }
        let width = self.kind.1;
        self.bytes.resize(row.len() * width, 0);
        let at = self.start + index * (row.len() * width) as u64;
        let here = self.file.stream_position();
        let jump = here.and_then(|here| self.file.seek_relative(at as i64 - here as i64));
        let read = jump.and_then(|()| self.file.read_exact(&mut self.bytes));
        read.map_err(DatasetError::io(&self.path, "read"))?;
        if self.big {
            self.bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
        decode(self.kind, &self.bytes, row);
        Ok(())
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.path.display(), self.shape)
    }
}

/// Whether the big end comes first; kind and width of the numbers. `None` for what is no number.
fn plain(dtype: &DType) -> Option<(bool, (TypeChar, usize))> {
    let DType::Plain(kind) = dtype else {
        return None;
    };
    let width = usize::try_from(kind.size_field()).ok()?;
    let known = matches!(
        (kind.type_char(), width),
        (TypeChar::Float, 4 | 8)
            | (TypeChar::Int | TypeChar::Uint, 1 | 2 | 4 | 8)
            | (TypeChar::Bool, 1)
    );
    let big = kind.endianness() == npyz::Endianness::Big && width > 1;
    known.then_some((big, (kind.type_char(), width)))
}

fn decode((kind, width): (TypeChar, usize), bytes: &[u8], row: &mut [f64]) {
    macro_rules! each {
        ($ty:ty) => {
            for (v, b) in row.iter_mut().zip(bytes.chunks_exact(width)) {
                let mut raw = [0; size_of::<$ty>()];
                raw.copy_from_slice(b);
                *v = <$ty>::from_le_bytes(raw) as f64;
            }
        };
    }
    match (kind, width) {
        (TypeChar::Float, 8) => each!(f64),
        (TypeChar::Float, _) => each!(f32),
        (TypeChar::Int, 1) => each!(i8),
        (TypeChar::Int, 2) => each!(i16),
        (TypeChar::Int, 4) => each!(i32),
        (TypeChar::Int, _) => each!(i64),
        (_, 2) => each!(u16),
        (_, 4) => each!(u32),
        (_, 8) => each!(u64),
        _ => each!(u8),
    }
}

/// Whether the product of the sizes in a header can be held: the parser takes it unchecked. Looks at what
/// the buffer holds and leaves the place as it is; what it cannot read is left to the parser.
fn countable(file: &mut BufReader<File>) -> bool {
    let Ok(head) = file.fill_buf() else {
        return true;
    };
    let head = String::from_utf8_lossy(&head[..head.len().min(1024)]);
    let shape = head.split_once("'shape': (").map(|(_, after)| after);
    let sizes = shape
        .and_then(|shape| shape.split(')').next())
        .unwrap_or("");
    let sizes = sizes
        .split(',')
        .filter_map(|size| size.trim().parse::<u64>().ok());
    let product = sizes.into_iter().try_fold(1u64, |n, d| n.checked_mul(d));
    product.is_some()
}
