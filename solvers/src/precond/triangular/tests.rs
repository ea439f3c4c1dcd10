//! Both engines against the plain loops, on patterns of every kind.

use super::*;
use resolvent_matrices::generate::random_vector;
use resolvent_matrices::{Complex, Csr, Real};

/// The strict lower (`-1`) or upper (`1`) triangle with entries where `keep(i, distance)`; sums of
/// rows below one, so that solutions stay of the order of the right-hand side.
fn triangle<T: Scalar>(n: usize, side: isize, keep: impl Fn(usize, usize) -> bool) -> Csr<T> {
    let noise = random_vector::<T>(n * 4 + 7, 5);
    let mut entries = Vec::new();
    for i in 0..n {
        let room = if side < 0 { i } else { n - 1 - i };
        let kept: Vec<usize> = (1..=room).filter(|&d| keep(i, d)).collect();
        for (k, &d) in kept.iter().enumerate() {
            let j = if side < 0 { i - d } else { i + d };
            let size = T::Real::from_f64(1.0 / kept.len() as f64);
            let value = noise[(4 * i + k) % noise.len()] * T::from_real(size);
            entries.push((i, j, value));
        }
    }
    Csr::from_triplets(n, n, entries).unwrap()
}

fn pattern<T: Scalar>(a: &Csr<T>) -> Pattern<'_> {
    Pattern {
        ptr: a.row_ptr(),
        col: a.col_idx(),
    }
}

/// z = U⁻¹ L⁻¹ r by the plain loops.
fn plain<T: Scalar>(l: &Csr<T>, u: &Csr<T>, f: &Factors<'_, T>, r: &[T]) -> Vec<T> {
    let mut z = r.to_vec();
    for i in 0..z.len() {
        let known = l.view().row_iter(i).map(|(j, v)| v * z[j]);
        let sum = known.fold(z[i], |sum, term| sum - term);
        z[i] = match f.form {
            Form::Cholesky => sum * f.inverse[i],
            _ => sum,
        };
    }
    for i in (0..z.len()).rev() {
        let known = u.view().row_iter(i).map(|(j, v)| v * z[j]);
        z[i] = known.fold(z[i], |sum, term| sum - term) * f.inverse[i];
    }
    z
}

fn agrees<T: Scalar>(l: &Csr<T>, u: &Csr<T>, half: bool, lines: Option<bool>) {
    let n = l.nrows();
    let inverse: Vec<T> = random_vector::<T>(n, 9)
        .iter()
        .map(|v| T::from_real(T::Real::ONE + v.abs()) / T::from_f64(2.0))
        .collect();
    let r = random_vector::<T>(n, 11);
    for form in [Form::Lu, Form::Cholesky] {
        let f = Factors {
            lower: (pattern(l), l.values()),
            upper: (pattern(u), Upper::Values(u.values())),
            inverse: &inverse,
            form,
        };
        let mut pair = TriangularPair::new(f.lower.0, f.upper.0, half);
        if let Some(lines) = lines {
            assert_eq!(matches!(pair, TriangularPair::Lines(_)), lines);
        }
        pair.fill(f);
        let mut z = vec![T::from_f64(f64::NAN); n]; // what was there before does not matter
        pair.solve(&r, &mut z);
        let expected = plain(l, u, &f, &r);
        let largest = expected.iter().fold(1.0, |m, e| e.abs().to_f64().max(m));
        let eps = if half {
            1e-4
        } else {
            200.0 * T::Real::EPSILON.to_f64()
        };
        for (i, (z, e)) in z.iter().zip(&expected).enumerate() {
            let error = (*z - *e).abs().to_f64();
            assert!(error <= eps * largest, "row {i} of {n}: {z}, not {e}");
        }
    }
}

fn both<T: Scalar>(n: usize, keep: impl Fn(usize, usize) -> bool + Copy, lines: Option<bool>) {
    let l = triangle::<T>(n, -1, keep);
    let u = triangle::<T>(n, 1, move |i, d| keep(n - 1 - i, d));
    agrees(&l, &u, false, lines);
    if size_of::<T>() > 8 || T::Real::EPSILON.to_f64() < 1e-10 {
        agrees(&l, &u, true, lines);
    }
}

fn shapes<T: Scalar>() {
    for n in [0, 1, 2, 7, 8, 9, 63, 64, 200, 333] {
        both::<T>(n, |_, _| false, None);
        both::<T>(n, |_, d| d == 1, None);
        both::<T>(n, |i, d| d == 1 && i % 20 > 0 || d == 20, None); // five points
        both::<T>(n, |i, d| d == 1 && i % 9 > 0 || d == 9, None);
        both::<T>(n, |_, d| d == 1 || d == 3 || d == 30, None); // two near
        both::<T>(n, |_, d| [1, 11, 12, 13, 40, 41, 42].contains(&d), None); // many far
        both::<T>(n, |_, d| d == 12, None);
        both::<T>(n, |i, d| (i * 7 + d * 13) % 11 < 2, None); // no lines
    }
}

#[test]
fn agree_with_the_plain_loops() {
    shapes::<f64>();
    shapes::<f32>();
    shapes::<Complex<f64>>();
    shapes::<Complex<f32>>();
}

#[test]
fn grids_have_lines_and_scattered_entries_have_none() {
    both::<f64>(400, |i, d| d == 1 && i % 20 > 0 || d == 20, Some(true));
    both::<f64>(
        400,
        |i, d| d == 1 && i % 20 > 0 || d == 20 && i % 400 > 19,
        Some(true),
    );
    both::<f64>(2000, |i, d| (i * 7 + d * 13) % 301 < 2, Some(false));
    // wide levels: rows wait for one far above only
    both::<f64>(2000, |i, d| d == 500 + i * 37 % 400, Some(false));
}

/// Stencils of every kind with holes: distances at the edges of a block, rows that lack some of
/// them, and L and U that have nothing to do with each other.
#[test]
fn agree_on_random_stencils_with_holes() {
    let mut state = 1u64;
    let mut below = move |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % bound
    };
    let (mut with_lines, mut without) = (0, 0);
    for case in 0..400 {
        let n = 1 + below(300);
        let mut stencil = || -> (Vec<usize>, usize) {
            let near = [1, 2, 7, 8, 9, 15, 16, 17];
            let mut distances: Vec<usize> = (0..1 + below(6))
                .map(|_| match below(3) {
                    0 => 1,
                    1 => near[below(near.len())],
                    _ => 1 + below(n),
                })
                .collect();
            distances.dedup();
            (distances, 2 + below(60))
        };
        let (lower, upper) = (stencil(), stencil());
        let keep = |(distances, hole): &(Vec<usize>, usize), i: usize, d: usize| {
            distances.contains(&d) && (case % 2 == 0 || !(i * 31 + d).is_multiple_of(*hole))
        };
        let l = triangle::<f64>(n, -1, |i, d| keep(&lower, i, d));
        let u = triangle::<f64>(n, 1, |i, d| keep(&upper, i, d));
        match TriangularPair::<f64>::new(pattern(&l), pattern(&u), false) {
            TriangularPair::Lines(_) => with_lines += 1,
            TriangularPair::Levels(_) => without += 1,
        }
        agrees(&l, &u, case % 3 == 0, None);
    }
    assert!(with_lines > 50 && without > 50, "{with_lines} {without}");
}
