//! `model referee`, with ONNX Runtime itself.

use crate::network::ort;
use crate::{Ran, error, resolvent, scratch};
use serde_json::Value;

const ROUGH: &str = "darcy:grid=48,low=1,high=1000,tau=10";

fn referee(model: &str, more: &[&str]) -> Ran {
    let mut args = vec![
        "model", "referee", model, "--peers", "none", "--rounds", "1",
    ];
    args.extend(more);
    resolvent(&args)
}

fn entrant<'a>(group: &'a Value, name: &str) -> &'a Value {
    let all = group["entrants"].as_array().unwrap();
    let found = all.iter().find(|e| e["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not among {all:?}"))
}

fn iterations(e: &Value) -> f64 {
    e["mean"]["iterations"].as_f64().unwrap()
}

#[test]
fn a_model_beside_what_it_has_to_beat() {
    if !ort::there("a model beside what it has to beat") {
        return;
    }
    let (json, plot) = (scratch("referee.json"), scratch("referee.svg"));
    let to = format!("--json={json}");
    let untrained = "mgnet:models/tests/data/levels_default.onnx";
    let ran = referee(
        "mgnet",
        &[
            "--family",
            ROUGH,
            "--family",
            "obstacles:grid=20x16",
            "--systems",
            "3",
            "--untrained",
            untrained,
            "--plot",
            &plot,
            &to,
        ],
    );
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let found: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let groups = found["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    for group in groups {
        let names = [
            "mgnet",
            "untrained",
            "shuffled weights",
            "none",
            "jacobi",
            "ic0",
            "fsai",
            "gmg",
            "direct",
        ];
        for name in names {
            let e = entrant(group, name);
            assert_eq!(e["solved"], 3, "{name}");
            for run in e["runs"].as_array().unwrap() {
                assert!(run["relative_residual"].as_f64().unwrap() <= 1e-8 * (1.0 + 1e-9));
            }
            assert!(ran.stdout.contains(name), "{}", ran.stdout);
        }
        assert_eq!(group["entrants"].as_array().unwrap().len(), names.len());
        // the levels of the default rule are those of gmg
        assert_eq!(
            iterations(entrant(group, "untrained")),
            iterations(entrant(group, "gmg"))
        );
        assert_eq!(entrant(group, "mgnet")["time_against_model"], 1.0);
        let none = iterations(entrant(group, "none"));
        assert!(none > 2.0 * iterations(entrant(group, "mgnet")));
    }
    let [mgnet, random] =
        ["mgnet", "shuffled weights"].map(|name| iterations(entrant(&groups[0], name)));
    assert!(random > 1.3 * mgnet, "{random} {mgnet}");
    assert!(found["trained_seconds"].as_f64().unwrap() > 0.0);
    let picture = std::fs::read_to_string(&plot).unwrap();
    for words in [
        "mgnet",
        "obstacles:grid=20x16",
        "shuffled weights",
        "iterations",
    ] {
        assert!(picture.contains(words), "{words}");
    }
}

#[test]
fn training_pays_only_where_the_model_is_faster() {
    if !ort::there("training pays only where the model is faster") {
        return;
    }
    let seconds = [
        "--training-seconds",
        "1000",
        "--control",
        "none",
        "--control",
        "gmg",
    ];
    let mut args = vec![
        "--family",
        "darcy:grid=128",
        "--systems",
        "1",
        "--json",
        "--shuffled",
        "0",
    ];
    args.extend(seconds);
    let ran = referee("models/tests/data/vcycle.onnx", &args);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let found = ran.json();
    for e in found["groups"][0]["entrants"].as_array().unwrap() {
        let (model, own) = (&found["groups"][0]["entrants"][0]["runs"][0], &e["runs"][0]);
        let time = |run: &Value| run["setup"].as_f64().unwrap() + run["solve"].as_f64().unwrap();
        let saved = time(own) - time(model);
        match e["training_pays_after"].as_f64() {
            Some(systems) => assert!((systems - (1000.0 / saved).ceil()).abs() <= 1.0),
            None => assert!(saved <= 0.0, "{e}"),
        }
    }
}

#[test]
fn what_fails_is_counted_and_said() {
    if !ort::there("what fails is counted and said") {
        return;
    }
    let family = [
        "--family",
        "darcy:grid=16",
        "--systems",
        "2",
        "--shuffled",
        "0",
    ];
    let ran = referee("models/tests/data/nan.onnx", &family);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains(" 0/2 |"), "{}", ran.stdout);
    assert!(ran.stdout.contains("nan: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("fastest: "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("fastest: nan"), "{}", ran.stdout);
    // a matrix that multigrid cannot take; the others can
    let family = [
        "--family",
        "advection-diffusion:grid=12",
        "--systems",
        "1",
        "--shuffled",
        "0",
    ];
    let ran = referee("models/tests/data/vcycle.onnx", &family);
    assert!(ran.stdout.contains("ilu0"), "{}", ran.stdout);
    assert!(ran.stdout.contains("fgmres"), "{}", ran.stdout);
}

#[test]
fn folders_with_their_own_right_hand_sides() {
    if !ort::there("folders with their own right-hand sides") {
        return;
    }
    let dir = scratch("referee_systems");
    std::fs::create_dir_all(&dir).unwrap();
    let head = "%%MatrixMarket matrix coordinate real symmetric\n9 9 17\n";
    for k in 1..=2 {
        let diagonal = (1..=9).map(|i| format!("{i} {i} {}\n", 2 + k));
        let below = (2..=9).map(|i| format!("{i} {} -1\n", i - 1));
        let text: String = diagonal.chain(below).collect();
        std::fs::write(format!("{dir}/A_{k}.mtx"), format!("{head}{text}")).unwrap();
        let b = "1\n".repeat(9);
        let b = format!("%%MatrixMarket matrix array real general\n9 1\n{b}");
        std::fs::write(format!("{dir}/b_{k}.mtx"), b).unwrap();
    }
    let ran = referee(
        "mgnet",
        &[
            "--matrices",
            &dir,
            "--given-rhs",
            "--shuffled",
            "0",
            "--json",
        ],
    );
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let found = ran.json();
    assert_eq!(found["groups"][0]["count"], 2);
    assert_eq!(entrant(&found["groups"][0], "direct")["solved"], 2);
}

#[test]
fn what_cannot_be_judged_is_said() {
    if !ort::there("what cannot be judged is said") {
        return;
    }
    for (args, says) in [
        (&["--family", "darcy:grid=8", "--control", "icy"][..], "icy"),
        (
            &["--family", "darcy:grid=8", "--control", "auto"],
            "name one preconditioner",
        ),
        (
            &["--family", "darcy:grid=8", "--solver", "direct"],
            "takes no preconditioner",
        ),
        (&["--family", "helmholtz:grid=40"], "complex"),
        (&["--family", "dracy"], "did you mean `darcy`?"),
        (&["--matrices", "no/such/folder"], "no such file or folder"),
        (
            &["--family", "darcy:grid=8", "--systems", "0"],
            "from 1 to 100000",
        ),
        (&["--family", "darcy:grid=8", "--grid", "3x3"], "64 rows"),
        (
            &["--family", "darcy:grid=8", "--untrained", "none.onnx"],
            "cannot be read",
        ),
    ] {
        let all = [&["model", "referee", "mgnet", "--peers", "none"], args].concat();
        let said = error(&all);
        assert!(said.contains(says), "{said}");
    }
    let nowhere = [
        "model",
        "referee",
        "mgnet",
        "--family",
        "darcy:grid=8",
        "--peers",
        "src",
    ];
    assert!(error(&nowhere).contains("no py_worker.py"));
    let nothing = resolvent(&["model", "referee", "mgnet"]);
    assert_eq!(nothing.status, 2);
    assert!(nothing.stderr.contains("--family"), "{}", nothing.stderr);
}
