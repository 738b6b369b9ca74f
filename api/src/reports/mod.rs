//! The five reports over HTTP. Each access is recorded after its response was computed and before the first byte is sent.

mod activity_summary;
mod case_changes;
mod catalogue;
mod changed_cases;
mod columns;
mod entry;
mod export;
mod frame;
mod generate;
mod quality_review;
mod query;
mod system_events;
mod user_activity;
mod user_list;
mod workload;

pub use system_events::{EVENT_TYPES_MAX, EventType};
pub use user_list::UserActivitySort;

use crate::http::Routes;
use catalogue::ReportSummary;

/// The reports, in the order in which they are listed.
fn catalogue() -> Vec<ReportSummary> {
    vec![
        ReportSummary::new::<activity_summary::ActivitySummaryReport>(),
        ReportSummary::new::<user_activity::UserActivityReport>(),
        ReportSummary::new::<case_changes::CaseChangesReport>(),
        ReportSummary::new::<quality_review::QualityReviewReport>(),
        ReportSummary::new::<system_events::SystemEventsReport>(),
    ]
}

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(catalogue::list_reports)
        .service(activity_summary::get_activity_summary)
        .service(activity_summary::export_activity_summary)
        .service(user_activity::get_user_activity)
        .service(user_activity::export_user_activity)
        .service(user_list::list_user_activity)
        .service(user_list::export_user_activity_list)
        .service(case_changes::get_case_changes)
        .service(case_changes::export_case_changes)
        .service(quality_review::get_quality_review_audit)
        .service(quality_review::export_quality_review_audit)
        .service(system_events::get_system_events)
        .service(system_events::export_system_events);
}
