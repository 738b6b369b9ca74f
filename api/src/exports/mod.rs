//! Exports of audited data: cases, users, documents, allowances. Streamed from one snapshot of the database, and recorded first.

mod cases;
mod credit_allowances;
mod documents;
mod stream;
mod users;

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(cases::export_cases_csv)
        .service(cases::export_cases_ndjson)
        .service(credit_allowances::export_credit_allowances_csv)
        .service(credit_allowances::export_credit_allowances_ndjson)
        .service(documents::export_documents_csv)
        .service(documents::export_documents_ndjson)
        .service(users::export_users_csv)
        .service(users::export_users_ndjson);
}
