//! The id of something in a request.

use super::PREFIX;
use entity::clock;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// An id: a UUID in its hyphenated form, in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Id(Uuid);

impl Id {
    pub fn get(self) -> Uuid {
        self.0
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        clock::parse_id(&text).map(Self).ok_or_else(|| serde::de::Error::custom("must be a UUID"))
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Id {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}id").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_accepted_only_in_hyphenated_form_in_either_case() {
        let id = "01a20725-be30-7584-bca5-f00e655c90d6";
        let read = |text: &str| serde_json::from_value::<Id>(text.into()).ok().map(Id::get);
        assert_eq!(read(id), Uuid::parse_str(id).ok());
        assert_eq!(read(&id.to_uppercase()), read(id));
        let others = [format!("{{{id}}}"), format!("urn:uuid:{id}"), id.replace('-', ""), format!("{id}\0"), format!(" {id}")];
        for other in others.iter().map(String::as_str).chain(["", "\0", "01a20725-be30-7584-bca5-f00e655c90d"]) {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
