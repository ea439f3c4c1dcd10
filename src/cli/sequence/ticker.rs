//! A bar on stderr, on a terminal only: how many systems are done.

use super::report::Totals;
use crate::cli::interrupt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use resolvent::{Observer, Scalar, Step};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

pub struct Ticker {
    bar: Option<ProgressBar>,
}

impl Ticker {
    pub fn new(quiet: bool, systems: usize, done: usize) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(Some(systems as u64), target);
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({eta} left)");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_position(done as u64);
            bar.reset_eta();
            bar
        });
        Self { bar }
    }

    /// A system is done.
    pub fn tick(&mut self, totals: &Totals) {
        if let Some(bar) = &self.bar {
            let mean = totals.iterations as f64 / totals.systems.max(1) as f64;
            let bad = totals.systems - totals.converged;
            bar.inc(1);
            bar.set_message(match bad {
                0 => format!("{mean:.1} iterations a system"),
                bad => format!("{mean:.1} iterations a system, {bad} not converged"),
            });
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Ends a solve on Ctrl-C, or when the time of the run is over.
pub struct Until(pub Option<Instant>);

impl Until {
    /// From now on.
    pub fn within(left: Option<Duration>) -> Self {
        Self(left.and_then(|left| Instant::now().checked_add(left)))
    }
}

impl<T: Scalar> Observer<T> for Until {
    fn step(&mut self, _: &Step<'_, T>) -> ControlFlow<()> {
        if interrupt::asked() || self.0.is_some_and(|end| Instant::now() >= end) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
