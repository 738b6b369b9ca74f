//! HTTP operations on cases, one file per verb.

mod accept;
mod acknowledge;
mod assign;
mod assignees;
mod change_hold;
mod change_member;
mod complete;
mod counts;
mod create;
mod credit;
mod delete;
mod edit;
mod filter;
mod get;
mod hold;
mod list;
mod order;
mod people;
mod reject;
mod release;
mod reopen;
mod resubmit;
mod resume;
mod review;
mod settled;
mod submit;
mod take;
mod target;
mod tier;
mod view;

pub use order::CaseSort;
pub use view::CaseDetail;

use crate::http::Routes;
use target::CaseTarget;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(list::list_cases)
        .service(create::create_case)
        // Before the route of a single case, which would match its path as an id.
        .service(counts::count_cases)
        .service(get::get_case)
        .service(edit::edit_case)
        .service(delete::delete_case)
        .service(submit::submit_case)
        .service(accept::accept_case)
        .service(reject::reject_case)
        .service(assign::assign_case)
        .service(assignees::list_case_assignees)
        .service(take::take_case)
        .service(tier::change_case_tier)
        .service(hold::hold_case)
        .service(change_hold::change_case_hold)
        .service(resume::resume_case)
        .service(credit::adjust_case_credit)
        .service(complete::complete_case)
        .service(review::approve_review)
        .service(review::request_revisions)
        .service(review::correct_review)
        .service(release::release_case)
        .service(resubmit::resubmit_case)
        .service(reopen::reopen_case)
        .service(acknowledge::acknowledge_case_updates)
        .service(change_member::change_case_member);
}
