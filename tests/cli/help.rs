//! The help is part of the interface: a change of it shows up in review.

use crate::resolvent;

#[test]
fn help_of_every_command() {
    for (name, args) in [
        ("resolvent", vec!["--help"]),
        ("solve", vec!["solve", "--help"]),
        ("compare", vec!["compare", "--help"]),
        ("info", vec!["info", "--help"]),
        ("sequence", vec!["sequence", "--help"]),
        ("model_check", vec!["model", "check", "--help"]),
        ("model_referee", vec!["model", "referee", "--help"]),
        ("runtime_status", vec!["runtime", "status", "--help"]),
    ] {
        let ran = resolvent(&args);
        assert_eq!(ran.status, 0, "{name}");
        let text: Vec<_> = ran.stdout.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(format!("help_{name}"), text.join("\n"));
    }
}

#[test]
fn version() {
    let ran = resolvent(&["--version"]);
    assert_eq!(
        ran.stdout,
        format!("resolvent {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn nothing_typed_is_an_error_that_helps() {
    let ran = resolvent(&[]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("Usage: resolvent <COMMAND>"));
}
