//! The real systems of matrices/mtx, from file to answer by `auto`: each ends converged, on a
//! residual computed here, or is on the list of those that cannot be and says why.

use resolvent::mtx::{AnyMatrix, read};
use resolvent::precond::Identity;
use resolvent::{Auto, AutoConfig, Csr, Scalar, Solver, StopReason, System};
use std::path::Path;

/// What cannot be solved, and what is said of it.
const UNSOLVABLE: &[(&str, &str)] = &[
    ("Ragusa16", "singular"), // rank 16 of 24, b = A·x* up to rounding
];

/// b = A·x* with x* of alternating size and sign; a text if the answer is not as it should be.
fn solve<T: Scalar>(name: &str, a: &Csr<T>) -> Option<String> {
    let n = a.nrows();
    let x_true: Vec<T> = (0..n)
        .map(|i| T::from_f64((1.0 + i as f64).sin()))
        .collect();
    let mut b = vec![T::ZERO; n];
    a.view().mul_vec(&x_true, &mut b).unwrap();
    let mut x = vec![T::ZERO; n];
    let mut auto = Auto::new(AutoConfig::default());
    let report = match auto.solve(System::new(a, &b, &mut Identity), &mut x, &mut ()) {
        Ok(report) => report,
        Err(error) => return Some(error.to_string()),
    };
    let mut ax = vec![T::ZERO; n];
    a.view().mul_vec(&x, &mut ax).unwrap();
    let norm =
        |v: &mut dyn Iterator<Item = T>| v.map(|v| v.to_c64().norm_sqr()).sum::<f64>().sqrt();
    let residual = norm(&mut b.iter().zip(&ax).map(|(&b, &ax)| b - ax));
    let relative = residual / norm(&mut b.iter().copied());
    let converged = report.reason == StopReason::Converged;
    if converged != (relative <= 1.001e-8) {
        return Some(format!(
            "says {}, but the residual is {relative:e}",
            report.reason
        ));
    }
    match UNSOLVABLE
        .iter()
        .find(|(unsolvable, _)| *unsolvable == name)
    {
        None if converged => None,
        Some((_, reason)) if report.reason.to_string() == *reason => None,
        _ => Some(format!(
            "{} at {relative:e}: {:?}",
            report.reason,
            auto.attempts()
        )),
    }
}

#[test]
fn auto_solves_every_square_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("matrices/mtx");
    let mut wrong = Vec::new();
    let mut solved = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "mtx") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let problem = match read(&path).unwrap().matrix {
            AnyMatrix::Real(a) if a.nrows() == a.ncols() => solve(&name, &a),
            AnyMatrix::Complex(a) if a.nrows() == a.ncols() => solve(&name, &a),
            _ => continue,
        };
        solved += 1;
        wrong.extend(problem.map(|text| format!("{name}: {text}")));
    }
    assert!(solved >= 45, "only {solved} systems");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
