//! Systems whose answer is known before the first step take nothing away from those after them.

use super::*;

#[test]
fn a_right_hand_side_of_zeros_changes_nothing() {
    let n = 12;
    for lag in [0, 3] {
        let config = GcrodrConfig {
            automatic: true,
            lag,
            ..always(20, 6)
        };
        let mut solver = Gcrodr::<f64>::new(n * n, config);
        for t in 0..16 {
            // whatever the turn: trial, control, on, off
            let a = convection(n, 0.3 + 0.001 * t as f64);
            solve(&mut solver, &a, &vector(n * n, t + 3));
            let before = solver.recycled();
            let other = convection(n, 0.4 + 0.001 * t as f64);
            let (report, x) = solve(&mut solver, &other, &vec![0.0; n * n]);
            assert!(report.converged() && report.iterations == 0 && x == vec![0.0; n * n]);
            assert!(solver.recycled() == before, "lag {lag}, system {t}");
        }
        let (a, b) = (convection::<f64>(n, 0.3), vector(n * n, 99));
        let (report, x) = solve(&mut solver, &a, &b);
        assert!(report.converged() && distance(&x, &dense_solution(&a, &b)) < 1e-6);
        if lag == 0 {
            let (image, gram) = defects(&solver, &a);
            assert!(image < 1e-11 && gram < 1e-12, "{image:e} {gram:e}");
        }
    }
}
