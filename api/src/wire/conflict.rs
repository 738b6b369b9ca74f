//! The field of the request body that a conflict belongs to.

use super::{Code, Error, FieldProblem};

/// Code, field, and what the field must be. Of several fields, the first that the operation takes is meant.
const FIELDS: [(Code, &str, &str); 11] = [
    (Code::DuplicateUsername, "username", "must be a username that is not taken"),
    (Code::DuplicateEmail, "email", "must be an email address that is not taken"),
    (Code::NotAssignable, "assigned_to", "must be the id of an active technician, manager or administrator"),
    (Code::LevelTooLow, "assigned_to", "must be the id of a user whose level is at least the tier of the case"),
    (Code::LevelTooLow, "tier", "must be at most the level of the assignee"),
    (Code::RushConfirmationRequired, "confirm_rush", "must be true for a rush case"),
    (Code::RushRequired, "urgency", "must be rush because of the due date"),
    (Code::MissingReports, "override_incomplete", "must be true while requested reports are missing"),
    (Code::QuotaExceeded, "file", "must be small enough for what is left of the quota"),
    (Code::LastAdministrator, "role", "must remain administrator"),
    (Code::OpenCases, "role", "must remain as it is until the open cases are reassigned"),
];

impl Error {
    /// The same error; a conflict also names its field, if it has one among those that the operation `takes`.
    pub fn naming_its_field(self, takes: impl Fn(&str) -> bool) -> Self {
        match FIELDS.iter().find(|(code, field, _)| *code == self.code && takes(field)) {
            Some((code, field, detail)) => self.naming(FieldProblem::body(format!("/{field}"), code.name(), *detail)),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;

    fn named(code: Code, takes: &[&str]) -> Vec<String> {
        let problem = Error::plain(code).naming_its_field(|field| takes.contains(&field)).problem("/", "1");
        problem.errors.into_iter().map(|error| format!("{} {}", error.pointer, error.code)).collect()
    }

    #[test]
    fn a_conflict_names_its_field_where_the_operation_takes_it() {
        let of_acceptance = ["tier", "credit_value", "assigned_to"];
        assert_eq!(named(Code::LevelTooLow, &of_acceptance), ["/assigned_to level_too_low"]);
        assert_eq!(named(Code::LevelTooLow, &["tier", "reason"]), ["/tier level_too_low"]);
        assert_eq!(named(Code::LevelTooLow, &["reason"]), [""; 0]);
        assert_eq!(named(Code::NotFound, &of_acceptance), [""; 0]);
        assert!(FIELDS.iter().all(|(code, ..)| code.status() == StatusCode::CONFLICT));
    }
}
