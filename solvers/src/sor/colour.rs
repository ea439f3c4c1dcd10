//! An order by colours: no two rows of a colour are tied to each other.

use resolvent_matrices::{CsrRef, Scalar};

/// Greedy colouring of the pattern of A + Aᵀ, row after row the smallest colour that no neighbour
/// has; rows of a colour keep their order. On a 5- or 7-point grid these are red and black.
/// Returns the rows by colour, and where each colour ends.
pub(super) fn by_colour<T: Scalar>(a: CsrRef<'_, T, u32>) -> (Vec<u32>, Vec<usize>) {
    let n = a.nrows();
    // columns of Aᵀ above the diagonal: neighbours j < i that row i does not name itself
    let mut start = vec![0; n + 1];
    let upper = || {
        (0..n).flat_map(|i| {
            a.row(i)
                .0
                .iter()
                .map(move |&j| (i, j as usize))
                .filter(|(i, j)| j > i)
        })
    };
    upper().for_each(|(_, j)| start[j + 1] += 1);
    for j in 0..n {
        start[j + 1] += start[j];
    }
    let mut next = start.clone();
    let mut named_by = vec![0; start[n]];
    for (i, j) in upper() {
        named_by[next[j]] = i;
        next[j] += 1;
    }
    let mut colour = vec![0usize; n];
    let mut seen = vec![usize::MAX; 1]; // for each colour, the last row that may not have it
    for i in 0..n {
        let below = a
            .row(i)
            .0
            .iter()
            .map(|&j| j as usize)
            .take_while(|&j| j < i);
        for j in below.chain(named_by[start[i]..start[i + 1]].iter().copied()) {
            seen[colour[j]] = i;
        }
        colour[i] = match seen.iter().position(|&last| last != i) {
            Some(free) => free,
            None => {
                seen.push(usize::MAX);
                seen.len() - 1
            }
        };
    }
    let mut ends = vec![0; seen.len() + 1];
    colour.iter().for_each(|&c| ends[c + 1] += 1);
    for c in 0..seen.len() {
        ends[c + 1] += ends[c];
    }
    let mut next = ends.clone();
    let mut order = vec![0; n];
    for (i, &c) in colour.iter().enumerate() {
        order[next[c]] = i as u32;
        next[c] += 1;
    }
    ends.remove(0);
    (order, ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{convection, stencil};
    use resolvent_matrices::Csr;

    #[test]
    fn a_grid_is_red_and_black() {
        let a = stencil::<f64>(7, |_| 4.0, |_, _| -1.0);
        let (order, ends) = by_colour(a.view());
        assert_eq!(ends, [25, 49]);
        let parity = |i: u32| (i % 7 + i / 7) % 2;
        assert!(order[..25].iter().all(|&i| parity(i) == 0));
        assert!(order[25..].iter().all(|&i| parity(i) == 1));
    }

    #[test]
    fn no_two_of_a_colour_are_tied() {
        let lopsided =
            (0..60).flat_map(|i| [(i, i, 1.0), (i, i * 7 % 60, 2.0), (i, i * 11 % 60, 3.0)]);
        let mut entries: Vec<_> = lopsided.collect();
        entries.sort_by_key(|e| (e.0, e.1));
        entries.dedup_by_key(|e| (e.0, e.1));
        for a in [
            Csr::from_triplets(60, 60, entries).unwrap(),
            convection(9, 0.3),
        ] {
            let (order, ends) = by_colour(a.view());
            let mut of = vec![0; a.nrows()];
            for (p, &i) in order.iter().enumerate() {
                of[i as usize] = ends.partition_point(|&end| end <= p);
            }
            for i in 0..a.nrows() {
                let tied = a.view().row(i).0.iter().map(|&j| j as usize);
                assert!(tied.filter(|&j| j != i).all(|j| of[j] != of[i]));
            }
        }
    }
}
