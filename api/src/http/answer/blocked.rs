//! The actions on a resource that a caller can't perform now, and why.

use crate::wire::{Code, Error};
use entity::text::capitalised;
use std::fmt::Display;

/// Declares what a response says of a blocked action: the text and the example of the schema, its name, the type of the actions,
/// and the text of the field `code`.
#[macro_export]
macro_rules! blocked_action {
    ($(#[$attribute:meta])* $name:ident = $action:ty, $(#[$code_doc:meta])* code) => {
        #[derive(serde::Serialize, utoipa::ToSchema)]
        $(#[$attribute])*
        pub struct $name {
            pub action: $action,
            $(#[$code_doc])*
            pub code: $crate::wire::Code,
            /// The same in words
            #[schema(max_length = 500)]
            pub detail: String,
        }

        impl From<($action, $crate::http::answer::blocked::BlockedReason)> for $name {
            fn from((action, reason): ($action, $crate::http::answer::blocked::BlockedReason)) -> Self {
                Self { action, code: reason.code, detail: reason.detail }
            }
        }
    };
}

/// What an attempt would be refused with.
pub struct BlockedReason {
    pub code: Code,
    pub detail: String,
}

impl BlockedReason {
    fn new<R: Display + Into<Error>>(refused: R) -> Self {
        let detail = format!("{}.", capitalised(&refused.to_string()));
        Self { code: refused.into().code, detail }
    }
}

/// The actions that are open to the caller, and the others with the reason.
pub fn divided<A, B, R>(verdicts: impl Iterator<Item = (A, Result<(), R>)>) -> (Vec<A>, Vec<B>)
where
    B: From<(A, BlockedReason)>,
    R: Display + Into<Error>,
{
    let (mut allowed, mut blocked) = (Vec::new(), Vec::new());
    for (action, verdict) in verdicts {
        match verdict {
            Ok(()) => allowed.push(action),
            Err(refused) => blocked.push(B::from((action, BlockedReason::new(refused)))),
        }
    }
    (allowed, blocked)
}
