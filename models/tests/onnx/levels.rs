//! `mgnet`: levels that a network predicts, good ones, bad ones, and what are none.

use crate::{diffusion, distance, load, noise, norm, ort};
use resolvent_matrices::families::{Assembled, Darcy, SampleFamily, Step};
use resolvent_matrices::fields::Scratch;
use resolvent_matrices::generate::Poisson;
use resolvent_matrices::{Csr, Grid};
use resolvent_models::mgnet::{Mgnet, MgnetConfig};
use resolvent_models::onnx::{Model, ModelConfig, OnnxConfig, OnnxError, OnnxPrecond, check};
use resolvent_solvers::precond::{Distrust, Gmg, GmgConfig, Guarded, GuardedConfig};
use resolvent_solvers::{Cg, CgConfig, Preconditioner, SolveReport, Solver, System};

/// Two materials, one `contrast` times the other, with a rough interface.
fn binary(n: usize, contrast: f64, seed: u64) -> Csr<f64> {
    materials(Grid::new(n, n, 1), contrast, seed)
}

/// The same on any grid.
pub fn materials(grid: Grid, contrast: f64, seed: u64) -> Csr<f64> {
    let family = Darcy {
        low: 1.0,
        high: contrast,
        tau: 10.0,
        ..Darcy::default()
    };
    let family = family.on(grid).unwrap();
    let family: &dyn SampleFamily<f64> = &family;
    let (mut inputs, mut scratch) = (family.describe().new_inputs(), Scratch::default());
    family.draw(seed, 0, &mut scratch, &mut inputs).unwrap();
    let mut system = Assembled::default();
    family
        .assemble(&inputs, Step::default(), &mut system)
        .unwrap();
    system.a
}

pub fn solve(a: &Csr<f64>, m: &mut dyn Preconditioner<f64>, rtol: f64) -> SolveReport<f64> {
    let b = noise(a.nrows(), 11);
    let config = CgConfig {
        stopping: crate::solves::stopping(rtol),
        ..CgConfig::default()
    };
    let mut x = vec![0.0; a.nrows()];
    let mut cg = Cg::new(a.nrows(), config);
    let report = cg.solve(System::new(a, &b, m), &mut x, &mut ()).unwrap();
    let mut ax = vec![0.0; a.nrows()];
    resolvent_solvers::LinearOperator::apply(a, &x, &mut ax);
    let true_residual = distance(&ax, &b);
    assert!(
        !report.converged() || true_residual <= rtol * 1.001,
        "{true_residual:e}"
    );
    report
}

pub fn mgnet(model: &Model, a: &Csr<f64>) -> Mgnet {
    Mgnet::new(model, a, MgnetConfig::default()).unwrap()
}

#[test]
fn a_network_that_says_the_default_rule_is_gmg() {
    if !ort::there("mgnet") {
        return;
    }
    let grids = [
        Grid::new(64, 64, 1),
        Grid::new(37, 50, 1),
        Grid::new(5, 3, 1),
        Grid::new(200, 1, 1),
    ];
    // with weights and scalings, with weights, with neither and of ratios
    let models = ["levels_default", "levels_weights", "levels_ratios"];
    let models = models.map(|name| load(name).unwrap());
    let both = |grid| models.iter().map(move |model| (grid, model));
    for (grid, model) in grids.into_iter().flat_map(both) {
        let masked = |row: usize| row % 17 == 3;
        let k = |a: usize, b: usize| 1.0 + ((a * 7 + b * 3) % 11) as f64;
        let a = diffusion(grid, k, masked);
        let mut gmg = Gmg::new(&a, GmgConfig::default()).unwrap();
        let mut m = mgnet(model, &a);
        for (l, (ours, theirs)) in m.levels().iter().zip(gmg.levels()).enumerate() {
            for (a, b) in [
                (ours.east(), theirs.east()),
                (ours.north(), theirs.north()),
                (ours.link(), theirs.link()),
            ] {
                assert!(
                    a.iter()
                        .zip(b)
                        .all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs()),
                    "{grid:?} level {l}"
                );
            }
        }
        let r = noise(a.nrows(), 1);
        let (mut z, mut reference) = (vec![0.0; r.len()], vec![0.0; r.len()]);
        m.apply(&r, &mut z).unwrap();
        gmg.apply(&r, &mut reference).unwrap();
        let d = distance(&z, &reference);
        assert!(d < 1e-5, "{grid:?}: {d:e}");
        // and of the next matrix
        let next = diffusion(grid, |a, b| 1.0 / k(a, b), masked);
        m.update(&next).unwrap();
        Preconditioner::<f64>::update(&mut gmg, &next).unwrap();
        m.apply(&r, &mut z).unwrap();
        gmg.apply(&r, &mut reference).unwrap();
        assert!(distance(&z, &reference) < 1e-5);
    }
}

#[test]
fn the_shipped_model_keeps_what_it_promises_and_beats_its_control() {
    if !ort::there("mgnet") {
        return;
    }
    let model = Model::shipped(ModelConfig::default()).unwrap();
    for a in [
        binary(64, 1e3, 5),
        diffusion(Grid::new(40, 57, 1), |_, _| 1.0, |row| row % 13 < 3),
    ] {
        let found = check(&model, &a, OnnxConfig::default(), 3).unwrap();
        assert!(found.passed(), "{found:?}");
        assert!(found.serves.contains(&"cg"));
    }
    // seeds that it was not trained on; a size that it was not trained on
    let (mut learned, mut classical) = (0, 0);
    for seed in 500..503 {
        let a = binary(256, 1e3, seed);
        let with = solve(&a, &mut mgnet(&model, &a), 1e-8);
        let mut gmg = Gmg::new(&a, GmgConfig::default()).unwrap();
        let without = solve(&a, &mut gmg, 1e-8);
        assert!(with.converged() && without.converged());
        learned += with.iterations;
        classical += without.iterations;
    }
    assert!(
        (learned as f64) < 0.95 * classical as f64,
        "{learned} against {classical}"
    );
}

#[test]
fn whatever_it_says_the_solve_ends_converged_with_the_reason() {
    if !ort::there("mgnet") {
        return;
    }
    whatever_it_says(
        &binary(64, 1e2, 9),
        &[
            ("levels_poor", None),
            ("levels_nan", Some("scalings")),
            ("levels_outside", Some("positions")),
            ("levels_channels", Some("fields are")),
            ("levels_huge", Some("single precision")),
            ("levels_nothing", None),
        ],
    );
}

/// Solves with each of the models, of which those with a reason have to be replaced by `gmg` within the
/// solve; the first is poor, and positive definite even so.
pub fn whatever_it_says(a: &Csr<f64>, cases: &[(&str, Option<&str>)]) {
    let config = GuardedConfig {
        relative_cost: Some(1.0),
        ..GuardedConfig::default()
    };
    for &(name, expected) in cases {
        let m = mgnet(&load(name).unwrap(), a);
        let said = m.failed().unwrap_or_default().to_owned();
        assert_eq!(said.is_empty(), expected.is_none(), "{name}: {said}");
        let part = expected.unwrap_or_default();
        assert!(said.contains(part), "{name}: {said}");
        let gmg = Gmg::new(a, GmgConfig::default()).unwrap();
        let mut m = Guarded::new(Box::new(m), Box::new(gmg), config);
        let report = solve(a, &mut m, 1e-10);
        assert!(report.converged(), "{name}: {report:?}");
        if expected.is_some() {
            let takeover = report.fallback.expect(name).takeover;
            assert_eq!(
                (takeover.from, takeover.to, takeover.why),
                ("mgnet", "gmg", Distrust::Failed)
            );
        }
    }
    let mut poor = mgnet(&load(cases[0].0).unwrap(), a);
    for seed in 0..20 {
        let r = noise(a.nrows(), 70 + seed);
        let mut z = vec![0.0; r.len()];
        poor.apply(&r, &mut z).unwrap();
        let rz: f64 = r.iter().zip(&z).map(|(r, z)| r * z).sum();
        assert!(rz > 1e-3 * norm(&r) * norm(&z));
    }
}

#[test]
fn each_kind_of_model_is_refused_where_the_other_is_needed() {
    if !ort::there("mgnet") {
        return;
    }
    let a = binary(16, 10.0, 1);
    let precond = load("vcycle").unwrap();
    let levels = load("levels_default").unwrap();
    let said = |error: OnnxError| error.to_string();
    let text = said(
        Mgnet::new(&precond, &a, MgnetConfig::default())
            .err()
            .unwrap(),
    );
    assert!(text.contains("use it as onnx:"), "{text}");
    let text = said(
        OnnxPrecond::new(&levels, &a, OnnxConfig::default())
            .err()
            .unwrap(),
    );
    assert!(text.contains("use it as mgnet:"), "{text}");
    // a matrix that is none of gmg's
    let dense = Csr::from_triplets(
        3,
        3,
        vec![
            (0, 0, 1.0),
            (1, 1, 1.0),
            (2, 2, 1.0),
            (0, 2, 0.5),
            (2, 0, 0.5),
        ],
    );
    let refused = Mgnet::new(&levels, &dense.unwrap(), MgnetConfig::default());
    assert!(matches!(refused.err(), Some(OnnxError::Matrix(_))));
    // one of gmg's that is no plane
    let problem = Poisson {
        grid: Grid::new(8, 7, 6),
        ..Poisson::default()
    };
    let solid = problem.generate::<f64>().unwrap().matrix;
    let refused = Mgnet::new(&levels, &solid, MgnetConfig::default());
    let error = refused.map(|_| ()).unwrap_err();
    assert!(matches!(error, OnnxError::Matrix(_)));
    let text = error.to_string();
    assert!(
        text.contains("8x7x6") && text.contains("of planes"),
        "{text}"
    );
}

#[test]
fn training_is_lost_with_the_weights() {
    if !ort::there("mgnet") {
        return;
    }
    let model = Model::shipped(ModelConfig::default()).unwrap();
    let a = binary(96, 1e3, 7);
    let mut counts = Vec::new();
    for seed in 0..3 {
        let random = model.with_shuffled_weights(seed).unwrap();
        let mut m = mgnet(&random, &a);
        assert!(m.failed().is_none());
        counts.push(solve(&a, &mut m, 1e-8).iterations);
        // another session of it is the same model
        let again = [mgnet(&random, &a), mgnet(&random, &a)].map(|mut m| {
            let mut z = vec![0.0; a.nrows()];
            m.apply(&noise(a.nrows(), 1), &mut z).unwrap();
            z
        });
        assert_eq!(again[0], again[1]);
    }
    let trained = solve(&a, &mut mgnet(&model, &a), 1e-8).iterations;
    assert!(counts.iter().all(|&n| n > trained), "{counts:?} {trained}");
    // nothing to shuffle
    let nothing = load("nan").unwrap().with_shuffled_weights(1);
    assert!(nothing.unwrap_err().to_string().contains("no weights"));
}

#[test]
fn the_whole_cycle_as_a_graph_gives_the_same_z() {
    if !ort::there("mgnet") {
        return;
    }
    let shipped = Model::shipped(ModelConfig::default()).unwrap();
    let whole = load("whole32").unwrap();
    let grid = Grid::new(32, 32, 1);
    let disc = |row: usize| {
        let [x, y, _] = grid.at(row).map(|c| c as f64 - 12.0);
        x * x + y * y < 40.0
    };
    let jump = |i: usize, j: usize| [1.0, 50.0][(i / 7 + j / 11) % 2];
    let problems = [
        ("rough", binary(32, 1e3, 1)),
        ("constant", diffusion(grid, |_, _| 1.0, |_| false)),
        ("masked", diffusion(grid, |_, _| 1.0, disc)),
        ("masked, jumps", diffusion(grid, jump, disc)),
    ];
    for (name, a) in problems {
        // the graph has no islands
        let config = MgnetConfig {
            islands: false,
            ..MgnetConfig::default()
        };
        let mut levels = Mgnet::new(&shipped, &a, config).unwrap();
        let mut graph = OnnxPrecond::new(&whole, &a, OnnxConfig::default()).unwrap();
        for seed in 0..3 {
            let r = noise(a.nrows(), seed);
            let [mut z, mut expected] = [vec![0.0; r.len()], vec![0.0; r.len()]];
            levels.apply(&r, &mut expected).unwrap();
            graph.apply(&r, &mut z).unwrap();
            for row in 0..r.len() {
                // masked cells are smoothed by the one and solved by the other
                if a.view().row_iter(row).count() == 1 {
                    (z[row], expected[row]) = (0.0, 0.0);
                }
            }
            let apart = distance(&z, &expected);
            assert!(apart < 2e-5, "{name}: {apart:e}");
        }
        let report = solve(&a, &mut graph, 1e-8);
        assert!(report.converged() && report.fallback.is_none(), "{name}");
    }
}
