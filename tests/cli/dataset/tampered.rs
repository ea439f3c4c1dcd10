//! What has been changed behind the program's back.

use super::{folder, make, text};
use crate::{error, resolvent};
use std::path::Path;

const LINE: &str = "darcy --samples 20 --grid 12 --solver cg --precond ic0 --split ood:tau=7";

fn verified(out: &Path) -> (i32, String) {
    let ran = resolvent(&["dataset", "verify", text(out)]);
    (ran.status, ran.stdout)
}

/// Flips the last bit of a file.
fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(path, bytes).expect("a file");
}

#[test]
fn a_manifest_that_was_edited_is_noticed() {
    let out = folder("tampered-manifest");
    make(&out, LINE);
    assert_eq!(verified(&out).0, 0);
    let path = out.join("manifest.json");
    let whole = std::fs::read_to_string(&path).expect("a manifest");
    for (changed, named) in [
        (
            whole.replace("\"train\":[0,16]", "\"train\":[0,20]"),
            "`splits`",
        ),
        (
            whole.replace("\"high\":12.0", "\"high\":99.0"),
            "`parameters`",
        ),
        (whole.replace("\"seed\": 0,\n", "\"seed\": 5,\n"), "`seed`"),
        ("{".to_owned(), "not JSON"),
    ] {
        assert_ne!(changed, whole, "{named}");
        std::fs::write(&path, changed).expect("a file");
        let (status, said) = verified(&out);
        assert_eq!(status, 1, "{named}: {said}");
        assert!(said.contains(named), "{named}: {said}");
    }
    assert_eq!(resolvent(&["dataset", "merge", text(&out)]).status, 0);
    assert_eq!(verified(&out).0, 0);
}

#[test]
fn sets_inside_are_looked_at_and_exports_are_of_whole_files() {
    let out = folder("tampered-inside");
    make(&out, LINE);
    flip(&out.join("ood/solutions-0000.npy"));
    let (status, said) = verified(&out);
    assert!(status == 1 && said.contains("ood"), "{said}");
    flip(&out.join("solutions-0000.npy"));
    let exported = folder("tampered-exported");
    let args = [
        "dataset",
        "export",
        text(&out),
        "--to",
        "deeponet",
        "--out",
        text(&exported),
    ];
    let said = error(&args);
    assert!(
        said.contains("solutions-0000.npy: it has changed"),
        "{said}"
    );
}

#[test]
fn what_a_layout_has_no_place_for_is_not_left_out() {
    let out = folder("layout-elasticity");
    make(&out, "elasticity --samples 2 --grid 8");
    let exported = folder("layout-exported");
    let args = [
        "dataset",
        "export",
        text(&out),
        "--to",
        "the-well",
        "--out",
        text(&exported),
    ];
    let said = error(&args);
    assert!(
        said.contains("elasticity: u has its values elsewhere"),
        "{said}"
    );
}

#[test]
fn solvers_for_other_matrices_are_refused() {
    let out = folder("refused-rcg");
    for solver in ["cg", "rcg:k=4", "minres"] {
        let args = [
            "dataset",
            "advection-diffusion",
            "--samples",
            "2",
            "--grid",
            "8",
        ];
        let way = ["--solver", solver, "--precond", "none", "--out", text(&out)];
        let said = error(&[&args[..], &way].concat());
        assert!(said.contains("symmetric matrices"), "{said}");
    }
}
