//! What can be wrong with a Matrix Market file.

use std::path::PathBuf;

/// Why a file could not be read or written. Every text names the file, and the line (counted from
/// 1) where there is one, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MtxError {
    /// The file cannot be opened, mapped, decompressed or written.
    #[error("{}: {source}; it must be a file that can be read or written", path.display())]
    Io {
        /// file
        path: PathBuf,
        /// what the system said
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{name}:{line}: found {found}; expected {expected}")]
    Syntax {
        /// file
        name: String,
        /// line, from 1
        line: usize,
        /// what stands there
        found: String,
        /// what should, and how to mend it
        expected: String,
    },
    /// The whole is wrong although every line may be right.
    #[error("{name}: {problem}")]
    Content {
        /// file
        name: String,
        /// what is wrong, and how to mend it
        problem: String,
    },
}

/// An error in the text of a file, before the file has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// 1-based, or 0 for the whole file.
    pub line: usize,
    pub found: String,
    pub expected: String,
}

impl Fault {
    pub fn new(line: usize, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            line,
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// About the file as a whole.
    pub fn content(problem: impl Into<String>) -> Self {
        Self::new(0, problem, "")
    }

    pub fn named(self, name: &str) -> MtxError {
        let name = name.to_owned();
        if self.line == 0 {
            MtxError::Content {
                name,
                problem: self.found,
            }
        } else {
            MtxError::Syntax {
                name,
                line: self.line,
                found: self.found,
                expected: self.expected,
            }
        }
    }
}

/// A piece of the file for an error text: printable and not too long.
pub(super) fn excerpt(text: &[u8]) -> String {
    const LONGEST: usize = 60;
    let cut = &text[..text.len().min(LONGEST)];
    let dots = if text.len() > LONGEST { "…" } else { "" };
    let shown: String = String::from_utf8_lossy(cut)
        .chars()
        .flat_map(char::escape_debug)
        .collect();
    if shown.is_empty() {
        "nothing".to_owned()
    } else {
        format!("\"{shown}{dots}\"")
    }
}
