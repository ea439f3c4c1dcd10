//! Evidence against eigenvalues and definitions, on random matrices.

use crate::direct::eigenvalues;
use proptest::prelude::*;
use resolvent_matrices::{Complex, Csr, Definiteness, Dominance, Evidence};

/// A Hermitian matrix of small integers, its diagonal shifted.
fn hermitian() -> impl Strategy<Value = Csr<Complex<f64>>> {
    (1usize..7).prop_flat_map(|n| {
        let entry = (0..n, 0..n, -2i32..3, -2i32..3);
        let entries = prop::collection::vec(entry, 0..14);
        let shift = prop_oneof![Just(0), -8i32..9];
        (Just(n), entries, shift, prop::bool::ANY).prop_map(|(n, entries, shift, real)| {
            let mut t: Vec<_> = (0..n)
                .map(|i| (i, i, Complex::from(f64::from(shift))))
                .collect();
            for (i, j, re, im) in entries {
                let im = if real || i == j { 0 } else { im };
                let v = Complex::new(f64::from(re), f64::from(im));
                t.push((i, j, v));
                if i != j {
                    t.push((j, i, v.conj()));
                }
            }
            Csr::from_triplets(n, n, t).unwrap()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn proofs_of_definiteness_are_right(a in hermitian()) {
        let e = Evidence::gather(a.view());
        prop_assert!(e.hermitian && e.structurally_symmetric && e.non_hermitian == 0.0);
        let lambda = eigenvalues(&a);
        let (least, most) = (lambda[0], lambda[lambda.len() - 1]);
        let tiny = 1e-13 * least.abs().max(most.abs());
        match e.definiteness {
            Definiteness::Positive(Dominance::Weak) => prop_assert!(least >= -tiny),
            Definiteness::Positive(_) => prop_assert!(least > tiny),
            Definiteness::Negative(Dominance::Weak) => prop_assert!(most <= tiny),
            Definiteness::Negative(_) => prop_assert!(most < -tiny),
            Definiteness::Indefinite(_) => prop_assert!(least < -tiny && most > tiny),
            Definiteness::PossiblyPositive => prop_assert!(most > 0.0),
            Definiteness::PossiblyNegative => prop_assert!(least < 0.0),
            Definiteness::Unknown => prop_assert!(e.zero_diagonals + e.missing_diagonals > 0),
        }
    }

    #[test]
    fn counts_are_those_of_the_dense_matrix(
        n in 1usize..7,
        t in prop::collection::vec((0usize..7, 0usize..7, -2i32..3), 0..30),
    ) {
        let t: Vec<_> = t.into_iter().filter(|&(i, j, _)| i < n && j < n).collect();
        let t = t.iter().map(|&(i, j, v)| (i, j, f64::from(v))).collect::<Vec<_>>();
        let a = Csr::from_triplets(n, n, t).unwrap();
        let e = Evidence::gather(a.view());
        let at = |i, j| a.view().get(i, j);
        let pairs = || (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        prop_assert_eq!(e.symmetric, pairs().all(|(i, j)| at(i, j) == at(j, i)));
        prop_assert_eq!(e.skew_symmetric, pairs().all(|(i, j)| at(i, j) == -at(j, i)));
        let part: f64 = pairs().map(|(i, j)| (at(i, j) - at(j, i)).powi(2)).sum();
        let size: f64 = pairs().map(|(i, j)| at(i, j).powi(2)).sum();
        let asymmetry = if part > 0.0 { (part / size).sqrt() } else { 0.0 };
        prop_assert!((e.asymmetry - asymmetry).abs() < 1e-14);
        let off = |i: usize| (0..n).filter(|&j| j != i).map(|j| at(i, j).abs()).sum::<f64>();
        let rows = |is: &dyn Fn(usize) -> bool| (0..n).filter(|&i| is(i)).count();
        prop_assert_eq!(e.strictly_dominant_rows, rows(&|i| at(i, i).abs() > off(i)));
        prop_assert_eq!(e.weakly_dominant_rows, rows(&|i| at(i, i).abs() >= off(i)));
        prop_assert_eq!(e.zero_row_sums, rows(&|i| (0..n).map(|j| at(i, j)).sum::<f64>() == 0.0));
        prop_assert_eq!(e.zero_column_sums, rows(&|j| (0..n).map(|i| at(i, j)).sum::<f64>() == 0.0));
        prop_assert_eq!(e.positive_diagonals, rows(&|i| at(i, i) > 0.0));
        let stored = pairs().filter(|&(i, j)| a.view().row_iter(i).any(|e| e.0 == j));
        let bandwidth = stored.map(|(i, j)| i.abs_diff(j)).max();
        prop_assert_eq!(e.bandwidth, bandwidth.unwrap_or(0));
        if e.m_matrix {
            // its inverse has no negative entry
            for j in 0..n {
                let mut unit = vec![0.0; n];
                unit[j] = 1.0;
                let column = crate::direct::solve(&a, &unit, false);
                prop_assert!(column.iter().all(|&x| x >= -1e-14));
            }
        }
    }
}
