//! The reader on files of others: odd and broken ones with the outcome expected of each, and the
//! real systems of `mtx/` against their manifest.

use resolvent_matrices::mtx::{self, AnyMatrix, AnyVectors, MtxError};
use resolvent_matrices::{Complex, Csr, Evidence, Scalar};
use std::path::{Path, PathBuf};

/// The rows of a CSV file by column name; quoted fields may hold commas.
fn table(path: &Path) -> Vec<impl Fn(&str) -> String + use<>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        fields
    });
    let names = lines.next().unwrap();
    lines
        .map(|fields| {
            let names = names.clone();
            move |name: &str| fields[names.iter().position(|n| n == name).unwrap()].clone()
        })
        .collect()
}

fn sum<T: Scalar>(a: &Csr<T>) -> Complex<f64> {
    a.values().iter().map(|v| v.to_c64()).sum()
}

/// Rows, columns, entries, sum.
fn facts(matrix: &AnyMatrix) -> (usize, usize, usize, Complex<f64>) {
    match matrix {
        AnyMatrix::Real(a) => (a.nrows(), a.ncols(), a.nnz(), sum(a)),
        AnyMatrix::Complex(a) => (a.nrows(), a.ncols(), a.nnz(), sum(a)),
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn odd_files_come_out_as_expected() {
    let folder = folder("tests/malformed");
    let (mut accepted, mut rejected) = (0, 0);
    for row in table(&folder.join("manifest.csv")) {
        let (name, expected) = (row("file"), row("expected"));
        match mtx::read(&folder.join(&name)) {
            Ok(file) => {
                accepted += 1;
                assert!(!expected.starts_with("reject"), "{name} was read");
                let (rows, cols, nnz, sum) = facts(&file.matrix);
                let declared = |column: &str| row(column).parse::<usize>();
                if let Ok(r) = declared("rows") {
                    assert_eq!((rows, cols), (r, declared("cols").unwrap()), "{name}");
                }
                // the manifest counts duplicates apart; the file with zeros has one, 0 + 3
                let duplicates = ["duplicate", "explicit zeros"]
                    .iter()
                    .any(|word| row("category").contains(word));
                if let Ok(n) = declared("stored_after_expansion")
                    && !duplicates
                {
                    assert_eq!(nnz, n, "{name}: entries");
                }
                if let Ok(s) = row("sum_of_entries").parse::<f64>() {
                    assert!((sum - s).norm() < 1e-9 * s.abs().max(1.0), "{name}: {sum}");
                }
            }
            Err(error) => {
                rejected += 1;
                assert!(!expected.starts_with("accept"), "{error}");
                let text = error.to_string();
                assert!(text.contains(&name), "{text}");
                if let MtxError::Syntax {
                    line,
                    found,
                    expected,
                    ..
                } = &error
                {
                    assert!(
                        *line > 0 && !found.is_empty() && !expected.is_empty(),
                        "{text}"
                    );
                }
            }
        }
    }
    assert_eq!(accepted + rejected, 48);
    assert!(accepted >= 15 && rejected >= 12, "{accepted} {rejected}");
}

#[test]
fn real_systems_are_what_their_manifest_says() {
    let folder = folder("mtx");
    let rows = table(&folder.join("MANIFEST.csv"));
    assert_eq!(rows.len(), 52);
    for row in rows {
        let name = row("name");
        let file = mtx::read(&folder.join(row("file"))).unwrap();
        let number = |column: &str| row(column).parse::<usize>().unwrap();
        let (nrows, ncols, nnz, _) = facts(&file.matrix);
        assert_eq!((nrows, ncols), (number("rows"), number("cols")), "{name}");
        assert_eq!(nnz, number("nnz_full"), "{name}: entries");
        let kind = row("kind");
        if nrows == ncols {
            let (symmetric, hermitian, skew) = match &file.matrix {
                AnyMatrix::Real(a) => symmetries(a),
                AnyMatrix::Complex(a) => symmetries(a),
            };
            assert_eq!(kind.contains("skew"), skew, "{name}: {kind}");
            if kind.starts_with("complex Hermitian") {
                assert!(hermitian, "{name}: {kind}");
            } else if kind.starts_with("unsymmetric") || kind.contains("complex unsymmetric") {
                assert!(!symmetric, "{name}: {kind}");
            }
            if ["SPD", "symmetric", "complex symmetric"]
                .iter()
                .any(|k| kind.starts_with(k))
            {
                assert!(nearly_symmetric(&file.matrix), "{name}: {kind}");
            }
        }
        let rhs = row("rhs");
        if !rhs.is_empty() {
            let AnyVectors::Real(b) = mtx::read_vectors(&folder.join(rhs)).unwrap() else {
                panic!("{name}: a complex right-hand side");
            };
            assert_eq!(b.nrows, nrows, "{name}");
        }
    }
}

fn symmetries<T: Scalar>(a: &Csr<T>) -> (bool, bool, bool) {
    let e = Evidence::gather(a.view());
    (e.symmetric, e.hermitian, e.skew_symmetric)
}

/// A = Aᵀ up to a few roundings: some files hold both triangles, computed separately.
fn nearly_symmetric(matrix: &AnyMatrix) -> bool {
    fn of<T: Scalar>(a: &Csr<T>) -> bool {
        let largest = a
            .values()
            .iter()
            .map(|v| v.to_c64().norm())
            .fold(0.0, f64::max);
        (0..a.nrows()).all(|i| {
            a.view()
                .row_iter(i)
                .all(|(j, v)| (v - a.view().get(j, i)).to_c64().norm() <= 1e-12 * largest)
        })
    }
    match matrix {
        AnyMatrix::Real(a) => of(a),
        AnyMatrix::Complex(a) => of(a),
    }
}
