//! Files that are there as a whole or not at all, and their checksums.

use super::DatasetError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
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
    if let Some(folder) = path.parent() {
        // where a folder cannot be synced, the file system keeps the order by itself or not at all
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
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
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|e| DatasetError::file(path, e.to_string()))?;
    text.push(b'\n');
    write(path, &text)
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
}
