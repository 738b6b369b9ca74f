//! What a request waits for before anything is read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to wait for before the response is prepared
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// Until the entries are sealed that were committed before the request, such as those of the caller's last change; at most 5
    /// seconds
    Sealed,
}
