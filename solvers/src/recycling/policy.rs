//! Whether recycling pays: measured on the first systems, and looked at again from time to time.
//!
//! Costs are in work units, one product with A each: applications of M⁻¹ and passes over vectors
//! count by the bytes they move. They are the same on every machine and in every run. A solve that
//! begins closer to its answer is shorter, so it is the cost of a digit, work/log₁₀(‖r₀‖/target),
//! that is compared.
//!
//! The first systems go
//!   − + + − + + + − + +        with the space (+) and without (−)
//! of which the first of every run of + is not counted, since its space is that of a single solve.
//! They end where, from the fourth on, the space clearly costs more than it saves. From then on the cheaper
//! way is taken; after 40 systems, 80 more, 160 more, …, the other is tried again, later where it
//! clearly lost. Both costs are means that forget: a new one has a weight of 0.3, or of 0.7 where it is of the
//! way that was left out for a term.

use super::RecyclingVerdict as Verdict;

/// The first systems: with the space, and whether that is counted.
const OPENING: [(bool, bool); 10] = [
    (false, false),
    (true, false),
    (true, true),
    (false, true),
    (true, false),
    (true, true),
    (true, true),
    (false, true),
    (true, false),
    (true, true),
];
/// Systems after which the opening may end early, and from which ratio on it does: what costs so much
/// more is not measured any longer, and tried again later.
const SOONEST: f64 = 4.0;
const CLEARLY_WORSE: f64 = 1.25;
/// Of a new observation.
const WEIGHT: f64 = 0.3;
/// … of the way that was left out for a term.
const LONG_AGO: f64 = 0.7;
/// Recycling must save this part to be worth its memory.
const MARGIN: f64 = 0.97;
/// Systems until the decision is looked at again; doubled each time.
const FIRST_LOOK: f64 = 40.0;

/// How the next system is to be solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    /// With the space, if there is one.
    pub with: bool,
    /// Whether the space is to be kept up.
    pub keep: bool,
    /// Whether its cost is counted.
    counted: bool,
    pub verdict: Verdict,
}

/// The decision, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    automatic: bool,
    reset: bool,
    /// Systems solved.
    solved: f64,
    /// Cost of a digit with the space and without; 0 before there is one.
    with: f64,
    without: f64,
    on: bool,
    /// Systems since the decision was last looked at, and until it is again.
    since: f64,
    until: f64,
}

impl Policy {
    /// `automatic`: it may be switched off; `reset`: it always is.
    pub fn new(automatic: bool, reset: bool) -> Self {
        Self {
            automatic,
            reset,
            solved: 0.0,
            with: 0.0,
            without: 0.0,
            on: true,
            since: 0.0,
            until: FIRST_LOOK,
        }
    }

    /// How to solve the next system, where a space of this dimension is at hand.
    pub fn next(&self, dimension: usize) -> Mode {
        let mode = |with: bool, keep, counted, verdict| Mode {
            with,
            keep,
            counted,
            verdict: match with && dimension == 0 {
                true => Verdict::Priming,
                false => verdict,
            },
        };
        if self.reset {
            return mode(false, false, false, Verdict::Reset);
        }
        if !self.automatic {
            return mode(true, true, false, Verdict::On);
        }
        if let Some(&(with, counted)) = OPENING.get(self.solved as usize) {
            let verdict = match (self.solved == 0.0, with) {
                (true, _) => Verdict::Priming,
                (_, true) => Verdict::Trial,
                (_, false) => Verdict::Control,
            };
            return mode(with, true, counted, verdict);
        }
        // at the end of a term the other way is tried: off by three systems, since a space is to be
        // found first; on by one
        let left = self.until - self.since;
        match self.on {
            true if left <= 1.0 => mode(false, true, true, Verdict::Control),
            true => mode(true, true, left + 1.0 < self.until, Verdict::On),
            false if left <= 1.0 => mode(true, true, true, Verdict::Trial),
            false if left <= 2.0 => mode(true, true, false, Verdict::Trial),
            false if left <= 3.0 => mode(false, true, true, Verdict::Off),
            false => mode(false, false, true, Verdict::Off),
        }
    }

    /// A system was solved that way: the work, and by how many orders of magnitude the residual was
    /// to fall (or has fallen, where that is less).
    pub fn learn(&mut self, mode: Mode, work: f64, digits: f64) {
        if self.reset || !self.automatic {
            return;
        }
        let opening = OPENING.len() as f64;
        self.solved += 1.0;
        if mode.counted && digits > 0.0 && work.is_finite() {
            let mean = match mode.with {
                true => &mut self.with,
                false => &mut self.without,
            };
            let cost = work / digits;
            let long_ago = mode.with != self.on && self.solved > opening;
            let weight = match (*mean == 0.0, long_ago) {
                (true, _) => 1.0,
                (_, true) => LONG_AGO,
                _ => WEIGHT,
            };
            *mean += (cost - *mean) * weight;
        }
        let clear = self.ratio().is_some_and(|ratio| ratio > CLEARLY_WORSE);
        if self.solved >= SOONEST && self.solved < opening && clear {
            self.solved = opening;
            self.until *= 2.0;
        }
        if self.solved < opening {
            return;
        }
        if self.solved == opening {
            self.decide();
            return;
        }
        self.since += 1.0;
        if self.since >= self.until {
            self.decide();
            self.since = 0.0;
            self.until *= if clear { 4.0 } else { 2.0 };
        }
    }

    /// A system could not be solved with the space: off, for twice as long each time.
    pub fn give_up(&mut self) {
        if self.reset || !self.automatic {
            return;
        }
        self.solved = (self.solved + 1.0).max(OPENING.len() as f64);
        (self.on, self.since) = (false, 0.0);
        self.until *= 2.0;
    }

    fn decide(&mut self) {
        if let Some(ratio) = self.ratio() {
            self.on = ratio < MARGIN;
        }
    }

    /// Cost of a solve with the space against one without.
    pub fn ratio(&self) -> Option<f64> {
        (self.with > 0.0 && self.without > 0.0).then(|| self.with / self.without)
    }

    pub fn forget(&mut self) {
        *self = Self::new(self.automatic, self.reset);
    }

    pub fn save(&self) -> [f64; 6] {
        let on = if self.on { 1.0 } else { 0.0 };
        [
            self.solved,
            self.with,
            self.without,
            on,
            self.since,
            self.until,
        ]
    }

    /// Undoes [`Policy::save`].
    pub fn restore(&mut self, numbers: &[f64]) {
        if let &[solved, with, without, on, since, until] = numbers {
            (self.solved, self.with, self.without) = (solved, with, without);
            (self.on, self.since, self.until) = (on != 0.0, since, until);
        }
    }
}

/// Counts the work of a solve, in products with A.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    /// One application of M⁻¹.
    precond: f64,
    /// One pass over a vector.
    vector: f64,
    /// Passes over vectors.
    pub vectors: f64,
}

impl Meter {
    /// By the bytes of A, M and a vector.
    pub fn new(matrix: f64, precond: f64, vector: f64) -> Self {
        let unit = matrix.max(1.0);
        Self {
            precond: precond / unit,
            vector: vector / unit,
            vectors: 0.0,
        }
    }

    /// So many passes over vectors were made.
    pub fn pass(&mut self, vectors: usize) {
        self.vectors += vectors as f64;
    }

    pub fn work(&self, matvecs: usize, precond_applies: usize) -> f64 {
        matvecs as f64 + precond_applies as f64 * self.precond + self.vectors * self.vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many systems, those solved with the space.
    fn run(policy: &mut Policy, systems: usize, cost: impl Fn(usize, bool) -> f64) -> Vec<bool> {
        let modes = (0..systems).map(|t| {
            let mode = policy.next(8);
            policy.learn(mode, cost(t, mode.with), 8.0);
            mode.with
        });
        modes.collect()
    }

    fn share(with: &[bool]) -> f64 {
        with.iter().filter(|&&with| with).count() as f64 / with.len() as f64
    }

    #[test]
    fn what_pays_stays_on_and_what_does_not_goes() {
        let with = run(&mut Policy::new(true, false), 200, |_, w| {
            if w { 50.0 } else { 100.0 }
        });
        assert!(share(&with) > 0.96, "{}", share(&with));
        let with = run(&mut Policy::new(true, false), 200, |_, w| {
            if w { 125.0 } else { 100.0 }
        });
        assert!(share(&with) < 0.07, "{}", share(&with));
        let with = run(&mut Policy::new(true, false), 200, |_, w| {
            if w { 150.0 } else { 100.0 }
        });
        assert!(share(&with) < 0.03, "{}", share(&with));
    }

    #[test]
    fn what_clearly_loses_is_not_tried_for_long() {
        let cost = |_: usize, w: bool| if w { 150.0 } else { 100.0 };
        let with = run(&mut Policy::new(true, false), 40, cost);
        assert_eq!(with.iter().filter(|&&with| with).count(), 2);
        let cost = |_: usize, w: bool| if w { 110.0 } else { 100.0 };
        let with = run(&mut Policy::new(true, false), 40, cost);
        assert_eq!(with.iter().filter(|&&with| with).count(), 7);
    }

    #[test]
    fn a_change_is_noticed() {
        // pays from system 100 on
        let mut policy = Policy::new(true, false);
        let cost = |t: usize, w: bool| {
            if w && t < 100 {
                150.0
            } else if w {
                30.0
            } else {
                100.0
            }
        };
        let with = run(&mut policy, 600, cost);
        assert!(with[500..].iter().all(|&w| w), "{:?}", policy);
    }

    #[test]
    fn asked_for_or_ruled_out_it_is_not_measured() {
        assert_eq!(
            share(&run(&mut Policy::new(false, false), 50, |_, _| 1.0)),
            1.0
        );
        assert_eq!(
            share(&run(&mut Policy::new(true, true), 50, |_, _| 1.0)),
            0.0
        );
    }

    #[test]
    fn a_saved_policy_goes_on() {
        let (mut whole, mut parts) = (Policy::new(true, false), Policy::new(true, false));
        let cost = |t: usize, w: bool| (t % 5) as f64 + if w { 90.0 } else { 100.0 };
        let once = run(&mut whole, 120, cost);
        let mut twice = run(&mut parts, 53, cost);
        let mut again = Policy::new(true, false);
        again.restore(&parts.save());
        twice.extend(run(&mut again, 67, |t, w| cost(t + 53, w)));
        assert_eq!(once, twice);
    }
}
