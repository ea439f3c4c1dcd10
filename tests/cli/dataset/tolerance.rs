//! `--rtol auto`: how exact labels are, that it stays what it was, and who has none.

use super::bars::distances;
use super::{checksums, folder, make, text};
use crate::resolvent;

#[test]
fn labels_are_as_exact_as_promised_and_the_same_every_time() {
    let how = "darcy --grid 24 --samples 20 --seed 2 --solver cg --precond ic0";
    let (one, two) = (folder("auto-one"), folder("auto-two"));
    let closing = make(&one, &format!("{how} --rtol auto --error-bars-fraction 1"));
    let rtol = closing["rtol"].as_f64().expect("a number");
    assert!((1e-8..=1e-3).contains(&rtol), "{rtol}");
    assert_eq!(closing["tolerance"]["met"], true);
    make(
        &two,
        &format!("{how} --rtol auto --error-bars-fraction 1 --threads 1"),
    );
    assert_eq!(checksums(&one), checksums(&two));
    let again = make(&one, &format!("{how} --rtol auto --error-bars-fraction 1"));
    assert_eq!(again["rtol"], rtol); // gone on with: found, not looked for again
    // every sample, also those that were not measured, keeps to 1 % of what the grid is off by
    let exact = folder("auto-exact");
    make(&exact, &format!("{how} --rtol 1e-12"));
    let solutions = "solutions-0000.npy";
    let algebraic = distances(&one.join(solutions), &exact.join(solutions));
    let rows = super::bars::errors(&one);
    assert_eq!(rows.len(), 20);
    for (algebraic, row) in algebraic.iter().zip(&rows) {
        assert!(*algebraic <= 0.01 * row[2], "{algebraic} {}", row[2]);
    }
    assert_eq!(resolvent(&["dataset", "verify", text(&one)]).status, 0);
    // another number is another set
    let mut args: Vec<_> = ["dataset"].into_iter().chain(how.split(' ')).collect();
    args.extend(["--error-bars-fraction", "1", "--out", text(&one)]);
    assert_eq!(resolvent(&args).status, 2);
}

#[test]
fn where_there_is_no_doubled_grid_a_number_is_asked_for() {
    let out = folder("auto-refused");
    let refused = resolvent(&[
        "dataset",
        "skr-released",
        "--samples",
        "2",
        "--grid",
        "8",
        "--rtol",
        "auto",
        "--out",
        text(&out),
    ]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("give --rtol a number"),
        "{}",
        refused.stderr
    );
    assert!(!out.join("plan.json").exists());
}

#[test]
fn what_was_asked_for_is_said_as_it_was_typed() {
    for rtol in ["0.999", "1e-8", "2.5e-5"] {
        let out = folder("asked");
        let mut args = vec!["dataset", "darcy", "--samples", "1", "--grid", "8"];
        args.extend(["--rtol", rtol, "--out", text(&out)]);
        let said = resolvent(&args).stdout;
        assert!(said.contains(&format!("(asked for {rtol})")), "{said}");
    }
}
