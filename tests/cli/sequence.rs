//! `resolvent sequence`.

mod order;
mod petsc;
mod resume;
mod streams;

use crate::{error, resolvent, scratch};
use serde_json::Value;
use std::fmt::Write;
use std::path::PathBuf;

/// A folder with `systems` systems on a 20 × 20 grid that change slowly, `A_0.mtx` and `b_0.mtx` on.
fn folder(name: &str, systems: usize) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder); // left by an earlier run, or not there
    std::fs::create_dir_all(&folder).expect("the scratch folder");
    for t in 0..systems {
        let mut entries = String::new();
        let mut count = 0;
        let mut put = |i: usize, j: usize, v: f64| {
            writeln!(entries, "{} {} {v}", i + 1, j + 1).expect("to a string");
            count += 1;
        };
        for i in 0..400 {
            put(i, i, 4.0 + 0.01 * t as f64);
            if i % 20 > 0 {
                put(i, i - 1, -1.0);
            }
            if i >= 20 {
                put(i, i - 20, -1.0);
            }
        }
        let a =
            format!("%%MatrixMarket matrix coordinate real symmetric\n400 400 {count}\n{entries}");
        let mut b = String::from("%%MatrixMarket matrix array real general\n400 1\n");
        for i in 0..400 {
            writeln!(b, "{}", 1.0 + 0.01 * (t * (i % 7)) as f64).expect("to a string");
        }
        std::fs::write(folder.join(format!("A_{t}.mtx")), a).expect("the scratch folder");
        std::fs::write(folder.join(format!("b_{t}.mtx")), b).expect("the scratch folder");
    }
    folder
}

/// The lines of a log, without what is never the same twice.
fn log(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the log");
    let line = |line: &str| {
        let mut object: Value = serde_json::from_str(line).expect("a line is an object");
        for key in ["seconds", "peak_rss_bytes"] {
            object.as_object_mut().expect("an object").remove(key);
        }
        for attempt in object["attempts"].as_array_mut().expect("a list") {
            attempt
                .as_object_mut()
                .expect("an object")
                .remove("seconds");
        }
        object
    };
    text.lines().map(line).collect()
}

#[test]
fn a_folder_in_its_order() {
    let folder = folder("ordered", 12);
    let path = folder.to_string_lossy();
    let (written, out) = (scratch("ordered.jsonl"), scratch("ordered_x"));
    let ssor = ["--solver", "cg", "--precond", "ssor", "--omega", "1.5"];
    let run = |more: &[&str]| resolvent(&[&["sequence", &path], &ssor[..], more].concat());
    let cold = run(&["--json", "--log", &written, "--out", &out]);
    assert_eq!(cold.status, 0);
    let cold = cold.json();
    assert_eq!(
        (&cold["systems"], &cold["converged"]),
        (&12.into(), &12.into())
    );
    assert!(cold["max_relative_residual"].as_f64().expect("a number") <= 1e-8);
    let lines = log(&written);
    let mut sum = 0;
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["index"], index);
        let name = line["matrix"]["path"].as_str().expect("a path");
        assert!(name.ends_with(&format!("A_{index}.mtx")), "{name}");
        assert_eq!(line["omega"], 1.5);
        assert_eq!(line["converged"], true);
        sum += line["iterations"].as_u64().expect("a count");
    }
    assert_eq!((lines.len(), &cold["iterations_total"]), (12, &sum.into()));
    assert!(PathBuf::from(&out).join("A_11_x.mtx").exists());
    let warm = run(&["--json", "--x0", "extrapolate"]).json();
    assert!(warm["iterations_total"].as_u64() < Some(sum));
}

#[test]
fn left_to_auto_and_listed_in_a_manifest() {
    let folder = folder("listed", 3);
    let list = folder.join("list.csv");
    std::fs::write(
        &list,
        "matrix,rhs,dt\nA_2.mtx,b_2.mtx,0.5\nA_0.mtx,b_0.mtx,0.25\nA_1.mtx,,0.125\n",
    )
    .expect("the scratch folder");
    let written = scratch("listed.jsonl");
    let run = resolvent(&["sequence", &list.to_string_lossy(), "--log", &written]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("3 systems") && run.stdout.contains("all converged"));
    let lines = log(&written);
    assert_eq!(lines[0]["context"][0], 0.5);
    assert!(
        lines[1]["matrix"]["path"]
            .as_str()
            .expect("a path")
            .ends_with("A_0.mtx")
    );
    assert!(lines[2]["forward_error"].as_f64().expect("x* is known") < 1e-6);
}

#[test]
fn what_is_not_a_sequence_is_explained() {
    let empty = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("empty");
    std::fs::create_dir_all(&empty).expect("the scratch folder");
    let list = |name: &str, text: &str| crate::file(name, text);
    let nothing = list("nothing.csv", "a,b\n");
    let gone = list("gone.csv", "matrix,rhs\nnowhere.mtx,\n");
    let state = list("broken.json", "{}");
    let several = folder("several", 1);
    std::fs::write(
        several.join("b_0.mtx"),
        format!(
            "%%MatrixMarket matrix array real general\n400 2\n{}",
            "1\n".repeat(800)
        ),
    )
    .expect("the scratch folder");
    let texts = [
        error(&["sequence", "nothing-of-that-name"]),
        error(&["sequence", &empty.to_string_lossy()]),
        error(&["sequence", &nothing]),
        error(&["sequence", &gone]),
        error(&["sequence", &several.to_string_lossy()]),
        error(&["sequence", &several.to_string_lossy(), "--state", &state]),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_generator_is_tuned_and_looked_back_at() {
    let written = scratch("tuned.jsonl");
    let run = |more: &[&str]| {
        let common = [
            "sequence",
            "shifted-laplacian:systems=60,n=49",
            "--solver",
            "sor",
            "--json",
        ];
        resolvent(&[&common[..], more].concat())
    };
    let ran = run(&[
        "--tune",
        "omega",
        "--omegas",
        "paper",
        "--hindsight",
        "--log",
        &written,
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let closing = ran.json();
    assert_eq!(
        (&closing["tuner"], &closing["converged"]),
        (&"auto".into(), &60.into())
    );
    let lines = log(&written);
    let number = |value: &Value| value.as_u64().expect("a count");
    let (mut grid, mut oracle, mut golden, mut cost) = (vec![0; 20], 0, 0, 0.0);
    for line in &lines {
        let again = line["hindsight"]["iterations"]
            .as_array()
            .expect("twenty counts");
        let counts: Vec<u64> = again.iter().map(number).collect();
        grid.iter_mut().zip(&counts).for_each(|(sum, k)| *sum += k);
        oracle += counts.iter().min().expect("twenty");
        let best = number(&line["hindsight"]["golden"]["iterations"]);
        assert!(best <= *counts.iter().min().expect("twenty"));
        golden += best;
        let p = line["probability"].as_f64().expect("a number");
        assert!(p > 0.0 && p <= 1.0 && line["context"][0].is_f64());
        assert!(line["arm"].is_string() && line["tuner"] == "auto");
        cost += line["cost"].as_f64().expect("a number");
        // what an arm with this omega took is what hindsight says it takes
        let arm = line["arm"].as_str().expect("a name");
        let at = arm
            .strip_prefix("omega=")
            .and_then(|w| w.parse::<f64>().ok());
        let index = at.map(|w| ((w - 1.0) / 0.05).round() as usize);
        if let Some(k) = index.filter(|_| line["capped"] == false) {
            assert_eq!(number(&line["iterations"]), counts[k], "{line}");
        }
    }
    let best = grid.iter().min().expect("twenty");
    assert_eq!(number(&closing["best_fixed"]["iterations_total"]), *best);
    assert_eq!(number(&closing["oracle"]["iterations_total"]), oracle);
    assert_eq!(number(&closing["golden"]["iterations_total"]), golden);
    assert!((closing["cost_total"].as_f64().expect("a number") - cost).abs() < 1e-6);
    assert!(cost < 2.0 * *best as f64, "{cost} {best}");
    // the same again, to the last digit
    let again = run(&["--tune", "omega", "--omegas", "paper", "--hindsight"]).json();
    assert_eq!(again["cost_total"], closing["cost_total"]);
}

#[test]
fn what_cannot_be_tuned_is_said() {
    let refused = |more: &[&str], says: &str| {
        let common = ["sequence", "heat2d:nx=8,systems=3"];
        let ran = resolvent(&[&common[..], more].concat());
        assert_eq!(ran.status, 2, "{more:?}");
        assert!(ran.stderr.contains(says), "{more:?}: {}", ran.stderr);
    };
    for (args, says) in [
        (&["--tuner", "ucb"][..], "tsallis-inf"),
        (
            &["--tune", "omega", "--solver", "cg", "--precond", "ic0"],
            "has no omega to tune",
        ),
        (&["--tuner", "adaptive", "--solver", "cg"], "is for sor"),
        (
            &["--tune", "config", "--tuner", "young"],
            "whole configurations",
        ),
        (
            &["--tuner", "chebcb", "--omegas", "1:0.1:2.5"],
            "LOW:STEP:HIGH",
        ),
        (&["--tuner", "chebcb", "--context-range", "2:1"], "LOW:HIGH"),
        (
            &["--tuner", "chebcb", "--context", "nowhere.csv"],
            "nowhere.csv",
        ),
    ] {
        refused(args, says);
    }
    let short = scratch("contexts.csv");
    std::fs::write(&short, "1.0\n2.0\n").expect("the scratch folder");
    refused(
        &["--tuner", "chebcb", "--context", &short],
        "2 lines of numbers for 3 systems",
    );
    std::fs::write(&short, "1.0\nx\n2.0\n").expect("the scratch folder");
    refused(
        &["--tuner", "chebcb", "--context", &short],
        "contexts.csv:2: found `x`",
    );
    let text = error(&["sequence", "heat3d"]);
    assert!(text.contains("did you mean `heat2d`?"), "{text}");
    let text = error(&["sequence", "no/such/place"]);
    assert!(text.contains("no such file or folder"), "{text}");
}

#[test]
fn whole_configurations_are_chosen_among() {
    let written = scratch("config.jsonl");
    let args = [
        "--tune", "config", "--cost", "work", "--log", &written, "--json",
    ];
    let ran = resolvent(&[&["sequence", "heat2d:nx=16,systems=40"], &args[..]].concat());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let arms: std::collections::BTreeSet<String> = log(&written)
        .iter()
        .map(|line| line["arm"].as_str().expect("a name").into())
        .collect();
    assert!(
        arms.len() > 3 && arms.iter().any(|arm| arm == "cg+ic0"),
        "{arms:?}"
    );
}

/// Options that nothing would come of, and numbers that are given twice.
#[test]
fn options_without_effect_are_refused() {
    let folder = folder("sequence_useless", 3);
    let folder = folder.to_str().expect("text");
    for (options, said) in [
        (&["--omegas", "paper"][..], "tunes nothing"),
        (&["--cost", "work"], "tunes nothing"),
        (&["--no-backstop"], "tunes nothing"),
        (
            &["--tune", "config", "--omegas", "paper"],
            "whole configurations",
        ),
        (&["--tuner", "chebcb", "--context", "none"], "by a context"),
        (
            &["--solver", "sor:omega=1.2", "--omega", "1.3"],
            "given twice",
        ),
        (
            &["--tune", "omega", "--context", "gershgorn"],
            "--context gershgorn",
        ),
    ] {
        let said_of = error(&[&["sequence", folder], options].concat());
        assert!(said_of.contains(said), "{options:?}: {said_of}");
    }
    let own = resolvent(&[
        "sequence", folder, "--tune", "omega", "--omega", "1.3", "--tuner", "fixed", "--json",
    ]);
    assert_eq!(own.status, 0, "{}", own.stderr);
    let named = resolvent(&[
        "sequence",
        folder,
        "--solver",
        "cg",
        "--precond",
        "ssor:omega=1.3",
        "--json",
    ]);
    assert_eq!(
        own.json()["iterations_total"],
        named.json()["iterations_total"]
    );
}

/// Of a method that recycles, what would have been best is not found with the space of the same system.
#[test]
fn hindsight_recycles_nothing() {
    let source = "heat2d:nx=10,systems=4";
    let ran = resolvent(&[
        "sequence",
        source,
        "--solver",
        "gcrodr",
        "--hindsight",
        "--json",
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let closing = ran.json();
    let count = |key: &str| closing[key]["iterations_total"].as_u64().expect("a number");
    assert!(
        count("best_fixed") >= 4 && count("oracle") >= 4,
        "{closing}"
    );
    assert_eq!(closing["hindsight_failed"], 0);
}

/// Every number that is read off the matrix can be chosen on, and configurations differ in their numbers too.
#[test]
fn contexts_and_configurations_can_be_chosen() {
    let folder = folder("sequence_contexts", 4);
    let folder = folder.to_str().expect("text");
    for context in ["gershgorin", "contrast", "change"] {
        let lines = scratch(&format!("context_{context}.jsonl"));
        let args = [
            "sequence",
            folder,
            "--tune",
            "omega",
            "--context",
            context,
            "--log",
            &lines,
        ];
        assert_eq!(resolvent(&args).status, 0);
        let log = log(&lines);
        let numbers: Vec<f64> = log
            .iter()
            .map(|line| line["context"][0].as_f64().expect("a number"))
            .collect();
        assert_eq!(numbers.len(), 4);
        match context {
            "contrast" => assert!(numbers.iter().all(|c| *c == 0.0), "{numbers:?}"), // one diagonal entry
            "change" => assert!(numbers[0] == 0.0 && numbers[1] > 0.0, "{numbers:?}"),
            _ => assert!(numbers.iter().all(|c| *c > 0.0), "{numbers:?}"),
        }
    }
    let args = [
        "sequence", folder, "--tune", "config", "--cost", "work", "--json",
    ];
    let ran = resolvent(&args);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let experts = ran.json()["experts"].to_string();
    for name in [
        "cg+ict:drop=",
        "gmres:restart=150+ilut",
        "cg+ssor:omega=1.5",
        "direct",
    ] {
        assert!(experts.contains(name), "{name}: {experts}");
    }
}

/// A negative definite matrix is solved as −A·(−x) = b, as by `solve`.
#[test]
fn what_is_negative_definite_is_turned_round() {
    let folder = folder("sequence_negative", 2);
    for t in 0..2 {
        let path = folder.join(format!("A_{t}.mtx"));
        let text = std::fs::read_to_string(&path).expect("the matrix");
        let lines = text
            .lines()
            .enumerate()
            .map(|(number, line)| match line.rsplit_once(' ') {
                Some((place, value)) if number > 1 => {
                    format!("{place} {}\n", -value.parse::<f64>().expect("a number"))
                }
                _ => format!("{line}\n"),
            });
        std::fs::write(&path, lines.collect::<String>()).expect("the scratch folder");
    }
    let folder = folder.to_str().expect("text");
    for precond in ["ssor", "jacobi", "none"] {
        let args = [
            "sequence",
            folder,
            "--solver",
            "cg",
            "--precond",
            precond,
            "--json",
        ];
        let ran = resolvent(&args);
        assert_eq!(ran.status, 0, "{precond}: {}", ran.stderr);
        assert_eq!(ran.json()["converged"], 2, "{precond}");
    }
}
