//! Binary files of PETSc.

use super::log;
use crate::{error, resolvent, scratch};

/// A tridiagonal matrix as PETSc writes it.
fn petsc_matrix(file: &mut Vec<u8>, n: i32, diagonal: f64) {
    let near = |i: i32| (i - 1).max(0)..(i + 2).min(n);
    let mut ints = vec![1_211_216, n, n, 3 * n - 2];
    ints.extend((0..n).map(|i| near(i).len() as i32));
    ints.extend((0..n).flat_map(near));
    file.extend(ints.iter().flat_map(|int| int.to_be_bytes()));
    for i in 0..n {
        for j in near(i) {
            let value = if i == j { diagonal } else { -1.0 };
            file.extend(value.to_be_bytes());
        }
    }
}

fn petsc_vector(file: &mut Vec<u8>, n: i32, value: f64) {
    file.extend([1_211_214, n].iter().flat_map(|int| int.to_be_bytes()));
    file.extend((0..n).flat_map(|_| value.to_be_bytes()));
}

#[test]
fn a_binary_file_of_petsc() {
    let mut bytes = Vec::new();
    petsc_matrix(&mut bytes, 30, 2.0);
    petsc_vector(&mut bytes, 30, 1.0);
    petsc_vector(&mut bytes, 30, 2.0); // another right-hand side
    petsc_matrix(&mut bytes, 30, 2.5);
    petsc_vector(&mut bytes, 30, 1.0);
    let path = scratch("dump.bin");
    std::fs::write(&path, &bytes).expect("the scratch folder");
    let (written, out) = (scratch("dump.jsonl"), scratch("dump_x"));
    let cg = ["--solver", "cg", "--precond", "ic0", "--json"];
    let more = ["--log", &written, "--out", &out];
    let run = resolvent(&[&["sequence", &path], &cg[..], &more].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    let json = run.json();
    assert_eq!(
        (&json["systems"], &json["converged"]),
        (&3.into(), &3.into())
    );
    for (index, line) in log(&written).iter().enumerate() {
        let name = line["matrix"]["path"].as_str().expect("a path");
        assert!(name.ends_with(&format!("dump.bin#{index}")), "{name}");
        assert_eq!(line["matrix"]["nnz"], 88);
    }
    assert_eq!(std::fs::read_dir(&out).expect("solutions").count(), 3);

    // alone, and listed
    let alone = resolvent(&["solve", &path, "--rhs", &path, "--json"]);
    assert_eq!(alone.status, 0, "{}", alone.stderr);
    let list = scratch("dumps.csv");
    std::fs::write(&list, "matrix,rhs\ndump.bin,dump.bin\n").expect("the scratch folder");
    let listed = resolvent(&["sequence", &list, "--json"]);
    assert_eq!(listed.status, 0, "{}", listed.stderr);

    // without its last vector, and cut off
    for (length, says) in [
        (bytes.len() - 248, "has no vector after it"),
        (bytes.len() - 1, "takes 240 bytes"),
        (6, "takes 4 bytes"),
    ] {
        let path = scratch("broken.bin");
        std::fs::write(&path, &bytes[..length]).expect("the scratch folder");
        let error = error(&["sequence", &path]);
        assert!(
            error.contains("broken.bin") && error.contains(says),
            "{error}"
        );
    }
}
