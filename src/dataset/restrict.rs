//! From the grid that is solved to the one that is stored.
//!
//! Cells, r fine ones along each side of a coarse one:
//!   outputs  ū_i = mean of the r^d fine values in cell i        (second order, and conservative)
//!   inputs   a_i = fine value number ⌊r/2⌋ along each dimension (a field of two values keeps them)
//! Nodes, r = (n_f − 1)/(n_c − 1): the value at the same place. Numbers stay as they are.

use super::{DatasetError, axes};
use resolvent_matrices::families::{Description, FieldSpec, Site};

/// What becomes of each of the fields of a sample.
#[derive(Debug, Clone)]
pub struct Restriction {
    inputs: Vec<Rule>,
    outputs: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    /// Leading numbers (times), then the sizes of the grid (slowest first), then components.
    lead: usize,
    fine: Vec<usize>,
    coarse: Vec<usize>,
    tail: usize,
    ratio: Vec<usize>,
    kind: Action,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Action {
    /// The first fine value: at nodes, that at the same place.
    Copy,
    Mean,
    Pick,
}

impl Restriction {
    /// Of the outputs alone.
    ///
    /// # Errors
    /// As [`new`](Self::new), of outputs.
    pub fn of_outputs(fine: &Description, coarse: &Description) -> Result<Self, DatasetError> {
        Ok(Self {
            inputs: Vec::new(),
            outputs: rules(fine, coarse, true)?,
        })
    }

    /// From one grid to the other, of the same family.
    ///
    /// # Errors
    /// [`DatasetError::Request`] for grids that do not nest, and fields on the boundary.
    pub fn new(fine: &Description, coarse: &Description) -> Result<Self, DatasetError> {
        Ok(Self {
            inputs: rules(fine, coarse, false)?,
            ..Self::of_outputs(fine, coarse)?
        })
    }

    /// The inputs of a sample.
    pub fn inputs(&self, fine: &[Vec<f64>], coarse: &mut [Vec<f64>]) {
        apply(&self.inputs, fine, coarse);
    }

    /// The outputs of a sample.
    pub fn outputs(&self, fine: &[Vec<f64>], coarse: &mut [Vec<f64>]) {
        apply(&self.outputs, fine, coarse);
    }

    /// In words, for the manifest.
    pub fn words() -> &'static str {
        "cells: outputs are the mean of the fine cells in a stored one, inputs the value of the fine \
         cell just above the centre of the stored one; nodes: the values at the same places"
    }
}

/// Of the outputs, or of the inputs.
fn rules(
    fine: &Description,
    coarse: &Description,
    outputs: bool,
) -> Result<Vec<Rule>, DatasetError> {
    let pairs = match outputs {
        true => fine.outputs.iter().zip(&coarse.outputs),
        false => fine.inputs.iter().zip(&coarse.inputs),
    };
    pairs
        .map(|(f, c)| rule(fine, coarse, f, c, outputs))
        .collect()
}

fn rule(
    fine: &Description,
    coarse: &Description,
    f: &FieldSpec,
    c: &FieldSpec,
    output: bool,
) -> Result<Rule, DatasetError> {
    let refuse = |problem: String| Err(DatasetError::Request(format!("--solve-grid: {problem}")));
    let whole = |dims: &[usize]| dims.iter().product::<usize>();
    if f.site == Site::Numbers {
        let n = f.len();
        return Ok(Rule {
            lead: n,
            fine: vec![],
            coarse: vec![],
            tail: 1,
            ratio: vec![],
            kind: Action::Copy,
        });
    }
    let d = fine.grid.len();
    let at = axes::of_grid(fine, f, output);
    let (Some(at), true) = (at, f.site != Site::Sides) else {
        return refuse(format!(
            "`{}` of {} has its values elsewhere than at the points of the grid and cannot be restricted; \
             solve on the grid that is stored",
            f.name, fine.name
        ));
    };
    if d != coarse.grid.len() || axes::of_grid(coarse, c, output) != Some(at) {
        return refuse("both grids must have as many dimensions".into());
    }
    let less = usize::from(f.site == Site::Nodes);
    let pairs = fine.grid.iter().zip(&coarse.grid);
    let mut ratio = Vec::with_capacity(d);
    for (nf, nc) in pairs {
        let (nf, nc) = (nf - less, nc - less);
        if nc == 0 || nf % nc != 0 {
            return refuse(format!(
                "{:?} and {:?} points do not nest: the finer must have a whole number of {} for each \
                 of the coarser",
                fine.grid,
                coarse.grid,
                if less == 1 { "intervals" } else { "cells" }
            ));
        }
        ratio.push(nf / nc);
    }
    Ok(Rule {
        lead: whole(&f.shape[..at]),
        fine: fine.grid.clone(),
        coarse: coarse.grid.clone(),
        tail: whole(&f.shape[at + d..]),
        kind: match f.site {
            Site::Nodes => Action::Copy,
            _ if output => Action::Mean,
            _ => Action::Pick,
        },
        ratio,
    })
}

impl Rule {
    fn apply(&self, fine: &[f64], coarse: &mut [f64]) {
        if self.fine.is_empty() {
            coarse.copy_from_slice(fine);
            return;
        }
        let three = |dims: &[usize], fill| match dims {
            [z, y, x] => [*z, *y, *x],
            [y, x] => [fill, *y, *x],
            _ => [fill, fill, dims.first().copied().unwrap_or(fill)],
        };
        let (f, c, r) = (
            three(&self.fine, 1),
            three(&self.coarse, 1),
            three(&self.ratio, 1),
        );
        let (fine_block, block) = (f.iter().product::<usize>(), c.iter().product::<usize>());
        let mut out = coarse.iter_mut();
        for lead in 0..self.lead {
            for point in 0..block {
                let at = [point / (c[1] * c[2]), point / c[2] % c[1], point % c[2]];
                for component in 0..self.tail {
                    let value = |o: [usize; 3]| {
                        let [z, y, x] = [0, 1, 2].map(|d| at[d] * r[d] + o[d]);
                        let point = (z * f[1] + y) * f[2] + x;
                        fine[(lead * fine_block + point) * self.tail + component]
                    };
                    let Some(out) = out.next() else { return };
                    *out = match self.kind {
                        Action::Copy => value([0; 3]),
                        Action::Pick => value(r.map(|r| r / 2)),
                        Action::Mean => mean(r, value),
                    };
                }
            }
        }
    }
}

fn mean(r: [usize; 3], value: impl Fn([usize; 3]) -> f64) -> f64 {
    let mut sum = 0.0;
    for z in 0..r[0] {
        for y in 0..r[1] {
            (0..r[2]).for_each(|x| sum += value([z, y, x]));
        }
    }
    sum / (r[0] * r[1] * r[2]) as f64
}

fn apply(rules: &[Rule], fine: &[Vec<f64>], coarse: &mut [Vec<f64>]) {
    for ((rule, fine), coarse) in rules.iter().zip(fine).zip(coarse) {
        rule.apply(fine, coarse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::Grid;

    fn description(grid: [usize; 2], site: Site, tail: usize) -> Description {
        let field = |name| FieldSpec {
            name,
            shape: vec![grid[0], grid[1], tail],
            site,
        };
        Description {
            name: "test",
            equation: String::new(),
            boundary: String::new(),
            source: "",
            grid: grid.to_vec(),
            unknowns: Grid::new(grid[1], grid[0], 1),
            components: tail,
            inputs: vec![field("a")],
            outputs: vec![field("u")],
            parameters: vec![],
            symmetric: true,
            definite: true,
            constant_matrix: false,
            steps: 1,
        }
    }

    #[test]
    fn means_of_linear_functions_are_exact_and_components_stay_apart() {
        let (nf, nc) = ([6, 12], [3, 4]);
        let (fine, coarse) = (
            description(nf, Site::Cells, 2),
            description(nc, Site::Cells, 2),
        );
        let restriction = Restriction::new(&fine, &coarse).unwrap();
        let field = |n: [usize; 2]| {
            let mut all = Vec::new();
            for j in 0..n[0] {
                for i in 0..n[1] {
                    let (y, x) = (
                        (j as f64 + 0.5) / n[0] as f64,
                        (i as f64 + 0.5) / n[1] as f64,
                    );
                    all.extend([1.0 + 2.0 * x - 3.0 * y, 5.0 - x]);
                }
            }
            vec![all]
        };
        let mut out = field(nc)
            .iter()
            .map(|f| vec![0.0; f.len()])
            .collect::<Vec<_>>();
        restriction.outputs(&field(nf), &mut out);
        for (got, expected) in out[0].iter().zip(&field(nc)[0]) {
            assert!((got - expected).abs() < 1e-14);
        }
        // of inputs, values of the fine field
        restriction.inputs(&field(nf), &mut out);
        assert!(out[0].iter().all(|v| field(nf)[0].contains(v)));
    }

    #[test]
    fn nodes_are_found_again() {
        let (fine, coarse) = (
            description([9, 5], Site::Nodes, 1),
            description([5, 3], Site::Nodes, 1),
        );
        let restriction = Restriction::new(&fine, &coarse).unwrap();
        let values = vec![(0..45).map(f64::from).collect::<Vec<_>>()];
        let mut out = vec![vec![0.0; 15]];
        restriction.outputs(&values, &mut out);
        assert_eq!(out[0][..4], [0.0, 2.0, 4.0, 10.0]);
        assert_eq!(out[0][14], 44.0);
    }

    /// A trajectory of as many steps as there are points along a side of the finer grid.
    #[test]
    fn times_stay_apart_however_many_there_are() {
        let (nf, nc, steps) = ([6, 6], [3, 3], 6);
        let trajectory = |grid: [usize; 2]| {
            let mut of = description(grid, Site::Cells, 1);
            of.steps = steps;
            of.outputs[0].shape = vec![steps, grid[0], grid[1]];
            of
        };
        let restriction = Restriction::new(&trajectory(nf), &trajectory(nc)).unwrap();
        let fine: Vec<f64> = (0..steps * 36).map(|i| (i / 36) as f64).collect();
        let mut out = vec![vec![-1.0; steps * 9]];
        restriction.outputs(&[fine], &mut out);
        let expected: Vec<f64> = (0..steps * 9).map(|i| (i / 9) as f64).collect();
        assert_eq!(out[0], expected);
    }

    #[test]
    fn grids_that_do_not_nest_are_refused() {
        let fine = description([9, 6], Site::Cells, 1);
        for coarse in [[4, 3], [9, 4], [18, 6]] {
            let error = Restriction::new(&fine, &description(coarse, Site::Cells, 1)).unwrap_err();
            assert!(error.to_string().contains("do not nest"), "{error}");
        }
    }
}
