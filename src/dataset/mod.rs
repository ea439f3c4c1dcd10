//! Data sets for operator learning: samples of a family drawn, solved, verified and written.
//!
//! plan → draw → solve → verify → write. A data set is a folder of NumPy arrays with a manifest; it is
//! made in shards that know nothing of each other, so that they can be made anywhere, in any order, and
//! again after a power cut.
//!
//! ```no_run
//! use resolvent::dataset::{Folder, Request, manifest, run, tolerance};
//!
//! # fn make(mut request: Request) -> Result<(), resolvent::dataset::DatasetError> {
//! let (choice, _) = tolerance::choose(&mut request, &|| false)?;
//! let folder = Folder::create("darcy".as_ref(), request, choice)?;
//! run::run(&folder, &folder.open_shards()?, 2, &())?;
//! let totals = manifest::merge(&folder)?;
//! assert!(totals.failed.is_empty());
//! # Ok(())
//! # }
//! ```

pub mod arms;
pub mod axes;
pub mod bars;
pub mod basis;
pub mod chain;
pub mod choice;
pub mod durable;
mod error;
pub mod export;
pub mod folder;
pub mod made;
pub mod manifest;
pub mod npy;
mod open;
pub mod order;
pub mod record;
pub mod request;
pub mod restrict;
mod rows;
pub mod run;
pub mod source;
pub mod split;
pub mod stats;
pub mod systems;
pub mod tolerance;
pub mod verify;

pub use bars::ErrorBars;
pub use choice::Choice;
pub use error::DatasetError;
pub use folder::{Folder, Plan};
pub use manifest::Totals;
pub use npy::Dtype;
pub use record::{Record, Seconds, Shard};
pub use request::{Given, Request};
pub use run::{Ran, Watch};
pub use split::{Shares, Splits};
pub use tolerance::Tolerance;
