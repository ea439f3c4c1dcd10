//! What is no such grid is refused, and the message says what was found.

use super::*;
use resolvent_matrices::Complex;

fn refused(a: &Csr<f64>, config: GmgConfig, says: &str) {
    let error = Gmg::new(a, config).map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(says), "{text}");
}

fn on(nx: usize, ny: usize, nz: usize) -> GmgConfig {
    let grid = Some(Grid::new(nx, ny, nz));
    GmgConfig {
        grid,
        ..GmgConfig::default()
    }
}

#[test]
fn no_such_grid() {
    let a = cells(12, 10, |_, _| 1.0, Boundary::Dirichlet);
    refused(&a, on(10, 12, 1), "row 0 has an entry in column 12");
    refused(&a, on(10, 10, 1), "has 100 cells, the matrix 120 rows");
    refused(&a, on(12, 5, 2), "row 48 has an entry in column 60");
    refused(
        &a,
        GmgConfig {
            degree: 5,
            ..on(12, 10, 1)
        },
        "1 to 4",
    );
    refused(
        &a,
        GmgConfig {
            degree: 0,
            ..on(12, 10, 1)
        },
        "1 to 4",
    );
    let with = |p, q, v| {
        let others = a.view().triplets().filter(move |e| (e.0, e.1) != (p, q));
        let entries: Vec<_> = others.chain([(p, q, v)]).collect();
        Csr::from_triplets(120, 120, entries).unwrap()
    };
    let auto = GmgConfig::default();
    refused(&with(30, 35, -1.0), auto, "--grid");
    refused(&with(30, 31, 1.0), auto, "positive off-diagonal");
    refused(&with(30, 31, -0.5), auto, "not symmetric");
    refused(&with(30, 31, f64::NAN), auto, "not finite");
    refused(&with(30, 30, -4.0), auto, "positive number");
    refused(&with(30, 30, 1.0), auto, "does not outweigh");
    refused(&with(30, 30, 1e60), auto, "single precision");
    // a wrap from the end of a line to the next
    let wrap = a.view().triplets().chain([(11, 12, -0.1), (12, 11, -0.1)]);
    let wrap = Csr::from_triplets(120, 120, wrap.collect::<Vec<_>>()).unwrap();
    refused(&wrap, auto, "no neighbour");
    let mask = vec![true; 120];
    assert!(Gmg::masked(&a, Grid::new(12, 11, 1), &mask, auto).is_err());
    let complex = Csr::<Complex<f64>>::identity(4).unwrap();
    assert!(matches!(
        Gmg::new(&complex, auto),
        Err(PrecondError::Grid { .. })
    ));
}

#[test]
fn levels_that_do_not_fit() {
    let level = |nx, ny| random_level([nx, ny, 1], false, 0);
    let make = |levels, unit| Gmg::from_levels(levels, unit, GmgConfig::default()).map(|_| ());
    assert!(make(vec![level(9, 9)], 1.0).is_err()); // too large for the last
    assert!(make(vec![level(9, 9), level(4, 5)], 1.0).is_err());
    assert!(make(vec![level(7, 7), level(4, 4)], 0.0).is_err());
    assert!(make(vec![], 1.0).is_err());
    assert!(make(vec![level(7, 7), level(4, 4)], 1.0).is_ok());
    let grid = Grid::new(2, 2, 1);
    let zero = || vec![0.0; 4];
    let new = |grid, east, north, link| GmgLevel::new(grid, [east, north, Vec::new()], link);
    assert!(new(grid, vec![1.0; 4], zero(), zero()).is_err()); // leads out
    assert!(new(grid, zero(), zero(), vec![f32::NAN; 4]).is_err());
    assert!(new(grid, zero(), vec![0.0; 3], zero()).is_err());
    assert!(GmgLevel::new(grid, [zero(), zero(), zero()], zero()).is_err()); // upwards of a plane
    assert!(new(Grid::new(2, 2, 2), zero(), zero(), zero()).is_err());
    let eight = || vec![0.0; 8];
    let new = |up| GmgLevel::new(Grid::new(2, 2, 2), [eight(), eight(), up], eight());
    assert!(new(Vec::new()).is_err());
    assert!(new(vec![1.0; 8]).is_err()); // leads out
    let deep = new(eight()).unwrap();
    let one: &[f32] = &[0.5];
    let error = deep.coarser_between(&[one; 4], &[one; 2]).unwrap_err();
    assert!(
        error.to_string().contains("12 positions and 3 factors"),
        "{error}"
    );
    let level = GmgLevel::new(grid, [zero(), zero(), Vec::new()], zero()).unwrap();
    assert!(level.clone().with_scaling(vec![1.5; 4]).is_err());
    assert!(level.with_weights(vec![f32::INFINITY; 4]).is_err());
}

#[test]
fn no_cells_and_one_cell() {
    let none = Csr::<f64>::from_triplets(0, 0, []).unwrap();
    if let Ok(mut m) = Gmg::new(&none, GmgConfig::default()) {
        apply::<f64>(&mut m, &[]);
    }
    let one = Csr::from_triplets(1, 1, [(0, 0, 4.0)]).unwrap();
    let mut m = Gmg::new(&one, GmgConfig::default()).unwrap();
    close(&apply(&mut m, &[8.0]), &[2.0], 1e-6);
}
