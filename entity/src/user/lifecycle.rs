//! State transitions of a user. Pure: the row goes in; the row to save, or the rule that refused, comes out.

use super::{ActiveModel, Level, Model, Role, Scope};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, DbErr, IntoActiveModel, SqlErr};

/// The rule that refused a change of a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserRefusal {
    #[error("users cannot change their own role, deactivate or delete themselves, or reset their own password")]
    Oneself,
    #[error("the last active administrator cannot be deactivated, deleted or given another role")]
    LastAdministrator,
    #[error("the user still has {}", open_cases(*assigned, *own))]
    OpenCases {
        /// Cases that are assigned to them.
        assigned: u64,
        /// Cases of their own, as their member.
        own: u64,
    },
    #[error("a service account has no password")]
    NoPassword,
    #[error("only members have credits")]
    NotAMember,
    #[error("only service accounts have API keys")]
    NotAService,
    #[error("the username is already taken")]
    UsernameTaken,
    #[error("the email address is already taken")]
    EmailTaken,
}

/// What has to be given to others, in words.
fn open_cases(assigned: u64, own: u64) -> String {
    let cases = |count: u64| if count == 1 { "1 open case".to_owned() } else { format!("{count} open cases") };
    match (assigned, own) {
        (0, own) => format!("{} of their own: hand them over to another member first", cases(own)),
        (assigned, 0) => format!("{} assigned to them: reassign them first", cases(assigned)),
        (assigned, own) => {
            let (assigned, own) = (cases(assigned), cases(own));
            format!("{assigned} assigned to them and {own} of their own: reassign or hand them over first")
        }
    }
}

impl UserRefusal {
    /// The rule behind a conflict, by the name of the constraint.
    pub fn of_conflict(error: &DbErr) -> Option<Self> {
        let Some(SqlErr::UniqueConstraintViolation(text)) = error.sql_err() else { return None };
        // PostgreSQL names the constraint, SQLite the column.
        let breaks = |names: [&str; 2]| names.iter().any(|name| text.contains(name));
        match () {
            () if breaks(["users_username_key", "users.username"]) => Some(Self::UsernameTaken),
            () if breaks(["users_email_key", "users.email"]) => Some(Self::EmailTaken),
            () => None,
        }
    }
}

/// A field that doesn't match the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("is required for role `{only}`")]
    Required { field: &'static str, only: &'static str },
    #[error("is not allowed for this role: only for `{only}`")]
    Foreign { field: &'static str, only: &'static str },
}

impl Misfit {
    /// The field, by its wire name.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Required { field, .. } | Self::Foreign { field, .. } => field,
        }
    }

    /// Requires that a field is given exactly if the role is the one it belongs to.
    fn check(field: &'static str, owner: Role, role: Role, is_given: bool) -> Result<(), Self> {
        match (role == owner, is_given) {
            (true, false) => Err(Self::Required { field, only: owner.code() }),
            (false, true) => Err(Self::Foreign { field, only: owner.code() }),
            (true, true) | (false, false) => Ok(()),
        }
    }
}

/// A user's role and its attributes: the level for technicians only, scopes for service accounts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    pub role: Role,
    pub user_level: Option<Level>,
    pub scopes: Vec<Scope>,
}

impl Rights {
    /// A role with the attributes that belong to it and no others.
    pub fn new(role: Role, user_level: Option<Level>, scopes: Option<Vec<Scope>>) -> Result<Self, Misfit> {
        Misfit::check("user_level", Role::Technician, role, user_level.is_some())?;
        Misfit::check("scopes", Role::Service, role, scopes.is_some())?;
        Ok(Self { role, user_level, scopes: scopes.unwrap_or_default() })
    }

    /// Whether the workshop matches the role: members must have one, others must not.
    pub fn ensure_workshop(&self, workshop_code: Option<&str>) -> Result<(), Misfit> {
        ensure_workshop(self.role, workshop_code)
    }
}

fn ensure_workshop(role: Role, workshop_code: Option<&str>) -> Result<(), Misfit> {
    Misfit::check("workshop_code", Role::Member, role, workshop_code.is_some())
}

/// The fields of a profile that an edit sets; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<Option<String>>,
    pub workshop_code: Option<Option<String>>,
}

impl Model {
    /// Email addresses are stored in lowercase, workshop codes in uppercase.
    pub fn edit(self, change: ProfileChange) -> Result<ActiveModel, Misfit> {
        let ProfileChange { first_name, last_name, email, phone_number, workshop_code } = change;
        if let Some(workshop_code) = &workshop_code {
            ensure_workshop(self.role, workshop_code.as_deref())?;
        }
        let mut row = self.into_active_model();
        row.first_name = first_name.map_or(row.first_name, Set);
        row.last_name = last_name.map_or(row.last_name, Set);
        row.email = email.map_or(row.email, |email| Set(email.to_lowercase()));
        row.phone_number = phone_number.map_or(row.phone_number, Set);
        row.workshop_code = workshop_code.map_or(row.workshop_code, |code| Set(code.map(|code| code.to_uppercase())));
        Ok(row)
    }

    pub fn change_role(self, rights: &Rights) -> ActiveModel {
        let mut row = self.into_active_model();
        row.role = Set(rights.role);
        row.user_level = Set(rights.user_level);
        row.scopes = Set(rights.scopes_column());
        row
    }

    pub fn activate(self, is_active: bool) -> ActiveModel {
        let mut row = self.into_active_model();
        row.is_active = Set(is_active);
        row
    }

    pub fn delete(self, now: DateTime<Utc>) -> ActiveModel {
        let mut row = self.into_active_model();
        row.is_active = Set(false);
        row.deleted_at = Set(Some(now));
        row
    }
}

impl Rights {
    /// The column's value; `None` for users who aren't service accounts.
    pub fn scopes_column(&self) -> Option<String> {
        (self.role == Role::Service).then(|| Scope::join(&self.scopes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_open_cases_by_kind() {
        for ((assigned, own), expected) in [
            ((1, 0), "the user still has 1 open case assigned to them: reassign them first"),
            ((0, 2), "the user still has 2 open cases of their own: hand them over to another member first"),
            (
                (3, 1),
                "the user still has 3 open cases assigned to them and 1 open case of their own: reassign or hand them over first",
            ),
        ] {
            assert_eq!(UserRefusal::OpenCases { assigned, own }.to_string(), expected);
        }
    }

    #[test]
    fn only_technicians_have_a_level_and_only_service_accounts_have_scopes() {
        let field = |role, level, scopes| Rights::new(role, level, scopes).err().map(|misfit| misfit.field());
        let (level, scopes) = (Some(Level::One), Some(vec![Scope::Ingest]));
        assert_eq!(field(Role::Technician, level, None), None);
        assert_eq!(field(Role::Service, None, scopes.clone()), None);
        assert_eq!(field(Role::Member, None, None), None);
        assert_eq!(field(Role::Technician, None, None), Some("user_level"));
        assert_eq!(field(Role::Manager, level, None), Some("user_level"));
        assert_eq!(field(Role::Service, None, None), Some("scopes"));
        assert_eq!(field(Role::Administrator, None, scopes), Some("scopes"));
    }
}
