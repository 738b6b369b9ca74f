//! The parameters of the email templates: stored as JSON when an email is queued, and read when it is sent.

use super::{Model, Template};
use crate::clock::rfc3339;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value as Json};

/// A template with its parameters in addition to the names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailParameters {
    CaseHeld(HoldParameters),
    CaseHoldChanged(HoldParameters),
    CaseResumed,
    CaseRejected(RejectionParameters),
    CaseReleased(ReleaseParameters),
    CaseMemberChanged,
    JobFailed(FailureParameters),
}

/// The names in an email, empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailNames {
    /// The recipient's.
    pub first_name: String,
    /// The number of the case, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_number: Option<String>,
    /// The employee whom the case concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_name: Option<String>,
}

/// Why a case is on hold, and when that is expected to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HoldParameters {
    pub reason: String,
    #[serde(serialize_with = "instant")]
    pub expected_end_at: Option<DateTime<Utc>>,
}

/// Why a case was rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectionParameters {
    /// The code of the reason, which may be one that this version doesn't know.
    pub rejection_reason: Option<String>,
    pub rejection_notes: String,
}

/// When the result of a case was released.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReleaseParameters {
    #[serde(serialize_with = "instant")]
    pub released_at: Option<DateTime<Utc>>,
}

/// Which job failed, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailureParameters {
    pub job_name: String,
    pub error_message: String,
}

impl EmailParameters {
    pub const fn template(&self) -> Template {
        match self {
            Self::CaseHeld(_) => Template::CaseHeld,
            Self::CaseHoldChanged(_) => Template::CaseHoldChanged,
            Self::CaseResumed => Template::CaseResumed,
            Self::CaseRejected(_) => Template::CaseRejected,
            Self::CaseReleased(_) => Template::CaseReleased,
            Self::CaseMemberChanged => Template::CaseMemberChanged,
            Self::JobFailed(_) => Template::JobFailed,
        }
    }

    /// The parameters of an email; none if its template is one of a newer version.
    pub fn read(mail: &Model) -> Option<Self> {
        Some(match Template::parse(&mail.template)? {
            Template::CaseHeld => Self::CaseHeld(parsed(mail)),
            Template::CaseHoldChanged => Self::CaseHoldChanged(parsed(mail)),
            Template::CaseResumed => Self::CaseResumed,
            Template::CaseRejected => Self::CaseRejected(parsed(mail)),
            Template::CaseReleased => Self::CaseReleased(parsed(mail)),
            Template::CaseMemberChanged => Self::CaseMemberChanged,
            Template::JobFailed => Self::JobFailed(parsed(mail)),
        })
    }

    /// The title of the alert and the subject of the email. Of a case it has the number and nothing else, since others may see it
    /// on a screen.
    pub fn title(&self, case_number: &str) -> String {
        match self {
            Self::CaseHeld(_) => format!("Case {case_number} is on hold"),
            Self::CaseHoldChanged(_) => format!("The hold of case {case_number} has a new expected end"),
            Self::CaseResumed => format!("Case {case_number} was resumed"),
            Self::CaseRejected(_) => format!("Case {case_number} needs to be resubmitted"),
            Self::CaseReleased(_) => format!("Case {case_number} is completed"),
            Self::CaseMemberChanged => format!("Case {case_number} was handed over to you"),
            Self::JobFailed(failure) => failure.title(),
        }
    }

    /// As they are stored with the names.
    pub(super) fn with_names(&self, names: &EmailNames) -> Json {
        let own = match self {
            Self::CaseHeld(hold) | Self::CaseHoldChanged(hold) => fields(hold),
            Self::CaseRejected(rejection) => fields(rejection),
            Self::CaseReleased(release) => fields(release),
            Self::JobFailed(failure) => fields(failure),
            Self::CaseResumed | Self::CaseMemberChanged => Map::new(),
        };
        Json::Object(own.into_iter().chain(fields(names)).collect())
    }
}

impl EmailNames {
    pub fn read(mail: &Model) -> Self {
        parsed(mail)
    }
}

impl FailureParameters {
    /// The title of the alert and the subject of the email.
    pub fn title(&self) -> String {
        format!("Job {} failed", self.job_name)
    }
}

/// What can't be read, or is absent, is left empty: the email is sent nevertheless.
fn parsed<P: DeserializeOwned + Default>(mail: &Model) -> P {
    serde_json::from_str(&mail.parameters).unwrap_or_default()
}

fn fields(parameters: &impl Serialize) -> Map<String, Json> {
    match serde_json::to_value(parameters) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn instant<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::super::MailStatus;
    use super::*;
    use sea_orm::prelude::Uuid;
    use serde_json::json;

    fn queued(template: Template, parameters: String) -> Model {
        Model {
            id: Uuid::nil(),
            status: MailStatus::Pending,
            recipient: "ada@example.org".to_owned(),
            template: template.code().to_owned(),
            queued_at: DateTime::UNIX_EPOCH,
            parameters,
            case_id: None,
            case_number: None,
            related_user_id: None,
            send_after: None,
            attempts: 0,
            last_attempt_at: None,
            last_error: None,
            sent_at: None,
        }
    }

    #[test]
    fn parameters_are_read_as_they_were_stored() {
        let end = Some("2026-12-04T15:00:00.000Z".parse().unwrap());
        let hold = |expected_end_at| HoldParameters { reason: "because".to_owned(), expected_end_at };
        let rejection = RejectionParameters { rejection_reason: Some("other".to_owned()), rejection_notes: "why".to_owned() };
        let failure = FailureParameters { job_name: "nightly-sync".to_owned(), error_message: "full".to_owned() };
        let names = EmailNames { first_name: "Mia".to_owned(), case_number: Some("1".to_owned()), employee_name: None };
        for (parameters, stored) in [
            (EmailParameters::CaseHeld(hold(None)), json!({"reason": "because", "expected_end_at": null})),
            (
                EmailParameters::CaseHoldChanged(hold(end)),
                json!({"reason": "because", "expected_end_at": "2026-12-04T15:00:00.000Z"}),
            ),
            (EmailParameters::CaseResumed, json!({})),
            (EmailParameters::CaseRejected(rejection), json!({"rejection_reason": "other", "rejection_notes": "why"})),
            (
                EmailParameters::CaseReleased(ReleaseParameters { released_at: end }),
                json!({"released_at": "2026-12-04T15:00:00.000Z"}),
            ),
            (EmailParameters::CaseMemberChanged, json!({})),
            (EmailParameters::JobFailed(failure), json!({"job_name": "nightly-sync", "error_message": "full"})),
        ] {
            let mut expected = stored;
            expected["first_name"] = json!("Mia");
            expected["case_number"] = json!("1");
            assert_eq!(parameters.with_names(&names), expected);
            let mail = queued(parameters.template(), expected.to_string());
            assert_eq!((EmailParameters::read(&mail), EmailNames::read(&mail)), (Some(parameters), names.clone()));
        }
    }
}
