//! An observer of the entries that are written: for metrics, which the audit log itself does not depend on.

/// Is notified of entries once they are committed, and of those that could not be written; both by their permanent names.
pub trait Observer: Send + Sync {
    /// An entry with this action and this outcome was committed.
    fn committed(&self, action: &'static str, outcome: &'static str);
    /// An entry could not be written, at this stage.
    fn unwritten(&self, stage: &'static str);
}
