//! Regret: what a run has cost beyond what another would have.

/// How many points the second half of the fit would have, if none fell together.
const POINTS: usize = 40;

/// R(t) = Σ_{s ≤ t} (cₛ − other's cₛ), for t = 1, 2, ….
pub fn cumulative(cost: &[f64], other: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let step = |(c, o): (&f64, &f64)| {
        sum += c - o;
        sum
    };
    cost.iter().zip(other).map(step).collect()
}

/// T/10, T/4, T/2, T, each once.
pub fn checkpoints(systems: usize) -> Vec<usize> {
    let mut at: Vec<_> = [10, 4, 2, 1].map(|k| (systems / k).max(1)).into();
    at.dedup();
    at
}

/// R ≈ factor · t^exponent, from √T to T.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub factor: f64,
    pub exponent: f64,
}

/// Where the fit looks: the second half of points from 1 to T that are even in log t.
pub fn fit_points(systems: usize) -> Vec<usize> {
    let last = systems as f64;
    let place = |k: usize| last.powf(k as f64 / (2 * POINTS) as f64).round() as usize;
    let mut at: Vec<_> = (POINTS..=2 * POINTS).map(place).collect();
    at.dedup();
    at
}

/// Why there is no exponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFit {
    /// Fewer than three points.
    Few,
    /// R is zero or negative at one of them.
    NotPositive,
}

/// Least squares of log R on log t.
pub fn fit(regret: &[f64]) -> Result<Fit, NoFit> {
    let at = fit_points(regret.len());
    if at.len() < 3 {
        return Err(NoFit::Few);
    }
    let points: Vec<_> = at.iter().map(|&t| (t as f64, regret[t - 1])).collect();
    if !points.iter().all(|(_, r)| *r > 0.0 && r.is_finite()) {
        return Err(NoFit::NotPositive);
    }
    let logs = points.iter().map(|(t, r)| (t.ln(), r.ln()));
    let count = points.len() as f64;
    let (x, y) = logs
        .clone()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    let (x, y) = (x / count, y / count);
    let (xx, xy) = logs.fold((0.0, 0.0), |(xx, xy), (u, v)| {
        (xx + (u - x) * (u - x), xy + (u - x) * (v - y))
    });
    let exponent = xy / xx;
    Ok(Fit {
        factor: (y - exponent * x).exp(),
        exponent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_is_found_again() {
        for exponent in [0.5, 2.0 / 3.0, 1.0] {
            let regret = (1..=3000).map(|t| 7.0 * f64::from(t).powf(exponent));
            let found = fit(&regret.collect::<Vec<_>>()).unwrap();
            assert!((found.exponent - exponent).abs() < 1e-12);
            assert!((found.factor - 7.0).abs() < 1e-10);
        }
    }

    #[test]
    fn what_is_not_positive_has_no_exponent() {
        let falling: Vec<_> = (0..9).map(|t| 1.0 - f64::from(t)).collect();
        assert_eq!(fit(&falling), Err(NoFit::NotPositive));
        assert_eq!(fit(&[1.0, 2.0]), Err(NoFit::Few));
    }

    #[test]
    fn few_systems_have_few_checkpoints() {
        assert_eq!(checkpoints(1), [1]);
        assert_eq!(checkpoints(3), [1, 3]);
        assert_eq!(checkpoints(5000), [500, 1250, 2500, 5000]);
    }
}
