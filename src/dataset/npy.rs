//! Arrays of NumPy, a row a sample: written in any order of the rows, read row by row.

mod array;
mod rows;

pub use array::Array;
pub use rows::Rows;

use super::DatasetError;
use npyz::WriterBuilder;
use serde::{Deserialize, Serialize};
use std::path::Path;

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

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
