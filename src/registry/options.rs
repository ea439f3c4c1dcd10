//! `name:key=value,key=value`, checked against the table of what there is.

use super::{Entry, RegistryError};
use resolvent_matrices::Grid;

/// A name and its options, all of them known.
pub struct Options {
    entry: &'static Entry,
    /// Keys besides those of the entry.
    extra: Keys,
    pairs: Vec<(String, String)>,
}

/// Keys and what they mean.
type Keys = &'static [(&'static str, &'static str)];

/// The most of anything that can be asked for: vectors kept, products done.
const MOST: usize = 100_000;

impl Options {
    pub fn parse(
        kind: &'static str,
        table: &'static [Entry],
        spec: &str,
    ) -> Result<Self, RegistryError> {
        Self::parse_any(kind, &[(table, &[])], spec)
    }

    /// From several tables, all of whose entries take some more keys.
    pub fn parse_any(
        kind: &'static str,
        tables: &[(&'static [Entry], Keys)],
        spec: &str,
    ) -> Result<Self, RegistryError> {
        let (name, rest) = spec.split_once(':').unwrap_or((spec, ""));
        let entries = || {
            let tables = tables.iter();
            tables.flat_map(|(table, extra)| table.iter().map(move |entry| (entry, *extra)))
        };
        let Some((entry, extra)) = entries().find(|(entry, _)| entry.name == name) else {
            let names: Vec<_> = entries().map(|(entry, _)| entry.name).collect();
            return Err(RegistryError::Unknown {
                kind,
                name: name.into(),
                guess: guess(name, &names),
                known: names.join(", "),
            });
        };
        let mut options = Self {
            entry,
            extra,
            pairs: Vec::new(),
        };
        for part in rest.split(',').filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(RegistryError::Syntax {
                    name: name.into(),
                    found: part.into(),
                });
            };
            options.check(key)?;
            options.pairs.push((key.into(), value.into()));
        }
        Ok(options)
    }

    fn check(&self, key: &str) -> Result<(), RegistryError> {
        let keys = self.entry.options.iter().chain(self.extra);
        let keys: Vec<_> = keys.map(|(key, _)| *key).collect();
        if keys.contains(&key) {
            return Ok(());
        }
        let known = if keys.is_empty() {
            "it takes none".into()
        } else {
            format!("it takes: {}", keys.join(", "))
        };
        Err(RegistryError::UnknownKey {
            name: self.entry.name.into(),
            key: key.into(),
            guess: guess(key, &keys),
            known,
        })
    }

    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The value of a key; given twice, the last.
    pub fn value(&self, key: &str) -> Option<&str> {
        let mut found = self.pairs.iter().rev().filter(|(k, _)| k == key);
        found.next().map(|(_, value)| value.as_str())
    }

    fn read<V>(
        &self,
        key: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<V>,
    ) -> Result<Option<V>, RegistryError> {
        let Some(text) = self.value(key) else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| RegistryError::Value {
            name: self.entry.name.into(),
            key: key.into(),
            value: text.into(),
            expected: expected.into(),
        })
    }

    /// A whole number from 1 on.
    pub fn count(&self, key: &str, default: usize) -> Result<usize, RegistryError> {
        let parse = |text: &str| text.parse().ok().filter(|n| (1..=MOST).contains(n));
        let value = self.read(key, "a whole number from 1 to 100000", parse)?;
        Ok(value.unwrap_or(default))
    }

    /// A whole number, 0 among them.
    pub fn whole(&self, key: &str, default: usize) -> Result<usize, RegistryError> {
        let parse = |text: &str| text.parse().ok().filter(|n| (0..=MOST).contains(n));
        let value = self.read(key, "a whole number from 0 to 100000", parse)?;
        Ok(value.unwrap_or(default))
    }

    /// A finite number greater than 0.
    pub fn positive(&self, key: &str, default: f64) -> Result<f64, RegistryError> {
        let parse = |text: &str| {
            text.parse()
                .ok()
                .filter(|v: &f64| *v > 0.0 && v.is_finite())
        };
        let value = self.read(key, "a positive number", parse)?;
        Ok(value.unwrap_or(default))
    }

    /// A finite number, 0 or greater.
    pub fn not_negative(&self, key: &str, default: f64) -> Result<f64, RegistryError> {
        let parse = |text: &str| {
            text.parse()
                .ok()
                .filter(|v: &f64| *v >= 0.0 && v.is_finite())
        };
        let value = self.read(key, "a number, 0 or greater", parse)?;
        Ok(value.unwrap_or(default))
    }

    /// A number in (0, 1], if given.
    pub fn fraction(&self, key: &str) -> Result<Option<f64>, RegistryError> {
        let parse = |text: &str| text.parse().ok().filter(|v: &f64| *v > 0.0 && *v <= 1.0);
        self.read(key, "a number greater than 0, at most 1", parse)
    }

    /// A grid, if given.
    pub fn grid(&self, key: &str) -> Result<Option<Grid>, RegistryError> {
        self.read(key, "NX, NXxNY or NXxNYxNZ", |text| Grid::parse(text).ok())
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool, RegistryError> {
        let value = self.read(key, "true or false", |text| text.parse().ok())?;
        Ok(value.unwrap_or(default))
    }

    /// Which of the given words.
    pub fn word(&self, key: &str, words: &[&str]) -> Result<Option<usize>, RegistryError> {
        let parse = |text: &str| words.iter().position(|word| *word == text);
        self.read(key, &words.join(" or "), parse)
    }
}

/// `; did you mean …?` for the nearest of the known words, if one is near.
fn guess(typed: &str, known: &[&str]) -> String {
    let nearest = known.iter().min_by_key(|word| distance(typed, word));
    match nearest {
        Some(word) if distance(typed, word) <= 1 + word.len() / 3 => {
            format!("; did you mean `{word}`?")
        }
        _ => String::new(),
    }
}

/// Letters to change, insert or drop to come from one word to the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &cb) in b.iter().enumerate() {
            let change = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ic0", "ic0"), 0);
    }

    #[test]
    fn only_near_words_are_guessed() {
        assert_eq!(guess("gmrs", &["cg", "gmres"]), "; did you mean `gmres`?");
        assert_eq!(guess("cholesky", &["cg", "gmres"]), "");
    }
}
