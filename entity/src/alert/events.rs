//! The entry about an alert.

use super::Model;
use crate::audit::Event;
use crate::audit::metadata::metadata;

/// Entries about alerts.
impl Event {
    /// The recipient dismissed the alert.
    pub fn alert_dismissed(alert: &Model, reason: Option<&str>) -> Self {
        let (kind, severity) = (alert.kind.code(), alert.severity.code());
        let metadata = metadata![AlertDismissed; KIND = kind, SEVERITY = severity, REASON = reason];
        let event = Self::new(metadata, ("alert", alert.id.to_string()), format!("Alert dismissed: {}", alert.title));
        Self { case: alert.case_id.zip(alert.case_number.clone()), ..event }
    }
}
