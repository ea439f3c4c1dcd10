//! One object after the other.

mod body;
mod header;
mod numbers;

pub use header::Header;

use super::{Object, PetscError, PetscOptions};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Reads one object after the other: the memory of the largest suffices.
///
/// After an error the iterator has ended.
#[derive(Debug)]
pub struct Reader<R = BufReader<File>> {
    inner: R,
    path: PathBuf,
    length: u64,
    at: u64,
    options: PetscOptions,
    /// As the first values told.
    complex: Option<bool>,
    ended: bool,
}

impl Reader {
    /// A file whose widths are to be seen from it.
    ///
    /// # Errors
    /// [`PetscError::Io`].
    pub fn open(path: &Path) -> Result<Self, PetscError> {
        Self::open_with(path, PetscOptions::default())
    }

    /// A file.
    ///
    /// # Errors
    /// [`PetscError::Io`].
    pub fn open_with(path: &Path, options: PetscOptions) -> Result<Self, PetscError> {
        let file = File::open(path).map_err(|source| PetscError::Io {
            path: path.into(),
            source,
        })?;
        Self::new(BufReader::new(file), path, options)
    }
}

impl<R: Read + Seek> Reader<R> {
    /// From anything that can be read and sought in; `name` is for error texts.
    ///
    /// # Errors
    /// [`PetscError::Io`].
    pub fn new(mut inner: R, name: &Path, options: PetscOptions) -> Result<Self, PetscError> {
        let length = inner.seek(SeekFrom::End(0)).and_then(|length| {
            inner.rewind()?;
            Ok(length)
        });
        let path = name.to_path_buf();
        Ok(Self {
            length: length.map_err(|source| PetscError::Io {
                path: path.clone(),
                source,
            })?,
            inner,
            path,
            at: 0,
            options,
            complex: options.complex,
            ended: false,
        })
    }

    /// What the next object is, read over.
    ///
    /// # Errors
    /// [`PetscError`].
    pub fn skip_object(&mut self) -> Result<Option<Header>, PetscError> {
        let Some(header) = self.header()? else {
            return Ok(None);
        };
        self.seek(header.body + header.body_bytes() as u64)?; // within the file: looked at
        Ok(Some(header))
    }

    /// The object of a header of this file; the next one is what follows it.
    ///
    /// # Errors
    /// [`PetscError`], also where there is another object now.
    pub fn read_at(&mut self, header: &Header) -> Result<Object, PetscError> {
        self.seek(header.offset)?;
        self.complex = Some(header.complex);
        match self.header()? {
            Some(found) if found == *header => self.body(&found),
            _ => Err(self.content(
                header.offset,
                "the file has changed since it was looked at".into(),
            )),
        }
    }

    fn content(&self, offset: u64, problem: String) -> PetscError {
        PetscError::Content {
            path: self.path.clone(),
            offset,
            problem,
        }
    }

    fn seek(&mut self, at: u64) -> Result<(), PetscError> {
        let moved = self.inner.seek(SeekFrom::Start(at));
        self.at = at;
        moved.map(|_| ()).map_err(|source| PetscError::Io {
            path: self.path.clone(),
            source,
        })
    }

    /// Up to eight bytes from here, without moving on.
    fn peek(&mut self) -> Result<Vec<u8>, PetscError> {
        let (mut bytes, at) = (Vec::new(), self.at);
        let read = (&mut self.inner).take(8).read_to_end(&mut bytes);
        read.map_err(|source| PetscError::Io {
            path: self.path.clone(),
            source,
        })?;
        self.seek(at)?;
        Ok(bytes)
    }

    fn truncated(&self, what: &'static str) -> impl Fn(u128) -> PetscError + use<R> {
        let (path, offset) = (self.path.clone(), self.at);
        let left = self.length.saturating_sub(offset);
        move |needed| PetscError::Truncated {
            path: path.clone(),
            offset,
            what,
            needed,
            left,
        }
    }
}

impl<R: Read + Seek> Iterator for Reader<R> {
    type Item = Result<Object, PetscError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let object = match self.header() {
            Ok(Some(header)) => Some(self.body(&header)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(object, Some(Ok(_)));
        object
    }
}
