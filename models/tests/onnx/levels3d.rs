//! `mgnet` on boxes: levels that a network predicts, good ones, bad ones, and what are none.

use crate::levels::{materials, mgnet, solve, whatever_it_says};
use crate::{diffusion, distance, load, noise, ort};
use resolvent_matrices::Grid;
use resolvent_models::mgnet::{Mgnet, MgnetConfig};
use resolvent_models::onnx::{OnnxConfig, OnnxError, check};
use resolvent_solvers::Preconditioner;
use resolvent_solvers::precond::{Gmg, GmgConfig};

#[test]
fn a_network_that_says_the_default_rule_is_gmg() {
    if !ort::there("mgnet") {
        return;
    }
    let grids = [
        Grid::new(16, 16, 16),
        Grid::new(13, 10, 17),
        Grid::new(5, 3, 2),
        // flat: the next level is a plane
        Grid::new(30, 21, 2),
        Grid::new(9, 14, 7),
    ];
    // with weights and scalings, with neither
    let models = ["levels3d_default", "levels3d_faces"].map(|name| load(name).unwrap());
    let both = |grid| models.iter().map(move |model| (grid, model));
    for (grid, model) in grids.into_iter().flat_map(both) {
        let masked = |row: usize| row % 17 == 3;
        let k = |a: usize, b: usize| 1.0 + ((a * 7 + b * 3) % 11) as f64;
        let a = diffusion(grid, k, masked);
        let config = MgnetConfig {
            grid: Some(grid),
            ..MgnetConfig::default()
        };
        let classical = GmgConfig {
            grid: Some(grid),
            ..GmgConfig::default()
        };
        let mut gmg = Gmg::new(&a, classical).unwrap();
        let mut m = Mgnet::new(model, &a, config).unwrap();
        assert_eq!(m.failed(), None, "{grid:?}");
        assert_eq!(m.levels().len(), gmg.levels().len());
        for (l, (ours, theirs)) in m.levels().iter().zip(gmg.levels()).enumerate() {
            for (a, b) in [
                (ours.east(), theirs.east()),
                (ours.north(), theirs.north()),
                (ours.up(), theirs.up()),
                (ours.link(), theirs.link()),
            ] {
                let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * b.abs();
                assert_eq!(a.len(), b.len());
                assert!(a.iter().zip(b).all(close), "{grid:?} level {l}");
            }
        }
        let r = noise(a.nrows(), 1);
        let (mut z, mut reference) = (vec![0.0; r.len()], vec![0.0; r.len()]);
        let mut same = |m: &mut Mgnet, gmg: &mut Gmg| {
            m.apply(&r, &mut z).unwrap();
            gmg.apply(&r, &mut reference).unwrap();
            let d = distance(&z, &reference);
            assert!(d < 1e-5, "{grid:?}: {d:e}");
        };
        same(&mut m, &mut gmg);
        // and of the next matrix
        let next = diffusion(grid, |a, b| 1.0 / k(a, b), masked);
        m.update(&next).unwrap();
        Preconditioner::<f64>::update(&mut gmg, &next).unwrap();
        same(&mut m, &mut gmg);
    }
}

#[test]
fn it_needs_the_iterations_of_gmg_and_keeps_what_it_promises() {
    if !ort::there("mgnet") {
        return;
    }
    let model = load("levels3d_default").unwrap();
    let a = materials(Grid::new(24, 20, 18), 1e2, 3);
    let with = solve(&a, &mut mgnet(&model, &a), 1e-8);
    let mut gmg = Gmg::new(&a, GmgConfig::default()).unwrap();
    let without = solve(&a, &mut gmg, 1e-8);
    assert!(with.converged() && without.converged());
    assert_eq!(with.iterations, without.iterations);
    let found = check(&model, &a, OnnxConfig::default(), 3).unwrap();
    assert!(found.passed(), "{found:?}");
    assert!(found.serves.contains(&"cg"));
}

#[test]
fn whatever_it_says_the_solve_ends_converged_with_the_reason() {
    if !ort::there("mgnet") {
        return;
    }
    whatever_it_says(
        &materials(Grid::new(16, 16, 16), 1e2, 9),
        &[
            ("levels3d_poor", None),
            ("levels3d_nan", Some("scalings")),
            ("levels3d_outside", Some("positions")),
            ("levels3d_channels", Some("fields are")),
        ],
    );
}

#[test]
fn a_model_of_boxes_is_refused_on_a_plane_and_the_other_way_round() {
    if !ort::there("mgnet") {
        return;
    }
    let plane = materials(Grid::new(12, 9, 1), 10.0, 1);
    let solid = materials(Grid::new(8, 7, 6), 10.0, 1);
    for (name, a, cells, kind) in [
        ("levels3d_default", &plane, "12x9 cells", "of boxes"),
        ("levels_default", &solid, "8x7x6 cells", "of planes"),
    ] {
        let refused = Mgnet::new(&load(name).unwrap(), a, MgnetConfig::default());
        let error = refused.map(|_| ()).unwrap_err();
        assert!(matches!(error, OnnxError::Matrix(_)));
        let text = error.to_string();
        assert!(text.contains(cells) && text.contains(kind), "{text}");
    }
}
