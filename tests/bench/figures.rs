//! The figures of a run: medians, ratios, limits, the table, and the line of the history.

use serde_json::{Value as Json, json};
use std::fmt::Write;

/// What a figure may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    Max(f64),
    /// That many times what it is compared with.
    MaxTimes(f64),
    MinTimes(f64),
}

/// How a figure compares with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Over,
    /// It has no limit, or what it is compared with was not measured.
    Open,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub path: String,
    pub figure: f64,
    pub unit: &'static str,
    /// What it is compared with, and that figure in the same unit.
    pub against: Option<(String, f64)>,
    pub limit: Option<Limit>,
}

impl Row {
    /// How many times what it is compared with the figure is.
    pub fn ratio(&self) -> Option<f64> {
        self.against.as_ref().filter(|(_, against)| *against > 0.0).map(|(_, against)| self.figure / against)
    }

    pub fn verdict(&self) -> Verdict {
        let holds = match self.limit {
            None => None,
            Some(Limit::Max(limit)) => Some(self.figure <= limit),
            Some(Limit::MaxTimes(limit)) => self.ratio().map(|ratio| ratio <= limit),
            Some(Limit::MinTimes(limit)) => self.ratio().map(|ratio| ratio >= limit),
        };
        match holds {
            None => Verdict::Open,
            Some(true) => Verdict::Ok,
            Some(false) => Verdict::Over,
        }
    }

    fn limit(&self) -> String {
        match self.limit {
            None => String::new(),
            Some(Limit::Max(limit)) => format!("<= {} {}", rounded(limit), self.unit),
            Some(Limit::MaxTimes(limit)) => format!("<= {} x", rounded(limit)),
            Some(Limit::MinTimes(limit)) => format!(">= {} x", rounded(limit)),
        }
    }
}

/// The middle of the figures; of an even number the lower one of the two in the middle, which was measured.
pub fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// The table as it is printed.
pub fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.path.chars().count()).max().unwrap_or_default().max(4);
    let mut table =
        format!("{:width$} {:>11} {:4} {:>8}  {:34} {:14} verdict\n", "path", "figure", "unit", "ratio", "against", "limit");
    for row in rows {
        let ratio = row.ratio().map(|ratio| format!("{ratio:.2} x")).unwrap_or_default();
        let against = row.against.as_ref().map(|(name, figure)| format!("{name} ({})", rounded(*figure))).unwrap_or_default();
        let verdict = match row.verdict() {
            Verdict::Ok => "ok",
            Verdict::Over => "OVER",
            Verdict::Open => "",
        };
        let (figure, limit) = (rounded(row.figure), row.limit());
        let line = format!("{:width$} {figure:>11} {:4} {ratio:>8}  {against:34} {limit:14} {verdict}", row.path, row.unit);
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

/// One line of `history.jsonl`.
pub fn record(commit: &str, at: &str, conditions: &Json, rows: &[Row]) -> Json {
    let figures: serde_json::Map<String, Json> = rows
        .iter()
        .map(|row| {
            let ratio = row.ratio().map(|ratio| (ratio * 1_000.0).round() / 1_000.0);
            let figure = (row.figure * 1_000.0).round() / 1_000.0;
            (
                row.path.clone(),
                json!({"figure": figure, "unit": row.unit, "ratio": ratio, "over": row.verdict() == Verdict::Over}),
            )
        })
        .collect();
    json!({"commit": commit, "at": at, "conditions": conditions, "figures": figures})
}

/// Three digits that say something.
fn rounded(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
