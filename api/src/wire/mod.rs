//! The API's format without a running service: error codes, problems, instants, strict JSON, CSV, NDJSON, and the types of fields
//! that have a rule.

pub mod byte_size;
pub mod code;
mod conflict;
pub mod cors_origin;
pub mod credit;
pub mod csv;
pub mod error;
mod exact;
pub mod fields;
pub mod forwarded;
pub mod instant;
pub mod interruption;
pub mod json;
pub mod ndjson;
pub mod problem;
pub mod secret;
mod shortage;
pub mod words;

pub use code::Code;
pub use credit::{CreditValue, credits_text};
pub use error::Error;
pub use instant::Instant;
pub use interruption::Interruption;
pub use problem::{
    AccountProblems, ActionProblems, AdditionProblems, AddressProblems, CommonProblems, CreateAccountProblems, CreateProblems,
    DeleteAccountProblems, DeleteProblems, DownloadProblems, FeedProblems, FieldProblem, JobProblems, ListProblems,
    LookupProblems, MoveProblems, NotFound, OwnWriteProblems, PublicProblems, ReadProblems, RemovalProblems, SearchProblems,
    SecretProblems, SessionProblems, SettingsProblems, SignInProblems, Unavailable, UploadProblems, WriteProblems,
};
pub use shortage::Shortage;

/// The result of anything that only a problem can end.
pub type Result<T, E = Error> = std::result::Result<T, E>;
