//! A model as a preconditioner.
//!
//!   z = (σ/s) N(r/σ)    σ = ‖r‖₂, or ‖r‖₂/√n; s the mean of the diagonal of A
//!
//! r goes to the cells of the grid, padded with zeros to sizes that the model takes; z is read from the
//! same cells. For a linear N this is P N Pᵀ with P the padding, so that it is symmetric and positive
//! definite where N is. Masked cells are solved beside it, at its [pace](super::pace).
//!
//! | per application | the network, one norm, one conversion each way | memory | the tensors, and what the network needs |

use super::contract::{Field, Role, Scaling};
use super::error::OnnxError;
use super::fields::{self, Coefficients};
use super::model::Model;
use super::pace;
use super::padding::{line_start, padded, place, shape};
use super::session::Bound;
use resolvent_matrices::Grid;
use resolvent_solvers::{LinearOperator, Linearity, PrecondError, Preconditioner};

/// Its name on the command line.
pub(super) const NAME: &str = "onnx";

/// Configuration of [`OnnxPrecond`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnnxConfig {
    /// The grid of the unknowns; `None`: found in the matrix.
    pub grid: Option<Grid>,
}

/// A model as a preconditioner for the matrices on one grid.
pub struct OnnxPrecond {
    model: Model,
    /// `None` only while it is dropped.
    bound: Option<Bound>,
    grid: Grid,
    /// Sizes of the tensors along x, y and z.
    padded: [usize; 3],
    rows: usize,
    known: Coefficients,
    /// What masked cells are multiplied by, to keep step with the network.
    pace: f64,
    /// The input with the residual, and where in it the residual begins.
    residual: (usize, usize),
    /// It takes more than the residual.
    fields: bool,
}

impl OnnxPrecond {
    /// Takes a session of the model, makes its tensors for the grid, writes the fields of A that it takes,
    /// and runs it once. Needs the entries of A if the grid is not given or the model takes fields.
    ///
    /// # Errors
    /// [`OnnxError::Grid`], [`OnnxError::Field`], [`OnnxError::Run`].
    pub fn new(
        model: &Model,
        a: &dyn LinearOperator<f64>,
        config: OnnxConfig,
    ) -> Result<Self, OnnxError> {
        let misfit = |problem: String| OnnxError::Grid {
            path: model.path().into(),
            problem,
        };
        let rows = a.nrows();
        let grid = match config.grid {
            Some(grid) => grid,
            None => detect(a).ok_or_else(|| {
                misfit("the unknowns are on no grid that shows in the matrix; give it with --grid NX[xNY[xNZ]]".into())
            })?,
        };
        if grid.unknowns() != Some(rows) {
            let [nx, ny, nz] = grid.dims();
            return Err(misfit(format!(
                "a grid of {nx}x{ny}x{nz} does not have the {rows} unknowns of the matrix"
            )));
        }
        if config.grid.is_some()
            && let Some(found) = detect(a)
            && found != grid
        {
            let [given, found] =
                [grid, found].map(|grid| grid.dims().map(|n| n.to_string()).join("x"));
            return Err(misfit(format!(
                "the matrix shows a grid of {found} cells, and {given} was given; leave --grid out, or give that one"
            )));
        }
        let contract = model.contract();
        if contract.role != Role::Precond {
            return Err(OnnxError::Role {
                path: model.path().into(),
                problem: "it predicts levels of multigrid, and is no preconditioner by itself",
                instead: "mgnet",
            });
        }
        let (has, takes) = (grid.dimension(), contract.layout.dimensions());
        if has != takes {
            return Err(misfit(format!(
                "it is for {takes} dimension{}, and the grid has {has}",
                if takes == 1 { "" } else { "s" }
            )));
        }
        let padded = padded(model, grid).map_err(misfit)?;
        let cells: usize = padded.iter().product();
        let mut inputs = Vec::new();
        let mut residual = (0, 0);
        for (index, input) in contract.inputs.iter().enumerate() {
            let place = input.fields.iter().position(|f| *f == Field::Residual);
            if let Some(channel) = place {
                residual = (index, channel * cells);
            }
            inputs.push((input.name.clone(), shape(model, padded, input.fields.len())));
        }
        let fields = contract.inputs.iter().flat_map(|i| &i.fields).count() > 1;
        let output = shape(model, padded, 1);
        let session = model.take()?;
        let bound = Bound::new(session, &inputs, (&contract.output, &output));
        let bound = bound.map_err(|(session, problem)| {
            model.give_back(session);
            failed(model, problem)
        })?;
        let mut precond = Self {
            model: model.clone(),
            bound: Some(bound),
            grid,
            padded,
            rows,
            known: Coefficients::none(),
            pace: 1.0,
            residual,
            fields,
        };
        precond.read(a)?;
        let bound = precond.bound()?;
        bound
            .run()
            .map_err(|problem| unfit(model, padded, problem))?; // of zeros: does it run on this grid?
        precond.keep_pace(a)?;
        Ok(precond)
    }

    /// Finds the pace, where there are masked cells. One application of the network.
    fn keep_pace(&mut self, a: &dyn LinearOperator<f64>) -> Result<(), OnnxError> {
        self.pace = 1.0;
        if !self.known.masked.is_empty() {
            let r = pace::probe(self.rows, &self.known.masked);
            let mut z = vec![0.0; self.rows];
            self.run(&r, &mut z)?;
            self.pace = pace::of(a, &r, &z);
        }
        Ok(())
    }

    /// The grid it was made for.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Whether tensors are larger than the grid.
    pub fn pads(&self) -> bool {
        self.padded != self.grid.dims()
    }

    fn bound(&mut self) -> Result<&mut Bound, OnnxError> {
        let lost = || failed(&self.model, "its session is gone".into());
        match &mut self.bound {
            Some(bound) => Ok(bound),
            None => Err(lost()),
        }
    }

    /// Reads what it takes of A.
    fn read(&mut self, a: &dyn LinearOperator<f64>) -> Result<(), OnnxError> {
        let path = self.model.path().to_path_buf();
        let field = |field: Field, problem: String| OnnxError::Field {
            path: path.clone(),
            field: field.name(),
            problem,
        };
        let Some(csr) = a.as_csr() else {
            return match self.fields {
                true => Err(field(
                    Field::Diagonal,
                    "the operator shows no entries".into(),
                )),
                false => {
                    self.known = Coefficients::none();
                    Ok(())
                }
            };
        };
        let csr = csr
            .to_u32()
            .map_err(|error| field(Field::Diagonal, error.to_string()))?;
        let csr = csr.view();
        self.known = Coefficients::read(csr);
        if !self.fields {
            return Ok(());
        }
        let (grid, padded) = (self.grid, self.padded);
        let cells: usize = padded.iter().product();
        let place = |row: usize| place(grid, padded, row);
        let inputs = self.model.contract().inputs.clone();
        for (index, input) in inputs.iter().enumerate() {
            for (channel, &of) in input.fields.iter().enumerate() {
                let known = std::mem::take(&mut self.known);
                let written = self.bound().and_then(|bound| {
                    let data = bound.input(index).map_err(|problem| field(of, problem))?;
                    let out = data
                        .get_mut(channel * cells..(channel + 1) * cells)
                        .unwrap_or_default();
                    fields::write(of, csr, grid, &known, out, place)
                        .map_err(|problem| field(of, problem))
                });
                self.known = known;
                written?;
            }
        }
        Ok(())
    }

    fn run(&mut self, r: &[f64], z: &mut [f64]) -> Result<(), OnnxError> {
        let Self {
            model,
            bound,
            grid,
            padded,
            known,
            pace,
            residual: (input, offset),
            ..
        } = self;
        let failed = |problem: String| failed(model, problem);
        // of what the network is shown
        let norm = fields::norm(|| known.unmasked(r));
        if !norm.is_finite() {
            return Err(failed("the residual is not finite".into()));
        }
        let size = match model.contract().scaling {
            Scaling::UnitNorm => norm,
            Scaling::UnitRms => norm / ((r.len() - known.masked.len()) as f64).sqrt(),
        };
        let mut silent = false;
        if norm == 0.0 {
            z.fill(0.0);
        } else {
            let Some(bound) = bound else {
                return Err(failed("its session is gone".into()));
            };
            let (there, back) = (1.0 / size, size / known.scale);
            let data = bound.input(*input).map_err(failed)?;
            let data = data.get_mut(*offset..).unwrap_or_default();
            for (line, r) in r.chunks_exact(grid.nx).enumerate() {
                let start = line_start(*grid, *padded, line);
                let cells = data.get_mut(start..start + grid.nx).unwrap_or_default();
                for (cell, &r) in cells.iter_mut().zip(r) {
                    *cell = (r * there) as f32; // r/σ
                }
            }
            for &(row, _) in &known.masked {
                data[place(*grid, *padded, row)] = 0.0;
            }
            bound.run().map_err(failed)?;
            let data = bound.output().map_err(failed)?;
            silent = true;
            for (line, z) in z.chunks_exact_mut(grid.nx).enumerate() {
                let start = line_start(*grid, *padded, line);
                let cells = data.get(start..start + grid.nx).unwrap_or_default();
                for (z, &cell) in z.iter_mut().zip(cells) {
                    *z = f64::from(cell) * back; // z = (σ/s) N(r/σ)
                    silent &= cell == 0.0;
                }
            }
        }
        // a network that has something to say to and says nothing is not covered up for
        let pace = if silent { 0.0 } else { *pace };
        for &(row, inverse) in &known.masked {
            z[row] = pace * r[row] * inverse;
        }
        Ok(())
    }
}

impl Drop for OnnxPrecond {
    fn drop(&mut self) {
        if let Some(bound) = self.bound.take() {
            self.model.give_back(bound.into_session());
        }
    }
}

impl Preconditioner<f64> for OnnxPrecond {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<f64>) -> Result<(), PrecondError> {
        if a.nrows() != self.rows {
            return Err(PrecondError::Shape {
                precond: NAME,
                expected: self.rows,
                got: a.nrows(),
            });
        }
        self.read(a)?;
        Ok(self.keep_pace(a)?)
    }

    fn apply(&mut self, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
        for v in [r.len(), z.len()] {
            if v != self.rows {
                return Err(PrecondError::Shape {
                    precond: NAME,
                    expected: self.rows,
                    got: v,
                });
            }
        }
        Ok(self.run(r, z)?)
    }

    /// Nearly Hermitian positive definite if the contract says so, else variable: what single precision
    /// leaves of linear is not linear enough for methods that need a fixed M.
    fn linearity(&self) -> Linearity {
        match self.model.contract().claims_positive_definite() {
            true => Linearity::NearlyHpd,
            false => Linearity::Variable,
        }
    }

    fn bytes(&self) -> usize {
        let fields: usize = self
            .model
            .contract()
            .inputs
            .iter()
            .map(|i| i.fields.len())
            .sum();
        (fields + 1) * self.padded.iter().product::<usize>() * size_of::<f32>()
    }

    /// Every weight multiplies and adds in every cell: more than coarser levels do, less than what goes
    /// between the layers.
    fn traffic(&self) -> usize {
        let cells: usize = self.padded.iter().product();
        self.bytes() + 2 * self.model.weights() * cells
    }
}

fn failed(model: &Model, problem: String) -> OnnxError {
    OnnxError::Run {
        path: model.path().into(),
        problem: problem.trim().into(),
    }
}

/// Of a first run: what comes out has another size, or something else.
fn unfit(model: &Model, [x, y, z]: [usize; 3], problem: String) -> OnnxError {
    let output = &model.contract().output;
    match problem.contains("OrtValue") && problem.contains("shape") {
        true => OnnxError::Mismatch {
            path: model.path().into(),
            problem: format!(
                "for an input of {x} x {y} x {z} cells the output `{output}` is of another size; it must be of the same"
            ),
        },
        false => failed(model, problem),
    }
}

/// The grid that shows in the matrix.
fn detect(a: &dyn LinearOperator<f64>) -> Option<Grid> {
    let csr = a.as_csr()?;
    let csr = csr.to_u32().ok()?;
    Grid::detect(csr.view())
}
