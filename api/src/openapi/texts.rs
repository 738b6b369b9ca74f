//! The contract's text, in a deterministic order.

use crate::http::request::operations;
use crate::system::ContractTexts;
use chrono::NaiveDate;
use std::sync::{Arc, LazyLock};
use utoipa::openapi::OpenApi as Contract;
use yaml_serde::Value as Yaml;

/// Collects the contract: hands its operations in, once per process, and returns its text. Its paths are below the path at which
/// the service is served; below another one than the root it is collected once more.
///
/// # Errors
///
/// If an operation does not declare what is needed of it.
pub fn install(public_path: &str) -> Result<Arc<ContractTexts>, String> {
    static CURRENT: LazyLock<Result<Arc<ContractTexts>, String>> = LazyLock::new(|| {
        let contract = super::contract();
        operations::install(super::operations::operations(&contract)?);
        texts(&contract).map(Arc::new)
    });
    let current = CURRENT.clone();
    if public_path.is_empty() || current.is_err() {
        return current;
    }
    let mut contract = super::contract();
    for server in contract.servers.iter_mut().flatten() {
        public_path.clone_into(&mut server.url);
    }
    texts(&contract).map(Arc::new)
}

/// The text of a contract in both formats.
pub fn texts(contract: &Contract) -> Result<ContractTexts, String> {
    let mut ordered = yaml_serde::to_value(contract).map_err(|error| error.to_string())?;
    order_extensions(&mut ordered);
    let yaml = with_quoted_times(&yaml_serde::to_string(&ordered).map_err(|error| error.to_string())?);
    let json = serde_json::to_string_pretty(&ordered).map_err(|error| error.to_string())?;
    Ok(ContractTexts { yaml: yaml.into(), json: json.into() })
}

/// YAML 1.1, which many readers still use, doesn't read a bare date as a string.
fn with_quoted_times(yaml: &str) -> String {
    let is_time =
        |text: &str| text.len() >= 10 && NaiveDate::parse_from_str(text.get(..10).unwrap_or_default(), "%Y-%m-%d").is_ok();
    let quoted = |line: &str| {
        let text = line.split_once(": ").map(|(_, text)| text).or_else(|| line.trim_start().strip_prefix("- "));
        match text.filter(|text| is_time(text)) {
            Some(text) => format!("{}'{text}'\n", line.strip_suffix(text).unwrap_or_default()),
            None => format!("{line}\n"),
        }
    };
    yaml.lines().map(quoted).collect()
}

/// Extensions last and sorted by name: utoipa keeps them in a hash map, whose order differs between processes.
fn order_extensions(value: &mut Yaml) {
    match value {
        Yaml::Mapping(fields) => {
            let is_extension = |key: &Yaml| key.as_str().is_some_and(|key| key.starts_with("x-"));
            let (mut extensions, others): (Vec<_>, Vec<_>) =
                std::mem::take(fields).into_iter().partition(|(key, _)| is_extension(key));
            extensions.sort_by(|(one, _), (other, _)| one.as_str().cmp(&other.as_str()));
            fields.extend(others.into_iter().chain(extensions));
            fields.values_mut().for_each(order_extensions);
        }
        Yaml::Sequence(items) => items.iter_mut().for_each(order_extensions),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) | Yaml::Tagged(_) => {}
    }
}
