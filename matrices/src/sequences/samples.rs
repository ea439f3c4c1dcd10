//! The samples of a family of data sets, one after the other: `resolvent sequence darcy-lognormal`.
//!
//! The steps of a sample in time follow on each other, and the next sample on the last of them. The
//! context is mean and standard deviation of each of the inputs.

use super::{Family, Instance};
use crate::families::{Assembled, Description, SampleFamily, Step};
use crate::fields::Scratch;
use crate::{Grid, MatrixError, Scalar};

/// A family of samples as a sequence.
pub struct Samples<T> {
    family: Box<dyn SampleFamily<T>>,
    description: Description,
    seed: u64,
    systems: usize,
    inputs: Vec<Vec<f64>>,
    /// Which sample the inputs are of.
    drawn: Option<u64>,
    scratch: Scratch,
}

impl<T: Scalar> Samples<T> {
    /// The first `systems` systems of the samples that belong to a seed.
    pub fn new(family: Box<dyn SampleFamily<T>>, seed: u64, systems: usize) -> Self {
        let description = family.describe();
        Self {
            family,
            seed,
            systems,
            inputs: description.new_inputs(),
            description,
            drawn: None,
            scratch: Scratch::default(),
        }
    }
}

impl<T: Scalar> Family<T> for Samples<T> {
    fn name(&self) -> String {
        let spec = self.description.spec();
        let (name, options) = spec.split_once(':').unwrap_or((&spec, ""));
        let grid: Vec<_> = self
            .description
            .grid
            .iter()
            .rev()
            .map(usize::to_string)
            .collect();
        let comma = if options.is_empty() { "" } else { "," };
        let (grid, systems) = (grid.join("x"), self.systems);
        format!("{name}:grid={grid},systems={systems}{comma}{options}")
    }

    fn len(&self) -> usize {
        self.systems
    }

    fn continues(&self) -> bool {
        self.description.steps > 1
    }

    fn grid(&self) -> Option<Grid> {
        let Description {
            unknowns,
            components,
            ..
        } = self.description;
        (components == 1).then_some(unknowns)
    }

    fn next(
        &mut self,
        index: usize,
        solution: &[T],
        out: &mut Instance<T>,
    ) -> Result<(), MatrixError> {
        let steps = self.description.steps;
        let sample = (index / steps) as u64;
        if self.drawn != Some(sample) {
            self.drawn = None;
            let Self {
                seed,
                inputs,
                scratch,
                ..
            } = self;
            self.family.draw(*seed, sample, scratch, inputs)?;
            self.drawn = Some(sample);
        }
        let step = Step {
            index: index % steps,
            before: solution,
        };
        let mut system = Assembled {
            a: std::mem::take(&mut out.a),
            b: std::mem::take(&mut out.b),
            novelty: out.novelty,
        };
        let made = self.family.assemble(&self.inputs, step, &mut system);
        (out.a, out.b, out.novelty) = (system.a, system.b, system.novelty);
        made?;
        out.context.resize(2 * self.inputs.len(), 0.0);
        for (context, input) in out.context.chunks_exact_mut(2).zip(&self.inputs) {
            let n = input.len() as f64;
            let mean = input.iter().sum::<f64>() / n;
            let spread = input.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            context.copy_from_slice(&[mean, spread.sqrt()]);
        }
        Ok(())
    }
}
