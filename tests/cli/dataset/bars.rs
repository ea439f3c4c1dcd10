//! `--error-bars`: what is written, against solves of the test's own; judged; gone on with.

use super::{array, checksums, folder, make, manifest, text};
use crate::resolvent;
use serde_json::Value;
use std::path::Path;

/// The rows of the error bars.
pub fn errors(out: &Path) -> Vec<Vec<f64>> {
    let (shape, numbers) = array(&out.join("errors-0000.npy"));
    numbers
        .chunks_exact(shape[1])
        .map(<[f64]>::to_vec)
        .collect()
}

/// Sample by sample, ‖u − v‖₂/‖v‖₂.
pub fn distances(u: &Path, v: &Path) -> Vec<f64> {
    let ((shape, u), (_, v)) = (array(u), array(v));
    let size: usize = shape[1..].iter().product();
    let pairs = u.chunks_exact(size).zip(v.chunks_exact(size));
    let distance = |(u, v): (&[f64], &[f64])| {
        let apart: f64 = u.iter().zip(v).map(|(u, v)| (u - v).powi(2)).sum();
        (apart / v.iter().map(|v| v * v).sum::<f64>()).sqrt()
    };
    pairs.map(distance).collect()
}

#[test]
fn errors_are_those_of_better_solves() {
    let out = folder("bars");
    let how = "--solver cg --precond ic0 --seed 4 --samples 10";
    let line = format!("darcy --grid 16 {how} --rtol 1e-3 --error-bars-fraction 0.5");
    let closing = make(&out, &line);
    let exact = folder("bars-exact");
    make(&exact, &format!("darcy --grid 16 {how} --rtol 1e-12"));
    let fine = folder("bars-fine");
    make(
        &fine,
        &format!("darcy --grid 16 --solve-grid 32 {how} --rtol 1e-3"),
    );
    let solutions = "solutions-0000.npy";
    let algebraic = distances(&out.join(solutions), &exact.join(solutions));
    let grid = distances(&out.join(solutions), &fine.join(solutions));
    let rows = errors(&out);
    assert_eq!((rows.len(), rows[0].len()), (10, 3));
    for (index, row) in rows.iter().enumerate() {
        // the energy norm is another one, but near
        let ratio = row[1] / algebraic[index];
        assert!(
            row[0] > 0.0 && (0.5..50.0).contains(&ratio),
            "{index}: {ratio}"
        );
        match index % 2 {
            0 => assert!((row[2] / grid[index] - 1.0).abs() < 1e-9, "{row:?}"),
            _ => assert!(row[2].is_nan()),
        }
    }
    let summary = closing["error_bars"].as_array().expect("a list");
    assert_eq!(summary[2]["column"], "discretisation_u");
    assert_eq!(
        (&summary[0]["count"], &summary[2]["count"]),
        (&10.into(), &5.into())
    );
    let bars = &manifest(&out)["error_bars"];
    assert_eq!(bars["files"], "errors-NNNN.npy");
    assert_eq!(bars["columns"][1]["name"], "energy_error_relative");
    assert_eq!(manifest(&exact)["error_bars"], Value::Null);
    assert!(checksums(&out).contains_key("errors-0000.npy"));
    assert!(!checksums(&exact).contains_key("errors-0000.npy"));
    let judged = resolvent(&["dataset", "verify", text(&out)]);
    assert_eq!(judged.status, 0, "{}", judged.stdout);
    // an error that was written over is noticed
    let path = out.join("errors-0000.npy");
    let mut bytes = std::fs::read(&path).expect("it is there");
    let last = bytes.len() - 17;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).expect("the folder is the test's");
    let judged = resolvent(&["dataset", "verify", text(&out)]);
    assert_eq!(judged.status, 1);
    assert!(
        judged.stdout.contains("errors-0000.npy"),
        "{}",
        judged.stdout
    );
}

#[test]
fn any_number_of_threads_and_a_shard_made_again_give_the_same_bits() {
    let line =
        "darcy --grid 12 --solver cg --precond ic0 --samples 70 --shard-samples 35 --error-bars";
    let (one, two) = (folder("bars-one"), folder("bars-two"));
    make(&one, &format!("{line} --threads 1"));
    make(&two, &format!("{line} --threads 2"));
    assert_eq!(checksums(&one), checksums(&two));
    let doubled = errors(&one).iter().filter(|row| !row[2].is_nan()).count();
    assert_eq!(doubled, 3); // 0, 16 and 32
    // as after a kill: the second shard and the manifest are not there
    for file in ["shards/0001.json", "errors-0001.npy", "manifest.json"] {
        std::fs::remove_file(two.join(file)).expect("it is there");
    }
    make(&two, &format!("{line} --threads 2"));
    assert_eq!(checksums(&one), checksums(&two));
    // without error bars it is another set
    let refused = resolvent(&[
        "dataset",
        "darcy",
        "--grid",
        "12",
        "--solver",
        "cg",
        "--precond",
        "ic0",
        "--samples",
        "70",
        "--shard-samples",
        "35",
        "--out",
        text(&one),
    ]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("error_bars"), "{}", refused.stderr);
}

#[test]
fn other_solvers_have_no_algebraic_error_and_other_families_no_doubled_grid() {
    let out = folder("bars-direct");
    let line = "darcy --grid 8 --solver direct --precond none --samples 3 --error-bars-fraction 1";
    let closing = make(&out, line);
    let rows = errors(&out);
    assert!(rows.iter().all(|row| row[0].is_nan() && row[1].is_nan()));
    assert!(
        rows.iter().all(|row| row[2] > 0.0 && row[2] < 1.0),
        "{rows:?}"
    );
    assert_eq!(closing["error_bars"][0]["mean"], Value::Null);
    for (line, why) in [
        (
            "skr-released --samples 2 --grid 8",
            "discretise no equation",
        ),
        ("elasticity --samples 2 --grid 8", "other points"),
        (
            "darcy --samples 2 --grid 8 --error-bars-fraction 2",
            "from 0",
        ),
    ] {
        let mut args: Vec<_> = ["dataset"].into_iter().chain(line.split(' ')).collect();
        let nowhere = folder("bars-refused");
        args.extend(["--error-bars", "--out", text(&nowhere)]);
        let refused = resolvent(&args);
        assert_eq!(refused.status, 2, "{}", refused.stdout);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        assert!(!nowhere.join("plan.json").exists());
    }
}

#[test]
fn helmholtz_and_heat_have_error_bars() {
    for (name, line) in [
        ("helmholtz", "helmholtz --grid 33 --samples 2"),
        (
            "heat",
            "heat --grid 12 --solver cg --precond ic0 --samples 2",
        ),
    ] {
        let out = folder(&format!("bars-{name}"));
        make(&out, &format!("{line} --error-bars-fraction 1"));
        let rows = errors(&out);
        assert!(
            rows.iter().all(|row| row[2] > 0.0 && row[2] < 1.0),
            "{rows:?}"
        );
        let of_cg = |row: &Vec<f64>| row[1] > 0.0 && row[1] < 1e-6;
        assert!(
            rows.iter().all(|row| (name == "heat") == of_cg(row)),
            "{rows:?}"
        );
        assert_eq!(resolvent(&["dataset", "verify", text(&out)]).status, 0);
    }
}
