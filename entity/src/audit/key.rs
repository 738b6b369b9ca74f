//! The vocabulary of entry metadata: each key means the same in every action, so its name and type are defined once, here.

use crate::clock::rfc3339;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value as Json, json};
use std::marker::PhantomData;

/// The type of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// RFC 3339 in UTC.
    Instant,
    /// A whole number, 0 or more.
    Count,
    Number,
    Flag,
    List,
    Object,
}

/// A key of the metadata, of whatever type, as an action's row lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub name: &'static str,
    pub shape: Shape,
    pub may_be_null: bool,
}

/// A key of the metadata, and the type of its value.
pub struct Key<T> {
    name: &'static str,
    of: PhantomData<fn(T)>,
}

/// The type of a key: one of the marker types below, or `Option` of one for a value that may be null.
pub trait Typed {
    const SHAPE: Shape;
    const MAY_BE_NULL: bool = false;
}

/// A value that a key of type `T` may have.
pub trait Value<T> {
    fn json(self) -> Json;
}

impl<T> Key<T> {
    const fn new(name: &'static str) -> Self {
        Self { name, of: PhantomData }
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Sets the key.
    pub fn put(&self, value: impl Value<T>, metadata: &mut Map<String, Json>) {
        metadata.insert(self.name.to_owned(), value.json());
    }
}

impl<T: Typed> Key<T> {
    /// The key without its type.
    pub const fn word(&self) -> Word {
        Word { name: self.name, shape: T::SHAPE, may_be_null: T::MAY_BE_NULL }
    }
}

/// What an operation noted under a key of this type.
pub struct Noted<T> {
    value: Json,
    of: PhantomData<fn(T)>,
}

impl<T> Noted<T> {
    pub(super) const fn new(value: Json) -> Self {
        Self { value, of: PhantomData }
    }
}

impl<T> Value<T> for Noted<T> {
    fn json(self) -> Json {
        self.value
    }
}

impl<T: Typed> Typed for Option<T> {
    const SHAPE: Shape = T::SHAPE;
    const MAY_BE_NULL: bool = true;
}

impl<T, V: Value<T>> Value<Option<T>> for Option<V> {
    fn json(self) -> Json {
        self.map_or(Json::Null, Value::json)
    }
}

/// Marker types, each with the types of the values that it takes and how they are written.
macro_rules! types {
    ($($(#[$doc:meta])* $name:ident { $($value:ty),* $(; $instant:ty)? })*) => {$(
        $(#[$doc])*
        pub enum $name {}

        impl Typed for $name {
            const SHAPE: Shape = Shape::$name;
        }

        $(impl Value<$name> for $value {
            fn json(self) -> Json {
                json!(self)
            }
        })*

        $(impl Value<$name> for $instant {
            fn json(self) -> Json {
                json!(rfc3339(self))
            }
        })?
    )*};
}

types! {
    Text { &str, String, &String, Uuid }
    Instant { ; DateTime<Utc> }
    Count { i32, i64, u32, u64, usize }
    Number { f64 }
    Flag { bool }
    List { Vec<String>, Vec<&str>, &[i32] }
    /// An object that a request or another system gave, which is checked where it came in.
    Object { Json, Map<String, Json> }
}

macro_rules! keys {
    ($($name:ident: $of:ty = $text:literal;)*) => {
        $(pub const $name: Key<$of> = Key::new($text);)*

        /// Every key.
        #[cfg(test)]
        pub(super) const VOCABULARY: &[Word] = &[$($name.word()),*];
    };
}

keys! {
    API_KEY_ID: Text = "api_key_id";
    API_KEY_NAME: Text = "api_key_name";
    ATTEMPT: Option<Count> = "attempt";
    AUTHOR: Option<Text> = "author";
    BATCH_ID: Option<Text> = "batch_id";
    CASE_NUMBER: Text = "case_number";
    CHANGED_BY: Text = "changed_by";
    CODE: Text = "code";
    DAYS_COMPARED: List = "days_compared";
    DELIVERY_STATUS: Text = "delivery_status";
    DIRECTION: Text = "direction";
    DOCS_VERIFIED: Flag = "docs_verified";
    DOCUMENT_TYPE: Option<Text> = "document_type";
    DRY_RUN: Flag = "dry_run";
    DURATION_MS: Option<Count> = "duration_ms";
    EDIT_SOURCE: Text = "edit_source";
    EDITED_BY: Text = "edited_by";
    EDITED_BY_ROLE: Option<Text> = "edited_by_role";
    EDITED_FIELDS: List = "edited_fields";
    EMAIL: Text = "email";
    ERROR_MESSAGE: Option<Text> = "error_message";
    EVENT: Text = "event";
    EXPECTED_DURATION_DAYS: Option<Number> = "expected_duration_days";
    EXPECTED_END_AT: Option<Instant> = "expected_end_at";
    EXPIRES_AT: Instant = "expires_at";
    EXPORT_TYPE: Text = "export_type";
    FIELDS: List = "fields";
    FILE_SIZE: Count = "file_size";
    FILENAME: Text = "filename";
    FILTERS: Object = "filters";
    FINISHED_AT: Option<Instant> = "finished_at";
    FOLDED_COUNT: Count = "folded_count";
    FORMAT: Option<Text> = "format";
    FROM_USERNAME: Option<Text> = "from_username";
    FULL_NAME: Text = "full_name";
    HELD_AT: Option<Instant> = "held_at";
    HINT: Text = "hint";
    HOLD_DURATION_SECONDS: Option<Count> = "hold_duration_seconds";
    HOLD_REASON: Option<Text> = "hold_reason";
    JOB_NAME: Text = "job_name";
    KIND: Text = "kind";
    LENGTH: Count = "length";
    LEVEL_OVERRIDE: Flag = "level_override";
    MEMBER_COUNT: Count = "member_count";
    MESSAGE_ID: Text = "message_id";
    MISSING_REPORTS: List = "missing_reports";
    NEW_ALLOWANCE: Option<Count> = "new_allowance";
    NEW_COMPLEXITY: Option<Text> = "new_complexity";
    NEW_DOCUMENTS: Count = "new_documents";
    NEW_LEVEL: Option<Text> = "new_level";
    NEW_ROLE: Text = "new_role";
    NEW_TIER: Option<Text> = "new_tier";
    NOTES: Text = "notes";
    OPERATION: Text = "operation";
    ORIGINAL_TECHNICIAN: Option<Text> = "original_technician";
    OVERDUE: Flag = "overdue";
    OVERRIDE_INCOMPLETE: Flag = "override_incomplete";
    OVERRIDE_REASON: Option<Text> = "override_reason";
    PARAMETERS: Object = "parameters";
    POST_SUBMISSION: Flag = "post_submission";
    PREVIOUS_ALLOWANCE: Option<Count> = "previous_allowance";
    PREVIOUS_COMPLEXITY: Option<Text> = "previous_complexity";
    PREVIOUS_LEVEL: Option<Text> = "previous_level";
    PREVIOUS_ROLE: Text = "previous_role";
    PREVIOUS_STATUS: Option<Text> = "previous_status";
    PREVIOUS_TIER: Option<Text> = "previous_tier";
    QUARTER: Text = "quarter";
    RANGE: Text = "range";
    REASON: Option<Text> = "reason";
    RECIPIENT: Text = "recipient";
    RECORD_COUNT: Option<Count> = "record_count";
    RECORDS_DEFERRED: Count = "records_deferred";
    RECORDS_FAILED: Option<Count> = "records_failed";
    RECORDS_PROCESSED: Option<Count> = "records_processed";
    REPLACED_BY: Option<Text> = "replaced_by";
    REPORT_NUMBER: Option<Count> = "report_number";
    REPORT_TYPE: Text = "report_type";
    RESET_TYPE: Text = "reset_type";
    RESUBMISSION_COUNT: Count = "resubmission_count";
    RESUMED_AT: Instant = "resumed_at";
    REVIEW_ACTION: Option<Text> = "review_action";
    REVIEW_CYCLE: Option<Count> = "review_cycle";
    ROLE: Text = "role";
    ROW_COUNT: Option<Count> = "row_count";
    RUSH_FEE: Count = "rush_fee";
    SENT_AT: Option<Instant> = "sent_at";
    SESSION_DURATION_SECONDS: Count = "session_duration_seconds";
    SESSION_ID: Text = "session_id";
    SEVERITY: Text = "severity";
    SHA256: Text = "sha256";
    SIZE_BYTES: Count = "size_bytes";
    STARTED_AT: Option<Instant> = "started_at";
    STATUS: Text = "status";
    SUBMITTED_AT: Option<Instant> = "submitted_at";
    TEMPLATE: Option<Text> = "template";
    TO_USERNAME: Option<Text> = "to_username";
    TRIGGER: Text = "trigger";
    UPLOADED_BY_ROLE: Option<Text> = "uploaded_by_role";
    URGENCY: Text = "urgency";
    USER_AGENT: Option<Text> = "user_agent";
    USER_LEVEL: Option<Text> = "user_level";
    USERNAME: Text = "username";
    VIEW_TYPE: Text = "view_type";
    VISIBILITY: Text = "visibility";
    WORKSHOP_CODE: Text = "workshop_code";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_are_unique() {
        let names: HashSet<_> = VOCABULARY.iter().map(|word| word.name).collect();
        assert_eq!(names.len(), VOCABULARY.len());
    }
}
