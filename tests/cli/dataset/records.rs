//! Records of shards that were edited, emptied or lost.

use super::{folder, make, manifest, text};
use crate::{error, resolvent};
use serde_json::Value;
use std::path::Path;

const LINE: &str = "darcy --samples 12 --grid 12 --shard-samples 4 --solver cg --precond ic0";

fn verified(out: &Path) -> (i32, String) {
    let ran = resolvent(&["dataset", "verify", text(out)]);
    (ran.status, ran.stdout)
}

/// Changes the record of the second shard.
fn edit(out: &Path, change: impl Fn(&mut Value)) {
    let path = out.join("shards/0001.json");
    let text = std::fs::read(&path).expect("a record");
    let mut record = serde_json::from_slice(&text).expect("it is JSON");
    change(&mut record);
    std::fs::write(&path, record.to_string()).expect("a file");
}

#[test]
fn what_a_record_says_is_held_against_the_samples() {
    let out = folder("records-edited");
    make(&out, LINE);
    assert_eq!(verified(&out).0, 0);
    let path = out.join("shards/0001.json");
    let whole = std::fs::read(&path).expect("a record");
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 12] = [
        (
            |r| r["records"][1]["relative_residual"] = 1e-30.into(),
            "its record says 1.00e-30",
        ),
        (
            |r| r["records"][1]["relative_residual"] = 9e-9.into(),
            "its record says 9.00e-9",
        ),
        (
            |r| r["records"][1]["relative_residual"] = 1e-3.into(),
            "has converged, with",
        ),
        (
            |r| r["records"][1]["relative_residual"] = Value::Null,
            "no relative residual",
        ),
        (
            |r| r["records"][1]["status"] = "max_iterations".into(),
            "its record says max_iterations",
        ),
        (
            |r| r["records"][1]["index"] = 9999.into(),
            "its index is 9999",
        ),
        (|r| r["records"][1]["seed"] = 77.into(), "its seed is 77"),
        (
            |r| r["records"][1]["position"] = 4.into(),
            "no order of them",
        ),
        (
            |r| r["records"][1]["parent"] = 7.into(),
            "goes on from sample 7",
        ),
        (
            |r| r["outputs"][0]["mean"] = 1e6.into(),
            "the statistics of `u`",
        ),
        (
            |r| r["inputs"][0]["max"] = 99.0.into(),
            "the statistics of `a`",
        ),
        (
            |r| drop(r["files"].as_array_mut().map(Vec::pop)),
            "other files",
        ),
    ];
    for (change, named) in changes {
        edit(&out, change);
        // whoever edits can write the manifest anew as well
        let merged = resolvent(&["dataset", "merge", text(&out), "--quiet"]);
        assert_ne!(merged.status, 2, "{}", merged.stderr);
        let (status, said) = verified(&out);
        assert_eq!(status, 1, "{named}: {said}");
        assert!(said.contains(named), "{named}: {said}");
        std::fs::write(&path, &whole).expect("a file");
    }
    assert_eq!(resolvent(&["dataset", "merge", text(&out)]).status, 0);
    assert_eq!(verified(&out).0, 0);
}

#[test]
fn records_of_every_kind_of_set_are_what_they_say() {
    for (name, line) in [
        ("single", "darcy --samples 6 --grid 16 --dtype f32"),
        (
            "fine",
            "darcy --samples 6 --grid 8 --solve-grid 16 --dtype f32",
        ),
        ("steps", "heat:steps=4 --samples 3 --grid 8"),
        (
            "direct",
            "darcy --samples 3 --grid 16 --solver direct --precond none",
        ),
        (
            "order",
            "darcy --samples 9 --grid 8 --solver rcg --precond ic0 --order mst",
        ),
        ("complex", "helmholtz:k=3 --samples 3 --grid 9 --dtype f32"),
        ("none", "darcy --samples 2 --grid 8 --split train=0,test=1"),
    ] {
        let out = folder(&format!("records-{name}"));
        make(&out, line);
        let (status, said) = verified(&out);
        assert_eq!(status, 0, "{name}: {said}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_a_problem_of_its_shard() {
    let out = folder("records-garbage");
    make(&out, LINE);
    let whole = manifest(&out);
    let path = out.join("shards/0001.json");
    for garbage in ["", "{\"files\":", "7"] {
        std::fs::write(&path, garbage).expect("a file");
        let (status, said) = verified(&out);
        assert_eq!(status, 1, "{said}");
        assert!(
            said.contains("shard 1:") && said.contains("0001.json"),
            "{said}"
        );
        assert!(
            said.contains("8 samples"),
            "the others are looked at: {said}"
        );
        let mut args: Vec<_> = ["dataset"].into_iter().chain(LINE.split(' ')).collect();
        args.extend(["--out", text(&out)]);
        let said = error(&args);
        assert!(said.contains("0001.json"), "{said}");
        assert!(
            said.contains("remove it and type the command again"),
            "{said}"
        );
    }
    std::fs::remove_file(&path).expect("as advised");
    make(&out, LINE);
    assert_eq!(manifest(&out), whole);
    assert_eq!(verified(&out).0, 0);
}

#[test]
fn a_manifest_that_cannot_be_read_is_written_anew_by_the_same_command() {
    let out = folder("records-manifest");
    make(&out, LINE);
    let whole = manifest(&out);
    for garbage in ["", "{", "[]"] {
        std::fs::write(out.join("manifest.json"), garbage).expect("a file");
        assert_eq!(make(&out, LINE)["resumed_shards"], 3);
        assert_eq!(manifest(&out), whole);
    }
}
