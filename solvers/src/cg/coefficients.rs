//! The numbers CG makes on its way, for whoever wants to read more out of them than x.
//!
//! CG is Lanczos in disguise: with the α and β of its iterations,
//!   T_jj = 1/α_j + β_j/α_{j−1},   T_{j−1,j} = √β_j/α_{j−1}
//! is the Lanczos matrix of M⁻¹A, begun with M⁻¹r₀, whose eigenvalues are the Ritz values; and
//! α_j ρ_j = ‖x* − x_j‖_A² − ‖x* − x_{j+1}‖_A² is by how much iteration j has brought x nearer.
//!
//! - G. H. Golub, G. Meurant, Matrices, Moments and Quadrature with Applications, Princeton
//!   University Press, 2010, ch. 12, doi:10.1515/9781400833887.

use resolvent_matrices::Real;

/// The numbers of one iteration of CG, shown to
/// [`Observer::coefficients`](crate::Observer::coefficients) once x has been moved.
///
/// They are the same whether CG runs as it is written or by Eisenstat's trick. Recycled CG
/// ([`Rcg`](crate::Rcg)) shows them too, of M⁻¹A with its space taken out. Where M is only nearly
/// positive definite or `flexible` is asked for, β is that of Polak and Ribière, and what is said here
/// of T holds as nearly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CgCoefficients<R> {
    /// Iterations done before this one: j.
    pub k: usize,
    /// ρ_j = (r_j, M⁻¹r_j), positive.
    pub rho: R,
    /// β_j, with which p_j = M⁻¹r_j + β_j p_{j−1} was made; 0 where the directions begin anew: in the
    /// first iteration, and where the residual was recomputed and did not agree.
    pub beta: R,
    /// α_j = ρ_j/(p_j, A p_j), with which x_{j+1} = x_j + α_j p_j; positive.
    pub alpha: R,
}

impl<R: Real> CgCoefficients<R> {
    /// Whether the directions begin anew here: what was before belongs to another Lanczos process.
    pub fn begins(&self) -> bool {
        self.beta == R::ZERO
    }

    /// α_j ρ_j = ‖x* − x_j‖_A² − ‖x* − x_{j+1}‖_A².
    pub fn decrease(&self) -> R {
        self.alpha * self.rho
    }

    /// T_jj and T_{j−1,j} of the Lanczos matrix, from these numbers and those of the iteration before
    /// (which do not matter where the directions begin anew: then there is no T_{j−1,j}, and 0 stands
    /// for it).
    pub fn lanczos(&self, before: Option<&Self>) -> [R; 2] {
        let pivot = R::ONE / self.alpha;
        match before {
            Some(before) if !self.begins() => [
                pivot + self.beta / before.alpha,
                self.beta.sqrt() / before.alpha,
            ],
            _ => [pivot, R::ZERO],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precond::{Ic0, Ic0Config, Jacobi, Ssor, SsorConfig};
    use crate::testing::*;
    use crate::{
        Cg, CgConfig, Observer, Preconditioner, Rcg, RcgConfig, Solver, Step, Stopping, System,
        kernels,
    };
    use faer::Side;
    use resolvent_matrices::{Complex, Csr, Scalar};
    use std::ops::ControlFlow;

    /// Keeps everything.
    struct Keep<T: Scalar> {
        seen: Vec<CgCoefficients<T::Real>>,
        iterates: Vec<Vec<T>>,
    }

    impl<T: Scalar> Observer<T> for Keep<T> {
        fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
            self.iterates.extend(step.x.map(<[T]>::to_vec));
            ControlFlow::Continue(())
        }

        fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
            self.seen.push(*of);
        }
    }

    fn run<T: Scalar>(
        mut solver: impl Solver<T>,
        a: &Csr<T>,
        m: &mut dyn Preconditioner<T>,
        b: &[T],
    ) -> Keep<T> {
        let (seen, iterates) = (Vec::new(), Vec::new());
        let mut keep = Keep { seen, iterates };
        let mut x = vec![T::ZERO; b.len()];
        let report = solver.solve(System::new(a, b, m), &mut x, &mut keep);
        let report = report.unwrap();
        assert!(report.converged());
        assert_eq!(keep.seen.len(), report.iterations);
        keep
    }

    fn cg<T: Scalar>(n: usize, eisenstat: bool) -> Cg<T> {
        Cg::new(
            n,
            CgConfig {
                eisenstat,
                ..Default::default()
            },
        )
    }

    fn energy<T: Scalar>(a: &Csr<T>, x: &[T], y: &[T]) -> f64 {
        let e: Vec<T> = x.iter().zip(y).map(|(&x, &y)| x - y).collect();
        let mut ae = e.clone();
        kernels::spmv(a.view(), &[], &e, &mut ae);
        kernels::dot(&e, &ae).re().to_f64()
    }

    fn every_iteration_says_what_it_gained<T: Scalar>() {
        let a = hpd::<T>(9);
        let b = vector::<T>(81, 3);
        let exact = dense_solution(&a, &b);
        let mut m = Ic0::new(&a, Ic0Config::default()).unwrap();
        let config = RcgConfig {
            k: 3,
            window: 5,
            automatic: false,
            ..Default::default()
        };
        let solvers: [Box<dyn Fn() -> Keep<T>>; 2] = [
            Box::new(|| run(cg(81, true), &a, &mut m.clone(), &b)),
            Box::new(|| run(Rcg::new(81, config), &a, &mut m.clone(), &b)),
        ];
        for solve in solvers {
            let keep = solve();
            let energies: Vec<f64> = keep
                .iterates
                .iter()
                .map(|x| energy(&a, x, &exact))
                .collect();
            for (k, of) in keep.seen.iter().enumerate() {
                assert_eq!((of.k, of.begins()), (k, k == 0));
                let gained = energies[k] - energies[k + 1];
                let off = (of.decrease().to_f64() - gained).abs();
                assert!(
                    off <= 40.0 * T::Real::EPSILON.to_f64() * energies[0],
                    "{off}"
                );
            }
        }
        m.update(&a).unwrap();
    }

    #[test]
    fn the_error_falls_by_alpha_rho() {
        every_iteration_says_what_it_gained::<f64>();
        every_iteration_says_what_it_gained::<f32>();
        every_iteration_says_what_it_gained::<Complex<f64>>();
    }

    #[test]
    fn eisenstat_and_columns_show_the_numbers_of_plain_cg() {
        let a = hpd::<f64>(15);
        let b = vector::<f64>(225, 8);
        for omega in [0.7, 1.0, 1.7] {
            let config = SsorConfig {
                omega,
                ..Default::default()
            };
            let mut m = Ssor::new(&a, config).unwrap();
            let plain = run(cg(225, false), &a, &mut m, &b);
            let fast = run(cg(225, true), &a, &mut m, &b);
            for (p, f) in plain.seen.iter().zip(&fast.seen).take(20) {
                assert_eq!(p.k, f.k);
                for (p, f) in [(p.rho, f.rho), (p.alpha, f.alpha), (p.beta, f.beta)] {
                    assert!((p - f).abs() <= 1e-6 * p, "omega {omega}: {p} {f}");
                }
            }
        }
        let mut m = Jacobi::new(&a).unwrap();
        let alone = run(cg(225, true), &a, &mut m, &b);
        let two: Vec<f64> = b.iter().chain(&b).copied().collect();
        let (mut x, mut keep) = (vec![0.0; 450], run(cg(225, true), &a, &mut m, &b));
        keep.seen.clear();
        let system = System::new(&a, &two, &mut m);
        cg(225, true).solve_many(system, &mut x, &mut keep).unwrap();
        for (pair, one) in keep.seen.chunks_exact(2).zip(&alone.seen).take(20) {
            assert!(
                pair.iter()
                    .all(|c| c.k == one.k && (c.alpha - one.alpha).abs() < 1e-8 * one.alpha)
            );
        }
    }

    #[test]
    fn the_lanczos_matrix_has_the_eigenvalues_of_a() {
        // six different eigenvalues: after six iterations the Ritz values are they
        let value = |i: usize| [0.5, 1.0, 2.0, 3.5, 5.0, 9.0][i % 6];
        let a = Csr::from_triplets(60, 60, (0..60).map(|i| (i, i, value(i)))).unwrap();
        let stopping = Stopping {
            rtol: 1e-12,
            ..Default::default()
        };
        let config = CgConfig {
            stopping,
            ..Default::default()
        };
        let b = vector::<f64>(60, 4);
        let keep = run(Cg::new(60, config), &a, &mut crate::precond::Identity, &b);
        assert_eq!(keep.seen.len(), 6);
        let mut t = faer::Mat::<f64>::zeros(6, 6);
        for (j, of) in keep.seen.iter().enumerate() {
            let before = j.checked_sub(1).map(|j| &keep.seen[j]);
            let [diagonal, beside] = of.lanczos(before);
            t[(j, j)] = diagonal;
            if j > 0 {
                (t[(j, j - 1)], t[(j - 1, j)]) = (beside, beside);
            }
        }
        let found = t.self_adjoint_eigenvalues(Side::Lower).unwrap();
        for (found, i) in found.iter().zip(0..) {
            assert!((found - value(i)).abs() < 1e-9, "{found} {}", value(i));
        }
    }
}
