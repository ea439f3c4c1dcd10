//! The log: one line of JSON for each system.

use super::line::Line;
use crate::cli::error::CliError;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

pub struct Log {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Log {
    /// Begins a log, or goes on after the first `lines` of one: those beyond were written after the
    /// state that the run goes on from.
    pub fn open(path: &Path, lines: usize) -> Result<Self, CliError> {
        let failed = |source| CliError::Write {
            path: path.into(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(lines == 0)
            .truncate(lines == 0)
            .open(path)
            .map_err(failed)?;
        let mut length = 0;
        let mut reader = BufReader::new(&mut file);
        let mut line = Vec::new();
        for number in 0..lines {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if line.last() != Some(&b'\n') {
                return Err(CliError::State {
                    path: path.into(),
                    problem: format!(
                        "the log has {number} whole lines, but {lines} systems are done; give the log of the run that is gone on with, or another --state and --log"
                    ),
                });
            }
            length += read as u64;
        }
        file.set_len(length).map_err(failed)?;
        file.seek(std::io::SeekFrom::End(0)).map_err(failed)?;
        Ok(Self {
            path: path.into(),
            file: BufWriter::new(file),
        })
    }

    /// A whole line, and in the file.
    pub fn write(&mut self, line: &Line<'_>) -> Result<(), CliError> {
        let written = serde_json::to_writer(&mut self.file, line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .and_then(|()| self.file.flush()); // whatever kills the run, what is solved is in the file
        written.map_err(|source| self.failed(source))
    }

    pub fn flush(&mut self) -> Result<(), CliError> {
        let flushed = self.file.flush();
        flushed.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> CliError {
        CliError::Write {
            path: self.path.clone(),
            source,
        }
    }
}
