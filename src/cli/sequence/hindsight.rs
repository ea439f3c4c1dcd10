//! What would have been best: each system solved again with every ω of a grid, and by golden section
//! around the best of them, from the same initial guess. Nothing of it is counted.

use crate::cli::error::CliError;
use crate::cli::input::Double;
use resolvent::models::paper_grid;
use resolvent::precond::SsorConfig;
use resolvent::solvers::{Change, Guess, Sequence, SequenceConfig, Way};
use resolvent::{CgConfig, Csr, Method, Precond, Stopping};
use serde::{Deserialize, Serialize};

/// One system, in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Again {
    /// With ω = 1, 1.05, …, 1.95; where it did not converge, the bound on iterations.
    pub iterations: Vec<usize>,
    pub golden: Best,
}

/// An ω and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub omega: f64,
    pub iterations: usize,
}

/// The sums over a run; part of what is saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    grid: Vec<usize>,
    oracle: usize,
    golden: usize,
}

/// In the closing object.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BestFixed {
    pub omega: f64,
    pub iterations_total: usize,
}

/// In the closing object.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Oracle {
    pub iterations_total: usize,
}

/// Solves again.
pub struct Hindsight<T: Double> {
    sequence: Sequence<T>,
    way: Way<f64>,
    stopping: Stopping<f64>,
    x: Vec<T>,
    pub sums: Sums,
}

/// Of ω, at the end of the golden section.
const CLOSE: f64 = 0.005;

impl<T: Double> Hindsight<T> {
    /// By the method given, or CG, and SSOR; or by SOR.
    pub fn new(method: Option<Method<f64>>) -> Self {
        let way = match method {
            Some(Method::Sor(config)) => Way {
                method: Method::Sor(resolvent::solvers::SorConfig {
                    adaptive: false,
                    ..config
                }),
                precond: Precond::None,
            },
            other => Way {
                method: other.unwrap_or(Method::Cg(CgConfig::default())),
                precond: Precond::Ssor(SsorConfig::default()),
            },
        };
        let config = SequenceConfig {
            guess: Guess::Given,
            ..Default::default()
        };
        Self {
            sequence: Sequence::new(config),
            way,
            stopping: Stopping::default(),
            x: Vec::new(),
            sums: Sums::default(),
        }
    }

    /// The system at hand, from `start`.
    pub fn judge(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        change: Change,
        stopping: Stopping<f64>,
        start: &[T],
    ) -> Result<Again, CliError> {
        self.stopping = stopping;
        self.sequence.set_stopping(stopping);
        self.sequence.advance(change);
        let grid = paper_grid();
        let iterations: Vec<usize> = grid
            .iter()
            .map(|&omega| self.solve(a, b, omega, start))
            .collect::<Result<_, _>>()?;
        let best = (0..grid.len()).min_by_key(|&k| iterations[k]).unwrap_or(0);
        let mut golden = Best {
            omega: grid[best],
            iterations: iterations[best],
        };
        let inner = 0.5 * (5f64.sqrt() - 1.0);
        let (mut low, mut high) = (grid[best] - 0.05, (grid[best] + 0.05).min(1.995));
        let mut points = [high - inner * (high - low), low + inner * (high - low)];
        let mut values = [
            self.solve(a, b, points[0], start)?,
            self.solve(a, b, points[1], start)?,
        ];
        loop {
            for (omega, iterations) in points.into_iter().zip(values) {
                if iterations < golden.iterations {
                    golden = Best { omega, iterations };
                }
            }
            if high - low < 2.0 * CLOSE {
                break;
            }
            if values[0] <= values[1] {
                high = points[1];
                points = [high - inner * (high - low), points[0]];
                values = [self.solve(a, b, points[0], start)?, values[0]];
            } else {
                low = points[0];
                points = [points[1], low + inner * (high - low)];
                values = [values[1], self.solve(a, b, points[1], start)?];
            }
        }
        let sums = &mut self.sums;
        sums.grid.resize(grid.len(), 0);
        sums.grid
            .iter_mut()
            .zip(&iterations)
            .for_each(|(sum, k)| *sum += k);
        sums.oracle += iterations[best];
        sums.golden += golden.iterations;
        Ok(Again { iterations, golden })
    }

    fn solve(&mut self, a: &Csr<T>, b: &[T], omega: f64, start: &[T]) -> Result<usize, CliError> {
        self.x.clear();
        self.x.extend_from_slice(start);
        let way = self.way.with_omega(omega);
        let solved = self
            .sequence
            .solve(a, b, Some(&way), None, &mut self.x, &mut ());
        let report = solved.map_err(CliError::Solve)?.report;
        Ok(match report.converged() {
            true => report.iterations,
            false => self.stopping.max_iters,
        })
    }
}

impl Sums {
    pub fn best_fixed(&self) -> Option<BestFixed> {
        let sums = self.grid.iter().zip(paper_grid());
        let best = sums.min_by_key(|(sum, _)| **sum)?;
        Some(BestFixed {
            omega: best.1,
            iterations_total: *best.0,
        })
    }

    pub fn oracle(&self) -> Option<Oracle> {
        (!self.grid.is_empty()).then_some(Oracle {
            iterations_total: self.oracle,
        })
    }

    pub fn golden(&self) -> Option<Oracle> {
        (!self.grid.is_empty()).then_some(Oracle {
            iterations_total: self.golden,
        })
    }
}
