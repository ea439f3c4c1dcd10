//! Equations that alternate.

use super::log;
use crate::{error, resolvent, scratch};
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Pressure and temperature of `steps` time steps: grids of 20 × 20 and of 12 × 12, the former hard,
/// the latter easy; listed in turn, and each alone.
fn lists(name: &str, steps: usize) -> [PathBuf; 3] {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder); // left by an earlier run, or not there
    std::fs::create_dir_all(&folder).expect("the scratch folder");
    let header = "matrix,rhs,stream\n";
    let mut texts = [header; 3].map(String::from);
    for t in 0..steps {
        for (k, (stream, nx, shift)) in [("pressure", 20, 0.01), ("temperature", 12, 2.0)]
            .into_iter()
            .enumerate()
        {
            system(
                &folder,
                &format!("{stream}_{t}"),
                nx,
                shift * (1.0 + 0.1 * t as f64),
            );
            let line = format!("{stream}_{t}.mtx,{stream}_{t}_b.mtx,{stream}\n");
            texts[0] += &line;
            texts[1 + k] += &line;
        }
    }
    let names = ["both.csv", "pressure.csv", "temperature.csv"];
    let paths = names.map(|name| folder.join(name));
    for (path, text) in paths.iter().zip(texts) {
        std::fs::write(path, text).expect("the scratch folder");
    }
    paths
}

/// The 5-point matrix and a multiple of one, and a right-hand side of its own.
fn system(folder: &Path, name: &str, nx: usize, shift: f64) {
    let (n, mut entries, mut count) = (nx * nx, String::new(), 0);
    let mut put = |i: usize, j: usize, v: f64| {
        writeln!(entries, "{} {} {v}", i + 1, j + 1).expect("to a string");
        count += 1;
    };
    for i in 0..n {
        put(i, i, 4.0 + shift);
        if i % nx > 0 {
            put(i, i - 1, -1.0);
        }
        if i >= nx {
            put(i, i - nx, -1.0);
        }
    }
    let a = format!("%%MatrixMarket matrix coordinate real symmetric\n{n} {n} {count}\n{entries}");
    let mut b = format!("%%MatrixMarket matrix array real general\n{n} 1\n");
    for i in 0..n {
        writeln!(b, "{}", 1.0 + shift * (i % 7) as f64).expect("to a string");
    }
    std::fs::write(folder.join(format!("{name}.mtx")), a).expect("the scratch folder");
    std::fs::write(folder.join(format!("{name}_b.mtx")), b).expect("the scratch folder");
}

fn run(list: &Path, more: &[&str]) -> Value {
    let path = list.to_string_lossy();
    let ran = resolvent(&[&["sequence", &path, "--json"], more].concat());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.json()
}

/// What was solved, without where it stands in the list.
fn solved(lines: Vec<Value>, stream: &str) -> Vec<Value> {
    let of = |line: &Value| {
        let path = line["matrix"]["path"].as_str().expect("a path");
        path.contains(&format!("/{stream}_"))
    };
    let keys = [
        "iterations",
        "arm",
        "omega",
        "probability",
        "context",
        "cost",
        "precond",
        "attempts",
        "relative_residual",
    ];
    let kept = |line: &Value| keys.map(|key| line[key].clone()).to_vec().into();
    lines.iter().filter(|line| of(line)).map(kept).collect()
}

#[test]
fn each_is_solved_as_if_it_were_alone() {
    let [both, pressure, temperature] = lists("alternating", 25);
    for way in [
        &["--x0", "extrapolate"][..],
        &["--x0", "previous", "--solver", "cg", "--precond", "ic0"],
        &["--x0", "previous", "--tune", "omega"],
        &["--tuner", "chebcb", "--hindsight"],
        &["--tuner", "tsallis-inf"],
    ] {
        let (written, alone) = (scratch("alternating.jsonl"), scratch("alone.jsonl"));
        let json = run(&both, &[way, &["--log", &written]].concat());
        let lines = log(&written);
        let streams = json["streams"].as_array().expect("a list");
        let mut iterations = 0;
        for (k, list) in [&pressure, &temperature].into_iter().enumerate() {
            let name = ["pressure", "temperature"][k];
            let single = run(list, &[way, &["--log", &alone]].concat());
            assert_eq!(single["streams"], Value::Array(Vec::new()));
            assert_eq!(log(&alone)[0]["stream"], Value::Null);
            let stream = &streams[k];
            assert_eq!(
                (&stream["name"], &stream["systems"]),
                (&name.into(), &25.into())
            );
            iterations += stream["iterations_total"].as_u64().expect("a count");
            // the second stream draws by itself: where arms are drawn, it cannot be compared
            let tuned = way.iter().any(|word| word.starts_with("--tune"));
            if k == 0 || !tuned {
                assert_eq!(
                    solved(lines.clone(), name),
                    solved(log(&alone), name),
                    "{way:?}"
                );
                for key in [
                    "iterations_total",
                    "solver",
                    "precond",
                    "experts",
                    "best_fixed",
                ] {
                    assert_eq!(stream[key], single[key], "{way:?} {key}");
                }
            }
        }
        assert_eq!(json["iterations_total"], iterations);
        assert_eq!(
            (&json["systems"], &json["solver"]),
            (&50.into(), &Value::Null)
        );
        for (index, line) in lines.iter().enumerate() {
            assert_eq!(line["index"], index);
            assert_eq!(line["stream"], ["pressure", "temperature"][index % 2]);
        }
    }
}

#[test]
fn all_of_them_are_saved() {
    let [both, pressure, _] = lists("saved", 20);
    let path = both.to_string_lossy();
    let command = ["sequence", &path, "--tune", "omega", "--x0", "previous"];
    let [once, pieces] = super::resume::in_pieces("saved_streams", &command);
    for key in ["streams", "cost_total"] {
        let untimed = |json: &Value| {
            let mut value = json[key].clone();
            for stream in value.as_array_mut().into_iter().flatten() {
                stream.as_object_mut().expect("an object").remove("seconds");
            }
            value
        };
        assert_eq!(untimed(&once), untimed(&pieces));
    }
    // the list has changed since
    let state = scratch("saved_changed.json");
    let more = ["--state", &state];
    assert_eq!(resolvent(&[&command[..], &more].concat()).status, 0);
    std::fs::copy(&pressure, &both).expect("the scratch folder");
    let text = error(&[&command[..], &more].concat());
    assert!(text.contains("another run"), "{text}");
}

#[test]
fn the_closing_words_and_the_report_are_of_each() {
    let [both, ..] = lists("told", 8);
    let (path, out) = (both.to_string_lossy(), scratch("told_x"));
    let written = scratch("told.jsonl");
    let more = [
        "--tuner",
        "tsallis-inf",
        "--hindsight",
        "--log",
        &written,
        "--out",
        &out,
    ];
    let ran = resolvent(&[&["sequence", &path], &more[..]].concat());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for words in [
        "16 systems",
        "pressure: 8 systems, cg + ssor, tuner tsallis-inf: all converged",
        "temperature: 8 systems, cg + ssor",
        "  in hindsight",
        "together: all converged",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(Path::new(&out).join("pressure_pressure_7_x.mtx").exists());
    assert_eq!(std::fs::read_dir(&out).expect("solutions").count(), 16);
    let json = resolvent(&["tune", "report", &written, "--json"]).json();
    let logs = json["logs"].as_array().expect("a list");
    let streams: Vec<_> = logs.iter().map(|log| &log["stream"]).collect();
    assert_eq!(streams, ["pressure", "temperature"]);
    assert!(logs.iter().all(|log| log["systems"] == 8));
    let words = resolvent(&["tune", "report", &written]).stdout;
    assert!(
        words.contains("told.jsonl (pressure): tsallis-inf, 8 systems"),
        "{words}"
    );
}
