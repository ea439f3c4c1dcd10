//! What probes find, against what each model is made to be.

use crate::{diffusion, laplacian, load, ort};
use resolvent_matrices::{Csr, Grid};
use resolvent_models::onnx::{ModelCheck, OnnxConfig, check};

fn on(name: &str, a: &Csr<f64>) -> ModelCheck {
    check(&load(name).unwrap(), a, OnnxConfig::default(), 1).unwrap()
}

fn broken(check: &ModelCheck) -> Vec<&'static str> {
    check
        .claims
        .iter()
        .filter(|c| c.broken())
        .map(|c| c.name)
        .collect()
}

fn found(check: &ModelCheck, name: &str) -> Option<bool> {
    check
        .claims
        .iter()
        .find(|c| c.name == name)
        .and_then(|c| c.holds)
}

#[test]
fn honest_models_pass() {
    if !ort::there("honest models pass") {
        return;
    }
    let (plane, solid) = (
        laplacian(Grid::new(32, 32, 1)),
        laplacian(Grid::new(8, 8, 8)),
    );
    let odd = laplacian(Grid::new(29, 31, 1));
    for (name, a) in [
        ("vcycle", &plane),
        ("vcycle", &odd),
        ("vcycle32", &plane),
        ("nonlinear", &plane),
        ("flipped", &plane),
        ("random", &plane),
        ("one_node", &plane),
        ("fields", &odd),
        ("channels", &plane),
        ("vcycle3d", &solid),
    ] {
        let check = on(name, a);
        assert!(check.passed(), "{name}: {check:?}");
    }
    assert_eq!(found(&on("vcycle", &plane), "reflection"), Some(true));
    assert_eq!(found(&on("vcycle", &odd), "reflection"), None); // padding is on one side
    let vcycle = on("vcycle", &plane);
    assert!(
        vcycle.serves.contains(&"cg") && vcycle.iterations.is_some_and(|n| n <= 10),
        "{vcycle:?}"
    );
    assert!(!on("nonlinear", &plane).serves.contains(&"cg"));
}

#[test]
fn broken_promises_are_named() {
    if !ort::there("broken promises are named") {
        return;
    }
    let a = laplacian(Grid::new(32, 32, 1));
    assert_eq!(broken(&on("flipped_lies", &a)), ["positive"]);
    assert_eq!(broken(&on("zero", &a)), ["positive"]);
    let nan = on("nan", &a);
    assert!(!nan.finite && !nan.passed() && nan.serves.is_empty());
    assert!(nan.iterations.is_none());
    let huge = on("huge", &a);
    assert!(!huge.passed(), "{huge:?}");
    assert!(on("zero", &a).serves.is_empty());
}

#[test]
fn fields_keep_their_promises_on_rough_coefficients() {
    if !ort::there("fields keep their promises") {
        return;
    }
    let grid = Grid::new(24, 18, 1);
    let a = diffusion(
        grid,
        |i, j| 10f64.powi(((i + j) % 5) as i32 - 2),
        |row| row % 13 == 4,
    );
    let check = on("fields", &a);
    assert!(check.passed(), "{check:?}");
    assert!(check.iterations.is_some());
}
