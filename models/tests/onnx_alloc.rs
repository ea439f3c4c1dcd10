//! A network as preconditioner allocates nothing, neither in an application nor in a whole solve. This binary
//! has one test and its own global allocator, which counts what Rust allocates (ONNX Runtime has its own).

#[path = "../../solvers/tests/counting/mod.rs"]
mod counting;
#[path = "ort/mod.rs"]
mod ort;

use counting::{allocations, count_this_thread};
use resolvent_matrices::generate::Poisson;
use resolvent_models::onnx::{Model, ModelConfig, OnnxConfig, OnnxPrecond, runtime};
use resolvent_solvers::precond::{Guarded, GuardedConfig, Ic0, Ic0Config};
use resolvent_solvers::{
    Cg, CgConfig, Fcg, FcgConfig, Fgmres, GmresConfig, Preconditioner, Solver, System,
};

#[test]
fn nothing_is_allocated() {
    if !ort::there("nothing is allocated") {
        return;
    }
    count_this_thread();
    let a = Poisson::default().generate::<f64>().unwrap().matrix;
    let n = a.nrows();
    a.runs(); // found when first asked for
    for name in ["vcycle", "fields", "channels"] {
        let model = Model::load(&ort::model(name), ModelConfig::default()).unwrap();
        let mut m = OnnxPrecond::new(&model, &a, OnnxConfig::default()).unwrap();
        let (r, mut z) = (vec![1.0; n], vec![0.0; n]);
        let before = allocations();
        for _ in 0..10 {
            m.apply(&r, &mut z).unwrap();
        }
        assert_eq!(allocations() - before, 0, "{name}");
    }
    for name in ["vcycle", "nan", "random"] {
        let model = Model::load(&ort::model(name), ModelConfig::default()).unwrap();
        let solvers: [Box<dyn Solver<f64>>; 3] = [
            Box::new(Fcg::new(n, FcgConfig::default())),
            Box::new(Fgmres::new(n, GmresConfig::default())),
            Box::new(Cg::new(
                n,
                CgConfig {
                    flexible: true,
                    ..Default::default()
                },
            )),
        ];
        for mut solver in solvers {
            let network = OnnxPrecond::new(&model, &a, OnnxConfig::default()).unwrap();
            let ic0 = Ic0::new(&a, Ic0Config::default()).unwrap();
            let mut m = Guarded::new(Box::new(network), Box::new(ic0), GuardedConfig::default());
            let (b, mut x) = (vec![1.0; n], vec![0.0; n]);
            let before = allocations();
            let report = solver.solve(System::new(&a, &b, &mut m), &mut x, &mut ());
            let made = allocations() - before;
            assert!(report.unwrap().converged());
            assert_eq!(made, 0, "{name} {}", solver.name());
        }
    }
}
