//! The entry about an alert.

use super::Model;
use crate::audit::{Action, Event};

/// Entries about alerts.
impl Event {
    /// The recipient dismissed the alert.
    pub fn alert_dismissed(alert: &Model, reason: Option<&str>) -> Self {
        let event =
            Self::new(Action::AlertDismissed, ("alert", alert.id.to_string()), format!("Alert dismissed: {}", alert.title));
        Self { case: alert.case_id.zip(alert.case_number.clone()), ..event }
            .with("kind", alert.kind.code())
            .with("severity", alert.severity.code())
            .with("reason", reason)
    }
}
