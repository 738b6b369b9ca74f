//! The case or document named by the path. A value that isn't a UUID names nothing.

use crate::http::Anyone;
use crate::http::request::path_id::named;
use crate::state::App;
use crate::wire::{Code, Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::case;
use entity::document::{self, DocumentType};
use sea_orm::{ColumnTrait, QueryFilter};
use std::future::{Ready, ready};
use utoipa::IntoParams;
use uuid::Uuid;

/// The case whose documents are addressed.
pub struct ParentCase(Option<Uuid>);

/// A document.
#[derive(Clone, Copy, Debug)]
pub struct DocumentTarget(Option<Uuid>);

/// The path parameters as listed in the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed by DocumentTarget")]
pub struct DocumentPath {
    /// The document
    document_id: Uuid,
}

impl ParentCase {
    pub fn id(&self) -> Result<Uuid> {
        self.0.ok_or_else(Error::not_found)
    }

    /// The case, for operations that only read it.
    pub async fn seen(&self, app: &App, by: &Anyone) -> Result<case::Model> {
        Ok(case::seen(app.readers(), self.id()?, by).await?)
    }

    /// Whether the case exists and this caller could add something to it.
    pub async fn is_open_to(&self, app: &App, by: &Anyone) -> Result<bool> {
        match self.seen(app, by).await {
            Ok(case) => Ok(document::may_add(by, &case, DocumentType::Other)),
            Err(error) if error.code == Code::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl DocumentTarget {
    pub fn id(&self) -> Result<Uuid> {
        self.0.ok_or_else(Error::not_found)
    }

    /// The document, for operations that only read it.
    pub async fn seen(&self, app: &App, by: &Anyone) -> Result<document::Model> {
        let visible = document::visible_to(by, app.now()).filter(document::Column::Id.eq(self.id()?));
        visible.one(app.readers()).await?.ok_or_else(Error::not_found)
    }
}

impl FromRequest for ParentCase {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(named(request, "case_id"))))
    }
}

impl FromRequest for DocumentTarget {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(named(request, "document_id"))))
    }
}
