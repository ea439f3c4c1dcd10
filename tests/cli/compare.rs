//! `resolvent compare`.

use crate::{resolvent, scratch};

#[test]
fn ranks_by_time_and_names_a_command_that_works() {
    let svg = scratch("compare.svg");
    let args = ["compare", "matrices/mtx/nos4.mtx", "--json", "--plot", &svg];
    let ran = resolvent(&args);
    assert_eq!(ran.status, 0);
    let json = ran.json();
    let runs = json["runs"].as_array().unwrap();
    assert!(runs.len() >= 8);
    let converged: Vec<_> = runs.iter().filter(|run| run["converged"] == true).collect();
    let seconds = converged
        .iter()
        .map(|run| run["seconds"]["total"].as_f64().unwrap());
    assert!(seconds.is_sorted());
    assert!(
        converged
            .iter()
            .all(|run| run["relative_residual"].as_f64().unwrap() <= 1e-8 * 1.001)
    );
    assert_eq!(json["winner"]["solver"], runs[0]["solver"]);

    let command = json["winner"]["command"].as_str().unwrap();
    let words: Vec<_> = command.split(' ').skip(1).collect();
    assert_eq!(resolvent(&words).status, 0);
    assert!(
        std::fs::read_to_string(svg)
            .unwrap()
            .contains("the fastest first")
    );
}

#[test]
fn the_table_is_for_people() {
    let ran = resolvent(&["compare", "matrices/mtx/nos4.mtx"]);
    let header = ran.stdout.lines().nth(2).unwrap();
    assert!(header.starts_with("solver") && header.ends_with("outcome"));
    assert!(
        ran.stdout
            .contains("\nfastest: resolvent solve matrices/mtx/nos4.mtx --solver ")
    );
}

#[test]
fn nothing_converged_is_status_one() {
    let args = [
        "compare",
        "matrices/mtx/nos4.mtx",
        "--rtol",
        "1e-30",
        "--max-iters",
        "20",
    ];
    let ran = resolvent(&args);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("nothing converged"));
}
