//! Where the axes of the grid lie in the shape of a field.
//!
//! A field is steps (where there are several), points along z, y and x, and components (likewise). Sizes do not tell which is which, as there
//! may be as many steps or components as points: what tells is that time comes first, and that outputs
//! alone have it.

use resolvent_matrices::families::{Description, FieldSpec};

/// Whether the first index of an output of a family is time.
pub fn timed(description: &Description, output: &FieldSpec) -> bool {
    let first = output.shape.split_first();
    first.is_some_and(|(steps, rest)| {
        *steps == description.steps && rest.starts_with(&description.grid)
    })
}

/// Where the axes of the grid begin in the shape of a field; `None` where its values sit on other points
/// than the grid has, or on none.
pub fn of_grid(description: &Description, field: &FieldSpec, output: bool) -> Option<usize> {
    let at = usize::from(output && timed(description, field));
    field.shape[at..]
        .starts_with(&description.grid)
        .then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;

    fn described(spec: &str, grid: &str) -> Description {
        let grid = registry::sample_grid(grid).unwrap();
        registry::sample_family(spec, grid).unwrap().describe()
    }

    #[test]
    fn as_many_steps_or_components_as_points_change_nothing() {
        for (spec, grid, inputs, outputs) in [
            ("heat:steps=6", "6", vec![Some(0); 2], vec![Some(1)]),
            ("heat:steps=5", "6", vec![Some(0); 2], vec![Some(1)]),
            ("heat:steps=1", "6", vec![Some(0); 2], vec![Some(1)]),
            ("heat:steps=4", "4x4x4", vec![Some(0); 2], vec![Some(1)]),
            ("custom:v=true", "3x3x3", vec![Some(0)], vec![Some(0)]),
            ("helmholtz:k=3", "9", vec![Some(0), None], vec![Some(0)]),
            ("elasticity", "8", vec![Some(0)], vec![None]),
        ] {
            let of = described(spec, grid);
            let places = |fields: &[FieldSpec], output| -> Vec<_> {
                fields.iter().map(|f| of_grid(&of, f, output)).collect()
            };
            assert_eq!(places(&of.inputs, false), inputs, "{spec}");
            assert_eq!(places(&of.outputs, true), outputs, "{spec}");
        }
    }
}
