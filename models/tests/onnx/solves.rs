//! Any model under any solver that takes it: converged, within the same solve, with the reason in the report.

use crate::{diffusion, distance, laplacian, load, noise, norm, ort};
use resolvent_matrices::{Csr, Grid};
use resolvent_models::onnx::{Model, OnnxConfig, OnnxPrecond};
use resolvent_solvers::precond::{Distrust, Guarded, GuardedConfig, Ic0, Ic0Config};
use resolvent_solvers::{
    Auto, AutoConfig, Cg, CgConfig, Fcg, FcgConfig, Fgmres, Gcrodr, GcrodrConfig, GmresConfig,
    Preconditioner, Rcg, RcgConfig, SolveReport, Solver, Stopping, System,
};

/// Decides by iterations alone, so that every run of the tests is the same.
const BY_ITERATIONS: GuardedConfig = GuardedConfig {
    window: 5,
    margin: 2.0,
    relative_cost: Some(1.0),
    trials: true,
};

fn guarded(model: &Model, a: &Csr<f64>) -> Guarded<f64> {
    let network = OnnxPrecond::new(model, a, OnnxConfig::default()).unwrap();
    let fallback = Ic0::new(a, Ic0Config::default()).unwrap();
    Guarded::new(Box::new(network), Box::new(fallback), BY_ITERATIONS)
}

pub fn stopping(rtol: f64) -> Stopping<f64> {
    Stopping {
        rtol,
        ..Stopping::default()
    }
}

fn flexible(n: usize, rtol: f64) -> Vec<Box<dyn Solver<f64>>> {
    let stopping = stopping(rtol);
    let fcg = |directions, normalize| FcgConfig {
        stopping,
        directions,
        normalize,
        ..FcgConfig::default()
    };
    let gmres = GmresConfig {
        stopping,
        ..GmresConfig::default()
    };
    let gcrodr = GcrodrConfig {
        stopping,
        ..GcrodrConfig::default()
    };
    let cg = CgConfig {
        stopping,
        flexible: true,
        ..CgConfig::default()
    };
    let auto = AutoConfig {
        stopping,
        given: true,
        ..AutoConfig::default()
    };
    vec![
        Box::new(Fcg::new(n, fcg(1, false))),
        Box::new(Fcg::new(n, fcg(2, true))), // DCDM
        Box::new(Fgmres::new(n, gmres)),
        Box::new(Gcrodr::new(n, gcrodr)),
        Box::new(Cg::new(n, cg)),
        Box::new(Auto::new(auto)),
    ]
}

fn positive(n: usize, rtol: f64) -> Vec<Box<dyn Solver<f64>>> {
    let stopping = stopping(rtol);
    let (cg, rcg) = (
        CgConfig {
            stopping,
            ..CgConfig::default()
        },
        RcgConfig {
            stopping,
            ..RcgConfig::default()
        },
    );
    vec![Box::new(Cg::new(n, cg)), Box::new(Rcg::new(n, rcg))]
}

/// Solves for a known solution, and holds the answer to it.
fn solve(
    solver: &mut dyn Solver<f64>,
    a: &Csr<f64>,
    m: &mut dyn Preconditioner<f64>,
    rtol: f64,
) -> SolveReport<f64> {
    let exact = noise(a.nrows(), 12);
    let mut b = vec![0.0; a.nrows()];
    a.view().mul_vec(&exact, &mut b).unwrap();
    let mut x = vec![0.0; a.nrows()];
    let report = solver
        .solve(System::new(a, &b, m), &mut x, &mut ())
        .unwrap();
    assert!(report.converged(), "{}: {report:?}", solver.name());
    let mut r = b.clone();
    a.view().mul_vec(&x, &mut r).unwrap();
    r.iter_mut().zip(&b).for_each(|(r, b)| *r -= b);
    assert!(norm(&r) <= 1.01 * rtol * norm(&b), "{}", solver.name());
    report
}

#[test]
fn whatever_a_model_answers_the_solve_converges_and_says_why() {
    if !ort::there("whatever a model answers the solve converges") {
        return;
    }
    let useless = [Distrust::NoProgress, Distrust::Slow, Distrust::Indefinite];
    let rough = |i: usize, j: usize| 10f64.powi(((3 * i + j) % 7) as i32 - 3);
    let grid = Grid::new(40, 36, 1);
    let matrices = [laplacian(grid), diffusion(grid, rough, |row| row % 23 == 7)];
    let cases: [(&str, &[Distrust]); 4] = [
        ("nan", &[Distrust::NonFinite]),
        ("zero", &[Distrust::Zero]),
        ("huge", &[Distrust::NonFinite]),
        ("random", &useless),
    ];
    let mut solved = 0;
    for a in &matrices {
        for (name, reasons) in cases {
            let model = load(name).unwrap();
            let mut solvers = flexible(a.nrows(), 1e-8);
            if model.contract().claims_positive_definite() {
                solvers.extend(positive(a.nrows(), 1e-8)); // they say that they are, and are not
            }
            for mut solver in solvers {
                let mut m = guarded(&model, a);
                let report = solve(&mut *solver, a, &mut m, 1e-8);
                let fallback = report
                    .fallback
                    .unwrap_or_else(|| panic!("{name} {}", solver.name()));
                let why = fallback.takeover.why;
                assert!(reasons.contains(&why), "{name} {}: {why:?}", solver.name());
                assert_eq!(fallback.takeover.to, "ic0");
                solved += 1;
            }
        }
    }
    assert_eq!(solved, 2 * (4 * 6 + 3 * 2));
}

#[test]
fn good_models_stay_under_every_solver() {
    if !ort::there("good models stay") {
        return;
    }
    let a = laplacian(Grid::new(48, 40, 1));
    for name in ["vcycle", "nonlinear", "flipped"] {
        let model = load(name).unwrap();
        for mut solver in flexible(a.nrows(), 1e-8).into_iter().take(4) {
            let mut m = guarded(&model, &a);
            let report = solve(&mut *solver, &a, &mut m, 1e-8);
            assert_eq!(report.fallback, None, "{name} {}", solver.name());
            assert!(
                report.iterations <= 14,
                "{name} {}: {}",
                solver.name(),
                report.iterations
            );
        }
    }
    let model = load("vcycle").unwrap();
    for mut solver in positive(a.nrows(), 1e-8) {
        let mut m = guarded(&model, &a);
        let report = solve(&mut *solver, &a, &mut m, 1e-8);
        assert_eq!(report.fallback, None, "{}", solver.name());
        assert!(report.iterations <= 14, "{}", solver.name());
    }
}

#[test]
fn a_wrong_sign_matters_only_where_m_must_be_positive() {
    if !ort::there("a wrong sign") {
        return;
    }
    let a = laplacian(Grid::new(32, 32, 1));
    let model = load("flipped_lies").unwrap();
    for mut solver in positive(a.nrows(), 1e-8) {
        let report = solve(&mut *solver, &a, &mut guarded(&model, &a), 1e-8);
        let why = report.fallback.map(|f| f.takeover.why);
        assert_eq!(why, Some(Distrust::Indefinite), "{}", solver.name());
    }
    for mut solver in flexible(a.nrows(), 1e-8).into_iter().take(4) {
        let report = solve(&mut *solver, &a, &mut guarded(&model, &a), 1e-8);
        assert_eq!(report.fallback, None, "{}", solver.name());
    }
    // one that admits it is not served to them in the first place
    let honest = load("flipped").unwrap();
    let mut m = guarded(&honest, &a);
    let (b, mut x) = (vec![1.0; a.nrows()], vec![0.0; a.nrows()]);
    let refused =
        Cg::new(a.nrows(), CgConfig::default()).solve(System::new(&a, &b, &mut m), &mut x, &mut ());
    assert!(refused.is_err());
}

#[test]
fn a_model_far_from_what_it_was_made_for_costs_time_alone() {
    if !ort::there("a model far from what it was made for") {
        return;
    }
    // contrasts of 10^6 and masked cells, for a network that knows constant coefficients alone
    let grid = Grid::new(40, 40, 1);
    let k = |i: usize, j: usize| {
        if (i / 7 + j / 280).is_multiple_of(2) {
            1e3
        } else {
            1e-3
        }
    };
    let a = diffusion(grid, k, |row| row % 29 == 3);
    for name in ["vcycle", "nonlinear"] {
        let model = load(name).unwrap();
        for mut solver in flexible(a.nrows(), 1e-8) {
            let report = solve(&mut *solver, &a, &mut guarded(&model, &a), 1e-8);
            assert!(report.fallback.is_some(), "{name} {}", solver.name());
        }
    }
}

#[test]
fn single_precision_inside_reaches_double_precision_outside() {
    if !ort::there("single precision inside") {
        return;
    }
    let a = laplacian(Grid::new(64, 64, 1));
    let model = load("vcycle").unwrap();
    let mut reached = Vec::new();
    for rtol in [1e-8, 1e-12] {
        for mut solver in flexible(a.nrows(), rtol).into_iter().take(3) {
            let report = solve(&mut *solver, &a, &mut guarded(&model, &a), rtol);
            assert_eq!(report.fallback, None);
            reached.push(report.iterations as f64);
        }
    }
    for (loose, tight) in reached[..3].iter().zip(&reached[3..]) {
        assert!(tight / loose <= 1.7, "{reached:?}");
    }
}

#[test]
fn three_dimensions() {
    if !ort::there("three dimensions") {
        return;
    }
    let a = laplacian(Grid::new(14, 16, 11));
    let mut fcg = Fcg::new(a.nrows(), FcgConfig::default());
    let model = load("vcycle3d").unwrap();
    let mut m = guarded(&model, &a);
    let report = solve(&mut fcg, &a, &mut m, 1e-8);
    assert_eq!(report.fallback, None);
    assert!(report.iterations <= 20, "{}", report.iterations);
}

#[test]
fn several_right_hand_sides() {
    if !ort::there("several right-hand sides") {
        return;
    }
    let a = laplacian(Grid::new(20, 20, 1));
    let exact = noise(3 * 400, 2);
    let mut b = vec![0.0; 1200];
    for (x, b) in exact.chunks(400).zip(b.chunks_mut(400)) {
        a.view().mul_vec(x, b).unwrap();
    }
    for name in ["vcycle", "nan"] {
        let model = load(name).unwrap();
        let mut m = guarded(&model, &a);
        let mut x = vec![0.0; 1200];
        let mut cg = Cg::new(400, CgConfig::default());
        let reports = cg
            .solve_many(System::new(&a, &b, &mut m), &mut x, &mut ())
            .unwrap();
        assert!(reports.iter().all(|r| r.converged()));
        assert_eq!(reports.iter().all(|r| r.fallback.is_some()), name == "nan");
        assert!(distance(&x, &exact) < 1e-5);
    }
}
