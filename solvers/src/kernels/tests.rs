//! Every kernel against its reference twin, over all remainders of the vector loops and lengths
//! that are split over threads; the bits must not depend on the number of threads.

use super::reference;
use super::*;
use proptest::prelude::*;
use resolvent_matrices::{Complex, Csr, Real, Scalar};

/// n numbers in (−1, 1) + (−1, 1)i.
fn vector<T: Scalar>(n: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n)
        .map(|_| T::from_c64(Complex::new(next(), next())))
        .collect()
}

/// A pentadiagonal-like matrix with rows of unequal lengths.
fn matrix<T: Scalar>(n: usize) -> Csr<T> {
    let values = vector::<T>(5 * n, 9);
    let entries = (0..n).flat_map(|i| {
        let columns = [i, (i + 1) % n.max(1), (7 * i + 3) % n.max(1), i / 2];
        let keep = 1 + i % 4;
        (0..keep).map(move |k| (i, columns[k], k))
    });
    Csr::from_triplets(n, n, entries.map(|(i, j, k)| (i, j, values[5 * i + k]))).unwrap()
}

/// A band matrix like that of a grid, with runs of 3, 5, 7 or 11 entries a row, cut by the ends of
/// lines.
fn grid<T: Scalar>(n: usize) -> Csr<T> {
    let offsets: &[isize] = match n % 4 {
        0 => &[-1, 0, 1],
        1 => &[-40, -1, 0, 1, 40],
        2 => &[-400, -20, -1, 0, 1, 20, 400],
        _ => &[-50, -42, -41, -40, -1, 0, 1, 40, 41, 42, 50],
    };
    let values = vector::<T>(n * offsets.len(), 10);
    let entries = (0..n).flat_map(|i| {
        let kept = move |&(_, o): &(usize, &isize)| {
            let j = i as isize + o;
            (0..n as isize).contains(&j) && !(i % 97 == 0 && *o == -1)
        };
        let place = move |(k, o): (usize, &isize)| (i, (i as isize + o) as usize, k);
        offsets.iter().enumerate().filter(kept).map(place)
    });
    let width = offsets.len();
    Csr::from_triplets(n, n, entries.map(|(i, j, k)| (i, j, values[width * i + k]))).unwrap()
}

/// What all kernels compute on vectors of length n: entries of vectors, and sums.
fn run<T: Scalar>(n: usize, fast: bool) -> [Vec<T>; 2] {
    let (x, y, d) = (vector::<T>(n, 1), vector::<T>(n, 2), vector::<T>(n, 3));
    let alpha = T::from_c64(Complex::new(0.7, -0.4));
    let columns = [0, 1, 3, 4, 7, 37][n % 6];
    let block = vector::<T>(n * columns, 4);
    let h = vector::<T>(columns, 5);
    let a = matrix::<T>(n);
    let (mut out, mut sums) = (Vec::new(), Vec::new());
    let mut w = y.clone();
    macro_rules! call {
        ($name:ident ( $($arg:expr),* )) => {
            if fast { $name($($arg),*) } else { reference::$name($($arg),*) }
        };
    }
    sums.push(call!(dot(&x, &y)));
    sums.push(T::from_real(call!(norm_squared(&x))));
    sums.push(call!(sum(&x)));
    call!(axpy(alpha, &x, &mut w));
    out.extend_from_slice(&w);
    sums.push(T::from_real(call!(axpy_norm_squared(alpha, &d, &mut w))));
    out.extend_from_slice(&w);
    call!(xpby(&x, alpha, &mut w));
    call!(scale(alpha, &mut w));
    call!(shift(alpha, &mut w));
    call!(sub_from(&y, &mut w));
    out.extend_from_slice(&w);
    call!(multiply(&d, &x, &mut w));
    out.extend_from_slice(&w);
    call!(block_axpy(&block, &h, &mut w));
    out.extend_from_slice(&w);
    let mut products = vec![T::ZERO; columns];
    call!(block_dot(&block, &x, &mut products));
    sums.extend_from_slice(&products);
    sums.push(call!(multiply_dot(&d, &x, &mut w)));
    out.extend_from_slice(&w);
    for a in [&a, &grid::<T>(n)] {
        for runs in [a.runs().as_slice(), &[]] {
            call!(spmv(a.view(), runs, &x, &mut w));
            out.extend_from_slice(&w);
            sums.push(call!(spmv_dot(a.view(), runs, &x, &mut w)));
            call!(residual(a.view(), runs, &y, &x, &mut w));
            out.extend_from_slice(&w);
        }
    }
    [out, sums]
}

fn agree<T: Scalar>() {
    let pools: Vec<_> = [1, 2, 3]
        .map(|k| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(k)
                .build()
                .unwrap()
        })
        .into();
    let large = [4096, 4097, 32_767, 32_768, 70_001];
    for n in (0..300).chain(large) {
        let expected = run::<T>(n, false);
        let got = run::<T>(n, true);
        let eps = T::Real::EPSILON.to_f64();
        let size = n as f64 + 64.0; // of a sum; its reference adds up one after the other
        let tolerances = [eps * 256.0, eps * size * (2.0 + size.sqrt())];
        for (part, tolerance) in tolerances.into_iter().enumerate() {
            assert_eq!(expected[part].len(), got[part].len());
            for (i, (&e, &g)) in expected[part].iter().zip(&got[part]).enumerate() {
                let error = (e - g).abs().to_f64();
                assert!(error <= tolerance, "{} n={n} {part} {i}: {e} {g}", T::NAME);
            }
        }
        for pool in &pools {
            let inside = pool.install(|| run::<T>(n, true));
            let threads = pool.current_num_threads();
            assert!(inside == got, "{} n={n} {threads} threads: bits", T::NAME);
        }
    }
}

#[test]
fn kernels_agree_with_their_references() {
    agree::<f32>();
    agree::<f64>();
    agree::<Complex<f32>>();
    agree::<Complex<f64>>();
}

fn columns_agree<T: Scalar>() {
    let pools = [1, 2].map(|k| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(k)
            .build()
            .unwrap()
    });
    for n in [0, 1, 100, 5000, 40_000] {
        for a in [matrix::<T>(n), grid::<T>(n)] {
            let x = vector::<T>(4 * n, 8);
            let untouched = vec![T::ONE; 4 * n];
            let mut expected = untouched.clone();
            for j in [0, 3] {
                let column = j * n..(j + 1) * n;
                spmv(a.view(), &[], &x[column.clone()], &mut expected[column]);
            }
            for pool in &pools {
                let mut y = untouched.clone();
                pool.install(|| {
                    spmm(a.view(), a.runs().as_slice(), &[0, 3], &x, &mut y);
                });
                assert!(y == expected, "{} n={n}", T::NAME);
            }
        }
    }
}

#[test]
fn products_with_columns_are_those_with_each() {
    columns_agree::<f32>();
    columns_agree::<f64>();
    columns_agree::<Complex<f32>>();
    columns_agree::<Complex<f64>>();
}

#[test]
fn the_grid_matrices_of_these_tests_have_runs() {
    for n in 32_768..32_772 {
        assert!(!grid::<f64>(n).runs().as_slice().is_empty(), "{n}");
    }
}

#[test]
#[should_panic(expected = "size of V")]
fn a_block_of_the_wrong_size_is_refused() {
    block_dot(&[0.0f64; 5], &[0.0; 2], &mut [0.0; 3]);
}

/// Random matrices, from empty to full rows, with stretches of a stencil among them.
fn random_matrix() -> impl Strategy<Value = Csr<f64>> {
    (1usize..60, 1usize..6).prop_flat_map(|(n, stencil)| {
        let entries = proptest::collection::vec((0..n, 0..n, -4i32..5), 0..4 * n);
        let offsets = proptest::collection::vec(0..n, stencil);
        (Just(n), entries, offsets, 0..n).prop_map(|(n, entries, offsets, first)| {
            let scattered = entries.into_iter().map(|(i, j, v)| (i, j, f64::from(v)));
            let rows = (first..n).flat_map(|i| offsets.iter().map(move |&d| (i, d + i - first)));
            let stretch = rows
                .filter(|&(_, j)| j < n)
                .map(|(i, j)| (i, j, 0.5 + j as f64));
            Csr::from_triplets(n, n, scattered.chain(stretch)).unwrap()
        })
    })
}

proptest! {
    /// Whole numbers and halves: every sum is exact, so the kernels must agree to the bit.
    #[test]
    fn products_of_random_matrices_are_exact(a in random_matrix(), seed in 0usize..1000) {
        let n = a.nrows();
        let x: Vec<f64> = (0..2 * n).map(|i| ((i * 7 + seed) % 11) as f64 - 5.0).collect();
        let b: Vec<f64> = (0..n).map(|i| ((i * 3 + seed) % 5) as f64).collect();
        let (x0, mut expected) = (&x[..n], vec![0.0; n]);
        reference::spmv(a.view(), &[], x0, &mut expected);
        let mut y = vec![f64::NAN; n];
        for runs in [a.runs().as_slice(), &[]] {
            spmv(a.view(), runs, x0, &mut y);
            prop_assert_eq!(&y, &expected);
            let xy = spmv_dot(a.view(), runs, x0, &mut y);
            prop_assert_eq!(&y, &expected);
            prop_assert_eq!(xy, reference::dot(x0, &expected));
            residual(a.view(), runs, &b, x0, &mut y);
            let r: Vec<f64> = b.iter().zip(&expected).map(|(b, y)| b - y).collect();
            prop_assert_eq!(&y, &r);
            let mut block = vec![0.0; 2 * n];
            spmm(a.view(), runs, &[0, 1], &x, &mut block);
            prop_assert_eq!(&block[..n], &expected[..]);
        }
    }
}

/// X ← [X Y] T, for every remainder of the pieces and of the groups of four.
fn combines<T: Scalar>() {
    for (n, p, more, k) in [(1, 1, 0, 1), (63, 3, 2, 5), (200, 7, 0, 4), (130, 2, 9, 6)] {
        let width = p.max(k);
        let (x, y) = (vector::<T>(n * width, 1), vector::<T>(n * more, 2));
        let t = vector::<T>((p + more) * k, 3);
        let mut room = vec![T::ZERO; (p + more + k + 3) * COMBINE_ROWS];
        let mut out = x.clone();
        block_combine(n, &mut out, p, &y, (&t, p + more, k), &mut room);
        for j in 0..k {
            let t = &t[j * (p + more)..][..p + more];
            let mut exact = vec![T::ZERO; n];
            reference::block_axpy(&x[..p * n], &t[..p], &mut exact);
            reference::block_axpy(&y, &t[p..], &mut exact);
            for (a, b) in out[j * n..(j + 1) * n].iter().zip(&exact) {
                assert!((*a - *b).abs().to_f64() < 50.0 * T::Real::EPSILON.to_f64());
            }
        }
        assert!(out[k * n..] == x[k * n..]);
    }
}

#[test]
fn blocks_are_combined_in_place() {
    combines::<f32>();
    combines::<f64>();
    combines::<Complex<f32>>();
    combines::<Complex<f64>>();
}
