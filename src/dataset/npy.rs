//! Arrays of NumPy, a row a sample: written in any order of the rows, read row by row.

use super::DatasetError;
use super::durable::{self, Stored};
use npyz::{DType, NpyHeader, Order, TypeChar, WriterBuilder};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 8 bytes, as they were computed.
    #[default]
    F64,
    /// 4 bytes, rounded on writing.
    F32,
}

impl Dtype {
    /// Bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
        }
    }

    /// `"f64"` or `"f32"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
        }
    }

    /// Half a unit in the last place of 1: the relative error of a stored number at most.
    pub fn rounding(self) -> f64 {
        match self {
            Self::F64 => 0.0,
            Self::F32 => 0.5 * f64::from(f32::EPSILON),
        }
    }

    /// The bytes of these numbers, little end first, appended.
    pub fn encode(self, values: &[f64], bytes: &mut Vec<u8>) {
        match self {
            Self::F64 => values
                .iter()
                .for_each(|v| bytes.extend_from_slice(&v.to_le_bytes())),
            Self::F32 => values
                .iter()
                .for_each(|v| bytes.extend_from_slice(&(*v as f32).to_le_bytes())),
        }
    }
}

/// The beginning of a file with an array of this shape.
///
/// # Errors
/// Those of the writer, none of which a vector has.
pub fn header(path: &Path, dtype: Dtype, shape: &[u64]) -> Result<Vec<u8>, DatasetError> {
    let mut bytes = Vec::new();
    let begun = match dtype {
        Dtype::F64 => begin::<f64>(shape, &mut bytes),
        Dtype::F32 => begin::<f32>(shape, &mut bytes),
    };
    begun.map_err(DatasetError::io(path, "write"))?;
    Ok(bytes)
}

fn begin<V: npyz::AutoSerialize>(shape: &[u64], bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let options = npyz::WriteOptions::<V>::new().default_dtype();
    options.shape(shape).writer(bytes).begin_nd().map(drop)
}

/// A whole array at once: statistics, axes, whatever is small.
///
/// # Errors
/// [`DatasetError::Io`].
pub fn write_array(
    path: &Path,
    dtype: Dtype,
    shape: &[u64],
    values: &[f64],
) -> Result<(), DatasetError> {
    let mut bytes = header(path, dtype, shape)?;
    dtype.encode(values, &mut bytes);
    let written = File::create(path).and_then(|mut file| file.write_all(&bytes));
    written.map_err(DatasetError::io(path, "write"))
}

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

    /// Whether the numbers have single precision.
    pub fn is_single(&self) -> bool {
        self.kind == (TypeChar::Float, 4)
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
        let read = jump.and_then(|()| std::io::Read::read_exact(&mut self.file, &mut self.bytes));
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

/// An array under construction, aside: rows come in any order.
pub struct Array {
    /// Where it will be.
    path: PathBuf,
    aside: PathBuf,
    file: File,
    start: u64,
    width: usize,
    next: usize,
}

impl Array {
    /// Begins an array of `rows` rows of the given shape beside its final place.
    ///
    /// # Errors
    /// [`DatasetError::Io`], and [`DatasetError::Busy`] where another process has begun it.
    pub fn create(
        path: &Path,
        dtype: Dtype,
        rows: usize,
        shape: &[usize],
    ) -> Result<Self, DatasetError> {
        let aside = durable::aside(path);
        let mut whole = vec![rows as u64];
        whole.extend(shape.iter().map(|d| *d as u64));
        let bytes = header(path, dtype, &whole)?;
        let failed = || DatasetError::io(&aside, "write");
        let options = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&aside);
        let mut file = options.map_err(failed())?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(DatasetError::Busy(aside)); // a file system without locks has none to respect
        }
        file.set_len(0).map_err(failed())?;
        file.write_all(&bytes).map_err(failed())?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            start: bytes.len() as u64,
            width: shape.iter().product::<usize>() * dtype.bytes(),
            next: 0,
            aside,
        })
    }

    /// Writes row `at`, of bytes as [`Dtype::encode`] makes them.
    ///
    /// # Errors
    /// [`DatasetError::Io`].
    pub fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), DatasetError> {
        debug_assert_eq!(bytes.len(), self.width);
        let place = self.start + (at * self.width) as u64;
        let moved = match self.next == at {
            true => Ok(place), // rows in order: the file is where it should be
            false => self.file.seek(SeekFrom::Start(place)),
        };
        self.next = at + 1;
        moved
            .and_then(|_| self.file.write_all(bytes))
            .map_err(DatasetError::io(&self.aside, "write"))
    }

    /// The rows are all there: makes them last, and puts the file in its place.
    ///
    /// # Errors
    /// [`DatasetError::Io`].
    pub fn finish(&mut self) -> Result<Stored, DatasetError> {
        let failed = || DatasetError::io(&self.aside, "write");
        let bytes = self.file.metadata().map_err(failed())?.len();
        let sha256 = durable::sha256(&self.aside)?;
        self.file.sync_all().map_err(failed())?;
        durable::rename(&self.aside, &self.path)?;
        Ok(Stored {
            file: durable::file_name(&self.path),
            bytes,
            sha256,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn rows_in_any_order_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        for (dtype, rounding) in [(Dtype::F64, 0.0), (Dtype::F32, 6e-8)] {
            let path = folder.path().join(format!("{}.npy", dtype.name()));
            let mut array = Array::create(&path, dtype, 3, &[2, 2]).unwrap();
            assert!(matches!(
                Array::create(&path, dtype, 3, &[2, 2]),
                Err(DatasetError::Busy(_))
            ));
            let row = |i: usize| [0.1, 0.2, 0.3, 0.4].map(|v| v + i as f64);
            for i in [1, 2, 0] {
                let mut bytes = Vec::new();
                dtype.encode(&row(i), &mut bytes);
                array.put(i, &bytes).unwrap();
            }
            assert!(!path.exists());
            let stored = array.finish().unwrap();
            assert_eq!(stored.bytes, std::fs::metadata(&path).unwrap().len());
            let mut rows = Rows::open(&path).unwrap();
            assert_eq!(rows.shape(), [3, 2, 2]);
            let mut read = [0.0; 4];
            for i in [2, 0, 1] {
                rows.read(i as u64, &mut read).unwrap();
                for (a, b) in read.iter().zip(row(i)) {
                    assert!((a - b).abs() <= rounding * b);
                }
            }
            assert!(rows.read(3, &mut read).is_err());
        }
    }

    #[test]
    fn numbers_of_other_kinds_are_taken() {
        for (descr, bytes, expected) in [
            (
                ">f4",
                [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0].to_vec(),
                [1.0, -2.0],
            ),
            ("<i2", [7, 0, 0xff, 0xff].to_vec(), [7.0, -1.0]),
            ("|b1", [1, 0].to_vec(), [1.0, 0.0]),
            ("|u1", [255, 3].to_vec(), [255.0, 3.0]),
        ] {
            let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 1), }}");
            let mut file = b"\x93NUMPY\x01\x00".to_vec();
            let text = format!("{dict:<117}\n");
            file.extend((text.len() as u16).to_le_bytes());
            file.extend(text.as_bytes());
            file.extend(bytes);
            let (_folder, path) = written("a.npy", &file);
            let mut rows = Rows::open(&path).unwrap();
            for (i, expected) in expected.into_iter().enumerate() {
                let mut row = [0.0];
                rows.read(i as u64, &mut row).unwrap();
                assert_eq!(row[0], expected, "{descr}");
            }
        }
    }

    #[test]
    fn what_is_no_array_is_refused() {
        let whole = {
            let mut bytes = header(Path::new("a"), Dtype::F64, &[2, 3]).unwrap();
            Dtype::F64.encode(&[0.0; 6], &mut bytes);
            bytes
        };
        let text = String::from_utf8_lossy(&whole).into_owned();
        let fortran = whole.clone();
        let at = text.find("False").unwrap() - text.matches('\u{fffd}').count() * 2;
        let mut fortran = fortran;
        fortran[at..at + 5].copy_from_slice(b"True ");
        for (bytes, words) in [
            (whole[..whole.len() - 1].to_vec(), "cut off"),
            (b"hello".to_vec(), "no .npy file"),
            (Vec::new(), "no .npy file"),
            (whole[..20].to_vec(), "no .npy file"),
        ] {
            let (_folder, path) = written("a.npy", &bytes);
            let error = Rows::open(&path).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let (_folder, path) = written("a.npy", &fortran);
        assert!(Rows::open(&path).is_err());
        assert!(Rows::open(Path::new("nowhere.npy")).is_err());
    }
}
