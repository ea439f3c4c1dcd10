//! The banner and the size line.

use super::error::{Fault, excerpt};
use super::text::{Lines, integer, words};
use std::fmt;

/// How entries are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `row column value` lines.
    Coordinate,
    /// All values, column by column.
    Array,
}

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// One number.
    Real,
    /// One whole number.
    Integer,
    /// Real and imaginary part.
    Complex,
    /// None: every entry is 1.
    Pattern,
}

/// What the file leaves out because it follows from the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symmetry {
    /// Nothing.
    General,
    /// A = Aᵀ: one triangle is stored.
    Symmetric,
    /// A = −Aᵀ: one strict triangle is stored.
    SkewSymmetric,
    /// A = Aᴴ: one triangle is stored.
    Hermitian,
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// Its word in the banner.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            fn parse(word: &[u8]) -> Option<Self> {
                $(if word.eq_ignore_ascii_case($name.as_bytes()) { return Some(Self::$variant); })+
                None
            }

            const NAMES: &'static [&'static str] = &[$($name),+];
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named!(Format { Coordinate = "coordinate", Array = "array" });
named!(Field { Real = "real", Integer = "integer", Complex = "complex", Pattern = "pattern" });
named!(Symmetry {
    General = "general",
    Symmetric = "symmetric",
    SkewSymmetric = "skew-symmetric",
    Hermitian = "hermitian"
});

/// Banner and size line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// How entries are laid out.
    pub format: Format,
    /// What the values are.
    pub field: Field,
    /// What is left out.
    pub symmetry: Symmetry,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Entries stored in the file (before symmetry is expanded).
    pub entries: usize,
}

/// Reads banner, comments and size line; leaves `lines` at the first entry.
pub(super) fn read(lines: &mut Lines<'_>) -> Result<Header, Fault> {
    let (format, field, symmetry) = banner(lines)?;
    let Some((line, text)) = lines.next_meaningful() else {
        return Err(Fault::new(
            lines.line(),
            "the end of the file",
            "a line with the size: rows, columns and, for coordinate files, entries",
        ));
    };
    let wanted = match format {
        Format::Coordinate => "three whole numbers: rows, columns, entries",
        Format::Array => "two whole numbers: rows, columns",
    };
    let bad = || Fault::new(line, excerpt(text), format!("a size line, {wanted}"));
    let mut sizes = [0usize; 3];
    let mut count = 0;
    for word in words(text) {
        if count == 3 {
            return Err(bad());
        }
        sizes[count] = integer(word).ok_or_else(bad)?;
        count += 1;
    }
    let [rows, mut cols, mut entries] = sizes;
    match (format, count) {
        (Format::Coordinate, 3) => {}
        (Format::Array, 1 | 2) => {
            if count == 1 {
                cols = 1; // a vector written without its column count
            }
            let whole = rows.checked_mul(cols).ok_or_else(bad)?;
            let lower = (rows.saturating_mul(rows) - rows.min(rows.saturating_mul(rows))) / 2;
            entries = match symmetry {
                Symmetry::General => whole,
                Symmetry::SkewSymmetric => lower,
                Symmetry::Symmetric | Symmetry::Hermitian => lower.saturating_add(rows),
            };
        }
        _ => return Err(bad()),
    }
    if symmetry != Symmetry::General && rows != cols {
        return Err(Fault::new(
            line,
            format!("{rows} rows and {cols} columns"),
            format!("a square matrix, since the banner says {symmetry}"),
        ));
    }
    Ok(Header {
        format,
        field,
        symmetry,
        rows,
        cols,
        entries,
    })
}

fn banner(lines: &mut Lines<'_>) -> Result<(Format, Field, Symmetry), Fault> {
    const EXPECTED: &str = "the banner \"%%MatrixMarket matrix coordinate|array \
         real|integer|complex|pattern general|symmetric|skew-symmetric|hermitian\"";
    let text = lines.next_line().unwrap_or_default();
    let line = lines.line();
    let bad = |found: String, expected: String| Err(Fault::new(line, found, expected));
    let mut words = words(text);
    if text.starts_with(&[0x1f, 0x8b]) {
        return bad(
            "gzip-compressed data".to_owned(),
            format!("{EXPECTED}; the name of a compressed file must end in .gz"),
        );
    }
    match words.next() {
        Some(word) if word.eq_ignore_ascii_case(b"%%MatrixMarket") => {}
        _ => return bad(excerpt(text), EXPECTED.to_owned()),
    }
    let mut word = || words.next().unwrap_or_default();
    let object = word();
    if !object.eq_ignore_ascii_case(b"matrix") {
        return bad(
            excerpt(object),
            "the word \"matrix\" in the banner".to_owned(),
        );
    }
    let one_of = |names: &[&str]| format!("one of {} in the banner", names.join(", "));
    let at = word();
    let Some(format) = Format::parse(at) else {
        return bad(excerpt(at), one_of(Format::NAMES));
    };
    let at = word();
    let Some(field) = Field::parse(at) else {
        return bad(excerpt(at), one_of(Field::NAMES));
    };
    let at = word();
    let Some(symmetry) = Symmetry::parse(at) else {
        return bad(excerpt(at), one_of(Symmetry::NAMES));
    };
    let rest = word();
    if !rest.is_empty() {
        return bad(
            excerpt(rest),
            "the end of the banner; lines must end with a line feed, not with a carriage return alone".to_owned(),
        );
    }
    match (format, field, symmetry) {
        (Format::Array, Field::Pattern, _) => bad(
            "an array of field pattern".to_owned(),
            "values, or the format coordinate".to_owned(),
        ),
        (_, Field::Pattern, Symmetry::SkewSymmetric | Symmetry::Hermitian) => bad(
            format!("a {symmetry} pattern"),
            "general or symmetric: a pattern has no signs".to_owned(),
        ),
        (_, Field::Real | Field::Integer, Symmetry::Hermitian) => bad(
            format!("hermitian with field {field}"),
            "the field complex, or the symmetry symmetric".to_owned(),
        ),
        all => Ok(all),
    }
}
