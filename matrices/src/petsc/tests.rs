use super::*;
use num_complex::Complex;
use std::io::Cursor;

/// A file in the making.
#[derive(Clone, Default)]
struct Bytes {
    bytes: Vec<u8>,
    wide: bool,
    complex: bool,
}

impl Bytes {
    fn ints(mut self, numbers: &[i64]) -> Self {
        for &number in numbers {
            if self.wide {
                self.bytes.extend(number.to_be_bytes());
            } else {
                self.bytes.extend((number as i32).to_be_bytes());
            }
        }
        self
    }

    fn scalars(mut self, values: &[f64]) -> Self {
        for value in values {
            self.bytes.extend(value.to_be_bytes());
            if self.complex {
                self.bytes.extend((-value).to_be_bytes());
            }
        }
        self
    }

    /// [[2, 5, 0], [0, 3, 0], [1, 0, 4]], the last row out of order.
    fn matrix(self) -> Self {
        self.ints(&[MATRIX, 3, 3, 5, 2, 1, 2, 0, 1, 1, 2, 0])
            .scalars(&[2.0, 5.0, 3.0, 4.0, 1.0])
    }

    fn vector(self, values: &[f64]) -> Self {
        self.ints(&[VECTOR, values.len() as i64]).scalars(values)
    }

    fn read_with(&self, options: PetscOptions) -> Result<Vec<Object>, PetscError> {
        Reader::new(Cursor::new(&self.bytes), "test.bin".as_ref(), options)?.collect()
    }

    fn read(&self) -> Result<Vec<Object>, PetscError> {
        self.read_with(PetscOptions::default())
    }

    fn refused(&self) -> String {
        self.read().unwrap_err().to_string()
    }
}

#[test]
fn widths_are_seen() {
    for (wide, complex) in [(false, false), (true, false), (false, true), (true, true)] {
        let empty = Bytes {
            wide,
            complex,
            ..Bytes::default()
        };
        let file = empty
            .matrix()
            .vector(&[1.0, -2.0, 3.0])
            .matrix()
            .vector(&[]);
        let objects = file.read().unwrap();
        assert_eq!(objects.len(), 4);
        assert_eq!(objects[0], objects[2]);
        match (&objects[0], &objects[1], complex) {
            (Object::Matrix(AnyMatrix::Real(a)), Object::Vector(AnyVectors::Real(b)), false) => {
                assert_eq!(a.col_idx(), [0, 1, 1, 0, 2]);
                assert_eq!(a.values(), [2.0, 5.0, 3.0, 1.0, 4.0]);
                assert_eq!((b.ncols, &b.data[..]), (1, &[1.0, -2.0, 3.0][..]));
            }
            (
                Object::Matrix(AnyMatrix::Complex(a)),
                Object::Vector(AnyVectors::Complex(b)),
                true,
            ) => {
                assert_eq!(a.view().get(2, 0), Complex::new(1.0, -1.0));
                assert_eq!(b.data[1], Complex::new(-2.0, 2.0));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_said_of_the_widths_counts() {
    let file = Bytes::default().vector(&[1.0, 2.0]);
    let options = PetscOptions {
        index64: Some(true),
        ..Default::default()
    };
    assert!(matches!(
        file.read_with(options),
        Err(PetscError::Class { .. })
    ));
    let options = PetscOptions {
        complex: Some(true),
        ..Default::default()
    };
    let error = file.read_with(options).unwrap_err();
    assert!(matches!(error, PetscError::Truncated { .. }), "{error}");
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let whole = Bytes::default().matrix().vector(&[1.0, 2.0, 3.0]);
    let after_the_matrix = Bytes::default().matrix().bytes.len();
    for length in 1..whole.bytes.len() {
        let cut = Bytes {
            bytes: whole.bytes[..length].to_vec(),
            ..Bytes::default()
        };
        assert_eq!(cut.read().is_ok(), length == after_the_matrix, "{length}");
    }
    assert!(Bytes::default().read().unwrap().is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_with_its_byte() {
    let ints = |numbers: &[i64]| Bytes::default().ints(numbers);
    let wide = |numbers: &[i64]| {
        let empty = Bytes {
            wide: true,
            ..Bytes::default()
        };
        empty.ints(numbers)
    };
    let one = [1.0, 1.0];
    for (file, says) in [
        (
            ints(&[1_211_218, 0, 0]),
            "byte 0: found 1211218, an index set",
        ),
        (ints(&[7, 7, 7]), "no object of PETSc"),
        (ints(&[0x507b_1200, 0, 0]), "little-endian"),
        (ints(&[VECTOR, -3]), "byte 4: rows: -3"),
        (ints(&[MATRIX, 2, -1, 0]), "byte 8: columns: -1"),
        (ints(&[MATRIX, 2, 2, -1]), "dense"),
        (ints(&[VECTOR, 2_000_000_000]), "takes 16000000000 bytes"),
        (
            ints(&[MATRIX, 2_000_000_000, 2_000_000_000, 2_000_000_000]),
            "byte 16: a matrix",
        ),
        (wide(&[VECTOR, i64::MAX]), "at most 2147483647"),
        (wide(&[MATRIX, 1 << 40, 1, 1]), "byte 8: rows"),
        (
            ints(&[MATRIX, 2, 2, 2, 3, -1, 0, 1]).scalars(&one),
            "byte 16: row 0 has 3 entries",
        ),
        (
            ints(&[MATRIX, 2, 2, 2, 1, 0, 0, 1]).scalars(&one),
            "the rows have 1 entries together, 2",
        ),
        (
            ints(&[MATRIX, 2, 2, 2, 1, 1, 0, 2]).scalars(&one),
            "byte 28: column 2",
        ),
        (
            ints(&[MATRIX, 2, 2, 2, 1, 1, 0, -1]).scalars(&one),
            "column -1",
        ),
        (
            ints(&[MATRIX, 2, 2, 2, 0, 2, 1, 1]).scalars(&one),
            "byte 24: row 1 has column 1 twice",
        ),
        (Bytes::default().vector(&[0.0, f64::NAN]), "byte 16: NaN"),
        (Bytes::default().matrix().ints(&[9, 9]), "cannot be seen"),
    ] {
        let error = file.refused();
        assert!(
            error.starts_with("test.bin") && error.contains(says),
            "{error}"
        );
    }
}

#[test]
fn the_iterator_ends_with_an_error() {
    let file = Bytes::default().vector(&[1.0]).vector(&[f64::INFINITY]);
    let mut reader = Reader::new(
        Cursor::new(&file.bytes),
        "test.bin".as_ref(),
        PetscOptions::default(),
    )
    .unwrap();
    assert!(matches!(reader.next(), Some(Ok(_))));
    assert!(matches!(reader.next(), Some(Err(_))));
    assert!(reader.next().is_none());
}

#[test]
fn objects_are_found_again_by_their_headers() {
    let file = Bytes::default().matrix().vector(&[1.0, 2.0, 3.0]).matrix();
    let open = || {
        Reader::new(
            Cursor::new(&file.bytes),
            "test.bin".as_ref(),
            PetscOptions::default(),
        )
    };
    let mut reader = open().unwrap();
    let mut headers = Vec::new();
    while let Some(header) = reader.skip_object().unwrap() {
        headers.push(header);
    }
    let all: Vec<_> = open().unwrap().map(Result::unwrap).collect();
    let mut again = open().unwrap();
    for (header, object) in headers.iter().zip(&all).rev() {
        assert_eq!(again.read_at(header).unwrap(), *object);
    }
    assert_eq!((headers[1].rows, headers[1].kind), (3, Kind::Vector));
}

#[test]
fn a_file_that_petsc_has_written() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/petsc/two_systems.bin");
    let path = Path::new(path);
    assert!(recognised(path));
    let objects = read(path).unwrap();
    assert_eq!(objects.len(), 4);
    for (t, pair) in objects.chunks(2).enumerate() {
        let [
            Object::Matrix(AnyMatrix::Real(a)),
            Object::Vector(AnyVectors::Real(b)),
        ] = pair
        else {
            panic!("{pair:?}");
        };
        assert_eq!((a.nrows(), a.ncols(), a.nnz()), (5, 5, 13));
        for i in 0..5 {
            assert_eq!(a.view().get(i, i), 2.0 + 0.5 * t as f64);
            assert_eq!(b.data[i], (1 + i + 10 * t) as f64);
        }
        assert_eq!((a.view().get(0, 1), a.view().get(0, 2)), (-1.0, 0.0));
    }
    let Ok(AnyVectors::Real(b)) = first_vector(path) else {
        panic!("a vector");
    };
    assert_eq!(b.data[4], 5.0);
    assert!(first_matrix(path).is_ok());
    assert_eq!(headers(path).unwrap().len(), 4);
    assert!(!recognised(Path::new(env!("CARGO_MANIFEST_DIR"))));
}

/// Class and number of each object, whatever the build of PETSc.
#[test]
fn files_that_builds_of_petsc_have_written() {
    use Kind::{Matrix as M, Vector as V};
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/petsc"));
    for (name, kinds, complex, index64) in [
        ("complex.bin", &[M, V, M, V][..], true, false),
        ("indices64.bin", &[M, V, M, V], false, true),
        ("complex_indices64.bin", &[M, V, M, V], true, true),
        ("A.bin", &[M, M, M], false, false),
        ("b.bin", &[V, V, V], false, false),
        ("grouped.bin", &[M, M, V, V], false, false),
    ] {
        let path = folder.join(name);
        let seen = headers(&path).unwrap();
        let found: Vec<_> = seen.iter().map(|header| header.kind).collect();
        assert_eq!(found, kinds, "{name}");
        let told = PetscOptions {
            index64: Some(index64),
            complex: Some(complex),
        };
        assert_eq!(headers_with(&path, told).unwrap(), seen, "{name}");
        let (mut matrices, mut vectors) = (0, 0);
        for (header, object) in seen.iter().zip(read(&path).unwrap()) {
            assert_eq!((header.complex, header.index64), (complex, index64));
            let im = if complex { 0.25 } else { 0.0 };
            match object {
                Object::Matrix(a) => {
                    let at = |i, j| match &a {
                        AnyMatrix::Real(a) => a.view().get(i, j).into(),
                        AnyMatrix::Complex(a) => a.view().get(i, j),
                    };
                    let diagonal = Complex::new(2.0 + 0.5 * f64::from(matrices), im);
                    assert!((0..5).all(|i| at(i, i) == diagonal), "{name}");
                    assert_eq!((at(3, 4), at(0, 2)), ((-1.0).into(), 0.0.into()));
                    matrices += 1;
                }
                Object::Vector(b) => {
                    let at = |i: usize| match &b {
                        AnyVectors::Real(b) => b.data[i].into(),
                        AnyVectors::Complex(b) => b.data[i],
                    };
                    let entry = |i: usize| Complex::from((i + 1 + 10 * vectors) as f64);
                    assert!((0..5).all(|i| at(i) == entry(i)), "{name}");
                    vectors += 1;
                }
            }
        }
    }
}

#[test]
fn other_widths_than_those_of_the_file_are_said_to_be_wrong() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/petsc"));
    let refused = |name: &str, index64, complex| {
        let options = PetscOptions { index64, complex };
        let error = headers_with(&folder.join(name), options).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(name), "{text}");
        text
    };
    let text = refused("indices64.bin", Some(false), None);
    assert!(text.contains("other width"), "{text}");
    let text = refused("two_systems.bin", Some(true), None);
    assert!(text.contains("other width"), "{text}");
    refused("complex.bin", None, Some(false));
    refused("two_systems.bin", None, Some(true));
}
