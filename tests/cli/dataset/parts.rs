//! Parts of a set with sets of other parameters in it, and of trajectories with as many steps as points.

use super::{array, checksums, folder, make, manifest, text};
use crate::resolvent;

#[test]
fn sets_inside_are_planned_made_and_merged_with_the_set() {
    let line = "darcy --samples 20 --grid 8 --shard-samples 2 --solver cg --precond ic0 \
                --split train=0.5,test=0.5 --split ood:tau=7 --split ood:tau=9";
    let whole = folder("nested-whole");
    make(&whole, line);
    let out = folder("nested");
    let plan: Vec<_> = ["dataset", "plan"]
        .into_iter()
        .chain(line.split(' '))
        .collect();
    let plan = resolvent(&[plan.as_slice(), &["--out", text(&out)]].concat());
    assert_eq!(plan.status, 0, "{}", plan.stderr);
    for named in [
        "nested/ood: 5 shards",
        "nested/ood-2: 5 shards",
        "all of them",
    ] {
        assert!(plan.stdout.contains(named), "{}", plan.stdout);
    }
    for part in ["0/3", "1/3", "2/3"] {
        let ran = resolvent(&["dataset", "run", text(&out), "--shard", part, "--json"]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let said = ran.json();
        let of_them = [&said, &said["others"][0], &said["others"][1]];
        let made = of_them.map(|set| set["shards_made"].as_u64().expect("a number"));
        let expected = match part {
            "0/3" => [4, 2, 2],
            "1/3" => [3, 2, 2],
            _ => [3, 1, 1],
        };
        assert_eq!(made, expected, "{part}");
    }
    let merged = resolvent(&["dataset", "merge", text(&out), "--json"]);
    assert_eq!(merged.status, 0, "{}", merged.stderr);
    let merged = merged.json();
    assert_eq!(
        (&merged["samples"], &merged["others"][1]["samples"]),
        (&20.into(), &10.into())
    );
    for name in ["", "ood", "ood-2"] {
        assert_eq!(
            checksums(&whole.join(name)),
            checksums(&out.join(name)),
            "{name}"
        );
        assert_eq!(
            manifest(&whole.join(name)),
            manifest(&out.join(name)),
            "{name}"
        );
    }
    let verified = resolvent(&["dataset", "verify", text(&out)]);
    assert_eq!(verified.status, 0, "{}", verified.stdout);
}

/// As many steps as points of the grid that is solved, stored or doubled.
#[test]
fn trajectories_are_restricted_whatever_their_number_of_steps() {
    let line = "heat:steps=8 --samples 2 --solver cg --precond ic0";
    let fine = folder("steps-fine");
    make(&fine, &format!("{line} --grid 8"));
    let (shape, u) = array(&fine.join("solutions-0000.npy"));
    assert_eq!(shape, [2, 8, 8, 8]);
    let out = folder("steps-coarse");
    make(&out, &format!("{line} --grid 4 --solve-grid 8"));
    let (shape, coarse) = array(&out.join("solutions-0000.npy"));
    assert_eq!(shape, [2, 8, 4, 4]);
    for (at, mean) in coarse.iter().enumerate() {
        let (time, y, x) = (at / 16, at / 4 % 4, at % 4);
        let of = |dy, dx| u[time * 64 + (2 * y + dy) * 8 + 2 * x + dx];
        let expected = 0.25 * (of(0, 0) + of(0, 1) + of(1, 0) + of(1, 1));
        assert!((mean - expected).abs() <= 1e-7 * (1.0 + expected.abs()));
    }
    // 4 → 8 points when doubled
    let bars = folder("steps-doubled");
    let sheet = crate::scratch("dataset-steps.svg");
    let how = format!("--grid 4 --error-bars-fraction 1 --preview {sheet}");
    make(&bars, &format!("{line} {how}"));
    let drawn = std::fs::read_to_string(&sheet).expect("it is there");
    assert_eq!(drawn.matches("data:image/png;base64,").count(), 6); // κ, u₀ and u of two samples
    let verified = resolvent(&["dataset", "verify", text(&bars), "--quiet"]);
    assert_eq!(verified.status, 0, "{}", verified.stderr);
}
