//! What is saved of a space, and gone on with.

use super::Rcg;
use crate::Solver;
use crate::recycling::{RecycledState, parts, whole};
use resolvent_matrices::Scalar;

impl<T: Scalar> Rcg<T> {
    pub(super) fn save(&self) -> RecycledState {
        let (n, k) = (self.n, self.k);
        let mut numbers = vec![k as f64, self.usual as f64];
        numbers.extend(self.policy.save());
        let vectors = (0..k).map(|j| parts(&self.u[j * n..(j + 1) * n]));
        let vectors = vectors.collect();
        RecycledState {
            method: "rcg".into(),
            numbers,
            vectors,
        }
    }

    pub(super) fn go_on(&mut self, state: &RecycledState) -> bool {
        let n = self.n;
        let Some((&[k, usual], policy)) = state.numbers.split_first_chunk() else {
            return false;
        };
        let columns = k as usize;
        let fits =
            state.method == "rcg" && columns <= self.h.len() && state.vectors.len() == columns;
        if !fits {
            return false;
        }
        self.forget();
        let all = self.u.chunks_exact_mut(n.max(1)).zip(&state.vectors);
        if !all.take(columns).all(|(v, saved)| whole(saved, v)) {
            return false; // of another size: there is no space
        }
        self.k = columns;
        self.usual = usual as usize;
        self.policy.restore(policy);
        true
    }
}
