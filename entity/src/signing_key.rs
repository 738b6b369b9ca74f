//! The keys that sign access tokens; the private key is encrypted with the service's secret.

use crate::audit::{Unaudited, Verb};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// Ed25519, base64url.
    pub public_key: String,
    pub sealed_private_key: String,
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub retired_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str =
        "secrets never enter the audit log; the first key comes with the database, a rotation is an event of its own";
    const VERBS: &'static [Verb] = &[Verb::Insert];
}
