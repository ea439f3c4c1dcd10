//! Data sets of systems, matrices and fields of one's own.

use super::{array, folder, make, manifest, text};
use crate::{error, resolvent};

#[test]
fn systems_of_ones_own_become_a_data_set() {
    let systems = folder("own-systems");
    std::fs::create_dir_all(&systems).expect("a folder");
    for i in 1..=3 {
        let matrix = format!(
            "%%MatrixMarket matrix coordinate real symmetric\n2 2 3\n1 1 {}\n2 1 1\n2 2 2\n",
            1 + i
        );
        std::fs::write(systems.join(format!("A_{i}.mtx")), matrix).expect("a file");
        let rhs = format!(
            "%%MatrixMarket matrix array real general\n2 1\n{}\n3\n",
            2 + i
        );
        std::fs::write(systems.join(format!("b_{i}.mtx")), rhs).expect("a file");
    }
    let out = folder("own");
    let ran = resolvent(&[
        "dataset",
        "solve",
        text(&systems),
        "--out",
        text(&out),
        "--json",
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let (shape, x) = array(&out.join("solutions-0000.npy"));
    assert_eq!(shape, [3, 2]);
    assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-7), "{x:?}"); // (1 + i) + 1, 1 + 2
    assert_eq!(
        array(&out.join("coefficients-b-0000.npy")).1[..2],
        [3.0, 3.0]
    );
    assert_eq!(
        resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
        0
    );
    std::fs::remove_file(systems.join("b_2.mtx")).expect("it is there");
    let said = error(&[
        "dataset",
        "solve",
        text(&systems),
        "--out",
        text(&folder("own-2")),
    ]);
    assert!(said.contains("A_2.mtx"), "{said}");
}

#[test]
fn one_matrix_for_all_samples_is_noticed() {
    let out = folder("constant");
    make(&out, "poisson --samples 5 --grid 16 --solver direct");
    assert_eq!(manifest(&out)["solver"]["constant_matrix"], true);
    // of one's own coefficients too
    let drawn = folder("constant-drawn");
    make(&drawn, "darcy:high=3.0000001 --samples 4 --grid 12");
    let mut bytes = std::fs::read(drawn.join("coefficients-0000.npy")).expect("it is there");
    let data = bytes.len() - 4 * 144 * 8;
    let row = bytes[data..data + 144 * 8].to_vec();
    (0..4).for_each(|i| bytes[data + i * row.len()..][..row.len()].copy_from_slice(&row));
    let path = crate::scratch("dataset-constant.npy");
    std::fs::write(&path, bytes).expect("the scratch folder can be written to");
    let same = folder("constant-same");
    make(
        &same,
        &format!("darcy --coefficients {path} --solver cg --precond ic0"),
    );
    let (_, u) = array(&same.join("solutions-0000.npy"));
    assert!((1..4).all(|i| u[i * 144..][..144] == u[..144]));
}

/// Right-hand sides that are combinations of three fields on 12² cells; the last one is not.
fn three_fields(samples: usize) -> Vec<f64> {
    let row = |sample: usize| {
        (0..144).map(move |i| {
            let [x, y] = [(i % 12) as f64 / 12.0, (i / 12) as f64 / 12.0];
            let t = sample as f64;
            let odd = if sample + 1 == samples { x * y } else { 0.0 };
            t.sin() + (2.0 * t).cos() * (5.0 * x).sin() + 1e-3 * t * (7.0 * y).cos() + odd
        })
    };
    (0..samples).flat_map(row).collect()
}

#[test]
fn samples_of_one_matrix_are_combined_where_right_hand_sides_are_of_few() {
    let path = crate::scratch("dataset-three-fields.npy");
    let data = three_fields(100);
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (100, 12, 12), }";
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").into_bytes());
    bytes.extend(data.iter().flat_map(|v| v.to_le_bytes()));
    std::fs::write(&path, bytes).expect("the scratch folder can be written to");

    let solved = folder("combined-not");
    make(
        &solved,
        &format!("custom --input f={path} --grid 12 --solver cg --precond ic0 --rtol 1e-12"),
    );
    let (_, u) = array(&solved.join("solutions-0000.npy"));
    for (index, way) in [
        "--solver direct",
        "--solver cg",
        "--solver rcg --threads 1",
        "--order mst",
    ]
    .iter()
    .enumerate()
    {
        let out = folder(&format!("combined-{index}"));
        make(&out, &format!("custom --input f={path} --grid 12 {way}"));
        let manifest = manifest(&out);
        assert_eq!(manifest["solver"]["basis"], serde_json::json!([0, 1, 2]));
        let samples = manifest["records"].as_array().expect("a list");
        let combined = samples.iter().filter(|s| s["solver"] == "combination");
        assert_eq!(combined.count(), 99, "{way}: all but the last one");
        assert!(
            samples
                .iter()
                .all(|s| s["relative_residual"].as_f64() <= Some(1e-8))
        );
        let (_, v) = array(&out.join("solutions-0000.npy"));
        let size = u.iter().fold(0.0, |m: f64, u| m.max(u.abs()));
        let far = u
            .iter()
            .zip(&v)
            .fold(0.0, |m: f64, (u, v)| m.max((u - v).abs()));
        assert!(far < 1e-6 * size, "{way}: {far}");
        assert_eq!(
            resolvent(&["dataset", "verify", text(&out), "--quiet"]).status,
            0
        );
    }
}

#[test]
fn fields_of_ones_own_make_an_equation() {
    let drawn = folder("custom-drawn");
    make(&drawn, "darcy --samples 4 --grid 12");
    let k = drawn.join("coefficients-0000.npy");
    let out = folder("custom");
    make(&out, &format!("custom --input k={} --grid 12", text(&k)));
    let (_, u) = array(&out.join("solutions-0000.npy"));
    let (_, darcy) = array(&drawn.join("solutions-0000.npy"));
    // −∇·(k∇u) = 1 is the same problem
    let far = u
        .iter()
        .zip(&darcy)
        .map(|(a, b)| (a - b).abs() / b)
        .fold(0.0, f64::max);
    assert!(far < 1e-6, "{far}");
}
