//! A user to create, validated by all rules that involve only their own fields.

use super::create::CreateUser;
use crate::credentials::api_key::ApiKey;
use crate::credentials::password::rules;
use crate::wire::{Error, Result, json};
use entity::api_key::NewKey;
use entity::audit::{AuditTx, key};
use entity::user::lifecycle::Rights;
use entity::user::{self, Role, credential};
use sea_orm::ActiveValue::Set;
use serde_json::Value as Json;

/// A validated user, not stored yet.
pub struct NewUser {
    username: String,
    email: String,
    first_name: String,
    last_name: String,
    phone_number: Option<String>,
    workshop_code: Option<String>,
    rights: Rights,
    /// Service accounts have none.
    pub password: Option<String>,
}

impl NewUser {
    /// Reads a user as `POST /users` does, for callers that create users without HTTP.
    pub fn read(json: &Json) -> Result<Self> {
        json::read::<CreateUser>(json.to_string().as_bytes())?.checked()
    }

    pub(super) fn email(&self) -> &str {
        &self.email
    }

    /// Checks the rules that involve several fields.
    pub(super) fn new(request: CreateUser) -> Result<Self> {
        let CreateUser {
            username,
            email,
            first_name,
            last_name,
            phone_number,
            role,
            user_level,
            workshop_code,
            scopes,
            password,
        } = request;
        let username = username.to_ascii_lowercase();
        let rights = Rights::new(role, user_level, scopes)?;
        rights.ensure_workshop(workshop_code.as_deref())?;
        match (&password, role) {
            (Some(_), Role::Service) => return Err(misplaced("not_allowed", "is not allowed for a service account")),
            (None, Role::Member | Role::Technician | Role::Manager | Role::Administrator) => {
                return Err(misplaced("required", "is required for this role"));
            }
            (Some(password), _) => rules::ensure_unlike(password, &username, "/password")?,
            (None, Role::Service) => {}
        }
        let (email, workshop_code) = (email.to_lowercase(), workshop_code.map(|code| code.to_uppercase()));
        Ok(Self {
            username,
            email,
            first_name: first_name.into(),
            last_name: last_name.into(),
            phone_number: phone_number.map(String::from),
            workshop_code,
            rights,
            password: password.map(String::from),
        })
    }

    pub fn role(&self) -> Role {
        self.rights.role
    }

    /// Stores the user and their credentials: `hash` is that of their password, computed before the transaction began; a service
    /// account gets its first key instead.
    pub async fn create(&self, tx: &AuditTx, hash: Option<String>) -> Result<(user::Model, Option<ApiKey>)> {
        let key = (self.rights.role == Role::Service).then(|| (ApiKey::random(), tx.new_id()));
        if let Some((_, id)) = &key {
            tx.note(key::API_KEY_ID, *id);
        }
        let row = user::ActiveModel {
            id: Set(tx.new_id()),
            username: Set(self.username.clone()),
            email: Set(self.email.clone()),
            first_name: Set(self.first_name.clone()),
            last_name: Set(self.last_name.clone()),
            phone_number: Set(self.phone_number.clone()),
            workshop_code: Set(self.workshop_code.clone()),
            role: Set(self.rights.role),
            user_level: Set(self.rights.user_level),
            scopes: Set(self.rights.scopes_column()),
            is_active: Set(true),
            deleted_at: Set(None),
            ..Default::default()
        };
        let user = user::save(tx, row).await?;
        credential::set(tx, user.id, hash).await?;
        if let Some((key, id)) = &key {
            key.keep(tx, NewKey::plain(*id, user.id)).await?;
        }
        Ok((user, key.map(|(key, _)| key)))
    }
}

fn misplaced(code: &str, detail: &str) -> Error {
    Error::field("/password", code, detail)
}
