//! `resolvent info`: what a matrix is, before anything is solved.

use super::Status;
use super::args::InfoArgs;
use super::error::CliError;
use super::input::{Double, Input, MatrixJson};
use super::machine;
use super::plot::spy;
use super::report;
use super::solve::{check_grid, file_name, outputs};
use resolvent::matrices::{Definiteness, Dominance, IndefiniteProof};
use resolvent::mtx::AnyMatrix;
use resolvent::solvers::{DirectConfig, condition};
use resolvent::{Complex, Csr, Evidence, Grid};
use serde::Serialize;

/// Asymmetry that rounding explains.
const ROUNDING: f64 = 1e-14;

/// `info --json`.
#[derive(Debug, Serialize)]
struct InfoJson {
    matrix: MatrixJson,
    /// Of all entries after expansion; a complex one as [re, im].
    sum: Sum,
    seconds: f64,
    finite: bool,
    structurally_symmetric: bool,
    symmetric: bool,
    hermitian: bool,
    skew_symmetric: bool,
    asymmetry: f64,
    non_hermitian: f64,
    definiteness: &'static str,
    dominance: Option<&'static str>,
    dominant_rows: usize,
    m_matrix: bool,
    diagonal: Diagonal,
    bandwidth: usize,
    empty_rows: usize,
    empty_columns: usize,
    zero_row_sums: usize,
    zero_column_sums: usize,
    constant_nullspace: bool,
    norm_inf: f64,
    norm_fro: f64,
    /// κ₂, a lower bound; null where it was not estimated or is infinite.
    condition_estimate: Option<f64>,
    /// Whether a factorisation found A singular to working precision.
    singular: Option<bool>,
    grid: Option<[usize; 3]>,
    version: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Sum {
    Real(f64),
    Complex([f64; 2]),
}

#[derive(Debug, Serialize)]
struct Diagonal {
    missing: usize,
    zero: usize,
    positive: usize,
    negative: usize,
    complex: usize,
}

pub fn run(args: &InfoArgs) -> Result<Status, CliError> {
    let files = [
        ("plot", args.plot.as_deref()),
        ("json", args.common.json_file()),
    ];
    outputs(&[("the matrix", &args.matrix)], &files)?;
    let input = Input::read(&args.matrix)?;
    match &input.matrix {
        AnyMatrix::Real(a) => show(args, &input, a),
        AnyMatrix::Complex(a) => show(args, &input, a),
    }
}

fn show<T: Double>(args: &InfoArgs, input: &Input, a: &Csr<T>) -> Result<Status, CliError> {
    let grid = match check_grid(args.grid.as_deref(), a.nrows())? {
        Some(given) => Some(given),
        None => Grid::detect(a.view()),
    };
    let evidence = Evidence::gather(a.view());
    let condition = estimate(a, &evidence);
    let info = describe(input, a, &evidence, grid, condition);
    if let Some(path) = &args.plot {
        spy::save(path, &file_name(&input.path), a.view())?;
    }
    if !args.common.quiet && !args.common.json_on_stdout() {
        report::stdout(&text(&info, &evidence, grid))?;
    }
    if let Some(path) = &args.common.json {
        report::json(path, &info)?;
    }
    Ok(Status::Done)
}

/// What the estimate of the condition number may cost.
const FLOPS: f64 = 4e9;

/// κ₂ of a matrix that can be factorised in a moment; `None` of any other.
fn estimate<T: Double>(a: &Csr<T>, e: &Evidence) -> Option<f64> {
    if !e.square || !e.finite || a.nrows() == 0 {
        return None;
    }
    if e.empty_rows + e.empty_columns > 0 {
        return Some(f64::INFINITY);
    }
    let config = DirectConfig {
        refinements: 0,
        max_bytes: Some(machine::memory_for_factors() / 2),
        max_flops: Some(FLOPS),
        ..DirectConfig::default()
    };
    condition(a.view(), config).ok()
}

/// Beyond this, rounding alone decides.
const SINGULAR: f64 = 1.0 / f64::EPSILON;

fn describe<T: Double>(
    input: &Input,
    a: &Csr<T>,
    e: &Evidence,
    grid: Option<Grid>,
    condition: Option<f64>,
) -> InfoJson {
    let sum: Complex<f64> = a.values().iter().map(|v| v.to_c64()).sum();
    InfoJson {
        matrix: input.json(),
        sum: if T::IS_COMPLEX {
            Sum::Complex([sum.re, sum.im])
        } else {
            Sum::Real(sum.re)
        },
        seconds: input.read.as_secs_f64(),
        finite: e.finite,
        structurally_symmetric: e.structurally_symmetric,
        symmetric: e.symmetric,
        hermitian: e.hermitian,
        skew_symmetric: e.skew_symmetric,
        asymmetry: e.asymmetry,
        non_hermitian: e.non_hermitian,
        definiteness: match e.definiteness {
            Definiteness::Positive(Dominance::Weak) => "positive_semidefinite",
            Definiteness::Positive(_) => "positive",
            Definiteness::PossiblyPositive => "possibly_positive",
            Definiteness::Negative(Dominance::Weak) => "negative_semidefinite",
            Definiteness::Negative(_) => "negative",
            Definiteness::PossiblyNegative => "possibly_negative",
            Definiteness::Indefinite(_) => "indefinite",
            Definiteness::Unknown => "unknown",
        },
        dominance: e.dominance.map(|dominance| match dominance {
            Dominance::Strict => "strict",
            Dominance::Chained => "chained",
            Dominance::Weak => "weak",
        }),
        dominant_rows: e.weakly_dominant_rows,
        m_matrix: e.m_matrix,
        diagonal: Diagonal {
            missing: e.missing_diagonals,
            zero: e.zero_diagonals,
            positive: e.positive_diagonals,
            negative: e.negative_diagonals,
            complex: e.nonreal_diagonals,
        },
        bandwidth: e.bandwidth,
        empty_rows: e.empty_rows,
        empty_columns: e.empty_columns,
        zero_row_sums: e.zero_row_sums,
        zero_column_sums: e.zero_column_sums,
        constant_nullspace: e.constant_nullspace,
        norm_inf: a.view().norm_inf(),
        norm_fro: a.view().norm_fro(),
        condition_estimate: condition.filter(|c| c.is_finite()),
        singular: condition.map(|c| c >= SINGULAR),
        grid: grid.map(|grid| grid.dims()),
        version: env!("CARGO_PKG_VERSION"),
    }
}

fn text(info: &InfoJson, e: &Evidence, grid: Option<Grid>) -> String {
    let m = &info.matrix;
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push(format!("{name:<14}{value}"));
    line("matrix", m.path.clone());
    line("size", format!("{} x {}", m.rows, m.cols));
    let per_row = m.nnz as f64 / m.rows.max(1) as f64;
    line("entries", format!("{} ({per_row:.1} a row)", m.nnz));
    line("declared", format!("{} {}", m.field, m.symmetry));
    if !e.finite {
        line("finite", "no: NaN or infinity among the entries".into());
    }
    if e.square {
        line("symmetry", symmetry(e));
        line("definiteness", definiteness(e.definiteness));
    }
    line("dominance", dominance(e, m.rows));
    line("diagonal", diagonal(&info.diagonal));
    line("bandwidth", e.bandwidth.to_string());
    if e.empty_rows + e.empty_columns > 0 {
        let (rows, columns) = (e.empty_rows, e.empty_columns);
        line("empty", format!("{rows} rows, {columns} columns: singular"));
    }
    if e.constant_nullspace {
        line("null space", "every row sums to zero: A·1 = 0".into());
    }
    let norms = format!(
        "{:.3e} (∞), {:.3e} (Frobenius)",
        info.norm_inf,
        info.norm_fro.abs() // an empty sum is −0
    );
    line("norms", norms);
    let condition = match (info.condition_estimate, info.singular) {
        (Some(c), Some(false)) => format!("about {c:.1e} or more (2-norm)"),
        (_, Some(true)) => "singular to working precision".into(),
        _ => "not estimated: a factorisation would take long".into(),
    };
    if e.square && e.finite {
        line("condition", condition);
    }
    let sum = match &info.sum {
        Sum::Real(s) => format!("{s}"),
        Sum::Complex([re, im]) => format!("{re} + {im}i"),
    };
    line("sum", sum);
    let found = match grid.map(|grid| (grid.dimension(), grid.dims())) {
        None => "none found".into(),
        Some((1, [nx, ..])) => format!("{nx} on a line"),
        Some((2, [nx, ny, _])) => format!("{nx} x {ny}"),
        Some((_, [nx, ny, nz])) => format!("{nx} x {ny} x {nz}"),
    };
    line("grid", found);
    lines.join("\n") + "\n"
}

fn symmetry(e: &Evidence) -> String {
    let values = if e.symmetric && e.hermitian {
        "symmetric".into()
    } else if e.hermitian {
        "Hermitian".into()
    } else if e.symmetric {
        "symmetric, not Hermitian".into()
    } else if e.skew_symmetric {
        "skew-symmetric".into()
    } else if e.asymmetry < ROUNDING {
        format!(
            "symmetric up to rounding, ‖A − Aᵀ‖/‖A‖ = {:.1e}",
            e.asymmetry
        )
    } else {
        format!("none, ‖A − Aᵀ‖/‖A‖ = {:.1e}", e.asymmetry)
    };
    let pattern = if e.structurally_symmetric {
        "symmetric pattern"
    } else {
        "unsymmetric pattern"
    };
    format!("{values}; {pattern}")
}

fn definiteness(definiteness: Definiteness) -> String {
    match definiteness {
        Definiteness::Positive(Dominance::Weak) => "positive semidefinite, by dominance".into(),
        Definiteness::Positive(_) => "positive definite, by dominance".into(),
        Definiteness::PossiblyPositive => {
            "possibly positive definite: positive diagonal, no 2 x 2 minor against it".into()
        }
        Definiteness::Negative(Dominance::Weak) => "negative semidefinite, by dominance".into(),
        Definiteness::Negative(_) => "negative definite, by dominance".into(),
        Definiteness::PossiblyNegative => {
            "possibly negative definite: negative diagonal, no 2 x 2 minor against it".into()
        }
        Definiteness::Indefinite(IndefiniteProof::Diagonal { positive, negative }) => format!(
            "indefinite: diagonal positive in row {}, negative in row {}",
            positive + 1,
            negative + 1
        ),
        Definiteness::Indefinite(IndefiniteProof::Minor { i, j }) => format!(
            "indefinite: the minor of rows {} and {} is negative",
            i + 1,
            j + 1
        ),
        Definiteness::Unknown => "unknown".into(),
    }
}

fn dominance(e: &Evidence, rows: usize) -> String {
    let whole = match e.dominance {
        Some(Dominance::Strict) => "strict in every row",
        Some(Dominance::Chained) => "in every row, strict along chains: nonsingular",
        Some(Dominance::Weak) => "in every row, not strict",
        None => return format!("in {} of {rows} rows", e.weakly_dominant_rows),
    };
    if e.m_matrix {
        format!("{whole}; M-matrix")
    } else {
        whole.into()
    }
}

fn diagonal(d: &Diagonal) -> String {
    let parts = [
        (d.positive, "positive"),
        (d.negative, "negative"),
        (d.zero, "zero"),
        (d.missing, "not stored"),
        (d.complex, "complex"),
    ];
    let named = parts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = named
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    words.join(", ")
}
