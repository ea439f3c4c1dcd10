//! A contact sheet: the first samples, coefficients above solutions.

use crate::cli::error::CliError;
use crate::cli::plot::png;
use crate::cli::plot::svg::{Anchor, Font, Page};
use resolvent::dataset::npy::Rows;
use resolvent::dataset::{DatasetError, Folder, axes};
use resolvent::matrices::families::FieldSpec;
use std::path::Path;

const SIDE: f64 = 132.0;
const GAP: f64 = 10.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 44.0;
const SAMPLES: u64 = 8;

const TITLE: Font = Font {
    size: 14.0,
    color: "#222222",
    bold: true,
};
const SMALL: Font = Font {
    size: 10.0,
    color: "#555555",
    bold: false,
};

/// A field that can be drawn: numbers along y and x.
struct Picture {
    rows: Rows,
    name: &'static str,
    /// Where a plane of it begins, and from one of its numbers to the next.
    offset: usize,
    stride: usize,
    size: [usize; 2],
}

/// Draws the first samples of the first shard.
pub fn draw(folder: &Folder, path: &Path) -> Result<(), CliError> {
    let mut pictures = Vec::new();
    let inputs = folder.inputs(0).into_iter().zip(&folder.stored.inputs);
    let outputs = folder.outputs(0).into_iter().zip(&folder.stored.outputs);
    let inputs = inputs.map(|(file, field)| (file, field, false));
    let outputs = outputs.map(|(file, field)| (file, field, true));
    for (file, field, output) in inputs.chain(outputs) {
        if let Some(picture) = picture(folder, &file, field, output)? {
            pictures.push(picture);
        }
    }
    if pictures.is_empty() {
        return Err(DatasetError::Request(
            "--preview: no field of this family has values on a grid".into(),
        )
        .into());
    }
    let samples = SAMPLES.min(pictures.iter().map(|p| p.rows.len()).min().unwrap_or(0));
    let width = LEFT + samples as f64 * (SIDE + GAP) + GAP;
    let height = TOP + pictures.len() as f64 * (SIDE + 28.0) + GAP;
    let mut page = Page::new(width.max(360.0), height);
    let title = format!(
        "{} · {} · seed {}",
        folder.stored.name, folder.plan.request.grid, folder.plan.request.seed
    );
    page.text([LEFT, 24.0], Anchor::Start, TITLE, &title);
    for (line, picture) in pictures.iter_mut().enumerate() {
        let y = TOP + line as f64 * (SIDE + 28.0);
        page.text(
            [LEFT - 10.0, y + SIDE / 2.0],
            Anchor::End,
            TITLE,
            picture.name,
        );
        for sample in 0..samples {
            let x = LEFT + sample as f64 * (SIDE + GAP);
            tile(&mut page, picture, sample, [x, y])?;
        }
    }
    page.save(path)
}

/// The field as a picture, if it has values on a grid; of volumes the middle layer, of trajectories the
/// last time, of several components the first.
fn picture(
    folder: &Folder,
    file: &Path,
    field: &FieldSpec,
    output: bool,
) -> Result<Option<Picture>, DatasetError> {
    let grid = &folder.stored.grid;
    let d = grid.len();
    let at = axes::of_grid(&folder.stored, field, output);
    let (Some(at), true) = (at, (2..=3).contains(&d)) else {
        return Ok(None);
    };
    let whole = |dims: &[usize]| dims.iter().product::<usize>();
    let (lead, tail) = (whole(&field.shape[..at]), whole(&field.shape[at + d..]));
    let plane = grid[d - 2] * grid[d - 1];
    let layer = whole(&grid[..d - 2]) / 2;
    Ok(Some(Picture {
        rows: Rows::open(file)?,
        name: field.name,
        offset: ((lead - 1) * whole(grid) + layer * plane) * tail,
        stride: tail,
        size: [grid[d - 1], grid[d - 2]],
    }))
}

fn tile(page: &mut Page, picture: &mut Picture, sample: u64, at: [f64; 2]) -> Result<(), CliError> {
    let mut row = vec![0.0; picture.rows.row_len()];
    picture.rows.read(sample, &mut row)?;
    let [nx, ny] = picture.size;
    let values: Vec<f64> = (0..nx * ny)
        .map(|i| row[picture.offset + i * picture.stride])
        .collect();
    let (low, high) = values
        .iter()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(*v), high.max(*v))
        });
    let mut pixels = Vec::with_capacity(3 * nx * ny);
    for j in (0..ny).rev() {
        // y points up
        for i in 0..nx {
            pixels.extend(colour(
                (values[j * nx + i] - low) / (high - low).max(1e-300),
            ));
        }
    }
    let scale = SIDE / nx.max(ny) as f64;
    let size = [nx as f64 * scale, ny as f64 * scale];
    page.image(at, size, &png::data_uri(nx, ny, &pixels));
    page.frame(at, size, "#888888");
    let range = match low <= high {
        true => format!("{} to {}", short(low), short(high)),
        false => "not converged".into(),
    };
    page.text([at[0], at[1] + SIDE + 13.0], Anchor::Start, SMALL, &range);
    Ok(())
}

fn short(v: f64) -> String {
    match v.abs() {
        a if a == 0.0 || (1e-2..1e4).contains(&a) => format!("{:.3}", v)
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        _ => format!("{v:.2e}"),
    }
}

/// Dark blue to yellow over green (after viridis, whose lightness grows evenly); grey for no number.
fn colour(part: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 6] = [
        [68.0, 1.0, 84.0],
        [65.0, 68.0, 135.0],
        [42.0, 120.0, 142.0],
        [34.0, 168.0, 132.0],
        [122.0, 209.0, 81.0],
        [253.0, 231.0, 37.0],
    ];
    if !part.is_finite() {
        return [200, 200, 200];
    }
    let place = part.clamp(0.0, 1.0) * 5.0;
    let (below, rest) = ((place as usize).min(4), place - place.floor().min(4.0));
    [0, 1, 2].map(|c| (STOPS[below][c] * (1.0 - rest) + STOPS[below + 1][c] * rest).round() as u8)
}
