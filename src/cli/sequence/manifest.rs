//! Which files make up a sequence: those of a folder in their natural order, or those that a
//! manifest lists.

use crate::cli::error::CliError;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// One system in files.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub matrix: PathBuf,
    /// A file; `None`: b = A·x* with x* random.
    pub rhs: Option<PathBuf>,
    pub context: Vec<f64>,
    /// The equation it belongs to; empty where there is but one.
    pub stream: String,
}

/// The systems of a folder or a manifest.
pub fn list(path: &Path) -> Result<Vec<Pair>, CliError> {
    let pairs = if path.is_dir() {
        folder(path)?
    } else {
        manifest(path)?
    };
    match pairs.is_empty() {
        true => Err(CliError::NoSystems(path.into())),
        false => Ok(pairs),
    }
}

/// `NAME.mtx` with `NAME_b.mtx`, or `A_i.mtx` with `b_i.mtx`, in natural order.
fn folder(path: &Path) -> Result<Vec<Pair>, CliError> {
    let failed = |source| CliError::Read {
        path: path.into(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy().into_owned();
        if let Some(stem) = stem(&name) {
            names.push((stem.to_owned(), name));
        }
    }
    names.sort_by(|a, b| natural(&a.0, &b.0));
    let find = |stem: &str| names.iter().find(|(s, _)| s == stem).map(|(_, name)| name);
    let partner = |stem: &str| {
        let beside = find(&format!("{stem}_b"));
        let numbered = || find(&format!("b_{}", stem.strip_prefix("A_")?));
        beside.or_else(numbered)
    };
    let is_rhs = |stem: &str| {
        let beside = stem.strip_suffix("_b").is_some_and(|s| find(s).is_some());
        let numbered = stem.strip_prefix("b_");
        beside || numbered.is_some_and(|i| find(&format!("A_{i}")).is_some())
    };
    let matrices = names.iter().filter(|(stem, _)| !is_rhs(stem));
    let pair = |(stem, name): &(String, String)| Pair {
        matrix: path.join(name),
        rhs: partner(stem).map(|name| path.join(name)),
        context: Vec::new(),
        stream: String::new(),
    };
    Ok(matrices.map(pair).collect())
}

/// The name without `.mtx` or `.mtx.gz`.
fn stem(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.strip_suffix(".mtx").filter(|stem| !stem.is_empty())
}

/// Digits compare as numbers: A_2 comes before A_10.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    let digits = |s: &[u8]| s.iter().take_while(|c| c.is_ascii_digit()).count();
    loop {
        let (m, n) = (digits(a), digits(b));
        if m > 0 && n > 0 {
            let value = |s: &[u8]| {
                let zeros = s.iter().take_while(|&&c| c == b'0').count();
                (s.len() - zeros, s[zeros..].to_vec())
            };
            let order = value(&a[..m]).cmp(&value(&b[..n])).then(m.cmp(&n));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[m..], &b[n..]);
            continue;
        }
        match (a.split_first(), b.split_first()) {
            (Some((x, rest)), Some((y, others))) if x == y => (a, b) = (rest, others),
            (x, y) => return x.map(|x| x.0).cmp(&y.map(|y| y.0)),
        }
    }
}

/// CSV with a header `matrix,rhs[,stream][,context…]`, paths relative to it.
fn manifest(path: &Path) -> Result<Vec<Pair>, CliError> {
    let wrong = |line: u64, problem: String| CliError::Manifest {
        path: path.into(),
        line,
        problem,
    };
    let broken = |error: csv::Error| match error.position().map(csv::Position::line) {
        Some(line) => wrong(line, error.to_string()),
        None => CliError::Read {
            path: path.into(),
            source: std::io::Error::other(error.to_string()),
        },
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_path(path)
        .map_err(broken)?;
    let header = reader.headers().map_err(broken)?.clone();
    if header.get(0) != Some("matrix") || header.get(1) != Some("rhs") {
        let found: Vec<_> = header.iter().take(3).collect();
        return Err(wrong(
            1,
            format!(
                "found the columns `{}`, expected a header that begins with matrix,rhs",
                found.join(",")
            ),
        ));
    }
    if header.iter().filter(|name| *name == "stream").count() > 1 {
        return Err(wrong(1, "there are several columns `stream`".into()));
    }
    let base = path.parent().unwrap_or(Path::new("."));
    let mut pairs = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |k: usize| record.get(k).unwrap_or("");
        if field(0).is_empty() {
            return Err(wrong(line, "the matrix is missing".into()));
        }
        let (mut context, mut stream) = (Vec::new(), String::new());
        for (name, text) in header.iter().zip(&record).skip(2) {
            match text.parse::<f64>() {
                _ if name == "stream" => stream = named(text).map_err(|p| wrong(line, p))?,
                Ok(value) if value.is_finite() => context.push(value),
                _ => {
                    return Err(wrong(
                        line,
                        format!("{name} is `{text}`, expected a finite number"),
                    ));
                }
            }
        }
        pairs.push(Pair {
            matrix: base.join(field(0)),
            rhs: Some(field(1))
                .filter(|name| !name.is_empty() && *name != "random")
                .map(|name| base.join(name)),
            context,
            stream,
        });
    }
    Ok(pairs)
}

/// The name of a stream.
fn named(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Err("stream is empty; name the equation that the system belongs to".into()),
        false => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_compare_as_numbers() {
        let mut names = ["A_10", "A_9", "A_1", "B", "A_02", "A_2", "A"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["A", "A_1", "A_2", "A_02", "A_9", "A_10", "B"]);
    }

    #[test]
    fn a_folder_is_paired_both_ways() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "A_2.mtx",
            "A_10.mtx",
            "b_2.mtx",
            "b_10.mtx.gz",
            "heat.mtx",
            "heat_b.mtx",
            "lone_b.mtx",
            "notes.txt",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let pairs = list(folder.path()).unwrap();
        let name = |p: &Path| p.file_name().unwrap().to_string_lossy().into_owned();
        let names: Vec<_> = pairs
            .iter()
            .map(|p| (name(&p.matrix), p.rhs.as_deref().map(name)))
            .collect();
        let pair = |a: &str, b: &str| (a.to_owned(), Some(b.to_owned()));
        assert_eq!(
            names,
            [
                pair("A_2.mtx", "b_2.mtx"),
                pair("A_10.mtx", "b_10.mtx.gz"),
                pair("heat.mtx", "heat_b.mtx"),
                ("lone_b.mtx".into(), None),
            ]
        );
    }

    #[test]
    fn a_manifest_names_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            list(&path)
        };
        let pairs = read("matrix,rhs,dt\n# a comment\na.mtx, b.mtx, 0.5\nc.mtx,,1e-3\n").unwrap();
        assert_eq!(pairs[0].matrix, folder.path().join("a.mtx"));
        assert_eq!(pairs[0].context, [0.5]);
        assert_eq!((&pairs[1].rhs, pairs[1].context[0]), (&None, 1e-3));
        let pairs = read("matrix,rhs,dt,stream\na.mtx,,0.5,p\nc.mtx,,1,T\n").unwrap();
        let streams: Vec<_> = pairs.iter().map(|pair| &pair.stream[..]).collect();
        assert_eq!(
            (streams, &pairs[1].context[..]),
            (vec!["p", "T"], &[1.0][..])
        );
        for (text, line) in [
            ("a.mtx,b.mtx\n", ":1:"),
            ("matrix,rhs,dt\na.mtx,b.mtx,x\n", ":2:"),
            ("matrix,rhs\na.mtx,b.mtx\n,b.mtx\n", ":3:"),
            ("matrix,rhs\na.mtx,b.mtx,7\n", ":2:"),
            ("matrix,rhs,stream\na.mtx,b.mtx,p\na.mtx,b.mtx,\n", ":3:"),
            ("matrix,rhs,stream,stream\na.mtx,b.mtx,p,p\n", ":1:"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
        assert!(matches!(read("matrix,rhs\n"), Err(CliError::NoSystems(_))));
    }
}
