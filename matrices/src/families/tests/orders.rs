//! Orders of the scalar families, by manufactured solutions.

use super::*;
use crate::fields::Place;
use std::f64::consts::PI;

/// u and its derivatives at a point of the square or cube: u, ∇u, Δu.
type Jet = (f64, [f64; 3], f64);

/// Π φ(x_d), φ = (x − x²)eˣ: zero on the boundary.
fn bubble(dimension: usize, x: [f64; 3]) -> Jet {
    let profile = |x: f64| [x - x * x, 1.0 - x - x * x, -3.0 * x - x * x].map(|p| p * x.exp());
    product(dimension, x.map(profile))
}

/// Π φ(x_d), φ = x²(3 − 2x): no slope across the boundary.
fn insulated(dimension: usize, x: [f64; 3]) -> Jet {
    let profile = |x: f64| [x * x * (3.0 - 2.0 * x), 6.0 * (x - x * x), 6.0 - 12.0 * x];
    product(dimension, x.map(profile))
}

fn product(dimension: usize, profiles: [[f64; 3]; 3]) -> Jet {
    let with = |d: usize, derivative: usize| -> f64 {
        let all = 0..dimension;
        all.map(|e| profiles[e][if e == d { derivative } else { 0 }])
            .product()
    };
    let slope = |d: usize| if d < dimension { with(d, 1) } else { 0.0 };
    let slopes = [0, 1, 2].map(slope);
    (with(0, 0), slopes, (0..dimension).map(|d| with(d, 2)).sum())
}

/// A smooth coefficient and its gradient.
fn smooth(dimension: usize, x: [f64; 3]) -> (f64, [f64; 3]) {
    let slopes = [1.0, -0.5, 0.4];
    let a = (0..dimension).map(|d| slopes[d] * x[d]).sum::<f64>().exp();
    (a, slopes.map(|s| s * a))
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Points of a grid of cells or nodes.
fn coordinates(grid: Grid, place: Place) -> Vec<[f64; 3]> {
    let dims = grid.dims();
    let all = (0..grid.unknowns().unwrap()).map(|row| grid.at(row));
    let all = all.map(|at| {
        [0, 1, 2].map(|d| {
            if dims[d] > 1 {
                place.coordinate(at[d], dims[d])
            } else {
                0.0
            }
        })
    });
    all.collect()
}

/// The error of a family with the given inputs where `f` is put on the right (times h_x²).
fn error(
    family: &dyn SampleFamily<f64>,
    inputs: &[Vec<f64>],
    (place, hx): (Place, f64),
    f: impl Fn([f64; 3]) -> f64,
    u: impl Fn([f64; 3]) -> f64,
) -> f64 {
    let described = family.describe();
    let mut out = Assembled::default();
    family.assemble(inputs, Step::default(), &mut out).unwrap();
    let (mut nodes, mut grid) = (described.grid.clone(), [1; 3]);
    nodes.reverse();
    grid[..nodes.len()].copy_from_slice(&nodes);
    let points = coordinates(Grid::new(grid[0], grid[1], grid[2]), place);
    let values: Vec<f64> = points.iter().map(|&x| hx * hx * f(x)).collect();
    family.unknowns(&[values], 0, &mut out.b).unwrap();
    let x = solve(&out.a, &out.b);
    let exact: Vec<f64> = points.iter().map(|&x| u(x)).collect();
    let mut expected = vec![0.0; x.len()];
    family.unknowns(&[exact], 0, &mut expected).unwrap();
    rms(&x, expected)
}

/// Grids of the plane and of space, not square, n and ¾n links along x; and the distance along x.
fn grids(n: usize, place: Place) -> [(Grid, usize, f64); 2] {
    let more = usize::from(place == Place::Nodes);
    let [a, b, c] = [3 * n / 4, 5 * n / 8, n / 2];
    [
        (Grid::new(n + more, c + more, 1), 2, 1.0 / n as f64),
        (Grid::new(a + more, b + more, c + more), 3, 1.0 / a as f64),
    ]
}

#[test]
fn flow_in_smooth_media_is_of_second_order() {
    for (place, mean) in [
        (Place::Cells, Mean::Harmonic),
        (Place::Cells, Mean::Arithmetic),
        (Place::Nodes, Mean::Arithmetic),
        (Place::Nodes, Mean::Harmonic),
    ] {
        for which in [0, 1] {
            let errors = [16, 32].map(|n| {
                let (grid, dimension, hx) = grids(n, place)[which];
                let darcy = Darcy {
                    place,
                    mean,
                    ..Default::default()
                };
                let family = darcy.on(grid).unwrap();
                let at = coordinates(grid, place).into_iter();
                let a = at.map(|x| smooth(dimension, x).0).collect();
                let f = |x| {
                    let ((_, du, laplacian), (a, da)) =
                        (bubble(dimension, x), smooth(dimension, x));
                    -a * laplacian - dot(da, du)
                };
                error(&family, &[a], (place, hx), f, |x| bubble(dimension, x).0)
            });
            let order = order(errors[0], errors[1]);
            println!("darcy {place:?} {mean:?} {}d: {order:.2}", which + 2);
            assert!(order >= 1.9, "{order}");
        }
    }
}

/// a = 1 | 10 on both sides of x = ½, a face; a u = φ(x)(y − y²) with φ(½) = 0, so that u and its flux
/// are continuous and f is smooth.
#[test]
fn flow_across_a_jump_is_of_second_order_with_the_harmonic_mean_and_of_first_with_the_arithmetic() {
    for (place, n) in [(Place::Cells, [32, 64]), (Place::Nodes, [33, 65])] {
        for mean in Mean::ALL {
            let errors = n.map(|n| {
                // an odd number of links between nodes has a face in the middle
                let n = if place == Place::Nodes { n + 1 } else { n };
                let grid = Grid::new(n, n, 1);
                let darcy = Darcy {
                    place,
                    mean,
                    ..Default::default()
                };
                let jump = |x: [f64; 3]| if x[0] < 0.5 { 1.0 } else { 10.0 };
                // p = x(1 − x)(x − ½); φ = p eˣ and φ″ = (p + 2p′ + p″) eˣ
                let phi = |x: f64| {
                    let p = x * (1.0 - x) * (x - 0.5);
                    let bent = p + 2.0 * (-3.0 * x * x + 3.0 * x - 0.5) + 3.0 - 6.0 * x;
                    [p * x.exp(), bent * x.exp()]
                };
                let a = coordinates(grid, place).into_iter().map(jump).collect();
                let y = |x: [f64; 3]| x[1] - x[1] * x[1];
                let f = |x: [f64; 3]| -phi(x[0])[1] * y(x) + 2.0 * phi(x[0])[0];
                let u = |x: [f64; 3]| phi(x[0])[0] * y(x) / jump(x);
                let hx = 1.0 / (n - usize::from(place == Place::Nodes)) as f64;
                error(&darcy.on(grid).unwrap(), &[a], (place, hx), f, u)
            });
            let order = order(errors[0], errors[1]);
            println!("darcy jump {place:?} {mean:?}: {order:.2}");
            match mean {
                Mean::Harmonic => assert!(order >= 1.9, "{order}"),
                Mean::Arithmetic => assert!((0.8..1.4).contains(&order), "{order}"),
            }
        }
    }
}

#[test]
fn poisson_with_values_on_the_boundary_is_of_second_order() {
    for which in [0, 1] {
        let errors = [16, 32].map(|n| {
            let (grid, dimension, _) = grids(n, Place::Nodes)[which];
            let family = Poisson::default().on(grid).unwrap();
            // u = Σ eˣ sin 2y …: not zero anywhere on the boundary
            let u = |x: [f64; 3]| x[0].exp() * (2.0 * x[1] + 0.3).sin() + x[2] * x[2] * x[2] * x[0];
            let f = |x: [f64; 3]| {
                let z = if dimension == 3 {
                    6.0 * x[2] * x[0]
                } else {
                    0.0
                };
                3.0 * x[0].exp() * (2.0 * x[1] + 0.3).sin() - z
            };
            let points = coordinates(grid, Place::Nodes);
            let exact: Vec<f64> = points.iter().map(|&x| u(x)).collect();
            let dims = grid.dims();
            let side = |row: usize| {
                let at = grid.at(row);
                (0..dimension).any(|d| at[d] == 0 || at[d] + 1 == dims[d])
            };
            let g = (0..exact.len()).map(|row| if side(row) { exact[row] } else { 0.0 });
            let inputs = [points.iter().map(|&x| f(x)).collect(), g.collect()];
            let mut out = Assembled::default();
            family.assemble(&inputs, Step::default(), &mut out).unwrap();
            let x = solve(&out.a, &out.b);
            let mut stored = vec![vec![0.0; exact.len()]];
            family.outputs(&x, 0, &inputs, &mut stored).unwrap();
            rms(&stored[0], exact)
        });
        let order = order(errors[0], errors[1]);
        println!("poisson {}d: {order:.2}", which + 2);
        assert!(order >= 1.9, "{order}");
    }
}

#[test]
fn reaction_and_diffusion_are_of_second_order() {
    for which in [0, 1] {
        let errors = [16, 32].map(|n| {
            let (grid, dimension, hx) = grids(n, Place::Cells)[which];
            let parameters = ReactionDiffusion {
                diffusion: 0.3,
                ..Default::default()
            };
            let points = coordinates(grid, Place::Cells);
            let r: Vec<f64> = points.iter().map(|&x| smooth(dimension, x).0).collect();
            let f = |x| {
                let (u, _, laplacian) = insulated(dimension, x);
                -0.3 * laplacian + smooth(dimension, x).0 * u
            };
            let inputs = [r, vec![0.0; points.len()]];
            let family = parameters.on(grid).unwrap();
            error(&family, &inputs, (Place::Cells, hx), f, |x| {
                insulated(dimension, x).0
            })
        });
        let order = order(errors[0], errors[1]);
        println!("reaction-diffusion {}d: {order:.2}", which + 2);
        assert!(order >= 1.9, "{order}");
    }
}

#[test]
fn advection_is_of_second_order_when_central_and_of_first_upwind() {
    for scheme in Convection::ALL {
        let errors = [32, 64].map(|n| {
            let grid = Grid::new(n, n, 1);
            let parameters = AdvectionDiffusion {
                peclet: 2.0,
                scheme,
                ..Default::default()
            };
            let corners = coordinates(Grid::new(n + 1, n + 1, 1), Place::Nodes);
            // ψ = x + sin πx sin 2y: through the sides as well
            let psi = corners
                .iter()
                .map(|x| x[0] + (PI * x[0]).sin() * (2.0 * x[1]).sin());
            let f = |x: [f64; 3]| {
                let (_, du, laplacian) = bubble(2, x);
                let ((s, c), (sy, cy)) = ((PI * x[0]).sin_cos(), (2.0 * x[1]).sin_cos());
                -0.5 * laplacian + 2.0 * s * cy * du[0] - (1.0 + PI * c * sy) * du[1]
            };
            let inputs = [psi.collect()];
            let place = (Place::Cells, 1.0 / n as f64);
            error(&parameters.on(grid).unwrap(), &inputs, place, f, |x| {
                bubble(2, x).0
            })
        });
        let order = order(errors[0], errors[1]);
        println!("advection-diffusion {scheme:?}: {order:.2}");
        match scheme {
            Convection::Central => assert!(order >= 1.9, "{order}"),
            Convection::Upwind => assert!((0.8..1.4).contains(&order), "{order}"),
        }
    }
}

#[test]
fn fields_of_the_user_are_of_second_order_when_central_and_masks_are_walls() {
    for which in [0, 1] {
        let errors = [16, 32].map(|n| {
            let (grid, dimension, hx) = grids(n, Place::Cells)[which];
            let custom = Custom {
                k: true,
                v: true,
                c: true,
                scheme: Convection::Central,
                ..Default::default()
            };
            let points = coordinates(grid, Place::Cells);
            let velocity = |x: [f64; 3]| [1.0 + x[1], x[0] * x[1], 0.5 - x[2]];
            let k = points.iter().map(|&x| smooth(dimension, x).0).collect();
            let v = points
                .iter()
                .flat_map(|&x| velocity(x).into_iter().take(dimension));
            let c = points.iter().map(|x| 2.0 + x[0]).collect();
            let f = |x: [f64; 3]| {
                let ((u, du, laplacian), (k, dk)) = (bubble(dimension, x), smooth(dimension, x));
                -k * laplacian - dot(dk, du) + dot(velocity(x), du) + (2.0 + x[0]) * u
            };
            let inputs = [k, v.collect(), c];
            let place = (Place::Cells, hx);
            error(&custom.on(grid).unwrap(), &inputs, place, f, |x| {
                bubble(dimension, x).0
            })
        });
        let order = order(errors[0], errors[1]);
        println!("custom {}d: {order:.2}", which + 2);
        assert!(order >= 1.9, "{order}");
    }
    // the half x > ½ is masked: u = 0 on its face
    let errors = [16, 32].map(|n| {
        let grid = Grid::new(n, n, 1);
        let custom = Custom {
            mask: true,
            ..Default::default()
        };
        let inside = |x: [f64; 3]| x[0] < 0.5;
        let profile = |x: f64, end: f64| [x * (end - x), end - 2.0 * x, -2.0];
        let jet = |x: [f64; 3]| product(2, [profile(x[0], 0.5), profile(x[1], 1.0), [0.0; 3]]);
        let jet = |x| {
            // times eˣ
            let (u, du, laplacian) = jet(x);
            let e = x[0].exp();
            (e * u, e * (laplacian + 2.0 * du[0] + u))
        };
        let points = coordinates(grid, Place::Cells);
        let mask = points
            .iter()
            .map(|&x| f64::from(u8::from(inside(x))))
            .collect();
        let f = |x| if inside(x) { -jet(x).1 } else { 0.0 };
        let u = |x| if inside(x) { jet(x).0 } else { 0.0 };
        let place = (Place::Cells, 1.0 / n as f64);
        error(&custom.on(grid).unwrap(), &[mask], place, f, u)
    });
    let order = order(errors[0], errors[1]);
    println!("custom, masked: {order:.2}");
    assert!(order >= 1.9, "{order}");
}
