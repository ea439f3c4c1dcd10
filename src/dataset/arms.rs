//! The ways that `auto` measures, and what it found.

use super::chain::{Chain, setup_failed};
use super::choice::{self, Choice, Names};
use super::request::Request;
use super::source::Source;
use super::{DatasetError, basis, chain};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{AnyFamily, Assembled, Description, SampleFamily, Step};
use resolvent_solvers::{Direct, Kind, Stopping};
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

/// Samples that each arm is measured on after the first.
const PROBES: u64 = 3;
/// An arm that takes so many times the time of the best is not looked at any further.
const HOPELESS: f64 = 2.0;
/// Iterations allowed before the safe way takes over, in those of the probes.
const PATIENCE: f64 = 10.0;
/// Bytes that the factors of a thread may take.
const FACTOR_BYTES: usize = 2 << 30;
/// Operations that a factorisation may take: a minute or so.
const FACTOR_FLOPS: f64 = 2e11;

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
    match family {
        AnyFamily::Real(family) => of(request, family.as_ref(), stop),
        AnyFamily::Complex(family) => of(request, family.as_ref(), stop),
    }
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
    if !description.symmetric && !T::IS_COMPLEX && ["cg", "fcg", "rcg", "minres"].contains(&root) {
        return Err(DatasetError::Request(format!(
            "--solver {root} is for symmetric matrices, and those of {} are not: take gmres, gcrodr, bicgstab or direct",
            description.name
        )));
    }
    if request.solver != "auto" && request.precond != "auto" {
        choice::way(&request.solver, &request.precond)?;
        let asked = Choice::asked(&request.solver, &request.precond, most);
        return Ok((
            Choice {
                constant_matrix: constant,
                ..asked
            },
            Vec::new(),
        ));
    }
    let mut probe = Probe {
        request,
        family,
        most,
        constant,
        best: f64::INFINITY,
        stop,
    };
    let mut arms: Vec<Arm> = Vec::new();
    for [solver, precond] in candidates::<T>(request, &description) {
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
        let tried: Vec<_> = arms
            .iter()
            .map(|arm| format!("{} {}", arm.solver, arm.precond))
            .collect();
        return Err(DatasetError::Request(format!(
            "no solver converges on the first samples of {} (tried: {}); loosen --rtol, or name one with \
             --solver and --precond",
            description.name,
            tried.join(", ")
        )));
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
    };
    Ok((choice, arms))
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
        let assembled = source
            .inputs(family, sample, &mut inputs)
            .and_then(|()| Ok(family.assemble(&inputs, Step::default(), &mut system)?));
        assembled.map_err(chain::blamed(request.first + sample))?;
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
fn candidates<T: Scalar>(request: &Request, description: &Description) -> Vec<Names> {
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
        names = partners(request, description);
    }
    names
}

/// Something to go with what was asked for, where the list has nothing.
fn partners(request: &Request, description: &Description) -> Vec<Names> {
    let solver = |name: &str| [name.to_owned(), request.precond.clone()];
    let precond = |name: &str| [request.solver.clone(), name.to_owned()];
    match request.solver.as_str() {
        "auto" if description.definite => vec![solver("cg"), solver("gmres")],
        "auto" => vec![solver("gmres"), solver("bicgstab")],
        name if name.starts_with("direct") || name.starts_with("sor") => vec![precond("none")],
        name if name.starts_with("minres") => vec![precond("jacobi")],
        _ if description.definite => vec![precond("ic0"), precond("jacobi")],
        _ => vec![precond("ilu0"), precond("jacobi")],
    }
}

/// Measures arms on the first samples.
struct Probe<'a, T: Scalar<Real = f64>> {
    request: &'a Request,
    family: &'a dyn SampleFamily<T>,
    most: usize,
    constant: bool,
    best: f64,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl<T: Scalar<Real = f64>> Probe<'_, T> {
    fn stop(&self) -> bool {
        (self.stop)()
    }

    /// A way on the first samples; seconds are those of setup and iterations, without what every way
    /// shares.
    fn measure(&mut self, solver: &str, precond: &str, probes: u64) -> Result<Arm, DatasetError> {
        let mut arm = Arm {
            solver: solver.into(),
            precond: precond.into(),
            samples: 0,
            seconds: None,
            iterations: 0.0,
            remark: None,
        };
        let plan = chain::Plan {
            way: choice::way(solver, precond)?,
            safe: None,
            budget: self.most,
            constant: self.constant,
            stopping: Stopping {
                rtol: self.request.rtol,
                max_iters: self.most,
                ..Stopping::default()
            },
        };
        let description = self.family.describe();
        let source = Source::new(self.request, &description)?;
        let mut chain = Chain::new(self.family, &description, source, plan);
        let mut first = 0.0;
        for sample in 0..(1 + probes).min(self.request.samples) {
            chain.seconds = super::Seconds::default();
            let made = match chain.sample(sample, &mut ()) {
                Err(error) if setup_failed(&error) => {
                    arm.remark = Some(error.to_string());
                    return Ok(arm);
                }
                made => made?,
            };
            if let Some(reason) = made.failed {
                arm.remark = Some(reason.into());
                return Ok(arm);
            }
            let took = chain.seconds.setup + chain.seconds.solve;
            if sample > 0 || self.request.samples == 1 {
                arm.samples += 1;
                // the smallest: whatever else the machine does only adds to it
                arm.iterations += (made.iterations as f64 - arm.iterations) / arm.samples as f64;
                arm.seconds = Some(arm.seconds.map_or(took, |least| least.min(took)));
            } else {
                arm.iterations = 0.0;
                first = made.iterations as f64;
            }
            // the first solve sets everything up, which may take as long as a solve
            let allowed = HOPELESS * if sample == 0 { 2.0 } else { 1.0 };
            if arm.seconds.unwrap_or(took) > allowed * self.best && sample != 1 {
                arm.seconds = Some(arm.seconds.unwrap_or(took));
                arm.iterations = arm.iterations.max(first);
                arm.remark = Some("given up: others are faster".into());
                return Ok(arm);
            }
        }
        arm.iterations = match arm.samples {
            0 => first,
            _ => arm.iterations,
        };
        self.best = self.best.min(arm.seconds.unwrap_or(f64::INFINITY));
        Ok(arm)
    }

    /// A factorisation, unless its size or time is out of bounds.
    fn direct(&mut self, solver: &str) -> Result<Arm, DatasetError> {
        let kind = match solver {
            "direct:kind=llt" => Kind::Llt,
            "direct:kind=ldlt" => Kind::Ldlt,
            _ => Kind::Lu,
        };
        let description = self.family.describe();
        let mut source = Source::new(self.request, &description)?;
        let mut inputs = description.new_inputs();
        source.inputs(self.family, 0, &mut inputs)?;
        let mut system = Default::default();
        self.family
            .assemble(&inputs, Default::default(), &mut system)?;
        let prediction = Direct::<T>::predict(system.a.view(), kind)?;
        if prediction.bytes <= FACTOR_BYTES && prediction.flops <= FACTOR_FLOPS {
            return self.measure(solver, "none", PROBES);
        }
        Ok(Arm {
            solver: solver.into(),
            precond: "none".into(),
            samples: 0,
            seconds: None,
            iterations: 0.0,
            remark: Some(format!(
                "not tried: its factors would take {} MB and {:.0e} operations",
                prediction.bytes >> 20,
                prediction.flops
            )),
        })
    }

    /// SSOR with the ω that takes the fewest iterations on the first sample: golden section on ω.
    fn relaxed(&mut self, solver: &str) -> Result<Arm, DatasetError> {
        let name = |omega: f64| format!("ssor:omega={omega:.3}");
        let (mut low, mut high) = (1.0, 1.98);
        let golden = 0.5 * (5.0f64.sqrt() - 1.0);
        let count = |omega: f64, this: &mut Self| -> Result<f64, DatasetError> {
            let arm = this.measure_once(solver, &name(omega))?;
            Ok(arm.unwrap_or(f64::INFINITY))
        };
        let mut inner = [high - golden * (high - low), low + golden * (high - low)];
        let mut counts = [count(inner[0], self)?, count(inner[1], self)?];
        for _ in 0..5 {
            if counts[0] < counts[1] {
                high = inner[1];
                inner = [high - golden * (high - low), inner[0]];
                counts = [count(inner[0], self)?, counts[0]];
            } else {
                low = inner[0];
                inner = [inner[1], low + golden * (high - low)];
                counts = [counts[1], count(inner[1], self)?];
            }
        }
        let omega = if counts[0] < counts[1] {
            inner[0]
        } else {
            inner[1]
        };
        self.measure(solver, &name(omega), PROBES)
    }

    /// Iterations on the first sample; `None` if it did not converge.
    fn measure_once(&mut self, solver: &str, precond: &str) -> Result<Option<f64>, DatasetError> {
        let best = std::mem::replace(&mut self.best, f64::INFINITY);
        let arm = self.measure(solver, precond, 0);
        self.best = best;
        let arm = arm?;
        Ok(arm.remark.is_none().then_some(arm.iterations))
    }
}
