//! Matrices and levels to test on.

use super::*;

/// −∇·(k∇u) with k given for each cell, by finite volumes.
pub fn cells(nx: usize, ny: usize, k: impl Fn(usize, usize) -> f64, side: Boundary) -> Csr<f64> {
    solid([nx, ny, 1], |[i, j, _]| k(i, j), side)
}

/// The same in a box.
pub fn solid(dims: [usize; 3], k: impl Fn([usize; 3]) -> f64, side: Boundary) -> Csr<f64> {
    let grid = Grid::new(dims[0], dims[1], dims[2]);
    let k = (0..dims.iter().product()).map(|p| k(grid.at(p))).collect();
    let problem = Diffusion {
        grid,
        coefficient: Coefficient::Cells(k),
        sides: [[side; 2]; 3],
        ..Diffusion::default()
    };
    problem.generate().unwrap().matrix
}

/// A level of random conductances over three decades, links here and there, and holes.
pub fn random_level(dims: [usize; 3], holes: bool, seed: u64) -> GmgLevel {
    let [nx, ny, nz] = dims;
    let (grid, n) = (Grid::new(nx, ny, nz), nx * ny * nz);
    let size = random_vector::<f64>(4 * n, seed);
    let value = |k: usize| 10f64.powf(1.5 * size[k]) as f32;
    let hole = |[i, j, k]: [usize; 3]| holes && (i / 3 + j / 2 + k / 2) % 4 == 1;
    let zero = || vec![0.0; n];
    let up = if nz > 1 { zero() } else { Vec::new() };
    let (mut faces, mut link) = ([zero(), zero(), up], zero());
    for p in 0..n {
        let at = grid.at(p);
        if hole(at) {
            continue;
        }
        for d in 0..3 {
            let mut next = at;
            next[d] += 1;
            if next[d] < dims[d] && !hole(next) {
                faces[d][p] = value([0, n, 3 * n][d] + p);
            }
        }
        if size[2 * n + p] > 0.7 || n == 1 || at[0] == 0 {
            link[p] = value(2 * n + p);
        }
    }
    GmgLevel::new(grid, faces, link).unwrap()
}

/// A Laplacian with holes, whose cells are rows of the identity: some insulated, some of value 0.
pub fn holes(nx: usize, ny: usize, seed: u64) -> Csr<f64> {
    matrix(&holes_in([nx, ny, 1], seed))
}

/// Its level, of a plane or a box.
pub fn holes_in(dims: [usize; 3], seed: u64) -> GmgLevel {
    let [nx, ny, nz] = dims;
    let (grid, n) = (Grid::new(nx, ny, nz), nx * ny * nz);
    let noise = random_vector::<f64>(24, seed);
    let kind = |p: usize| {
        let at = grid.at(p);
        let at = std::array::from_fn::<_, 3, _>(|d| at[d] as f64 / dims[d] as f64);
        let near = noise.chunks(3).position(|c| {
            let d = [at[0] - 0.5 * (c[0] + 1.0), at[1] - 0.5 * (c[1] + 1.0)];
            let deep = if nz > 1 {
                at[2] - 0.5 * (1.0 - c[0])
            } else {
                0.0
            };
            let size = if nz > 1 { 0.12 } else { 0.04 };
            d[0] * d[0] + d[1] * d[1] + deep * deep < (size + 0.03 * c[2]).powi(2)
        });
        near.map_or(0, |k| 1 + k % 2) // 0 free, 1 insulated, 2 of value 0
    };
    let zero = || vec![0.0; n];
    let up = if nz > 1 { zero() } else { Vec::new() };
    let (mut faces, mut link) = ([zero(), zero(), up], zero());
    let strides = [1, nx, nx * ny];
    for p in 0..n {
        if kind(p) != 0 {
            link[p] = 1.0;
            continue;
        }
        let at = grid.at(p);
        link[p] += if at[0] == 0 { 2.0 } else { 0.0 };
        for d in 0..3 {
            if at[d] + 1 < dims[d] {
                match kind(p + strides[d]) {
                    0 => faces[d][p] = 1.0,
                    2 => link[p] += 1.0,
                    _ => {}
                }
            }
            if at[d] > 0 && kind(p - strides[d]) == 2 {
                link[p] += 1.0;
            }
        }
    }
    GmgLevel::new(grid, faces, link).unwrap()
}

/// The matrix of a level.
pub fn matrix(level: &GmgLevel) -> Csr<f64> {
    let n = level.link.len();
    let mut sums = std::collections::BTreeMap::new();
    let mut add = |p: usize, q: usize, v: f64| *sums.entry((p, q)).or_insert(0.0) += v;
    (0..n).for_each(|p| add(p, p, f64::from(level.link[p])));
    for (p, q, face) in level.pairs() {
        let face = f64::from(face);
        for (p, q, v) in [(p, p, face), (q, q, face), (p, q, -face), (q, p, -face)] {
            add(p, q, v);
        }
    }
    let entries: Vec<_> = sums.into_iter().map(|((p, q), v)| (p, q, v)).collect();
    Csr::from_triplets(n, n, entries).unwrap()
}
