//! Documents: one file per verb, as in the service, and what the storage must keep and remove.

mod allowed_actions;
mod delete;
mod download;
mod large;
mod list;
mod orphans;
mod preview;
mod refused;
mod space;
mod upload;

use crate::app::{Form, TestApp};
use serde_json::Value as Json;

pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";

/// A member's document.
pub fn pay_stub() -> Form {
    Form::new().text("document_type", "supporting").file("pay stub.pdf", "application/pdf", PDF)
}

/// The names of the stored files.
pub fn stored(app: &TestApp) -> Vec<String> {
    let files = std::fs::read_dir(app.documents.path()).expect("a directory");
    files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect()
}

/// The id of the added document.
pub fn id(document: &Json) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

/// The number of rows, including deleted ones.
pub async fn rows(app: &TestApp) -> usize {
    use sea_orm::EntityTrait;
    entity::document::Entity::find().all(&app.outside).await.expect("documents").len()
}
