//! What holds for every family, and the orders of their discretisations.

mod orders;
mod orders_systems;
mod structure;

use super::*;
use crate::Grid;
use faer::Mat;
use faer::linalg::solvers::Solve;
use faer::traits::ComplexField;

/// x with A x = b, by faer.
fn solve<T: Scalar<Faer = T> + ComplexField>(a: &Csr<T>, b: &[T]) -> Vec<T> {
    let columns = a.view().transpose();
    let lu = columns.as_faer().transpose().sp_lu().unwrap();
    let x = lu.solve(Mat::from_fn(b.len(), 1, |i, _| b[i]));
    (0..b.len()).map(|i| x[(i, 0)]).collect()
}

/// Root mean square.
fn rms<T: Scalar<Real = f64>>(x: &[T], exact: impl IntoIterator<Item = T>) -> f64 {
    let errors = x.iter().zip(exact).map(|(&x, u)| (x - u).abs2());
    (errors.sum::<f64>() / x.len() as f64).sqrt()
}

/// The order between two grids, one twice as fine, from their errors.
fn order(coarse: f64, fine: f64) -> f64 {
    assert!(fine < coarse, "{coarse:e} {fine:e}");
    (coarse / fine).log2()
}

/// All families of real samples on a grid of the plane, with names.
fn real(grid: Grid) -> Vec<Box<dyn SampleFamily<f64>>> {
    use crate::fields::{Place, Sides};
    let nodes = Darcy {
        place: Place::Nodes,
        mean: Mean::Arithmetic,
        ..Default::default()
    };
    let periodic = DarcyLognormal {
        sides: Sides::Periodic,
        rho: 0.9,
        ..Default::default()
    };
    let central = AdvectionDiffusion {
        scheme: Convection::Central,
        ..Default::default()
    };
    let heat = Heat {
        steps: 3,
        ..Default::default()
    };
    let ringing = Heat {
        scheme: Scheme::CrankNicolson,
        sigma: 0.0,
        ..heat
    };
    vec![
        Box::new(Darcy::default().on(grid).unwrap()),
        Box::new(nodes.on(grid).unwrap()),
        Box::new(DarcyLognormal::default().on(grid).unwrap()),
        Box::new(periodic.on(grid).unwrap()),
        Box::new(SkrReleased::default().on(grid).unwrap()),
        Box::new(Poisson::default().on(grid).unwrap()),
        Box::new(AdvectionDiffusion::default().on(grid).unwrap()),
        Box::new(central.on(grid).unwrap()),
        Box::new(Elasticity::default().on(grid).unwrap()),
        Box::new(ReactionDiffusion::default().on(grid).unwrap()),
        Box::new(heat.on(grid).unwrap()),
        Box::new(ringing.on(grid).unwrap()),
    ]
}

/// Those that there are in space.
fn solid(grid: Grid) -> Vec<Box<dyn SampleFamily<f64>>> {
    vec![
        Box::new(Darcy::default().on(grid).unwrap()),
        Box::new(DarcyLognormal::default().on(grid).unwrap()),
        Box::new(Poisson::default().on(grid).unwrap()),
        Box::new(ReactionDiffusion::default().on(grid).unwrap()),
        Box::new(Heat::default().on(grid).unwrap()),
    ]
}
