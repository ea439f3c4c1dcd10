//! Orders of the families in time, of waves and of plates.

use super::*;
use crate::Complex;
use std::f64::consts::PI;

/// sin πx sin πy decays like exp(−2π²t); Crank–Nicolson with τ ~ h, backward Euler with τ ~ h².
#[test]
fn heat_is_of_second_order_in_space_and_of_the_order_of_its_scheme_in_time() {
    let error = |n: usize, dt: f64, steps: usize, scheme| {
        let heat = Heat {
            dt,
            steps,
            scheme,
            sigma: 0.0,
            ..Default::default()
        };
        let family = heat.on(Grid::new(n, n, 1)).unwrap();
        let centre = |i: usize| (PI * (i as f64 + 0.5) / n as f64).sin();
        let u0: Vec<f64> = (0..n * n).map(|i| centre(i % n) * centre(i / n)).collect();
        let inputs = [vec![1.0; n * n], u0.clone()];
        let mut out = Assembled::default();
        let mut u = Vec::new();
        for index in 0..steps {
            let step = Step { index, before: &u };
            family.assemble(&inputs, step, &mut out).unwrap();
            u = solve(&out.a, &out.b);
        }
        let decay = (-2.0 * PI * PI * dt * steps as f64).exp();
        rms(&u, u0.iter().map(|u| decay * u))
    };
    for (what, coarse, fine, least) in [
        ("Crank-Nicolson", (16, 0.005, 20), (32, 0.0025, 40), 1.9),
        (
            "Euler, a quarter of the step",
            (16, 0.005, 20),
            (32, 0.00125, 80),
            1.9,
        ),
        ("Euler, half the step", (64, 0.01, 4), (64, 0.005, 8), 0.9),
    ] {
        let scheme = match what {
            "Crank-Nicolson" => Scheme::CrankNicolson,
            _ => Scheme::Euler,
        };
        let [a, b] = [coarse, fine].map(|(n, dt, steps)| error(n, dt, steps, scheme));
        println!("heat {what}: {:.2}", order(a, b));
        assert!(order(a, b) >= least, "{what} {}", order(a, b));
    }
}

/// u = exp(iφ), φ = k(A(x) + A(y) + ε B), A = (x − ½)², B = 2(x − ½)(y − ½), has ∂u/∂n = ik√m u on all
/// sides for √m = 1 + ε(2x − 1)(2y − 1), whose slope along and across the sides is not zero.
#[test]
fn waves_are_of_the_order_of_their_stencil_up_to_the_corners() {
    let (k, eps) = (4.0, 0.3);
    let error = |n: [usize; 2], order| {
        let waves = Helmholtz {
            k,
            order,
            allow_pollution: true,
            ..Default::default()
        };
        let grid = Grid::new(n[0] + 1, n[1] + 1, 1);
        let family = waves.on(grid).unwrap();
        let at = |row: usize| [row % grid.nx, row / grid.nx];
        let points: Vec<[f64; 2]> = (0..grid.nx * grid.ny)
            .map(|row| [0, 1].map(|d| at(row)[d] as f64 / n[d] as f64 - 0.5))
            .collect();
        let root = |[x, y]: [f64; 2]| 1.0 + 4.0 * eps * x * y;
        let exact =
            |[x, y]: [f64; 2]| Complex::from_polar(1.0, k * (x * x + y * y + 2.0 * eps * x * y));
        let f = |p: [f64; 2]| {
            let [x, y] = p;
            let slopes = [2.0 * (x + eps * y), 2.0 * (y + eps * x)].map(|s| (k * s).powi(2));
            // −Δu − k²m u = (|∇φ|² − iΔφ − k²m)u
            let bulk = slopes[0] + slopes[1] - (k * root(p)).powi(2);
            Complex::new(bulk, -4.0 * k) * exact(p)
        };
        let m: Vec<f64> = points.iter().map(|&p| root(p).powi(2)).collect();
        let mut out = Assembled::default();
        family.write(&m, &|at| f(points[at]).im, &mut out);
        let imaginary = out.b.clone();
        family.write(&m, &|at| f(points[at]).re, &mut out);
        let b: Vec<_> = out
            .b
            .iter()
            .zip(imaginary)
            .map(|(re, im)| Complex::new(re.re, im.re))
            .collect();
        rms(&solve(&out.a, &b), points.iter().map(|&p| exact(p)))
    };
    for (stencil, least) in [(2, 1.9), (4, 3.8)] {
        let errors = [[24, 18], [48, 36]].map(|n| error(n, stencil));
        let order = order(errors[0], errors[1]);
        println!(
            "helmholtz, order {stencil}: {order:.2}, error {:.1e}",
            errors[1]
        );
        assert!(order >= least, "{stencil}: {order}");
    }
}

/// u and v of the form x(1 − x)²(y − y²)² times a constant: clamped at x = 0, and without traction
/// elsewhere since both vanish there with their slopes.
#[test]
fn plates_are_of_second_order() {
    let nu = 0.3;
    let modulus = |x: f64, y: f64| (x - 0.5 * y).exp();
    let p = |x: f64| x * (1.0 - x).powi(2);
    let q = |y: f64| (y - y * y).powi(2);
    let u = |x: f64, y: f64| [p(x) * q(y), -2.0 * p(x) * q(y)];
    let slope = |f: &dyn Fn(f64) -> f64, x: f64| (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
    // σ_xx, σ_yy, σ_xy
    let stress = |x: f64, y: f64| {
        let e = modulus(x, y);
        let (lambda, mu) = (
            e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)),
            0.5 * e / (1.0 + nu),
        );
        let (dx, dy) = (slope(&p, x) * q(y), p(x) * slope(&q, y));
        let (exx, eyy, exy) = (dx, -2.0 * dy, 0.5 * (dy - 2.0 * dx));
        let trace = lambda * (exx + eyy);
        [
            trace + 2.0 * mu * exx,
            trace + 2.0 * mu * eyy,
            2.0 * mu * exy,
        ]
    };
    let force = |x: f64, y: f64| {
        let along = |i: usize, y: f64| slope(&|x| stress(x, y)[i], x);
        let across = |i: usize, x: f64| slope(&|y| stress(x, y)[i], y);
        [-along(0, y) - across(2, x), -along(2, y) - across(1, x)]
    };
    let errors = [[12, 8], [24, 16]].map(|[nx, ny]| {
        let plate = Elasticity {
            poisson_ratio: nu,
            ..Default::default()
        };
        let family = plate.on(Grid::new(nx, ny, 1)).unwrap();
        let (hx, hy) = (1.0 / nx as f64, 1.0 / ny as f64);
        let centre = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        let e = (0..nx * ny)
            .map(|i| modulus(centre(i % nx, nx), centre(i / nx, ny)))
            .collect();
        let mut out = Assembled::default();
        family.assemble(&[e], Step::default(), &mut out).unwrap();
        // ∫ f times the function of each node, by Gauss points
        let node = |x: usize, y: usize| 2 * (x + (nx + 1) * y);
        let mut load = vec![0.0; 2 * (nx + 1) * (ny + 1)];
        let gauss = [0.5 - 0.5 / 3f64.sqrt(), 0.5 + 0.5 / 3f64.sqrt()];
        for (ex, ey) in (0..ny).flat_map(|y| (0..nx).map(move |x| (x, y))) {
            for (s, t) in gauss.into_iter().flat_map(|s| gauss.map(|t| (s, t))) {
                let f = force((ex as f64 + s) * hx, (ey as f64 + t) * hy);
                for (cx, cy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let one = |c: usize, s: f64| if c == 1 { s } else { 1.0 - s };
                    let weight = 0.25 * hx * hy * one(cx, s) * one(cy, t);
                    (0..2).for_each(|i| load[node(ex + cx, ey + cy) + i] += weight * f[i]);
                }
            }
        }
        family.unknowns(&[load], 0, &mut out.b).unwrap();
        let x = solve(&out.a, &out.b);
        let exact = (0..(nx + 1) * (ny + 1))
            .flat_map(|i| u((i % (nx + 1)) as f64 * hx, (i / (nx + 1)) as f64 * hy));
        let mut expected = vec![0.0; x.len()];
        family
            .unknowns(&[exact.collect()], 0, &mut expected)
            .unwrap();
        rms(&x, expected)
    });
    let order = order(errors[0], errors[1]);
    println!("elasticity: {order:.2}");
    assert!(order >= 1.9, "{order}");
}
