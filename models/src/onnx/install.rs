//! Fetches ONNX Runtime with pip, from the package of a pinned version and checksum.
//!
//! The package is a Python wheel; one file of it, the library, is kept. Nothing is installed into Python.

use super::discover;
use super::error::OnnxError;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The version of ONNX Runtime that [`install`] fetches.
pub const VERSION: &str = "1.32.0";

/// The package for one kind of machine.
struct Package {
    os: &'static str,
    arch: &'static str,
    /// As pip names it.
    platform: &'static str,
    /// SHA-256 of the wheel, which pip verifies.
    wheel: &'static str,
    /// The library within the wheel, and its SHA-256.
    library: &'static str,
    checksum: &'static str,
}

const PACKAGES: [Package; 4] = [
    Package {
        os: "linux",
        arch: "x86_64",
        platform: "manylinux_2_28_x86_64",
        wheel: "99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8",
        library: "libonnxruntime.so.1.32.0",
        checksum: "6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f",
    },
    Package {
        os: "linux",
        arch: "aarch64",
        platform: "manylinux_2_28_aarch64",
        wheel: "e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054",
        library: "libonnxruntime.so.1.32.0",
        checksum: "49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a",
    },
    Package {
        os: "macos",
        arch: "aarch64",
        platform: "macosx_14_0_arm64",
        wheel: "d52510bbbcc880c13b826f7d75cdf33ac5cf0bb864d960000fc29ce73f0cb83e",
        library: "libonnxruntime.1.32.0.dylib",
        checksum: "fa585fabbea65b823b9a8f7e27d46aee3989d1be7e36b528203d3a1fd613aae7",
    },
    Package {
        os: "windows",
        arch: "x86_64",
        platform: "win_amd64",
        wheel: "efe7456952c243a05a53d5b8732953625144642c2f3989094277f6217f0c0c40",
        library: "onnxruntime.dll",
        checksum: "443c0065fcdba17618ddef05050308f4b471893c5c7da0337d6957c9073ad8a7",
    },
];

/// What [`install`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The library.
    pub path: PathBuf,
    /// It was there before, and is what it should be.
    pub already: bool,
}

/// Puts the library into a folder (the project's cache if none is given), where
/// [`runtime::load`](super::runtime::load) finds it. Fetches nothing if it is there.
///
/// # Errors
/// [`OnnxError::NoPackage`], [`OnnxError::Python`], [`OnnxError::Checksum`], [`OnnxError::Write`].
pub fn install(into: Option<&Path>) -> Result<Installed, OnnxError> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let here = |package: &&Package| package.os == os && package.arch == arch;
    let package = PACKAGES
        .iter()
        .find(here)
        .ok_or_else(|| OnnxError::NoPackage {
            system: format!("{os} on {arch}"),
        })?;
    let folder = match into {
        Some(folder) => folder.to_path_buf(),
        None => discover::cache().ok_or_else(|| OnnxError::Write {
            path: PathBuf::from("~"),
            problem: "there is no home folder".into(),
        })?,
    };
    let path = folder.join(package.library);
    if checksum(&path).is_ok_and(|found| found == package.checksum) {
        return Ok(Installed {
            path,
            already: true,
        });
    }
    // beside its place, so that it is moved there whole or not at all
    let work = folder.join(format!("fetching-{}", std::process::id()));
    let fetched = fetch(package, &work).and_then(|library| {
        std::fs::rename(&library, &path).map_err(|error| writing(&path, &error))
    });
    let _ = std::fs::remove_dir_all(&work); // nothing of use is left in it
    fetched?;
    Ok(Installed {
        path,
        already: false,
    })
}

fn writing(path: &Path, error: &std::io::Error) -> OnnxError {
    OnnxError::Write {
        path: path.into(),
        problem: error.to_string(),
    }
}

/// Downloads the wheel into a folder of its own and takes the library out of it.
fn fetch(package: &Package, work: &Path) -> Result<PathBuf, OnnxError> {
    std::fs::create_dir_all(work).map_err(|error| writing(work, &error))?;
    let pinned = work.join("pinned.txt");
    let line = format!("onnxruntime=={VERSION} --hash=sha256:{}\n", package.wheel);
    std::fs::write(&pinned, line).map_err(|error| writing(&pinned, &error))?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    // one wheel whatever the version of Python: the library in it is the same
    run(&[
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--implementation",
        "cp",
        "--python-version",
        "3.12",
        "--abi",
        "cp312",
        "--platform",
        package.platform,
        "--dest",
        &text(work),
        "--requirement",
        &text(&pinned),
    ])?;
    const UNPACK: &str = "import glob, shutil, sys, zipfile\n\
        wheel = zipfile.ZipFile(glob.glob(glob.escape(sys.argv[1]) + '/*.whl')[0])\n\
        with wheel.open(sys.argv[2]) as source, open(sys.argv[3], 'wb') as target:\n    \
        shutil.copyfileobj(source, target)";
    let library = work.join(package.library);
    let member = format!("onnxruntime/capi/{}", package.library);
    run(&["-c", UNPACK, &text(work), &member, &text(&library)])?;
    let found = checksum(&library).map_err(|error| writing(&library, &error))?;
    match found == package.checksum {
        true => Ok(library),
        false => Err(OnnxError::Checksum {
            path: library,
            expected: package.checksum,
            found,
        }),
    }
}

fn run(arguments: &[&str]) -> Result<(), OnnxError> {
    let what = match arguments {
        ["-m", module, verb, ..] => format!("python3 -m {module} {verb}"),
        _ => "python3 (unpacking the wheel)".into(),
    };
    let ran = discover::interpreter(arguments);
    ran.map(drop).map_err(|problem| OnnxError::Python {
        command: what,
        problem: problem
            .lines()
            .rev()
            .take(3)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join("\n  "),
    })
}

fn checksum(path: &Path) -> std::io::Result<String> {
    digest(std::fs::File::open(path)?)
}

/// SHA-256, in hexadecimal digits.
pub(super) fn digest(mut file: impl Read) -> std::io::Result<String> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
