//! What tests that run networks begin with.

use super::runtime;
use std::io::Write;
use std::path::PathBuf;

/// Whether ONNX Runtime is there. Where it has to be (`RESOLVENT_REQUIRE_ORT`, set by the test command of the
/// README) its absence is a failure; elsewhere the test is left out, and says so past the capture of the
/// test harness.
#[allow(dead_code)]
pub fn there(test: &str) -> bool {
    let Err(error) = runtime::load(None) else {
        return true;
    };
    let required =
        std::env::var_os("RESOLVENT_REQUIRE_ORT").is_some_and(|v| !v.is_empty() && v != "0");
    assert!(!required, "{test}: {error}");
    let line = format!(
        "\n*** LEFT OUT: {test}: there is no ONNX Runtime. The test command of README.md fetches it. ***\n"
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
    false
}

/// A model of the tests.
#[allow(dead_code)]
pub fn model(name: &str) -> PathBuf {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    PathBuf::from(data).join(format!("{name}.onnx"))
}
