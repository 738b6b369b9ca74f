//! Which operations require a token, declared on each: generators look for it there, and one that needs none has no requirement.

use super::each;
use utoipa::openapi::{OpenApi as Contract, SecurityRequirement};

/// An operation declares `security(())` if it needs none, otherwise nothing.
pub fn apply(contract: &mut Contract) {
    for declared in each(contract) {
        declared.operation.security = Some(match declared.operation.security {
            Some(_) => Vec::new(),
            None => vec![SecurityRequirement::new("bearer", [""; 0])],
        });
    }
}
