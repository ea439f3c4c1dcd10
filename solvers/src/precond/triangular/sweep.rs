//! The sweeps along [lines](super::lines).

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::chain::{BACK, Chain, LANES};
use super::lines::{BLOCK, Line, lowest};
use super::stored::Stored;
use crate::kernels::prefetch;
use crate::kernels::simd::simd;
use resolvent_matrices::Scalar;

simd! {
    /// zⱼ ← L⁻¹ rⱼ for the listed columns of n numbers.
    pub(super) fn forward<T: Scalar, S: Stored<T>>(
        lines: &[Line],
        val: &[S],
        n: usize,
        columns: &[usize],
        r: &[T],
        z: &mut [T],
    ) {
        for line in lines {
            for &j in columns {
                let column = j * n..(j + 1) * n;
                sweep::<T, S, true, false>(line, val, &mut z[column.clone()], &r[column]);
            }
        }
    }
}

simd! {
    /// zⱼ ← U⁻¹ D⁻¹ zⱼ.
    pub(super) fn backward<T: Scalar, S: Stored<T>>(
        lines: &[Line],
        val: &[S],
        middle: &[T],
        columns: &[usize],
        z: &mut [T],
    ) {
        let n = middle.len();
        for line in lines {
            for &j in columns {
                sweep::<T, S, false, true>(line, val, &mut z[j * n..(j + 1) * n], middle);
            }
        }
    }
}

simd! {
    /// z ← U⁻¹ r.
    pub(super) fn upward<T: Scalar, S: Stored<T>>(
        lines: &[Line],
        val: &[S],
        r: &[T],
        z: &mut [T],
    ) {
        for line in lines {
            sweep::<T, S, false, false>(line, val, z, r);
        }
    }
}

/// One line. The right-hand side is `rhs`; if SCALED, it is z, times `rhs`.
#[inline(always)]
fn sweep<T: Scalar, S: Stored<T>, const FORWARD: bool, const SCALED: bool>(
    line: &Line,
    val: &[S],
    z: &mut [T],
    rhs: &[T],
) {
    let (links, val) = val[line.val..line.val + line.len()].split_at(line.links());
    assert!(line.first + line.rows <= z.len());
    #[cfg(target_arch = "x86_64")]
    if line.chained() && avx2::line::<T, S, FORWARD, SCALED>(line, links, val, z, rhs) {
        return rest::<T, S, FORWARD, SCALED>(line, links, val, z, rhs);
    }
    if line.far == line.blocked() {
        match line.far {
            0 => blocks::<T, S, FORWARD, SCALED, 0>(line, links, val, z, rhs),
            1 => blocks::<T, S, FORWARD, SCALED, 1>(line, links, val, z, rhs),
            2 => blocks::<T, S, FORWARD, SCALED, 2>(line, links, val, z, rhs),
            3 => blocks::<T, S, FORWARD, SCALED, 3>(line, links, val, z, rhs),
            4 => blocks::<T, S, FORWARD, SCALED, 4>(line, links, val, z, rhs),
            _ => general::<T, S, FORWARD, SCALED>(line, links, val, z, rhs),
        }
    } else {
        general::<T, S, FORWARD, SCALED>(line, links, val, z, rhs);
    }
    rest::<T, S, FORWARD, SCALED>(line, links, val, z, rhs);
}

/// The blocks of a line with FAR far entries and at most the row before near.
#[inline(always)]
fn blocks<T: Scalar, S: Stored<T>, const FORWARD: bool, const SCALED: bool, const FAR: usize>(
    line: &Line,
    links: &[S],
    val: &[S],
    z: &mut [T],
    rhs: &[T],
) {
    let n = z.len();
    let far: [usize; FAR] = std::array::from_fn(|k| line.shape[k] as usize);
    let before = line.first.checked_sub(1);
    let last = before.map_or(T::ZERO, |s| z[lowest::<FORWARD>(s, 1, n)]);
    let mut chain = Chain::after::<FORWARD>(last);
    for block in 0..line.blocks() {
        let v = &val[block * FAR * BLOCK..(block + 1) * FAR * BLOCK];
        let i = lowest::<FORWARD>(line.first + block * BLOCK, BLOCK, n);
        prefetch(v);
        let mut sums: [T; BLOCK] = std::array::from_fn(|q| right::<T, SCALED>(rhs, z, i + q));
        for k in 0..FAR {
            let at = if FORWARD { i - far[k] } else { i + far[k] };
            // SAFETY: v holds FAR·BLOCK values. The rows of a line and those they wait for exist
            // (`Open::take` looks whether there is room), and z has as many as the pattern
            // (`forward` and `backward` cut columns of that length).
            unsafe {
                let x = z.get_unchecked(at..at + BLOCK);
                let v = v.get_unchecked(k * BLOCK..(k + 1) * BLOCK);
                for q in 0..BLOCK {
                    sums[q] -= v.get_unchecked(q).wide() * *x.get_unchecked(q);
                }
            }
        }
        if !links.is_empty() {
            let low = lowest::<FORWARD>(block * BLOCK, BLOCK, line.rows);
            let links = &links[low..low + BLOCK + BACK];
            prefetch(links);
            for part in 0..BLOCK / LANES {
                let at = lowest::<FORWARD>(part * LANES, LANES, BLOCK);
                chain.step::<S, FORWARD>(&links[at..at + LANES + BACK], &mut sums[at..at + LANES]);
            }
        }
        z[i..i + BLOCK].copy_from_slice(&sums);
    }
}

/// The blocks of a line of any other shape.
#[inline(always)]
fn general<T: Scalar, S: Stored<T>, const FORWARD: bool, const SCALED: bool>(
    line: &Line,
    links: &[S],
    val: &[S],
    z: &mut [T],
    rhs: &[T],
) {
    let n = z.len();
    let shape = &line.shape[..line.blocked()];
    for block in 0..line.blocks() {
        let v = &val[block * shape.len() * BLOCK..(block + 1) * shape.len() * BLOCK];
        let i = lowest::<FORWARD>(line.first + block * BLOCK, BLOCK, n);
        prefetch(v);
        let mut sums: [T; BLOCK] = std::array::from_fn(|q| right::<T, SCALED>(rhs, z, i + q));
        let entries = || shape.iter().zip(v.chunks_exact(BLOCK));
        for (&d, v) in entries().take(line.far) {
            let at = other::<FORWARD>(i, d);
            for (q, x) in z[at..at + BLOCK].iter().enumerate() {
                sums[q] -= v[q].wide() * *x;
            }
        }
        for step in 0..BLOCK {
            let q = lowest::<FORWARD>(step, 1, BLOCK);
            let mut sum = sums[q];
            for (&d, v) in entries().skip(line.far) {
                sum -= v[q].wide() * z[other::<FORWARD>(i + q, d)];
            }
            sum -= link::<T, S, FORWARD>(line, links, z, i + q);
            z[i + q] = sum;
        }
    }
}

/// The rows that are left over.
#[inline(always)]
fn rest<T: Scalar, S: Stored<T>, const FORWARD: bool, const SCALED: bool>(
    line: &Line,
    links: &[S],
    val: &[S],
    z: &mut [T],
    rhs: &[T],
) {
    let n = z.len();
    let shape = &line.shape[..line.blocked()];
    for k in line.blocks() * BLOCK..line.rows {
        let i = lowest::<FORWARD>(line.first + k, 1, n);
        let mut sum = right::<T, SCALED>(rhs, z, i);
        for (v, &d) in val[k * shape.len()..].iter().zip(shape) {
            sum -= v.wide() * z[other::<FORWARD>(i, d)];
        }
        sum -= link::<T, S, FORWARD>(line, links, z, i);
        z[i] = sum;
    }
}

/// aᵢyᵢ₋₁; 0 if the line is not chained.
#[inline(always)]
fn link<T: Scalar, S: Stored<T>, const FORWARD: bool>(
    line: &Line,
    links: &[S],
    z: &[T],
    i: usize,
) -> T {
    if links.is_empty() {
        return T::ZERO;
    }
    let low = lowest::<FORWARD>(line.first, line.rows, z.len());
    let at = i - low + if FORWARD { BACK } else { 0 };
    links[at].wide() * z[other::<FORWARD>(i, 1)]
}

/// The right-hand side of row i.
#[inline(always)]
fn right<T: Scalar, const SCALED: bool>(rhs: &[T], z: &[T], i: usize) -> T {
    if SCALED { z[i] * rhs[i] } else { rhs[i] }
}

/// The row at distance d that row i waits for.
#[inline(always)]
fn other<const FORWARD: bool>(i: usize, d: u32) -> usize {
    if FORWARD {
        i - d as usize
    } else {
        i + d as usize
    }
}
