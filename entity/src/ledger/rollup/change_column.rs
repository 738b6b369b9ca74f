//! The columns in which rollups count changes to cases, so that a row holds all changes of a day.

use crate::audit::{Action, ChangeType};

/// A column. Each action of the report of case changes is counted in exactly one of them, and the actions that one counts have
/// the same kinds of change, so that every figure of the report is a sum of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChangeColumn {
    /// A new case: a change without a kind.
    Created,
    /// Of the status, and of nothing narrower.
    StatusChanged,
    TierChanged,
    Assigned,
    Resubmitted,
    /// Placed on hold.
    Held,
    /// The end of a hold.
    Resumed,
    Edited,
}

impl ChangeColumn {
    /// In the order of the tables.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::StatusChanged,
        Self::TierChanged,
        Self::Assigned,
        Self::Resubmitted,
        Self::Held,
        Self::Resumed,
        Self::Edited,
    ];

    /// The column that counts an action; `None` if it changes no case. Another one for an action needs greater `ledger::RULES`,
    /// so that what is stored is counted again.
    pub fn counting(action: Action) -> Option<Self> {
        let narrowest = action.change_types()?.first();
        Some(match narrowest {
            None => Self::Created,
            Some(ChangeType::Status) => Self::StatusChanged,
            Some(ChangeType::Tier) => Self::TierChanged,
            Some(ChangeType::Assignment) => Self::Assigned,
            Some(ChangeType::Resubmission) => Self::Resubmitted,
            Some(ChangeType::Hold) if action == Action::CaseHeld => Self::Held,
            Some(ChangeType::Hold) => Self::Resumed,
            Some(ChangeType::Details) => Self::Edited,
        })
    }

    /// Its name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::StatusChanged => "status_changed",
            Self::TierChanged => "tier_changed",
            Self::Assigned => "assigned",
            Self::Resubmitted => "resubmitted",
            Self::Held => "held",
            Self::Resumed => "resumed",
            Self::Edited => "edited",
        }
    }

    /// The actions that it counts.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::all().filter(move |action| Self::counting(*action) == Some(self))
    }

    /// Whether one of these actions, or any action for `None`, is counted in it.
    pub fn counts_any(self, actions: Option<&[Action]>) -> bool {
        actions.is_none_or(|actions| self.actions().any(|action| actions.contains(&action)))
    }

    /// A condition for entries: whether the entry of a table is counted in it.
    pub fn condition(self, table: &str) -> String {
        let actions: Vec<String> = self.actions().map(|action| format!("'{}'", action.code())).collect();
        format!("{table}.action_type IN ({})", actions.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_counts_actions_of_the_same_kinds() {
        for column in ChangeColumn::ALL {
            let kinds: Vec<_> = column.actions().map(Action::change_types).collect();
            assert!(!kinds.is_empty() && kinds.iter().all(|types| types == &kinds[0]), "{column:?}: {kinds:?}");
        }
        let held: Vec<Action> = ChangeColumn::Held.actions().collect();
        assert_eq!(held, [Action::CaseHeld]);
    }

    #[test]
    fn each_change_is_counted_in_one_column_and_nothing_else_is() {
        for action in Action::all() {
            let counting = ChangeColumn::ALL.iter().filter(|column| column.actions().any(|counted| counted == action)).count();
            assert_eq!(counting, usize::from(action.change_types().is_some()), "{action}");
        }
    }
}
