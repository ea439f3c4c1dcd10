use super::*;
use crate::{Complex, Csr};

fn matrix<const N: usize>(rows: [[f64; N]; N]) -> Csr<f64> {
    let t = (0..N).flat_map(|i| (0..N).map(move |j| (i, j)));
    let t = t.filter(|&(i, j)| rows[i][j] != 0.0);
    Csr::from_triplets(N, N, t.map(|(i, j)| (i, j, rows[i][j]))).unwrap()
}

fn laplacian(ends: f64) -> Csr<f64> {
    matrix([
        [1.0 + ends, -1.0, 0.0, 0.0],
        [-1.0, 2.0, -1.0, 0.0],
        [0.0, -1.0, 2.0, -1.0],
        [0.0, 0.0, -1.0, 1.0 + ends],
    ])
}

#[test]
fn the_laplacian_with_dirichlet_ends() {
    let e = Evidence::gather(laplacian(1.0).view());
    assert!(e.square && e.finite && e.structurally_symmetric && e.symmetric && e.hermitian);
    assert!(e.m_matrix && e.nonpositive_off_diagonals);
    assert!(!e.skew_symmetric && !e.constant_nullspace);
    assert_eq!((e.asymmetry, e.non_hermitian), (0.0, 0.0));
    assert_eq!((e.weakly_dominant_rows, e.strictly_dominant_rows), (4, 2));
    assert_eq!(e.dominance, Some(Dominance::Chained));
    assert_eq!(e.definiteness, Definiteness::Positive(Dominance::Chained));
    assert_eq!((e.bandwidth, e.positive_diagonals), (1, 4));
    assert_eq!((e.zero_row_sums, e.zero_column_sums), (2, 2));
}

#[test]
fn pure_neumann_ends_leave_the_constant_vector() {
    let e = Evidence::gather(laplacian(0.0).view());
    assert!(e.constant_nullspace && !e.m_matrix);
    assert_eq!(e.definiteness, Definiteness::Positive(Dominance::Weak));
    assert_eq!((e.zero_row_sums, e.zero_column_sums), (4, 4));
    let mut minus = laplacian(0.0);
    minus.values_mut().iter_mut().for_each(|v| *v = -*v);
    let e = Evidence::gather(minus.view());
    assert_eq!(e.definiteness, Definiteness::Negative(Dominance::Weak));
    assert_eq!(e.negative_diagonals, 4);
}

#[test]
fn rounded_row_sums_are_still_zero() {
    let row = [0.1 + 0.2 + 0.7, -0.1, -0.2, -0.7];
    let mut t: Vec<_> = (0..4).map(|j| (0, j, row[j])).collect();
    t.extend((1..4).flat_map(|i| [(i, 0, -row[i]), (i, i, row[i])]));
    let a = Csr::from_triplets(4, 4, t).unwrap();
    assert!(Evidence::gather(a.view()).constant_nullspace);
    let mut b = a;
    b.values_mut()[0] += 1e-9;
    assert_eq!(Evidence::gather(b.view()).zero_row_sums, 3);
}

#[test]
fn a_few_bits_of_asymmetry_are_rounding() {
    let of = |off: f64| Evidence::gather(matrix([[2.0, off], [1.0, 2.0]]).view());
    let e = of(1.0 + f64::EPSILON);
    assert!(!e.hermitian && e.asymmetry > 0.0);
    assert_eq!(e.definiteness, Definiteness::Positive(Dominance::Strict));
    assert_eq!(of(1.0 + 1e-10).definiteness, Definiteness::Unknown);
}

#[test]
fn indefinite_matrices_are_proven_so() {
    let of = |rows| Evidence::gather(matrix(rows).view()).definiteness;
    let minor = Definiteness::Indefinite(IndefiniteProof::Minor { i: 0, j: 1 });
    assert_eq!(of([[1.0, 2.0], [2.0, 1.0]]), minor);
    assert_eq!(of([[1.0, 2.0], [2.0, 0.0]]), minor);
    assert_eq!(of([[1e200, 2e200], [2e200, 1e200]]), minor);
    assert_eq!(
        of([[1.0, 0.0], [0.0, -1.0]]),
        Definiteness::Indefinite(IndefiniteProof::Diagonal {
            positive: 0,
            negative: 1
        })
    );
    // singular, not indefinite: the minor is zero
    assert_eq!(of([[1.0, 3.0], [3.0, 9.0]]), Definiteness::PossiblyPositive);
    assert_eq!(of([[2.0, 1.0], [0.0, 2.0]]), Definiteness::Unknown);
    let signs = [[-4.0, 3.0, 3.0], [3.0, -4.0, 3.0], [3.0, 3.0, -4.0]];
    let e = Evidence::gather(matrix(signs).view());
    assert_eq!(e.definiteness, Definiteness::PossiblyNegative);
}

#[test]
fn unsymmetric_matrices_are_measured() {
    let a = matrix([[3.0, 4.0, 0.0], [0.0, 3.0, 0.0], [1.0, 0.0, 3.0]]);
    let e = Evidence::gather(a.view());
    assert!(!e.structurally_symmetric && !e.symmetric && !e.nonpositive_off_diagonals);
    let expected = (2.0f64 * (16.0 + 1.0) / (27.0 + 17.0)).sqrt();
    assert!((e.asymmetry - expected).abs() < 1e-15);
    assert_eq!(e.dominance, None);
    assert_eq!((e.weakly_dominant_rows, e.bandwidth), (2, 2));
    // dominance is chained along directed entries only
    let away = matrix([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [-1.0, 0.0, 2.0]]);
    let e = Evidence::gather(away.view());
    assert_eq!((e.dominance, e.m_matrix), (Some(Dominance::Weak), false));
    // nor along stored zeros
    let t = [(0, 0, 1.0), (0, 1, 0.0), (1, 0, 0.0), (1, 1, 0.0)];
    let e = Evidence::gather(Csr::from_triplets(2, 2, t).unwrap().view());
    assert_eq!(e.definiteness, Definiteness::Positive(Dominance::Weak));
    let towards = matrix([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0], [0.0, 0.0, 2.0]]);
    let e = Evidence::gather(towards.view());
    assert_eq!((e.dominance, e.m_matrix), (Some(Dominance::Chained), true));
}

#[test]
fn complex_symmetries_are_told_apart() {
    let i = Complex::new(0.0, 1.0);
    let two = Complex::new(2.0, 0.0);
    let of = |x, y| {
        let t = [(0, 0, two), (0, 1, x), (1, 0, y), (1, 1, two)];
        Evidence::gather(Csr::from_triplets(2, 2, t).unwrap().view())
    };
    let hermitian = of(i, -i);
    assert!(hermitian.hermitian && !hermitian.symmetric && !hermitian.skew_symmetric);
    assert_eq!(
        hermitian.definiteness,
        Definiteness::Positive(Dominance::Strict)
    );
    let symmetric = of(i, i);
    assert!(symmetric.symmetric && !symmetric.hermitian);
    assert_eq!(symmetric.definiteness, Definiteness::Unknown);
    assert!((symmetric.non_hermitian - (8.0f64 / 10.0).sqrt()).abs() < 1e-15);
    let t = [(0, 0, i), (1, 1, i * 0.0)];
    let e = Evidence::gather(Csr::from_triplets(2, 2, t).unwrap().view());
    assert_eq!((e.nonreal_diagonals, e.zero_diagonals), (1, 1));
    assert!(!e.hermitian);
}

#[test]
fn gaps_and_shapes() {
    let a = Csr::from_triplets(3, 4, [(0, 0, 1.0), (2, 3, 2.0f32)]).unwrap();
    let e = Evidence::gather(a.view());
    assert!(!e.square && !e.symmetric && !e.structurally_symmetric && e.asymmetry.is_nan());
    assert_eq!((e.empty_rows, e.empty_columns), (1, 2));
    assert_eq!((e.missing_diagonals, e.positive_diagonals), (2, 1));
    assert_eq!(e.definiteness, Definiteness::Unknown);
    let skew = Evidence::gather(matrix([[0.0, 1.0], [-1.0, 0.0]]).view());
    assert!(skew.skew_symmetric && skew.structurally_symmetric && !skew.symmetric);
    let nan = Csr::from_triplets(1, 1, [(0, 0, f64::NAN)]).unwrap();
    let e = Evidence::gather(nan.view());
    assert!(!e.finite && e.definiteness == Definiteness::Unknown);
    assert!(!e.m_matrix && e.dominance.is_none() && e.zero_row_sums == 0);
    let none = Evidence::gather(Csr::<f64>::identity(0).unwrap().view());
    assert_eq!(none.definiteness, Definiteness::Unknown);
}
