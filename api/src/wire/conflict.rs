//! The field of the request body that a conflict belongs to.

use super::{Code, Error, FieldProblem};

/// Code, field, and what the field must be. Of several fields, the first that the operation takes is meant.
const FIELDS: [(Code, &str, &str); 13] = [
    (Code::DuplicateUsername, "username", "must be a username that is not taken"),
    (Code::DuplicateEmail, "email", "must be an email address that is not taken"),
    (Code::NotAssignable, "assigned_to", "must be the id of active staff other than the member of the case"),
    (Code::NotAssignable, "member_id", "must be the id of a member to whom the case is not assigned"),
    (Code::LevelTooLow, "assigned_to", "must be the id of a user whose level is at least the tier of the case"),
    (Code::LevelTooLow, "tier", "must be at most the level of the assignee"),
    (Code::RushConfirmationRequired, "confirm_rush", "must be true for a rush case"),
    (Code::RushRequired, "urgency", "must be rush because of the due date"),
    (Code::MissingReports, "override_incomplete", "must be true while requested reports are missing"),
    // An upload is possible in every status, but not one of a report.
    (Code::InvalidCaseState, "document_type", "must not be report in the current status of the case"),
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

    /// Every code of 409, 412 and 422: the fields of request bodies that it belongs to, in their order in `FIELDS`, and what it
    /// belongs to otherwise.
    const DECIDED: [(Code, &[&str], &str); 26] = [
        (Code::InvalidCaseState, &["document_type"], "the status of the case, unless a report is uploaded"),
        (Code::LevelTooLow, &["assigned_to", "tier"], ""),
        (Code::NotAssignable, &["assigned_to", "member_id"], ""),
        (Code::NoAssignee, &[], "the case: a completion takes no assignee"),
        (Code::MissingReports, &["override_incomplete"], ""),
        (Code::AlreadyAssigned, &[], "the case: taking it names no assignee"),
        (Code::RushConfirmationRequired, &["confirm_rush"], ""),
        (Code::RushRequired, &["urgency"], ""),
        (Code::NoChanges, &[], "the case: no field of a resubmission replaces what is missing"),
        (Code::AlreadyReleased, &[], "the case"),
        (Code::QuotaExceeded, &["file"], ""),
        (Code::JobRunning, &[], "the job"),
        (Code::IdempotencyInProgress, &[], "the first request with the key"),
        (Code::DuplicateUsername, &["username"], ""),
        (Code::DuplicateEmail, &["email"], ""),
        (Code::OwnAccount, &[], "the user in the path: no other role would be possible"),
        (Code::LastAdministrator, &["role"], "the user in the path, where the request has no role"),
        (Code::OpenCases, &["role"], "the user in the path, where the request has no role"),
        (Code::NoPassword, &[], "the user in the path"),
        (Code::NotAMember, &[], "the user in the path"),
        (Code::NotAServiceAccount, &[], "the user in the path"),
        (Code::SequenceUnknown, &[], "a query parameter, which the error names by itself"),
        (Code::VersionMismatch, &[], "the resource"),
        (Code::ValidationFailed, &[], "any fields, which the error names by itself"),
        (Code::PeriodRequired, &[], "a query parameter, which the error names by itself"),
        (Code::IdempotencyKeyReused, &[], "a header, which the error names by itself"),
    ];

    #[test]
    fn each_code_that_may_belong_to_a_field_is_decided() {
        let is_refused = |code: &Code| matches!(code.status().as_u16(), 409 | 412 | 422);
        let decided: Vec<Code> = DECIDED.iter().map(|(code, ..)| *code).collect();
        for code in Code::all() {
            let times = decided.iter().filter(|known| **known == code).count();
            assert_eq!(times, usize::from(is_refused(&code)), "{}", code.name());
        }
        for (code, fields, why) in DECIDED {
            let listed: Vec<&str> = FIELDS.iter().filter(|(of, ..)| *of == code).map(|(_, field, _)| *field).collect();
            assert_eq!(listed, fields, "{}", code.name());
            assert!(!fields.is_empty() || !why.is_empty(), "{}", code.name());
            for field in fields {
                assert_eq!(named(code, &[*field]), [format!("/{field} {}", code.name())]);
            }
        }
    }

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
    }
}
