//! Multigrid whose coarse levels a network predicts: `gmg`, with numbers from an ONNX model.
//!
//!   fields = N(east, north, link)  for every level, the same N      once a matrix; of a box, up as well
//!   M⁻¹ r  = the cycle of `gmg`                                      no network in it
//!
//! Of every 2×2 cells (2×2×2 in a box) N says where the conductances to the next coarse cells are between series and
//! Galerkin, factors of them, the weights of the coarse correction, and scalings of the smoother. M is
//! symmetric positive definite whatever N says; a bad network costs iterations. If it says something
//! that is no such number, every application is an error, so that
//! [`Guarded`](resolvent_solvers::precond::Guarded) goes on with what takes over.
//!
//! | setup | O(nnz), the network on 4/3 of the cells (8/7) | apply | as `gmg` | memory | as `gmg` |
//!
//! What comes with the crate, how it was trained and what it is worth: `docs/methods/mgnet.md`.

mod network;
mod ratios;

use crate::onnx::{Model, OnnxError, Role};
use network::Network;
use resolvent_matrices::Grid;
use resolvent_solvers::precond::{Gmg, GmgConfig, GmgLevel};
use resolvent_solvers::{LinearOperator, Linearity, PrecondError, Preconditioner};

const NAME: &str = "mgnet";

/// Configuration of [`Mgnet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MgnetConfig {
    /// The cells, NX × NY or NX × NY × NZ; `None` finds them from the matrix.
    pub grid: Option<Grid>,
    /// As of [`GmgConfig`].
    pub islands: bool,
}

impl Default for MgnetConfig {
    /// The grid found, islands.
    fn default() -> Self {
        let GmgConfig { grid, islands, .. } = GmgConfig::default();
        Self { grid, islands }
    }
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
    /// those of [`Gmg::new`], and a model of planes for a matrix on a box or the other way round, as
    /// [`OnnxError::Matrix`]. [`Model::shipped`] serves both. What the network says is no error here but
    /// in [`apply`](Preconditioner::apply).
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
        let mut rule = Network::new(model)?;
        let config = GmgConfig {
            grid: config.grid,
            islands: config.islands,
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
        let grid = gmg.levels()[0].grid();
        if let Some(problem) = rule.misfit(grid.dims()) {
            return Err(OnnxError::Matrix(PrecondError::Config {
                precond: NAME,
                problem,
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
        self.rule.failed()
    }
}

impl Preconditioner<f64> for Mgnet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<f64>) -> Result<(), PrecondError> {
        self.rule.forget();
        let updated = self.gmg.update_by(a, &mut self.rule);
        updated.or_else(|error| {
            self.gmg.update(a)?;
            self.rule.blame(&error);
            Ok(())
        })
    }

    fn apply(&mut self, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
        match self.rule.failed() {
            None => self.gmg.apply(r, z),
            Some(problem) => Err(PrecondError::Failed {
                precond: NAME,
                problem: problem.into(),
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
