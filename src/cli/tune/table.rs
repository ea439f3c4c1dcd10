//! Tables and numbers for people.

/// Columns as wide as they must be: the first to the left, the others to the right.
pub fn table(rows: &[Vec<String>], indent: &str) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from(indent);
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            line += &match column {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// A row of a table.
pub fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// Two decimals, whole where large, powers where small.
pub fn number(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => "-".into(),
        v if v >= 1e15 => format!("{value:.3e}"),
        v if v >= 1e5 => format!("{value:.0}"),
        v if v >= 0.1 || v == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.2e}"),
    }
}

/// A sum: whole where the terms are.
pub fn sum(value: f64) -> String {
    match value.fract() == 0.0 && value.abs() < 1e15 {
        true => format!("{value:.0}"),
        false => number(value),
    }
}

/// A ratio of costs.
pub fn ratio(value: f64) -> String {
    match value.is_finite() {
        true => format!("{value:.3}"),
        false => "-".into(),
    }
}

/// What there may not be.
pub fn maybe(value: Option<f64>, say: fn(f64) -> String) -> String {
    value.map_or("-".into(), say)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_meaning() {
        assert_eq!(number(121.096), "121.10");
        assert_eq!(number(605_480.4), "605480");
        assert_eq!(number(0.0), "0.00");
        assert_eq!(number(-3.0), "-3.00");
        assert_eq!(number(1.5e-5), "1.50e-5");
        assert_eq!(number(f64::NAN), "-");
        assert_eq!((sum(39.0), sum(-39.0)), ("39".into(), "-39".into()));
        assert_eq!(sum(0.125), "0.12");
    }

    #[test]
    fn columns_align() {
        let rows = [row(["ω", "mean"]), row(["1.95", "7"])];
        assert_eq!(table(&rows, " "), " ω     mean\n 1.95     7\n");
    }
}
