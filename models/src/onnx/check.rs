//! Holds a model to its contract: probes with noise, and a solve beside that of classical preconditioners.
//!
//! Noise finds gross violations and proves nothing: it can refute a claim, not establish it.

use super::adapter::{OnnxConfig, OnnxPrecond};
use super::contract::{Equivariance, Role};
use super::error::OnnxError;
use super::model::Model;
use crate::mgnet::{Mgnet, MgnetConfig};
use resolvent_matrices::{Csr, Grid};
use resolvent_solvers::precond::{self, Ic0, Ic0Config, Jacobi};
use resolvent_solvers::{
    Fcg, FcgConfig, PrecondError, Preconditioner, Solver, Stopping, System, kernels,
};

/// Errors up to which a property counts as there: the square root of the working precision of f32.
const TOLERANCE: f64 = 3.5e-4;

/// Iterations of the solve that is made with it.
const MOST: usize = 500;

/// A property, what the contract says of it, and what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Property.
    pub name: &'static str,
    /// Whether the contract claims it.
    pub claimed: bool,
    /// Whether the probes agree with it; `None` where it could not be tested.
    pub holds: Option<bool>,
    /// The worst relative error; of `positive` the least rᵀz/(‖r‖‖z‖), which should be above 0.
    pub measured: f64,
}

impl Claim {
    /// Claimed, and not so.
    pub fn broken(&self) -> bool {
        self.claimed && self.holds == Some(false)
    }
}

/// What the probes found.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCheck {
    /// The grid they were made on.
    pub grid: Grid,
    /// All answers were numbers, and there was an answer for every cell.
    pub finite: bool,
    /// The same question had the same answer, bit for bit.
    pub deterministic: bool,
    /// Property by property.
    pub claims: Vec<Claim>,
    /// Iterations of FCG to a relative residual of 1e-8 without a fallback; `None` if it does not get there
    /// in 500.
    pub iterations: Option<usize>,
    /// The same with IC(0) and with the diagonal, where they exist.
    pub classical: Vec<(&'static str, Option<usize>)>,
    /// The methods that it can serve by what was found; those that need M positive definite take it only
    /// if the contract says that it is.
    pub serves: Vec<&'static str>,
}

impl ModelCheck {
    /// Whether nothing that the contract claims was found not to be so.
    pub fn passed(&self) -> bool {
        self.finite && self.deterministic && !self.claims.iter().any(Claim::broken)
    }
}

/// Probes a model on a matrix with noise of the given seed. Some thirty applications, and a solve.
///
/// # Errors
/// [`OnnxError`] if it cannot be applied to this matrix.
pub fn check(
    model: &Model,
    a: &Csr<f64>,
    config: OnnxConfig,
    seed: u64,
) -> Result<ModelCheck, OnnxError> {
    let (mut m, grid, pads): (Box<dyn Preconditioner<f64>>, Grid, bool) =
        match model.contract().role {
            Role::Precond => {
                let m = OnnxPrecond::new(model, a, config)?;
                let (grid, pads) = (m.grid(), m.pads());
                (Box::new(m), grid, pads)
            }
            Role::Levels => {
                let m = Mgnet::new(
                    model,
                    a,
                    MgnetConfig {
                        grid: config.grid,
                        ..MgnetConfig::default()
                    },
                )?;
                let grid = m.levels()[0].grid();
                (Box::new(m), grid, true)
            }
        };
    let m = m.as_mut();
    let n = a.nrows();
    let failed = |error: PrecondError| OnnxError::Run {
        path: model.path().into(),
        problem: error.to_string(),
    };
    let probe = precond::check(m, n, seed).map_err(failed)?;
    let contract = model.contract();
    let positive = probe.positive > 0.0;
    // where answers are no numbers, nothing was measured
    let measured = |error: f64| if probe.finite { error } else { f64::NAN };
    let within = |error: f64| Some(probe.finite && error <= TOLERANCE);
    let mut claims = vec![
        Claim {
            name: "linear",
            claimed: contract.linear,
            holds: within(probe.linear),
            measured: measured(probe.linear),
        },
        Claim {
            name: "symmetric",
            claimed: contract.symmetric,
            holds: within(probe.symmetric),
            measured: measured(probe.symmetric),
        },
        Claim {
            name: "positive",
            claimed: contract.positive,
            holds: Some(probe.finite && positive),
            measured: measured(probe.positive),
        },
    ];
    let mut vector = Noise(seed ^ 0x9e37_79b9_7f4a_7c15);
    let r: Vec<f64> = (0..n).map(|_| vector.next()).collect();
    let mut z = vec![0.0; n];
    m.apply(&r, &mut z).map_err(failed)?;
    for (kind, name) in [
        (Equivariance::Scale, "scale"),
        (Equivariance::Sign, "sign"),
        (Equivariance::Reflection, "reflection"),
    ] {
        // fields and padding are not reflected, so that it says nothing there
        let tested = kind != Equivariance::Reflection || (!pads && contract.inputs.len() == 1);
        let tested =
            tested && (kind != Equivariance::Reflection || contract.inputs[0].fields.len() == 1);
        let measured = match tested {
            true => equivariance(kind, m, grid, &r, &z).map_err(failed)?,
            false => f64::NAN,
        };
        claims.push(Claim {
            name,
            claimed: contract.equivariance.contains(&kind),
            holds: if tested { within(measured) } else { None },
            measured,
        });
    }
    let mut b = vec![0.0; n];
    kernels::spmv(a.view(), &[], &r, &mut b);
    let iterations = match probe.finite {
        true => solve(a, &b, m),
        false => None,
    };
    let mut classical = Vec::new();
    if let Ok(mut ic0) = Ic0::new(a, Ic0Config::default()) {
        classical.push(("ic0", solve(a, &b, &mut ic0)));
    }
    if let Ok(mut jacobi) = Jacobi::new(a) {
        classical.push(("jacobi", solve(a, &b, &mut jacobi)));
    }
    let is = |name: &str| {
        claims
            .iter()
            .any(|c| c.name == name && c.holds == Some(true))
    };
    let zero = z.iter().all(|z| *z == 0.0);
    let mut serves = Vec::new();
    if probe.finite && !zero {
        let promised = contract.role == Role::Levels || contract.claims_positive_definite();
        if promised && is("linear") && is("symmetric") && is("positive") {
            serves.extend(["cg", "rcg"]);
        }
        serves.extend(["dcdm", "fcg", "fgmres", "gcrodr"]);
    }
    Ok(ModelCheck {
        grid,
        finite: probe.finite,
        deterministic: probe.deterministic,
        claims,
        iterations,
        classical,
        serves,
    })
}

/// Relative difference of M⁻¹(Tr) from T M⁻¹r, the worst over the T of a kind.
fn equivariance(
    kind: Equivariance,
    m: &mut dyn Preconditioner<f64>,
    grid: Grid,
    r: &[f64],
    z: &[f64],
) -> Result<f64, PrecondError> {
    let mut worst = 0.0f64;
    let mut compare = |moved: &dyn Fn(&[f64]) -> Vec<f64>| {
        let (r, z) = (moved(r), moved(z));
        let mut found = vec![0.0; z.len()];
        m.apply(&r, &mut found)?;
        let difference: f64 = found.iter().zip(&z).map(|(a, b)| (a - b).powi(2)).sum();
        let size: f64 = z.iter().map(|z| z * z).sum();
        let error = if difference == 0.0 {
            0.0
        } else {
            (difference / size).sqrt()
        };
        worst = if error.is_nan() {
            f64::NAN
        } else {
            worst.max(error)
        };
        Ok::<(), PrecondError>(())
    };
    match kind {
        Equivariance::Scale => {
            for factor in [1e-12, 1e12] {
                compare(&|v| v.iter().map(|v| factor * v).collect())?;
            }
        }
        Equivariance::Sign => compare(&|v| v.iter().map(|v| -v).collect())?,
        Equivariance::Reflection => {
            for d in 0..grid.dimension() {
                compare(&|v| {
                    let mirrored = |row| {
                        let mut at = grid.at(row);
                        at[d] = grid.dims()[d] - 1 - at[d];
                        v[grid.row(at)]
                    };
                    (0..v.len()).map(mirrored).collect()
                })?;
            }
        }
    }
    Ok(worst)
}

/// Iterations of FCG to 1e-8.
fn solve(a: &Csr<f64>, b: &[f64], m: &mut dyn Preconditioner<f64>) -> Option<usize> {
    let stopping = Stopping {
        rtol: 1e-8,
        max_iters: MOST,
        ..Stopping::default()
    };
    let config = FcgConfig {
        stopping,
        directions: 2,
        ..FcgConfig::default()
    };
    let mut x = vec![0.0; b.len()];
    let report = Fcg::new(b.len(), config).solve(System::new(a, b, m), &mut x, &mut ());
    report.ok().filter(|r| r.converged()).map(|r| r.iterations)
}

/// Numbers between −1 and 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}
