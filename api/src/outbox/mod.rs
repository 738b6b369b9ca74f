//! Queued emails and their delivery status over HTTP.

mod list;

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes.service(list::list_outbox);
}
