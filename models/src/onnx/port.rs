//! Inputs and outputs of a graph, held against what the contract says of them.

use super::contract::{Contract, Field, Input, Role};
use super::error::OnnxError;
use super::layout::{Axis, Layout};
use ort::value::{Outlet, TensorElementType, ValueType};
use std::fmt;
use std::path::Path;

/// An input or output of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Type of its elements, e.g. `float32`, or what it is if it is no tensor.
    pub element: String,
    /// Sizes; `None` where any will do.
    pub sizes: Vec<Option<usize>>,
}

impl Port {
    pub(super) fn of(outlet: &Outlet) -> Self {
        let name = outlet.name().to_owned();
        match outlet.dtype() {
            ValueType::Tensor { ty, shape, .. } => Self {
                name,
                element: match ty {
                    TensorElementType::Float32 => "float32".into(),
                    TensorElementType::Float64 => "float64".into(),
                    TensorElementType::Float16 => "float16".into(),
                    other => other.to_string(),
                },
                sizes: shape
                    .iter()
                    .map(|&size| usize::try_from(size).ok())
                    .collect(),
            },
            other => Self {
                name,
                element: other.to_string(),
                sizes: Vec::new(),
            },
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.sizes.iter().map(|size| match size {
            Some(size) => size.to_string(),
            None => "any".into(),
        });
        let sizes = sizes.collect::<Vec<_>>().join(" x ");
        write!(f, "{} ({}, {sizes})", self.name, self.element)
    }
}

pub(super) fn words(ports: &[Port]) -> String {
    match ports {
        [] => "none".into(),
        ports => ports
            .iter()
            .map(Port::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// The contract with its names filled in, and the ports it speaks of, if they are what it says.
pub(super) fn matched(
    path: &Path,
    mut contract: Contract,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
) -> Result<(Contract, Vec<Port>, Port), OnnxError> {
    let differ = |problem: String| OnnxError::Mismatch {
        path: path.into(),
        problem,
    };
    if contract.role == Role::Levels {
        let output = levels(&contract.layout, &inputs, &outputs).map_err(differ)?;
        contract.output = ROLE_LEVELS_OUTPUT.into();
        return Ok((contract, inputs, output));
    }
    if contract.inputs.is_empty() {
        let [only] = inputs.as_slice() else {
            let there = words(&inputs);
            return Err(differ(format!(
                "the contract names no inputs, and the graph has {}: {there}",
                inputs.len()
            )));
        };
        contract.inputs.push(Input {
            name: only.name.clone(),
            fields: vec![Field::Residual],
        });
    }
    if contract.output.is_empty() {
        let [only] = outputs.as_slice() else {
            let there = words(&outputs);
            return Err(differ(format!(
                "the contract names no output, and the graph has {}: {there}",
                outputs.len()
            )));
        };
        contract.output = only.name.clone();
    }
    let port = |kind: &str, name: &str, ports: &[Port]| {
        let found = ports.iter().find(|port| port.name == name).cloned();
        found.ok_or_else(|| {
            differ(format!(
                "the graph has no {kind} `{name}`; it has {}",
                words(ports)
            ))
        })
    };
    let mut ports = Vec::new();
    for input in &contract.inputs {
        let port = port("input", &input.name, &inputs)?;
        fits(&contract.layout, &port, input.fields.len()).map_err(differ)?;
        ports.push(port);
    }
    if let Some(more) = inputs.iter().find(|port| !ports.contains(port)) {
        return Err(differ(format!("nothing is said of the input {more}")));
    }
    let output = port("output", &contract.output, &outputs)?;
    fits(&contract.layout, &output, 1).map_err(differ)?;
    Ok((contract, ports, output))
}

/// The output of a model that predicts levels.
pub(crate) const ROLE_LEVELS_OUTPUT: &str = "fields";

/// What it takes instead of conductances, if it is its only input.
pub(crate) const ROLE_LEVELS_RATIOS: &str = "ratios";

/// Holds its graph against what all of them have: planes or boxes `east`, `north`, `up` (of boxes alone),
/// `link` go in, or their `ratios`; `fields` come out.
fn levels(layout: &Layout, inputs: &[Port], outputs: &[Port]) -> Result<Port, String> {
    let ratios = inputs.len() == 1 && inputs[0].name == ROLE_LEVELS_RATIOS;
    let (needed, listed): (&[&str], _) = match layout.dimensions() {
        _ if ratios => (&[ROLE_LEVELS_RATIOS], "`ratios`"),
        2 => (&["east", "link", "north"], "`east`, `north`, `link`"),
        _ => (
            &["east", "link", "north", "up"],
            "`east`, `north`, `up`, `link`",
        ),
    };
    let mut names: Vec<_> = inputs.iter().map(|port| port.name.as_str()).collect();
    names.sort_unstable();
    let output = outputs.iter().find(|port| port.name == ROLE_LEVELS_OUTPUT);
    let (true, Some(output)) = (names == needed, output) else {
        return Err(format!(
            "of role `levels` and layout {layout}, inputs are {listed} (or `ratios` alone) and the output is `fields`; the graph has {} and {}",
            words(inputs),
            words(outputs)
        ));
    };
    for port in inputs.iter().chain([output]) {
        let axes = layout.dimensions() + 2;
        if port.element != "float32" || port.sizes.len() != axes {
            return Err(format!("{port}: {axes} axes of float32 are needed"));
        }
    }
    let channels = 2 * layout.dimensions() + 1;
    if ratios && inputs[0].sizes[1].is_some_and(|size| size != channels) {
        return Err(format!(
            "{}: {channels} channels are needed, couplings and steps along each direction and what links hold",
            inputs[0]
        ));
    }
    Ok(output.clone())
}

/// Whether a port can have this layout with so many channels.
fn fits(layout: &Layout, port: &Port, channels: usize) -> Result<(), String> {
    if port.element != "float32" {
        return Err(format!(
            "`{}` is of {}, and float32 is needed: export the model in float32",
            port.name, port.element
        ));
    }
    let axes = layout.axes();
    if port.sizes.len() != axes.len() {
        return Err(format!(
            "layout {layout} has {} axes, and {port} has {}",
            axes.len(),
            port.sizes.len()
        ));
    }
    for (axis, size) in axes.iter().zip(&port.sizes) {
        let needed = match axis {
            Axis::One => 1,
            Axis::C => channels,
            Axis::D | Axis::H | Axis::W => continue,
        };
        if size.is_some_and(|size| size != needed) {
            let what = match axis {
                Axis::C => format!("{channels} channel{}", if channels == 1 { "" } else { "s" }),
                _ => "size 1 for N".into(),
            };
            return Err(format!(
                "layout {layout} means {what} here, and the graph has {port}"
            ));
        }
    }
    Ok(())
}
