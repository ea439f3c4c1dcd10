//! What `export` writes of fields that are no single image. `tests/loaders` loads the files with the packages
//! themselves.

use super::{array, folder, make, text};
use crate::{error, resolvent};
use std::path::{Path, PathBuf};

fn export(from: &Path, layout: &str, to: &Path) -> Vec<PathBuf> {
    let ran = resolvent(&[
        "dataset",
        "export",
        text(from),
        "--to",
        layout,
        "--out",
        text(to),
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.stdout.lines().map(PathBuf::from).collect()
}

fn holds(file: &Path, values: impl Iterator<Item = f64>) -> bool {
    let part: Vec<u8> = values.flat_map(|v| (v as f32).to_le_bytes()).collect();
    let bytes = std::fs::read(file).expect("it is there");
    bytes.windows(part.len()).any(|there| there == part)
}

/// The number of a field under a key of `stats.yaml`.
fn statistic(text: &str, key: &str, field: &str) -> f64 {
    let lines = text.lines().skip_while(|line| *line != format!("{key}:"));
    let mut lines = lines.skip(1).take_while(|line| line.starts_with(' '));
    let number = lines.find_map(|line| line.trim().strip_prefix(&format!("{field}: ")));
    number.expect("it is listed").parse().expect("a number")
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} {b}");
}

#[test]
fn components_are_channels_to_neuraloperator() {
    let out = folder("channels");
    make(
        &out,
        "elasticity --samples 2 --grid 8x6 --split train=0.5,test=0.5",
    );
    let files = export(&out, "neuraloperator", &folder("channels-exported"));
    let (shape, u) = array(&out.join("solutions-0000.npy"));
    assert_eq!(shape, [2, 7, 9, 2]);
    let first = |component: usize| u[..126].iter().copied().skip(component).step_by(2);
    assert!(holds(&files[0], first(0).chain(first(1))));
    assert!(!holds(&files[1], first(0)));
}

#[test]
fn real_and_imaginary_part_have_statistics_of_their_own() {
    let out = folder("parts");
    make(
        &out,
        "helmholtz:k=3 --samples 4 --grid 9x7 --split train=0.5,test=0.5",
    );
    let exported = folder("parts-exported");
    let files = export(&out, "the-well", &exported);
    let (_, u) = array(&out.join("solutions-0000.npy"));
    let stats = std::fs::read_to_string(exported.join("stats.yaml")).expect("statistics");
    for (component, field) in ["u_re", "u_im"].into_iter().enumerate() {
        let train: Vec<f64> = u[..252]
            .iter()
            .skip(component)
            .step_by(2)
            .copied()
            .collect();
        let mean = train.iter().sum::<f64>() / 126.0;
        near(statistic(&stats, "mean", field), mean);
        let squares = train.iter().map(|v| v * v).sum::<f64>();
        near(statistic(&stats, "rms", field), (squares / 126.0).sqrt());
        near(statistic(&stats, "std_delta", field), 0.0);
    }
    // where the source is goes with the scalars
    let (_, source) = array(&out.join("coefficients-source-0000.npy"));
    assert!(holds(&files[0], source[..4].iter().step_by(2).copied()));
    assert!(holds(
        &files[0],
        source[..4].iter().skip(1).step_by(2).copied()
    ));
}

/// As many steps as points along a side: what is time must not depend on numbers that are equal.
#[test]
fn a_trajectory_has_statistics_of_its_changes() {
    let out = folder("trajectory");
    make(
        &out,
        "heat:steps=6,dt=0.25 --samples 2 --grid 6 --split train=0.5,test=0.5",
    );
    let exported = folder("trajectory-exported");
    let files = export(&out, "the-well", &exported);
    let (shape, u) = array(&out.join("solutions-0000.npy"));
    assert_eq!(shape, [2, 6, 6, 6]);
    let changes = (36..216).map(|i| u[i] - u[i - 36]);
    let stats = std::fs::read_to_string(exported.join("stats.yaml")).expect("statistics");
    near(
        statistic(&stats, "mean_delta", "u"),
        changes.sum::<f64>() / 180.0,
    );
    assert!(statistic(&stats, "rms_delta", "u") > 0.0);
    assert!(holds(&files[0], (1..=6).map(|step| f64::from(step) * 0.25)));
}

#[test]
fn what_is_refused_leaves_no_folder() {
    let out = folder("refused-set");
    make(&out, "poisson --samples 2 --grid 8");
    for layout in ["pdebench", "deeponet"] {
        let exported = folder("refused-exported");
        let args = ["dataset", "export", text(&out), "--to", layout];
        let said = error(&[&args[..], &["--out", text(&exported)]].concat());
        assert!(said.contains("poisson has 2 inputs"), "{said}");
        assert!(!exported.exists());
    }
}
