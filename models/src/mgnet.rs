//! Multigrid whose coarse levels a network predicts: `gmg`, with numbers from an ONNX model.
//!
//!   fields = N(east, north, link)  for every level, the same N      once a matrix
//!   M⁻¹ r  = the cycle of `gmg`                                      no network in it
//!
//! Of every 2×2 cells N says where the conductances to the next coarse cells are between series and
//! Galerkin, factors of them, the weights of the coarse correction, and scalings of the smoother. M is
//! symmetric positive definite whatever N says; a bad network costs iterations. If it says something
//! that is no such number, every application is an error, so that
//! [`Guarded`](resolvent_solvers::precond::Guarded) goes on with what takes over.
//!
//! | setup | O(nnz), the network on 4/3 of the cells | apply | as `gmg` | memory | as `gmg` |
//!
//! The model that comes with the crate, how it was trained and what it is worth: `docs/methods/mgnet.md`.

use crate::onnx::{Model, OnnxError, ROLE_LEVELS_OUTPUT, Role};
use ort::session::Session;
use ort::value::TensorRef;
use resolvent_matrices::Grid;
use resolvent_solvers::precond::{Gmg, GmgConfig, GmgLevel, GmgRule};
use resolvent_solvers::{LinearOperator, Linearity, PrecondError, Preconditioner};

const NAME: &str = "mgnet";

/// Channels: positions, factors, weights; and scalings, which a model may leave out.
const LEAST: usize = 10;
const ALL: usize = 14;

/// Configuration of [`Mgnet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MgnetConfig {
    /// The cells, NX × NY: the model is one of planes; `None` finds them from the matrix.
    pub grid: Option<Grid>,
}

/// The cycle of [`Gmg`] on levels that a network predicts.
pub struct Mgnet {
    rule: Network,
    gmg: Gmg,
}

impl Mgnet {
    /// Reads A, which has to be one that [`Gmg`] takes, and runs the network once for every level.
    ///
    /// # Errors
    /// [`OnnxError::Role`] for a model that predicts no levels, [`OnnxError::Run`] if there is no session;
    /// a matrix of three dimensions and those of [`Gmg::new`] as [`OnnxError::Matrix`]. What the network says is no error here but in
    /// [`apply`](Preconditioner::apply).
    pub fn new(
        model: &Model,
        a: &dyn LinearOperator<f64>,
        config: MgnetConfig,
    ) -> Result<Self, OnnxError> {
        if model.contract().role != Role::Levels {
            return Err(OnnxError::Role {
                path: model.path().into(),
                problem: "it is a preconditioner by itself, and mgnet takes models that predict levels (role `levels` of the contract)",
                instead: "onnx",
            });
        }
        let mut rule = Network {
            session: Some(model.take()?),
            model: model.clone(),
            failed: None,
        };
        let config = GmgConfig {
            grid: config.grid,
            ..GmgConfig::default()
        };
        let gmg = match Gmg::by_rule(a, config, &mut rule) {
            Ok(gmg) => gmg,
            Err(error) => {
                // the network's fault, unless `gmg` does not take the matrix either
                let gmg = Gmg::new(a, config).map_err(OnnxError::Matrix)?;
                rule.blame(&error);
                gmg
            }
        };
        let [nx, ny, nz] = gmg.levels()[0].grid().dims();
        if nz > 1 {
            return Err(OnnxError::Matrix(PrecondError::Config {
                precond: NAME,
                problem: format!(
                    "A stands on {nx}x{ny}x{nz} cells, and its model predicts levels of planes; use gmg"
                ),
            }));
        }
        Ok(Self { rule, gmg })
    }

    /// The levels in use, the finest first.
    pub fn levels(&self) -> &[GmgLevel] {
        self.gmg.levels()
    }

    /// Why the network is of no use for this matrix.
    pub fn failed(&self) -> Option<&str> {
        self.rule.failed.as_deref()
    }
}

impl Preconditioner<f64> for Mgnet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<f64>) -> Result<(), PrecondError> {
        self.rule.failed = None;
        let updated = self.gmg.update_by(a, &mut self.rule);
        updated.or_else(|error| {
            self.gmg.update(a)?;
            self.rule.blame(&error);
            Ok(())
        })
    }

    fn apply(&mut self, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
        match &self.rule.failed {
            None => self.gmg.apply(r, z),
            Some(problem) => Err(PrecondError::Failed {
                precond: NAME,
                problem: problem.clone(),
            }),
        }
    }

    fn linearity(&self) -> Linearity {
        Linearity::NearlyHpd
    }

    fn bytes(&self) -> usize {
        Preconditioner::<f64>::bytes(&self.gmg)
    }
}

/// The rule: a level goes in, its fields come out.
struct Network {
    model: Model,
    /// `None` only while it is dropped.
    session: Option<Session>,
    /// Of the last matrix.
    failed: Option<String>,
}

impl GmgRule for Network {
    fn coarsen(&mut self, fine: GmgLevel) -> Result<(GmgLevel, GmgLevel), PrecondError> {
        if self.failed.is_none() {
            match self.predict(&fine) {
                Ok(Predicted {
                    scaling,
                    weight,
                    coarse,
                }) => {
                    let fine = fine.with_weights(weight)?;
                    let fine = match scaling {
                        Some(scaling) => fine.with_scaling(scaling)?,
                        None => fine,
                    };
                    return Ok((fine, coarse));
                }
                Err(problem) => self.blame(&problem),
            }
        }
        let coarse = fine.coarser();
        Ok((fine, coarse))
    }
}

/// What the network says of a level.
struct Predicted {
    scaling: Option<Vec<f32>>,
    weight: Vec<f32>,
    coarse: GmgLevel,
}

impl Network {
    /// What it said is of no use for this matrix; the first reason is the one that is told.
    fn blame(&mut self, problem: &dyn std::fmt::Display) {
        let path = self.model.path().display();
        self.failed
            .get_or_insert_with(|| format!("{path}: {problem}"));
    }

    fn predict(&mut self, fine: &GmgLevel) -> Result<Predicted, String> {
        let [nx, ny, nz] = fine.grid().dims();
        if nz > 1 {
            return Err(format!(
                "it predicts levels of planes, and the matrix stands on {nx}x{ny}x{nz} cells; use gmg"
            ));
        }
        let (cx, cy) = (nx.div_ceil(2), ny.div_ceil(2));
        let shape = [1, 1, 2 * cy as i64, 2 * cx as i64];
        let planes = [fine.east(), fine.north(), fine.link()].map(|p| even(p, nx, ny));
        let session = self.session.as_mut().ok_or("its session is gone")?;
        let input = |index: usize| TensorRef::from_array_view((shape, &*planes[index]));
        let [east, north, link] = [input(0), input(1), input(2)];
        let said = |error: ort::Error| error.to_string();
        let outputs = session
            .run(ort::inputs![
                "east" => east.map_err(said)?,
                "north" => north.map_err(said)?,
                "link" => link.map_err(said)?,
            ])
            .map_err(said)?;
        let output = outputs
            .get(ROLE_LEVELS_OUTPUT)
            .ok_or("no fields came out")?;
        let (sizes, fields) = output.try_extract_tensor::<f32>().map_err(said)?;
        let cells = cx * cy;
        let channels = sizes.get(1).map_or(0, |&c| c as usize);
        if ![LEAST, ALL].contains(&channels) || fields.len() != channels * cells {
            return Err(format!(
                "for {nx}x{ny} cells its fields are {sizes}, [1, {LEAST} or {ALL}, {cy}, {cx}] are needed"
            ));
        }
        let plane = |k: usize| &fields[k * cells..(k + 1) * cells];
        let position = [plane(0), plane(1), plane(2), plane(3)];
        let coarse = fine.coarser_between(position, [plane(4), plane(5)]);
        let coarse = coarse.map_err(|error| error.to_string())?;
        let interleaved = |first: usize| {
            let mut out = vec![0.0; nx * ny];
            for (j, line) in out.chunks_exact_mut(nx).enumerate() {
                let child = |right| &plane(first + 2 * (j % 2) + right)[cx * (j / 2)..][..cx];
                let (left, right) = (child(0), child(1));
                for (i, out) in line.iter_mut().enumerate() {
                    *out = if i % 2 == 0 {
                        left[i / 2]
                    } else {
                        right[i / 2]
                    };
                }
            }
            out
        };
        let weight = interleaved(6);
        let scaling = (channels == ALL).then(|| interleaved(LEAST));
        // checked here, where it is a fault of the network and not of the matrix
        if !weight.iter().all(|w| w.abs() < 1e9) {
            return Err("it says weights that are not finite, or huge".into());
        }
        let least = f32::MIN_POSITIVE..=1.0;
        if scaling.iter().flatten().any(|s| !least.contains(s)) {
            return Err("it says scalings that are not above 0 and at most 1".into());
        }
        Ok(Predicted {
            scaling,
            weight,
            coarse,
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.model.give_back(session);
        }
    }
}

/// A plane of even sizes, zeros past the sides.
fn even(plane: &[f32], nx: usize, ny: usize) -> std::borrow::Cow<'_, [f32]> {
    if nx.is_multiple_of(2) && ny.is_multiple_of(2) {
        return plane.into();
    }
    let width = nx.next_multiple_of(2);
    let mut out = vec![0.0; width * ny.next_multiple_of(2)];
    for (line, out) in plane.chunks_exact(nx).zip(out.chunks_exact_mut(width)) {
        out[..nx].copy_from_slice(line);
    }
    out.into()
}
