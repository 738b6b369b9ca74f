//! HTTP operations on reviews: pending reviews, decisions, and the review history of a case.

mod list;
mod of_case;
mod view;

pub use list::ReviewQueue;
pub use view::CaseReviewList;

use crate::http::Routes;
use view::CaseReview;

pub fn configure(routes: &mut impl Routes) {
    routes.service(list::list_reviews).service(of_case::list_case_reviews);
}
