//! Records every iteration, for `--history` and `--plot`.

use super::error::CliError;
use resolvent::{Observer, Scalar, Step};
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// The curve of one attempt on one right-hand side.
#[derive(Debug, Clone)]
pub struct Series {
    pub solver: &'static str,
    pub precond: &'static str,
    /// Right-hand side, from 0.
    pub column: usize,
    pub points: Vec<Point>,
}

/// The state before an iteration.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub iteration: usize,
    /// Since the solve began, setup included.
    pub seconds: f64,
    pub relative_residual: f64,
}

/// An observer that writes down what it sees and passes it on.
pub struct Recorder<'a> {
    started: Instant,
    /// ‖b‖ of each column.
    rhs_norms: &'a [f64],
    names: (&'static str, &'static str),
    column: usize,
    pub series: Vec<Series>,
}

impl<'a> Recorder<'a> {
    pub fn new(rhs_norms: &'a [f64]) -> Self {
        Self {
            started: Instant::now(),
            rhs_norms,
            names: ("", ""),
            column: 0,
            series: Vec::new(),
        }
    }
}

impl<T: Scalar<Real = f64>> Observer<T> for Recorder<'_> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        let point = Point {
            iteration: step.k,
            seconds: self.started.elapsed().as_secs_f64(),
            relative_residual: relative(step.residual_norm, self.rhs_norms[self.column]),
        };
        let (solver, precond) = self.names;
        let mut known = self.series.iter_mut().rev();
        match known.find(|series| series.column == self.column) {
            Some(series) if step.k > 0 => series.points.push(point),
            _ => self.series.push(Series {
                solver,
                precond,
                column: self.column,
                points: vec![point],
            }),
        }
        ControlFlow::Continue(())
    }

    fn begin(&mut self, solver: &'static str, precond: &'static str) {
        self.names = (solver, precond);
    }

    fn column(&mut self, index: usize) {
        self.column = index;
    }
}

/// ‖r‖/‖b‖; 0 where r is.
pub fn relative(residual_norm: f64, rhs_norm: f64) -> f64 {
    if residual_norm == 0.0 {
        0.0
    } else {
        residual_norm / rhs_norm
    }
}

/// Writes the CSV: one line an iteration, attempts one after the other.
pub fn write(path: &Path, series: &[Series]) -> Result<(), CliError> {
    let write = || -> std::io::Result<()> {
        let mut out = BufWriter::new(std::fs::File::create(path)?);
        writeln!(
            out,
            "iteration,seconds,relative_residual,column,solver,precond"
        )?;
        for s in series {
            for p in &s.points {
                let Point {
                    iteration,
                    seconds,
                    relative_residual,
                } = p;
                writeln!(
                    out,
                    "{iteration},{seconds:.6},{relative_residual:e},{},{},{}",
                    s.column, s.solver, s.precond
                )?;
            }
        }
        out.flush()
    };
    write().map_err(|source| CliError::Write {
        path: path.into(),
        source,
    })
}
