//! A person as shown by entries and cases, with the names they had at the time.

use super::role::{Level, Role};
use sea_orm::prelude::Uuid;

/// A user's id, names and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: Uuid,
    pub username: String,
    pub full_name: String,
    pub role: Role,
    /// For rules that depend on it; entries don't show it.
    pub user_level: Option<Level>,
    /// For free-text searches over the audit log; entries don't show it.
    pub email: String,
}
