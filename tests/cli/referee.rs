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
            // nothing is promised of shuffled weights
            if name != "shuffled weights" {
                assert_eq!(e["solved"], 3, "{name}");
            }
            let rounds = e["runs"].as_array().unwrap();
            let all = rounds.iter().flat_map(|rounds| rounds.as_array().unwrap());
            for run in all.filter(|run| run["converged"] == true) {
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
    let mgnet = iterations(entrant(&groups[0], "mgnet"));
    let shuffled = entrant(&groups[0], "shuffled weights");
    let random = shuffled["mean"]["iterations"]
        .as_f64()
        .unwrap_or(f64::INFINITY);
    // whatever it says the cycle stays a good one, and does not need many more
    assert!(random > 1.1 * mgnet, "{random} {mgnet}");
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
        let runs = |e: &Value| e["runs"][0][0].clone();
        let (model, own) = (runs(&found["groups"][0]["entrants"][0]), runs(e));
        let time = |run: &Value| run["setup"].as_f64().unwrap() + run["solve"].as_f64().unwrap();
        let saved = time(&own) - time(&model);
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
            "a network serves cg",
        ),
        (&["--family", "helmholtz:grid=40"], "complex"),
        (&["--family", "dracy"], "did you mean `darcy`?"),
        (&["--matrices", "no/such/folder"], "no such file or folder"),
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

#[test]
fn the_examples_of_the_help_are_taken() {
    if !ort::there("the examples of the help are taken") {
        return;
    }
    let family = [
        "--family",
        "obstacles:grid=16,balls=40",
        "--control",
        "ic0",
        "--control",
        "ict:drop=1e-3",
        "--control",
        "ic0",
        "--systems",
        "4",
        "--shuffled",
        "2",
        "--json",
    ];
    // the grid of a family is known, whatever its obstacles hide
    let ran = referee("models/tests/data/vcycle.onnx", &family);
    let found = ran.json();
    let entrants = found["groups"][0]["entrants"].as_array().unwrap();
    let names: Vec<_> = entrants
        .iter()
        .map(|e| e["name"].as_str().unwrap())
        .collect();
    let expected = [
        "vcycle",
        "shuffled weights 1",
        "shuffled weights 2",
        "ic0",
        "ict:drop=1e-3",
    ];
    assert_eq!(names, expected);
    let said = |e: &Value| e["problem"].as_str().unwrap_or_default().contains("grid");
    assert!(!entrants.iter().any(said), "{found}");
}

#[test]
fn systems_that_follow_on_each_other_are_those_of_a_sequence() {
    if !ort::there("systems that follow on each other") {
        return;
    }
    let args = [
        "--family",
        "newton:nx=16",
        "--systems",
        "12",
        "--control",
        "direct",
        "--shuffled",
        "0",
        "--json",
    ];
    let found = referee("mgnet", &args).json();
    assert_eq!(
        entrant(&found["groups"][0], "direct")["solved"],
        12,
        "{found}"
    );
}

#[test]
fn what_was_measured_before_an_error_is_told() {
    if !ort::there("what was measured before an error is told") {
        return;
    }
    let dir = scratch("referee_two_kinds");
    std::fs::create_dir_all(&dir).unwrap();
    for (name, upper) in [("A_1", -1.0), ("A_2", -0.5)] {
        let mut text = String::from("%%MatrixMarket matrix coordinate real general\n9 9 25\n");
        for i in 1..=9 {
            text += &format!("{i} {i} 3\n");
            if i > 1 {
                text += &format!("{i} {} -1\n{} {i} {upper}\n", i - 1, i - 1);
            }
        }
        std::fs::write(format!("{dir}/{name}.mtx"), text).unwrap();
    }
    let ran = referee("mgnet", &["--matrices", &dir, "--shuffled", "0"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stdout.contains("systems: 1"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("another kind of matrix"),
        "{}",
        ran.stderr
    );
}

/// A package that is none: one method answers, one says that it did, one fails.
#[cfg(unix)]
#[test]
fn workers_are_believed_for_what_they_leave_behind() {
    use std::os::unix::fs::PermissionsExt;
    if !ort::there("workers are believed for what they leave behind") {
        return;
    }
    let home = scratch("referee_peers");
    std::fs::create_dir_all(format!("{home}/venv/bin")).unwrap();
    let python = format!("{home}/venv/bin/python");
    // every package but PETSc is there
    let script = "#!/bin/sh\ncase \"$1 $2\" in\n*petsc4py*) exit 1;;\n-c*) exit 0;;\n*) exec python3 \"$@\";;\nesac\n";
    std::fs::write(&python, script).unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let worker = r#"
import array, json, struct, sys
peer, method, path, out = sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[8]
if (peer, method) == ("pyamg", "cg+sa"):
    sys.exit("no such smoother")
print("x" * 300000)
print(json.dumps({"setup": {"wall": 0.25}, "solve": {"wall": 0.5}, "iterations": 7}))
if (peer, method) == ("amgcl", "cg+rs"):
    sys.exit(0)
data = open(path, "rb").read()
n, nnz = struct.unpack("<QQ", data[8:24])
at = 24
def take(kind, size, count):
    global at
    values = array.array(kind, data[at:at + size * count])
    at += size * count
    return values
ptr, col, val, b = take("I", 4, n + 1), take("I", 4, nnz), take("d", 8, nnz), take("d", 8, n)
times = lambda v: [sum(val[k] * v[col[k]] for k in range(ptr[i], ptr[i + 1])) for i in range(n)]
dot = lambda u, v: sum(p * q for p, q in zip(u, v))
x, r = [0.0] * n, list(b)
p, rr = list(r), dot(r, r)
stop = float(sys.argv[6]) ** 2 * rr * (1e6 if peer == "pyamg" else 1)
while rr > stop:
    q = times(p)
    alpha = rr / dot(p, q)
    x = [u + alpha * v for u, v in zip(x, p)]
    r = [u - alpha * v for u, v in zip(r, q)]
    new = dot(r, r)
    p = [u + new / rr * v for u, v in zip(r, p)]
    rr = new
array.array("d", x).tofile(open(out, "wb"))
"#;
    std::fs::write(format!("{home}/py_worker.py"), worker).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_resolvent"))
        .args([
            "model",
            "referee",
            "mgnet",
            "--family",
            "darcy:grid=8",
            "--systems",
            "1",
            "--rounds",
            "2",
        ])
        .args([
            "--shuffled",
            "0",
            "--control",
            "gmg",
            "--json",
            "--peers",
            &home,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PEERS_HOME", &home)
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&run.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&run.stderr)));
    let group = &found["groups"][0];
    assert_eq!(found["absent_peers"][0], "petsc");
    let honest = entrant(group, "amgcl sa");
    assert_eq!(
        (&honest["solved"], &honest["mean"]["total"]),
        (&1.into(), &0.75.into())
    );
    // it stops too early and is asked for more
    assert_eq!(entrant(group, "pyamg rs")["solved"], 1, "{found}");
    for (name, says) in [
        ("amgcl rs", "left no answer"),
        ("pyamg sa", "no such smoother"),
    ] {
        let e = entrant(group, name);
        assert_eq!(e["solved"], 0);
        assert!(e["problem"].as_str().unwrap().contains(says), "{e}");
    }
}
