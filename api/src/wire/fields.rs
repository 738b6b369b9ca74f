//! The types of fields with a rule: a type's name stands for its bounds, which it checks and describes in the contract.
//!
//! A field is declared `#[validate(nested)] reason: Reason`; in a query also `#[param(inline)]`, since utoipa collects no schemas
//! of parameters. A value is deserialized as it was sent, so that all violations in a request are reported together: the rule is
//! applied by `Validate`, which every request passes. `tests/it/contract/bounds.rs` finds a field that leaves out `nested`. A
//! value with a single spelling, such as a `CivilDay` or an `Id`, is refused as it is deserialized, and has no further rule.

mod addresses;
mod bytes;
mod civil_day;
mod days;
mod facts;
mod form;
mod id;
mod list;
mod quarter;
pub mod shown;
mod text;
mod whole;

pub use addresses::Addresses;
pub use bytes::Bytes;
pub use civil_day::CivilDay;
pub use days::ThousandthDays;
pub use facts::Facts;
pub use form::{Anything, Displayable, Email, Hidden, NotBlank, Signed, TextForm, UpperCase, Word, Zone, ensure};
pub use id::Id;
pub use list::{UpTo, at_most_all, number_of_words};
pub use quarter::QuarterName;
pub use text::Text;
pub use whole::{Whole, integer};

use entity::credit::ALLOWED_MAX;
use form::WORKSHOP_CODE_LENGTH_MAX;
use std::borrow::Cow;
use std::collections::HashMap;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

/// Why something is done, or why it failed.
pub type Reason = Text<1, 2_000, NotBlank>;
/// What a reviewer, an administrator or another system has to say about something.
pub type Remark = Text<1, 2_000, NotBlank>;
/// Notes that accompany an action.
pub type Notes = Text<1, 2_000>;
/// Notes about a document; may be empty.
pub type DocumentNotes = Text<0, 2_000>;
/// Notes kept with a case; may be empty.
pub type CaseNotes = Text<0, 10_000>;
/// The text of a note about a case.
pub type NoteBody = Text<1, 10_000, NotBlank>;

/// The first or last name of a user.
pub type PersonName = Text<1, 128, Displayable>;
/// The first or last name of the employee that a case is about.
pub type EmployeeName = Text<1, 100, Displayable>;
/// A telephone number, in any notation.
pub type PhoneNumber = Text<1, 20, Displayable>;
/// An email address.
pub type EmailAddress = Text<3, 254, Email>;
/// The email address of a client. Its form alone implies the minimum length.
pub type ClientEmail = Text<0, 254, Email>;
/// The code of a workshop, stored in upper case.
pub type WorkshopCode = Text<2, WORKSHOP_CODE_LENGTH_MAX, UpperCase>;
/// The code of a workshop whose cases are sought.
pub type WorkshopFilter = Text<2, WORKSHOP_CODE_LENGTH_MAX>;
/// The name of a zone of the IANA time zone database.
pub type TimeZone = Text<1, 64, Zone>;

/// The name of a file, without folders.
pub type Filename = Text<1, 255>;
/// An IP address.
pub type IpAddress = Text<2, 45>;
/// The software of a client, as it names itself.
pub type UserAgent = Text<0, 256>;

/// The name of an API key.
pub type ApiKeyName = Text<1, 100, Displayable>;

/// The username of a new account.
pub type Username = Text<3, 64, Word>;
/// The username given at a login.
pub type LoginName = Text<1, 64>;
/// A password given to be compared with the stored one.
pub type LoginPassword = Text<1, 128, Hidden>;
/// A refresh token, issued by this service or not.
pub type RefreshToken = Text<1, 128>;
/// An identifier from another system, suitable for exact comparison.
pub type Identifier = Text<1, 64, Word>;

/// Text to search for in cases and in the audit log.
pub type SearchText = Text<1, 200>;
/// Text to search for in users.
pub type UserSearchText = Text<1, 100>;
/// The number of a case that is sought.
pub type CaseNumber = Text<1, 32>;
/// The id of a request that is sought.
pub type RequestId = Text<1, 64>;
/// The value of a changed field, before or after the change.
pub type ChangedValue = Text<0, 2_000>;
/// The cursor of a page, as issued by this service or not.
pub type Cursor = Text<1, 2_000, Signed>;
/// The maximum number of rows of a page.
pub type PageLimit = Whole<u64, 1, 200>;
/// A place in the sealed log; zero is before the first entry.
pub type Sequence = Whole<i64, 0, EXACT_MAX>;
/// The maximum number of sealed entries of a response.
pub type FeedLimit = Whole<u64, 1, 1_000>;
/// How long a request may wait, in seconds.
pub type WaitSeconds = Whole<u64, 0, 30>;

/// The number of reports requested for a case, and the number of one of them.
pub type ReportNumber = Whole<i32, 1, 10>;
/// Days until a case is due.
pub type DueDays = Whole<i32, 1, 90>;
/// Hours by which a release or an email is delayed.
pub type DelayHours = Whole<i32, 0, 24>;
/// The maximum total size of documents, in MiB.
pub type QuotaMib = Whole<i32, 1, 1_048_576>;
/// The credits of a quarter.
#[expect(clippy::as_conversions, reason = "it widens, and a constant can't call a conversion")]
pub type WholeCredits = Whole<i32, 0, { ALLOWED_MAX as i64 }>;
/// A number of members.
pub type MemberCount = Whole<u32, 0, 10_000_000>;
/// A number of rows or records.
pub type RowCount = Whole<u64, 0, EXACT_MAX>;

/// 2^53 - 1: beyond it, a reader that parses numbers as doubles loses precision (RFC 8259, 6).
pub const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// The position of a value in its own validation errors: at the value itself.
pub const ITSELF: &str = "";

/// Begins the names of the schemas of these types. The contract shows them where they are used, and never by name.
const PREFIX: &str = "field:";

/// Whether a schema is that of one of these types.
pub fn is_field(schema: &str) -> bool {
    schema.starts_with(PREFIX)
}

/// The result of a value's rules: all that are violated.
fn verdict(rules: impl IntoIterator<Item = Result<(), ValidationError>>) -> Result<(), ValidationErrors> {
    let broken: Vec<ValidationError> = rules.into_iter().filter_map(Result::err).collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(ValidationErrors(HashMap::from([(Cow::Borrowed(ITSELF), ValidationErrorsKind::Field(broken))])))
}

/// The violation of a range, or of a range of lengths. A minimum of `None` is none that could be violated.
fn beyond<N: serde::Serialize>(code: &'static str, min: Option<N>, max: N) -> ValidationError {
    let mut error = ValidationError::new(code);
    if let Some(min) = min {
        error.add_param(Cow::Borrowed("min"), &min);
    }
    error.add_param(Cow::Borrowed("max"), &max);
    error
}

#[cfg(test)]
mod tests;
