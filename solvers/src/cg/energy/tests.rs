use super::*;
use crate::precond::{Ic0, Ic0Config, Identity, Jacobi, Ssor, SsorConfig};
use crate::testing::*;
use crate::{Cg, CgConfig, Preconditioner, Solver, System, kernels};
use faer::Side;
use resolvent_matrices::{Complex, Csr};

/// Everything that a solve says and what is true, iterate by iterate.
struct Track<T: Scalar> {
    estimator: EnergyEstimator,
    a: Csr<T>,
    exact: Vec<T>,
    /// ‖x* − x_k‖_A.
    truth: Vec<f64>,
    below: Vec<EnergyBelow>,
    above: Vec<(usize, f64)>,
}

impl<T: Scalar> Observer<T> for Track<T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        if let Some(x) = step.x.filter(|_| step.k == self.truth.len()) {
            let e: Vec<T> = x.iter().zip(&self.exact).map(|(&x, &y)| x - y).collect();
            let mut ae = e.clone();
            kernels::spmv(self.a.view(), &[], &e, &mut ae);
            self.truth.push(kernels::dot(&e, &ae).re().to_f64().sqrt());
        }
        ControlFlow::Continue(())
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        self.estimator.push(of);
        self.below.extend(self.estimator.below());
        self.above
            .extend(self.estimator.above().map(|of| (of.k, of.energy)));
    }
}

fn track<T: Scalar>(a: &Csr<T>, m: &mut dyn Preconditioner<T>, mu: Mu) -> Track<T> {
    let n = a.nrows();
    let b = vector::<T>(n, 3);
    let config = EnergyConfig {
        mu,
        ..EnergyConfig::default()
    };
    let mut track = Track {
        estimator: EnergyEstimator::new(config),
        a: a.clone(),
        exact: dense_solution(a, &b),
        truth: Vec::new(),
        below: Vec::new(),
        above: Vec::new(),
    };
    let mut x = vec![T::ZERO; n];
    let mut cg = Cg::new(n, CgConfig::default());
    let report = cg.solve(System::new(a, &b, m), &mut x, &mut track).unwrap();
    assert!(report.converged());
    track
}

/// λ_min(D⁻¹A).
fn smallest_scaled(a: &Csr<f64>) -> f64 {
    let n = a.nrows();
    let d = |i: usize| a.view().get(i, i).sqrt();
    let scaled = faer::Mat::from_fn(n, n, |i, j| a.view().get(i, j) / (d(i) * d(j)));
    scaled.self_adjoint_eigenvalues(Side::Lower).unwrap()[0]
}

/// A Laplacian with a coefficient that jumps by three orders of magnitude.
fn jumping(nx: usize) -> Csr<f64> {
    let k = |i: usize| {
        if (i / 3 + i / (3 * nx)).is_multiple_of(2) {
            1.0
        } else {
            1e3
        }
    };
    let link = |i: usize, j: usize| -2.0 * k(i) * k(j) / (k(i) + k(j));
    let a = stencil::<f64>(nx, |_| 0.0, link);
    stencil(
        nx,
        |i| 0.05 * k(i) - a.view().row_iter(i).map(|(_, v)| v).sum::<f64>(),
        link,
    )
}

#[test]
fn never_above_from_below_and_near() {
    fn of<T: Scalar>(slack: f64) {
        let a = hpd::<T>(12);
        let ms: [&mut dyn Preconditioner<T>; 3] = [
            &mut Identity,
            &mut Jacobi::new(&a).unwrap(),
            &mut Ic0::new(&a, Ic0Config::default()).unwrap(),
        ];
        for m in ms {
            let track = track(&a, m, Mu::Ritz(0.9));
            assert!(track.below.len() > 4);
            let floor = slack * track.truth[0];
            for below in &track.below {
                let truth = track.truth[below.k];
                assert!(
                    below.energy <= truth * (1.0 + slack) + floor,
                    "{below:?} {truth}"
                );
                assert!(below.energy >= 0.8 * truth - floor, "{below:?} {truth}");
            }
        }
    }
    of::<f64>(1e-8);
    of::<Complex<f64>>(1e-8);
    of::<f32>(1e-4);
}

#[test]
fn jumps_are_estimated_too_and_mu_bounds_from_above() {
    let a = jumping(15);
    let mu = smallest_scaled(&a);
    let mut m = Jacobi::new(&a).unwrap();
    let track = track(&a, &mut m, Mu::Known(mu * (1.0 - 1e-9)));
    assert!(track.truth.len() > 40);
    let (mut worst, mut sum) = (0.0f64, 0.0);
    for below in &track.below {
        let truth = track.truth[below.k];
        assert!(below.energy <= truth * (1.0 + 1e-8), "{below:?} {truth}");
        worst = worst.max(truth / below.energy);
        sum += truth / below.energy;
    }
    let mean = sum / track.below.len() as f64;
    assert!(
        worst < 3.0 && mean < 1.2,
        "below: {worst} at worst, {mean} on average"
    );
    // every iterate has a bound, as near as an order of magnitude
    assert_eq!(track.above.len() + 1, track.truth.len());
    for (k, above) in &track.above {
        let truth = track.truth[*k];
        assert!(*above >= truth * (1.0 - 1e-6), "{k}: {above} {truth}");
    }
    let (k, last) = track.above[track.above.len() - 1];
    assert!(last < 10.0 * track.truth[k], "{last} {}", track.truth[k]);
}

#[test]
fn a_ritz_value_serves_once_it_has_converged() {
    for a in [hpd::<f64>(12), jumping(15)] {
        let track = track(&a, &mut Jacobi::new(&a).unwrap(), Mu::Ritz(0.9));
        let (k, last) = track.above[track.above.len() - 1];
        let ratio = last / track.truth[k];
        assert!(ratio > 0.99 && ratio < 20.0, "{ratio}");
        let ritz = track.estimator.smallest_ritz().unwrap();
        assert!((ritz / smallest_scaled(&a) - 1.0).abs() < 0.02);
        let gained = track.estimator.gained();
        assert!((gained / track.truth[0] - 1.0).abs() < 1e-8);
        assert!(!track.estimator.above().unwrap().guaranteed);
    }
}

#[test]
fn by_eisenstat_as_well() {
    let a = hpd::<f64>(15);
    let b = vector::<f64>(225, 3);
    let config = SsorConfig {
        omega: 1.5,
        ..Default::default()
    };
    let last = |eisenstat| {
        let config_cg = CgConfig {
            eisenstat,
            ..Default::default()
        };
        let mut estimator = EnergyEstimator::new(EnergyConfig::default());
        let (mut m, mut x) = (Ssor::new(&a, config).unwrap(), vec![0.0; 225]);
        let system = System::new(&a, &b, &mut m);
        Cg::new(225, config_cg)
            .solve(system, &mut x, &mut estimator)
            .unwrap();
        (estimator.below_after(5, 6).unwrap(), estimator.gained())
    };
    let (plain, fast) = (last(false), last(true));
    assert!((plain.0 / fast.0 - 1.0).abs() < 1e-8 && (plain.1 / fast.1 - 1.0).abs() < 1e-8);
}

#[test]
fn a_long_solve_keeps_what_it_has_room_for() {
    let mut estimator = EnergyEstimator::new(EnergyConfig {
        capacity: 16,
        ..Default::default()
    });
    let room = estimator.alpha.capacity();
    for k in 0..100 {
        let rho = 0.5f64.powi(k);
        let beta = if k == 0 { 0.0 } else { 0.5 };
        let k = k as usize;
        estimator.push(&CgCoefficients {
            k,
            rho,
            beta,
            alpha: 1.0,
        });
        assert_eq!(estimator.above().is_some(), k < 16);
    }
    assert_eq!(estimator.alpha.capacity(), room);
    let below = estimator.below().unwrap();
    let truth = (2.0 * 0.5f64.powi(below.k as i32)).sqrt();
    assert!(below.k > 90 && below.energy <= truth && below.energy > 0.8 * truth);
    assert_eq!(estimator.below_after(0, 3), None);
    assert_eq!(estimator.below_after(98, 7), None);
    estimator.reset();
    assert!(estimator.above().is_none() && estimator.below().is_none());
    // μ above the eigenvalue is seen
    let mut wrong = EnergyEstimator::new(EnergyConfig {
        mu: Mu::Known(10.0),
        ..Default::default()
    });
    wrong.push(&CgCoefficients {
        k: 0,
        rho: 1.0f32,
        beta: 0.0,
        alpha: 1.0,
    });
    assert!(wrong.above().is_none());
}
