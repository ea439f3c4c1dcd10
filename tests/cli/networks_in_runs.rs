//! Networks as preconditioners of `resolvent sequence` and `resolvent dataset`: through ONNX Runtime itself.

use crate::network::ort;
use crate::{error, resolvent, scratch};

fn model(name: &str) -> String {
    format!("onnx:models/tests/data/{name}.onnx")
}

/// The lines of the log of a run.
fn log(name: &str, source: &str, solver: &str, precond: &str) -> Vec<serde_json::Value> {
    let log = scratch(&format!("networks_{name}.jsonl"));
    let args = ["sequence", source, "--solver", solver, "--precond", precond];
    let ran = resolvent(&[&args[..], &["--log", &log]].concat());
    assert_eq!(ran.status, 0, "{name}: {}{}", ran.stdout, ran.stderr);
    let text = std::fs::read_to_string(&log).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[test]
fn a_network_serves_every_system_of_a_sequence() {
    if !ort::there("a network serves every system of a sequence") {
        return;
    }
    let (same, other) = ("darcy:grid=24,systems=3", "obstacles:grid=32,systems=3");
    let winds = "advection-diffusion:grid=24,peclet=5,systems=3";
    let [cycle, nan] = ["vcycle", "nan"].map(|name| model(name) + ",trials=false");
    for (name, source, solver, precond, solved_by) in [
        // of one pattern, for which it is updated, and of another one each time
        ("levels", same, "auto", "mgnet", ["cg", "mgnet"]),
        ("masked", other, "cg", "mgnet", ["cg", "mgnet"]),
        ("cycle", same, "auto", &cycle, ["cg", "onnx"]),
        (
            "recycled",
            same,
            "gcrodr:restart=8,k=4",
            &cycle,
            ["gcrodr", "onnx"],
        ),
        ("dcdm", same, "dcdm", &cycle, ["dcdm", "onnx"]),
        ("winds", winds, "auto", &cycle, ["fgmres", "onnx"]),
        // what fails is replaced in each solve, and the log names what finished it
        ("nan", same, "dcdm", &nan, ["dcdm", "ic0"]),
    ] {
        let lines = log(name, source, solver, precond);
        assert_eq!(lines.len(), 3, "{name}");
        for line in lines {
            assert_eq!(line["solver"], solved_by[0], "{name}: {line}");
            assert_eq!(line["precond"], solved_by[1], "{name}: {line}");
            if name == "nan" {
                assert_eq!(line["attempts"][0]["precond"], "onnx", "{line}");
                assert_eq!(line["attempts"][0]["reason"], "non_finite", "{line}");
            }
            assert!(line["relative_residual"].as_f64().unwrap() <= 1e-8);
        }
    }
}

#[test]
fn a_space_is_recycled_under_a_network() {
    if !ort::there("a space is recycled under a network") {
        return;
    }
    let source = "darcy:grid=24,systems=3";
    let lines = log(
        "space",
        source,
        "gcrodr:restart=8,k=4,auto=false",
        &model("vcycle"),
    );
    assert_eq!(lines[0]["recycling"]["dimension"], 0);
    assert_eq!(lines[1]["recycling"]["dimension"], 4, "{}", lines[1]);
}

#[test]
fn what_a_sequence_refuses_of_networks() {
    if !ort::there("what a sequence refuses of networks") {
        return;
    }
    let (plane, cycle) = ("darcy:grid=16,systems=2", model("vcycle"));
    let bent = model("nonlinear");
    let args = ["sequence", plane, "--solver", "gmres", "--precond", &bent];
    let text = error(&args);
    assert!(text.contains("a network serves"), "{text}");
    for (args, part) in [
        (vec![plane, "--solver", "direct"], "takes no preconditioner"),
        (
            vec![plane, "--tune", "config"],
            "networks are not tuned over",
        ),
        (vec!["helmholtz:grid=33,systems=2"], "for real systems"),
    ] {
        let text = error(&[&["sequence"], &args[..], &["--precond", &cycle]].concat());
        assert!(text.contains(part), "{args:?}: {text}");
    }
    let text = error(&["sequence", plane, "--ort-lib", "libnone.so"]);
    assert!(text.contains("it belongs to --precond onnx"), "{text}");
    let text = error(&["sequence", plane, "--precond", "onnx:none.onnx"]);
    assert!(text.contains("none.onnx"), "{text}");
}

/// A data set of four samples in this folder, and the bytes of its solutions.
fn dataset(name: &str, more: &[&str]) -> (serde_json::Value, Vec<u8>) {
    let folder = scratch(name);
    std::fs::remove_dir_all(&folder).ok(); // of an earlier run
    let args = [
        "dataset",
        "darcy",
        "--grid",
        "24",
        "--samples",
        "4",
        "--out",
    ];
    let ran = resolvent(&[&args[..], &[&folder, "--json"], more].concat());
    assert_eq!(ran.status, 0, "{name}: {}{}", ran.stdout, ran.stderr);
    let solutions = std::path::Path::new(&folder).join("solutions-0000.npy");
    (ran.json(), std::fs::read(solutions).unwrap())
}

#[test]
fn a_network_solves_the_samples_of_a_data_set_and_the_same_way_each_time() {
    if !ort::there("a network solves the samples of a data set") {
        return;
    }
    let cycle = model("vcycle");
    for (name, precond, solver) in [("levels", "mgnet", "cg"), ("cycle", cycle.as_str(), "fcg")] {
        let named = ["--precond", precond, "--solver", solver];
        let (report, first) = dataset(&format!("networks_set_{name}"), &named);
        let threads = [&named[..], &["--threads", "2"]].concat();
        let (_, second) = dataset(&format!("networks_set_{name}_again"), &threads);
        assert!(first == second, "{name}");
        let text = report.to_string();
        assert!(text.contains(precond), "{name}: {text}");
    }
    // the solver is found by measuring
    let (report, _) = dataset("networks_set_auto", &["--precond", "mgnet"]);
    assert!(report.to_string().contains("mgnet"), "{report}");
}

#[test]
fn weights_that_are_stored_in_half_the_bits_are_shuffled_too() {
    if !ort::there("weights in half the bits are shuffled") {
        return;
    }
    let args = ["model", "referee", "models/onnx/dcdm2d.onnx", "--json"];
    let more = [
        "--family",
        "obstacles:grid=32",
        "--systems",
        "1",
        "--rounds",
        "1",
    ];
    let controls = ["--control", "ic0", "--peers", "none", "--max-time", "2"];
    let ran = resolvent(&[&args[..], &more, &controls].concat());
    let json = ran.json();
    let rows = json["groups"][0]["entrants"].to_string();
    assert!(rows.contains("shuffled weights"), "{json}");
}
