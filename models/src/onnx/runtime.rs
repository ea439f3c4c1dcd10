//! The library of ONNX Runtime: looked for and loaded once a process, when the first model is.

use super::discover::{self, Origin, Tried};
use super::error::OnnxError;
use ort::LoadDynamicError;
use ort::environment::Environment;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The library in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// File.
    pub path: PathBuf,
    /// How it was found.
    pub origin: Origin,
    /// What it says of itself.
    pub build: String,
    /// Places before it that were tried in vain.
    pub tried: Vec<Tried>,
}

#[derive(Clone)]
struct Loaded {
    /// Never dropped: a process can make but one.
    environment: Environment,
    library: Library,
}

static LOADED: Mutex<Option<Loaded>> = Mutex::new(None);

/// Loads ONNX Runtime, unless it is loaded: `given`, or else the library named by `RESOLVENT_ORT_LIB` or
/// `ORT_DYLIB_PATH`, or else the first that loads of those beside the program, installed by
/// [`install`](super::install), of the Python package, and of the system.
///
/// # Errors
/// [`OnnxError::RuntimeNotFound`], [`OnnxError::NotOnnxRuntime`], [`OnnxError::RuntimeTooOld`],
/// [`OnnxError::RuntimeFailed`]; [`OnnxError::RuntimeInUse`] if another library than `given` is loaded.
pub fn load(given: Option<&Path>) -> Result<Library, OnnxError> {
    loaded(given).map(|loaded| loaded.library)
}

/// Uses what a program that uses `ort` itself has made: `ort` allows one environment a process.
/// False if one is in use already.
pub fn adopt(environment: Environment) -> bool {
    let mut slot = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.is_some() {
        return false;
    }
    *slot = Some(Loaded {
        environment,
        library: Library {
            path: PathBuf::new(),
            origin: Origin::Given,
            build: ort::info().into(),
            tried: Vec::new(),
        },
    });
    true
}

pub(super) fn environment(given: Option<&Path>) -> Result<Environment, OnnxError> {
    loaded(given).map(|loaded| loaded.environment)
}

fn loaded(given: Option<&Path>) -> Result<Loaded, OnnxError> {
    let mut slot = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(loaded) = &*slot {
        let in_use = &loaded.library.path;
        return match given.map(discover::named) {
            Some(asked) if !same(&asked, in_use) => Err(OnnxError::RuntimeInUse {
                loaded: in_use.clone(),
                asked,
            }),
            _ => Ok(loaded.clone()),
        };
    }
    let loaded = search(given)?;
    *slot = Some(loaded.clone());
    Ok(loaded)
}

fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    real(a) == real(b)
}

fn search(given: Option<&Path>) -> Result<Loaded, OnnxError> {
    let variable = discover::variable();
    let named = given
        .map(|path| (Origin::Given, path))
        .or_else(|| variable.as_deref().map(|path| (Origin::Environment, path)));
    if let Some((origin, path)) = named {
        // who names one means that one
        return open(&discover::named(path), origin, Vec::new());
    }
    let mut tried = Vec::new();
    for origin in Origin::SEARCHED {
        let folders = discover::folders(origin);
        for folder in &folders {
            let Some(path) = discover::within(folder) else {
                let (path, reason) = (folder.clone(), "no library there".into());
                tried.push(Tried {
                    origin,
                    path,
                    reason,
                });
                continue;
            };
            match open(&path, origin, tried.clone()) {
                Ok(loaded) => return Ok(loaded),
                // it cannot be unloaded again
                Err(error @ OnnxError::RuntimeFailed { .. }) => return Err(error),
                Err(error) => {
                    let reason = match &error {
                        OnnxError::RuntimeNotFound { tried } => {
                            tried.last().map_or_else(String::new, |t| t.reason.clone())
                        }
                        other => other.to_string(),
                    };
                    tried.push(Tried {
                        origin,
                        path,
                        reason,
                    });
                }
            }
        }
        if folders.is_empty() {
            let (path, reason) = (PathBuf::new(), "there is none".into());
            tried.push(Tried {
                origin,
                path,
                reason,
            });
        }
    }
    Err(OnnxError::RuntimeNotFound { tried })
}

/// Loads the library of an absolute path. No item of `ort` may be touched before that has worked: most
/// of them panic.
fn open(path: &Path, origin: Origin, tried: Vec<Tried>) -> Result<Loaded, OnnxError> {
    if let Some(problem) = discover::unusable(path) {
        let tried = vec![Tried {
            origin,
            path: path.into(),
            reason: problem,
        }];
        return Err(OnnxError::RuntimeNotFound { tried });
    }
    let builder = ort::init_from(path).map_err(|error| refused(error, path, origin))?;
    let failed = |problem: String| OnnxError::RuntimeFailed {
        path: path.into(),
        problem,
    };
    // what it has to say comes back as errors; nothing is printed, and nothing sent anywhere
    let silence = Arc::new(|_: ort::logging::LogLevel, _: &str, _: &str, _: &str, _: &str| {});
    let environment = builder
        .with_name("resolvent")
        .with_telemetry(false)
        .with_logger(silence)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    Ok(Loaded {
        environment,
        library: Library {
            path: path.into(),
            origin,
            build: ort::info().into(),
            tried,
        },
    })
}

/// Why a file is not taken.
fn refused(error: LoadDynamicError, path: &Path, origin: Origin) -> OnnxError {
    match error {
        LoadDynamicError::MissingApi { path } => OnnxError::NotOnnxRuntime { path },
        LoadDynamicError::BadVersion { version_str, path } => OnnxError::RuntimeTooOld {
            path,
            found: version_str,
            need: ort::MINOR_VERSION,
        },
        other => OnnxError::RuntimeNotFound {
            tried: vec![Tried {
                origin,
                path: path.into(),
                reason: reason(&other),
            }],
        },
    }
}

/// What the loader says, without the path.
fn reason(error: &LoadDynamicError) -> String {
    match error {
        LoadDynamicError::Dlopen { error, path } => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            text.replace(&format!("{}: ", path.display()), "")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_library_is_told_from_none() {
        let path = PathBuf::from("/opt/libonnxruntime.so.1.16.0");
        let old = LoadDynamicError::BadVersion {
            version_str: "1.16.0".into(),
            path: path.clone(),
        };
        let text = refused(old, &path, Origin::Given).to_string();
        assert!(
            text.contains("is ONNX Runtime 1.16.0; 1.17 or later"),
            "{text}"
        );
        let text = refused(
            LoadDynamicError::InvalidVersionString,
            &path,
            Origin::System,
        );
        assert!(
            matches!(text, OnnxError::RuntimeNotFound { .. }),
            "{text:?}"
        );
    }
}
