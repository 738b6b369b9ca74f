//! A case as a list shows it: with the people it names, its member's updates and the numbers of its documents and notes, which
//! one statement reads for the rows of a page.

use super::{Column, Entity, Model, member_update};
use crate::db::{Columns, Placed};
use crate::page::SortKey;
use crate::user::{self, Caller, PersonNames};
use crate::{document, note};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query, SelectStatement};
use sea_orm::{DbErr, EntityName};

/// A case, and what a list shows with it.
#[derive(Clone, Debug)]
pub struct ListedCase {
    /// Without the email address, the notes and the text that is searched, which no list shows.
    pub case: Model,
    /// The text that the list is sorted by, if it is sorted by one.
    pub text: Option<String>,
    pub member: Option<PersonNames>,
    pub assignee: Option<PersonNames>,
    /// Whether the member made updates that the staff has not acknowledged.
    pub has_member_updates: bool,
    /// Documents that are visible to the caller.
    pub document_count: u64,
    /// Notes that the caller may read.
    pub note_count: u64,
}

/// The statement for a page of cases, with what is shown with them: what it adds is read for the rows of the page alone, after
/// they were chosen. `page` selects cases and then a text, as `listing::with_text` does, sorted by `key`.
pub fn with_related(page: SelectStatement, key: &SortKey, caller: &Caller, now: DateTime<Utc>) -> SelectStatement {
    let mut listed = Query::select();
    listed.expr(Expr::cust("cases.*")).from_subquery(page, Entity.table_name());
    for (alias, id) in [("member", Column::MemberId), ("assignee", Column::AssignedToId)] {
        let is_named = Expr::col((alias, user::Column::Id)).equals((Entity, id));
        listed.join_as(JoinType::LeftJoin, user::Entity, alias, is_named);
        listed.exprs(PersonNames::COLUMNS.map(|column| Expr::col((alias, column))));
    }
    let are_its = Expr::col((member_update::Entity, member_update::Column::CaseId)).equals((Entity, Column::Id));
    listed.left_join(member_update::Entity, are_its);
    listed.expr(Expr::col((member_update::Entity, member_update::Column::HasMemberUpdates)));
    for count in [document::count_visible_beside(caller, now), note::count_legible_beside(caller)] {
        listed.expr(Expr::SubQuery(None, Box::new(count.into())));
    }
    key.sort_statement(&mut listed);
    listed
}

/// As `with_related` selects it.
impl Placed for ListedCase {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            case: Model::read(columns)?,
            text: columns.take()?,
            member: names(columns)?,
            assignee: names(columns)?,
            has_member_updates: columns.take::<Option<bool>>()?.unwrap_or_default(),
            document_count: count(columns)?,
            note_count: count(columns)?,
        })
    }
}

fn names(columns: &mut Columns<'_>) -> Result<Option<PersonNames>, DbErr> {
    let names: [Option<String>; 3] = [columns.take()?, columns.take()?, columns.take()?];
    let [Some(username), Some(first_name), Some(last_name)] = names else { return Ok(None) };
    Ok(Some(PersonNames::new(username, &first_name, &last_name)))
}

fn count(columns: &mut Columns<'_>) -> Result<u64, DbErr> {
    columns.take::<i64>().map(|count| u64::try_from(count).unwrap_or_default())
}
