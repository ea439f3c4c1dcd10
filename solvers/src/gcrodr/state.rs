//! What is saved of a space, and gone on with.

use super::{Cycle, Gcrodr, Lagged};
use crate::Solver;
use crate::recycling::{RecycledState, parts, whole};
use resolvent_matrices::Scalar;

impl<T: Scalar> Gcrodr<T> {
    pub(super) fn save(&self) -> RecycledState {
        let (n, k) = (self.n, self.cycle.k);
        let columns = |block: &[T]| -> Vec<Vec<f64>> {
            (0..k.min(block.len() / n.max(1)))
                .map(|j| parts(&block[j * n..(j + 1) * n]))
                .collect()
        };
        let mut numbers = vec![k as f64, self.changes as f64];
        numbers.push(self.matrix.map_or(-1.0, |matrix| matrix as f64));
        numbers.extend(self.policy.save());
        let mut vectors = [
            columns(&self.cycle.z),
            columns(&self.cycle.w),
            columns(&self.uv),
        ]
        .concat();
        if self.lagged.wanted() {
            let Lagged {
                pairs, next, u, c, ..
            } = &self.lagged;
            numbers.extend([*pairs as f64, *next as f64]);
            for block in [u, c] {
                vectors.extend(block.chunks_exact(n.max(1)).take(*pairs).map(parts));
            }
        }
        RecycledState {
            method: "gcrodr".into(),
            numbers,
            vectors,
        }
    }

    pub(super) fn go_on(&mut self, state: &RecycledState) -> bool {
        let n = self.n;
        let Some((&[k, changes, matrix], policy)) = state.numbers.split_first_chunk() else {
            return false;
        };
        let columns = k as usize;
        let blocks = 2 + usize::from(!self.uv.is_empty());
        let (policy, lagged) = match (self.lagged.wanted(), policy) {
            (true, [policy @ .., pairs, next]) => (policy, (*pairs as usize, *next as usize)),
            (_, policy) => (policy, (0, 0)),
        };
        let (pairs, next) = lagged;
        let fits = state.method == "gcrodr"
            && columns <= self.most
            && pairs <= self.lagged.room
            && next < self.lagged.room.max(1)
            && state.vectors.len() == blocks * columns + 2 * pairs;
        if !fits {
            return false;
        }
        self.forget();
        let Cycle { w, z, .. } = &mut self.cycle;
        let blocks = [z.as_mut_slice(), w, &mut self.uv].map(|block| (block, columns));
        let earlier = [&mut self.lagged.u, &mut self.lagged.c].map(|block| (&mut block[..], pairs));
        let all = blocks
            .into_iter()
            .chain(earlier)
            .flat_map(|(block, columns)| block.chunks_exact_mut(n.max(1)).take(columns));
        if !all.zip(&state.vectors).all(|(v, saved)| whole(saved, v)) {
            return false; // of another size: nothing but the space is touched, and there is none
        }
        self.cycle.k = columns;
        (self.lagged.pairs, self.lagged.next) = lagged;
        self.changes = changes as usize;
        self.matrix = (matrix >= 0.0).then_some(matrix as u64);
        self.policy.restore(policy);
        true
    }
}
