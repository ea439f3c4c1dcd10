//! What is said of recycling, and what is saved of it.

use std::fmt;

/// What recycling did in a solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recycling {
    /// Dimension of the space that the solve began with; 0 without one.
    pub dimension: usize,
    /// Dimension of the space that it left behind.
    pub kept: usize,
    /// Products with A that brought the space up to date (part of all products).
    pub setup_matvecs: usize,
    /// Whether the space was used, and why.
    pub verdict: Verdict,
    /// Cost of a solve with the space against one without, as far as measured.
    pub ratio: Option<f64>,
}

/// Whether a recycled space was used, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There was none yet: the first system, or the first after [`forget`](crate::Solver::forget).
    Priming,
    /// Used, while it is being found out whether it pays.
    Trial,
    /// Left out, to find out whether it pays.
    Control,
    /// Used: it pays, or was asked for.
    On,
    /// Left out: it does not pay.
    Off,
    /// Left out: every system was to begin anew.
    Reset,
}

impl Verdict {
    /// The name used in JSON, e.g. `priming`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Priming => "priming",
            Self::Trial => "trial",
            Self::Control => "control",
            Self::On => "on",
            Self::Off => "off",
            Self::Reset => "reset",
        }
    }
}

impl fmt::Display for Recycling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.ratio.map_or(String::new(), |ratio| {
            format!(": a solve with it costs {ratio:.2} of one without")
        });
        match self.verdict {
            Verdict::Priming => write!(f, "no space yet, {} vectors found", self.kept),
            Verdict::Trial => write!(f, "{} vectors, on trial{part}", self.dimension),
            Verdict::Control => write!(f, "left out for comparison{part}"),
            Verdict::On => write!(f, "on, {} vectors{part}", self.dimension),
            Verdict::Off => write!(f, "off, it does not pay{part}"),
            Verdict::Reset => write!(f, "off, every system begins anew"),
        }
    }
}

/// A recycled space and what was measured of it, in plain numbers: everything that the next solve
/// needs to go the same way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecycledState {
    /// The method whose it is.
    pub method: String,
    /// Dimension, fingerprint of A and measurements.
    pub numbers: Vec<f64>,
    /// The vectors, real and imaginary parts in turn where numbers are complex.
    pub vectors: Vec<Vec<f64>>,
}

/// Real and imaginary parts in turn of complex numbers; of real ones, themselves.
pub(crate) fn parts<T: resolvent_matrices::Scalar>(v: &[T]) -> Vec<f64> {
    let both = |v: &T| [v.to_c64().re, v.to_c64().im];
    match T::IS_COMPLEX {
        true => v.iter().flat_map(both).collect(),
        false => v.iter().map(|v| v.to_c64().re).collect(),
    }
}

/// Undoes [`parts`]; false, and nothing written, where the length is another.
pub(crate) fn whole<T: resolvent_matrices::Scalar>(parts: &[f64], v: &mut [T]) -> bool {
    let each = if T::IS_COMPLEX { 2 } else { 1 };
    if parts.len() != each * v.len() {
        return false;
    }
    for (v, p) in v.iter_mut().zip(parts.chunks_exact(each)) {
        *v = T::from_c64(resolvent_matrices::Complex::new(
            p[0],
            p.get(1).copied().unwrap_or(0.0),
        ));
    }
    true
}
