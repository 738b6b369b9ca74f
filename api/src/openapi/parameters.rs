//! The serialization of parameters: a list is repeated, `status=hold&status=accepted`.

use super::each;
use serde_json::json;
use utoipa::openapi::path::{ParameterBuilder, ParameterStyle};
use utoipa::openapi::{OpenApi as Contract, RefOr};

/// Declares it for each list, since tools have different defaults.
pub fn apply(contract: &mut Contract) {
    for declared in each(contract) {
        for parameter in declared.operation.parameters.iter_mut().flatten() {
            let RefOr::T(parameter) = parameter else { continue };
            if json!(parameter.schema).get("type").is_some_and(|kind| kind == "array") {
                let builder = ParameterBuilder::from(parameter.clone());
                *parameter = builder.style(Some(ParameterStyle::Form)).explode(Some(true)).build();
            }
        }
    }
}
