//! `onnx:model.onnx,key=value` and `mgnet`: models as preconditioners, with what takes over from them.

use super::options::Options;
use super::{PRECONDS, RegistryError, precond};
use resolvent_models::onnx::{Contract, Device, Layout, Role, SHIPPED, Scaling};
use resolvent_solvers::Precond;
use std::path::PathBuf;

/// More threads than any machine has cores would only wait for each other.
const MOST_THREADS: usize = 1024;

/// A model that is named as a preconditioner.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// A preconditioner by itself (`onnx:…`), or levels of multigrid (`mgnet`).
    pub role: Role,
    /// File; [`SHIPPED`] for `mgnet` alone.
    pub path: PathBuf,
    /// What its input means, where that is typed.
    pub contract: Option<Contract>,
    /// What takes over from it; `None`: what suits the matrix.
    pub fallback: Option<Precond>,
    /// Whether it may be judged too slow.
    pub trials: bool,
    /// Threads of the network; `None`: all there are.
    pub threads: Option<usize>,
    /// Where it runs.
    pub device: Device,
}

impl Network {
    /// `onnx` or `mgnet`.
    pub fn name(&self) -> &'static str {
        match self.role {
            Role::Levels => "mgnet",
            _ => "onnx",
        }
    }
}

/// Reads `onnx:PATH,key=value` or `mgnet:PATH,key=value`, of which `mgnet` may go without the path; `None` if
/// it is another preconditioner. A path has no comma in it, and that of `mgnet` no equals sign.
///
/// # Errors
/// [`RegistryError`], which lists what there is.
///
/// ```
/// use resolvent::registry;
/// let network = registry::network("onnx:vcycle.onnx,fallback=jacobi")?;
/// assert_eq!(network.unwrap().path.to_str(), Some("vcycle.onnx"));
/// assert!(registry::network("ic0")?.is_none());
/// # Ok::<(), registry::RegistryError>(())
/// ```
pub fn network(spec: &str) -> Result<Option<Network>, RegistryError> {
    let (name, role, rest) = match (spec.strip_prefix("onnx"), spec.strip_prefix("mgnet")) {
        (Some(rest), _) => ("onnx", Role::Precond, rest),
        (_, Some(rest)) => ("mgnet", Role::Levels, rest),
        _ => return Ok(None),
    };
    let missing = || RegistryError::Model { spec: spec.into() };
    let (path, options) = match rest.strip_prefix(':') {
        // options alone
        Some(rest) if role == Role::Levels && first_is_option(rest) => (SHIPPED, rest),
        Some(rest) => rest.split_once(',').unwrap_or((rest, "")),
        None if rest.is_empty() && role == Role::Levels => (SHIPPED, ""),
        None if role == Role::Levels && rest.starts_with(',') => (SHIPPED, &rest[1..]),
        None if rest.is_empty() => return Err(missing()),
        None => return Ok(None),
    };
    if path.is_empty() {
        return Err(missing());
    }
    let o = Options::parse("preconditioner", PRECONDS, &format!("{name}:{options}"))?;
    let wrong = |key: &str, expected: String| RegistryError::Value {
        name: name.into(),
        key: key.into(),
        value: o.value(key).unwrap_or_default().into(),
        expected,
    };
    let layout = o.value("layout").map(Layout::parse).transpose();
    let layout = layout.map_err(|problem| wrong("layout", problem))?;
    let multiple = o.count("multiple", 1)?;
    let scaling = match o.word("scaling", &["unit_norm", "unit_rms"])? {
        Some(1) => Scaling::UnitRms,
        _ => Scaling::UnitNorm,
    };
    let of_layout = ["multiple", "scaling"]
        .into_iter()
        .find(|key| o.value(key).is_some());
    if let (None, Some(key)) = (&layout, of_layout) {
        let expected = "it together with layout=…, as in layout=NCHW,multiple=4".into();
        return Err(wrong(key, expected));
    }
    let contract = layout.map(|layout| Contract {
        size_multiple: multiple,
        scaling,
        ..Contract::bare(layout)
    });
    let fallback = match o.value("fallback") {
        None | Some("auto") => None,
        Some("onnx" | "mgnet") => {
            return Err(wrong("fallback", "a classical preconditioner".into()));
        }
        Some(name) => precond(name)?,
    };
    let device = match o.word("device", &["cpu", "cuda"])? {
        Some(1) => Device::Cuda(0),
        _ => Device::Cpu,
    };
    let threads = match o.value("threads") {
        Some(_) => Some(o.count("threads", 1)?),
        None => None,
    };
    if threads.is_some_and(|n| n > MOST_THREADS) {
        return Err(wrong(
            "threads",
            format!("a whole number from 1 to {MOST_THREADS}"),
        ));
    }
    Ok(Some(Network {
        role,
        path: path.into(),
        contract,
        fallback,
        trials: o.flag("trials", true)?,
        threads,
        device,
    }))
}

/// Whether what follows `mgnet:` begins with key=value, not with a path.
fn first_is_option(rest: &str) -> bool {
    rest.split(',')
        .next()
        .is_some_and(|first| first.contains('='))
}
