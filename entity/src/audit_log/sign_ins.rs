//! Where sessions were signed in from: only the log has it.

use crate::audit::{Action, Outcome};
use crate::audit_entry::{Column, Entity};
use crate::db::padded;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::Deserialize;
use std::collections::HashMap;

/// The origin of a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SignIn {
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
}

/// The listed sessions, and the name that both databases give to the only column of such a list.
const ASKED: &str = "asked";
const ID: &str = "column1";

/// The sign-ins of sessions, in one statement that reads one entry per session by the index of objects.
pub async fn sign_ins<C: ConnectionTrait>(db: &C, sessions: &[Uuid]) -> Result<HashMap<Uuid, SignIn>, DbErr> {
    if sessions.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = padded(sessions.iter().map(Uuid::to_string));
    let mut asked = Query::select();
    asked.column((ASKED, ID)).expr_as(Expr::from(first_entry()), "body").from_values(ids, ASKED);
    let mut found = HashMap::new();
    for row in db.query_all(&asked).await? {
        let (id, body): (String, Option<String>) = (row.try_get("", ID)?, row.try_get("", "body")?);
        let Some(body) = body else { continue };
        let id = Uuid::parse_str(&id).map_err(|error| DbErr::Type(error.to_string()))?;
        found.insert(id, serde_json::from_str(&body).map_err(|error| DbErr::Json(error.to_string()))?);
    }
    Ok(found)
}

/// The entry of the sign-in: a repeated refresh is recorded as a sign-in too, and a session has any number of them.
fn first_entry() -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::Body)
        .filter(Column::ObjectType.eq("session"))
        .filter(Expr::col(Column::ObjectId.as_column_ref()).equals((ASKED, ID)))
        .filter(Column::ActionType.eq(Action::Login.code()))
        .filter(Column::Outcome.eq(Outcome::Success.code()))
        .order_by_asc(Column::Id)
        .limit(1)
        .into_query()
}
