//! Whether a matrix is the one before.

use crate::LinearOperator;
use resolvent_matrices::{AnyCsr, CsrRef, Index, Scalar};

/// A number that two different matrices share with a probability of about 2⁻⁶⁰; none where the
/// entries are not known. Reads A once.
pub(crate) fn fingerprint<T: Scalar>(a: &dyn LinearOperator<T>) -> Option<u64> {
    Some(match a.as_csr()? {
        AnyCsr::U32(a) => of(a),
        AnyCsr::Usize(a) => of(a),
    })
}

fn of<T: Scalar, I: Index>(a: CsrRef<'_, T, I>) -> u64 {
    let mut hash = Hash::default();
    a.row_ptr().iter().for_each(|i| hash.take(i.at() as u64));
    a.col_idx().iter().for_each(|i| hash.take(i.at() as u64));
    for v in a.values() {
        let v = v.to_c64();
        hash.take(v.re.to_bits());
        if T::IS_COMPLEX {
            hash.take(v.im.to_bits());
        }
    }
    // 53 bits, so that a double holds it exactly
    hash.end() >> 11
}

/// Four chains, so that one multiplication need not wait for the one before.
struct Hash {
    chains: [u64; 4],
    next: usize,
}

impl Default for Hash {
    fn default() -> Self {
        Self {
            chains: [
                0x9e37_79b9_7f4a_7c15,
                0xbf58_476d_1ce4_e5b9,
                0x94d0_49bb_1331_11eb,
                0x2545_f491_4f6c_dd1d,
            ],
            next: 0,
        }
    }
}

impl Hash {
    #[inline(always)]
    fn take(&mut self, word: u64) {
        let chain = &mut self.chains[self.next & 3];
        *chain = (*chain ^ word)
            .wrapping_mul(0x2127_599b_f432_5c37)
            .rotate_left(29);
        self.next += 1;
    }

    fn end(&self) -> u64 {
        let mixed = self.chains.iter().fold(self.next as u64, |h, c| {
            (h.rotate_left(17) ^ c).wrapping_mul(0xff51_afd7_ed55_8ccd)
        });
        mixed ^ (mixed >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use resolvent_matrices::Complex;

    #[test]
    fn any_change_is_seen() {
        let a = convection::<f64>(6, 0.3);
        let same = fingerprint(&a.clone());
        assert_eq!(fingerprint(&a), same);
        for i in [0, 7, a.nnz() - 1] {
            let mut b = a.clone();
            b.values_mut()[i] += 1e-15;
            assert_ne!(fingerprint(&b), same, "{i}");
        }
        assert_ne!(fingerprint(&convection::<f64>(7, 0.3)), same);
        let mut c = convection::<Complex<f64>>(6, 0.3);
        let before = fingerprint(&c);
        c.values_mut()[3].im += 1.0;
        assert_ne!(fingerprint(&c), before);
    }
}
