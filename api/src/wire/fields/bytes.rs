//! The bytes of a file, as the contract describes them: with their maximum number.

use super::PREFIX;
use std::borrow::Cow;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Describes at most `MAX` bytes, and holds none: files are streamed.
pub struct Bytes<const MAX: usize>;

impl<const MAX: usize> Bytes<MAX> {
    pub fn describe() -> ObjectBuilder {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).max_length(Some(MAX))
    }
}

impl<const MAX: usize> PartialSchema for Bytes<MAX> {
    fn schema() -> RefOr<Schema> {
        Self::describe().into()
    }
}

impl<const MAX: usize> ToSchema for Bytes<MAX> {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}bytes:{MAX}").into()
    }
}
