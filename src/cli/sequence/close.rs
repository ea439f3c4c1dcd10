//! The end of a run.

use super::Run;
use super::hindsight::Oracle;
use super::report::{OrderJson, SequenceJson, StreamJson, Summary};
use crate::cli::Status;
use crate::cli::error::CliError;
use crate::cli::input::Double;
use crate::cli::report as words;

impl<T: Double> Run<'_, T> {
    /// The closing words.
    pub(super) fn close(mut self, first: usize, remaining: usize) -> Result<Status, CliError> {
        if let Some(log) = &mut self.log {
            log.flush()?;
        }
        let args = self.args;
        let (all, streams) = self.summaries();
        let done = remaining == 0 && all.converged == all.systems;
        let result = SequenceJson {
            source: self.source.name(),
            all,
            streams,
            tuner: args
                .tuning
                .asked()
                .then(|| args.tuning.tuner.unwrap_or_default().name()),
            order: self.order.as_ref().map(|branches| OrderJson {
                name: branches.found.order.name(),
                seconds: branches.found.time.as_secs_f64(),
                mean_step: branches.found.step,
                mean_step_given: branches.found.given,
                used: branches.found.used,
            }),
            x0: self.guess.name(),
            rtol: args.tolerance.rtol,
            seed: args.common.seed,
            threads: self.threads,
            resumed_at: first,
            remaining,
            version: env!("CARGO_PKG_VERSION"),
        };
        if !args.common.quiet && !args.common.json_on_stdout() {
            words::stdout(&result.text())?;
        }
        if let Some(path) = &args.common.json {
            words::json(path, &result)?;
        }
        Ok(match done {
            true => Status::Done,
            false => Status::NotConverged,
        })
    }

    /// Of all systems, and of each stream where there are several.
    fn summaries(&self) -> (Summary, Vec<StreamJson>) {
        if let [stream] = &self.streams[..] {
            return (stream.summary(), Vec::new());
        }
        let streams = self.streams.iter().map(|stream| StreamJson {
            name: stream.name.clone(),
            summary: stream.summary(),
        });
        let streams: Vec<_> = streams.collect();
        let best = |of: fn(&Summary) -> Option<Oracle>| {
            let sums = streams.iter().map(|stream| of(&stream.summary));
            let sums: Option<Vec<_>> = sums.map(|sum| Some(sum?.iterations_total)).collect();
            sums.map(|sums| Oracle {
                iterations_total: sums.iter().sum(),
            })
        };
        let all = Summary {
            oracle: best(|summary| summary.oracle),
            golden: best(|summary| summary.golden),
            ..Summary::of(&self.totals())
        };
        (all, streams)
    }
}
