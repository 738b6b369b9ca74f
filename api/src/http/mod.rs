//! The HTTP building blocks that all features share.

pub mod answer;
pub mod api_key;
pub mod arrival;
pub mod attachment;
pub mod body;
pub mod caller;
pub mod check;
pub mod code;
pub mod connections;
pub mod cors;
pub mod csv;
pub mod denied;
mod eddsa;
pub mod edge;
pub mod entry;
pub mod error;
mod exact;
pub mod fallback;
pub mod file;
pub mod forwarded;
pub mod idempotency;
pub mod in_flight;
pub mod instant;
pub mod json;
pub mod limits;
pub mod log;
pub mod measure;
pub mod metrics;
pub mod operations;
pub mod origin;
pub mod pace;
pub mod page;
pub mod path_id;
pub mod period;
pub mod problem;
pub mod query;
pub mod range;
pub mod reading_on;
pub mod reference;
pub mod single;
pub mod static_files;
pub mod token;
mod words;
pub mod work;

pub use answer::{Answer, IdempotencyKeyHeader, IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader};
pub use body::{Body, LargeBody, OptionalBody};
pub use caller::{
    Administrator, Anyone, AuditReader, Ingester, ManagerOrAdministrator, Member, MemberOrAdministrator, PersonCaller,
    ReportReader, Reviewer, Staff, UserManager,
};
pub use code::Code;
pub use entry::AuditEntry;
pub use error::Error;
pub use instant::{CreditValue, Instant, credits_text};
pub use page::PageInfo;
pub use path_id::PathId;
pub use problem::{
    AccountProblems, ActionProblems, AdditionProblems, AddressProblems, CommonProblems, CreateAccountProblems, CreateProblems,
    DeleteAccountProblems, DeleteProblems, DownloadProblems, FieldProblem, JobProblems, ListProblems, LookupProblems,
    MoveProblems, NotFound, OwnWriteProblems, ReadProblems, RemovalProblems, SecretProblems, SessionProblems, SettingsProblems,
    SignInProblems, Unavailable, UploadProblems, WriteProblems,
};
pub use query::{ListQuery, NoParameters, Query, QueryParts};
pub use reference::{CaseReference, PersonSummary};

pub type Result<T, E = Error> = std::result::Result<T, E>;
