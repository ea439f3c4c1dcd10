//! A bar on stderr, on a terminal only: how far the residual has come on its way, in decades.

use super::interrupt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use resolvent::{CgCoefficients, Observer, Scalar, Step};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

const STEPS: u64 = 1000;
const PAUSE: Duration = Duration::from_millis(60);

/// Shows the bar, if there is someone to see it, and passes every step on.
pub struct Progress<'a, T: Scalar> {
    bar: Option<ProgressBar>,
    drawn: Instant,
    /// ‖r‖ of each column at its start.
    first: Vec<f64>,
    /// max(rtol·‖b‖, atol) of each column.
    targets: Vec<f64>,
    column: usize,
    names: String,
    next: &'a mut dyn Observer<T>,
}

impl<'a, T: Scalar<Real = f64>> Progress<'a, T> {
    pub fn new(quiet: bool, targets: Vec<f64>, next: &'a mut dyn Observer<T>) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            bar,
            drawn: Instant::now(),
            first: vec![0.0; targets.len()],
            targets,
            column: 0,
            names: String::new(),
            next,
        }
    }
}

impl<T: Scalar<Real = f64>> Observer<T> for Progress<'_, T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        if step.k == 0 {
            self.first[self.column] = step.residual_norm;
        }
        if let Some(bar) = &self.bar
            && self.drawn.elapsed() > PAUSE
        {
            self.drawn = Instant::now();
            let first = self.first[self.column];
            let whole = (first / self.targets[self.column]).ln();
            let part = (first / step.residual_norm).ln() / whole;
            bar.set_position((part.clamp(0.0, 1.0) * STEPS as f64) as u64);
            bar.set_message(format!(
                "{}: iteration {}, ‖r‖ = {:.2e}",
                self.names, step.k, step.residual_norm
            ));
        }
        let flow = self.next.step(step);
        if interrupt::asked() {
            return ControlFlow::Break(());
        }
        flow
    }

    fn coefficients(&mut self, of: &CgCoefficients<f64>) {
        self.next.coefficients(of);
    }

    fn begin(&mut self, solver: &'static str, precond: &'static str) {
        self.names = format!("{solver} + {precond}");
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}: setting up", self.names));
        }
        self.next.begin(solver, precond);
    }

    fn column(&mut self, index: usize) {
        self.column = index;
        self.next.column(index);
    }
}

impl<T: Scalar> Drop for Progress<'_, T> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
