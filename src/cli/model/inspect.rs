//! `resolvent model inspect`: what a model expects and promises.

use super::args::InspectArgs;
use super::{config, typed};
use crate::cli::Status;
use crate::cli::error::CliError;
use crate::cli::report;
use crate::cli::solve::outputs;
use resolvent::models::onnx::{Contract, Field, Input, Model, Port};
use serde::Serialize;
use std::fmt::Write;

/// `model inspect --json`.
#[derive(Debug, Serialize)]
struct InspectJson {
    model: String,
    producer: Option<String>,
    inputs: Vec<PortJson>,
    outputs: Vec<PortJson>,
    /// As in the file, or as typed.
    contract: Option<Contract>,
    /// Why it cannot be used as it is.
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct PortJson {
    name: String,
    element: String,
    sizes: Vec<Option<usize>>,
}

fn ports(all: &[Port]) -> Vec<PortJson> {
    let port = |port: &Port| PortJson {
        name: port.name.clone(),
        element: port.element.clone(),
        sizes: port.sizes.clone(),
    };
    all.iter().map(port).collect()
}

pub fn run(args: &InspectArgs) -> Result<Status, CliError> {
    let typed = typed(&args.model)?;
    let files = [("json", args.common.json_file())];
    outputs(&[("the model", &typed.path)], &files)?;
    let config = config(&typed, args.library.ort_lib.as_deref(), 1);
    let found = Model::inspect(&typed.path, &config)?;
    let loaded = Model::load(&typed.path, config);
    let (contract, problem) = match &loaded {
        Ok(model) => (Some(model.contract().clone()), None),
        Err(error) => (found.contract.clone().ok(), Some(error.to_string())),
    };
    let result = InspectJson {
        model: typed.path.display().to_string(),
        producer: found.producer,
        inputs: ports(&found.inputs),
        outputs: ports(&found.outputs),
        contract,
        problem,
    };
    if let Some(path) = &args.common.json {
        report::json(path, &result)?;
    }
    if !args.common.quiet && !args.common.json_on_stdout() {
        report::stdout(&text(&result, &found.inputs, &found.outputs))?;
    }
    Ok(Status::Done)
}

fn text(result: &InspectJson, inputs: &[Port], outputs: &[Port]) -> String {
    let mut text = match &result.producer {
        Some(producer) => format!("{}: written by {producer}\n", result.model),
        None => format!("{}\n", result.model),
    };
    // writing to a string cannot fail
    for (kind, ports) in [("input", inputs), ("output", outputs)] {
        for port in ports {
            let _ = writeln!(text, "{kind:<12} {port}");
        }
    }
    if let Some(c) = &result.contract {
        let input = |input: &Input| {
            let fields: Vec<_> = input.fields.iter().map(|f: &Field| f.name()).collect();
            format!("{}: {}", input.name, fields.join(", "))
        };
        let inputs: Vec<_> = c.inputs.iter().map(input).collect();
        let scaling = serde_json::to_value(c.scaling).ok();
        let scaling = scaling
            .as_ref()
            .and_then(|s| s.as_str())
            .unwrap_or("?")
            .to_owned();
        let all: Vec<_> = c.equivariance.iter().map(ToString::to_string).collect();
        let claims = [
            ("linear", c.linear),
            ("symmetric", c.symmetric),
            ("positive", c.positive),
        ];
        let mut claims: Vec<_> = claims
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| *name)
            .collect();
        claims.extend(all.iter().map(String::as_str));
        let rows = [
            (
                "layout",
                format!(
                    "{} ({} dimensions, x fastest)",
                    c.layout,
                    c.layout.dimensions()
                ),
            ),
            ("sizes", format!("multiples of {}", c.size_multiple)),
            ("fields", inputs.join("; ")),
            ("scaling", scaling),
            ("boundary", c.boundary.clone().unwrap_or_default()),
            ("stencil", c.stencil.clone().unwrap_or_default()),
            (
                "promises",
                if claims.is_empty() {
                    "nothing".into()
                } else {
                    claims.join(", ")
                },
            ),
            (
                "trained",
                c.trained
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            (
                "versions",
                c.versions
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
        ];
        for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
            // nothing of the file goes to the terminal as it is
            let plain: String = value
                .chars()
                .filter(|c| !c.is_control())
                .take(500)
                .collect();
            let _ = writeln!(text, "{name:<12} {plain}");
        }
    }
    if let Some(problem) = &result.problem {
        let _ = writeln!(text, "cannot be used as it is: {problem}");
    }
    text
}
