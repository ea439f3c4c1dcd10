use super::*;

fn small() -> Csr<f64> {
    // [1 0 2]
    // [0 3 0]
    Csr::new(2, 3, vec![0, 2, 3], vec![0, 2, 1], vec![1.0, 2.0, 3.0]).unwrap()
}

#[test]
fn entries_are_where_they_were_put() {
    let a = small();
    assert_eq!((a.nrows(), a.ncols(), a.nnz()), (2, 3, 3));
    assert_eq!(a.view().get(0, 2), 2.0);
    assert_eq!(a.view().get(1, 2), 0.0);
    assert_eq!(
        a.view().row_iter(0).collect::<Vec<_>>(),
        [(0, 1.0), (2, 2.0)]
    );
}

#[test]
fn triplets_are_sorted_and_duplicates_summed() {
    let t = [(1, 1, 1.0), (0, 2, 2.0), (1, 1, 2.0), (0, 0, 1.0)];
    assert_eq!(Csr::from_triplets(2, 3, t).unwrap(), small());
}

#[test]
fn every_broken_invariant_has_its_error() {
    let new = |ptr: &[u32], idx: &[u32], n: usize| {
        Csr::new(2, 3, ptr.to_vec(), idx.to_vec(), vec![1.0; n]).unwrap_err()
    };
    assert!(matches!(
        new(&[0, 1], &[0], 1),
        MatrixError::RowPtrLength {
            expected: 3,
            got: 2
        }
    ));
    assert!(matches!(
        new(&[0, 1, 1], &[0], 2),
        MatrixError::Lengths { .. }
    ));
    assert!(matches!(
        new(&[0, 2, 1], &[0], 1),
        MatrixError::RowPtrOrder { row: 0, .. }
    ));
    assert!(matches!(
        new(&[1, 1, 1], &[0], 1),
        MatrixError::RowPtrOrder { row: 0, .. }
    ));
    assert!(matches!(
        new(&[0, 1, 1], &[0, 1], 2),
        MatrixError::RowPtrOrder { row: 1, .. }
    ));
    assert!(matches!(
        new(&[0, 1, 2], &[0, 3], 2),
        MatrixError::OutOfBounds { row: 1, col: 3, .. }
    ));
    assert!(matches!(
        new(&[0, 2, 2], &[1, 1], 2),
        MatrixError::Unsorted { row: 0, col: 1 }
    ));
    assert!(matches!(
        new(&[0, 2, 2], &[1, 0], 2),
        MatrixError::Unsorted { row: 0, col: 0 }
    ));
    assert!(matches!(
        Csr::from_triplets(1, 1, [(1, 0, 1.0)]),
        Err(MatrixError::OutOfBounds { row: 1, .. })
    ));
}

#[test]
fn new_values_keep_the_pattern() {
    let mut a = small();
    let mut b = small();
    b.values_mut()[1] = 7.0;
    a.update_values(b.view()).unwrap();
    assert_eq!(a, b);
    let other = Csr::<f64>::identity(2).unwrap();
    assert!(a.update_values(other.view()).is_err());
    assert_eq!(a, b);
}

#[test]
fn word_sized_indices_are_borrowed_and_converted() {
    let (p, i, v) = ([0usize, 2, 3], [0usize, 2, 1], [1.0, 2.0, 3.0]);
    let a = CsrRef::new(2, 3, &p, &i, &v).unwrap();
    assert_eq!(a.to_owned().unwrap(), small());
    assert_eq!(AnyCsr::Usize(a).to_u32().unwrap().view(), small().view());
}
