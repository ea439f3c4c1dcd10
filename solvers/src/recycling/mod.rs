//! What the methods that recycle have in common: a space carried from system to system.
//!
//! The space is held as U, in the space of solutions, with its image C = AU: a change of M costs it
//! nothing, a change of A one product a vector. Where the fingerprint of A says that nothing has
//! changed, not even that.
//!
//! Whether it pays is measured ([`Policy`]): some of the first systems are solved without, and where
//! the space costs more than it saves it is left out, and looked at again ever more rarely.

mod eigen;
mod fingerprint;
mod harmonic;
mod policy;
mod space;
mod state;

pub(crate) use eigen::Eigen;
pub(crate) use fingerprint::fingerprint;
pub(crate) use harmonic::Pencil;
pub(crate) use policy::{Meter, Mode, Policy};
pub(crate) use space::{compact, follow, orthonormalize};
pub use state::{RecycledState, Recycling, Verdict as RecyclingVerdict};
pub(crate) use state::{parts, whole};

/// Which eigenvalues the recycled space is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// Those of least magnitude.
    #[default]
    Smallest,
    /// Those of largest magnitude.
    Largest,
}

/// Which vectors are kept, where A Ẑ = W G: those of a harmonic Ritz problem, GᴴG y = θ Gᴴ S y, or of
/// singular values.
///
/// - L. M. Carvalho, S. Gratton, R. Lago, X. Vasseur, A flexible generalized conjugate residual
///   method with inner orthogonalization and deflated restarting, SIAM J. Matrix Anal. Appl.
///   32(4):1212–1235, 2011, doi:10.1137/100786253.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// S = Wᴴ V̂, V̂ being what M⁻¹ was applied to for each column of Ẑ. The spectrum is that of AM⁻¹,
    /// also where the directions were made under different M; costs k more vectors.
    #[default]
    A,
    /// S = [I; 0]: the spectrum of the map that takes [C V] to A[Ũ Z], the columns of Ũ of length 1.
    /// Nothing more to store; the angle between U and C is not seen.
    B,
    /// Those that AM⁻¹ shrinks most, least ‖A Ẑ y‖/‖V̂ y‖ (Ritz values of (AM⁻¹)ᴴAM⁻¹ from the space at
    /// hand): what stands in the way where AM⁻¹ is far from normal, as its eigenvectors then are not.
    /// A Hermitian problem, no complex pairs; costs k more vectors.
    Singular,
}

impl Strategy {
    /// Whether V̂ of the space is kept.
    pub(crate) fn keeps_arguments(self) -> bool {
        self != Self::B
    }
}
