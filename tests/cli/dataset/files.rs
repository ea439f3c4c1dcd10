//! Files that inputs are read from, and that a contact sheet is written to.

use super::refusals::npy;
use super::{array, folder, make, text};
use crate::{error, scratch};

/// A file with so many rows of 4 × 4 numbers.
fn rows(name: &str, rows: usize, value: impl Fn(usize) -> f64) -> String {
    let path = scratch(&format!("dataset-rows-{name}.npy"));
    let data: Vec<u8> = (0..rows)
        .flat_map(|row| value(row).to_le_bytes().repeat(16))
        .collect();
    let bytes = npy("<f8", &format!("({rows}, 4, 4)"), &data);
    std::fs::write(&path, bytes).expect("the scratch folder can be written to");
    path
}

fn refused(name: &str, line: &str) -> String {
    let out = folder(&format!("files-{name}"));
    let mut args: Vec<_> = ["dataset"].into_iter().chain(line.split(' ')).collect();
    args.extend(["--out", text(&out)]);
    let said = error(&args);
    assert!(!out.exists(), "{name}: nothing is begun that is refused");
    said
}

#[test]
fn custom_takes_the_files_that_are_named_and_all_of_them() {
    let k = rows("k", 3, |_| 2.0);
    let said = refused("first", &format!("custom --coefficients {k}"));
    assert!(
        said.contains("--input k=") && said.contains("--input f="),
        "{said}"
    );
    for line in [
        "custom:k=true --grid 4 --samples 2",
        "custom:c=true,k=true --grid 4 --samples 2 --input c=",
    ] {
        let line = match line.ends_with('=') {
            true => format!("{line}{k}"),
            false => line.to_owned(),
        };
        let said = refused("unread", &line);
        assert!(
            said.contains("`k`") && said.contains("--input k=FILE.npy"),
            "{said}"
        );
    }
    for line in [
        format!("custom --grid 4 --input k={k} --input k={k}"),
        format!("custom:k=true --coefficients {k} --input k={k}"),
        format!("darcy --coefficients {k} --input a={k}"),
    ] {
        let said = refused("twice", &line);
        assert!(said.contains("is given twice"), "{said}");
    }
    let out = folder("files-flag");
    make(&out, &format!("custom:k=true --coefficients {k}"));
    assert_eq!(array(&out.join("solutions-0000.npy")).0, [3, 4, 4]);
}

#[test]
fn samples_are_as_many_as_asked_for_or_as_every_file_has() {
    let (k, f) = (
        rows("many", 5, |_| 2.0),
        rows("few", 3, |row| 1.0 + row as f64),
    );
    let files = format!("custom --grid 4 --input k={k} --input f={f}");
    let said = refused("uneven", &files);
    assert!(
        said.contains("has 3 rows") && said.contains("has 5"),
        "{said}"
    );
    assert!(said.contains("--samples"), "{said}");
    let said = refused("short", &format!("{files} --samples 4"));
    assert!(
        said.contains("few.npy") && said.contains("(4, 4, 4)"),
        "{said}"
    );
    for (name, samples) in [("files-three", 3), ("files-two", 2)] {
        let out = folder(name);
        let closing = make(&out, &format!("{files} --samples {samples}"));
        assert_eq!(closing["samples"], samples);
    }
}

#[test]
fn values_that_make_no_system_are_found_before_anything_is_begun() {
    let a = rows("negative", 9, |row| if row == 6 { -1.0 } else { 1.0 });
    let nan = rows("nan", 9, |row| if row == 8 { f64::NAN } else { 1.0 });
    for how in ["", " --solver cg --precond ic0"] {
        let said = refused("negative", &format!("darcy --coefficients {a}{how}"));
        assert!(said.contains("sample 6: row 6 of"), "{said}");
        assert!(
            said.contains("negative.npy") && said.contains("-1"),
            "{said}"
        );
        let said = refused("nan", &format!("darcy --coefficients {nan}{how}"));
        assert!(said.contains("nan.npy: row 8 has NaN"), "{said}");
        // rows that are not used are not looked at
        let out = folder("files-unused");
        make(&out, &format!("darcy --coefficients {a} --samples 6{how}"));
    }
}

#[test]
fn a_contact_sheet_may_lie_in_the_set() {
    let out = folder("files-sheet");
    let sheet = out.join("pictures/first.svg");
    let line = format!("darcy --samples 2 --grid 8 --preview {}", text(&sheet));
    make(&out, &line);
    assert!(sheet.exists());
    let args = [
        "dataset",
        "darcy",
        "--samples",
        "2",
        "--grid",
        "8",
        "--out",
        text(&out),
    ];
    let plan = out.join("plan.json");
    let before = std::fs::read(&plan).expect("a plan");
    let said = error(&[&args[..], &["--preview", text(&plan)]].concat());
    assert!(said.contains("files of the data set"), "{said}");
    assert_eq!(std::fs::read(&plan).expect("a plan"), before);
    let said = error(&[&args[..], &["--preview", &format!("{}/p.svg", text(&plan))]].concat());
    assert!(said.contains("cannot write to"), "{said}");
}

/// The set is there and says so, whatever becomes of its picture.
#[cfg(target_os = "linux")]
#[test]
fn a_sheet_that_cannot_be_written_takes_nothing_with_it() {
    let out = folder("files-full");
    let json = scratch("dataset-full.json");
    let line = "dataset darcy --samples 4 --grid 8 --split ood:tau=7 --preview /dev/full";
    let mut args: Vec<_> = line.split(' ').collect();
    let to = format!("--json={json}");
    args.extend(["--out", text(&out), &to, "--quiet"]);
    let ran = crate::resolvent(&args);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("/dev/full"), "{}", ran.stderr);
    assert!(std::path::Path::new(&json).exists());
    assert_eq!(
        crate::resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
        0
    );
}
