//! Grid detection on grids and on what is none.

use proptest::prelude::*;
use resolvent_matrices::generate::*;
use resolvent_matrices::{Csr, Grid};

fn side() -> impl Strategy<Value = Boundary> {
    prop_oneof![Just(Boundary::Dirichlet), Just(Boundary::Neumann)]
}

proptest! {
    #[test]
    fn generated_grids_are_found(
        (nx, ny, nz) in (1usize..9, 1usize..9, 1usize..6),
        sides in [[side(), side()], [side(), side()], [side(), side()]],
        boxed: bool,
        holes in prop::collection::hash_set(0usize..500, 0..12),
    ) {
        let grid = Grid::new(nx, ny, nz);
        let n = grid.unknowns().unwrap();
        // every extent above 1: else another shape has the same pattern; few holes
        prop_assume!([nx, ny, nz].iter().rev().skip_while(|&&d| d == 1).all(|&d| d > 1));
        prop_assume!(n > 2 && [nx, ny, nz].iter().any(|&d| d > 2));
        let masked: Vec<usize> = holes.into_iter().filter(|&h| h < n && n >= 100).collect();
        let stencil = if boxed { Stencil::Box } else { Stencil::Faces };
        let p = Poisson { grid, stencil, sides, masked }.generate::<f64>().unwrap();
        prop_assert_eq!(Grid::detect(p.matrix.view()), Some(grid));
    }

    #[test]
    fn shuffled_grids_are_no_grids(order in Just((0u32..24).collect::<Vec<_>>()).prop_shuffle()) {
        let p = Poisson { grid: Grid::new(4, 6, 1), ..Default::default() };
        let a = p.generate::<f64>().unwrap().matrix;
        let shuffle = resolvent_matrices::Permutation::new(order).unwrap();
        let b = a.view().permute(&shuffle).unwrap();
        // unless the shuffle is a symmetry of the grid, and then it is one
        let found = Grid::detect(b.view());
        prop_assert!(found.is_none() || b.col_idx() == a.col_idx());
    }

    #[test]
    fn random_matrices_are_no_grids(
        n in 10usize..60,
        t in prop::collection::vec((0usize..60, 0usize..60), 10..200),
    ) {
        let inside = t.into_iter().filter(|&(i, j)| i < n && j < n && i.abs_diff(j) > 1);
        let both = inside.flat_map(|(i, j)| [(i, j, 1.0), (j, i, 1.0)]);
        let diagonal = (0..n).map(|i| (i, i, 1.0));
        let t: Vec<_> = both.chain(diagonal).collect();
        let a = Csr::from_triplets(n, n, t.clone()).unwrap();
        prop_assert_eq!(Grid::detect(a.view()), None);
        // a chain beside them makes every row look like part of a line
        let chain = (1..n).flat_map(|i| [(i, i - 1, 1.0), (i - 1, i, 1.0)]);
        let b = Csr::from_triplets(n, n, t.iter().copied().chain(chain).collect::<Vec<_>>()).unwrap();
        let line = a.nnz() == n;
        prop_assert_eq!(Grid::detect(b.view()), line.then(|| Grid::new(n, 1, 1)));
    }
}
