//! Add a document to a case.

use super::DocumentDetail;
use super::form::{Form, UploadDocument, receive};
use super::target::ParentCase;
use crate::http::{Answer, Anyone, CasePath, PersonCaller};
use crate::state::App;
use crate::storage::Incoming;
use crate::wire::{Code, Error, Interruption, Result, UploadProblems};
use actix_web::web::Payload;
use actix_web::{HttpRequest, post};
use entity::audit::{AuditTx, key};
use entity::case;
use entity::document::{self, NewDocument};
use uuid::Uuid;

/// Add a document to a case
///
/// Members add documents to their own cases, technicians to cases assigned to them; reports may be added only by staff, while the
/// case is being worked on. A report replaces an earlier one with the same number.
#[utoipa::path(
    tag = "documents",
    params(CasePath),
    request_body(content = UploadDocument, content_type = "multipart/form-data"),
    responses((status = CREATED, description = "The new document", body = DocumentDetail), UploadProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["document_uploaded"], "may": ["document_deleted"], "denied": entity::audit::Action::DocumentUploaded,
    }))),
)]
#[post("/cases/{case_id}/documents")]
pub async fn upload_document(
    app: App,
    by: PersonCaller,
    target: ParentCase,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer<DocumentDetail>, Interruption> {
    let is_open = target.is_open_to(&app, &by).await?;
    if is_open {
        app.space().ensure_room()?;
    }
    let mut incoming = app.storage().receive(app.new_id(), app.space());
    // A caller who may not add a document gets the error in the usual order of checks, and none of the bytes are stored.
    let received = receive(&request, payload, is_open.then_some(&mut incoming)).await;
    let added = match received {
        Ok(form) if is_open => add(&app, &by, &target, form, &mut incoming).await,
        Ok(_) => Err(target.seen(&app, &by).await.map_or_else(Interruption::from, |_| Error::forbidden().into())),
        Err(error) => Err(error.into()),
    };
    // If it is unknown whether the commit succeeded, the row decides later.
    if added.as_ref().is_err_and(|ended| ended.code() != Some(Code::CommitUnknown)) {
        incoming.discard().await;
    }
    added
}

/// Stores the bytes first, then adds the row in one short transaction.
async fn add(
    app: &App,
    by: &Anyone,
    target: &ParentCase,
    form: Form,
    incoming: &mut Incoming,
) -> Result<Answer<DocumentDetail>, Interruption> {
    incoming.finish().await?;
    let (tx, by) = app.begin(by).await?;
    let case = case::locked(&tx, target.id()?, &by).await?;
    if !document::may_add(&by, &case, form.document_type) {
        return Err(Error::forbidden().into());
    }
    form.ensure_requested(&case)?;
    let report_number = form.report_number;
    let new = form.new_document(incoming.id(), by.id());
    let size_bytes = new.size_bytes;
    let row = new.of_case(&case)?;
    if let Some(number) = report_number {
        replace(&tx, &case, number, incoming.id()).await?;
    }
    document::quota::ensure_room(&tx, &by, &case, size_bytes).await?;
    let document = tx.save(row).await?;
    let location = format!("/api/v1/documents/{}", document.id);
    let answer = Answer::plain(DocumentDetail::read(&tx, document, &case, &by).await?).created(location);
    incoming.keep();
    answer.committed(tx, &by).await
}

/// Only one report exists per number: an earlier one is deleted.
async fn replace(tx: &AuditTx, case: &case::Model, report_number: i32, by: Uuid) -> Result<()> {
    let Some(earlier) = tx.lock(document::report(case.id, report_number)).await? else { return Ok(()) };
    tx.note(key::REPLACED_BY, Some(by));
    tx.save(earlier.delete(case, tx.now())?).await?;
    Ok(())
}

impl Form {
    /// A report that was not requested has a number that is too high.
    fn ensure_requested(&self, case: &case::Model) -> Result<()> {
        let asked_for = case.num_reports_requested;
        if self.report_number.is_some_and(|number| number > asked_for) {
            let detail = format!("must be at most {asked_for}, the number of requested reports");
            return Err(Error::field("/report_number", "range", &detail));
        }
        Ok(())
    }

    fn new_document(self, id: Uuid, uploaded_by_id: Uuid) -> NewDocument {
        let Self { document_type, report_number, notes, file } = self;
        NewDocument {
            id,
            document_type,
            report_number,
            filename: file.filename,
            content_type: file.content_type.to_owned(),
            size_bytes: i64::try_from(file.size_bytes).unwrap_or(i64::MAX),
            sha256: file.sha256,
            notes,
            uploaded_by_id,
        }
    }
}
