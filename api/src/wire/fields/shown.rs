//! How the contract describes a text in a response: by its maximum length alone, which is that of the field that it was given in.
//! Its form is not promised, since what is stored may be older than the form.
//!
//! A field is declared `#[schema(value_type = ShownNotes)] notes: String`.

use super::{PREFIX, Text};
use std::borrow::Cow;
use std::marker::PhantomData;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub type ShownApiKeyName = Shown<super::ApiKeyName>;
pub type ShownCaseNotes = Shown<super::CaseNotes>;
pub type ShownCaseNumber = Shown<super::CaseNumber>;
pub type ShownClientEmail = Shown<super::ClientEmail>;
pub type ShownCursor = Shown<super::Cursor>;
pub type ShownDocumentNotes = Shown<super::DocumentNotes>;
pub type ShownEmailAddress = Shown<super::EmailAddress>;
pub type ShownEmployeeName = Shown<super::EmployeeName>;
pub type ShownFilename = Shown<super::Filename>;
pub type ShownIpAddress = Shown<super::IpAddress>;
pub type ShownNoteBody = Shown<super::NoteBody>;
pub type ShownNotes = Shown<super::Notes>;
pub type ShownPassword = Shown<super::LoginPassword>;
pub type ShownPersonName = Shown<super::PersonName>;
pub type ShownPhoneNumber = Shown<super::PhoneNumber>;
pub type ShownReason = Shown<super::Reason>;
pub type ShownRemark = Shown<super::Remark>;
pub type ShownRequestId = Shown<super::RequestId>;
pub type ShownTimeZone = Shown<super::TimeZone>;
pub type ShownUserAgent = Shown<super::UserAgent>;
pub type ShownUsername = Shown<super::Username>;
pub type ShownWorkshopCode = Shown<super::WorkshopCode>;

/// The first and the last name of a user, with a space between them.
pub type FullName = Shown<Text<0, { 2 * super::PersonName::LENGTH_MAX + 1 }>>;

/// Describes the values of a field type, and holds none.
pub struct Shown<T>(PhantomData<T>);

impl<const MIN: usize, const MAX: usize, F> PartialSchema for Shown<Text<MIN, MAX, F>> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX)).into()
    }
}

impl<const MIN: usize, const MAX: usize, F> ToSchema for Shown<Text<MIN, MAX, F>> {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}shown:{MAX}").into()
    }
}
