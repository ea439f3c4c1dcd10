//! The cycle as it is defined, in double precision and without a thought for time: the oracle of the
//! sweeps.

use super::level::GmgLevel;
use super::polynomial;

/// A of a level by its definition: y = A x.
pub fn product(level: &GmgLevel, x: &[f64]) -> Vec<f64> {
    let mut y: Vec<f64> = (0..x.len())
        .map(|p| f64::from(level.link[p]) * x[p])
        .collect();
    for (p, q, face) in level.pairs() {
        let flux = f64::from(face) * (x[p] - x[q]);
        y[p] += flux;
        y[q] -= flux;
    }
    y
}

/// σ/diag(A), 0 in cells without anything.
fn inverse_diagonal(level: &GmgLevel) -> Vec<f64> {
    let inverse = |d: f64| if d > 0.0 { 1.0 / d } else { 0.0 };
    (0..level.link.len())
        .map(|p| inverse(level.divisor(p)))
        .collect()
}

/// The cells of each island of a level.
pub type Islands<'a> = &'a dyn Fn(&GmgLevel) -> Vec<Vec<usize>>;

/// M⁻¹ r of the levels, the finest first, with a smoother of this degree and without islands.
pub fn cycle(levels: &[GmgLevel], degree: usize, r: &[f64]) -> Vec<f64> {
    whole(levels, degree, &|_| Vec::new(), r)
}

/// M⁻¹ r: on every level but the last the cycle between two corrections of islands.
pub fn whole(levels: &[GmgLevel], degree: usize, islands: Islands<'_>, r: &[f64]) -> Vec<f64> {
    around(levels, [degree, polynomial::coarser(degree)], islands, r)
}

/// Degrees of the first of these levels and of the others.
type Degrees = [usize; 2];

fn around(levels: &[GmgLevel], degrees: Degrees, islands: Islands<'_>, r: &[f64]) -> Vec<f64> {
    let level = &levels[0];
    let list = match levels.len() {
        1 => Vec::new(),
        _ => islands(level),
    };
    let left = |z: &[f64]| -> Vec<f64> {
        let az = product(level, z);
        az.iter().zip(r).map(|(az, r)| r - az).collect()
    };
    let add = |z: &mut [f64], r: &[f64]| {
        for island in &list {
            let mut one = vec![0.0; r.len()];
            island.iter().for_each(|&p| one[p] = 1.0);
            let a = product(level, &one);
            let held: f64 = island.iter().map(|&p| a[p]).sum();
            // what it shares with other islands counts half as much again
            let others = list.iter().filter(|other| *other != island).flatten();
            let held = held - 0.5 * others.map(|&p| a[p]).sum::<f64>();
            let sum: f64 = island.iter().map(|&p| r[p]).sum();
            island.iter().for_each(|&p| z[p] += sum / held);
        }
    };
    let mut z = vec![0.0; r.len()];
    add(&mut z, r);
    let more = between(levels, degrees, islands, &left(&z));
    z.iter_mut().zip(more).for_each(|(z, more)| *z += more);
    let rest = left(&z);
    add(&mut z, &rest);
    z
}

/// The cycle itself.
fn between(levels: &[GmgLevel], degrees: Degrees, islands: Islands<'_>, r: &[f64]) -> Vec<f64> {
    let level = &levels[0];
    let n = r.len();
    let d = inverse_diagonal(level);
    let Some(coarse) = levels.get(1) else {
        return solve(level, &d, r);
    };
    let omega = &polynomial::factors(degrees[0])[..degrees[0]];
    let mut x = vec![0.0; n];
    for &w in omega {
        smooth(level, &d, w, r, &mut x);
    }
    let residual: Vec<f64> = product(level, &x)
        .iter()
        .zip(r)
        .map(|(y, r)| r - y)
        .collect();
    // Pᵀ = P₀ᵀ (I − A D⁻¹)
    let scaled: Vec<f64> = residual.iter().zip(&d).map(|(r, d)| r * d).collect();
    let filtered = product(level, &scaled);
    let parent = |p: usize| {
        let [i, j, k] = level.at(p).map(|c| c / 2);
        i + coarse.dims[0] * (j + coarse.dims[1] * k)
    };
    let alive = inverse_diagonal(coarse);
    let weight = |p: usize| f64::from(level.share(p)) * f64::from(u8::from(alive[parent(p)] > 0.0));
    let mut coarse_r = vec![0.0; coarse.link.len()];
    for p in 0..n {
        coarse_r[parent(p)] += weight(p) * (residual[p] - filtered[p]);
    }
    let e = around(&levels[1..], [degrees[1]; 2], islands, &coarse_r);
    let spread: Vec<f64> = (0..n).map(|p| weight(p) * e[parent(p)]).collect();
    let filtered = product(level, &spread);
    for p in 0..n {
        x[p] += spread[p] - d[p] * filtered[p]; // x ← x + (I − D⁻¹A) P₀ e
    }
    for &w in omega.iter().rev() {
        smooth(level, &d, w, r, &mut x);
    }
    x
}

/// x ← x + ω D⁻¹ (r − A x)
fn smooth(level: &GmgLevel, d: &[f64], omega: f64, r: &[f64], x: &mut [f64]) {
    let y = product(level, x);
    for p in 0..x.len() {
        x[p] += omega * d[p] * (r[p] - y[p]);
    }
}

/// The coarsest level: (A + D½ q qᵀ D½)⁻¹ r by elimination, q as in `coarsest`.
fn solve(level: &GmgLevel, d: &[f64], r: &[f64]) -> Vec<f64> {
    let n = r.len();
    let mut m: Vec<Vec<f64>> = (0..n)
        .map(|p| {
            let mut e = vec![0.0; n];
            e[p] = 1.0;
            product(level, &e)
        })
        .collect();
    let mut part: Vec<usize> = (0..n).collect(); // labels spread until nothing changes
    for _ in 0..n {
        for (p, q, _) in level.pairs() {
            let least = part[p].min(part[q]);
            (part[p], part[q]) = (least, least);
        }
    }
    for label in 0..n {
        let cells: Vec<usize> = (0..n).filter(|&p| part[p] == label).collect();
        if cells.len() > 1 && cells.iter().all(|&p| level.link[p] == 0.0) {
            let sum: f64 = cells.iter().map(|&p| 1.0 / d[p]).sum();
            for &p in &cells {
                for &q in &cells {
                    m[p][q] += 1.0 / (d[p] * d[q] * sum);
                }
            }
        }
    }
    let mut x = r.to_vec();
    for p in 0..n {
        if d[p] == 0.0 {
            m[p][p] = 1.0;
            x[p] = 0.0;
        }
    }
    for k in 0..n {
        for i in k + 1..n {
            let factor = m[i][k] / m[k][k];
            for j in k..n {
                m[i][j] -= factor * m[k][j];
            }
            x[i] -= factor * x[k];
        }
    }
    for k in (0..n).rev() {
        let sum: f64 = (k + 1..n).map(|j| m[k][j] * x[j]).sum();
        x[k] = (x[k] - sum) / m[k][k];
    }
    x
}
