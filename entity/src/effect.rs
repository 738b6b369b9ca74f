//! What must follow a change besides its entries, as data: the rows name it, and `notify` carries it out.

use crate::alert::{Kind, Severity};
use crate::outbox::EmailParameters;
use crate::review::Step;
use sea_orm::prelude::Uuid;

/// What must follow a change besides its entries.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A step is added to the review history.
    Review(Step),
    /// Someone is notified.
    Notice(Notice),
    /// The hold of a case has another expected end: a reminder that it is overdue is sent once more.
    HoldNotOverdue { case_id: Uuid },
    /// A member changed a case or added to it: it is flagged for the staff.
    MemberUpdated { case_id: Uuid },
}

/// A notification: its recipients and its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub to: Recipients,
    pub kind: Kind,
    pub severity: Severity,
    pub title: String,
    pub message: String,
    /// The id and the number of the case that it is about.
    pub case: Option<(Uuid, String)>,
    /// An email in addition to the alert.
    pub mail: Option<Email>,
}

/// An email, with the parameters of its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    pub parameters: EmailParameters,
    /// The employee whom the case concerns, if it is about one.
    pub employee_name: Option<String>,
}

/// Those who are notified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// The member of a case, unless their account is no longer active.
    Member(Uuid),
    /// The user who works on a case, if they can still be assigned to it.
    User(Uuid),
    /// The same of the case with this id, if it has an assignee.
    AssigneeOf(Uuid),
    /// The technicians and managers who may review the case with this id.
    ReviewersOf(Uuid),
    /// The managers, and the assignee of a case; not its own member.
    ManagersAnd(Option<Uuid>),
    /// The administrators: with an alert each time, and with an email when this job starts to fail, not again until it has
    /// succeeded.
    ///
    /// Must be carried out before the entry of the run is written. Otherwise a mail server that was unavailable would, once it is
    /// back, receive an email for each of the runs that couldn't send any.
    AdministratorsOf { job_name: String },
}
