//! Transposes, permutations and products against sprs, on random matrices.

use proptest::prelude::*;
use resolvent_matrices::{Complex, Csr, CsrRef, Permutation, TransposePlan};
use sprs::{PermOwnedI, TriMatI};

type Triplets = Vec<(usize, usize, f64)>;

/// A few entries, some of them at the same place, some of them zero.
fn rectangle() -> impl Strategy<Value = (usize, usize, Triplets)> {
    (1usize..12, 1usize..12).prop_flat_map(|(nrows, ncols)| {
        let entry = (0..nrows, 0..ncols, (-4i32..5).prop_map(f64::from));
        (
            Just(nrows),
            Just(ncols),
            prop::collection::vec(entry, 0..60),
        )
    })
}

fn square() -> impl Strategy<Value = (usize, Triplets, Vec<u32>)> {
    (1usize..12).prop_flat_map(|n| {
        let entry = (0..n, 0..n, (-4i32..5).prop_map(f64::from));
        let order: Vec<u32> = (0..n as u32).collect();
        (
            Just(n),
            prop::collection::vec(entry, 0..60),
            Just(order).prop_shuffle(),
        )
    })
}

/// The same triplets through sprs.
fn oracle(nrows: usize, ncols: usize, t: &Triplets) -> sprs::CsMatI<f64, u32> {
    let mut triplets = TriMatI::<f64, u32>::new((nrows, ncols));
    for &(i, j, v) in t {
        triplets.add_triplet(i, j, v);
    }
    triplets.to_csr()
}

proptest! {
    #[test]
    fn transposes((nrows, ncols, t) in rectangle()) {
        let a = Csr::from_triplets(nrows, ncols, t.clone()).unwrap();
        let s = oracle(nrows, ncols, &t);
        prop_assert_eq!(CsrRef::from_sprs(s.view()).unwrap(), a.view());
        let at = a.view().transpose();
        let st = s.transpose_into().to_csr();
        prop_assert_eq!(CsrRef::from_sprs(st.view()).unwrap(), at.view());
        prop_assert_eq!(&at.view().transpose(), &a);
        let mut values = vec![f64::NAN; a.nnz()];
        TransposePlan::new(a.view()).apply(a.values(), &mut values).unwrap();
        prop_assert_eq!(values, at.values());
    }

    #[test]
    fn adjoints((nrows, ncols, t) in rectangle()) {
        let turned = t.iter().map(|&(i, j, v)| (i, j, Complex::new(v, i as f64 - 2.0 * j as f64)));
        let a = Csr::from_triplets(nrows, ncols, turned.collect::<Vec<_>>()).unwrap();
        let ah = a.view().adjoint();
        prop_assert_eq!(&ah.view().adjoint(), &a);
        for (i, j, v) in a.view().triplets() {
            prop_assert_eq!(ah.view().get(j, i), v.conj());
        }
    }

    #[test]
    fn permutations((n, t, order) in square()) {
        let a = Csr::from_triplets(n, n, t).unwrap();
        let p = Permutation::new(order.clone()).unwrap();
        let b = a.view().permute(&p).unwrap();
        let s = sprs::transform_mat_papt(a.as_sprs(), PermOwnedI::new(order).view());
        prop_assert_eq!(CsrRef::from_sprs(s.view()).unwrap(), b.view());
        prop_assert_eq!(&b.view().permute(&p.clone().inverse()).unwrap(), &a);
        // (P A Pᵀ)(P x) = P (A x), exactly: all numbers are small integers
        let x: Vec<f64> = (0..n).map(|i| i as f64 - 3.0).collect();
        let (mut ax, mut pax, mut px, mut bpx) = (x.clone(), x.clone(), x.clone(), x.clone());
        a.view().mul_vec(&x, &mut ax).unwrap();
        p.apply(&ax, &mut pax).unwrap();
        p.apply(&x, &mut px).unwrap();
        b.view().mul_vec(&px, &mut bpx).unwrap();
        prop_assert_eq!(bpx, pax);
    }

    #[test]
    fn reverse_cuthill_mckee_orders_everything((n, t, _) in square()) {
        let a = Csr::from_triplets(n, n, t).unwrap();
        let p = a.view().rcm().unwrap();
        prop_assert_eq!(p.len(), n);
        prop_assert_eq!(a.view().permute(&p).unwrap().nnz(), a.nnz());
    }

    #[test]
    fn products_and_sums((nrows, ncols, t) in rectangle()) {
        let a = Csr::from_triplets(nrows, ncols, t.clone()).unwrap();
        let s = oracle(nrows, ncols, &t);
        let x: Vec<f64> = (0..ncols).map(|j| 2.0 * j as f64 - 5.0).collect();
        let (mut y, mut z) = (vec![f64::NAN; nrows], vec![0.0; nrows]);
        a.view().mul_vec(&x, &mut y).unwrap();
        sprs::prod::mul_acc_mat_vec_csr(s.view(), &x[..], &mut z[..]);
        prop_assert_eq!(y, z);
        let split = a.view().lower().view().add(1.0, a.view().filter(|i, j| j > i).view(), 1.0);
        prop_assert_eq!(split.unwrap(), a);
    }

    #[test]
    fn views((nrows, ncols, t) in rectangle()) {
        let a = Csr::from_triplets(nrows, ncols, t).unwrap();
        prop_assert_eq!(CsrRef::from_faer(a.as_faer()).unwrap(), a.view());
        prop_assert_eq!(CsrRef::from_sprs(a.as_sprs()).unwrap(), a.view());
        let faer = a.as_faer().to_dense();
        let dense = a.view().to_dense();
        for (k, v) in dense.iter().enumerate() {
            prop_assert_eq!(faer[(k % nrows, k / nrows)], *v);
        }
    }
}
