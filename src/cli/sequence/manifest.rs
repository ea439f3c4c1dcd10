//! Which files make up a sequence: those that a manifest lists.

use crate::cli::error::CliError;
use resolvent::petsc::Header;
use std::path::{Path, PathBuf};

/// A matrix or a vector in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub path: PathBuf,
    /// Of a binary file of PETSc.
    pub object: Option<Header>,
}

impl Stored {
    pub fn file(path: PathBuf) -> Self {
        Self { path, object: None }
    }

    pub fn object(path: &Path, header: Header) -> Self {
        Self {
            path: path.into(),
            object: Some(header),
        }
    }
}

/// One system in files.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// What it is called.
    pub name: String,
    pub matrix: Stored,
    /// `None`: b = A·x* with x* random.
    pub rhs: Option<Stored>,
    pub context: Vec<f64>,
    /// The equation it belongs to; empty where there is but one.
    pub stream: String,
}

/// CSV with a header `matrix,rhs[,stream][,context…]`, paths relative to it.
pub fn list(path: &Path) -> Result<Vec<Pair>, CliError> {
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
            name: base.join(field(0)).display().to_string(),
            matrix: Stored::file(base.join(field(0))),
            rhs: Some(field(1))
                .filter(|name| !name.is_empty() && *name != "random")
                .map(|name| Stored::file(base.join(name))),
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
    fn a_manifest_names_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            list(&path)
        };
        let pairs = read("matrix,rhs,dt\n# a comment\na.mtx, b.mtx, 0.5\nc.mtx,,1e-3\n").unwrap();
        assert_eq!(pairs[0].matrix.path, folder.path().join("a.mtx"));
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
        assert_eq!(read("matrix,rhs\n").unwrap(), []);
    }
}
