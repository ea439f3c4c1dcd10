//! `resolvent info`.

use crate::{resolvent, scratch};

#[test]
fn describes_matrices_of_every_kind() {
    for name in [
        "lap2D_5pt_n100",
        "sherman1",
        "unit_square",
        "west0067",
        "well1033",
        "young1c",
        "zenios",
    ] {
        let ran = resolvent(&["info", &format!("matrices/mtx/{name}.mtx")]);
        assert_eq!(ran.status, 0);
        // sums of many numbers may differ in the last digits from machine to machine
        let lines = ran.stdout.lines().filter(|line| !line.starts_with("sum"));
        let text: Vec<_> = lines.collect();
        insta::assert_snapshot!(format!("info_{name}"), text.join("\n"));
    }
}

#[test]
fn json_holds_the_matrix_and_its_sum() {
    let json = resolvent(&["info", "matrices/mtx/lap2D_5pt_n100.mtx", "--json"]).json();
    assert_eq!(json["matrix"]["rows"], 10_000);
    assert_eq!(json["sum"], 400.0);
    assert_eq!(json["definiteness"], "positive");
    assert_eq!(json["grid"], serde_json::json!([100, 100, 1]));
}

#[test]
fn a_complex_sum_is_a_pair() {
    let json = resolvent(&["info", "matrices/mtx/young1c.mtx", "--json"]).json();
    assert_eq!(json["sum"].as_array().map(Vec::len), Some(2));
}

#[test]
fn spy_plots_of_small_and_large() {
    for (name, note) in [
        ("nos4", "a box is an entry"),
        ("bcsstk15", "a cell is about 15 x 15"),
    ] {
        let path = scratch(&format!("{name}.svg"));
        let matrix = format!("matrices/mtx/{name}.mtx");
        let ran = resolvent(&["info", &matrix, "-q", "--plot", &path]);
        assert_eq!(ran.status, 0);
        let svg = std::fs::read_to_string(path).unwrap();
        assert!(svg.contains(note) && svg.len() < 1_000_000, "{name}");
    }
}
