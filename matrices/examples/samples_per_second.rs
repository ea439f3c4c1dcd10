//! How long fields, draws and systems of the families take on one thread: the table of
//! docs/methods/families.md.
//!
//! ```sh
//! cargo run --release -p resolvent-matrices --example samples_per_second
//! ```

use resolvent_matrices::families::*;
use resolvent_matrices::fields::{Neumann, Periodic, Place, Scratch, Stream};
use resolvent_matrices::{Grid, MatrixError, Scalar};
use std::time::Instant;

/// The median of the milliseconds that each of `count` calls takes.
fn milliseconds(count: u64, mut call: impl FnMut(u64)) -> f64 {
    let mut times: Vec<f64> = (0..count)
        .map(|index| {
            let start = Instant::now();
            call(index);
            1e3 * start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn row<T: Scalar>(
    what: &str,
    family: Result<impl SampleFamily<T>, MatrixError>,
) -> Result<(), MatrixError> {
    let family = family?;
    let described = family.describe();
    let mut inputs = described.new_inputs();
    let (mut scratch, mut system) = (Scratch::default(), Assembled::default());
    let draw = milliseconds(60, |index| {
        let drawn = family.draw(1, index, &mut scratch, &mut inputs);
        assert!(drawn.is_ok());
    });
    let assemble = milliseconds(60, |_| {
        let made = family.assemble(&inputs, Step::default(), &mut system);
        assert!(made.is_ok());
    });
    let (rows, nnz) = (system.a.nrows(), system.a.nnz());
    println!("| {what} | {rows} | {nnz} | {draw:.3} | {assemble:.3} |");
    Ok(())
}

fn main() -> Result<(), MatrixError> {
    println!("| field | ms |\n|---|---|");
    let mut scratch = Scratch::default();
    let stream = Stream::new(1, 0);
    for grid in [
        Grid::new(128, 128, 1),
        Grid::new(512, 512, 1),
        Grid::new(64, 64, 64),
    ] {
        let mut field = vec![0.0; grid.nx * grid.ny * grid.nz];
        let size = format!("{}x{}x{}", grid.nx, grid.ny, grid.nz);
        let plan = Neumann::new(grid, Place::Cells, 2.0, 3.0);
        let ms = milliseconds(40, |i| plan.draw(&stream, i, &mut scratch, &mut field));
        println!("| insulated, {size} | {ms:.3} |");
        let chain = stream.correlated(0.99);
        let ms = milliseconds(40, |i| plan.draw(&chain, i, &mut scratch, &mut field));
        println!("| insulated, {size}, rho = 0.99 | {ms:.3} |");
        let plan = Periodic::new(grid, 2.5, 7.0);
        let ms = milliseconds(40, |i| plan.draw(&stream, i, &mut scratch, &mut field));
        println!("| periodic, {size} | {ms:.3} |");
    }
    println!("\n| family | rows | nnz | draw ms | assemble ms |\n|---|---|---|---|---|");
    let (plane, space) = (Grid::new(128, 128, 1), Grid::new(32, 32, 32));
    let nodes = Darcy {
        place: Place::Nodes,
        mean: Mean::Arithmetic,
        ..Default::default()
    };
    let waves = |order| Helmholtz {
        order,
        ..Default::default()
    };
    row("darcy", Darcy::default().on(plane))?;
    row("darcy, nodes, arithmetic", nodes.on(plane))?;
    row("darcy, 32³", Darcy::default().on(space))?;
    row("darcy-lognormal", DarcyLognormal::default().on(plane))?;
    row(
        "skr-released, 98²",
        SkrReleased::default().on(Grid::new(98, 98, 1)),
    )?;
    row("poisson", Poisson::default().on(plane))?;
    row("reaction-diffusion", ReactionDiffusion::default().on(plane))?;
    row("heat, first step", Heat::default().on(plane))?;
    row("elasticity", Elasticity::default().on(plane))?;
    row(
        "advection-diffusion",
        AdvectionDiffusion::default().on(plane),
    )?;
    row("helmholtz, order 2", waves(2).on(plane))?;
    row("helmholtz, order 4", waves(4).on(plane))
}
