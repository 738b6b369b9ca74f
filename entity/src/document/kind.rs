//! The types of documents.

use crate::db::stored_as_text;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

stored_as_text! { DocumentType }

/// The purpose of a document.
///
/// `fact_finder`: what the member found out about the employee. `supporting`: supporting evidence, such as a pay stub. `report`:
/// a requested report, identified by its number. `other`: anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    FactFinder,
    Supporting,
    Report,
    Other,
}

impl DocumentType {
    pub const fn code(self) -> &'static str {
        match self {
            Self::FactFinder => "fact_finder",
            Self::Supporting => "supporting",
            Self::Report => "report",
            Self::Other => "other",
        }
    }
}
