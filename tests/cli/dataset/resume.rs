//! Killed at any moment, and gone on with; parts made apart.

use super::{checksums, folder, make, manifest, text};
use crate::resolvent;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LINE: &str =
    "darcy --samples 96 --grid 48 --shard-samples 8 --solver cg --precond ic0 --threads 2";

fn shards(out: &Path) -> usize {
    let done = |name: &str| !name.ends_with(".time.json") && name.ends_with(".json");
    let entries = std::fs::read_dir(out.join("shards"));
    entries.map_or(0, |entries| {
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(|name| done(name)).count()
    })
}

/// Begins a run, and kills it once so many shards are done; says how many were.
fn killed(out: &Path, after: usize) -> usize {
    let mut child = Command::new(env!("CARGO_BIN_EXE_resolvent"))
        .arg("dataset")
        .args(LINE.split(' '))
        .args(["--out", text(out), "--quiet"])
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    let begun = Instant::now();
    while shards(out) < after && begun.elapsed() < Duration::from_secs(60) {
        if child.try_wait().expect("it can be asked").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it can be killed"); // SIGKILL
    child.wait().expect("it ends");
    shards(out)
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_same_files() {
    let whole = folder("resume-whole");
    make(&whole, LINE);
    let out = folder("resume-killed");
    let mut done = vec![killed(&out, 0)];
    for after in [1, 4, 6] {
        done.push(killed(&out, after));
    }
    assert!(done.is_sorted(), "{done:?}");
    let closing = make(&out, LINE);
    assert_eq!(closing["complete"], true);
    assert!(closing["resumed_shards"].as_u64() >= Some(1), "{closing}");
    assert_eq!(checksums(&whole), checksums(&out));
    assert_eq!(manifest(&whole), manifest(&out));
    let left = std::fs::read_dir(&out)
        .expect("a folder")
        .filter_map(|entry| entry.ok());
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| text(name.as_ref()).ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn parts_make_the_whole_and_a_flipped_byte_is_found_and_mended() {
    let whole = folder("parts-whole");
    make(&whole, LINE);
    let out = folder("parts");
    let args: Vec<_> = ["dataset", "plan"]
        .into_iter()
        .chain(LINE.split(' '))
        .collect();
    let plan = resolvent(&[args.as_slice(), &["--out", text(&out)]].concat());
    assert_eq!(plan.status, 0, "{}", plan.stderr);
    // not before all are there
    assert_eq!(resolvent(&["dataset", "merge", text(&out)]).status, 2);
    for part in ["1/3", "0/3", "2/3"] {
        let ran = resolvent(&["dataset", "run", text(&out), "--shard", part, "--quiet"]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
    assert_eq!(
        resolvent(&["dataset", "merge", text(&out), "--quiet"]).status,
        0
    );
    assert_eq!(manifest(&whole), manifest(&out));

    let victim = out.join("solutions-0003.npy");
    let mut bytes = std::fs::read(&victim).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&victim, bytes).expect("it can be written");
    let judged = resolvent(&["dataset", "verify", text(&out)]);
    assert_eq!(judged.status, 1);
    assert!(
        judged.stdout.contains("solutions-0003.npy"),
        "{}",
        judged.stdout
    );
    std::fs::remove_file(out.join("shards/0003.json")).expect("as advised");
    make(&out, LINE);
    assert_eq!(
        resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
        0
    );
    assert_eq!(checksums(&whole), checksums(&out));
}
