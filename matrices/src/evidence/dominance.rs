//! Dominance of a whole matrix.

use super::Dominance;
use super::rows::Rows;
use crate::{CsrRef, Scalar, TransposePlan};

/// Passes over the rows before the search that needs the transpose is begun: from boundaries, the
/// first few reach all of a grid.
const PASSES: usize = 8;

/// Of a square matrix: strict, or a chain of entries leads from each row to a strict one.
pub(super) fn dominance<T: Scalar>(a: CsrRef<'_, T, u32>, rows: &Rows) -> Option<Dominance> {
    if rows.rows.iter().any(|row| !row.weak) {
        return None;
    }
    let mut reached: Vec<bool> = rows.rows.iter().map(|row| row.strict).collect();
    if reached.iter().all(|&r| r) {
        return Some(Dominance::Strict);
    }
    let linked = |i: usize, reached: &[bool]| {
        let (columns, values) = a.row(i);
        let mut entries = columns.iter().zip(values);
        entries.any(|(&j, &v)| reached[j as usize] && v != T::ZERO)
    };
    let n = rows.rows.len();
    for pass in 0..PASSES {
        let mut changed = false;
        for k in 0..n {
            let i = if pass % 2 == 0 { k } else { n - 1 - k };
            if !reached[i] && linked(i, &reached) {
                reached[i] = true;
                changed = true;
            }
        }
        if !changed {
            return Some(chained(&reached));
        }
    }
    search(a, &mut reached);
    Some(chained(&reached))
}

fn chained(reached: &[bool]) -> Dominance {
    if reached.iter().all(|&r| r) {
        Dominance::Chained
    } else {
        Dominance::Weak
    }
}

/// From all rows that are reached, backwards along the entries that are not zero.
fn search<T: Scalar>(a: CsrRef<'_, T, u32>, reached: &mut [bool]) {
    let plan = TransposePlan::new(a);
    let mut stack: Vec<u32> = (0..reached.len() as u32)
        .filter(|&i| reached[i as usize])
        .collect();
    while let Some(j) = stack.pop() {
        let range = plan.row_ptr()[j as usize] as usize..plan.row_ptr()[j as usize + 1] as usize;
        for k in range {
            let i = plan.col_idx()[k];
            let linked = a.values()[plan.source()[k] as usize] != T::ZERO;
            if linked && !std::mem::replace(&mut reached[i as usize], true) {
                stack.push(i);
            }
        }
    }
}
