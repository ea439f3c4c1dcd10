//! Everything that ends with status 2, and its text.

use crate::{error, file, resolvent, scratch};

const NOS4: &str = "matrices/mtx/nos4.mtx";

#[test]
fn files() {
    let broken = file(
        "broken.mtx",
        "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1.0\n2 x 1.0\n",
    );
    let empty = file(
        "empty.mtx",
        "%%MatrixMarket matrix coordinate real general\n0 0 0\n",
    );
    let short = file(
        "short_b.mtx",
        "%%MatrixMarket matrix array real general\n3 1\n1\n2\n3\n",
    );
    let texts = [
        error(&["solve", "nowhere.mtx"]),
        error(&["info", "nowhere.mtx"]),
        error(&["solve", &broken]),
        error(&["solve", &empty]),
        error(&["solve", "matrices/mtx/well1033.mtx"]),
        error(&["compare", "matrices/mtx/well1033.mtx"]),
        error(&["solve", NOS4, "--rhs", "nowhere.mtx"]),
        error(&["solve", NOS4, "--rhs", &short]),
        error(&["solve", NOS4, "--out", "no/such/folder/x.mtx"]),
        error(&["solve", NOS4, "--history", "src"]),
        error(&["info", NOS4, "--plot", "no/such/folder/spy.svg"]),
        error(&["solve", NOS4, "--json=no/such/folder/x.json"]),
        error(&["info", NOS4, "--json=no/such/folder/x.json"]),
        error(&["solve", "src"]),
        error(&["solve", NOS4, "--rhs", "src"]),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn names_and_options() {
    let texts = [
        error(&["solve", NOS4, "--solver", "gmrs"]),
        error(&["solve", NOS4, "--solver", "frobnicate"]),
        error(&["solve", NOS4, "--precond", "ico"]),
        error(&["solve", NOS4, "--solver", "gmres:restrat=3"]),
        error(&["solve", NOS4, "--solver", "gmres:restart=0"]),
        error(&["solve", NOS4, "--solver", "gmres:restart"]),
        error(&["solve", NOS4, "--solver", "bicgstab:restart=3"]),
        error(&["solve", NOS4, "--precond", "ict:drop=-1"]),
        error(&["solve", NOS4, "--solver", "cg", "--restart", "3"]),
        error(&["solve", NOS4, "--grid", "10x11"]),
        error(&["solve", NOS4, "--grid", "ten"]),
        error(&["solve", NOS4, "--solver", "cg", "--precond", "ilu0"]),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_part_that_fails() {
    let a = file(
        "zero_diagonal.mtx",
        "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n2 1 1\n2 2 2\n",
    );
    let text = error(&["solve", &a, "--solver", "gmres", "--precond", "jacobi"]);
    insta::assert_snapshot!(text);
}

#[test]
fn what_clap_refuses_is_status_two() {
    for args in [
        vec!["solve"],
        vec!["solve", NOS4, "--rtol", "-1"],
        vec!["solve", NOS4, "--max-time", "0"],
        vec!["solve", NOS4, "--threads", "0"],
        vec!["solve", NOS4, "--json", "x.json"], // the = is required
        vec!["solve", NOS4, "--nonsense"],
        vec!["nonsense"],
    ] {
        assert_eq!(resolvent(&args).status, 2, "{args:?}");
    }
}

#[test]
fn a_failed_run_leaves_no_files() {
    let out = scratch("never.mtx");
    error(&["solve", NOS4, "--out", &out, "--grid", "3"]);
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn nothing_that_was_read_or_written_is_written_over() {
    let a = scratch("precious.mtx");
    std::fs::copy(NOS4, &a).expect("nos4 is there");
    let before = std::fs::read(&a).expect("the copy");
    let b = file(
        "precious_b.mtx",
        &format!(
            "%%MatrixMarket matrix array real general\n100 1\n{}",
            "1\n".repeat(100)
        ),
    );
    let curve = scratch("curve");
    let json = format!("--json={curve}");
    let texts = [
        error(&["solve", &a, "--out", &a]),
        error(&["solve", &a, "--rhs", &b, "--plot", &b]),
        error(&["solve", &a, "--history", &curve, "--plot", &curve]),
        error(&["compare", &a, "--plot", &curve, &json]),
        error(&["info", &a, "--plot", &a]),
    ];
    insta::assert_snapshot!(texts.join("\n"));
    assert_eq!(before, std::fs::read(&a).expect("the copy is still there"));
}

#[test]
fn compression_and_names_that_do_not_agree() {
    let plain = std::fs::read(NOS4).expect("nos4 is there");
    let named = file("plain.mtx.gz", &String::from_utf8_lossy(&plain));
    let packed = scratch("packed.mtx");
    std::fs::write(&packed, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]).expect("the scratch folder");
    let texts = [error(&["info", &named]), error(&["info", &packed])];
    insta::assert_snapshot!(texts.join("\n"));
}
