//! B = M⁻¹ column by column on small grids: symmetric, positive definite, and the eigenvalues of BA not far from 1.

use super::*;
use faer::Side;

/// B by the definition, and A, in double precision.
fn dense(levels: &[GmgLevel], degree: usize) -> [faer::Mat<f64>; 2] {
    let n = levels[0].link.len();
    let (mut b, mut a) = (faer::Mat::zeros(n, n), faer::Mat::zeros(n, n));
    for p in 0..n {
        let mut e = vec![0.0; n];
        e[p] = 1.0;
        for (out, column) in [
            (&mut b, reference::cycle(levels, degree, &e)),
            (&mut a, reference::product(&levels[0], &e)),
        ] {
            column
                .iter()
                .enumerate()
                .for_each(|(q, &v)| out[(q, p)] = v);
        }
    }
    [b, a]
}

/// Least and largest eigenvalue of BA, by those of Lᵀ B L with A = L Lᵀ.
fn extremes(levels: &[GmgLevel], degree: usize) -> [f64; 2] {
    let [b, mut a] = dense(levels, degree);
    let n = a.nrows();
    let size = b.norm_l2();
    assert!((&b - b.transpose()).norm_l2() < 1e-13 * size);
    for p in 0..n {
        if a[(p, p)] == 0.0 {
            a[(p, p)] = 1.0; // no cell: B is 0 there
        }
    }
    let values = b.self_adjoint_eigenvalues(Side::Lower).unwrap();
    let dead = (0..n).filter(|&p| b[(p, p)] == 0.0).count();
    assert!(values[dead] > 0.0, "{values:?}");
    let l = a.llt(Side::Lower).unwrap().L().to_owned();
    let values = (l.transpose() * b * &l)
        .self_adjoint_eigenvalues(Side::Lower)
        .unwrap();
    [values[dead], values[n - 1]]
}

#[test]
fn the_cycle_is_symmetric_and_positive_and_close_to_the_inverse() {
    for (nx, ny) in [(13, 11), (30, 5), (90, 1), (12, 12)] {
        for holes in [false, true] {
            for degree in 1..=4 {
                let mut level = random_level([nx, ny, 1], holes, 11);
                // islands between holes would float
                let free = |p: usize| level.divisor(p) > 0.0;
                let free: Vec<_> = (0..nx * ny).filter(|&p| free(p)).collect();
                free.iter().for_each(|&p| level.link[p] += 0.01);
                let levels = hierarchy(level);
                let [low, high] = extremes(&levels, degree);
                let what = format!("{nx}x{ny} holes {holes} degree {degree}: {low} {high}");
                // positive by proof; how large, by experience: coarse levels are not Galerkin's, and errors of
                // several levels add up behind a single smoothing step
                let most = if degree == 1 { 3.0 } else { 2.0 };
                assert!(low > 0.0 && high < most, "{what}");
            }
        }
    }
}

#[test]
fn of_poisson_it_is_the_inverse_within_a_tenth() {
    let n = 16;
    let grid = Grid::new(n, n, 1);
    let at = |p: usize, d: usize| if d == 0 { p % n } else { p / n };
    let face = |d: usize| (0..n * n).map(|p| f32::from(at(p, d) + 1 < n)).collect();
    let side = |p: usize, d: usize| at(p, d) == 0 || at(p, d) + 1 == n;
    let link = (0..n * n).map(|p| [0, 1].iter().filter(|&&d| side(p, d)).count() as f32 * 2.0);
    let faces = [face(0), face(1), Vec::new()];
    let level = GmgLevel::new(grid, faces, link.collect()).unwrap();
    let [low, high] = extremes(&hierarchy(level), 3);
    assert!(low > 0.85 && high < 1.15, "{low} {high}");
}

/// Coarse levels that have nothing to do with the fine one cost iterations, not definiteness.
#[test]
fn any_coarse_level_leaves_it_positive() {
    let mut levels = hierarchy(random_level([20, 20, 1], false, 1));
    levels[1] = random_level([10, 10, 1], true, 2);
    levels[2] = random_level([5, 5, 1], true, 3);
    let [low, _] = extremes(&levels, 3);
    assert!(low > 0.0, "{low}");
}
