//! What `solve` says: the JSON object and the lines for people.

use super::error::CliError;
use super::input::MatrixJson;
use resolvent::precond::{Distrust, Fallback, Takeover};
use resolvent::solvers::{Attempt, Outcome};
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// `solve --json`. Numbers that are not finite come out as null.
#[derive(Debug, Serialize)]
pub struct SolveJson {
    pub matrix: MatrixJson,
    pub solver: &'static str,
    pub precond: &'static str,
    pub converged: bool,
    pub reason: &'static str,
    pub iterations: usize,
    pub matvecs: usize,
    pub precond_applies: usize,
    pub relative_residual: f64,
    pub backward_error: f64,
    pub forward_error: Option<f64>,
    pub rhs_norm: f64,
    pub rtol: f64,
    pub threads: usize,
    pub seconds: Seconds,
    pub peak_rss_bytes: Option<u64>,
    pub attempts: Vec<AttemptJson>,
    /// With several right-hand sides only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<Column>>,
    /// What to do about it, where it did not converge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    pub version: &'static str,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Seconds {
    pub read: f64,
    /// Loading ONNX Runtime and a network.
    pub runtime: f64,
    pub setup: f64,
    pub solve: f64,
    pub total: f64,
}

/// An attempt that failed before the one that finished.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptJson {
    pub solver: &'static str,
    pub precond: &'static str,
    pub reason: &'static str,
    pub iterations: usize,
    pub seconds: f64,
    /// What failed, where a part did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One right-hand side.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Column {
    pub converged: bool,
    pub reason: &'static str,
    pub iterations: usize,
    pub relative_residual: f64,
    pub backward_error: f64,
    pub forward_error: Option<f64>,
    pub rhs_norm: f64,
    #[serde(skip)]
    pub advice: &'static str,
}

/// What was tried, in the words of the JSON.
pub fn attempt_json(a: &Attempt) -> AttemptJson {
    AttemptJson {
        solver: a.solver,
        precond: a.precond,
        reason: a.reason(),
        iterations: a.iterations,
        seconds: (a.setup + a.solve).as_secs_f64(),
        error: match &a.outcome {
            Outcome::Ended(_) | Outcome::TooSlow => None,
            Outcome::Failed(error) => Some(error.to_string()),
        },
    }
}

/// All that failed before what finished: attempts, and preconditioners that were replaced within one.
pub fn attempts_json(attempts: &[Attempt], detail: Option<&str>) -> Vec<AttemptJson> {
    let mut all = Vec::new();
    for (index, attempt) in attempts.iter().enumerate() {
        if let Some(fallback) = attempt.fallback {
            all.push(replaced(attempt.solver, fallback, detail));
        }
        if index + 1 < attempts.len() {
            all.push(AttemptJson {
                precond: finisher(attempt),
                ..attempt_json(attempt)
            });
        }
    }
    all
}

/// A preconditioner that was replaced within a solve.
pub fn replaced(solver: &'static str, fallback: Fallback, detail: Option<&str>) -> AttemptJson {
    let Takeover { from, to, why } = fallback.takeover;
    let because = match detail {
        Some(detail) if why == Distrust::Failed => format!("{why} ({detail})"),
        _ => why.to_string(),
    };
    AttemptJson {
        solver,
        precond: from,
        reason: why.name(),
        iterations: fallback.iteration,
        seconds: fallback.time.as_secs_f64(),
        error: Some(format!(
            "{because}; {to} took over after {}",
            iterations(fallback.iteration)
        )),
    }
}

/// The preconditioner at the end of an attempt.
pub fn finisher(attempt: &Attempt) -> &'static str {
    attempt.fallback.map_or(attempt.precond, |f| f.takeover.to)
}

/// Writes an object as one line, to a file or to stdout (`-`).
pub fn json<S: Serialize>(path: &Path, object: &S) -> Result<(), CliError> {
    let failed = |source| CliError::Write {
        path: path.into(),
        source,
    };
    let mut text = serde_json::to_string(object).map_err(|e| failed(e.into()))?;
    text.push('\n');
    if path.as_os_str() == "-" {
        stdout(&text)
    } else {
        std::fs::write(path, text).map_err(failed)
    }
}

/// Prints; a reader that has gone away is no error.
pub fn stdout(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Stdout(e)),
        _ => Ok(()),
    }
}

impl SolveJson {
    /// The lines for people.
    pub fn text(&self) -> String {
        let m = &self.matrix;
        let mut lines = vec![format!(
            "{}: {} x {}, {} entries, {} {}",
            m.path, m.rows, m.cols, m.nnz, m.field, m.symmetry
        )];
        for a in &self.attempts {
            let what = match &a.error {
                Some(error) => error.clone(),
                None => format!(
                    "{} after {}",
                    match a.reason {
                        "too_slow" => "given up as too slow".into(),
                        reason => reason.replace('_', " "),
                    },
                    iterations(a.iterations)
                ),
            };
            lines.push(format!("tried {}: {what}", way(a.solver, a.precond)));
        }
        let s = &self.seconds;
        let outcome = if self.converged {
            "converged".into()
        } else {
            format!("NOT converged ({})", self.reason.replace('_', " "))
        };
        lines.push(format!(
            "{}: {outcome}, {}, {} s (read {}{}, setup {}, solve {})",
            way(self.solver, self.precond),
            iterations(self.iterations),
            seconds(s.total),
            seconds(s.read),
            match s.runtime > 0.0 {
                true => format!(", runtime {}", seconds(s.runtime)),
                false => String::new(),
            },
            seconds(s.setup),
            seconds(s.solve),
        ));
        let mut last = format!(
            "relative residual {:.2e} (tolerance {:.0e}), backward error {:.1e}",
            self.relative_residual, self.rtol, self.backward_error
        );
        if let Some(error) = self.forward_error {
            last += &format!(", forward error {error:.1e}");
        }
        lines.push(last);
        for (index, c) in self.columns.iter().flatten().enumerate() {
            lines.push(format!(
                "  column {}: {}, {}, relative residual {:.2e}",
                index + 1,
                c.reason.replace('_', " "),
                iterations(c.iterations),
                c.relative_residual
            ));
        }
        if let Some(advice) = &self.advice {
            lines.push(format!("advice: {advice}"));
        }
        lines.join("\n") + "\n"
    }
}

/// What to try, in the words of the command line.
pub fn advice(column: &Column, solver: &str) -> String {
    match (solver, column.reason) {
        ("sor", "diverged") => {
            "sor converges for positive definite matrices and few others: try --solver auto, or gmres".into()
        }
        ("sor", "max_iterations") => {
            "try another --omega (resolvent sequence --tune omega finds it for many systems), or --solver cg; or raise --max-iters".into()
        }
        _ => spoken(column.advice),
    }
}

/// Advice in the words of the command line.
pub fn spoken(advice: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        ("max_iters", "--max-iters"),
        ("max_time", "--max-time"),
        ("loosen rtol", "loosen --rtol"),
        ("a longer restart", "a larger --restart"),
        (
            "declare its null space",
            "declare its null space (--nullspace)",
        ),
        ("start from another x0, or ", ""),
        ("by the observer; x holds", "by Ctrl-C; --out holds"),
    ];
    let replaced = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    WORDS.iter().fold(advice.to_owned(), replaced)
}

/// A solver with its preconditioner, if it can have one.
fn way(solver: &str, precond: &str) -> String {
    match solver {
        "direct" => solver.into(),
        _ => format!("{solver} + {precond}"),
    }
}

fn iterations(count: usize) -> String {
    format!("{count} iteration{}", if count == 1 { "" } else { "s" })
}

/// Three digits.
pub fn seconds(s: f64) -> String {
    match s {
        s if s < 0.0995 => format!("{s:.3}"),
        s if s < 9.95 => format!("{s:.2}"),
        s => format!("{s:.1}"),
    }
}
