//! The order in which modes are drawn: by the largest of their wave numbers, slow ones first.

/// Calls `visit` with each mode (k_x, k_y, k_z) of the cube 0 ≤ k < `size` in `dimension` dimensions (the
/// other wave numbers are 0), shell after shell of max k: the modes of a smaller cube come first, in the
/// order they have there.
pub(super) fn shells(dimension: usize, size: usize, mut visit: impl FnMut([usize; 3])) {
    for s in 0..size {
        match dimension {
            1 => visit([s, 0, 0]),
            2 => shell(s, |x, y| visit([x, y, 0])),
            _ => {
                for z in 0..s {
                    shell(s, |x, y| visit([x, y, z]));
                }
                for y in 0..=s {
                    (0..=s).for_each(|x| visit([x, y, s]));
                }
            }
        }
    }
}

/// Those of the plane with max(x, y) = s.
fn shell(s: usize, mut visit: impl FnMut(usize, usize)) {
    (0..s).for_each(|y| visit(s, y));
    (0..=s).for_each(|x| visit(x, s));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_comes_once_and_a_smaller_cube_is_a_beginning() {
        for dimension in 1..=3 {
            let of = |size| {
                let mut all = Vec::new();
                shells(dimension, size, |k| all.push(k));
                all
            };
            let (small, large) = (of(4), of(7));
            assert_eq!(large[..small.len()], small);
            let mut once = large.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), 7usize.pow(dimension as u32));
            assert!(once.len() == large.len() && large.iter().flatten().all(|&k| k < 7));
        }
    }
}
