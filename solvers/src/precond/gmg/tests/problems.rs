//! Matrices and levels to test on.

use super::*;

/// −∇·(k∇u) with k given for each cell, by finite volumes.
pub fn cells(nx: usize, ny: usize, k: impl Fn(usize, usize) -> f64, side: Boundary) -> Csr<f64> {
    let k = (0..nx * ny).map(|p| k(p % nx, p / nx)).collect();
    let problem = Diffusion {
        grid: Grid::new(nx, ny, 1),
        coefficient: Coefficient::Cells(k),
        sides: [[side; 2]; 3],
        ..Diffusion::default()
    };
    problem.generate().unwrap().matrix
}

/// A level of random conductances over three decades, links here and there, and holes.
pub fn random_level(nx: usize, ny: usize, holes: bool, seed: u64) -> GmgLevel {
    let n = nx * ny;
    let size = random_vector::<f64>(3 * n, seed);
    let value = |k: usize| 10f64.powf(1.5 * size[k]) as f32;
    let hole = |i: usize, j: usize| holes && (i / 3 + j / 2) % 4 == 1;
    let (mut east, mut north, mut link) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    for p in 0..n {
        let (i, j) = (p % nx, p / nx);
        if hole(i, j) {
            continue;
        }
        if i + 1 < nx && !hole(i + 1, j) {
            east[p] = value(p);
        }
        if j + 1 < ny && !hole(i, j + 1) {
            north[p] = value(n + p);
        }
        if size[2 * n + p] > 0.7 || n == 1 || i == 0 {
            link[p] = value(2 * n + p);
        }
    }
    GmgLevel::new(Grid::new(nx, ny, 1), east, north, link).unwrap()
}

/// A Laplacian with holes, whose cells are rows of the identity: some insulated, some of value 0.
pub fn holes(nx: usize, ny: usize, seed: u64) -> Csr<f64> {
    let level = {
        let n = nx * ny;
        let noise = random_vector::<f64>(24, seed);
        let kind = |p: usize| {
            let at = [(p % nx) as f64 / nx as f64, (p / nx) as f64 / ny as f64];
            let near = noise.chunks(3).position(|c| {
                let d = [at[0] - 0.5 * (c[0] + 1.0), at[1] - 0.5 * (c[1] + 1.0)];
                d[0] * d[0] + d[1] * d[1] < (0.04 + 0.03 * c[2]).powi(2)
            });
            near.map_or(0, |k| 1 + k % 2) // 0 free, 1 insulated, 2 of value 0
        };
        let (mut east, mut north, mut link) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for p in 0..n {
            if kind(p) != 0 {
                link[p] = 1.0;
                continue;
            }
            if p % nx == 0 {
                link[p] = 2.0;
            }
            let near = [(p % nx + 1 < nx, p + 1), (p / nx + 1 < ny, p + nx)];
            for ((inside, q), face) in near.into_iter().zip([&mut east, &mut north]) {
                if inside && kind(q) == 0 {
                    face[p] = 1.0;
                }
            }
            let all = [
                (p % nx + 1 < nx).then(|| p + 1),
                (p % nx > 0).then(|| p - 1),
                (p / nx + 1 < ny).then(|| p + nx),
                (p >= nx).then(|| p - nx),
            ];
            link[p] += all.into_iter().flatten().filter(|&q| kind(q) == 2).count() as f32;
        }
        GmgLevel::new(Grid::new(nx, ny, 1), east, north, link).unwrap()
    };
    matrix(&level)
}

/// The matrix of a level.
pub fn matrix(level: &GmgLevel) -> Csr<f64> {
    let (nx, n) = (level.nx, level.link.len());
    let mut entries = Vec::new();
    for p in 0..n {
        entries.push((p, p, f64::from(level.link[p])));
        for (q, face) in [(p + 1, level.east[p]), (p + nx, level.north[p])] {
            if face > 0.0 {
                let face = f64::from(face);
                entries.extend([(p, p, face), (q, q, face), (p, q, -face), (q, p, -face)]);
            }
        }
    }
    let mut sums = std::collections::BTreeMap::new();
    for (p, q, v) in entries {
        *sums.entry((p, q)).or_insert(0.0) += v;
    }
    let entries: Vec<_> = sums.into_iter().map(|((p, q), v)| (p, q, v)).collect();
    Csr::from_triplets(n, n, entries).unwrap()
}
