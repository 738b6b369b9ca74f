//! The user a path names and the version its caller expects. What isn't a UUID names nobody.

use crate::http::caller::{Admitted, admitted};
use crate::http::{Anyone, Error, IfMatch, Result, path_id};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::user::{self, Standing, UserAction};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use utoipa::IntoParams;
use uuid::Uuid;

pub struct UserTarget {
    id: Option<Uuid>,
    if_match: IfMatch,
}

/// How the contract lists it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the contract names it; requests are read by UserTarget")]
pub struct UserPath {
    /// The user
    user_id: Uuid,
}

impl UserTarget {
    /// Whom the path names, whether there is such a user or not.
    pub fn names(&self) -> Option<Uuid> {
        self.id
    }

    fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// The user, where he is only read.
    pub async fn seen<C: ConnectionTrait>(&self, db: &C, by: &Anyone) -> Result<user::Model> {
        let visible = user::visible_to(by).filter(user::Column::Id.eq(self.id()?));
        visible.one(db).await?.ok_or_else(Error::not_found)
    }

    /// Reads the user before an action that has work to do outside of its transaction.
    pub async fn foreseen<C: ConnectionTrait>(&self, db: &C, by: &Anyone, action: UserAction) -> Result<user::Model> {
        self.checked(self.seen(db, by).await?, by, action)
    }

    /// Locks the user for one action, in the order of the checks: 404 if the caller may not know of him, 403 if it isn't his
    /// to do, 412 if the account has moved on.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone, action: UserAction) -> Result<user::Model> {
        self.checked(user::locked(tx, self.id()?, by).await?, by, action)
    }

    /// The same for an action that may cost somebody his rights, with what stands around him.
    pub async fn locked_with_standing(&self, tx: &AuditTx, by: &Anyone, action: UserAction) -> Result<(user::Model, Standing)> {
        let (user, standing) = user::locked_with_standing(tx, self.id()?, by).await?;
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
        admitted(request, IfMatch::of(request).map(|if_match| Self { id, if_match }))
    }
}
