//! What is saved of a space, and gone on with.

use super::Rcg;
use crate::Solver;
use crate::recycling::{RecycledState, parts, whole};
use resolvent_matrices::Scalar;

impl<T: Scalar> Rcg<T> {
    pub(super) fn save(&self) -> RecycledState {
        let (n, k) = (self.n, self.k);
        let flag = |set: bool| if set { 1.0 } else { 0.0 };
        let mut numbers = vec![k as f64, self.solves as f64, flag(self.imaged)];
        numbers.push(flag(!self.d.is_empty()));
        numbers.push(self.matrix.map_or(-1.0, |matrix| matrix as f64));
        numbers.extend(self.policy.save());
        let mut vectors = Vec::new();
        for block in [&self.u, &self.c] {
            vectors.extend((0..k).map(|j| parts(&block[j * n..(j + 1) * n])));
        }
        vectors.push(self.window.theta[..k].to_vec());
        RecycledState {
            method: "rcg".into(),
            numbers,
            vectors,
        }
    }

    pub(super) fn go_on(&mut self, state: &RecycledState) -> bool {
        let n = self.n;
        let Some((&[k, solves, imaged, successor, matrix], policy)) =
            state.numbers.split_first_chunk()
        else {
            return false;
        };
        let columns = k as usize;
        let fits = state.method == "rcg"
            && columns <= self.h.len()
            && state.vectors.len() == 2 * columns + 1
            && state.vectors[2 * columns].len() == columns;
        if !fits {
            return false;
        }
        self.forget();
        let all = [&mut self.u, &mut self.c].into_iter();
        let all = all.flat_map(|block| block.chunks_exact_mut(n.max(1)).take(columns));
        if !all.zip(&state.vectors).all(|(v, saved)| whole(saved, v)) {
            return false; // of another size: there is no space
        }
        self.window.theta[..columns].copy_from_slice(&state.vectors[2 * columns]);
        if successor != 0.0 {
            self.q.resize(self.p.len(), T::ZERO);
            self.d.resize(self.b.len(), T::ZERO);
        }
        self.k = columns;
        self.solves = solves as usize;
        self.imaged = imaged != 0.0;
        self.matrix = (matrix >= 0.0).then_some(matrix as u64);
        self.policy.restore(policy);
        true
    }
}
