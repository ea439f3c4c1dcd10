//! The reader on text, against a naive twin, and on every decision the documentation lists.

use super::*;
use proptest::prelude::*;

fn real(text: &str) -> Csr<f64> {
    match parse_matrix(text.as_bytes(), "t.mtx").unwrap().matrix {
        AnyMatrix::Real(a) => a,
        AnyMatrix::Complex(_) => panic!("complex"),
    }
}

fn error(text: &str) -> String {
    parse_matrix(text.as_bytes(), "t.mtx")
        .unwrap_err()
        .to_string()
}

fn general(body: &str) -> String {
    format!("%%MatrixMarket matrix coordinate real general\n{body}")
}

fn symmetric(body: &str) -> String {
    format!("%%MatrixMarket matrix coordinate real symmetric\n{body}")
}

/// Splits lines and words, and adds up entries in a table.
fn naive(text: &str) -> Vec<Vec<f64>> {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let symmetric = lines.next().unwrap().contains("symmetric");
    let mut rest = lines.filter(|l| !l.trim_start().starts_with('%'));
    let size: Vec<usize> = rest
        .next()
        .unwrap()
        .split_whitespace()
        .map(|w| w.parse().unwrap())
        .collect();
    let mut table = vec![vec![0.0; size[1]]; size[0]];
    for line in rest {
        let w: Vec<&str> = line.split_whitespace().collect();
        let (i, j): (usize, usize) = (w[0].parse().unwrap(), w[1].parse().unwrap());
        let v: f64 = w[2].parse().unwrap();
        table[i - 1][j - 1] += v;
        if symmetric && i != j {
            table[j - 1][i - 1] += v;
        }
    }
    table
}

#[test]
fn duplicates_are_summed_zeros_kept_comments_skipped() {
    let a = real(&general(
        "% c\n\n2 2 4\n1 1 1\n% between\n\n1 1 2\n  2\t1  0\r\n+2 2 1.5D+1",
    ));
    assert_eq!(a.view().get(0, 0), 3.0);
    assert_eq!(a.view().get(1, 1), 15.0);
    assert_eq!(a.nnz(), 3);
}

#[test]
fn symmetries_are_expanded() {
    let a = real(&symmetric("2 2 2\n1 1 4\n2 1 -1"));
    assert_eq!((a.view().get(0, 1), a.view().get(1, 0)), (-1.0, -1.0));
    let upper = real(&symmetric("2 2 2\n1 1 4\n1 2 -1"));
    assert_eq!(a, upper);
    let skew = real("%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 3");
    assert_eq!((skew.view().get(0, 1), skew.view().get(1, 0)), (-3.0, 3.0));
    let text = "%%MatrixMarket matrix coordinate complex hermitian\n2 2 2\n1 1 1 0\n2 1 3 4";
    let AnyMatrix::Complex(h) = parse_matrix(text.as_bytes(), "t").unwrap().matrix else {
        panic!("real");
    };
    assert_eq!(h.view().get(0, 1), Complex::new(3.0, -4.0));
    let dense = real("%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n3\n");
    assert_eq!(dense.values(), [1.0, 2.0, 2.0, 3.0]);
}

#[test]
fn every_fault_names_its_line_and_the_mend() {
    for (text, parts) in [
        (
            general("2 2 1\n3 1 1\n"),
            ["t.mtx:3:", "row 3", "from 1 to 2"],
        ),
        (
            general("2 2 1\n0 1 1\n"),
            ["t.mtx:3:", "row 0", "count from 1"],
        ),
        (
            general("2 2 1\n1 x 1\n"),
            ["t.mtx:3:", "\"x\"", "column index"],
        ),
        (
            general("2 2 1\n1 1 1.2.3\n"),
            ["t.mtx:3:", "1.2.3", "a number"],
        ),
        (general("2 2 1\n1 1\n"), ["t.mtx:3:", "nothing", "a number"]),
        (general("2 2 1\n1 1 nan\n"), ["t.mtx:3:", "nan", "finite"]),
        (general("2 2 1\n1 1 -inf\n"), ["t.mtx:3:", "-inf", "finite"]),
        (
            general("2 2 1\n1 1 1e999\n"),
            ["t.mtx:3:", "1e999", "finite"],
        ),
        (
            general("2 2 1\n1 1 1 7\n"),
            ["t.mtx:3:", "\"7\"", "end of the line"],
        ),
        (
            general("2 2 2\n1 1 1\n% more\n"),
            ["t.mtx:", "1 entries", "2, as the size line"],
        ),
        (
            general("2 2 1\n1 1 1\n2 2 1\n"),
            ["t.mtx:4:", "2 entries", "1, as the size line"],
        ),
        (
            general("2 2 999999999999\n1 1 1\n"),
            ["t.mtx:2:", "999999999999", "cut short"],
        ),
        (
            general("2 -2 1\n1 1 1\n"),
            ["t.mtx:2:", "2 -2 1", "size line"],
        ),
        (
            general("1099511627776 2 1\n1 1 1\n"),
            ["t.mtx:2:", "1099511627776", "at most"],
        ),
        (
            general("2000000000 2 1\n1 1 1\n"),
            ["t.mtx:", "2000000000 rows", "size line"],
        ),
        (
            symmetric("2 2 2\n2 1 1\n1 2 1\n"),
            ["t.mtx:4:", "line 3", "\"general\""],
        ),
        (
            symmetric("3 2 1\n2 1 1\n"),
            ["t.mtx:2:", "3 rows", "square"],
        ),
        (String::new(), ["t.mtx:1:", "nothing", "%%MatrixMarket"]),
        (
            "%%MatrixMarket vector array real general\n1\n1\n".into(),
            ["t.mtx:1:", "vector", "matrix"],
        ),
        (
            "%%MatrixMarket matrix array pattern general\n1 1\n".into(),
            ["t.mtx:1:", "pattern", "coordinate"],
        ),
        (
            "%%MatrixMarket matrix coordinate real skew-symmetric\n1 1 1\n1 1 2\n".into(),
            ["t.mtx:3:", "2 on the diagonal", "zero or nothing"],
        ),
        (
            "%%MatrixMarket matrix coordinate complex hermitian\n1 1 1\n1 1 2 1\n".into(),
            ["t.mtx:3:", "diagonal", "a real number"],
        ),
        (
            "%%MatrixMarket matrix array real general\n2 1\n1\n% no more\n".into(),
            ["t.mtx:", "1 values", "2, as the size line"],
        ),
        (
            "%%MatrixMarket matrix array real general\n1 1\n1\n2\n".into(),
            ["t.mtx:4:", "\"2\"", "end of the file"],
        ),
        (
            "%%MatrixMarket matrix coordinate real general\r1 1 1\r1 1 1\r".into(),
            ["t.mtx:1:", "1", "carriage return"],
        ),
    ] {
        let message = error(&text);
        for part in parts {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
    }
}

#[test]
fn marks_and_leading_blanks_before_the_banner_are_skipped() {
    let plain = general("1 1 1\n1 1 2\n");
    assert_eq!(real(&format!("\u{feff}{plain}")), real(&plain));
    assert_eq!(real(&format!("   {plain}")), real(&plain));
}

#[test]
fn vectors_are_read_from_arrays_and_coordinates() {
    let folder = std::env::temp_dir().join(format!("resolvent-mtx-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("b.mtx");
    let expected = Vectors {
        nrows: 2,
        ncols: 2,
        data: vec![1.0, 0.0, 0.1, -3e-300],
    };
    write_vectors(&path, 2, 2, &expected.data).unwrap();
    assert_eq!(
        read_vectors(&path).unwrap(),
        AnyVectors::Real(expected.clone())
    );
    std::fs::write(&path, general("2 2 3\n1 1 1\n1 2 0.1\n2 2 -3e-300\n")).unwrap();
    assert_eq!(read_vectors(&path).unwrap(), AnyVectors::Real(expected));
    assert!(write_vectors(&folder.join("no/such/b.mtx"), 1, 1, &[1.0]).is_err());
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        1,
        "something half-written stayed"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn gzip_is_read_by_its_extension() {
    let path = std::env::temp_dir().join(format!("resolvent-{}.mtx.gz", std::process::id()));
    let mut out = flate2::write::GzEncoder::new(
        std::fs::File::create(&path).unwrap(),
        flate2::Compression::fast(),
    );
    std::io::Write::write_all(&mut out, general("1 1 1\n1 1 2\n").as_bytes()).unwrap();
    out.finish().unwrap();
    let file = read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        file.matrix,
        AnyMatrix::Real(real(&general("1 1 1\n1 1 2\n")))
    );
}

/// A file of the given symmetry with entries in the order given.
fn write_text(n: usize, entries: &[(usize, usize, f64)], lower: bool) -> String {
    let mut text = if lower { symmetric("") } else { general("") };
    text.push_str(&format!("{n} {n} {}\n", entries.len()));
    for &(i, j, v) in entries {
        let (i, j) = if lower { (i.max(j), i.min(j)) } else { (i, j) };
        text.push_str(&format!("{} {} {v:?}\n", i + 1, j + 1));
    }
    text
}

proptest! {
    #[test]
    fn agrees_with_the_naive_reader(
        entries in proptest::collection::vec((0usize..7, 0usize..7, -1e3..1e3f64), 0..60),
        lower in any::<bool>(),
    ) {
        let text = write_text(7, &entries, lower);
        let (a, table) = (real(&text), naive(&text));
        for i in 0..7 {
            for j in 0..7 {
                prop_assert_eq!(a.view().get(i, j), table[i][j]);
            }
        }
    }

    #[test]
    fn broken_text_never_panics(
        entries in proptest::collection::vec((0usize..5, 0usize..5, -1e3..1e3f64), 1..20),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        lower in any::<bool>(),
    ) {
        let mut text = write_text(5, &entries, lower).into_bytes();
        for (at, byte) in changes {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let _ = parse_matrix(&text, "t.mtx"); // any outcome but a panic
    }

    #[test]
    fn what_is_written_is_read_back(
        entries in proptest::collection::vec((0usize..6, 0usize..9, any::<f64>(), -1.0..1.0f64), 0..40),
    ) {
        let finite = entries.iter().filter(|e| e.2.is_finite());
        let values = finite.map(|&(i, j, re, im)| (i, j, Complex::new(re, im)));
        let path = std::env::temp_dir().join(format!("resolvent-round-{}.mtx", std::process::id()));
        let a = Csr::from_triplets(6, 9, values).unwrap();
        prop_assume!(a.values().iter().all(|v| v.is_finite()));
        write_csr(&path, a.view(), Symmetry::General).unwrap();
        let back = read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        prop_assert_eq!(back.matrix, AnyMatrix::Complex(a));
    }
}

#[test]
fn threads_do_not_change_the_result() {
    let n: usize = 30_000;
    let mut text = symmetric(&format!("{n} {n} {}\n", 2 * n));
    for k in 0..2 * n {
        let (i, j) = (k * 7919 % n, k * 104_729 % n);
        text.push_str(&format!(
            "{} {} {}\n",
            i.max(j) + 1,
            i.min(j) + 1,
            k as f64 / 7.0
        ));
    }
    assert!(text.len() > 1 << 20, "the text must be cut into pieces");
    let one = real(&text);
    for threads in [2, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert!(pool.install(|| real(&text)) == one);
    }
}
