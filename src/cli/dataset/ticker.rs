//! A bar on stderr, on a terminal only: samples done, their rate, and the time left.

use crate::cli::interrupt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use resolvent::dataset::{Record, Watch};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

pub struct Ticker {
    bar: Option<ProgressBar>,
    failed: AtomicU64,
}

impl Ticker {
    pub fn new(quiet: bool, samples: u64) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::with_draw_target(Some(samples), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(
                "{bar:30} {pos}/{len} samples, {per_sec}, {eta} left{msg}",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            bar,
            failed: AtomicU64::new(0),
        }
    }
}

impl Ticker {
    /// So many more samples are done.
    pub fn tick(&self, samples: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(samples);
        }
    }
}

impl Watch for Ticker {
    fn sample(&self, record: &Record) {
        let Some(bar) = &self.bar else { return };
        bar.inc(1);
        if !record.converged() {
            let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
            bar.set_message(format!(", {failed} not converged"));
        }
    }

    fn stop(&self) -> bool {
        interrupt::asked()
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
