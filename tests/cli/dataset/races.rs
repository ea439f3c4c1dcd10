//! Processes that begin the same folder in the same moment.

use super::{folder, manifest, text};
use crate::resolvent;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn begin(out: &Path, command: &str, seed: usize) -> Child {
    let line = format!("{command} darcy --samples 40 --grid 32 --threads 1 --seed {seed}");
    Command::new(env!("CARGO_BIN_EXE_resolvent"))
        .arg("dataset")
        .args(line.split_whitespace())
        .args(["--out", text(out), "--quiet"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

fn seed(out: &Path) -> u64 {
    let plan = std::fs::read(out.join("plan.json")).expect("there is a plan");
    let plan: Value = serde_json::from_slice(&plan).expect("it is whole");
    plan["request"]["seed"].as_u64().expect("a number")
}

#[test]
fn of_several_plans_one_stays_and_the_others_are_refused() {
    let out = folder("race-plans");
    let begun: Vec<_> = (0..3).map(|seed| begin(&out, "plan", seed)).collect();
    let ends = begun.into_iter().map(|child| {
        let end = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&end.stderr).into_owned();
        (end.status.code().expect("by itself"), said)
    });
    let ends: Vec<_> = ends.collect();
    let won: Vec<_> = (0..3).filter(|seed| ends[*seed].0 == 0).collect();
    assert_eq!(won.len(), 1, "{ends:?}");
    assert_eq!(seed(&out), won[0] as u64);
    let refused = ends.iter().filter(|(status, _)| *status != 0);
    for (status, said) in refused {
        assert_eq!(*status, 2);
        assert!(said.contains("seed is"), "{said}");
    }
}

/// A process that measures for long finds the set of another one, begun and finished meanwhile, and
/// leaves it as it is.
#[test]
fn who_plans_late_writes_over_nothing() {
    let out = folder("race-late");
    let mut late = begin(&out, "", 7);
    let quick = [
        "dataset",
        "darcy",
        "--samples",
        "4",
        "--grid",
        "8",
        "--solver",
        "cg",
        "--precond",
        "ic0",
    ];
    let quick = resolvent(&[&quick[..], &["--out", text(&out), "--quiet"]].concat());
    let end = late.wait().expect("it ends").code().expect("by itself");
    // whoever came first has made its set, the other one was refused
    let first = u64::from(quick.status == 0);
    assert_eq!(
        (quick.status, end),
        if first == 1 { (0, 2) } else { (2, 0) }
    );
    assert_eq!(seed(&out), 7 * (1 - first));
    assert_eq!(manifest(&out)["seed"], 7 * (1 - first));
    let verified = resolvent(&["dataset", "verify", text(&out)]);
    assert_eq!(verified.status, 0, "{}", verified.stdout);
}

#[test]
fn merges_at_the_same_time_all_succeed() {
    let out = folder("race-merges");
    let planned = begin(&out, "plan", 3).wait_with_output().expect("it ends");
    assert!(planned.status.success());
    assert_eq!(
        resolvent(&["dataset", "run", text(&out), "--quiet"]).status,
        0
    );
    for _ in 0..5 {
        let merge = |_| {
            Command::new(env!("CARGO_BIN_EXE_resolvent"))
                .args(["dataset", "merge", text(&out), "--quiet"])
                .stderr(Stdio::piped())
                .spawn()
                .expect("the command starts")
        };
        for child in (0..4).map(merge).collect::<Vec<_>>() {
            let end = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&end.stderr).into_owned();
            assert!(end.status.success(), "{said}");
        }
    }
    let left = std::fs::read_dir(&out).expect("it is there").flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(left.count(), 0);
    assert_eq!(resolvent(&["dataset", "verify", text(&out)]).status, 0);
}
