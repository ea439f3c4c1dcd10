//! `resolvent dataset`: what is written, read back; killed and gone on with; refused; judged.

mod bars;
mod files;
mod layouts;
mod own;
mod parts;
mod races;
mod records;
mod refusals;
mod resume;
mod tampered;
mod tolerance;

use crate::{error, resolvent};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A folder of the test's own, not there yet.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("dataset-{name}"));
    let _ = std::fs::remove_dir_all(&path); // left by an earlier run, or not there
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the target folder has a plain name")
}

/// Makes a data set, with the options in a line of words; returns the closing object.
fn make(out: &Path, line: &str) -> Value {
    let mut args: Vec<_> = ["dataset"].into_iter().chain(line.split(' ')).collect();
    args.extend(["--out", text(out), "--json"]);
    let ran = resolvent(&args);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.json()
}

fn manifest(out: &Path) -> Value {
    let text = std::fs::read(out.join("manifest.json")).expect("there is a manifest");
    serde_json::from_slice(&text).expect("it is JSON")
}

/// Checksums by file name, as the manifest has them.
fn checksums(out: &Path) -> BTreeMap<String, String> {
    let manifest = manifest(out);
    let files = manifest["files"].as_array().expect("a list").iter();
    let pairs = files.map(|file| {
        let text = |key: &str| file[key].as_str().expect("a text").to_owned();
        (text("file"), text("sha256"))
    });
    pairs.collect()
}

/// Reads an array with a reader of its own: shape and numbers.
fn array(path: &Path) -> (Vec<usize>, Vec<f64>) {
    let bytes = std::fs::read(path).expect("the array is there");
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let length = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    assert_eq!((10 + length) % 16, 0, "NumPy wants aligned data");
    let header = std::str::from_utf8(&bytes[10..10 + length]).expect("the header is text");
    assert!(header.contains("'fortran_order': False"), "{header}");
    let shape = header.split_once("'shape': (").expect("a shape").1;
    let shape = shape.split_once(')').expect("its end").0;
    let shape = shape
        .split(',')
        .filter_map(|d| d.trim().parse().ok())
        .collect();
    let data = &bytes[10 + length..];
    let numbers = match header.contains("<f4") {
        true => data
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).into())
            .collect(),
        false => data
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().expect("8 bytes")))
            .collect(),
    };
    (shape, numbers)
}

/// −∇·(a∇u) − 1 by hand: cells of the unit square, harmonic faces, u = 0 on the boundary. Relative.
fn darcy_residual(n: usize, a: &[f64], u: &[f64]) -> f64 {
    let h2 = 1.0 / (n * n) as f64;
    let mut sum = 0.0;
    for j in 0..n {
        for i in 0..n {
            let here = j * n + i;
            let mut flux = 0.0;
            for (di, dj) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                let (x, y) = (i as i64 + di, j as i64 + dj);
                let inside = (0..n as i64).contains(&x) && (0..n as i64).contains(&y);
                flux += match inside {
                    true => {
                        let there = y as usize * n + x as usize;
                        2.0 * a[here] * a[there] / (a[here] + a[there]) * (u[here] - u[there])
                    }
                    false => 2.0 * a[here] * u[here],
                };
            }
            sum += (flux / h2 - 1.0).powi(2);
        }
    }
    sum.sqrt() / n as f64
}

#[test]
fn a_data_set_is_written_and_read_back() {
    let out = folder("darcy");
    let closing = make(
        &out,
        "darcy --samples 12 --grid 24 --shard-samples 5 --seed 3",
    );
    for key in ["generate", "order", "setup", "solve", "verify", "write"] {
        assert!(closing["seconds"][key].is_number(), "{key}");
    }
    assert_eq!(closing["samples"], 12);
    assert_eq!(closing["failed"], 0);
    assert!(closing["max_relative_residual"].as_f64().expect("a number") <= 1e-8);
    let solved: u64 = closing["solver_counts"]
        .as_object()
        .expect("counts")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(solved, 12);
    let mut read = 0;
    for (shard, rows) in [5, 5, 2].into_iter().enumerate() {
        let (shape, a) = array(&out.join(format!("coefficients-{shard:04}.npy")));
        assert_eq!(shape, [rows, 24, 24]);
        let (shape, u) = array(&out.join(format!("solutions-{shard:04}.npy")));
        assert_eq!(shape, [rows, 24, 24]);
        assert!(a.iter().all(|a| *a == 3.0 || *a == 12.0));
        for (a, u) in a.chunks(576).zip(u.chunks(576)) {
            assert!(darcy_residual(24, a, u) <= 1.001e-8);
            read += 1;
        }
    }
    assert_eq!(read, 12);
    let manifest = manifest(&out);
    let records = manifest["records"].as_array().expect("records");
    for (index, record) in records.iter().enumerate() {
        assert_eq!(record["index"], index);
        assert_eq!(record["seed"], 3);
        assert_eq!(record["status"], "converged");
        assert!(record["relative_residual"].as_f64().expect("a number") <= 1e-8);
    }
    assert_eq!(records.len(), 12);
    assert_eq!(manifest["splits"]["train"], serde_json::json!([0, 10]));
    let bytes: u64 = checksums(&out)
        .keys()
        .map(|name| {
            std::fs::metadata(out.join(name))
                .expect("it is there")
                .len()
        })
        .sum();
    assert_eq!(closing["bytes"], bytes);
    // once more: nothing to do
    let again = make(
        &out,
        "darcy --samples 12 --grid 24 --shard-samples 5 --seed 3",
    );
    assert_eq!(again["resumed_shards"], 3);
    assert_eq!(
        resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
        0
    );
}

#[test]
fn statistics_are_those_of_the_samples_that_train() {
    let out = folder("statistics");
    make(
        &out,
        "darcy --samples 7 --grid 16 --split train=0.6,test=0.4",
    );
    let (_, u) = array(&out.join("solutions-0000.npy"));
    let train = &u[..4 * 256];
    let n = train.len() as f64;
    let mean = train.iter().sum::<f64>() / n;
    let deviation = (train.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n).sqrt();
    let statistics = &manifest(&out)["statistics"]["outputs"]["u"];
    let close = |key: &str, expected: f64| {
        let got = statistics[key].as_f64().expect("a number");
        assert!(
            (got - expected).abs() <= 1e-12 * expected.abs(),
            "{key}: {got} {expected}"
        );
    };
    close("mean", mean);
    close("std", deviation);
    close("max", train.iter().copied().fold(f64::MIN, f64::max));
}

#[test]
fn neither_threads_nor_shards_change_a_bit() {
    let line = "darcy --samples 70 --grid 16 --solver cg --precond ic0";
    let reference = folder("threads-1");
    make(&reference, &format!("{line} --threads 1"));
    let (_, a) = array(&reference.join("coefficients-0000.npy"));
    let (_, u) = array(&reference.join("solutions-0000.npy"));
    let threads = folder("threads-3");
    make(&threads, &format!("{line} --threads 3"));
    assert_eq!(checksums(&reference), checksums(&threads));
    assert_eq!(manifest(&reference), manifest(&threads));
    let shards = folder("threads-shards");
    make(&shards, &format!("{line} --threads 2 --shard-samples 16"));
    let all = |name: &str| -> Vec<f64> {
        (0..5)
            .flat_map(|s| array(&shards.join(format!("{name}-{s:04}.npy"))).1)
            .collect()
    };
    assert_eq!((all("coefficients"), all("solutions")), (a, u));
}

/// Rows stay where they belong, whatever the order; the record says what it was.
#[test]
fn orders_change_who_comes_first_and_nothing_else() {
    let line =
        "darcy-lognormal --samples 40 --grid 12 --solver cg --precond ic0 --shard-samples 40";
    let given = folder("order-given");
    make(&given, line);
    for order in ["greedy", "hilbert", "mst"] {
        let out = folder(&format!("order-{order}"));
        let made = make(&out, &format!("{line} --order {order}"));
        assert!(made["seconds"]["order"].as_f64() > Some(0.0));
        assert_eq!(checksums(&given), checksums(&out), "{order}"); // nothing is carried here
        let manifest = manifest(&out);
        let records = manifest["records"].as_array().expect("records");
        let place = |record: &Value| record["position"].as_u64().expect("a place");
        let mut places: Vec<u64> = records.iter().map(place).collect();
        assert_ne!(places, (0..40).collect::<Vec<_>>(), "{order}");
        for record in records {
            if let Some(parent) = record["parent"].as_u64() {
                assert!(places[parent as usize] < place(record), "{order}");
            }
        }
        places.sort_unstable();
        assert!(places.into_iter().eq(0..40));
        let verified = resolvent(&["dataset", "verify", text(&out), "--quiet"]);
        assert_eq!(verified.status, 0, "{}", verified.stderr);
    }
}

#[test]
fn coefficients_can_be_given_and_numbers_rounded() {
    let drawn = folder("given-drawn");
    make(&drawn, "darcy --samples 4 --grid 20");
    let coefficients = drawn.join("coefficients-0000.npy");
    let out = folder("given");
    let closing = make(
        &out,
        &format!("darcy --coefficients {} --dtype f32", text(&coefficients)),
    );
    assert_eq!(closing["samples"], 4);
    let (shape, u) = array(&out.join("solutions-0000.npy"));
    assert_eq!(shape, [4, 20, 20]);
    let (_, exact) = array(&drawn.join("solutions-0000.npy"));
    for (u, exact) in u.iter().zip(&exact) {
        assert!((u - exact).abs() <= 1e-6 * exact.abs());
        assert_eq!(*u, f64::from(*u as f32));
    }
    assert_eq!(
        resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
        0
    );
}

#[test]
fn a_finer_grid_is_restricted_and_other_parameters_make_a_set_of_their_own() {
    let out = folder("fine");
    make(
        &out,
        "darcy --samples 10 --solve-grid 32 --grid 16 --split ood:tau=7,contrast=100 --split train=0.8,test=0.2",
    );
    let fine = folder("fine-solved");
    make(&fine, "darcy --samples 10 --grid 32");
    let (_, u) = array(&out.join("solutions-0000.npy"));
    let (_, all) = array(&fine.join("solutions-0000.npy"));
    for (sample, u) in u.chunks(256).enumerate() {
        for (cell, u) in u.iter().enumerate() {
            let at = |dx, dy| all[sample * 1024 + (cell / 16 * 2 + dy) * 32 + cell % 16 * 2 + dx];
            let mean = 0.25 * (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1));
            assert!((mean - u).abs() <= 1e-7 * mean); // either is solved to 1e-8
        }
    }
    assert_eq!(
        resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
        0
    );
    let other = out.join("ood");
    let (shape, a) = array(&other.join("coefficients-0000.npy"));
    assert_eq!(shape, [2, 16, 16]);
    assert!(a.contains(&300.0) && a.iter().all(|a| *a == 3.0 || *a == 300.0));
    assert_eq!(manifest(&other)["first"], 10);
    assert_eq!(manifest(&other)["parameters"]["tau"], 7.0);
}

#[test]
fn what_does_not_converge_is_quarantined() {
    let out = folder("quarantine");
    let args = [
        "dataset",
        "darcy",
        "--samples",
        "3",
        "--grid",
        "16",
        "--solver",
        "cg",
        "--precond",
        "jacobi",
        "--max-iters",
        "5",
        "--out",
        text(&out),
        "--json",
    ];
    let ran = resolvent(&args);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.json()["failed"], 3);
    let (_, u) = array(&out.join("solutions-0000.npy"));
    assert!(u.iter().all(|u| u.is_nan()));
    let manifest = manifest(&out);
    assert_eq!(manifest["failed"], serde_json::json!([0, 1, 2]));
    assert_eq!(manifest["records"][1]["status"], "max_iterations");
    assert_eq!(
        resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
        0
    );
}

#[test]
fn another_package_can_load_it() {
    let out = folder("export");
    make(
        &out,
        "darcy --samples 6 --grid 8x12 --split train=0.5,test=0.5",
    );
    let to = folder("exported");
    let export = |layout: &str| {
        let ran = resolvent(&[
            "dataset",
            "export",
            text(&out),
            "--to",
            layout,
            "--out",
            text(&to),
        ]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.stdout.lines().map(PathBuf::from).collect::<Vec<_>>()
    };
    let (_, u) = array(&out.join("solutions-0000.npy"));
    let single: Vec<u8> = u[..3 * 96]
        .iter()
        .flat_map(|u| (*u as f32).to_le_bytes())
        .collect();
    let x_first: Vec<u8> = (0..3 * 96)
        .map(|i| u[i / 96 * 96 + i % 12 * 8 + i % 96 / 12] as f32)
        .flat_map(f32::to_le_bytes)
        .collect();
    for (layout, names) in [
        ("neuraloperator", ["darcy_train_12.pt", "darcy_test_12.pt"]),
        ("deeponet", ["darcy_train.npz", "darcy_test.npz"]),
        ("pdebench", ["2D_darcy_Train.hdf5", "2D_darcy_Test.hdf5"]),
    ] {
        let files = export(layout);
        let found: Vec<_> = files
            .iter()
            .map(|f| f.file_name().expect("a name"))
            .collect();
        assert_eq!(found, names);
        // numbers are stored as they are: those of the training samples are in the first file only
        let holds = |file: &PathBuf| {
            let bytes = std::fs::read(file).expect("it is there");
            let part = if layout == "pdebench" {
                &x_first
            } else {
                &single
            };
            bytes.windows(part.len()).any(|there| there == part)
        };
        assert!(holds(&files[0]) && !holds(&files[1]));
    }
}

/// Whatever its matrices are like, `auto` finds a way.
#[test]
fn every_family_makes_a_set_that_is_verified() {
    for line in [
        "darcy",
        "darcy-lognormal",
        "skr-released",
        "poisson",
        "helmholtz:k=6",
        "helmholtz:k=6,order=4",
        "advection-diffusion",
        "heat:steps=3",
        "elasticity",
        "reaction-diffusion",
    ] {
        let out = folder(&format!("family-{}", line.replace([':', '=', ','], "-")));
        let made = make(&out, &format!("{line} --samples 2 --grid 16"));
        assert_eq!(made["failed"], 0, "{line}");
        let verified = resolvent(&["dataset", "verify", text(&out), "--quiet"]);
        assert_eq!(verified.status, 0, "{line}: {}", verified.stderr);
    }
}

#[test]
fn a_contact_sheet_is_drawn() {
    let out = folder("preview");
    let sheet = crate::scratch("dataset-preview.svg");
    make(
        &out,
        &format!("darcy --samples 3 --grid 16 --preview {sheet}"),
    );
    let drawn = std::fs::read_to_string(&sheet).expect("it is there");
    assert_eq!(drawn.matches("data:image/png;base64,").count(), 6);
}
