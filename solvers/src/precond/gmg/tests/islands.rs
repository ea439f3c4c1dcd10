//! Islands: which there are, what their correction is by its definition, and what it is worth.

use super::*;
use problems::{matrix, solid};

/// Whether a cell is in a block of two cells along each direction; blocks stand apart, across the coarse cells.
fn block(at: [usize; 3], dims: [usize; 3]) -> bool {
    (0..3).all(|d| dims[d] == 1 || [3, 4].contains(&(at[d] % 6)))
}

/// `high` in blocks, 1 elsewhere.
fn inclusions(dims: [usize; 3], high: f64, side: Boundary) -> Csr<f64> {
    solid(dims, |at| if block(at, dims) { high } else { 1.0 }, side)
}

/// The cells of each block.
fn blocks(dims: [usize; 3]) -> Vec<Vec<usize>> {
    let grid = Grid::new(dims[0], dims[1], dims[2]);
    let mut found = std::collections::BTreeMap::<_, Vec<usize>>::new();
    for p in (0..dims.iter().product()).filter(|&p| block(grid.at(p), dims)) {
        found.entry(grid.at(p).map(|c| c / 6)).or_default().push(p);
    }
    found
        .into_values()
        .filter(|cells| cells.len() > 1)
        .collect()
}

/// Islands by their definition, by flooding.
fn flooded(level: &GmgLevel) -> Vec<Vec<usize>> {
    let n = level.link.len();
    let dimensions = level.dims.iter().filter(|&&n| n > 1).count() as f64;
    let diagonal: Vec<f64> = (0..n).map(|p| level.divisor(p)).collect();
    let pairs: Vec<_> = level
        .pairs()
        .map(|(p, q, a)| (p, q, f64::from(a)))
        .collect();
    let mut beside = vec![Vec::new(); n];
    for &(p, q, a) in &pairs {
        if a >= (diagonal[p] * diagonal[q]).sqrt() / (4.0 * dimensions) {
            beside[p].push(q);
            beside[q].push(p);
        }
    }
    let coupled = |(d, link): (&f64, &f32)| *d > 1.000_001 * f64::from(*link);
    let ends = diagonal.iter().zip(&level.link);
    let cells = ends.filter(|&ends| coupled(ends)).count();
    let (mut seen, mut islands) = (vec![false; n], Vec::new());
    for start in 0..n {
        let mut part = Vec::new();
        let mut front = vec![start];
        while let Some(p) = front.pop() {
            if !std::mem::replace(&mut seen[p], true) {
                part.push(p);
                front.extend(&beside[p]);
            }
        }
        let inside = |p: usize| part.contains(&p);
        let small = part.len() > 1 && 8 * part.len() <= cells;
        if !small {
            continue;
        }
        let across = pairs.iter().filter(|(p, q, _)| inside(*p) != inside(*q));
        let held = across.map(|(_, _, a)| a).sum::<f64>()
            + part.iter().map(|&p| f64::from(level.link[p])).sum::<f64>();
        let mass: f64 = part.iter().map(|&p| diagonal[p]).sum();
        if held > 0.0 && held < 0.2 * mass {
            islands.push(part);
        }
    }
    islands
}

/// M⁻¹ r by its definition.
fn by_definition(m: &Gmg, r: &[f64]) -> Vec<f64> {
    let mut z = reference::whole(m.levels(), 3, &flooded, r);
    z.iter_mut().for_each(|z| *z /= m.unit());
    z
}

#[test]
fn the_correction_is_that_of_its_definition() {
    for dims in [[37, 50, 1], [19, 20, 14]] {
        let a = inclusions(dims, 1e3, Boundary::Dirichlet);
        let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
        let islands = blocks(dims);
        let cells = islands.iter().map(Vec::len).sum();
        assert!(islands.len() > 5);
        assert_eq!(m.islands(), [islands.len(), cells], "{dims:?}");
        let r = random_vector::<f64>(a.nrows(), 4);
        let expected = by_definition(&m, &r);
        // the coarse levels have some, too
        assert!(!flooded(&m.levels()[1]).is_empty());
        let mut z = apply(&mut m, &r);
        z.iter_mut().zip(&expected).for_each(|(z, e)| *z -= e);
        assert!(
            norm(&z) < 1e-4 * norm(&expected),
            "{:e}",
            norm(&z) / norm(&expected)
        );
        let found = check::<f64>(&mut m, a.nrows(), 1).unwrap();
        assert!(found.findings.is_empty(), "{found:?}");
    }
}

#[test]
fn neighbouring_islands_share_what_is_between_them() {
    // two pairs of cells that touch, 10^6 inside, 1 across and to the others
    let mut level = random_level([12, 12, 1], false, 1);
    level.link.fill(0.1);
    level
        .faces
        .iter_mut()
        .flatten()
        .for_each(|a| *a = f32::from(*a > 0.0));
    let p = 5 + 12 * 5;
    (level.faces[0][p], level.faces[0][p + 12]) = (1e6, 1e6);
    let a = matrix(&level);
    let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
    assert_eq!(m.islands(), [2, 4]);
    let r = random_vector::<f64>(144, 2);
    let expected = by_definition(&m, &r);
    close(&apply(&mut m, &r), &expected, 1e-3 * norm(&expected));
}

/// B of a small problem, column by column: symmetric and positive, with islands everywhere.
#[test]
fn the_whole_is_positive_definite() {
    let dims = [15, 14, 1];
    let a = solid(
        dims,
        |at| [1.0, 1e4][usize::from((at[0] / 2 + 2 * (at[1] / 3)) % 3 == 1)],
        Boundary::Neumann,
    );
    let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
    assert!(m.islands()[0] > 10, "{:?}", m.islands());
    let n = a.nrows();
    let mut b = faer::Mat::zeros(n, n);
    for p in 0..n {
        let mut e = vec![0.0; n];
        e[p] = 1.0;
        apply(&mut m, &e)
            .iter()
            .enumerate()
            .for_each(|(q, &v)| b[(q, p)] = v);
    }
    let size = b.norm_l2();
    assert!((&b - b.transpose()).norm_l2() < 1e-5 * size);
    let symmetric = 0.5 * (&b + b.transpose());
    let values = symmetric
        .self_adjoint_eigenvalues(faer::Side::Lower)
        .unwrap();
    assert!(values[0] > 0.0, "{values:?}");
}

#[test]
fn contrast_does_not_matter_where_inclusions_stand_apart() {
    for dims in [[90, 80, 1], [24, 26, 22]] {
        let mut counts = Vec::new();
        for high in [1e2, 1e4, 1e6] {
            let a = inclusions(dims, high, Boundary::Dirichlet);
            let without = GmgConfig {
                islands: false,
                ..GmgConfig::default()
            };
            counts.push([GmgConfig::default(), without].map(|config| {
                let mut m = Gmg::new(&a, config).unwrap();
                iterations(&a, &mut m, 1e-8, false)
            }));
        }
        let what = format!("{dims:?} {counts:?}");
        assert!(counts[2][0] <= counts[1][0] + 2, "{what}");
        assert!(2 * counts[2][0] < counts[2][1], "{what}");
    }
}

#[test]
fn smooth_problems_have_none_and_updates_look_anew() {
    let smooth = solid([40, 30, 1], |at| 1.0 + at[0] as f64, Boundary::Dirichlet);
    let rough = inclusions([40, 30, 1], 1e4, Boundary::Dirichlet);
    let mut m = Gmg::new(&smooth, GmgConfig::default()).unwrap();
    assert_eq!(m.islands(), [0, 0]);
    m.update(&rough).unwrap();
    assert!(m.islands()[0] > 0);
    let r = random_vector::<f64>(1200, 5);
    let mut fresh = Gmg::new(&rough, GmgConfig::default()).unwrap();
    assert_eq!(apply(&mut m, &r), apply(&mut fresh, &r));
    Preconditioner::<f64>::update(&mut m, &smooth).unwrap();
    assert_eq!(m.islands(), [0, 0]);
}

/// With the cells of a hole that are no rows, and in single precision.
#[test]
fn rows_are_not_cells_where_cells_are_missing() {
    let dims = [40, 30, 1];
    let hole = |p: usize| (10..16).contains(&(p % 40)) && p / 40 < 9;
    let full = inclusions(dims, 1e4, Boundary::Dirichlet);
    let full = full.view().filter(|p, q| !(hole(p) || hole(q)) || p == q);
    let mask: Vec<bool> = (0..1200).map(|p| !hole(p)).collect();
    let kept: Vec<usize> = (0..1200).filter(|&p| mask[p]).collect();
    let row = |p: usize| kept.binary_search(&p).unwrap();
    let entries = full.view().triplets().filter(|e| mask[e.0] && mask[e.1]);
    let entries: Vec<_> = entries.map(|(p, q, v)| (row(p), row(q), v)).collect();
    let small = Csr::from_triplets(kept.len(), kept.len(), entries).unwrap();
    let mut with = Gmg::new(&full, GmgConfig::default()).unwrap();
    let mut without =
        Gmg::masked(&small, Grid::new(40, 30, 1), &mask, GmgConfig::default()).unwrap();
    assert_eq!(with.islands(), without.islands());
    assert!(with.islands()[0] > 5);
    let mut r = random_vector::<f64>(1200, 6);
    (0..1200).filter(|&p| !mask[p]).for_each(|p| r[p] = 0.0);
    let z = apply(&mut with, &r);
    let few: Vec<f64> = kept.iter().map(|&p| r[p]).collect();
    let expected: Vec<f64> = kept.iter().map(|&p| z[p]).collect();
    close(&apply(&mut without, &few), &expected, 1e-5 * norm(&z));
    let single: Vec<f32> = few.iter().map(|&v| v as f32).collect();
    let rounded: Vec<f32> = expected.iter().map(|&v| v as f32).collect();
    close(&apply(&mut without, &single), &rounded, 1e-4 * norm(&z));
}
