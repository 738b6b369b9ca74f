//! HTTP operations on the caller's alerts, one file per verb.

mod dismiss;
mod list;
mod read;
mod read_all;
mod view;

use crate::http::Routes;
use view::Alert;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(list::list_alerts)
        .service(read_all::mark_all_alerts_read)
        .service(read::mark_alert_read)
        .service(dismiss::dismiss_alert);
}
