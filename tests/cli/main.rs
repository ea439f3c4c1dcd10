//! The command as it is typed: what it prints, writes and returns.

mod compare;
mod dataset;
mod docs;
mod errors;
mod help;
mod info;
mod network;
mod networks_in_runs;
mod referee;
mod sequence;
mod solve;
mod tune;

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A run of the built command.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

/// Runs `resolvent` in the repository.
fn resolvent(args: &[&str]) -> Ran {
    let run = Command::new(env!("CARGO_BIN_EXE_resolvent"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COLUMNS")
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = run.expect("the command starts");
    Ran {
        status: status.code().expect("it ends by itself"),
        stdout: String::from_utf8(stdout).expect("its output is text"),
        stderr: String::from_utf8(stderr).expect("its errors are text"),
    }
}

impl Ran {
    /// The JSON it printed, and nothing else.
    fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).expect("stdout is one JSON object")
    }

    fn keys(&self) -> Vec<String> {
        let object = self.json();
        let object = object.as_object().expect("an object");
        object.keys().cloned().collect()
    }
}

/// A path to write to, the test's own.
fn scratch(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path); // left by an earlier run, or not there
    path.to_string_lossy().into_owned()
}

/// A file with this text.
fn file(name: &str, text: &str) -> String {
    let path = scratch(name);
    std::fs::write(&path, text).expect("the scratch folder can be written to");
    path
}

/// What a text says, with what varies from run to run or machine to machine masked.
fn masked(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let words = line.split(' ').map(|word| {
            let trimmed = word.trim_matches(|c: char| "(),;".contains(c));
            let number = trimmed.parse::<f64>().is_ok() && trimmed.contains(['.', 'e']);
            if number {
                word.replace(trimmed, "#")
            } else {
                word.to_string()
            }
        });
        out += &words.collect::<Vec<_>>().join(" ");
        out.push('\n');
    }
    out
}

/// Runs into an error; returns its text without the words that are always there.
fn error(args: &[&str]) -> String {
    let ran = resolvent(args);
    assert_eq!(ran.status, 2, "{args:?}: {}", ran.stdout);
    assert_eq!(ran.stdout, "", "{args:?}");
    let text = ran.stderr.strip_prefix("resolvent: error: ");
    let text = text.unwrap_or_else(|| panic!("{args:?}: {}", ran.stderr));
    text.trim_end().replace(env!("CARGO_TARGET_TMPDIR"), "TMP")
}
