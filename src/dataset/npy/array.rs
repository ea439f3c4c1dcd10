//! Arrays of NumPy written aside, in any order of the rows.

use super::{DatasetError, Dtype, header};
use crate::dataset::durable::{self, Stored};
use std::fs::{File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// So often in a row another process may finish a file between the moment it is opened and that it is
/// locked.
const ATTEMPTS: usize = 16;

/// An array under construction, aside: rows come in any order.
pub struct Array {
    /// Where it will be.
    path: PathBuf,
    aside: PathBuf,
    file: File,
    start: u64,
    width: usize,
    next: usize,
}

impl Array {
    /// Begins an array of `rows` rows of the given shape beside its final place.
    ///
    /// # Errors
    /// [`DatasetError::Io`], and [`DatasetError::Busy`] where another process has begun it.
    pub fn create(
        path: &Path,
        dtype: Dtype,
        rows: usize,
        shape: &[usize],
    ) -> Result<Self, DatasetError> {
        let aside = durable::aside(path);
        let mut whole = vec![rows as u64];
        whole.extend(shape.iter().map(|d| *d as u64));
        let bytes = header(path, dtype, &whole)?;
        let failed = || DatasetError::io(&aside, "write");
        let mut file = claim(&aside)?;
        file.set_len(0).map_err(failed())?;
        file.write_all(&bytes).map_err(failed())?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            start: bytes.len() as u64,
            width: shape.iter().product::<usize>() * dtype.bytes(),
            next: 0,
            aside,
        })
    }

    /// Writes row `at`, of bytes as [`Dtype::encode`] makes them.
    ///
    /// # Errors
    /// [`DatasetError::Io`].
    pub fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), DatasetError> {
        debug_assert_eq!(bytes.len(), self.width);
        let place = self.start + (at * self.width) as u64;
        let moved = match self.next == at {
            true => Ok(place), // rows in order: the file is where it should be
            false => self.file.seek(SeekFrom::Start(place)),
        };
        self.next = at + 1;
        moved
            .and_then(|_| self.file.write_all(bytes))
            .map_err(DatasetError::io(&self.aside, "write"))
    }

    /// The rows are all there: makes them last, and puts the file in its place.
    ///
    /// # Errors
    /// [`DatasetError::Io`].
    pub fn finish(&mut self) -> Result<Stored, DatasetError> {
        let failed = || DatasetError::io(&self.aside, "write");
        let bytes = self.file.metadata().map_err(failed())?.len();
        let sha256 = durable::sha256(&self.aside)?;
        self.file.sync_all().map_err(failed())?;
        durable::rename(&self.aside, &self.path)?;
        Ok(Stored {
            file: durable::file_name(&self.path),
            bytes,
            sha256,
        })
    }
}

/// A file that is this process's own until it is closed. Between opening and locking, the process that
/// had it may have put it in its final place: what is locked then is no longer aside, and is let go.
fn claim(aside: &Path) -> Result<File, DatasetError> {
    for _ in 0..ATTEMPTS {
        let options = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(aside);
        let file = options.map_err(DatasetError::io(aside, "write"))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            break; // a file system without locks has none to respect
        }
        if is_at(&file, aside) {
            return Ok(file);
        }
    }
    Err(DatasetError::Busy(aside.to_path_buf()))
}

/// Whether the file that is open is the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Elsewhere a file that is open cannot be renamed.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::npy::Rows;

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_renamed_is_not_taken_for_the_one_aside() {
        let folder = tempfile::tempdir().unwrap();
        let [aside, path] = ["a.npy.part", "a.npy"].map(|name| folder.path().join(name));
        let file = claim(&aside).unwrap();
        assert!(is_at(&file, &aside));
        assert!(matches!(claim(&aside), Err(DatasetError::Busy(_))));
        std::fs::rename(&aside, &path).unwrap();
        assert!(!is_at(&file, &aside));
        std::fs::write(&aside, b"another").unwrap();
        assert!(!is_at(&file, &aside));
    }

    /// Whoever finishes leaves a whole array, whatever others begin in the same moment.
    #[test]
    fn writers_of_one_array_leave_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = &folder.path().join("a.npy");
        let write = move || {
            let mut finished = 0usize;
            for _ in 0..150 {
                let mut array = match Array::create(path, Dtype::F64, 2, &[3]) {
                    Err(DatasetError::Busy(_)) => continue,
                    created => created.unwrap(),
                };
                let mut bytes = Vec::new();
                Dtype::F64.encode(&[1.0, 2.0, 3.0], &mut bytes);
                array.put(0, &bytes).unwrap();
                array.put(1, &bytes).unwrap();
                array.finish().unwrap();
                finished += 1;
            }
            finished
        };
        let finished: usize = std::thread::scope(|scope| {
            let begun: Vec<_> = (0..3).map(|_| scope.spawn(write)).collect();
            begun.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert!(finished > 0);
        let mut row = [0.0; 3];
        Rows::open(path).unwrap().read(1, &mut row).unwrap();
        assert_eq!(row, [1.0, 2.0, 3.0]);
    }
}
