//! Who needs a token, said by each operation: generators look for it there, and one that needs none has no requirement at all.

use super::each;
use utoipa::openapi::{OpenApi as Contract, SecurityRequirement};

/// An operation says `security(())` if it needs none, else nothing.
pub fn apply(contract: &mut Contract) {
    for declared in each(contract) {
        declared.operation.security = Some(match declared.operation.security {
            Some(_) => Vec::new(),
            None => vec![SecurityRequirement::new("bearer", [""; 0])],
        });
    }
}
