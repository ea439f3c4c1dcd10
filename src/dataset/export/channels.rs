//! Inputs and outputs as neuraloperator takes them: a number a point as (N, NY, NX), anything else as
//! channels, (N, C, NY, NX), the fields in the order of the family, of each its steps, of each step its
//! components.

use super::{DatasetError, Dtype, Set, Which, fields, timed};
use crate::dataset::folder::Folder;
use resolvent_matrices::families::{FieldSpec, Site};

/// The inputs of a family, or its outputs.
pub struct Side {
    which: Vec<Which>,
    /// Of each field: its steps and, at each point, its components.
    parts: Vec<(usize, usize)>,
    /// Points along each dimension, that of x last.
    points: Vec<usize>,
    /// Whether there is an index of channels.
    explicit: bool,
}

/// Refuses a family with fields that are no images of one size.
pub fn fits(folder: &Folder) -> Result<(), DatasetError> {
    sides(folder).map(|_| ())
}

/// Inputs and outputs.
pub fn sides(folder: &Folder) -> Result<[Side; 2], DatasetError> {
    let (inputs, outputs): (Vec<_>, Vec<_>) =
        fields(folder).partition(|(which, _)| matches!(which, Which::Input(_)));
    let d = folder.stored.grid.len();
    let side = |all: Vec<(Which, &FieldSpec)>| {
        let mut side = Side {
            which: Vec::new(),
            parts: Vec::new(),
            points: Vec::new(),
            explicit: false,
        };
        for (which, field) in all {
            let first = usize::from(timed(folder, which, field));
            let on_grid = matches!(field.site, Site::Cells | Site::Nodes);
            let points = field.shape.get(first..first + d).filter(|_| on_grid);
            let same = |points: &&[usize]| side.points.is_empty() || side.points == *points;
            let Some(points) = points.filter(same) else {
                return Err(DatasetError::Request(format!(
                    "{}: {} has another shape than a field beside it or none on the grid, where this layout has \
                     no place for it; read the arrays of the folder instead",
                    folder.stored.name, field.name
                )));
            };
            side.points = points.to_vec();
            let steps = field.shape[..first].iter().product();
            let components = field.shape[first + d..].iter().product();
            side.which.push(which);
            side.parts.push((steps, components));
        }
        Ok(side)
    };
    let mut sides = [side(inputs)?, side(outputs)?];
    let explicit = sides.iter().any(|side| side.channels() != 1);
    sides.iter_mut().for_each(|side| side.explicit = explicit);
    Ok(sides)
}

impl Side {
    fn channels(&self) -> usize {
        self.parts
            .iter()
            .map(|(steps, components)| steps * components)
            .sum()
    }

    /// Of `samples` samples.
    pub fn shape(&self, samples: u64) -> Vec<u64> {
        let mut shape = vec![samples];
        shape.extend(self.explicit.then(|| self.channels() as u64));
        shape.extend(self.points.iter().map(|n| *n as u64));
        shape
    }

    /// All samples of a set, in single precision.
    pub fn write(
        &self,
        set: &Set<'_>,
        mut take: impl FnMut(&[u8]) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let points = self.points.iter().product::<usize>();
        let (mut values, mut bytes) = (Vec::new(), Vec::new());
        set.rows_of(&self.which, |rows| {
            values.clear();
            bytes.clear();
            for (row, (_, components)) in rows.iter().zip(&self.parts) {
                for step in row.chunks_exact(points * components) {
                    for component in 0..*components {
                        values.extend(step.iter().skip(component).step_by(*components));
                    }
                }
            }
            Dtype::F32.encode(&values, &mut bytes);
            take(&bytes)
        })
    }
}
