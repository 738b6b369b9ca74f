//! Parses `/metrics` as a scraper does: strictly, so that anything invalid fails.

use std::collections::{BTreeMap, BTreeSet};

/// The samples of one scrape, by name and sorted labels: `name{a="1",b="2"}`.
#[derive(Clone, Debug)]
pub struct Exposition {
    pub samples: BTreeMap<String, f64>,
    /// Each family's type.
    pub families: BTreeMap<String, String>,
}

impl Exposition {
    pub fn parse(text: &str) -> Self {
        let (mut samples, mut families) = (BTreeMap::new(), BTreeMap::new());
        let mut helped = BTreeSet::new();
        let mut family = String::new();
        assert!(text.ends_with('\n'), "the last line must end with a newline");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect("a name and words");
                assert!(words.ends_with('.') && helped.insert(name.to_owned()), "{line}");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a type");
                assert!(["counter", "gauge", "histogram"].contains(&kind) && helped.contains(name), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is duplicated");
                family = name.to_owned();
            } else {
                let (series, value) = line.rsplit_once(' ').expect("a series and its value");
                let (name, labels) = series_of(series);
                let suffix = name.strip_prefix(&family).unwrap_or_else(|| panic!("{name} occurs in family {family}"));
                let allowed: &[&str] = if families[&family] == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(allowed.contains(&suffix), "{name} in family {family}");
                let key = key_of(&name, &labels);
                let value = value.parse().unwrap_or_else(|_| panic!("not a number: {line}"));
                assert!(samples.insert(key, value).is_none(), "duplicate: {line}");
            }
        }
        let read = Self { samples, families };
        read.ensure_whole_histograms();
        read
    }

    /// The value of a sample; 0 if there is none, as in `increase`.
    pub fn value(&self, series: &str) -> f64 {
        self.get(series).unwrap_or_default()
    }

    pub fn get(&self, series: &str) -> Option<f64> {
        let (name, labels) = series_of(series);
        self.samples.get(&key_of(&name, &labels)).copied()
    }

    /// How much the samples with one name grew since another scrape, for those that did.
    pub fn since(&self, before: &Self, name: &str) -> BTreeMap<String, f64> {
        let of_name = self.samples.iter().filter(|(key, _)| key.split('{').next() == Some(name));
        let grown = of_name.map(|(key, value)| (key.clone(), value - before.samples.get(key).copied().unwrap_or_default()));
        grown.filter(|(_, difference)| *difference != 0.0).collect()
    }

    /// Checks that the last bucket of each histogram equals its count.
    fn ensure_whole_histograms(&self) {
        for (key, count) in self.samples.iter().filter(|(key, _)| key.split('{').next().unwrap().ends_with("_count")) {
            let (name, labels) = series_of(key);
            let bucket = format!("{}_bucket", name.trim_end_matches("_count"));
            let with = |le: &str| [labels.clone(), vec![("le".to_owned(), le.to_owned())]].concat();
            assert_eq!(self.samples.get(&key_of(&bucket, &with("+Inf"))), Some(count), "{key}");
        }
    }
}

/// The name and labels of a series. Our values contain no escapes.
fn series_of(series: &str) -> (String, Vec<(String, String)>) {
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let plain = |text: &str| text.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_');
    assert!(!name.is_empty() && plain(name), "{series}");
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{series}"));
    let mut pairs = Vec::new();
    for pair in labels.split("\",").filter(|pair| !pair.is_empty()) {
        let (label, value) = pair.trim_end_matches('"').split_once("=\"").unwrap_or_else(|| panic!("{series}"));
        assert!(plain(label) && !value.contains(['"', '\\', '\n']), "{series}");
        pairs.push((label.to_owned(), value.to_owned()));
    }
    (name.to_owned(), pairs)
}

fn key_of(name: &str, labels: &[(String, String)]) -> String {
    let mut labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    labels.sort();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}
