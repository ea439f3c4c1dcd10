//! What cannot be made, and what is said about it.

use super::{error, folder, make, text};
use crate::{file, scratch};

#[test]
fn other_parameters_are_refused() {
    let out = folder("other");
    make(&out, "darcy --samples 3 --grid 8");
    for (change, named) in [
        (
            "darcy --samples 4 --grid 8",
            "samples is 3 there and 4 here",
        ),
        ("darcy --samples 3 --grid 9", "grid"),
        ("darcy --samples 3 --grid 8 --seed 1", "seed"),
        ("darcy:high=13 --samples 3 --grid 8", "high=12"),
        ("darcy --samples 3 --grid 8 --dtype f32", "dtype"),
        ("darcy --samples 3 --grid 8 --rtol 1e-9", "rtol"),
        ("darcy --samples 3 --grid 8 --solver cg", "solver"),
    ] {
        let mut args: Vec<_> = ["dataset"].into_iter().chain(change.split(' ')).collect();
        args.extend(["--out", text(&out)]);
        let said = error(&args);
        assert!(said.contains(named), "{change}: {said}");
    }
    let full = folder("full");
    std::fs::create_dir_all(&full).expect("a folder");
    std::fs::write(full.join("thesis.tex"), "x").expect("a file");
    let said = error(&[
        "dataset",
        "darcy",
        "--samples",
        "3",
        "--grid",
        "8",
        "--out",
        text(&full),
    ]);
    assert!(said.contains("thesis.tex"), "{said}");
}

#[test]
fn what_is_missing_or_makes_no_sense_is_said() {
    let out = folder("missing");
    for (line, named) in [
        ("darcy --grid 8", "--samples"),
        ("darcy --samples 3", "--grid"),
        ("darcy --samples 0 --grid 8", "--samples 0"),
        ("darcy --samples 3 --grid 8x", "grid"),
        ("darcy --samples 3 --grid 8x8x8x8", "grid"),
        ("darzy --samples 3 --grid 8", "did you mean `darcy`"),
        ("darcy:lov=1 --samples 3 --grid 8", "did you mean `low`"),
        ("darcy:low=-1 --samples 3 --grid 8", "low=-1"),
        ("darcy --samples 3 --grid 8 --solver gcc", "no solver `gcc`"),
        ("darcy --samples 3 --grid 8 --split train=0.5", "--split"),
        ("darcy --samples 3 --grid 8 --split half", "--split half"),
        ("darcy --samples 3 --grid 8 --solve-grid 12", "do not nest"),
        (
            "darcy --samples 3 --grid 8 --solve-grid 16x16x16",
            "--solve-grid 16x16x16 has 3 dimensions and --grid 8x8 has 2",
        ),
        (
            "darcy --samples 3 --grid 4x4x4 --solve-grid 8",
            "--solve-grid 8x8 has 2 dimensions and --grid 4x4x4 has 3",
        ),
        ("darcy --samples 3 --grid 8 --input b=x.npy", "no input `b`"),
        ("darcy --samples 3 --grid 8 --split ood:", "--split ood:"),
        (
            "darcy --samples 3 --grid 8 --split ood:tau=7,",
            "ood:KEY=VALUE",
        ),
        (
            "darcy --samples 3 --grid 8 --error-bars-fraction 0.67",
            "here 1.000 or 0.500",
        ),
        (
            "darcy --samples 3 --grid 8 --max-iters 0 --precond ic0",
            "within --max-iters 0",
        ),
        (
            "helmholtz:k=3 --samples 3 --grid 9 --solver cg --precond none",
            "for Hermitian matrices",
        ),
        (
            "helmholtz:k=3 --samples 3 --grid 9 --solver minres",
            "for Hermitian matrices",
        ),
        (
            "darcy --samples 3 --grid 8 --split ood:tao=7",
            "did you mean `tau`",
        ),
    ] {
        let mut args: Vec<_> = ["dataset"].into_iter().chain(line.split(' ')).collect();
        args.extend(["--out", text(&out)]);
        let said = error(&args);
        assert!(said.contains(named), "{line}: {said}");
    }
    assert!(!out.exists(), "nothing is begun that is refused");
}

/// An array as NumPy writes it.
pub fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{dict:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn arrays_that_cannot_be_used_are_explained() {
    let ones = |n: usize| vec![1.0f64.to_le_bytes(); n].concat();
    let mut bad = ones(32);
    bad[8..16].copy_from_slice(&f64::NAN.to_le_bytes());
    let mut negative = ones(32);
    negative[8..16].copy_from_slice(&(-1.0f64).to_le_bytes());
    for (name, bytes, named) in [
        ("short", npy("<f8", "(2, 4, 4)", &ones(31)), "cut off"),
        ("flat", npy("<f8", "(32,)", &ones(32)), "shape"),
        (
            "words",
            npy("<U4", "(2, 4, 4)", &ones(64)),
            "numbers are needed",
        ),
        ("nan", npy("<f8", "(2, 4, 4)", &bad), "finite"),
        ("negative", npy("<f8", "(2, 4, 4)", &negative), "sample 0"),
        (
            "complex",
            npy("<c16", "(2, 4, 4)", &ones(64)),
            "numbers are needed",
        ),
        (
            "huge",
            npy("<f8", "(9223372036854775807, 4, 4)", &ones(32)),
            "cut off",
        ),
        ("text", b"1 2 3".to_vec(), "no .npy file"),
    ] {
        let path = scratch(&format!("dataset-{name}.npy"));
        std::fs::write(&path, bytes).expect("the scratch folder can be written to");
        let out = folder(&format!("array-{name}"));
        let said = error(&[
            "dataset",
            "darcy",
            "--coefficients",
            &path,
            "--out",
            text(&out),
        ]);
        assert!(said.contains(named), "{name}: {said}");
    }
    let out = folder("array-nowhere");
    let said = error(&[
        "dataset",
        "darcy",
        "--coefficients",
        "nowhere.npy",
        "--out",
        text(&out),
    ]);
    assert!(said.contains("nowhere.npy"), "{said}");
}

#[test]
fn what_is_no_data_set_is_explained() {
    let nothing = folder("nothing");
    for command in ["run", "merge", "verify"] {
        let said = error(&["dataset", command, text(&nothing)]);
        assert!(said.contains("plan.json"), "{said}");
    }
    std::fs::create_dir_all(&nothing).expect("a folder");
    let plan = nothing.join("plan.json");
    std::fs::write(&plan, file("dataset-plan", "{}").as_bytes()).expect("a file");
    assert!(error(&["dataset", "verify", text(&nothing)]).contains("plan.json"));
    let said = super::resolvent(&["dataset", "run", text(&nothing), "--shard", "3/3"]);
    assert_eq!(said.status, 2);
}
