//! The user in a path and the version that the caller expects. A value that isn't a UUID matches no user.

use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{Anyone, IfMatch};
use crate::wire::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::case;
use entity::user::{self, Standing, UserAction};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use utoipa::IntoParams;
use uuid::Uuid;

pub struct UserTarget {
    id: Option<Uuid>,
    if_match: IfMatch,
}

/// How the contract describes it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only for the contract; requests are read by UserTarget")]
pub struct UserPath {
    /// The user
    user_id: Uuid,
}

impl UserTarget {
    /// The user id in the path, whether such a user exists or not.
    pub fn names(&self) -> Option<Uuid> {
        self.id
    }

    fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// The user, for a read.
    pub async fn seen<C: ConnectionTrait>(&self, db: &C, by: &Anyone) -> Result<user::Model> {
        let visible = user::visible_to(by).filter(user::Column::Id.eq(self.id()?));
        visible.one(db).await?.ok_or_else(Error::not_found)
    }

    /// Reads the user before an action that does work outside its transaction.
    pub async fn foreseen<C: ConnectionTrait>(&self, db: &C, by: &Anyone, action: UserAction) -> Result<user::Model> {
        self.checked(self.seen(db, by).await?, by, action)
    }

    /// Locks the user for one action, in the order of the checks: 404 if the user is not visible to the caller, 403 if the caller
    /// may not perform the action, 412 if the account has changed.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone, action: UserAction) -> Result<user::Model> {
        self.checked(user::locked(tx, self.id()?, by).await?, by, action)
    }

    /// The same for an action that may reduce the user's rights, with their standing.
    pub async fn locked_with_standing(&self, tx: &AuditTx, by: &Anyone, action: UserAction) -> Result<(user::Model, Standing)> {
        let (user, active_administrators) = user::locked_with_administrators(tx, self.id()?, by).await?;
        let standing = Standing {
            is_oneself: user.id == by.id(),
            active_administrators,
            assigned_cases: case::open_cases_of(tx, user.id).await?,
            own_cases: case::own_open_cases_of(tx, user.id).await?,
            own_unreleased_cases: case::own_unreleased_cases_of(tx, user.id, tx.now()).await?,
        };
        Ok((self.checked(user, by, action)?, standing))
    }

    fn checked(&self, user: user::Model, by: &Anyone, action: UserAction) -> Result<user::Model> {
        if !action.permits(by, &user) {
            return Err(Error::forbidden());
        }
        self.if_match.check(user.version)?;
        Ok(user)
    }
}

impl FromRequest for UserTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = path_id::named(request, "user_id");
        admitted(request, IfMatch::extract(request).map(|if_match| Self { id, if_match }))
    }
}
