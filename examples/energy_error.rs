//! The table of docs/methods/error-bars.md: how near the estimates of CG's error are to the truth.
//!
//! ```text
//! cargo run --release --example energy_error
//! ```
//!
//! True errors are against a factorisation. Ratios are of energy norms, over the iterates of one solve to
//! rtol 1e-8: truth over the estimate from below, at the end of its delay; estimate from above over
//! truth, in the last iteration and in the middle one.

use resolvent::registry;
use resolvent::solvers::{
    Cg, CgCoefficients, CgConfig, Direct, DirectConfig, EnergyBelow, EnergyConfig, EnergyEstimator,
    Mu,
};
use resolvent::{Csr, LinearOperator, Observer, Preconditioner, Solver, Step, System, precond};
use std::error::Error;
use std::ops::ControlFlow;

/// Truth and estimates of one solve.
struct Track<'a> {
    a: &'a Csr<f64>,
    exact: &'a [f64],
    estimators: Vec<EnergyEstimator>,
    truth: Vec<f64>,
    below: Vec<EnergyBelow>,
    above: Vec<Vec<Option<f64>>>,
}

impl Observer<f64> for Track<'_> {
    fn step(&mut self, step: &Step<'_, f64>) -> ControlFlow<()> {
        if let Some(x) = step.x.filter(|_| step.k == self.truth.len()) {
            let e: Vec<f64> = x.iter().zip(self.exact).map(|(x, y)| x - y).collect();
            let mut ae = vec![0.0; e.len()];
            self.a.apply(&e, &mut ae);
            let square: f64 = e.iter().zip(&ae).map(|(e, ae)| e * ae).sum();
            self.truth.push(square.sqrt()); // ‖x* − x_k‖_A
        }
        ControlFlow::Continue(())
    }

    fn coefficients(&mut self, of: &CgCoefficients<f64>) {
        for (estimator, above) in self.estimators.iter_mut().zip(&mut self.above) {
            estimator.push(of);
            above.push(estimator.above().map(|above| above.energy));
        }
        if let Some(below) = self.estimators[0].below()
            && self.below.last() != Some(&below)
        {
            self.below.push(below);
        }
    }
}

const FAMILIES: [&str; 4] = [
    "darcy",
    "darcy:high=3000",
    "darcy-lognormal",
    "reaction-diffusion",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "| family, 64 x 64 | M | iterations | delay | from below, mean | worst | above, 0.9 of Ritz, last | middle | 0.5, last | middle |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for family in FAMILIES {
        for m in ["jacobi", "ic0"] {
            row(family, m)?;
        }
    }
    Ok(())
}

fn row(spec: &str, m: &str) -> Result<(), Box<dyn Error>> {
    use resolvent::matrices::families::{AnyFamily, Assembled, Step};
    let AnyFamily::Real(family) = registry::sample_family(spec, registry::sample_grid("64")?)?
    else {
        return Ok(());
    };
    let (mut inputs, mut system) = (family.describe().new_inputs(), Assembled::default());
    family.draw(1, 0, &mut Default::default(), &mut inputs)?;
    family.assemble(&inputs, Step::default(), &mut system)?;
    let Assembled { a, b, .. } = &system;
    let n = b.len();
    let mut exact = vec![0.0; n];
    let mut none = precond::Identity;
    Direct::new(DirectConfig::default()).solve(
        System::new(a, b, &mut none),
        &mut exact,
        &mut (),
    )?;
    let mut precond: Box<dyn Preconditioner<f64>> = match m {
        "jacobi" => Box::new(precond::Jacobi::new(a)?),
        _ => Box::new(precond::Ic0::new(a, precond::Ic0Config::default())?),
    };
    let parts = [0.9, 0.5].map(|part| EnergyConfig {
        mu: Mu::Ritz(part),
        ..EnergyConfig::default()
    });
    let mut track = Track {
        a,
        exact: &exact,
        estimators: parts.map(EnergyEstimator::new).into(),
        truth: Vec::new(),
        below: Vec::new(),
        above: vec![Vec::new(), Vec::new()],
    };
    let mut x = vec![0.0; n];
    let mut cg = Cg::new(n, CgConfig::default());
    let report = cg.solve(System::new(a, b, &mut *precond), &mut x, &mut track)?;
    let ratios: Vec<f64> = track
        .below
        .iter()
        .map(|of| track.truth[of.k] / of.energy)
        .collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let delays: Vec<f64> = track.below.iter().map(|of| of.delay as f64).collect();
    let above = |which: usize, k: usize| match track.above[which][k - 1] {
        Some(above) => format!("{:.2}", above / track.truth[k]),
        None => "-".into(),
    };
    let k = report.iterations;
    println!(
        "| {spec} | {m} | {k} | {:.1} | {:.3} | {:.3} | {} | {} | {} | {} |",
        mean(&delays),
        mean(&ratios),
        ratios.iter().copied().fold(0.0, f64::max),
        above(0, k),
        above(0, k / 2),
        above(1, k),
        above(1, k / 2),
    );
    Ok(())
}
