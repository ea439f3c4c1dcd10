//! What a model expects and promises: one JSON object in its metadata.

use super::layout::{Axis, Layout};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The key of the metadata entry.
pub const CONTRACT_KEY: &str = "resolvent.contract";

/// What a model expects and promises. The table of its keys is in `docs/methods/onnx.md`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Of this schema: 1.
    pub version: u32,
    /// What it is.
    #[serde(default)]
    pub role: Role,
    /// Axes of inputs and output.
    pub layout: Layout,
    /// Dimensions of the grid; follows from the layout, and is checked against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<usize>,
    /// Sizes along D, H and W have to be multiples of this; smaller grids are padded with zeros.
    #[serde(default = "one")]
    pub size_multiple: usize,
    /// The inputs of the graph; empty: its only one, with the residual.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// The output of the graph with z; empty: its only one.
    #[serde(default)]
    pub output: String,
    /// How the residual is scaled before the network sees it.
    #[serde(default)]
    pub scaling: Scaling,
    /// Boundary conditions that it was made for, in words: `dirichlet`, `neumann`, `given` (by fields).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    /// The operator that it was made for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stencil: Option<String>,
    /// z is linear in the residual.
    #[serde(default)]
    pub linear: bool,
    /// As a matrix, it is symmetric.
    #[serde(default)]
    pub symmetric: bool,
    /// rᵀz > 0 for every r that is not zero.
    #[serde(default)]
    pub positive: bool,
    /// What it commutes with, on the operator that it was made for.
    #[serde(default)]
    pub equivariance: Vec<Equivariance>,
    /// What it was trained on: free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained: Option<serde_json::Value>,
    /// Versions of what made it: free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<serde_json::Value>,
}

fn one() -> usize {
    1
}

/// What a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// A preconditioner: a residual goes in, a correction comes out.
    #[default]
    Precond,
    /// It predicts the levels of multigrid ([`mgnet`](crate::mgnet)) once a matrix.
    Levels,
}

/// An input of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name in the graph.
    pub name: String,
    /// What its channels hold, in order.
    pub fields: Vec<Field>,
}

/// What a channel holds, for every cell of the grid; 0 in the padding.
///
/// All but the residual are made from the entries of A once a matrix, with s the mean of its diagonal
/// over the cells that are not masked. A row with no entry beside its diagonal is a masked cell: its
/// equation is solved outside of the network, which sees residual 0, mask 0 and coefficients 0 there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// The residual, scaled.
    Residual,
    /// 1 in cells that count, 0 in masked ones and in the padding.
    Mask,
    /// aᵢᵢ/s.
    Diagonal,
    /// −aᵢⱼ/s with j the neighbour at x − 1.
    West,
    /// The same at x + 1.
    East,
    /// At y − 1.
    South,
    /// At y + 1.
    North,
    /// At z − 1.
    Below,
    /// At z + 1.
    Above,
    /// Σⱼ aᵢⱼ/s: the link to a value that is given at the boundary.
    Excess,
}

impl Field {
    /// As in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Residual => "residual",
            Self::Mask => "mask",
            Self::Diagonal => "diagonal",
            Self::West => "west",
            Self::East => "east",
            Self::South => "south",
            Self::North => "north",
            Self::Below => "below",
            Self::Above => "above",
            Self::Excess => "excess",
        }
    }
}

/// How the residual is scaled; the answer is scaled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scaling {
    /// ‖r‖₂ = 1.
    #[default]
    UnitNorm,
    /// ‖r‖₂ = √n: entries of size 1.
    UnitRms,
}

/// What a model commutes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Equivariance {
    /// M⁻¹(αr) = αM⁻¹r for α > 0. The scaling of the residual sees to that.
    Scale,
    /// M⁻¹(−r) = −M⁻¹r.
    Sign,
    /// Reflections of the grid along each axis.
    Reflection,
}

impl fmt::Display for Equivariance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scale => "scale",
            Self::Sign => "sign",
            Self::Reflection => "reflection",
        })
    }
}

impl Contract {
    /// Of a model that says nothing of itself: one input with the residual, nothing promised.
    pub fn bare(layout: Layout) -> Self {
        Self {
            version: 1,
            role: Role::Precond,
            layout,
            dimensions: None,
            size_multiple: 1,
            inputs: Vec::new(),
            output: String::new(),
            scaling: Scaling::default(),
            boundary: None,
            stencil: None,
            linear: false,
            symmetric: false,
            positive: false,
            equivariance: Vec::new(),
            trained: None,
            versions: None,
        }
    }

    /// Reads the metadata entry.
    ///
    /// # Errors
    /// A sentence on what is wrong and what is allowed.
    pub fn parse(json: &str) -> Result<Self, String> {
        let contract: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        contract.check()?;
        Ok(contract)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let dimensions = self.layout.dimensions();
        if self.version != 1 {
            return Err(format!(
                "it is of version {}, this program knows version 1: export the model for that, or use a newer resolvent",
                self.version
            ));
        }
        if self.dimensions.is_some_and(|d| d != dimensions) {
            let said = self.dimensions.unwrap_or(0);
            return Err(format!(
                "dimensions is {said}, and layout {} has {dimensions}",
                self.layout
            ));
        }
        if self.role == Role::Levels && (dimensions < 2 || !self.inputs.is_empty()) {
            return Err(
                "of role `levels`, the layout has two or three dimensions and inputs are not listed"
                    .into(),
            );
        }
        if self.size_multiple == 0 || self.size_multiple > 1 << 20 {
            return Err(format!(
                "size_multiple is {}, from 1 to {} is allowed",
                self.size_multiple,
                1 << 20
            ));
        }
        let fields: Vec<_> = self.inputs.iter().flat_map(|input| &input.fields).collect();
        let residuals = fields.iter().filter(|f| ***f == Field::Residual).count();
        if !self.inputs.is_empty() && residuals != 1 {
            return Err(format!(
                "{residuals} fields are `residual`, there must be one"
            ));
        }
        for input in &self.inputs {
            if input.fields.is_empty() {
                return Err(format!("input `{}` has no fields", input.name));
            }
            if input.fields.len() > 1 && !self.layout.axes().contains(&Axis::C) {
                let (name, count) = (&input.name, input.fields.len());
                let layout = &self.layout;
                return Err(format!(
                    "input `{name}` has {count} fields, and layout {layout} has no channels (C) for them"
                ));
            }
        }
        for (field, least) in [
            (Field::South, 2),
            (Field::North, 2),
            (Field::Below, 3),
            (Field::Above, 3),
        ] {
            if dimensions < least && fields.contains(&&field) {
                let name = field.name();
                return Err(format!(
                    "field `{name}` makes no sense in {dimensions} dimensions"
                ));
            }
        }
        Ok(())
    }

    /// Linear, symmetric and positive definite, as it says itself.
    pub fn claims_positive_definite(&self) -> bool {
        self.linear && self.symmetric && self.positive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(json: &str) -> String {
        Contract::parse(json).unwrap_err()
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let least = r#"{"version":1,"layout":"NCHW"}"#;
        let contract = Contract::parse(least).unwrap();
        assert_eq!(contract, Contract::bare(Layout::parse("NCHW").unwrap()));
        let again = serde_json::to_string(&contract).unwrap();
        assert_eq!(Contract::parse(&again).unwrap(), contract);
        for (json, part) in [
            ("", "EOF"),
            ("{}", "missing field `version`"),
            (r#"{"version":2,"layout":"NCHW"}"#, "knows version 1"),
            (r#"{"version":1,"layout":"NHWC"}"#, "expected axes"),
            (
                r#"{"version":1,"layout":"HW","dimensions":3}"#,
                "dimensions is 3",
            ),
            (
                r#"{"version":1,"layout":"HW","size_multiple":0}"#,
                "from 1 to",
            ),
            (
                r#"{"version":1,"layout":"HW","size_multiple":-1}"#,
                "invalid value",
            ),
            (
                r#"{"version":1,"layout":"HW","scalling":"unit_norm"}"#,
                "unknown field `scalling`",
            ),
            (
                r#"{"version":1,"layout":"HW","scaling":"none"}"#,
                "unknown variant `none`",
            ),
            (
                r#"{"version":1,"layout":"HW","inputs":[{"name":"r","fields":["mask"]}]}"#,
                "0 fields are `residual`",
            ),
            (
                r#"{"version":1,"layout":"HW","inputs":[{"name":"r","fields":["residual","mask"]}]}"#,
                "no channels (C)",
            ),
            (
                r#"{"version":1,"layout":"NCHW","inputs":[{"name":"r","fields":["residual","above"]}]}"#,
                "no sense in 2 dimensions",
            ),
            (
                r#"{"version":1,"layout":"NCHW","inputs":[{"name":"r","fields":["pressure"]}]}"#,
                "unknown variant `pressure`",
            ),
        ] {
            let text = problem(json);
            assert!(text.contains(part), "{json}: {text}");
        }
    }
}
