//! Exports of what the trail is about: cases, users. Streamed from one state of the database, and recorded first.

mod cases;
mod stream;
mod users;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(cases::export_cases_csv)
        .service(cases::export_cases_ndjson)
        .service(users::export_users_csv)
        .service(users::export_users_ndjson);
}
