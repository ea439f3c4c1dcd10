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
        let file = precond.rsplit('/').next().unwrap(); // its path is kept from the root
        assert!(text.contains(file), "{name}: {text}");
    }
    // the solver is found by measuring, among those that the model may serve
    let bent = model("nonlinear");
    let may = [
        ("auto", "mgnet", ["cg", "fcg"]),
        ("bent", &bent, ["fcg", "gcrodr"]),
    ];
    for (name, precond, solvers) in may {
        let (report, _) = dataset(&format!("networks_set_{name}"), &["--precond", precond]);
        assert!(
            solvers.contains(&report["solver"].as_str().unwrap()),
            "{report}"
        );
    }
}

/// Bytes of this model in a file of its own.
fn copied(name: &str, to: &str) -> String {
    let path = scratch(to);
    std::fs::copy(format!("models/tests/data/{name}.onnx"), &path).unwrap();
    path
}

#[test]
fn no_output_takes_the_place_of_a_model() {
    let path = copied("vcycle", "networks_kept.onnx");
    let (before, precond) = (std::fs::read(&path).unwrap(), format!("onnx:{path}"));
    let a = &crate::network::poisson();
    let family = ["--family", "darcy:grid=16"];
    let json = format!("--json={path}");
    for args in [
        vec!["solve", a, "--precond", &precond, "--out", &path],
        vec![
            "sequence",
            "darcy:grid=16,systems=2",
            "--precond",
            &precond,
            "--log",
            &path,
        ],
        vec!["model", "check", &path, &json],
        vec!["model", "inspect", &precond, &json],
        [&["model", "referee", &path, "--plot", &path], &family[..]].concat(),
        [
            &["model", "referee", "mgnet", "--untrained", &path, &json],
            &family[..],
        ]
        .concat(),
    ] {
        let text = error(&args);
        assert!(
            text.contains("the model") || !ort::there("a model is kept"),
            "{args:?}: {text}"
        );
        assert!(std::fs::read(&path).unwrap() == before, "{args:?}");
    }
}

#[test]
fn matrices_decide_for_each_equation_what_serves_a_network() {
    if !ort::there("matrices decide what serves a network") {
        return;
    }
    let folder = scratch("networks_streams");
    std::fs::create_dir_all(&folder).unwrap();
    // on 12 x 12 cells: the Laplacian, and with a wind
    let write = |name: &str, wind: f64| {
        let mut entries = Vec::new();
        for row in 0..144usize {
            let mut entry = |there: bool, to: usize, value: f64| {
                if there {
                    entries.push(format!("{} {} {value}", row + 1, to + 1));
                }
            };
            entry(true, row, 4.0);
            entry(row % 12 > 0, row.wrapping_sub(1), -1.0 - wind);
            entry(row % 12 < 11, row + 1, -1.0 + wind);
            entry(row >= 12, row.wrapping_sub(12), -1.0);
            entry(row < 132, row + 12, -1.0);
        }
        let head = "%%MatrixMarket matrix coordinate real general";
        let text = format!(
            "{head}\n144 144 {}\n{}\n",
            entries.len(),
            entries.join("\n")
        );
        std::fs::write(format!("{folder}/{name}.mtx"), text).unwrap();
        let ones = "1\n".repeat(144);
        let b = format!("%%MatrixMarket matrix array real general\n144 1\n{ones}");
        std::fs::write(format!("{folder}/{name}_b.mtx"), b).unwrap();
    };
    write("calm", 0.0);
    write("windy", 0.9);
    let list = format!("{folder}/list.csv");
    for streams in [["still", "moving"], ["one", "one"]] {
        let rows = ["calm", "windy", "calm", "windy"].iter().enumerate();
        let rows: String = rows
            .map(|(k, name)| format!("{name}.mtx,{name}_b.mtx,{}\n", streams[k % 2]))
            .collect();
        std::fs::write(&list, format!("matrix,rhs,stream\n{rows}")).unwrap();
        let lines = log(
            "streams",
            &list,
            "auto",
            &(model("nonlinear") + ",trials=false"),
        );
        let solvers: Vec<_> = lines
            .iter()
            .map(|line| line["solver"].as_str().unwrap())
            .collect();
        assert_eq!(solvers, ["fcg", "fgmres", "fcg", "fgmres"]);
    }
}

#[test]
fn a_data_set_is_made_with_one_model_or_not_at_all() {
    if !ort::there("a data set is made with one model") {
        return;
    }
    let path = copied("vcycle", "networks_one.onnx");
    let folder = scratch("networks_one_model");
    let plan = |precond: &str, more: &[&str]| {
        std::fs::remove_dir_all(&folder).ok();
        let args = [
            "dataset",
            "plan",
            "darcy",
            "--grid",
            "24",
            "--samples",
            "4",
            "--shard-samples",
            "2",
        ];
        let named = ["--solver", "fcg", "--precond", precond, "--out", &folder];
        resolvent(&[&args[..], &named, more].concat())
    };
    let planned = plan(&format!("onnx:{path}"), &[]);
    assert_eq!(planned.status, 0, "{}", planned.stderr);
    let shard = |k: &str| resolvent(&["dataset", "run", &folder, "--shard", k]);
    assert_eq!(shard("0/2").status, 0);
    copied("nonlinear", "networks_one.onnx");
    let other = shard("1/2");
    assert_eq!(other.status, 2, "{}", other.stdout);
    assert!(
        other.stderr.contains("not the model that"),
        "{}",
        other.stderr
    );
    copied("vcycle", "networks_one.onnx");
    assert_eq!(shard("1/2").status, 0);
    // what cannot be is said before there is a folder
    for (precond, part) in [
        (model("vcycle3d"), "3 dimensions"),
        (model("no_such_model"), "no_such_model.onnx"),
        (format!("onnx:{path},trials=true"), "leave trials=true out"),
    ] {
        let refused = plan(&precond, &[]);
        assert_eq!(refused.status, 2, "{precond}: {}", refused.stdout);
        assert!(
            refused.stderr.contains(part),
            "{precond}: {}",
            refused.stderr
        );
        assert!(!std::path::Path::new(&folder).exists(), "{precond}");
    }
    let waves = [
        "dataset",
        "helmholtz",
        "--grid",
        "33",
        "--samples",
        "2",
        "--precond",
        "mgnet",
        "--out",
        &folder,
    ];
    let text = error(&waves);
    assert!(text.contains("networks are for real matrices"), "{text}");
}

#[test]
fn a_sequence_goes_on_with_the_model_it_began_with() {
    if !ort::there("a sequence goes on with the model it began with") {
        return;
    }
    let path = copied("vcycle", "networks_state.onnx");
    let state = scratch("networks_state.json");
    std::fs::remove_file(&state).ok();
    let precond = format!("onnx:{path}");
    let args = [
        "sequence",
        "darcy:grid=16,systems=3",
        "--precond",
        &precond,
        "--state",
        &state,
    ];
    assert_eq!(resolvent(&args).status, 0);
    assert_eq!(resolvent(&args).status, 0);
    copied("nonlinear", "networks_state.onnx");
    let text = error(&args);
    assert!(text.contains("the state of another run"), "{text}");
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
