//! Runs that are stopped and gone on with.

use super::{folder, log};
use crate::{error, file, resolvent, scratch};
use serde_json::Value;

/// What a run says at its end, on one go and in pieces: of a limited time each, as long as is needed for
/// one system at first, and longer where nothing moves. The logs must be the same.
pub fn in_pieces(name: &str, command: &[&str]) -> [Value; 2] {
    let path = |part: &str| scratch(&format!("{name}_{part}"));
    let (whole, parts, state) = (path("whole.jsonl"), path("parts.jsonl"), path("state.json"));
    let once = resolvent(&[command, &["--json", "--log", &whole]].concat());
    assert_eq!(once.status, 0, "{name}: {}", once.stderr);
    let (mut runs, mut limit, mut done) = (0, 1e-4, 0);
    let closing = loop {
        let limited = limit.to_string();
        let more = [
            "--json",
            "--log",
            &parts,
            "--state",
            &state,
            "--max-time",
            &limited,
        ];
        let ran = resolvent(&[command, &more].concat());
        runs += 1;
        let json = ran.json();
        if json["remaining"] == 0 {
            assert_eq!(ran.status, 0, "{name}: {}", ran.stderr);
            break json;
        }
        assert_eq!(ran.status, 1, "{name}: {}", ran.stderr);
        let now = json["systems"].as_u64().expect("a count");
        if now < done + 3 {
            limit *= 1.5;
        }
        done = now;
    };
    assert!(runs > 1, "{name}: it was never stopped");
    assert_eq!(log(&whole), log(&parts), "{name}");
    [once.json(), closing]
}

#[test]
fn what_generators_carry_is_saved() {
    for (name, source) in [
        ("bratu", "newton:systems=30,nx=24,levels=6"),
        (
            "plaplacian",
            "newton:problem=plaplacian,systems=30,nx=16,levels=6",
        ),
        ("impes", "impes:systems=30,nx=24"),
        ("projection", "projection:systems=30,nx=24"),
    ] {
        let way = ["--solver", "cg", "--precond", "ssor", "--omega", "1.4"];
        let [once, pieces] = in_pieces(name, &[&["sequence", source], &way[..]].concat());
        for key in ["iterations_total", "max_relative_residual", "solver"] {
            assert_eq!(once[key], pieces[key], "{name} {key}");
        }
    }
    // what a solve returns decides the systems to come, and a tuner who solves them
    let tuned = ["sequence", "impes:systems=30,nx=24", "--tune", "omega"];
    let [once, pieces] = in_pieces("impes_tuned", &tuned);
    assert_eq!(once["cost_total"], pieces["cost_total"]);
}

#[test]
fn recycled_spaces_are_saved() {
    let darcy = "darcy:grid=24,systems=24";
    let moving = "advection-diffusion:grid=16,systems=24";
    let heat = "heat2d:nx=16,systems=30";
    for (name, source, solver, precond) in [
        ("rcg", darcy, "rcg:k=4,window=8", "ic0"),
        ("rcg_same", heat, "rcg:k=4", "jacobi"),
        ("gcrodr", moving, "gcrodr:restart=20,k=8", "jacobi"),
        ("gcrodr_b", heat, "gcrodr:restart=12,k=5,strategy=b", "none"),
        (
            "gcrodr_singular",
            moving,
            "gcrodr:restart=20,k=8,strategy=singular",
            "jacobi",
        ),
        (
            "gcrodr_lag",
            moving,
            "gcrodr:restart=20,k=6,lag=3",
            "jacobi",
        ),
    ] {
        // as it decides, which is saved as well, and with a space in use all the time
        for auto in ["true", "false"] {
            let solver = format!("{solver},auto={auto}");
            let way = ["--solver", &solver, "--precond", precond];
            let command = [&["sequence", source], &way[..]].concat();
            let [once, pieces] = in_pieces(&format!("{name}_{auto}"), &command);
            for key in [
                "iterations_total",
                "matvecs_total",
                "recycling_matvecs_total",
                "recycling",
            ] {
                assert_eq!(once[key], pieces[key], "{name} {auto} {key}");
            }
            let recycled = once["recycled"].as_u64();
            assert!(auto == "true" || recycled > Some(5), "{name}: {once}");
        }
    }
}

#[test]
fn solutions_for_a_projected_guess_are_saved() {
    let way = ["--solver", "cg", "--precond", "ic0", "--x0", "pod"];
    let command = [&["sequence", "heat2d:nx=16,systems=30"], &way[..]].concat();
    let [once, pieces] = in_pieces("pod", &command);
    assert_eq!(once["iterations_total"], pieces["iterations_total"]);
}

#[test]
fn with_nothing_left_to_do_the_names_are_still_known() {
    let state = scratch("done.json");
    let common = ["sequence", "heat2d:nx=12,systems=5", "--state", &state];
    let first = resolvent(&[&common[..], &["--json"]].concat()).json();
    assert_ne!(first["solver"], "auto");
    let again = resolvent(&[&common[..], &["--json"]].concat()).json();
    assert_eq!(again["resumed_at"], 5);
    for key in ["solver", "precond", "iterations_total"] {
        assert_eq!(first[key], again[key], "{key}");
    }
    let words = resolvent(&common).stdout;
    assert!(!words.contains("auto + auto"), "{words}");
}

#[test]
fn a_state_of_another_version_is_refused_by_its_number() {
    let old =
        r#"{"version":2,"run":"x","next":3,"totals":{},"solutions":[],"tuner":null,"source":[]}"#;
    let state = file("version.json", old);
    let text = error(&["sequence", "heat2d:nx=8,systems=5", "--state", &state]);
    assert!(
        text.contains("version 2") && text.contains("version 5") && text.contains("version.json"),
        "{text}"
    );
}

#[test]
fn stopped_and_gone_on_with_it_is_the_same_run() {
    let folder = folder("resumed", 12);
    let path = folder.to_string_lossy();
    let (whole, parts) = (scratch("whole.jsonl"), scratch("parts.jsonl"));
    let state = scratch("parts.json");
    let common = [
        "sequence",
        &path,
        "--solver",
        "cg",
        "--precond",
        "ic0",
        "--x0",
        "extrapolate",
        "--json",
    ];
    let total = resolvent(&[&common[..], &["--log", &whole]].concat()).json();
    let mut limit = 2e-4;
    let mut runs = 0;
    let last = loop {
        let limited = limit.to_string();
        let more = ["--log", &parts, "--state", &state, "--max-time", &limited];
        let run = resolvent(&[&common[..], &more].concat());
        runs += 1;
        let json = run.json();
        if json["remaining"] == 0 {
            assert_eq!(run.status, 0);
            break json;
        }
        assert_eq!(run.status, 1);
        limit *= 1.5;
    };
    assert!(runs > 1);
    assert_eq!(log(&whole), log(&parts));
    assert_eq!(total["iterations_total"], last["iterations_total"]);
    let other = error(&[&common[..], &["--state", &state, "--rtol", "1e-6"]].concat());
    assert!(other.contains("another run"), "{other}");
}

#[test]
fn a_tuned_run_that_was_stopped_goes_on_as_if_it_had_not_been() {
    for (source, tuner) in [
        ("shifted-laplacian:systems=40,n=49", "auto"),
        ("heat2d-jump:nx=20,systems=40,hold=5", "learned"),
        ("heat2d:nx=12,systems=40", "chebcb"),
    ] {
        let solver = if source.starts_with("shifted") {
            "sor"
        } else {
            "cg"
        };
        let (whole, parts) = (scratch("tuned_whole.jsonl"), scratch("tuned_parts.jsonl"));
        let state = scratch("tuned_parts.state.json");
        let _ = std::fs::remove_file(&state);
        let common = [
            "sequence",
            source,
            "--solver",
            solver,
            "--tuner",
            tuner,
            "--hindsight",
            "--json",
        ];
        let once = resolvent(&[&common[..], &["--log", &whole]].concat()).json();
        let part = |more: &[&str]| {
            let files = ["--log", &parts, "--state", &state];
            resolvent(&[&common[..], &files, more].concat())
        };
        let mut runs = 0;
        let closing = loop {
            let ran = part(&["--max-time", "0.004"]);
            runs += 1;
            if ran.status == 0 {
                break ran.json();
            }
            assert_eq!(ran.status, 1, "{}", ran.stderr);
            if runs == 200 {
                break part(&[]).json(); // a slow machine
            }
        };
        assert_eq!(log(&whole), log(&parts), "{source}");
        for key in [
            "cost_total",
            "iterations_total",
            "best_fixed",
            "oracle",
            "experts",
        ] {
            assert_eq!(once[key], closing[key], "{source} {key}");
        }
        let other = [
            "sequence", source, "--solver", solver, "--tuner", "exp3", "--state", &state,
        ];
        assert!(error(&other).contains("another run"));
    }
}

/// What is solved is in the log, whatever ends the run.
#[test]
#[cfg(unix)]
fn a_killed_run_leaves_whole_lines_of_what_it_solved() {
    let lines = scratch("killed.jsonl");
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_resolvent"))
        .args(["sequence", "heat2d:nx=64,systems=100000", "--solver", "cg"])
        .args(["--precond", "none", "--quiet", "--log", &lines])
        .spawn()
        .expect("the command");
    let begun = std::time::Instant::now();
    // two lines are far less than a buffer
    while std::fs::read_to_string(&lines)
        .unwrap_or_default()
        .lines()
        .count()
        < 2
    {
        assert!(begun.elapsed().as_secs() < 30, "no line in the log");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    run.kill().expect("it runs");
    run.wait().expect("it ends");
    let text = std::fs::read_to_string(&lines).expect("a log");
    assert!(text.ends_with('\n') && log(&lines).len() >= 2);
}

/// A list that has become shorter, or holds other files, is another source.
#[test]
fn a_state_of_other_systems_is_refused() {
    let folder = super::folder("resume_other", 4);
    let (path, state) = (folder.to_str().expect("text"), scratch("resume_other.json"));
    let _ = std::fs::remove_file(&state);
    let args = ["sequence", path, "--tune", "omega", "--state", &state];
    assert_eq!(resolvent(&args).status, 0);
    let text = std::fs::read_to_string(&state).expect("the state");
    for name in ["A_3.mtx", "b_3.mtx"] {
        std::fs::remove_file(folder.join(name)).expect("it is there");
    }
    assert!(error(&args).contains("another run"));
    // even with a name that fits
    let shorter = text.replace("(4 systems", "(3 systems");
    let bytes: u64 = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|file| file.expect("a file").metadata().expect("its size").len())
        .sum();
    let at = shorter.find("systems, ").expect("the sizes") + "systems, ".len();
    let end = shorter[at..].find(' ').expect("their end") + at;
    let forged = format!("{}{bytes}{}", &shorter[..at], &shorter[end..]);
    std::fs::write(&state, forged).expect("the state");
    assert!(error(&args).contains("4 systems are done"));
}
