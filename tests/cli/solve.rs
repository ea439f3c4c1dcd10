//! `resolvent solve`.

use crate::{file, masked, resolvent, scratch};
use resolvent::mtx::{self, AnyMatrix, AnyVectors};
use serde_json::Value;
#[cfg(unix)]
use std::{
    process::{Command, Stdio},
    time::Duration,
};

const NOS4: &str = "matrices/mtx/nos4.mtx";

/// Two right-hand sides for the matrix [[2, -1], [-1, 2]]: solutions (1, 1) and (0, 0).
fn small() -> (String, String) {
    let a = file(
        "small.mtx",
        "%%MatrixMarket matrix coordinate real symmetric\n2 2 3\n1 1 2\n2 1 -1\n2 2 2\n",
    );
    let b = file(
        "small_b.mtx",
        "%%MatrixMarket matrix array real general\n2 2\n1\n1\n0\n0\n",
    );
    (a, b)
}

#[test]
fn says_what_it_did() {
    let ran = resolvent(&["solve", NOS4, "--threads", "1"]);
    assert_eq!(ran.status, 0);
    insta::assert_snapshot!(masked(&ran.stdout));
}

/// The grid is found in the matrix or given; what is none is refused with a way out.
#[test]
fn multigrid_finds_its_grid_or_says_why_not() {
    let lap = "matrices/mtx/lap2D_5pt_n100.mtx";
    let gmg = ["--solver", "cg", "--precond", "gmg", "--json"];
    for grid in [&[][..], &["--grid", "100x100"]] {
        let ran = resolvent(&[&["solve", lap], &gmg[..], grid].concat());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let json = ran.json();
        assert_eq!(json["precond"], "gmg");
        assert!(json["iterations"].as_u64().unwrap() <= 10, "{json}");
    }
    for grid in [&[][..], &["--grid", "20x5"]] {
        let ran = resolvent(&[&["solve", NOS4], &gmg[..], grid].concat());
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("--grid NXxNY"), "{}", ran.stderr);
    }
}

#[test]
fn json_has_the_keys_of_the_design_and_stdout_to_itself() {
    let ran = resolvent(&[
        "solve",
        NOS4,
        "--json",
        "--solver",
        "cg",
        "--precond",
        "ic0",
    ]);
    assert_eq!(ran.status, 0);
    let mut keys = ran.keys();
    keys.sort();
    insta::assert_snapshot!(keys.join(" "));
    let json = ran.json();
    let keys = |object: &Value| {
        let mut keys: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    assert_eq!(keys(&json["matrix"]), "cols field nnz path rows symmetry");
    assert_eq!(keys(&json["seconds"]), "read runtime setup solve total");
    assert_eq!(json["matrix"]["nnz"], 594);
    assert_eq!(json["solver"], "cg");
    assert_eq!(json["precond"], "ic0");
    assert_eq!(json["converged"], true);
    assert_eq!(json["reason"], "converged");
    assert_eq!(json["attempts"], Value::Array(vec![]));
    assert!(json["relative_residual"].as_f64().unwrap() <= 1e-8);
    assert!(json["forward_error"].as_f64().unwrap() < 1e-5);
}

#[test]
fn json_goes_to_a_file_if_one_is_named() {
    let path = scratch("solve.json");
    let ran = resolvent(&["solve", NOS4, &format!("--json={path}")]);
    assert!(ran.stdout.contains("converged"));
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(json["converged"], true);
}

#[test]
fn quiet_prints_nothing() {
    let ran = resolvent(&["solve", NOS4, "--quiet"]);
    assert_eq!(
        (ran.status, ran.stdout, ran.stderr),
        (0, "".into(), "".into())
    );
}

#[test]
fn the_x_that_is_written_solves_the_system() {
    let (b, x) = ("matrices/mtx/sherman1_b.mtx", scratch("x.mtx"));
    let a = "matrices/mtx/sherman1.mtx";
    let ran = resolvent(&["solve", a, "--rhs", b, "--out", &x, "--rtol", "1e-10", "-q"]);
    assert_eq!(ran.status, 0);
    let AnyMatrix::Real(a) = mtx::read(a.as_ref()).unwrap().matrix else {
        panic!("sherman1 is real");
    };
    let [AnyVectors::Real(b), AnyVectors::Real(x)] =
        [b, x.as_str()].map(|path| mtx::read_vectors(path.as_ref()).unwrap())
    else {
        panic!("both are real");
    };
    let mut ax = vec![0.0; a.nrows()];
    a.view().mul_vec(&x.data, &mut ax).unwrap();
    let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    let r: Vec<f64> = b.data.iter().zip(&ax).map(|(b, ax)| b - ax).collect();
    assert!(norm(&r) <= 1e-10 * norm(&b.data) * 1.001);
}

#[test]
fn several_right_hand_sides_are_listed() {
    let ((a, b), out) = (small(), scratch("two.mtx"));
    let ran = resolvent(&["solve", &a, "--rhs", &b, "--json", "--out", &out]);
    assert_eq!(ran.status, 0);
    let json = ran.json();
    let columns = json["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 2);
    assert!(columns.iter().all(|c| c["converged"] == true));
    // b = 0 has the answer x = 0, exactly
    assert_eq!(columns[1]["relative_residual"], 0.0);
    let AnyVectors::Real(x) = mtx::read_vectors(out.as_ref()).unwrap() else {
        panic!("x is real");
    };
    assert_eq!((x.nrows, x.ncols), (2, 2));
    assert!(x.data[..2].iter().all(|x| (x - 1.0).abs() < 1e-7));
    assert_eq!(x.data[2..], [0.0, 0.0]);
}

#[test]
fn a_zero_right_hand_side_has_the_answer_zero() {
    let b = file(
        "zero_b.mtx",
        "%%MatrixMarket matrix array real general\n2 1\n0\n0\n",
    );
    let json = resolvent(&["solve", &small().0, "--rhs", &b, "--json"]).json();
    assert_eq!(json["converged"], true);
    assert_eq!(json["relative_residual"], 0.0);
    assert_eq!(json["iterations"], 0);
}

#[test]
fn a_complex_right_hand_side_makes_the_system_complex() {
    let b = file(
        "complex_b.mtx",
        "%%MatrixMarket matrix array complex general\n2 1\n1 1\n1 1\n",
    );
    let out = scratch("complex_x.mtx");
    let ran = resolvent(&["solve", &small().0, "--rhs", &b, "-q", "--out", &out]);
    assert_eq!(ran.status, 0);
    let AnyVectors::Complex(x) = mtx::read_vectors(out.as_ref()).unwrap() else {
        panic!("x is complex");
    };
    assert!(x.data.iter().all(|x| (x - num(1.0, 1.0)).norm() < 1e-7));
}

fn num(re: f64, im: f64) -> resolvent::Complex<f64> {
    resolvent::Complex::new(re, im)
}

#[test]
fn not_converged_is_status_one_with_advice_and_an_x() {
    let out = scratch("unfinished.mtx");
    let args = ["solve", NOS4, "--solver", "cg", "--precond", "none"];
    let rest = ["--max-iters", "3", "--out", &out];
    let ran = resolvent(&[args.as_slice(), &rest].concat());
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout
            .contains("NOT converged (max iterations), 3 iterations")
    );
    assert!(ran.stdout.contains("advice: "));
    assert!(mtx::read_vectors(out.as_ref()).is_ok());
}

#[test]
fn the_seed_decides_the_right_hand_side() {
    let norm =
        |seed| resolvent(&["solve", NOS4, "--json", "--seed", seed]).json()["rhs_norm"].clone();
    assert_eq!(norm("5"), norm("5"));
    assert_ne!(norm("5"), norm("6"));
}

#[test]
fn row_sums_have_the_solution_one() {
    let out = scratch("ones.mtx");
    let ran = resolvent(&[
        "solve", NOS4, "--rhs", "row-sums", "--out", &out, "--rtol", "1e-12", "-q",
    ]);
    assert_eq!(ran.status, 0);
    let AnyVectors::Real(x) = mtx::read_vectors(out.as_ref()).unwrap() else {
        panic!("x is real");
    };
    assert!(x.data.iter().all(|x| (x - 1.0).abs() < 1e-6));
}

#[test]
fn history_and_plot_are_written() {
    let (csv, svg) = (scratch("h.csv"), scratch("h.svg"));
    let args = ["solve", NOS4, "--solver", "cg", "--precond", "jacobi", "-q"];
    let ran = resolvent(&[args.as_slice(), &["--history", &csv, "--plot", &svg]].concat());
    assert_eq!(ran.status, 0);
    let csv = std::fs::read_to_string(csv).unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "iteration,seconds,relative_residual,column,solver,precond"
    );
    assert!(lines[1].starts_with("0,") && lines[1].ends_with(",1e0,0,cg,jacobi"));
    let last: Vec<_> = lines.last().unwrap().split(',').collect();
    assert!(last[2].parse::<f64>().unwrap() <= 1e-8);
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("nos4.mtx") && svg.contains("tolerance 1e-8"));
}

#[test]
fn auto_reports_what_it_tried() {
    // zeros on the diagonal and no symmetry: incomplete factors do not get far
    let json = resolvent(&["solve", "matrices/mtx/west0067.mtx", "--json"]).json();
    assert_eq!(json["converged"], true);
    for attempt in json["attempts"].as_array().unwrap() {
        let keys = attempt.as_object().unwrap();
        for key in ["solver", "precond", "reason", "iterations"] {
            assert!(keys.contains_key(key), "{key} is missing");
        }
    }
}

#[test]
fn a_pure_neumann_problem_is_solved() {
    let args = ["solve", "matrices/mtx/unit_square.mtx", "--json"];
    assert_eq!(resolvent(&args).json()["converged"], true);
}

#[test]
fn negative_definite_systems_are_solved_with_cg() {
    let args = [
        "solve",
        "matrices/mtx/bfwb62.mtx",
        "--solver",
        "cg",
        "--json",
    ];
    let json = resolvent(&args).json();
    assert_eq!(json["converged"], true);
    assert_eq!(json["solver"], "cg");
}

#[test]
fn pattern_files_hold_ones() {
    let a = file(
        "pattern.mtx",
        "%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 1\n2 2\n",
    );
    let json = resolvent(&["solve", &a, "--json"]).json();
    assert_eq!(json["converged"], true);
    assert_eq!(json["matrix"]["field"], "pattern");
}

#[test]
fn no_time_at_all_is_a_time_limit() {
    let args = [
        "solve",
        "matrices/mtx/bcsstk15.mtx",
        "--max-time",
        "1e-9",
        "--json",
    ];
    let ran = resolvent(&args);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.json()["reason"], "time_limit");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_solve_with_what_it_reached() {
    let out = scratch("interrupted.mtx");
    let run = Command::new(env!("CARGO_BIN_EXE_resolvent"))
        .args(["solve", "matrices/mtx/bcsstk15.mtx", "--solver", "gmres"])
        .args(["--precond", "none", "--rtol", "1e-16", "--json"])
        .args(["--max-iters", "1000000000", "--out", &out])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    std::thread::sleep(Duration::from_secs(1));
    let signal = Command::new("kill")
        .args(["-INT", &run.id().to_string()])
        .status();
    assert!(signal.expect("kill runs").success());
    let run = run.wait_with_output().expect("it ends by itself");
    assert_eq!(run.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&run.stdout).expect("stdout is one JSON object");
    assert_eq!(json["reason"], "interrupted");
    assert!(json["relative_residual"].as_f64().expect("a number") < 0.9);
    let x = std::fs::read_to_string(&out).expect("the iterate was written");
    assert!(x.starts_with("%%MatrixMarket matrix array real general"));
}

#[test]
fn sor_takes_omega_and_no_preconditioner() {
    let iterations = |more: &[&str]| {
        let mut args = vec!["solve", "matrices/mtx/gr_30_30.mtx", "--json", "--solver"];
        args.extend(more);
        let ran = resolvent(&args);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let json = ran.json();
        assert_eq!(
            (&json["solver"], &json["precond"]),
            (&"sor".into(), &"none".into())
        );
        assert!(json["relative_residual"].as_f64().unwrap() <= 1e-8);
        json["iterations"].as_u64().unwrap()
    };
    let plain = iterations(&["sor"]);
    assert!(iterations(&["sor", "--omega", "1.7"]) < plain / 3);
    assert!(iterations(&["sor:direction=symmetric"]) < plain);
    assert!(iterations(&["sor:adaptive=true"]) < plain / 3);
    for wrong in [["--omega", "2"], ["--precond", "jacobi"]] {
        let ran = resolvent(&["solve", NOS4, "--solver", "sor", wrong[0], wrong[1]]);
        assert_eq!(ran.status, 2, "{}", ran.stdout);
    }
}
