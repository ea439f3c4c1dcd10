//! Where the cells of a grid stand in tensors that are larger than it.

use super::layout::Axis;
use super::model::Model;
use super::port::Port;
use resolvent_matrices::Grid;

/// Sizes that the model takes, not smaller than the grid.
pub(super) fn padded(model: &Model, grid: Grid) -> Result<[usize; 3], String> {
    let contract = model.contract();
    let multiple = contract.size_multiple;
    let mut padded = grid.dims();
    for (d, size) in padded.iter_mut().enumerate().take(grid.dimension()) {
        let needed = *size;
        let larger = needed.checked_next_multiple_of(multiple);
        *size = larger.ok_or("the grid is too large")?;
        for port in model.inputs().iter().chain([model.output()]) {
            let Some(fixed) = fixed(model, port, d) else {
                continue;
            };
            if fixed < needed {
                return Err(format!(
                    "it is for {fixed} cells along {}, and the grid has {needed}; export it with dynamic axes for grids of any size",
                    ["x", "y", "z"][d]
                ));
            }
            *size = fixed;
        }
    }
    let channels = model
        .contract()
        .inputs
        .iter()
        .map(|input| input.fields.len());
    let most = channels.max().unwrap_or(1).max(1);
    let numbers = padded
        .iter()
        .try_fold(most, |product, size| product.checked_mul(*size));
    let cells = grid.unknowns().and_then(|cells| cells.checked_mul(most));
    let allowed = cells
        .map_or(0, |cells| cells.saturating_mul(PADDING))
        .max(SMALL);
    match numbers {
        Some(numbers) if numbers <= allowed => Ok(padded),
        _ => Err(format!(
            "it wants {}x{}x{} cells where the grid has {}x{}x{}: more than {PADDING} times as many",
            padded[0], padded[1], padded[2], grid.nx, grid.ny, grid.nz
        )),
    }
}

/// A tensor may be so many times as large as the grid, …
const PADDING: usize = 64;
/// … or have so many numbers.
const SMALL: usize = 1 << 22;

/// The size that a port has along one dimension of the grid, if it is fixed.
fn fixed(model: &Model, port: &Port, d: usize) -> Option<usize> {
    let axis = [Axis::W, Axis::H, Axis::D][d];
    let at = model
        .contract()
        .layout
        .axes()
        .iter()
        .position(|a| *a == axis)?;
    *port.sizes.get(at)?
}

pub(super) fn shape(model: &Model, padded: [usize; 3], channels: usize) -> Vec<i64> {
    let sizes = model
        .contract()
        .layout
        .axes()
        .iter()
        .map(|axis| match axis {
            Axis::One => 1,
            Axis::C => channels,
            Axis::W => padded[0],
            Axis::H => padded[1],
            Axis::D => padded[2],
        });
    sizes.map(|size| size as i64).collect()
}

/// Where a line of the grid begins in a tensor.
pub(super) fn line_start(grid: Grid, padded: [usize; 3], line: usize) -> usize {
    padded[0] * (line % grid.ny + padded[1] * (line / grid.ny))
}

/// Where an unknown stands in a tensor.
pub(super) fn place(grid: Grid, padded: [usize; 3], row: usize) -> usize {
    line_start(grid, padded, row / grid.nx) + row % grid.nx
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_padded_grid() {
        let (grid, padded) = (Grid::new(3, 2, 2), [4, 4, 4]);
        let at: Vec<_> = (0..12).map(|row| place(grid, padded, row)).collect();
        assert_eq!(at, [0, 1, 2, 4, 5, 6, 16, 17, 18, 20, 21, 22]);
    }
}
