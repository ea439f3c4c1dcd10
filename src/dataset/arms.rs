//! The ways that `auto` measures, and what it found.

mod probe;

use super::choice::{self, Choice, Names};
use super::request::Request;
use super::source::Source;
use super::{DatasetError, basis, chain};
use crate::network::Network;
use probe::{PROBES, Probe};
use resolvent_matrices::families::{AnyFamily, Assembled, Description, SampleFamily};
use resolvent_matrices::{Evidence, Scalar};
use resolvent_solvers::Method;
use serde::{Deserialize, Serialize};

/// A way that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Solver, with its options.
    pub solver: String,
    /// Preconditioner, with its options.
    pub precond: String,
    /// Samples it was measured on, after a first one that it was set up with.
    pub samples: usize,
    /// Seconds of the fastest of these samples, of one thread; `None` where a sample did not converge.
    pub seconds: Option<f64>,
    /// Iterations of the samples, on average.
    pub iterations: f64,
    /// Why it was given up.
    pub remark: Option<String>,
}

/// Iterations allowed before the safe way takes over, in those of the probes.
const PATIENCE: f64 = 10.0;

/// The choice for a request, and the arms that were measured for it.
///
/// # Errors
/// [`DatasetError`] for names that are not there, samples that cannot be made, and where no arm
/// converges.
pub fn choose(
    request: &Request,
    family: &AnyFamily,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(Choice, Vec<Arm>), DatasetError> {
    let (choice, arms) = match family {
        AnyFamily::Real(family) => of(request, family.as_ref(), stop),
        AnyFamily::Complex(family) => of(request, family.as_ref(), stop),
    }?;
    Ok((choice.with_model()?, arms))
}

fn of<T: Scalar<Real = f64>>(
    request: &Request,
    family: &dyn SampleFamily<T>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(Choice, Vec<Arm>), DatasetError> {
    let description = family.describe();
    let most = request
        .max_iters
        .unwrap_or((10 * description.rows()).max(1000));
    let constant = same_matrix(request, family, &description)?;
    let root = request.solver.split(':').next().unwrap_or_default();
    if ["cg", "fcg", "dcdm", "rcg", "minres"].contains(&root)
        && !hermitian(request, family, &description)?
    {
        let kind = if T::IS_COMPLEX {
            "Hermitian"
        } else {
            "symmetric"
        };
        return Err(DatasetError::Request(format!(
            "--solver {root} is for {kind} matrices, and those of {} are not: take gmres, gcrodr, bicgstab or direct",
            description.name
        )));
    }
    let network = choice::network(&request.precond)?;
    if network.is_some() && T::IS_COMPLEX {
        return Err(DatasetError::Request(format!(
            "--precond {}: networks are for real matrices, and those of {} are complex",
            request.precond, description.name
        )));
    }
    let mut probe = Probe {
        request,
        family,
        most,
        constant,
        best: f64::INFINITY,
        stop,
    };
    if request.solver != "auto" && request.precond != "auto" {
        choice::way(&request.solver, &request.precond)?;
        if network.is_some() {
            probe.set_up(&request.solver, &request.precond)?; // before there is a folder
        }
        let asked = Choice::asked(&request.solver, &request.precond, most);
        return Ok((
            Choice {
                constant_matrix: constant,
                ..asked
            },
            Vec::new(),
        ));
    }
    let mut arms: Vec<Arm> = Vec::new();
    for [solver, precond] in candidates::<T>(request, &description, network.as_ref()) {
        if probe.stop() {
            break;
        }
        let arm = match (solver.as_str(), precond.as_str()) {
            ("direct:kind=llt" | "direct:kind=lu" | "direct:kind=ldlt", _) => {
                probe.direct(&solver)?
            }
            (_, "ssor") => probe.relaxed(&solver)?,
            _ => probe.measure(&solver, &precond, PROBES)?,
        };
        arms.push(arm);
    }
    let fastest = arms
        .iter()
        .filter(|arm| arm.seconds.is_some())
        .min_by(|a, b| {
            a.seconds
                .partial_cmp(&b.seconds)
                .unwrap_or(std::cmp::Ordering::Equal)
        });
    let Some(fastest) = fastest else {
        let problem = match probe.stop() {
            true => "stopped while solvers were measured; type the command again".into(),
            false => none_converges(request, description.name, &arms),
        };
        return Err(DatasetError::Request(problem));
    };
    // a factorisation is the surest of those that work; it is exact where the others have to converge
    let safe = arms
        .iter()
        .find(|arm| arm.seconds.is_some() && arm.solver.starts_with("direct"))
        .filter(|arm| arm.solver != fastest.solver)
        .map(|arm| [arm.solver.clone(), arm.precond.clone()]);
    let patience = (PATIENCE * fastest.iterations).ceil() as usize;
    let budget = match safe {
        Some(_) => most.min(patience.max(100)),
        None => most,
    };
    let basis = match constant {
        true => basis::find(request, family, &description, stop)?,
        false => Vec::new(),
    };
    let choice = Choice {
        solver: fastest.solver.clone(),
        precond: fastest.precond.clone(),
        safe,
        budget,
        constant_matrix: constant,
        basis,
        measured: arms.len() > 1,
        tolerance: None,
        model: None,
    };
    Ok((choice, arms))
}

/// What was tried, and what bounds it.
fn none_converges(request: &Request, family: &str, arms: &[Arm]) -> String {
    let tried = arms.iter().map(|arm| match arm.precond.as_str() {
        "none" => arm.solver.clone(),
        precond => format!("{} + {precond}", arm.solver),
    });
    let tried: Vec<_> = tried.collect();
    // the name of a reason is one word; that of an error tells what is wrong
    let is_error = |remark: &&String| remark.contains(' ');
    let remarks = arms.iter().filter_map(|arm| arm.remark.as_ref());
    let mut errors: Vec<_> = remarks.filter(is_error).cloned().collect();
    let all = errors.len() == arms.len();
    errors.dedup();
    if all && !arms.is_empty() {
        return format!(
            "none of {} can be set up for {family}: {}",
            tried.join(", "),
            errors.join("; ")
        );
    }
    let tried = tried.join(", ");
    match request.max_iters {
        Some(most) => format!(
            "no solver converges on the first samples of {family} within --max-iters {most} (tried: {tried}); \
             raise it or leave it out, or loosen --rtol"
        ),
        None => format!(
            "no solver converges on the first samples of {family} (tried: {tried}); loosen --rtol, or name \
             one with --solver and --precond"
        ),
    }
}

/// Whether A = Aᴴ: of real families, and of those that are definite, as they say; of others as the first
/// matrix shows.
fn hermitian<T: Scalar<Real = f64>>(
    request: &Request,
    family: &dyn SampleFamily<T>,
    description: &Description,
) -> Result<bool, DatasetError> {
    if description.definite || !T::IS_COMPLEX {
        return Ok(description.definite || description.symmetric);
    }
    let mut source = Source::new(request, description)?;
    let (mut inputs, mut system) = (description.new_inputs(), Assembled::default());
    source
        .assemble(family, 0, &mut inputs, &mut system)
        .map_err(chain::blamed(request.first))?;
    Ok(Evidence::gather(system.a.view()).hermitian)
}

/// Whether the first samples have one matrix.
fn same_matrix<T: Scalar<Real = f64>>(
    request: &Request,
    family: &dyn SampleFamily<T>,
    description: &Description,
) -> Result<bool, DatasetError> {
    if description.constant_matrix {
        return Ok(true);
    }
    let mut source = Source::new(request, description)?;
    let mut inputs = description.new_inputs();
    let mut system = Assembled::default();
    let mut first: Option<(Vec<u32>, Vec<T>)> = None;
    for sample in 0..(1 + PROBES).min(request.samples) {
        source
            .assemble(family, sample, &mut inputs, &mut system)
            .map_err(chain::blamed(request.first + sample))?;
        let (columns, values) = (system.a.col_idx(), system.a.values());
        match &first {
            None => first = Some((columns.to_vec(), values.to_vec())),
            Some((c, v)) if c == columns && v == values => {}
            Some(_) => return Ok(false),
        }
    }
    Ok(request.samples > 1)
}

/// What makes sense for a family: solvers and preconditioners, the surest first.
fn candidates<T: Scalar>(
    request: &Request,
    description: &Description,
    network: Option<&Network>,
) -> Vec<Names> {
    let hermitian = description.symmetric && !T::IS_COMPLEX;
    let all: &[[&str; 2]] = match (description.definite, hermitian) {
        (true, _) => &[
            ["direct:kind=llt", "none"],
            ["cg", "gmg"],
            ["cg", "ic0"],
            ["cg", "ic0:f32=true"],
            ["cg", "ssor"],
            ["rcg", "ic0"],
        ],
        (false, true) => &[
            ["direct:kind=ldlt", "none"],
            ["direct:kind=lu", "none"],
            ["minres", "jacobi"],
            ["gmres:restart=40", "ilu0"],
            ["gcrodr", "ilu0"],
        ],
        _ => &[
            ["direct:kind=lu", "none"],
            ["bicgstab", "ilu0"],
            ["gmres:restart=40", "ilu0"],
            ["gcrodr", "ilu0"],
        ],
    };
    let open = |asked: &str, name: &str| asked == "auto" || asked == name;
    let root = |name: &str| name.split(':').next().unwrap_or(name).to_owned();
    let mut names: Vec<Names> = all
        .iter()
        .filter(|[solver, precond]| {
            (open(&request.solver, solver) || root(&request.solver) == root(solver))
                && (open(&request.precond, precond) || root(&request.precond) == root(precond))
        })
        .map(|[solver, precond]| {
            let typed = |asked: &str, name: &str| match asked {
                "auto" => name.to_owned(),
                asked => asked.to_owned(),
            };
            [
                typed(&request.solver, solver),
                typed(&request.precond, precond),
            ]
        })
        .collect();
    names.dedup();
    if names.is_empty() {
        names = partners(request, description, network);
    }
    names
}

/// Something to go with what was asked for, where the list has nothing.
fn partners(request: &Request, description: &Description, network: Option<&Network>) -> Vec<Names> {
    let solver = |name: &str| [name.to_owned(), request.precond.clone()];
    let precond = |name: &str| [request.solver.clone(), name.to_owned()];
    match (request.solver.as_str(), network) {
        ("auto", Some(network)) if description.definite => match network.usual_method::<f64>() {
            Method::Cg(_) => vec![solver("cg"), solver("fcg")],
            _ => vec![solver("fcg"), solver("gcrodr")],
        },
        ("auto", Some(_)) => vec![solver("fgmres"), solver("gcrodr")],
        ("auto", None) if description.definite => vec![solver("cg"), solver("gmres")],
        ("auto", None) => vec![solver("gmres"), solver("bicgstab")],
        (name, _) if name.starts_with("direct") || name.starts_with("sor") => {
            vec![precond("none")]
        }
        (name, _) if name.starts_with("minres") => vec![precond("jacobi")],
        _ if description.definite => vec![precond("ic0"), precond("jacobi")],
        _ => vec![precond("ilu0"), precond("jacobi")],
    }
}
