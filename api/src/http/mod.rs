//! The HTTP building blocks that all features share: requests as they are read, answers as they are sent, and the layers around
//! both.

pub mod answer;
pub mod layers;
pub mod request;
mod routing;

use crate::wire::Interruption;
pub use answer::entry::AuditEntry;
pub use answer::reference::{CaseReference, PersonSummary};
pub use answer::user::UserDetail;
pub use answer::{Answer, IdempotencyKeyHeader, IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader};
pub use request::body::{Body, LargeBody, OptionalBody, SmallBody};
pub use request::caller::{
    Administrator, Anyone, AuditReader, CallerWith, Ingester, ManagerOrAdministrator, Member, MemberOrAdministrator,
    PersonCaller, ReadWithCaller, Recorded, ReportReader, Reviewer, Staff, UserManager,
};
pub use request::page::{PageInfo, Paged};
pub use request::path_id::{CasePath, PathId};
pub use request::query::{ListQuery, NoParameters, Query, QueryParts};
pub use request::wait_for::WaitFor;
pub use routing::Routes;

/// The result of a handler that writes: its request may be a retry that was already answered.
pub type Result<T, E = Interruption> = std::result::Result<T, E>;
