//! Where sessions were signed in from: only the log has it.

use crate::audit::{Action, Outcome};
use crate::audit_entry::{Column, Entity};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use std::collections::HashMap;

/// The origin of a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SignIn {
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
}

/// The sign-ins of sessions, in one statement.
pub async fn sign_ins<C: ConnectionTrait>(db: &C, sessions: &[Uuid]) -> Result<HashMap<Uuid, SignIn>, DbErr> {
    let entries = Entity::find().select_only().columns([Column::ObjectId, Column::Body]);
    let entries = entries
        .filter(Column::ObjectType.eq("session"))
        .filter(Column::ObjectId.is_in(sessions.iter().map(Uuid::to_string)))
        .filter(Column::ActionType.eq(Action::Login.code()))
        .filter(Column::Outcome.eq(Outcome::Success.code()));
    // A repeated refresh is recorded as a sign-in too, and a session has any number of them.
    let rows: Vec<(String, String)> = entries.filter(Expr::exists(earlier()).not()).into_tuple().all(db).await?;
    let sign_in = |(id, body): (String, String)| {
        let id = Uuid::parse_str(&id).map_err(|error| DbErr::Type(error.to_string()))?;
        Ok((id, serde_json::from_str(&body).map_err(|error| DbErr::Json(error.to_string()))?))
    };
    rows.into_iter().map(sign_in).collect()
}

/// The sign-ins of the same session before the one that a row records.
fn earlier() -> SelectStatement {
    let column = |column: Column| Expr::col(("earlier", column));
    let same = |of: Column| column(of).equals((Entity, of));
    Query::select()
        .expr(Expr::val(1))
        .from_as(Entity, "earlier")
        .and_where(same(Column::ObjectType))
        .and_where(same(Column::ObjectId))
        .and_where(same(Column::ActionType))
        .and_where(same(Column::Outcome))
        .and_where(column(Column::Id).lt(Expr::col((Entity, Column::Id))))
        .take()
}
