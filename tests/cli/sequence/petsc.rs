//! Binary files of PETSc.

use super::log;
use crate::{error, resolvent, scratch};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// A file that PETSc has written.
fn written(name: &str) -> String {
    format!("{}/matrices/tests/petsc/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The systems of a source: rows, field and the norm of the right-hand side.
fn systems(args: &[&str]) -> Vec<(Value, Value, f64)> {
    static CALLS: AtomicUsize = AtomicUsize::new(0); // tests run side by side
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let lines = scratch(&format!("petsc_systems_{call}.jsonl"));
    let ran = resolvent(&[&["sequence"], args, &["--log", &lines]].concat());
    assert_eq!(ran.status, 0, "{args:?}: {}", ran.stderr);
    let system = |line: Value| {
        let (matrix, norm) = (&line["matrix"], &line["rhs_norm"]);
        let norm = norm.as_f64().expect("a number");
        (matrix["rows"].clone(), matrix["field"].clone(), norm)
    };
    log(&lines).into_iter().map(system).collect()
}

/// ‖b‖ of system t of those files.
fn norm(t: usize) -> f64 {
    let squares = (1..=5).map(|i| ((i + 10 * t) as f64).powi(2));
    squares.sum::<f64>().sqrt()
}

fn same(found: Vec<(Value, Value, f64)>, field: &str, norms: &[f64]) {
    assert_eq!(found.len(), norms.len());
    for ((rows, of, b), norm) in found.into_iter().zip(norms) {
        assert_eq!((rows, of), (5.into(), field.into()));
        assert!((b - norm).abs() < 1e-12 * norm);
    }
}

/// A folder with these of the files, under other names.
fn folder(name: &str, files: &[(&str, &str)]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder); // left by an earlier run, or not there
    std::fs::create_dir_all(&folder).expect("the scratch folder");
    for (file, called) in files {
        std::fs::copy(written(file), folder.join(called)).expect("the scratch folder");
    }
    folder.to_string_lossy().into_owned()
}

#[test]
fn every_layout_and_width_that_petsc_writes() {
    let two = [0, 1].map(norm);
    let three = [0, 1, 2].map(norm);
    same(systems(&[&written("two_systems.bin")]), "real", &two);
    same(systems(&[&written("grouped.bin")]), "real", &two);
    same(systems(&[&written("complex.bin")]), "complex", &two);
    same(systems(&[&written("indices64.bin")]), "real", &two);
    let wide = written("complex_indices64.bin");
    same(systems(&[&wide]), "complex", &two);
    same(
        systems(&[&wide, "--petsc", "int64,complex"]),
        "complex",
        &two,
    );
    let (a, b) = (written("A.bin"), written("b.bin"));
    same(systems(&[&a, "--rhs", &b]), "real", &three);
    assert_eq!(systems(&[&a]).len(), 3); // with solutions drawn at random
}

#[test]
fn folders_of_files_of_petsc() {
    let pair = folder("petsc_pair", &[("A.bin", "A.bin"), ("b.bin", "b.bin")]);
    same(systems(&[&pair]), "real", &[0, 1, 2].map(norm));
    let whole = folder(
        "petsc_whole",
        &[
            ("two_systems.bin", "step_10.bin"),
            ("grouped.bin", "step_9.dat"),
            ("indices64.bin", "step_11.petsc"),
        ],
    );
    std::fs::write(PathBuf::from(&whole).join("notes.dat"), "no matrix").expect("it exists");
    std::fs::write(PathBuf::from(&whole).join("step_9.dat.info"), "").expect("it exists");
    same(systems(&[&whole]), "real", &[0, 1, 0, 1, 0, 1].map(norm));
    let mixed = folder("petsc_mixed", &[("two_systems.bin", "A_1.bin")]);
    let b = "%%MatrixMarket matrix array real general\n5 1\n3\n0\n4\n0\n0\n";
    std::fs::write(PathBuf::from(&mixed).join("b_1.mtx"), b).expect("it exists");
    same(systems(&[&mixed]), "real", &[5.0]);
}

#[test]
fn dumps_that_are_no_sequence_are_explained() {
    let (a, b) = (written("A.bin"), written("b.bin"));
    let both = written("two_systems.bin");
    let twice = folder("petsc_twice", &[("A.bin", "A.bin"), ("A.bin", "A.dat")]);
    let strange = folder("petsc_strange", &[("README.md", "A.bin")]);
    let short = scratch("short.bin");
    let bytes = std::fs::read(&b).expect("the file");
    std::fs::write(&short, &bytes[..2 * 48]).expect("the scratch folder"); // two of three vectors
    let cut = scratch("grouped_short.bin");
    let bytes = std::fs::read(written("grouped.bin")).expect("the file");
    std::fs::write(&cut, &bytes[..bytes.len() - 48]).expect("the scratch folder");
    for (args, says) in [
        (
            &[&b[..]][..],
            "no matrix before it; where the right-hand sides are in a file of their own",
        ),
        (&[&a, "--rhs", &a], "a matrix at byte 0"),
        (&[&both, "--rhs", &b], "a vector at byte"),
        (&[&a, "--rhs", &short], "2 vectors for the 3 matrices"),
        (&[&cut], "2 matrices, and after them 1 vectors"),
        (
            &[&a, "--rhs", "nowhere.bin"],
            "--rhs nowhere.bin: no such file",
        ),
        (&["heat2d", "--rhs", &b], "--rhs does not apply to heat2d"),
        (&[&both, "--petsc", "int64"], "other width"),
        (&[&twice], "A.bin and A.dat would be the same system"),
        (&[&strange], "expected a matrix (1211216)"),
    ] {
        let text = error(&[&["sequence"], args].concat());
        assert!(text.contains(says), "{args:?}: {text}");
    }
    let refused = resolvent(&["sequence", &both, "--petsc", "int64,int32"]);
    assert!(refused.status == 2 && refused.stderr.contains("contradicts"));
}

#[test]
fn a_run_over_two_files_goes_on() {
    let (a, b) = (written("A.bin"), written("b.bin"));
    let state = scratch("two_files.json");
    let args = ["sequence", &a, "--rhs", &b, "--state", &state, "--json"];
    assert_eq!(resolvent(&args).json()["systems"], 3);
    assert_eq!(resolvent(&args).json()["resumed_at"], 3);
    let text = error(&["sequence", &a, "--state", &state]);
    assert!(text.contains("another run"), "{text}");
}
