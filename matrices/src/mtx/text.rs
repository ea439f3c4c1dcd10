//! Lines, words and numbers.

use crate::Scalar;
use num_complex::Complex;

/// The lines of a text, counted.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Lines<'a> {
    /// Skips a byte-order mark.
    pub fn new(text: &'a [u8]) -> Self {
        let rest = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        Self { rest, line: 0 }
    }

    /// The number of the line last read, from 1 (1 before the first).
    pub fn line(&self) -> usize {
        self.line.max(1)
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Lines read so far.
    pub fn count(&self) -> usize {
        self.line
    }

    /// The next line, without its end.
    pub fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let end = self.rest.iter().position(|&c| c == b'\n');
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = &self.rest[end.map_or(self.rest.len(), |e| e + 1)..];
        Some(line)
    }

    /// The next line that is neither blank nor a comment, with its number.
    pub fn next_meaningful(&mut self) -> Option<(usize, &'a [u8])> {
        loop {
            let line = self.next_line()?;
            let line = line.trim_ascii();
            if !line.is_empty() && line[0] != b'%' {
                return Some((self.line, line));
            }
        }
    }
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|w| !w.is_empty())
}

/// A whole number ≥ 0, the entire word.
pub(super) fn integer(word: &[u8]) -> Option<usize> {
    let digits = word.strip_prefix(b"+").unwrap_or(word);
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0usize, |n, &c| {
        let d = c.wrapping_sub(b'0');
        if d > 9 {
            return None;
        }
        n.checked_mul(10)?.checked_add(usize::from(d))
    })
}

/// Skips blanks (not line feeds).
#[inline(always)]
pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && matches!(text[at], b' ' | b'\t' | b'\r' | b'\x0B' | b'\x0C') {
        at += 1;
    }
    at
}

/// An index that ends at a blank or at the end of its line: (value, position after it).
#[inline(always)]
pub(super) fn index(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut end = at;
    let mut value = 0usize;
    while end < text.len() {
        let d = text[end].wrapping_sub(b'0');
        if d > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(usize::from(d));
        end += 1;
    }
    let ends = end == text.len() || text[end].is_ascii_whitespace();
    if ends && end > at && end - at <= 18 {
        return Some((value, end));
    }
    // a sign, or too many digits for the quick path
    let word = word_at(text, at);
    Some((integer(word)?, at + word.len()))
}

/// The word that begins at `at`.
pub(super) fn word_at(text: &[u8], at: usize) -> &[u8] {
    let rest = &text[at.min(text.len())..];
    let end = rest.iter().position(u8::is_ascii_whitespace);
    &rest[..end.unwrap_or(rest.len())]
}

/// A number that ends at a blank or at the end of its line: (value, position after it). Accepts
/// what C and Fortran write, `1d-3` and `+1` included; NaN and infinity are left to the caller.
#[inline(always)]
pub(super) fn number(text: &[u8], at: usize) -> Option<(f64, usize)> {
    if let Ok((value, used)) = fast_float2::parse_partial::<f64, _>(&text[at..])
        && (at + used == text.len() || text[at + used].is_ascii_whitespace())
    {
        return Some((value, at + used));
    }
    let word = word_at(text, at);
    let plain: Vec<u8> = word
        .strip_prefix(b"+")
        .unwrap_or(word)
        .iter()
        .map(|&c| if matches!(c, b'd' | b'D') { b'e' } else { c })
        .collect();
    if plain.first().is_some_and(|c| matches!(c, b'+')) {
        return None;
    }
    let value = fast_float2::parse::<f64, _>(&plain).ok()?;
    Some((value, at + word.len()))
}

/// A value of the given field: one number, two for `complex`, none for `pattern`.
#[inline(always)]
pub(super) fn value<T: Scalar>(text: &[u8], at: usize, parts: usize) -> Option<(T, usize)> {
    match parts {
        0 => Some((T::ONE, at)),
        1 => {
            let (re, at) = number(text, skip_blanks(text, at))?;
            Some((T::from_f64(re), at))
        }
        _ => {
            let (re, at) = number(text, skip_blanks(text, at))?;
            let (im, at) = number(text, skip_blanks(text, at))?;
            Some((T::from_c64(Complex::new(re, im)), at))
        }
    }
}
