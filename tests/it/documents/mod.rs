//! Documents: a file per verb, as in the service, and what storage has to keep and to forget.

mod delete;
mod download;
mod large;
mod list;
mod orphans;
mod refused;
mod space;
mod upload;

use crate::app::{Form, TestApp};
use serde_json::Value as Json;

pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";

/// A document of a member's.
pub fn pay_stub() -> Form {
    Form::new().text("document_type", "supporting").file("pay stub.pdf", "application/pdf", PDF)
}

/// What stands in the directory of the documents.
pub fn stored(app: &TestApp) -> Vec<String> {
    let files = std::fs::read_dir(app.documents.path()).expect("a directory");
    files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect()
}

/// The id of what was just added.
pub fn id(document: &Json) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

/// How many rows there are, deleted ones too.
pub async fn rows(app: &TestApp) -> usize {
    use sea_orm::EntityTrait;
    entity::document::Entity::find().all(&app.outside).await.expect("documents").len()
}
