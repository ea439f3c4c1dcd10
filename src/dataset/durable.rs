//! Files that are there as a whole or not at all, and their checksums.

use super::DatasetError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// A file of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Name in the folder.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, as `sha256sum` prints it.
    pub sha256: String,
}

/// Where a file is written before it is whole.
pub fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    path.with_file_name(name)
}

/// Writes a small file as a whole where there is none, and says whether it did: of several processes that
/// try, whenever they do, one does. Where the file system has no hard links, two that try within the
/// same moment may both.
///
/// # Errors
/// [`DatasetError::Io`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, DatasetError> {
    let put = by_own_aside(path, bytes, put_new);
    if let Ok(true) = put {
        settle(path);
    }
    put
}

/// Writes a file that no other process has, and puts it in its place.
fn by_own_aside<A>(
    path: &Path,
    bytes: &[u8],
    put: impl FnOnce(&Path, &Path) -> Result<A, DatasetError>,
) -> Result<A, DatasetError> {
    let (aside, mut file) = own_aside(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    let put = match written {
        Ok(()) => put(&aside, path),
        Err(error) => Err(DatasetError::io(&aside, "write")(error)),
    };
    if put.is_err() {
        // only here: what was put in its place has left its name to the next
        let _ = fs::remove_file(&aside);
    }
    put
}

/// A file beside this one that no other process has: `NAME.PID-N.part`.
fn own_aside(path: &Path) -> Result<(PathBuf, File), DatasetError> {
    let mut number = 0;
    loop {
        let own = format!("{}.{}-{number}", file_name(path), std::process::id());
        let aside = aside(&path.with_file_name(own));
        match File::create_new(&aside) {
            // left by a killed process, or of one with the same number on another machine
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(DatasetError::io(&aside, "write")(error)),
            Ok(file) => return Ok((aside, file)),
        }
    }
}

/// Gives a whole file its name, unless something has that name.
fn put_new(aside: &Path, path: &Path) -> Result<bool, DatasetError> {
    let linked = fs::hard_link(aside, path).is_ok();
    if linked || path.exists() {
        let _ = fs::remove_file(aside); // where it was swept away it is gone already
        return Ok(linked);
    }
    match fs::rename(aside, path) {
        Ok(()) => Ok(true), // a file system without hard links
        Err(error) => Err(DatasetError::io(path, "write")(error)),
    }
}

/// Removes what killed processes have left aside of a file that is there.
pub fn sweep(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let name = file_name(path);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let of_it = other.to_str().and_then(|other| other.strip_prefix(&name));
        if of_it.is_some_and(|rest| rest.ends_with(".part")) {
            let _ = fs::remove_file(entry.path()); // in nobody's way if it stays
        }
    }
}

/// The last part of a path.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Puts a whole file in its place, and makes that last.
///
/// # Errors
/// [`DatasetError::Io`].
pub fn rename(aside: &Path, path: &Path) -> Result<(), DatasetError> {
    fs::rename(aside, path).map_err(DatasetError::io(path, "write"))?;
    settle(path);
    Ok(())
}

/// Makes the name of a file last.
fn settle(path: &Path) {
    if let Some(folder) = path.parent() {
        // where a folder cannot be synced, the file system keeps the order by itself or not at all
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// Writes a small file as a whole.
///
/// # Errors
/// [`DatasetError::Io`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
    let aside = aside(path);
    File::create(&aside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(DatasetError::io(&aside, "write"))?;
    rename(&aside, path)
}

/// Writes a small file as a whole that several processes may write at once, all the same: one of them
/// stays, and none fails for the others.
///
/// # Errors
/// [`DatasetError::Io`].
pub fn write_shared(path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
    by_own_aside(path, bytes, rename)
}

/// The SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// [`DatasetError::Io`].
pub fn sha256(path: &Path) -> Result<String, DatasetError> {
    let mut file = File::open(path).map_err(DatasetError::io(path, "read"))?;
    let mut hash = Sha256::new();
    let mut bytes = vec![0; 1 << 18];
    loop {
        let read = file
            .read(&mut bytes)
            .map_err(DatasetError::io(path, "read"))?;
        if read == 0 {
            break;
        }
        hash.update(&bytes[..read]);
    }
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
        text
    })
}

/// Reads JSON.
///
/// # Errors
/// [`DatasetError`] for what cannot be read, or is something else.
pub fn read_json<V: serde::de::DeserializeOwned>(path: &Path) -> Result<V, DatasetError> {
    let text = fs::read(path).map_err(DatasetError::io(path, "read"))?;
    serde_json::from_slice(&text).map_err(|e| DatasetError::file(path, e.to_string()))
}

/// Writes JSON as a whole file, on several lines.
///
/// # Errors
/// [`DatasetError`].
pub fn write_json<V: Serialize>(path: &Path, value: &V) -> Result<(), DatasetError> {
    write(path, &json(path, value)?)
}

/// JSON on several lines.
///
/// # Errors
/// [`DatasetError::File`].
pub fn json<V: Serialize>(path: &Path, value: &V) -> Result<Vec<u8>, DatasetError> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|e| DatasetError::file(path, e.to_string()))?;
    text.push(b'\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        write(&path, b"abc").unwrap();
        // FIPS 180-4, appendix B.1
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&path).unwrap(), expected);
        assert!(!aside(&path).exists());
    }

    #[test]
    fn one_of_many_writes_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        let write = &|i: u8| (write_new(&path, &[i; 1000]).unwrap(), i);
        let all: Vec<_> = std::thread::scope(|scope| {
            let begun: Vec<_> = (0..8u8).map(|i| scope.spawn(move || write(i))).collect();
            begun.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let winners: Vec<_> = all.iter().filter(|(won, _)| *won).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(fs::read(&path).unwrap(), [winners[0].1; 1000]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn many_may_write_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..50).for_each(|_| write_shared(&path, &[7; 1000]).unwrap()));
            }
        });
        assert_eq!(fs::read(&path).unwrap(), [7; 1000]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_killed_processes_leave_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "plan.json",
            "plan.json.7-0.part",
            "plan.json.part",
            "a.part",
        ] {
            fs::write(at(name), b"{").unwrap();
        }
        sweep(&at("plan.json"));
        let there = [
            "plan.json",
            "plan.json.7-0.part",
            "plan.json.part",
            "a.part",
        ];
        let there = there.map(|name| at(name).exists());
        assert_eq!(there, [true, false, false, true]);
    }
}
