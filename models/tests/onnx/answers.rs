//! What a network answers, against the same arithmetic in f64.

use crate::{diffusion, distance, laplacian, load, noise, ort};
use resolvent_matrices::{Csr, Grid};
use resolvent_models::onnx::{OnnxConfig, OnnxPrecond};
use resolvent_solvers::Preconditioner;

fn applied(name: &str, a: &Csr<f64>, r: &[f64]) -> Vec<f64> {
    let mut m = OnnxPrecond::new(&load(name).unwrap(), a, OnnxConfig::default()).unwrap();
    let mut z = vec![f64::NAN; r.len()];
    m.apply(r, &mut z).unwrap();
    z
}

/// Conductances of every size, some masked cells, a grid that needs padding both ways.
fn rough() -> (Grid, Csr<f64>) {
    let grid = Grid::new(13, 9, 1);
    let k = |i: usize, j: usize| 1.0 + ((7 * i + 3 * j) % 11) as f64;
    (grid, diffusion(grid, k, |row| row % 17 == 5 || row == 0))
}

#[test]
fn fields_say_what_the_matrix_says() {
    if !ort::there("fields say what the matrix says") {
        return;
    }
    // four sweeps of damped Jacobi by the matrix itself; every side, the mask and the padding have to be right
    let (grid, a) = rough();
    let n = grid.unknowns().unwrap();
    let r = noise(n, 4);
    let diagonal: Vec<f64> = (0..n).map(|i| a.view().get(i, i)).collect();
    let alone = |i: usize| a.view().row(i).0.len() == 1;
    let mut x: Vec<f64> = (0..n).map(|i| 0.9 * r[i] / diagonal[i]).collect();
    for _ in 0..3 {
        let mut ax = vec![0.0; n];
        a.view().mul_vec(&x, &mut ax).unwrap();
        for i in 0..n {
            x[i] += 0.9 * (r[i] - ax[i]) / diagonal[i];
        }
    }
    for name in ["fields", "channels"] {
        let z = applied(name, &a, &r);
        // solved outside of the network, at its pace: 1/α of the exact step along its answers
        let pace = |i: usize| z[i] * diagonal[i] / r[i];
        let paces: Vec<f64> = (0..n).filter(|&i| alone(i)).map(pace).collect();
        assert!(
            paces.len() > 5 && (0.3..1.0).contains(&paces[0]),
            "{paces:?}"
        );
        let same = |pace: &f64| (pace - paces[0]).abs() < 1e-12;
        assert!(paces.iter().all(same), "{paces:?}");
        (0..n).filter(|&i| alone(i)).for_each(|i| x[i] = z[i]);
        let error = distance(&z, &x);
        assert!(error < 1e-6, "{name}: {error}");
    }
}

#[test]
fn what_stands_in_masked_cells_is_no_matter_of_the_network() {
    if !ort::there("what stands in masked cells is no matter of the network") {
        return;
    }
    let (grid, a) = rough();
    let n = grid.unknowns().unwrap();
    let alone = |i: usize| a.view().row(i).0.len() == 1;
    let mut r = noise(n, 4);
    (0..n).filter(|&i| alone(i)).for_each(|i| r[i] = 0.0);
    let mut more = r.clone();
    (0..n).filter(|&i| alone(i)).for_each(|i| more[i] = 1e9);
    for name in ["fields", "vcycle", "random"] {
        let (z, with) = (applied(name, &a, &r), applied(name, &a, &more));
        let same = (0..n).filter(|&i| !alone(i)).all(|i| z[i] == with[i]);
        assert!(same, "{name}"); // σ is of what the network sees
        assert!((0..n).filter(|&i| alone(i)).all(|i| with[i] != 0.0));
        // and where it sees nothing it is not asked
        let only: Vec<f64> = r.iter().zip(&more).map(|(r, more)| more - r).collect();
        let z = applied(name, &a, &only);
        let own = (0..n).all(|i| (z[i] != 0.0) == alone(i));
        assert!(own, "{name}");
        assert!(
            z.iter()
                .zip(&with)
                .enumerate()
                .all(|(i, (z, with))| !alone(i) || z == with)
        );
    }
}

#[test]
fn the_next_matrix_brings_its_own_fields() {
    if !ort::there("the next matrix brings its own fields") {
        return;
    }
    let (grid, a) = rough();
    let b = diffusion(grid, |i, _| 2.0 + (i % 5) as f64, |row| row == 40);
    let r = noise(a.nrows(), 5);
    let mut m = OnnxPrecond::new(&load("fields").unwrap(), &a, OnnxConfig::default()).unwrap();
    m.update(&b).unwrap();
    let mut z = vec![0.0; r.len()];
    m.apply(&r, &mut z).unwrap();
    assert_eq!(z, applied("fields", &b, &r));
    assert!(m.update(&laplacian(Grid::new(4, 4, 1))).is_err());
}

#[test]
fn padding_is_zeros_around_the_grid() {
    if !ort::there("padding is zeros around the grid") {
        return;
    }
    for (name, small, large) in [
        ("vcycle", Grid::new(21, 13, 1), Grid::new(24, 16, 1)),
        ("vcycle3d", Grid::new(7, 5, 6), Grid::new(8, 8, 8)),
        ("vcycle32", Grid::new(20, 31, 1), Grid::new(32, 32, 1)),
    ] {
        let r = noise(small.unknowns().unwrap(), 2);
        let mut extended = vec![0.0; large.unknowns().unwrap()];
        for (row, r) in r.iter().enumerate() {
            extended[large.row(small.at(row))] = *r;
        }
        let whole = applied(name, &laplacian(large), &extended);
        let part: Vec<f64> = (0..r.len())
            .map(|row| whole[large.row(small.at(row))])
            .collect();
        let error = distance(&applied(name, &laplacian(small), &r), &part);
        assert!(error < 1e-6, "{name}: {error}");
    }
}

#[test]
fn residuals_of_any_size_are_the_same_question() {
    if !ort::there("residuals of any size") {
        return;
    }
    let a = laplacian(Grid::new(16, 16, 1));
    let r = noise(256, 6);
    for name in ["vcycle", "nonlinear"] {
        let z = applied(name, &a, &r);
        for scale in [1e-250, 1e-30, 1e30, 1e250] {
            let scaled: Vec<f64> = r.iter().map(|r| r * scale).collect();
            let mut answer = applied(name, &a, &scaled);
            answer.iter_mut().for_each(|z| *z /= scale);
            assert!(distance(&answer, &z) < 1e-6, "{name} {scale}");
        }
        assert_eq!(applied(name, &a, &[0.0; 256]), [0.0; 256]);
    }
}

#[test]
fn the_scale_of_the_matrix_is_undone() {
    if !ort::there("the scale of the matrix is undone") {
        return;
    }
    let a = laplacian(Grid::new(16, 16, 1));
    let mut scaled = a.clone();
    scaled.values_mut().iter_mut().for_each(|v| *v *= 1e6);
    let r = noise(256, 6);
    for name in ["vcycle", "fields"] {
        let mut z = applied(name, &scaled, &r);
        z.iter_mut().for_each(|z| *z *= 1e6);
        assert!(distance(&z, &applied(name, &a, &r)) < 1e-6, "{name}");
    }
}

#[test]
fn threads_share_sessions_and_get_the_same_bits() {
    if !ort::there("threads share sessions") {
        return;
    }
    let model = load("vcycle").unwrap();
    let a = laplacian(Grid::new(40, 40, 1));
    let r = noise(1600, 8);
    let answer = || {
        let mut m = OnnxPrecond::new(&model, &a, OnnxConfig::default()).unwrap();
        let mut z = vec![0.0; 1600];
        for _ in 0..5 {
            m.apply(&r, &mut z).unwrap();
        }
        z
    };
    let alone = answer();
    assert_eq!(model.idle_sessions(), 1);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(answer)).collect();
        for one in all {
            assert_eq!(one.join().unwrap(), alone);
        }
    });
    let sessions = model.idle_sessions();
    assert!((1..=4).contains(&sessions), "{sessions}");
    // those are used again
    assert_eq!(answer(), alone);
    assert_eq!(model.idle_sessions(), sessions);
}
