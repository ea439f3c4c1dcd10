//! Systems whose answer is known before the first step take nothing away from those after them.

use super::*;

#[test]
fn a_right_hand_side_of_zeros_leaves_the_space() {
    let a = convection::<f64>(12, 0.3);
    let zero = vec![0.0; 144];
    for turn in 1..12 {
        // whatever the turn: trial, control, on
        let mut solver = Gcrodr::<f64>::new(
            144,
            GcrodrConfig {
                automatic: true,
                ..always(20, 8)
            },
        );
        let mut kept = 0;
        for t in 0..turn {
            let (report, _) = solve(&mut solver, &a, &vector(144, t + 3));
            kept = report.recycling.unwrap().kept;
        }
        assert!(kept >= 7);
        let policy = solver.policy.clone();
        let (report, x) = solve(&mut solver, &a, &zero);
        let recycling = report.recycling.unwrap();
        assert!(report.converged() && report.iterations == 0 && x == zero);
        if recycling.verdict != RecyclingVerdict::Off {
            assert_eq!(recycling.kept, kept, "turn {turn}"); // where it is off nothing is kept up
        }
        assert_eq!(solver.policy, policy, "nothing was measured");
        let (report, x) = solve(&mut solver, &a, &vector(144, 99));
        assert!(report.converged());
        assert!(distance(&x, &dense_solution(&a, &vector(144, 99))) < 1e-6);
        let (image, gram) = defects(&solver, &a);
        assert!(image < 1e-11 && gram < 1e-12, "{image:e} {gram:e}");
    }
}
