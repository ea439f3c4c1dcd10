//! Symmetry, definiteness, conservation, reproducibility.

use super::*;
use crate::Complex;
use faer::Side;

fn all() -> Vec<Box<dyn SampleFamily<f64>>> {
    let mut all = real(Grid::new(8, 8, 1));
    all.extend(solid(Grid::new(5, 4, 6)));
    all
}

/// A sample, assembled.
fn sample<T: Scalar>(family: &dyn SampleFamily<T>, index: u64) -> (Vec<Vec<f64>>, Assembled<T>) {
    let mut inputs = family.describe().new_inputs();
    let mut out = Assembled::default();
    family
        .draw(5, index, &mut Scratch::default(), &mut inputs)
        .unwrap();
    family.assemble(&inputs, Step::default(), &mut out).unwrap();
    (inputs, out)
}

fn is_symmetric<T: Scalar>(a: &Csr<T>) -> bool {
    a.view().triplets().all(|(i, j, v)| a.view().get(j, i) == v)
}

#[test]
fn matrices_are_as_they_are_described() {
    for family in all() {
        let described = family.describe();
        let name = described.spec();
        let (_, first) = sample(&*family, 0);
        let (_, second) = sample(&*family, 1);
        assert_eq!(first.a.nrows(), described.rows(), "{name}");
        assert_eq!(first.a == second.a, described.constant_matrix, "{name}");
        assert_eq!(is_symmetric(&first.a), described.symmetric, "{name}");
        if described.definite {
            let smallest = smallest(&first.a);
            assert!(smallest > 0.0, "{name} {smallest}");
        }
    }
}

/// The smallest eigenvalue of ½(A + Aᵀ).
fn smallest(a: &Csr<f64>) -> f64 {
    let (n, dense) = (a.nrows(), a.view().to_dense());
    let half = Mat::from_fn(n, n, |i, j| 0.5 * (dense[i + j * n] + dense[j + i * n]));
    half.self_adjoint_eigenvalues(Side::Lower).unwrap()[0]
}

/// What such checks would have found.
#[test]
fn released_matrices_are_indefinite_and_true_ones_of_the_same_fields_are_not() {
    let family = SkrReleased::default().on(Grid::new(20, 20, 1)).unwrap();
    let (inputs, out) = sample(&family, 0);
    assert!(smallest(&out.a) < 0.0);
    let inner = |row: usize| inputs[0][(row / 20 + 1) * 22 + row % 20 + 1];
    let a = (0..400).map(inner).collect();
    let darcy = Darcy::default().on(Grid::new(20, 20, 1)).unwrap();
    let mut true_one = Assembled::default();
    darcy
        .assemble(&[a], Step::default(), &mut true_one)
        .unwrap();
    assert!(smallest(&true_one.a) > 0.0);
}

/// What rows, and columns, add up to that no boundary touches.
#[test]
fn what_leaves_a_cell_enters_its_neighbours() {
    for family in all() {
        let described = family.describe();
        let (grid, parts) = (described.unknowns, described.components);
        let (inputs, out) = sample(&*family, 3);
        let n = out.a.nrows();
        let (mut rows, mut columns) = (vec![0.0; n], vec![0.0; n]);
        for (i, j, v) in out.a.view().triplets() {
            rows[i] += v;
            columns[j] += v;
        }
        let scale = out.a.view().norm_inf();
        let mut worst = 0.0_f64;
        for row in 0..n {
            let (at, dims) = (grid.at(row / parts), grid.dims());
            let touched = (0..grid.dimension()).any(|d| at[d] < 1 || at[d] + 2 > dims[d]);
            let expected = match described.name {
                "reaction-diffusion" => inputs[0][row] / (grid.nx * grid.nx) as f64,
                "heat" => 1.0,
                _ => 0.0,
            };
            if !touched || described.name == "reaction-diffusion" {
                let off = (rows[row] - expected)
                    .abs()
                    .max((columns[row] - expected).abs());
                worst = worst.max(off / scale);
            }
        }
        // the two components of a node: rows of rigid translations, of each alone
        match described.name {
            "skr-released" => assert!(worst > 1e-3, "{worst}"),
            name => assert!(worst < 1e-14, "{name} {worst}"),
        }
    }
}

#[test]
fn a_sample_depends_on_seed_and_index_alone_whatever_was_made_before() {
    for family in all() {
        let described = family.describe();
        let (mut scratch, mut out) = (Scratch::default(), Assembled::default());
        let mut inputs = described.new_inputs();
        let mut seen = Vec::new();
        for index in [4, 0, 9, 4] {
            family.draw(5, index, &mut scratch, &mut inputs).unwrap();
            family.assemble(&inputs, Step::default(), &mut out).unwrap();
            let (fresh, alone) = sample(&*family, index);
            assert_eq!(inputs, fresh, "{}", described.name);
            assert_eq!((&out.a, &out.b), (&alone.a, &alone.b), "{}", described.name);
            seen.push(fresh);
        }
        assert_ne!(seen[0], seen[1], "{}", described.name);
        assert_eq!(seen[0], seen[3], "{}", described.name);
        let fine = out.novelty;
        let expected = match described.constant_matrix {
            true => Novelty::Rhs,
            false => Novelty::Values,
        };
        assert_eq!(fine, expected, "{}", described.name);
        family.draw(6, 4, &mut scratch, &mut inputs).unwrap();
        assert_ne!(seen[0], inputs, "{}: another seed", described.name);
    }
}

#[test]
fn unknowns_come_back_from_the_stored_fields() {
    for family in all() {
        let described = family.describe();
        let (inputs, _) = sample(&*family, 2);
        let n = described.rows();
        let x: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
        let mut outputs = described.new_outputs();
        let mut back = vec![0.0; n];
        for step in 0..described.steps {
            family.outputs(&x, step, &inputs, &mut outputs).unwrap();
            family.unknowns(&outputs, step, &mut back).unwrap();
            assert_eq!(x, back, "{}", described.name);
        }
        let filled = outputs[0].iter().filter(|v| **v >= 1.0).count();
        assert!(filled >= n * described.steps, "{}", described.name);
        if described.name == "poisson" {
            let side = inputs[1]
                .iter()
                .zip(&outputs[0])
                .filter(|(g, _)| **g != 0.0);
            assert!(side.clone().count() > 0 && side.clone().all(|(g, u)| g == u));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for family in all() {
        let described = family.describe();
        let name = described.name;
        let (inputs, mut out) = sample(&*family, 2);
        let mut short = inputs.clone();
        short[0].pop();
        let before = Step::default();
        assert!(family.assemble(&short, before, &mut out).is_err(), "{name}");
        assert!(family.assemble(&[], before, &mut out).is_err(), "{name}");
        let mut scratch = Scratch::default();
        assert!(
            family.draw(0, 0, &mut scratch, &mut short).is_err(),
            "{name}"
        );
        let mut outputs = described.new_outputs();
        assert!(
            family.outputs(&[1.0], 0, &inputs, &mut outputs).is_err(),
            "{name}"
        );
        assert!(family.unknowns(&[], 0, &mut [1.0]).is_err(), "{name}");
    }
}

#[test]
fn waves_are_complex_symmetric_with_five_points_and_never_hermitian() {
    for order in [2, 4] {
        let waves = Helmholtz {
            order,
            k: 3.0,
            ..Default::default()
        };
        let family = waves.on(Grid::new(9, 8, 1)).unwrap();
        let (inputs, out) = sample::<Complex<f64>>(&family, 1);
        let described = family.describe();
        assert_eq!(is_symmetric(&out.a), described.symmetric);
        assert!(out.a.values().iter().any(|v| v.im > 0.0 || v.im < 0.0));
        assert!(!described.definite && out.a.nrows() == 72);
        let mut outputs = described.new_outputs();
        let x: Vec<_> = (0..72)
            .map(|i| Complex::new(1.0 + i as f64, -0.5))
            .collect();
        let mut back = vec![Complex::default(); 72];
        family.outputs(&x, 0, &inputs, &mut outputs).unwrap();
        family.unknowns(&outputs, 0, &mut back).unwrap();
        assert_eq!((x, outputs[0].len()), (back, 144));
    }
}

#[test]
fn the_steps_of_a_trajectory_bring_right_hand_sides() {
    let heat = Heat {
        steps: 3,
        ..Default::default()
    };
    let family = heat.on(Grid::new(6, 6, 1)).unwrap();
    let (inputs, mut out) = sample(&family, 0);
    let first = out.a.clone();
    assert_eq!(out.b, inputs[1]);
    let u = solve(&out.a, &out.b);
    let second = Step {
        index: 1,
        before: &u,
    };
    family.assemble(&inputs, second, &mut out).unwrap();
    assert_eq!((out.novelty, &out.a, &out.b), (Novelty::Rhs, &first, &u));
    // in a fresh place, as after a stop in the middle
    let mut fresh = Assembled::default();
    family.assemble(&inputs, second, &mut fresh).unwrap();
    assert_eq!((&fresh.a, &fresh.b), (&out.a, &out.b));
    let none = Step {
        index: 1,
        before: &[],
    };
    assert!(family.assemble(&inputs, none, &mut out).is_err());
}

#[test]
fn rock_is_of_two_kinds_in_equal_shares() {
    let family = Darcy::default().on(Grid::new(16, 16, 1)).unwrap();
    let mut inputs = family.describe().new_inputs();
    let mut scratch = Scratch::default();
    let mut high = 0;
    for index in 0..200 {
        family.draw(1, index, &mut scratch, &mut inputs).unwrap();
        assert!(inputs[0].iter().all(|&a| a == 3.0 || a == 12.0));
        high += inputs[0].iter().filter(|&&a| a == 12.0).count();
    }
    let share = high as f64 / (200.0 * 256.0);
    assert!((share - 0.5).abs() < 0.05, "{share}");
}

#[test]
fn custom_fields_are_checked_where_they_are_not_masked() {
    let custom = Custom {
        k: true,
        mask: true,
        ..Default::default()
    };
    let grid = Grid::new(4, 4, 1);
    let family = custom.on(grid).unwrap();
    let mut out = Assembled::default();
    let (mut k, mut mask) = (vec![1.0; 16], vec![1.0; 16]);
    (k[5], mask[5]) = (f64::NAN, 0.0);
    let make = |k: &Vec<f64>, mask: &Vec<f64>, out: &mut _| {
        family.assemble(&[k.clone(), mask.clone()], Step::default(), out)
    };
    make(&k, &mask, &mut out).unwrap();
    assert!(out.a.values().iter().all(|v| v.is_finite()) && is_symmetric(&out.a));
    assert_eq!((out.a.view().get(5, 5), out.a.view().get(5, 6)), (1.0, 0.0));
    // a wall of the masked cell is half a cell away
    assert_eq!(out.a.view().get(6, 6), 5.0);
    assert_eq!((out.b[5], out.b[6]), (0.0, 1.0 / 16.0));
    k[6] = -1.0;
    let error = make(&k, &mask, &mut out).unwrap_err().to_string();
    assert!(error.contains("k is -1 in cell 6"), "{error}");
    (k[6], mask[6]) = (1.0, 0.5);
    assert!(make(&k, &mask, &mut out).is_err());
    let drawn = family.draw(0, 0, &mut Scratch::default(), &mut []);
    assert!(drawn.unwrap_err().to_string().contains("given, not drawn"));
}
