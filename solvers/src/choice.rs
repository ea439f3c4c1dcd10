//! A method or preconditioner with its configuration, before it is built for a matrix: what
//! [`Auto`](crate::Auto) plans with and what names on a command line are parsed into.

use crate::precond::{
    Chebyshev, ChebyshevConfig, Fsai, FsaiConfig, Gmg, GmgConfig, Ic0, Ic0Config, Ict, IctConfig,
    Identity, Ilu0, Ilu0Config, Ilut, IlutConfig, Jacobi, JacobiConfig, Linearity, PrecondError,
    Preconditioner, Ssor, SsorConfig,
};
use crate::{
    Bicgstab, BicgstabConfig, Cg, CgConfig, Direct, DirectConfig, Fcg, FcgConfig, Fgmres, Gcrodr,
    GcrodrConfig, Gmres, GmresConfig, LinearOperator, Minres, MinresConfig, Rcg, RcgConfig,
    SolveError, Solver, Sor, SorConfig, Stopping,
};
use resolvent_matrices::{Real, Scalar};

/// A method with its configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Method<R> {
    /// Conjugate gradients.
    Cg(CgConfig<R>),
    /// Truncated flexible conjugate gradients.
    Fcg(FcgConfig<R>),
    /// MINRES.
    Minres(MinresConfig<R>),
    /// BiCGStab.
    Bicgstab(BicgstabConfig<R>),
    /// Restarted GMRES.
    Gmres(GmresConfig<R>),
    /// Restarted flexible GMRES.
    Fgmres(GmresConfig<R>),
    /// GMRES with deflated restarting and a space recycled from system to system.
    Gcrodr(GcrodrConfig<R>),
    /// Conjugate gradients with a space recycled from system to system.
    Rcg(RcgConfig<R>),
    /// Successive over-relaxation.
    Sor(SorConfig<R>),
    /// A sparse factorisation.
    Direct(DirectConfig<R>),
}

impl<R: Real> Method<R> {
    /// Its name, as that of the solver it builds.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cg(_) => "cg",
            Self::Fcg(config) => config.name(),
            Self::Minres(_) => "minres",
            Self::Bicgstab(_) => "bicgstab",
            Self::Gmres(_) => "gmres",
            Self::Fgmres(_) => "fgmres",
            Self::Gcrodr(_) => "gcrodr",
            Self::Rcg(_) => "rcg",
            Self::Sor(_) => "sor",
            Self::Direct(_) => "direct",
        }
    }

    /// The least that it asks of a preconditioner.
    pub fn tolerates(&self) -> Linearity {
        match self {
            Self::Cg(config) if config.flexible => Linearity::Variable,
            Self::Cg(_) | Self::Rcg(_) => Linearity::NearlyHpd,
            Self::Minres(_) => Linearity::FixedHpd,
            Self::Bicgstab(_) | Self::Gmres(_) => Linearity::Fixed,
            Self::Fcg(_) | Self::Fgmres(_) | Self::Gcrodr(_) | Self::Sor(_) | Self::Direct(_) => {
                Linearity::Variable
            }
        }
    }

    /// Whether it needs A = Aᴴ.
    pub fn needs_hermitian(&self) -> bool {
        matches!(
            self,
            Self::Cg(_) | Self::Fcg(_) | Self::Minres(_) | Self::Rcg(_)
        )
    }

    /// Whether it carries a space from system to system.
    pub fn recycles(&self) -> bool {
        matches!(self, Self::Gcrodr(_) | Self::Rcg(_))
    }

    /// Whether what its vectors and small matrices take for systems of size `n` can be had at all.
    ///
    /// # Errors
    /// [`SolveError::Memory`], before an allocation ends the program.
    pub fn fits<T: Scalar<Real = R>>(&self, n: usize) -> Result<(), SolveError> {
        // (vectors, rows of small square matrices)
        let (vectors, small) = match self {
            Self::Fcg(c) => (c.directions.max(1).saturating_mul(2), 0),
            Self::Gmres(c) => (c.restart.min(n), c.restart.min(n)),
            Self::Fgmres(c) => (2 * c.restart.min(n), c.restart.min(n)),
            Self::Gcrodr(c) => {
                let m = c.restart.min(n);
                let kept = c.k.min(m) + 1;
                let pairs = c.lag.saturating_mul(kept).min(n);
                (2 * m + kept + 2 * pairs, 2 * m)
            }
            Self::Rcg(c) => (5 * c.k.min(n) + c.window.min(n), c.window.min(n)),
            _ => (0, 0),
        };
        let numbers = n
            .saturating_mul(vectors)
            .saturating_add(small.saturating_mul(small));
        let had = Vec::<T>::new().try_reserve_exact(numbers);
        had.map_err(|_| SolveError::Memory {
            solver: self.name(),
            gigabytes: numbers as f64 * size_of::<T>() as f64 / 1e9,
        })
    }

    /// Allocates it for systems of size `n`; `stopping` takes the place of the one configured.
    pub fn build<T: Scalar<Real = R>>(
        &self,
        n: usize,
        stopping: Stopping<R>,
    ) -> Box<dyn Solver<T>> {
        match *self {
            Self::Cg(config) => Box::new(Cg::new(n, CgConfig { stopping, ..config })),
            Self::Fcg(config) => Box::new(Fcg::new(n, FcgConfig { stopping, ..config })),
            Self::Minres(_) => Box::new(Minres::new(n, MinresConfig { stopping })),
            Self::Bicgstab(_) => Box::new(Bicgstab::new(n, BicgstabConfig { stopping })),
            Self::Gmres(config) => Box::new(Gmres::new(n, GmresConfig { stopping, ..config })),
            Self::Fgmres(config) => Box::new(Fgmres::new(n, GmresConfig { stopping, ..config })),
            Self::Gcrodr(config) => Box::new(Gcrodr::new(n, GcrodrConfig { stopping, ..config })),
            Self::Rcg(config) => Box::new(Rcg::new(n, RcgConfig { stopping, ..config })),
            Self::Sor(config) => Box::new(Sor::new(n, SorConfig { stopping, ..config })),
            Self::Direct(config) => Box::new(Direct::new(DirectConfig { stopping, ..config })),
        }
    }
}

/// A preconditioner with its configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Precond {
    /// M = I.
    None,
    /// M = diag(A).
    Jacobi(JacobiConfig),
    /// Symmetric successive over-relaxation.
    Ssor(SsorConfig),
    /// Incomplete Cholesky without fill.
    Ic0(Ic0Config),
    /// Incomplete Cholesky with fill.
    Ict(IctConfig),
    /// Factorised sparse approximate inverse.
    Fsai(FsaiConfig),
    /// Geometric multigrid.
    Gmg(GmgConfig),
    /// A Chebyshev polynomial in the scaled matrix.
    Chebyshev(ChebyshevConfig),
    /// Incomplete LU without fill.
    Ilu0(Ilu0Config),
    /// Incomplete LU with fill.
    Ilut(IlutConfig),
    /// One of the caller's, by its name, in a sequence that was told how to make it:
    /// [`Sequence::plug`](crate::Sequence::plug).
    Plugged(&'static str),
}

impl Precond {
    /// Its name, as that of the preconditioner it builds.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Jacobi(_) => "jacobi",
            Self::Ssor(_) => "ssor",
            Self::Ic0(_) => "ic0",
            Self::Ict(_) => "ict",
            Self::Fsai(_) => "fsai",
            Self::Gmg(_) => "gmg",
            Self::Chebyshev(_) => "chebyshev",
            Self::Ilu0(_) => "ilu0",
            Self::Ilut(_) => "ilut",
            Self::Plugged(name) => name,
        }
    }

    /// Builds it for A.
    ///
    /// # Errors
    /// Those of the preconditioner; of [`Precond::Plugged`] always, since only a sequence can make it.
    pub fn build<T: Scalar>(
        &self,
        a: &dyn LinearOperator<T>,
    ) -> Result<Box<dyn Preconditioner<T>>, PrecondError> {
        Ok(match *self {
            Self::None => Box::new(Identity),
            Self::Jacobi(config) => Box::new(Jacobi::with_config(a, config)?),
            Self::Ssor(config) => Box::new(Ssor::new(a, config)?),
            Self::Ic0(config) => Box::new(Ic0::new(a, config)?),
            Self::Ict(config) => Box::new(Ict::new(a, config)?),
            Self::Fsai(config) => Box::new(Fsai::new(a, config)?),
            Self::Gmg(config) => Box::new(Gmg::new(a, config)?),
            Self::Chebyshev(config) => Box::new(Chebyshev::new(a, config)?),
            Self::Ilu0(config) => Box::new(Ilu0::new(a, config)?),
            Self::Ilut(config) => Box::new(Ilut::new(a, config)?),
            Self::Plugged(precond) => return Err(PrecondError::unplugged(precond)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_memory_holds_is_an_error() {
        let gmres = GmresConfig {
            restart: 1 << 20,
            ..GmresConfig::default()
        };
        let gcrodr = GcrodrConfig {
            lag: usize::MAX,
            ..GcrodrConfig::default()
        };
        for method in [
            Method::<f64>::Gmres(gmres),
            Method::Fgmres(gmres),
            Method::Gcrodr(gcrodr),
        ] {
            assert!(method.fits::<f64>(1000).is_ok(), "{}", method.name());
            let error = method.fits::<f64>(1 << 40).unwrap_err();
            assert!(matches!(error, SolveError::Memory { .. }), "{error}");
        }
    }
}
