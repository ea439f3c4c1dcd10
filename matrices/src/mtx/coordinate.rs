//! Entries in any order, parsed in parallel and placed straight into compressed rows.
//!
//! 1. The text is cut at line ends into pieces; each is parsed into (row, column, value) triplets,
//!    room for which is reserved by counting its lines.
//! 2. Each thread takes a range of rows, counts its entries and places them in the order of the
//!    file, mirrored entries along with their originals.
//! 3. Rows that came out unsorted are sorted, what stands twice is summed (in file order). A file
//!    sorted by rows or by columns needs none of that, also when it is symmetric.
//!
//! The result does not depend on the number of threads. Heap: 8 + size of T bytes an entry stored,
//! besides the matrix.

use super::error::{Fault, excerpt};
use super::header::{Field, Header, Symmetry};
use super::text;
use crate::{Csr, Scalar};
use rayon::prelude::*;

/// Pieces of text are about this long.
const PIECE: usize = 1 << 20;

/// (row, column, value), from 0.
type Entry<T> = (u32, u32, T);

/// The entries of one piece.
struct Piece<T> {
    entries: Vec<Entry<T>>,
    /// First lines with an entry below and above the diagonal.
    lower: Option<usize>,
    upper: Option<usize>,
    /// Line of the last entry.
    last: usize,
}

/// Reads the entries after a header. `lines_before` is the number of lines already read.
pub(super) fn read<T: Scalar>(
    header: &Header,
    body: &[u8],
    lines_before: usize,
) -> Result<Csr<T>, Fault> {
    let pieces = cut(body);
    let lines = map(pieces.clone(), |text| {
        text.iter().filter(|&&c| c == b'\n').count()
    });
    let mut line = lines_before + 1;
    let mut jobs = Vec::with_capacity(pieces.len());
    for (text, count) in pieces.into_iter().zip(lines) {
        jobs.push((text, line, count + 1));
        line += count;
    }
    let parsed = map(jobs, |(text, line, lines)| parse(header, text, line, lines));
    let parsed: Vec<Piece<T>> = parsed.into_iter().collect::<Result<_, _>>()?;
    check(header, &parsed, line)?;
    Ok(place(header, &parsed))
}

/// Runs `f` over all items, in parallel inside a pool, and keeps their order.
fn map<I: Send, O: Send>(items: Vec<I>, f: impl Fn(I) -> O + Sync + Send) -> Vec<O> {
    if in_pool() {
        items.into_par_iter().map(f).collect()
    } else {
        items.into_iter().map(f).collect()
    }
}

fn in_pool() -> bool {
    rayon::current_thread_index().is_some() && rayon::current_num_threads() > 1
}

/// Cuts the text at line ends.
fn cut(mut text: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::with_capacity(text.len() / PIECE + 1);
    while !text.is_empty() {
        let from = PIECE.min(text.len());
        let end = text[from..].iter().position(|&c| c == b'\n');
        let end = end.map_or(text.len(), |e| from + e + 1);
        pieces.push(&text[..end]);
        text = &text[end..];
    }
    pieces
}

fn parse<T: Scalar>(
    header: &Header,
    text: &[u8],
    mut line: usize,
    lines: usize,
) -> Result<Piece<T>, Fault> {
    let parts = match header.field {
        Field::Pattern => 0,
        Field::Real | Field::Integer => 1,
        Field::Complex => 2,
    };
    let mut piece = Piece {
        entries: Vec::with_capacity(lines.min(text.len() / (4 + 2 * parts) + 1)),
        lower: None,
        upper: None,
        last: 0,
    };
    let mut at = 0;
    while at < text.len() {
        at = text::skip_blanks(text, at);
        if at == text.len() {
            break;
        }
        if text[at] == b'\n' || text[at] == b'%' {
            at += text[at..]
                .iter()
                .position(|&c| c == b'\n')
                .unwrap_or(text.len() - at - 1)
                + 1;
            line += 1;
            continue;
        }
        let start = at;
        let bad = |found: &[u8], what: &str| Err(Fault::new(line, excerpt(found), what));
        let Some((row, next)) = text::index(text, at) else {
            return bad(
                text::word_at(text, at),
                "a row index, a whole number from 1",
            );
        };
        at = text::skip_blanks(text, next);
        let Some((col, next)) = text::index(text, at) else {
            return bad(
                text::word_at(text, at),
                "a column index, a whole number from 1",
            );
        };
        let inside = |what: &str, index: usize, size: usize| {
            if index.wrapping_sub(1) < size {
                return Ok(());
            }
            let hint = if index == 0 {
                " (indices count from 1)"
            } else {
                ""
            };
            Err(Fault::new(
                line,
                format!("{what} {index}"),
                format!("a {what} from 1 to {size}{hint}"),
            ))
        };
        inside("row", row, header.rows)?;
        inside("column", col, header.cols)?;
        let Some((value, next)) = text::value::<T>(text, next, parts) else {
            let at = text::skip_blanks(text, next);
            let what = match header.field {
                Field::Complex => "two numbers, the real and the imaginary part",
                _ => "a number",
            };
            return bad(text::word_at(text, at), what);
        };
        if !value.is_finite() {
            return bad(
                text::word_at(
                    text,
                    text::skip_blanks(text, next_after_indices(text, start)),
                ),
                "a finite number: NaN, infinity and values beyond the range of a double are refused",
            );
        }
        at = text::skip_blanks(text, next);
        if at < text.len() {
            if text[at] != b'\n' {
                return bad(
                    text::word_at(text, at),
                    "the end of the line after the entry",
                );
            }
            at += 1;
        }
        if row > col {
            piece.lower.get_or_insert(line);
        } else if row < col {
            piece.upper.get_or_insert(line);
        } else if !diagonal_fits(header.symmetry, value) {
            return Err(Fault::new(
                line,
                format!("{value} on the diagonal"),
                match header.symmetry {
                    Symmetry::Hermitian => "a real number: the matrix is said to be hermitian",
                    _ => "zero or nothing: the matrix is said to be skew-symmetric",
                },
            ));
        }
        piece.entries.push((row as u32 - 1, col as u32 - 1, value));
        piece.last = line;
        line += 1;
    }
    Ok(piece)
}

/// The position after the two indices of the line that starts at `at`.
fn next_after_indices(text: &[u8], at: usize) -> usize {
    let at = at + text::word_at(text, at).len();
    let at = text::skip_blanks(text, at);
    at + text::word_at(text, at).len()
}

/// Whether a value may stand on the diagonal.
pub(super) fn diagonal_fits<T: Scalar>(symmetry: Symmetry, value: T) -> bool {
    match symmetry {
        Symmetry::General | Symmetry::Symmetric => true,
        Symmetry::SkewSymmetric => value == T::ZERO,
        Symmetry::Hermitian => value.conj() == value,
    }
}

/// As many entries as declared, and one triangle only.
fn check<T>(header: &Header, pieces: &[Piece<T>], end: usize) -> Result<(), Fault> {
    let found: usize = pieces.iter().map(|p| p.entries.len()).sum();
    let last = pieces.iter().map(|p| p.last).max().unwrap_or(0);
    if found != header.entries {
        let line = if found < header.entries { end } else { last };
        return Err(Fault::new(
            line,
            format!("{found} entries in all"),
            format!("{}, as the size line says", header.entries),
        ));
    }
    if header.symmetry == Symmetry::General {
        return Ok(());
    }
    let lower = pieces.iter().find_map(|p| p.lower);
    let upper = pieces.iter().find_map(|p| p.upper);
    if let (Some(lower), Some(upper)) = (lower, upper) {
        return Err(Fault::new(
            lower.max(upper),
            format!("entries below (line {lower}) and above (line {upper}) the diagonal"),
            format!(
                "one triangle only in a {} file; if the file holds both, say \"general\" in its banner",
                header.symmetry
            ),
        ));
    }
    Ok(())
}

/// Compressed rows from triplets.
fn place<T: Scalar>(header: &Header, pieces: &[Piece<T>]) -> Csr<T> {
    let mirror = |value: T| match header.symmetry {
        Symmetry::General => None,
        Symmetry::Symmetric => Some(value),
        Symmetry::SkewSymmetric => Some(-value),
        Symmetry::Hermitian => Some(value.conj()),
    };
    let expand = header.symmetry != Symmetry::General;
    let threads = if in_pool() {
        rayon::current_num_threads()
    } else {
        1
    };
    let share = header.rows.div_ceil(threads).max(1);

    let mut row_ptr = vec![0u32; header.rows + 1];
    let count = |(k, counts): (usize, &mut [u32])| {
        let first = k * share;
        let mut add = |row: u32| {
            if let Some(c) = counts.get_mut((row as usize).wrapping_sub(first)) {
                *c += 1;
            }
        };
        for &(row, col, _) in pieces.iter().flat_map(|p| &p.entries) {
            add(row);
            if expand && row != col {
                add(col);
            }
        }
    };
    row_ptr[1..]
        .par_chunks_mut(share)
        .enumerate()
        .for_each(count);
    for i in 0..header.rows {
        row_ptr[i + 1] += row_ptr[i];
    }
    let nnz = row_ptr[header.rows] as usize;

    let mut col_idx = vec![0u32; nnz];
    let mut values = vec![T::ZERO; nnz];
    let mut next: Vec<u32> = row_ptr[..header.rows].to_vec();
    // each thread gets the part of the arrays that its rows fill
    let mut jobs = Vec::with_capacity(threads);
    let (mut cols, mut vals) = (col_idx.as_mut_slice(), values.as_mut_slice());
    for (k, next) in next.chunks_mut(share).enumerate() {
        let (start, end) = (row_ptr[k * share], row_ptr[k * share + next.len()]);
        let (c, rest_c) = cols.split_at_mut((end - start) as usize);
        let (v, rest_v) = vals.split_at_mut((end - start) as usize);
        (cols, vals) = (rest_c, rest_v);
        jobs.push((k * share, start, next, c, v));
    }
    let fill =
        |(first, start, next, cols, vals): (usize, u32, &mut [u32], &mut [u32], &mut [T])| {
            let mut put = |row: u32, col: u32, value: T| {
                if let Some(at) = next.get_mut((row as usize).wrapping_sub(first)) {
                    let to = (*at - start) as usize;
                    cols[to] = col;
                    vals[to] = value;
                    *at += 1;
                }
            };
            for &(row, col, value) in pieces.iter().flat_map(|p| &p.entries) {
                put(row, col, value);
                if row != col
                    && let Some(mirrored) = mirror(value)
                {
                    put(col, row, mirrored);
                }
            }
            // `next` now holds where each row ends
            let mut row = 0;
            next.iter().all(|&end| {
                let columns = &cols[row..(end - start) as usize];
                row = (end - start) as usize;
                columns.is_sorted_by(|a, b| a < b)
            })
        };
    let sorted = map(jobs, fill);
    if sorted.into_iter().all(|sorted| sorted) {
        Csr::trusted(header.rows, header.cols, row_ptr, col_idx, values)
    } else {
        Csr::from_unsorted(header.rows, header.cols, row_ptr, col_idx, values)
    }
}
