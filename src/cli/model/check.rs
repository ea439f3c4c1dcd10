//! `resolvent model check`: whether a model keeps what its contract promises.

use super::args::CheckArgs;
use super::{config, typed};
use crate::cli::Status;
use crate::cli::error::CliError;
use crate::cli::input::Input;
use crate::cli::solve::{check_grid, outputs};
use crate::cli::{machine, report};
use resolvent::matrices::MatrixError;
use resolvent::models::onnx::{Claim, Model, ModelCheck, OnnxConfig, check};
use resolvent::mtx::AnyMatrix;
use resolvent::{Csr, Grid};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Of a matrix, its IC(0), and what the probes and a solve keep.
const BYTES_PER_CELL: usize = 1000;

/// `model check --json`.
#[derive(Debug, Serialize)]
struct CheckJson {
    model: String,
    matrix: String,
    grid: [usize; 3],
    passed: bool,
    finite: bool,
    deterministic: bool,
    claims: Vec<ClaimJson>,
    /// Of FCG to 1e-8; null if it does not get there.
    iterations: Option<usize>,
    classical: BTreeMap<&'static str, Option<usize>>,
    serves: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct ClaimJson {
    name: &'static str,
    claimed: bool,
    holds: Option<bool>,
    measured: f64,
}

pub fn run(args: &CheckArgs) -> Result<Status, CliError> {
    let typed = typed(&args.model)?;
    let files = [("json", args.common.json_file())];
    outputs(&[("the model", &typed.path)], &files)?;
    let model = Model::load(
        &typed.path,
        config(&typed, args.library.ort_lib.as_deref(), 1),
    )?;
    let (matrix, a, grid) = system(args, model.contract().layout.dimensions())?;
    let found = check(&model, &a, OnnxConfig { grid }, args.common.seed)?;
    let result = CheckJson {
        model: typed.path.display().to_string(),
        matrix,
        grid: found.grid.dims(),
        passed: found.passed(),
        finite: found.finite,
        deterministic: found.deterministic,
        claims: found.claims.iter().map(claim).collect(),
        iterations: found.iterations,
        classical: found.classical.iter().copied().collect(),
        serves: found.serves.clone(),
    };
    if let Some(path) = &args.common.json {
        report::json(path, &result)?;
    }
    if !args.common.quiet && !args.common.json_on_stdout() {
        report::stdout(&text(&result, &found))?;
    }
    Ok(match result.passed {
        true => Status::Done,
        false => Status::NotConverged,
    })
}

fn claim(c: &Claim) -> ClaimJson {
    ClaimJson {
        name: c.name,
        claimed: c.claimed,
        holds: c.holds,
        measured: c.measured,
    }
}

/// The matrix it is probed on, its name and its grid.
fn system(
    args: &CheckArgs,
    dimensions: usize,
) -> Result<(String, Csr<f64>, Option<Grid>), CliError> {
    let Some(path) = &args.matrix else {
        let grid = match &args.grid {
            Some(text) => Grid::parse(text).map_err(CliError::GridText)?,
            None => match dimensions {
                1 => Grid::new(32, 1, 1),
                2 => Grid::new(32, 32, 1),
                _ => Grid::new(16, 16, 16),
            },
        };
        fits(grid, args.grid.as_deref().unwrap_or_default())?;
        let a = laplacian(grid).map_err(CliError::GridText)?;
        return Ok(("-Laplace u, u = 0 around the grid".into(), a, Some(grid)));
    };
    let input = Input::read(path)?;
    input.square()?;
    let grid = check_grid(args.grid.as_deref(), input.header.rows)?;
    match input.matrix {
        AnyMatrix::Real(a) => Ok((path.display().to_string(), a, grid)),
        AnyMatrix::Complex(_) => Err(CliError::ComplexNetwork(format!("onnx:{}", args.model))),
    }
}

/// Refuses a grid whose matrix, vectors and factors for the probes would not fit into memory.
fn fits(grid: Grid, text: &str) -> Result<(), CliError> {
    let cells = grid.unknowns().unwrap_or(usize::MAX);
    let most = machine::memory_for_factors() / BYTES_PER_CELL;
    match cells > most {
        true => Err(CliError::GridSize {
            text: text.into(),
            cells,
            most,
        }),
        false => Ok(()),
    }
}

/// 2d on the diagonal, −1 for each neighbour: what convolutions with zeros outside are made for.
fn laplacian(grid: Grid) -> Result<Csr<f64>, MatrixError> {
    let n = grid.unknowns().unwrap_or(usize::MAX);
    let rows = (0..n).flat_map(|row| {
        let at = grid.at(row);
        let along = (0..grid.dimension()).flat_map(move |d| {
            let step = move |far: usize| {
                let mut to = at;
                to[d] = far;
                (row, grid.row(to), -1.0)
            };
            let below = at[d].checked_sub(1).map(step);
            let above = Some(at[d] + 1).filter(|&c| c < grid.dims()[d]).map(step);
            [below, above].into_iter().flatten()
        });
        along.chain([(row, row, 2.0 * grid.dimension() as f64)])
    });
    Csr::from_triplets(n, n, rows)
}

fn text(result: &CheckJson, found: &ModelCheck) -> String {
    let [nx, ny, nz] = result.grid;
    let mut text = format!(
        "{} on {}, grid {nx} x {ny} x {nz}\n",
        result.model, result.matrix
    );
    let yes = |is: bool| if is { "yes" } else { "NO" };
    // writing to a string cannot fail
    let _ = writeln!(text, "{:<14}{:<10}found", "property", "promised");
    let _ = writeln!(
        text,
        "{:<14}{:<10}{}",
        "finite",
        "always",
        yes(found.finite)
    );
    let _ = writeln!(
        text,
        "{:<14}{:<10}{}",
        "repeatable",
        "always",
        yes(found.deterministic)
    );
    for c in &found.claims {
        let said = if c.claimed { "yes" } else { "-" };
        let measured = match c.name {
            "positive" => format!("least r'z/(|r||z|) {:.1e}", c.measured),
            _ => format!("error {:.1e}", c.measured),
        };
        let what = match c.holds {
            None => "not tested: it takes fields, or the grid is padded".into(),
            Some(true) => format!("yes   {measured}"),
            Some(false) if c.claimed => format!("NO    {measured}: the promise is broken"),
            Some(false) => format!("no    {measured}"),
        };
        let _ = writeln!(text, "{:<14}{said:<10}{what}", c.name);
    }
    let many = |count: Option<usize>| count.map_or("not in 500".into(), |n| n.to_string());
    let classical = found
        .classical
        .iter()
        .map(|(name, n)| format!("{name} {}", many(*n)));
    let _ = writeln!(
        text,
        "iterations of fcg to 1e-8: {}; for comparison: {}",
        many(found.iterations),
        classical.collect::<Vec<_>>().join(", ")
    );
    let serves = match found.serves.as_slice() {
        [] => "none: the fallback would do all the work".into(),
        all => all.join(", "),
    };
    let _ = writeln!(text, "may serve: {serves}");
    text
}
