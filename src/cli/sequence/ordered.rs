//! The systems of a source in another order.

use super::source::{Current, Source};
use crate::cli::error::CliError;
use crate::cli::input::Double;
use resolvent::solvers::Guess;
use resolvent::solvers::orderings::{Order, Points, Sketch, Visit, euclidean, mean_step};
use std::time::{Duration, Instant};

/// Coordinates of a system.
const DIMS: usize = 64;

/// What was found out about an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub order: Order,
    /// To read or generate every system once, and to order them.
    pub time: Duration,
    /// Mean distance of a system from the one it goes on from, in this order and as they come.
    pub step: f64,
    pub given: f64,
    /// Whether the systems are taken in it: not where it makes the steps longer.
    pub used: bool,
}

/// A source in another order.
pub struct Ordered<T: Double> {
    inner: Box<dyn Source<T>>,
    order: Order,
    visits: Vec<Visit>,
}

impl<T: Double> Ordered<T> {
    /// Goes through all systems once.
    ///
    /// # Errors
    /// Those of the source, and where its systems follow on each other.
    pub fn new(mut inner: Box<dyn Source<T>>, order: Order) -> Result<(Self, Found), CliError> {
        if !inner.free() {
            return Err(CliError::Order(inner.name()));
        }
        let started = Instant::now();
        let (mut points, mut sketch) = (Points::new(DIMS), Sketch::new(DIMS));
        for index in 0..inner.len() {
            let current = inner.next(index, &[])?;
            points.push(sketch.of(current.a, current.b));
        }
        let mut visits = order.visits(&points, euclidean);
        let as_they_come = Order::Given.visits(&points, euclidean);
        let step = |visits: &[Visit]| mean_step(&points, visits, euclidean);
        let mut found = Found {
            order,
            step: step(&visits),
            given: step(&as_they_come),
            used: true,
            time: started.elapsed(),
        };
        if found.step > found.given {
            found.used = false;
            visits = as_they_come;
        }
        let ordered = Self {
            inner,
            order,
            visits,
        };
        Ok((ordered, found))
    }

    /// The place of the system that this one goes on from, where that is not the one before.
    pub fn parents(&self) -> Vec<Option<usize>> {
        let mut place = vec![0; self.visits.len()];
        for (at, visit) in self.visits.iter().enumerate() {
            place[visit.sample] = at;
        }
        let parent = |(at, visit): (usize, &Visit)| {
            let parent = place[visit.parent?];
            (parent + 1 != at).then_some(parent)
        };
        self.visits.iter().enumerate().map(parent).collect()
    }
}

impl<T: Double> Source<T> for Ordered<T> {
    fn name(&self) -> String {
        format!("{} --order {}", self.inner.name(), self.order.name())
    }

    fn identity(&self) -> String {
        format!("{} --order {}", self.inner.identity(), self.order.name())
    }

    fn len(&self) -> usize {
        self.inner.len()
    }

    fn guess(&self) -> Guess {
        self.inner.guess()
    }

    fn free(&self) -> bool {
        false
    }

    fn number(&self, index: usize) -> usize {
        self.visits[index].sample
    }

    fn next(&mut self, index: usize, solution: &[T]) -> Result<Current<'_, T>, CliError> {
        self.inner.next(self.visits[index].sample, solution)
    }
}
