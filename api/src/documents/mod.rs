//! HTTP operations on documents, one file per verb.

mod delete;
mod download;
mod form;
mod get;
mod list;
mod sniff;
mod target;
mod text;
mod upload;
mod view;

pub use form::FILE_BYTES_MAX;
pub use view::{DocumentDetail, DocumentList};

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(list::list_case_documents)
        .service(upload::upload_document)
        .service(get::get_document)
        .service(delete::delete_document)
        .service(download::download_document);
}
