//! Where a library of ONNX Runtime may be, in the order in which it is looked for.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Kinds of places, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Given by the caller (`--ort-lib`): no other place is tried.
    Given,
    /// The variable `RESOLVENT_ORT_LIB`, or else `ORT_DYLIB_PATH`: no other place is tried.
    Environment,
    /// Beside the program, or in `onnxruntime` there or up to two folders above: the build folder.
    Program,
    /// The folder that `resolvent runtime install` fills.
    Cache,
    /// The Python package `onnxruntime`.
    Python,
    /// The folders of the system, and those of the loader's variable.
    System,
}

impl Origin {
    /// What is searched when nothing is given.
    pub(super) const SEARCHED: [Self; 4] = [Self::Program, Self::Cache, Self::Python, Self::System];
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "as given",
            Self::Environment => "environment variable",
            Self::Program => "beside the program",
            Self::Cache => "installed",
            Self::Python => "Python package",
            Self::System => "system",
        })
    }
}

/// A place that was tried in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What kind of place.
    pub origin: Origin,
    /// File, or folder that holds none; nothing where there is no such place.
    pub path: PathBuf,
    /// What was wrong.
    pub reason: String,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.path.as_os_str().is_empty() {
            write!(f, "{}: ", self.path.display())?;
        }
        f.write_str(&self.reason)
    }
}

/// The variables, in order.
const VARIABLES: [&str; 2] = ["RESOLVENT_ORT_LIB", "ORT_DYLIB_PATH"];

/// The library that a variable names.
pub(super) fn variable() -> Option<PathBuf> {
    let values = VARIABLES.iter().filter_map(std::env::var_os);
    values
        .map(PathBuf::from)
        .find(|v| !v.as_os_str().is_empty())
}

/// A file as it is given, or the library in a folder.
pub(super) fn named(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match absolute.is_dir() {
        true => within(&absolute).unwrap_or(absolute),
        false => absolute,
    }
}

/// Folders of one kind of place.
pub(super) fn folders(origin: Origin) -> Vec<PathBuf> {
    match origin {
        Origin::Given | Origin::Environment => Vec::new(),
        Origin::Program => program(),
        Origin::Cache => cache().into_iter().collect(),
        Origin::Python => python().into_iter().collect(),
        Origin::System => system(),
    }
}

/// The library in a folder, if there is one; of several, the one whose name says most.
pub(super) fn within(folder: &Path) -> Option<PathBuf> {
    let names = std::fs::read_dir(folder).ok()?.flatten();
    let libraries = names.filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let library = match std::env::consts::OS {
            "windows" => name == "onnxruntime.dll",
            "macos" => name.starts_with("libonnxruntime.") && name.ends_with(".dylib"),
            _ => name
                .strip_prefix("libonnxruntime.so")
                .is_some_and(|rest| rest.chars().all(|c| c == '.' || c.is_ascii_digit())),
        };
        library && entry.path().is_file()
    });
    libraries
        .map(|entry| entry.path())
        .max_by_key(|path| path.as_os_str().len())
}

/// Why a file must not be handed to the loader, which waits for ever on a pipe and dies of a library that is
/// cut off.
pub(super) fn unusable(path: &Path) -> Option<String> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(_) => return None, // the loader says it
    };
    if !found.is_file() {
        return Some("it is no file".into());
    }
    // ELF of 64 bits, little end first: the table of sections stands at the end
    let mut header = [0u8; 64];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    if read.is_err() || header[..6] != *b"\x7fELF\x02\x01" {
        return None;
    }
    let number = |at: usize, bytes: usize| {
        let field = header[at..at + bytes].iter().rev();
        field.fold(0u64, |n, byte| n << 8 | u64::from(*byte))
    };
    let end = number(0x28, 8).checked_add(number(0x3a, 2) * number(0x3c, 2));
    match end.is_some_and(|end| end <= found.len()) {
        true => None,
        false => Some(format!("it is cut off: {} bytes", found.len())),
    }
}

/// Where `resolvent runtime install` puts a library, unless told otherwise.
pub(super) fn cache() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = match std::env::consts::OS {
        "windows" => variable("LOCALAPPDATA"),
        "macos" => variable("HOME").map(|home| home.join("Library/Caches")),
        _ => {
            variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
        }
    };
    Some(
        base?
            .join("resolvent")
            .join("onnxruntime")
            .join(super::VERSION),
    )
}

fn program() -> Vec<PathBuf> {
    let Ok(program) = std::env::current_exe() else {
        return Vec::new();
    };
    let mut folders: Vec<_> = program
        .parent()
        .map(Path::to_path_buf)
        .into_iter()
        .collect();
    let above = program.ancestors().skip(1).take(3);
    folders.extend(above.map(|folder| folder.join("onnxruntime")));
    folders
}

/// Where Python would import it from; it is not imported.
fn python() -> Option<PathBuf> {
    const FIND: &str =
        "import importlib.util as u; s = u.find_spec('onnxruntime'); print(s.origin if s else '')";
    let output = interpreter(&["-c", FIND]).ok()?;
    let text = String::from_utf8(output).ok()?;
    let package = Path::new(text.trim()).parent()?;
    Some(package.join("capi")).filter(|_| !package.as_os_str().is_empty())
}

/// Runs Python: that of an environment that is active, or else the one on the path. Returns its output.
pub(super) fn interpreter(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .iter()
        .filter_map(std::env::var_os);
    let inside = match std::env::consts::OS {
        "windows" => "Scripts/python.exe",
        _ => "bin/python3",
    };
    let mut programs: Vec<_> = active
        .map(|folder| Path::new(&folder).join(inside))
        .collect();
    programs.retain(|program| program.is_file());
    programs.extend(["python3", "python"].map(PathBuf::from));
    let mut problem = String::new();
    for program in programs {
        match Command::new(&program).args(arguments).output() {
            Ok(output) if output.status.success() => return Ok(output.stdout),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                return Err(format!(
                    "{} ended with {}: {said}",
                    program.display(),
                    output.status
                ));
            }
            Err(error) if problem.is_empty() => problem = format!("{}: {error}", program.display()),
            Err(_) => {}
        }
    }
    Err(problem)
}

fn system() -> Vec<PathBuf> {
    let variable = match std::env::consts::OS {
        "windows" => "PATH",
        "macos" => "DYLD_LIBRARY_PATH",
        _ => "LD_LIBRARY_PATH",
    };
    let listed = std::env::var_os(variable).unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&listed).collect();
    folders.retain(|folder| folder.is_absolute());
    let known: &[&str] = match std::env::consts::OS {
        "windows" => &[],
        "macos" => &["/opt/homebrew/lib", "/usr/local/lib"],
        _ => &[
            "/usr/local/lib",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
        ],
    };
    folders.extend(known.iter().map(PathBuf::from));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_told_from_what_lies_beside_it() {
        let folder =
            std::env::temp_dir().join(format!("resolvent-discover-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(within(&folder), None);
        let names = [
            "libonnxruntime_providers_cuda.so",
            "libonnxruntime_providers_shared.dylib",
            "onnxruntime_providers_shared.dll",
            "onnxruntime.txt",
        ];
        for name in names {
            std::fs::write(folder.join(name), "").unwrap();
        }
        assert_eq!(within(&folder), None);
        let library = match std::env::consts::OS {
            "windows" => "onnxruntime.dll",
            "macos" => "libonnxruntime.1.32.0.dylib",
            _ => "libonnxruntime.so.1.32.0",
        };
        std::fs::write(folder.join(library), "").unwrap();
        assert_eq!(within(&folder), Some(folder.join(library)));
        assert_eq!(named(&folder), folder.join(library));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(within(&folder), None);
    }
}
