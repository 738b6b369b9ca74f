//! Strict query parameters: unknown parameters and repeated ones that are not lists are refused by name.

use super::caller::{Admitted, admitted};
use super::operations;
use super::page::Paging;
use crate::wire::fields::integer;
use crate::wire::{Code, Error, FieldProblem, Result, json, words};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::clock;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::any::TypeId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex};
use utoipa::IntoParams;
use validator::Validate;

/// The parameters of an operation that returns a single result.
pub struct Query<T>(pub T);

/// The parameters of a list: its filters and its page.
pub struct ListQuery<T> {
    pub filter: T,
    pub paging: Paging,
    /// The filters as given, for the audit log.
    pub given: Json,
}

/// For an operation without parameters: all are refused.
#[derive(Deserialize, IntoParams, Validate)]
pub struct NoParameters {}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A type whose fields are the query parameters that the contract lists.
pub trait Parameters: IntoParams + DeserializeOwned + Validate + 'static {}

impl<T: IntoParams + DeserializeOwned + Validate + 'static> Parameters for T {}

impl<T: Parameters> FromRequest for Query<T> {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        admitted(request, read_all(request.query_string(), &[&known::<T>()]).and_then(shaped).map(Self))
    }
}

impl<T: Parameters> FromRequest for ListQuery<T> {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (filters, pages) = (known::<T>(), known::<Paging>());
        let read = read_all(request.query_string(), &[&filters, &pages]).and_then(|all| {
            let (paging, filter): (Map<_, _>, Map<_, _>) =
                all.into_iter().partition(|(name, _)| pages.contains_key(name.as_str()));
            Ok(Self { given: Json::Object(filter.clone()), filter: shaped(filter)?, paging: shaped(paging)? })
        });
        admitted(request, read)
    }
}

/// The parameters of an operation that shares some of them with others: a tuple of types, and all values as given.
pub struct QueryParts<P> {
    pub parts: P,
    /// All values, for the audit log, except the cursor.
    pub all: Json,
}

impl<P> QueryParts<P> {
    /// The values of one part.
    pub fn only<T: Parameters>(&self) -> Json {
        self.all.as_object().map(part::<T>).map_or(Json::Null, Json::Object)
    }

    /// The values of all other parts.
    pub fn without<T: Parameters>(&self) -> Json {
        let known = known::<T>();
        let others = self.all.as_object().into_iter().flatten().filter(|(name, _)| !known.contains_key(*name));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

macro_rules! given {
    ($($part:ident)+) => {
        impl<$($part: Parameters),+> FromRequest for QueryParts<($($part,)+)> {
            type Error = Error;
            type Future = Admitted<Self>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let read = || {
                    let mut all = read_all(request.query_string(), &[$(&known::<$part>()),+])?;
                    let parts = ($(shaped::<$part>(part::<$part>(&all))?,)+);
                    all.remove("cursor");
                    Ok(Self { parts, all: Json::Object(all) })
                };
                admitted(request, read())
            }
        }
    };
}

given! { A }
given! { A B }
given! { A B C }
given! { A B C D }
given! { A B C D E }
given! { A B C D E F }

/// An operation without query parameters refuses all; those of the others are read where they are needed.
pub fn refuse_unlisted(request: &HttpRequest) -> Result<()> {
    let method = request.method().as_str();
    let pattern = request.match_pattern().unwrap_or_default();
    let takes_none = operations::find(method, &pattern).is_some_and(|operation| !operation.takes_a_query);
    if takes_none { read_all(request.query_string(), &[]).map(drop) } else { Ok(()) }
}

/// The values of one type's parameters.
fn part<T: Parameters>(all: &Map<String, Json>) -> Map<String, Json> {
    let known = known::<T>();
    all.iter().filter(|(name, _)| known.contains_key(*name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// How a parameter's text is converted to a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ParameterKind {
    Text,
    Id,
    Integer,
    Boolean,
    List,
    Ids,
}

impl ParameterKind {
    fn is_list(self) -> bool {
        matches!(self, Self::List | Self::Ids)
    }
}

type ParameterKinds = HashMap<String, ParameterKind>;

/// What the contract declares about a type's parameters; computed once per type.
fn known<T: Parameters>() -> Arc<ParameterKinds> {
    static KNOWN: LazyLock<Mutex<HashMap<TypeId, Arc<ParameterKinds>>>> = LazyLock::new(Mutex::default);
    let mut all = KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let known = all.entry(TypeId::of::<T>()).or_insert_with(|| {
        let parameters = T::into_params(|| None).into_iter();
        Arc::new(parameters.map(|parameter| (parameter.name, kind(serde_json::json!(parameter.schema)))).collect())
    });
    Arc::clone(known)
}

fn kind(schema: Json) -> ParameterKind {
    let is = |name: &str| {
        schema
            .get("type")
            .is_some_and(|kind| kind == name || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == name)))
    };
    match () {
        () if is("array") && schema.pointer("/items/format").is_some_and(|format| format == "uuid") => ParameterKind::Ids,
        () if is("array") => ParameterKind::List,
        () if is("integer") => ParameterKind::Integer,
        () if is("boolean") => ParameterKind::Boolean,
        () if schema.get("format").is_some_and(|format| format == "uuid") => ParameterKind::Id,
        () => ParameterKind::Text,
    }
}

fn read_all(query: &str, known: &[&ParameterKinds]) -> Result<Map<String, Json>> {
    let pairs = decoded(query);
    let mut values = Map::new();
    let mut problems = Vec::new();
    for (name, text) in pairs {
        let Some(kind) = known.iter().find_map(|known| known.get(&name)) else {
            problems.push(FieldProblem::query(&name, "unknown_parameter", "is not a parameter of this operation"));
            continue;
        };
        let value = text.as_deref().ok_or("must be valid UTF-8").and_then(|text| value(*kind, text));
        match (value, values.get_mut(&name)) {
            (Err(detail), _) => problems.push(FieldProblem::query(&name, "type", detail)),
            (Ok(value), None) if kind.is_list() => drop(values.insert(name, Json::Array(vec![value]))),
            (Ok(value), None) => drop(values.insert(name, value)),
            (Ok(value), Some(Json::Array(list))) => list.push(value),
            (Ok(_), Some(_)) => problems.push(FieldProblem::query(&name, "repeated_parameter", "is given more than once")),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(Error::fields(Code::InvalidParameter, problems)) }
}

fn value(kind: ParameterKind, text: &str) -> Result<Json, &'static str> {
    if text.contains('\0') {
        return Err("must not contain a NUL character");
    }
    match kind {
        ParameterKind::Text | ParameterKind::List => Ok(Json::String(entity::text::normalised(text))),
        ParameterKind::Id | ParameterKind::Ids => {
            clock::parse_id(text).map(|id| Json::from(id.to_string())).ok_or("must be a UUID")
        }
        ParameterKind::Integer => integer(text).map(Json::from).ok_or("must be an integer without sign or leading zeros"),
        ParameterKind::Boolean => text.parse::<bool>().map(Json::from).map_err(|_| "must be true or false"),
    }
}

fn shaped<T: DeserializeOwned + Validate>(values: Map<String, Json>) -> Result<T> {
    let shaped: T = serde_path_to_error::deserialize(Json::Object(values)).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        match message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(missing) => Error::parameter(missing, "required", "is required"),
            None => Error::parameter(path.split(['[', '.']).next().unwrap_or_default(), "value", words::of_type(&message)),
        }
    })?;
    shaped.validate().map_err(|errors| {
        let problems = json::broken_rules(&errors).into_iter();
        Error::fields(
            Code::InvalidParameter,
            problems.map(|(name, code, detail)| FieldProblem::query(&name, &code, detail)).collect(),
        )
    })?;
    Ok(shaped)
}

/// Whether a query has no cursor, and so requests the first page of a list.
pub fn is_first_page(query: &str) -> bool {
    decoded(query).iter().all(|(name, _)| name != "cursor")
}

/// `application/x-www-form-urlencoded` pairs, in order; `None` in place of a text that is not UTF-8.
fn decoded(query: &str) -> Vec<(String, Option<String>)> {
    let text = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8().map(Cow::into_owned).ok();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (text(name).unwrap_or_else(|| name.to_owned()), text(value))).collect()
}

#[cfg(test)]
mod properties;
