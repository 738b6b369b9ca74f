//! Filters for audit entries: every field narrows the result; a field that isn't given matches everything.

use super::{AddressRange, ChangedField, MemberView, TextIndex};
use crate::audit::{Action, Category, Outcome, Source};
use crate::audit_entry::Column;
use crate::case;
use crate::period::{Added, IdRange, Seen};
use crate::text;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

/// The conditions for entries.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub ids: Option<IdRange>,
    /// What the first page of a list could see: later pages show no more.
    pub seen: Option<Seen>,
    /// Any of these; empty for all actions.
    pub actions: Vec<Action>,
    /// Any of these; empty for all categories.
    pub categories: Vec<Category>,
    pub actor_id: Option<Uuid>,
    /// None of these; entries without an actor match.
    pub excluded_actor_ids: Vec<Uuid>,
    pub related_user_id: Option<Uuid>,
    /// A user who is the actor or the related user.
    pub person_id: Option<Uuid>,
    /// The API key that the request was made with.
    pub api_key_id: Option<Uuid>,
    pub case_id: Option<Uuid>,
    pub case_number: Option<String>,
    /// Any of these; empty for all outcomes.
    pub outcomes: Vec<Outcome>,
    /// Any of these; empty for all sources.
    pub sources: Vec<Source>,
    pub ip_address: Option<AddressRange>,
    pub request_id: Option<String>,
    pub changed: Option<ChangedField>,
    /// Text in the description, usernames, email addresses or case number.
    pub text: Option<String>,
    /// Which texts the database has an index for.
    pub text_index: TextIndex,
    /// Restricts the entries to what the member of a case may see.
    pub as_member: Option<MemberView>,
}

/// What the rollups count entries by.
pub(super) struct Countable {
    pub ids: IdRange,
    /// `None` for all actions.
    pub actions: Option<Vec<Action>>,
    /// Empty for all outcomes.
    pub outcomes: Vec<Outcome>,
    pub actor_id: Option<Uuid>,
}

impl Filter {
    /// The same as what the rollups count by; `None` if they have no column for one of its conditions.
    pub(super) fn countable(&self) -> Option<Countable> {
        let Self {
            ids,
            seen,
            actions: _,
            categories: _,
            actor_id,
            excluded_actor_ids,
            related_user_id: None,
            person_id: None,
            api_key_id: None,
            case_id: None,
            case_number: None,
            outcomes,
            sources,
            ip_address: None,
            request_id: None,
            changed: None,
            text: None,
            text_index: _,
            as_member: None,
        } = self
        else {
            return None;
        };
        let everything = IdRange { from: Uuid::nil(), before: Uuid::max(), seen: None };
        let ids = IdRange { seen: *seen, ..ids.unwrap_or(everything) };
        let countable = Countable { ids, actions: self.wanted_actions(), outcomes: outcomes.clone(), actor_id: *actor_id };
        Some(countable).filter(|_| excluded_actor_ids.is_empty() && sources.is_empty())
    }

    /// All conditions combined.
    pub(super) fn whole(&self, backend: DbBackend) -> Condition {
        let person = self.person_id.map(|id| Condition::any().add(Column::ActorId.eq(id)).add(Column::RelatedUserId.eq(id)));
        self.beside(backend).add_option(person).add_option(self.one_of_the_actions())
    }

    /// Conditions for branches that each use one index, if no single index provides the order; empty if one does.
    pub(super) fn branches(&self) -> Vec<Condition> {
        if let Some(id) = self.person_id {
            return [Column::ActorId, Column::RelatedUserId].map(|column| Condition::all().add(column.eq(id))).into();
        }
        if self.names_one_thing() {
            return Vec::new();
        }
        if let Some(range) = self.ip_address.filter(|range| range.is_one()) {
            return range.spellings().into_iter().map(|one| Condition::all().add(Column::IpAddress.eq(one))).collect();
        }
        if let [_, _, ..] = self.rare_outcomes().as_slice() {
            return self.rare_outcomes().iter().map(|one| Condition::all().add(literally("outcome", &[*one]))).collect();
        }
        if let [_, _, ..] = self.rare_sources().as_slice() {
            return self.rare_sources().iter().map(|one| Condition::all().add(literally("source", &[*one]))).collect();
        }
        match self.branching_actions() {
            Some(actions) => actions.iter().map(|action| Condition::all().add(Column::ActionType.eq(action.code()))).collect(),
            None => Vec::new(),
        }
    }

    /// The conditions that apply to every branch in addition to its own.
    pub(super) fn beside_branches(&self, backend: DbBackend) -> Condition {
        let actions = if self.branching_actions().is_some() { None } else { self.one_of_the_actions() };
        self.beside(backend).add_option(actions)
    }

    /// Several actions, if no other condition narrows the entries by its own index.
    fn branching_actions(&self) -> Option<Vec<Action>> {
        let is_narrow = self.names_one_thing()
            || self.person_id.is_some()
            || self.ip_address.is_some_and(|range| range.is_one())
            || !self.rare_outcomes().is_empty()
            || !self.rare_sources().is_empty();
        self.wanted_actions().filter(|actions| !is_narrow && actions.len() > 1)
    }

    /// Whether the entries of one actor, user, API key, case or request are sought, each of which has an index.
    pub(super) fn names_one_thing(&self) -> bool {
        let ids = [self.actor_id, self.related_user_id, self.api_key_id, self.case_id];
        ids.iter().any(Option::is_some) || self.case_number.is_some() || self.request_id.is_some()
    }

    /// The outcomes, if none of them is the ordinary one: the others have an index.
    fn rare_outcomes(&self) -> Vec<&'static str> {
        let is_rare = |outcomes: &[Outcome]| !outcomes.contains(&Outcome::Success);
        if is_rare(&self.outcomes) { self.outcomes.iter().map(|outcome| outcome.code()).collect() } else { Vec::new() }
    }

    /// The sources, if none of them is one of the ordinary ones: the others have an index.
    fn rare_sources(&self) -> Vec<&'static str> {
        let is_ordinary = |source: &Source| matches!(source, Source::Automatic | Source::Endpoint);
        if self.sources.iter().any(is_ordinary) { Vec::new() } else { self.sources.iter().map(|source| source.code()).collect() }
    }

    /// Whether one index has the matching entries next to each other: there is at most one condition beside the ids.
    pub fn is_indexed(&self) -> bool {
        let conditions = [
            !self.actions.is_empty(),
            !self.categories.is_empty(),
            self.actor_id.is_some(),
            self.related_user_id.is_some(),
            self.person_id.is_some(),
            self.api_key_id.is_some(),
            self.case_id.is_some(),
            self.case_number.is_some(),
            !self.outcomes.is_empty(),
            !self.sources.is_empty(),
            self.ip_address.is_some(),
            self.request_id.is_some(),
        ];
        let has_another =
            !self.excluded_actor_ids.is_empty() || self.changed.is_some() || self.text.is_some() || self.as_member.is_some();
        let is_network = self.ip_address.is_some_and(|range| !range.is_one());
        conditions.into_iter().filter(|is_given| *is_given).count() <= 1 && !has_another && !is_network
    }

    /// The first filter that no index bounds, by its parameter: it needs a period. A case or a request has few entries.
    pub fn unbounded(&self) -> Option<&'static str> {
        if self.case_id.is_some() || self.case_number.is_some() || self.request_id.is_some() {
            return None;
        }
        let is_network = self.ip_address.is_some_and(|range| !range.is_one());
        let is_searched = self.text.as_deref().is_some_and(|text| !self.text_index.finds(text));
        [("q", is_searched), ("ip_address", is_network), ("changed_field", self.changed.is_some())]
            .into_iter()
            .find_map(|(name, is_unbounded)| is_unbounded.then_some(name))
    }

    fn one_of_the_actions(&self) -> Option<SimpleExpr> {
        self.wanted_actions().map(|actions| Column::ActionType.is_in(actions.into_iter().map(Action::code)))
    }

    /// The actions that match both lists; `None` if neither is given.
    fn wanted_actions(&self) -> Option<Vec<Action>> {
        if self.actions.is_empty() && self.categories.is_empty() {
            return None;
        }
        let listed = |action: &Action| self.actions.is_empty() || self.actions.contains(action);
        let of_category = |action: &Action| self.categories.is_empty() || self.categories.contains(&action.category());
        Some(Action::all().filter(|action| listed(action) && of_category(action)).collect())
    }

    fn without_the_excluded(&self) -> Option<SimpleExpr> {
        let ids = &self.excluded_actor_ids;
        (!ids.is_empty()).then(|| Column::ActorId.is_null().or(Column::ActorId.is_not_in(ids.iter().copied())))
    }

    fn beside(&self, backend: DbBackend) -> Condition {
        let one_of = |column, codes: Vec<&'static str>| (!codes.is_empty()).then(|| literally(column, &codes));
        let outcomes = self.outcomes.iter().map(|outcome| outcome.code()).collect();
        let sources = self.sources.iter().map(|source| source.code()).collect();
        let shown = self.as_member.as_ref().zip(self.changed.as_ref());
        // The conditions of the partial indexes, in their own words: a database recognises them in no other form.
        let are_rare = |codes: Vec<_>, condition| (!codes.is_empty()).then(|| Expr::cust(condition));
        Condition::all()
            .add_option(self.ids.map(|ids| Column::Id.gte(ids.from).and(Column::Id.lt(ids.before))))
            .add_option(self.seen.map(|seen| seen.expression(Added::Entries, "\"audit_entries\"")))
            .add_option(self.actor_id.map(|id| Column::ActorId.eq(id)))
            .add_option(self.without_the_excluded())
            .add_option(self.related_user_id.map(|id| Column::RelatedUserId.eq(id)))
            .add_option(self.api_key_id.map(|id| Column::ApiKeyId.eq(id)))
            .add_option(self.case_id.map(|id| Column::CaseId.eq(id)))
            .add_option(self.case_number.as_deref().map(numbered))
            .add_option(one_of("outcome", outcomes))
            .add_option(are_rare(self.rare_outcomes(), "\"audit_entries\".\"outcome\" <> 'success'"))
            .add_option(one_of("source", sources))
            .add_option(are_rare(
                self.rare_sources(),
                "\"audit_entries\".\"source\" <> 'automatic' AND \"audit_entries\".\"source\" <> 'endpoint'",
            ))
            .add_option(self.ip_address.map(|range| range.condition(backend)))
            .add_option(self.request_id.as_ref().map(|id| Column::RequestId.eq(id)))
            .add_option(self.changed.as_ref().map(|changed| changed.condition(backend)))
            .add_option(shown.map(|(view, changed)| view.shows_change_of(changed.name)))
            .add_option(self.text.as_deref().map(|text| mentions(text, backend)))
            .add_option(self.as_member.as_ref().map(|view| view.condition(backend)))
    }
}

/// One of these codes as literals, which are no texts of a request: of a bound value PostgreSQL does not know whether a partial
/// index has it.
fn literally(column: &str, codes: &[&'static str]) -> SimpleExpr {
    let codes: Vec<String> = codes.iter().map(|code| format!("'{code}'")).collect();
    let column = format!("\"audit_entries\".\"{column}\"");
    match codes.as_slice() {
        [only] => Expr::cust(format!("{column} = {only}")),
        _ => Expr::cust(format!("{column} IN ({})", codes.join(", "))),
    }
}

/// Through the case, since case numbers have no index of their own in the audit log. Case rows are never deleted, so a number
/// always leads to its case. Case numbers are in upper case.
fn numbered(case_number: &str) -> SimpleExpr {
    let number = case::Column::CaseNumber.eq(case_number.to_ascii_uppercase());
    let case = case::Entity::find().select_only().column(case::Column::Id).filter(number);
    Expr::col(Column::CaseId.as_column_ref()).eq(Expr::from(case.into_query()))
}

fn mentions(text: &str, backend: DbBackend) -> Condition {
    text::contains(&Expr::col(Column::SearchText.as_column_ref()), text::Spelling::Lowered, text, backend)
}

/// Whether a text occurs in a column, exactly as it is.
pub(super) fn contains(column: Column, text: &str) -> SimpleExpr {
    column.like(LikeExpr::new(text::contains_pattern(text)).escape('\\'))
}
