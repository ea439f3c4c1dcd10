//! Manufactured solutions: at which order the discretisation error goes down.

use crate::direct::solve;
use faer::traits::ComplexField;
use resolvent_matrices::generate::*;
use resolvent_matrices::{Complex, Grid, MatrixError, Scalar};

type Generated<T> = Result<Problem<T>, MatrixError>;

/// Root mean square of the error, up to a constant where the solution is so.
fn error<T: Scalar<Faer = T, Real = f64> + ComplexField>(problem: &Problem<T>) -> f64 {
    let constant = problem.properties.constant_nullspace;
    let x = solve(&problem.matrix, &problem.rhs, constant);
    let exact = problem.continuous.as_ref().unwrap();
    let mut e: Vec<T> = x.iter().zip(exact).map(|(&x, &u)| x - u).collect();
    let n = e.len() as f64;
    if constant {
        let mean = e.iter().copied().sum::<T>().scale(1.0 / n);
        e.iter_mut().for_each(|e| *e -= mean);
    }
    (e.iter().map(|e| e.abs2()).sum::<f64>() / n).sqrt()
}

/// Observed order between the two finest of three grids, each twice as fine as the last.
fn order<T: Scalar<Faer = T, Real = f64> + ComplexField>(
    coarsest: usize,
    dimension: usize,
    generate: impl Fn(Grid) -> Generated<T>,
) -> f64 {
    let errors = [1, 2, 4].map(|finer| {
        let n = |d: usize| if d < dimension { finer * coarsest } else { 1 };
        error(&generate(Grid::new(n(0), n(1), n(2))).unwrap())
    });
    assert!(errors[0] > errors[1] && errors[1] > errors[2], "{errors:?}");
    (errors[1] / errors[2]).log2()
}

fn second<T: Scalar<Faer = T, Real = f64> + ComplexField>(
    what: &str,
    coarsest: usize,
    dimension: usize,
    generate: impl Fn(Grid) -> Generated<T>,
) {
    let order = order(coarsest, dimension, generate);
    println!("{what}: order {order:.3}");
    assert!(order >= 1.9, "{what}: order {order:.3}");
}

use Boundary::{Dirichlet as D, Neumann as N};

const SIDES: [[[Boundary; 2]; 3]; 4] = [
    [[D, D], [D, D], [D, D]],
    [[N, N], [N, N], [N, N]],
    [[D, N], [N, D], [N, N]],
    [[N, D], [D, D], [D, N]],
];

#[test]
fn poisson_is_of_second_order_with_every_stencil_and_side() {
    for sides in SIDES {
        for stencil in [Stencil::Faces, Stencil::Box] {
            for (dimension, coarsest) in [(1, 16), (2, 12), (3, 5)] {
                let what = format!("poisson {dimension}D {stencil:?} {sides:?}");
                second::<f64>(&what, coarsest, dimension, |grid| {
                    let poisson = Poisson {
                        grid,
                        stencil,
                        sides,
                        masked: Vec::new(),
                    };
                    poisson.generate()
                });
            }
        }
    }
}

#[test]
fn cells_need_not_be_square() {
    for stencil in [Stencil::Faces, Stencil::Box] {
        second::<f64>("poisson, 1:3 cells", 8, 2, |grid| {
            let poisson = Poisson {
                grid: Grid::new(3 * grid.nx, grid.ny, 1),
                stencil,
                ..Default::default()
            };
            poisson.generate()
        });
    }
}

#[test]
fn smooth_and_anisotropic_diffusion_is_of_second_order() {
    for sides in SIDES {
        for (dimension, coarsest) in [(1, 16), (2, 16), (3, 6)] {
            for anisotropy in [[1.0; 3], [1.0, 0.01, 10.0]] {
                let what = format!("diffusion {dimension}D {anisotropy:?} {sides:?}");
                second::<f64>(&what, coarsest, dimension, |grid| {
                    let diffusion = Diffusion {
                        grid,
                        coefficient: Coefficient::Smooth,
                        anisotropy,
                        sides,
                    };
                    diffusion.generate()
                });
            }
        }
    }
}

#[test]
fn jumping_diffusion_converges() {
    // reported, not gated: about second order with the jump at faces, about first inside of
    // cells (where 2n + 1 cells are not quite half as wide as n + 1)
    for (what, extra) in [("at faces", 0), ("inside of cells", 1)] {
        for contrast in [10.0, 1e3, 1e-3] {
            let order = order::<f64>(16, 2, |grid| {
                let diffusion = Diffusion {
                    grid: Grid::new(grid.nx + extra, grid.ny, 1),
                    coefficient: Coefficient::Halves(contrast),
                    ..Default::default()
                };
                diffusion.generate()
            });
            println!("diffusion, jump 1:{contrast:e} {what}: order {order:.3}");
        }
    }
}

#[test]
fn upwind_is_of_first_order_and_central_of_second() {
    for velocity in [Velocity::Constant([1.0, 0.5, 0.25]), Velocity::Vortex] {
        for (dimension, coarsest) in [(2, 24), (3, 6)] {
            let of = |scheme, epsilon| {
                order::<f64>(coarsest, dimension, |grid| {
                    let convection = ConvectionDiffusion {
                        grid,
                        velocity,
                        diffusivity: Diffusivity::Value(epsilon),
                        scheme,
                    };
                    convection.generate()
                })
            };
            let (upwind, central) = (of(Scheme::Upwind, 0.05), of(Scheme::Central, 0.5));
            println!("{velocity:?} {dimension}D: upwind {upwind:.3}, central {central:.3}");
            assert!((0.8..=1.2).contains(&upwind), "upwind: order {upwind:.3}");
            assert!(central >= 1.9, "central: order {central:.3}");
        }
    }
}

#[test]
fn shifted_laplacians_are_of_second_order() {
    for sides in SIDES {
        for shift in [-100.0, 30.0] {
            second::<f64>(&format!("shift {shift} {sides:?}"), 16, 2, |grid| {
                let shifted = ShiftedLaplacian {
                    laplacian: Poisson {
                        grid,
                        sides,
                        ..Default::default()
                    },
                    shift: Complex::new(shift, 0.0),
                };
                shifted.generate()
            });
        }
        second::<Complex<f64>>(&format!("damped {sides:?}"), 16, 2, |grid| {
            let laplacian = Poisson {
                grid,
                sides,
                ..Default::default()
            };
            ShiftedLaplacian::helmholtz(laplacian, 8.0, 0.3).generate()
        });
    }
}

#[test]
fn magnetic_laplacians_are_of_second_order() {
    for dimension in [1, 2] {
        second::<Complex<f64>>("magnetic", 16, dimension, |grid| {
            MagneticLaplacian { grid, field: 10.0 }.generate()
        });
    }
}
