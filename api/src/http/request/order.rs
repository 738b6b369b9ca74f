//! The order of lists of audit entries.

use entity::page::Direction;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// The order of a list of audit entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct OrderParameters {
    /// Defaults to newest first
    #[param(nullable = false)]
    pub sort: Option<EntrySort>,
}

/// The order of audit entries
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum EntrySort {
    /// Newest first
    #[default]
    #[serde(rename = "-occurred_at")]
    NewestFirst,
    /// Oldest first
    #[serde(rename = "occurred_at")]
    OldestFirst,
}

impl OrderParameters {
    pub fn direction(&self) -> Direction {
        match self.sort.unwrap_or_default() {
            EntrySort::NewestFirst => Direction::Descending,
            EntrySort::OldestFirst => Direction::Ascending,
        }
    }
}
