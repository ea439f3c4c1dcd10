//! The systems of a folder: pairs of Matrix Market files or of binary ones of PETSc, in natural order.

use super::manifest::{Pair, Stored};
use super::petsc;
use crate::cli::error::CliError;
use resolvent::petsc::{PetscOptions, recognised};
use std::cmp::Ordering;
use std::path::Path;

/// `NAME` with `NAME_b`, `A_i` with `b_i`, or `A` with `b`, and binary files that hold whole systems.
pub fn list(path: &Path, options: PetscOptions) -> Result<Vec<Pair>, CliError> {
    let names = names(path)?;
    let find = |stem: &str| names.iter().find(|(s, _)| s == stem).map(|(_, name)| name);
    let partner = |stem: &str| {
        let beside = find(&format!("{stem}_b"));
        let plain = || find("b").filter(|_| stem == "A");
        let numbered = || find(&format!("b_{}", stem.strip_prefix("A_")?));
        beside.or_else(plain).or_else(numbered)
    };
    let is_rhs = |stem: &str| {
        let beside = stem.strip_suffix("_b").is_some_and(|s| find(s).is_some());
        let plain = stem == "b" && find("A").is_some();
        let numbered = stem.strip_prefix("b_");
        beside || plain || numbered.is_some_and(|i| find(&format!("A_{i}")).is_some())
    };
    let mut pairs = Vec::new();
    for (stem, name) in names.iter().filter(|(stem, _)| !is_rhs(stem)) {
        let matrix = path.join(name);
        let rhs = partner(stem).map(|name| path.join(name));
        let binary = |path: &Path| recognised(path);
        match &rhs {
            None if binary(&matrix) => pairs.extend(petsc::systems(&matrix, None, options)?),
            Some(rhs) if binary(&matrix) && binary(rhs) => {
                pairs.extend(petsc::systems(&matrix, Some(rhs), options)?);
            }
            _ => pairs.push(Pair {
                name: matrix.display().to_string(),
                matrix: Stored::file(matrix),
                rhs: rhs.map(Stored::file),
                context: Vec::new(),
                stream: String::new(),
            }),
        }
    }
    Ok(pairs)
}

/// The files that count, without and with what ends their names, in natural order.
fn names(path: &Path) -> Result<Vec<(String, String)>, CliError> {
    let failed = |source| CliError::Read {
        path: path.into(),
        source,
    };
    let mut names: Vec<(String, String)> = Vec::new();
    let mut strange = None; // binary by its name alone
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy().into_owned();
        let file = Path::new(&name);
        if let Some(stem) = market(&name) {
            names.push((stem.to_owned(), name));
        } else if let Some(stem) = file.file_stem().filter(|_| petsc::named(file)) {
            match recognised(&path.join(&name)) {
                true => names.push((stem.to_string_lossy().into_owned(), name)),
                false => strange = Some(path.join(&name)),
            }
        }
    }
    if let (Some(strange), true) = (strange, names.is_empty()) {
        // which says what it has instead
        petsc::systems(&strange, None, PetscOptions::default())?;
    }
    names.sort_by(|a, b| natural(&a.0, &b.0).then_with(|| a.1.cmp(&b.1)));
    if let Some(twice) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(CliError::Twice {
            folder: path.into(),
            names: [0, 1].map(|k| twice[k].1.clone()),
        });
    }
    Ok(names)
}

/// The name without `.mtx` or `.mtx.gz`.
fn market(name: &str) -> Option<&str> {
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
        let pairs = list(folder.path(), PetscOptions::default()).unwrap();
        let name = |p: &Path| p.file_name().unwrap().to_string_lossy().into_owned();
        let names: Vec<_> = pairs
            .iter()
            .map(|p| {
                (
                    name(&p.matrix.path),
                    p.rhs.as_ref().map(|rhs| name(&rhs.path)),
                )
            })
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
}
