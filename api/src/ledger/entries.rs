//! List the sealed entries.

use super::awaiting;
use crate::http::request::work::Work;
use crate::http::{Answer, AuditEntry, AuditReader, Query, WaitFor};
use crate::state::App;
use crate::wire::fields::{FeedLimit, Sequence, WaitSeconds};
use crate::wire::{Code, Error, FeedProblems, FieldProblem, Result, ndjson};
use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use entity::audit::Event;
use entity::audit_log::{Entry, LogView};
use entity::ledger::feed::{self, FeedEntry, FeedPage};
use entity::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

const NDJSON: &str = "application/x-ndjson";
const LIMIT_DEFAULT: u64 = 100;

/// Where to continue, how much to return, and how long to wait for it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct FeedParameters {
    /// The sequence of the last entry that the caller has; defaults to 0, which is before the first entry
    #[validate(nested)]
    #[param(inline, nullable = false, example = 1042)]
    after: Option<Sequence>,
    /// Maximum number of entries; defaults to 100. A page has fewer if their bodies would have more than 1 MiB (1,048,576 bytes)
    /// together, but at least one
    #[validate(nested)]
    #[param(inline, nullable = false, example = 100)]
    limit: Option<FeedLimit>,
    /// How many seconds to wait if there is no entry after the sequence; defaults to 0. If none is sealed by then, `items` is
    /// empty
    #[validate(nested)]
    #[param(inline, nullable = false, example = 20)]
    wait_seconds: Option<WaitSeconds>,
    /// With `sealed`, waits at most 5 seconds for the entries that were committed before the request to be sealed, and then reads
    #[param(nullable = false)]
    wait: Option<WaitFor>,
    /// Defaults to `ndjson` if `Accept` names `application/x-ndjson` and not `application/json`, otherwise to `json`
    #[param(nullable = false)]
    format: Option<FeedFormat>,
}

/// The format of sealed entries
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedFormat {
    /// One JSON object with all items
    Json,
    /// The items alone, one per line
    Ndjson,
}

/// A sealed entry, with its stored form and the hash of that
#[derive(Serialize, ToSchema)]
pub struct LedgerEntry {
    /// Its place in the log, from 1 and without gaps
    #[schema(minimum = 1)]
    pub sequence: i64,
    /// The SHA-256 of a zero byte and the bytes of `body` in UTF-8 (the hash of a leaf in RFC 9162), in lowercase hexadecimal
    /// digits
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub leaf_hash: String,
    /// The entry exactly as it is stored, as a text: canonical JSON (RFC 8785) with what `entry` shows, except `sequence`,
    /// `action_label`, `category` and the labels of `changes`; `names` are the people whose ids are in `changes`
    #[schema(max_length = 2000000)]
    pub body: String,
    pub entry: AuditEntry,
}

/// Sealed entries after a sequence
#[derive(Serialize, ToSchema)]
#[schema(example = json!(LedgerEntryList::example()))]
pub struct LedgerEntryList {
    /// Entries in ascending order of `sequence`, starting with `after` + 1, without gaps: at most `limit`, and at most 1 MiB of
    /// bodies unless one entry alone has more
    #[schema(max_items = 1000)]
    pub items: Vec<LedgerEntry>,
    /// The sequence of the last item, or `after` if there are none. Pass it as `after` in the next request
    #[schema(minimum = 0)]
    pub last_sequence: i64,
    /// Whether there are more entries after these
    pub has_more: bool,
}

/// List the sealed entries
///
/// Returns the entries after a sequence, so that a consumer can follow the log and miss nothing: entries get their sequence
/// after they were committed, one after the other and without gaps, usually within a second. None ever appears below a sequence
/// that was returned before. A page ends after `limit` entries or 1 MiB of bodies, and `has_more` says whether there are more.
///
/// With `wait_seconds` the response is sent as soon as there is an entry, or when these seconds have passed or the service shuts
/// down; whether the caller may read the log is checked again after that. Returns 409 `sequence_unknown` if `after` is greater
/// than the last sequence: it comes from another log, or a restored backup lacks entries that the caller has read.
///
/// The access is recorded in the audit log once an hour for each caller. Further requests are only counted, and the next entry
/// has the number as `folded_count`. The response never contains the entry that it causes.
#[utoipa::path(
    tag = "audit-log",
    params(FeedParameters),
    responses(
        (
            status = OK, description = "The entries after the sequence; as NDJSON one LedgerEntry per line",
            content(
                (LedgerEntryList = "application/json"),
                (String = "application/x-ndjson", example = json!(one_line())),
            ),
        ),
        FeedProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/ledger/entries")]
pub async fn list_ledger_entries(
    app: App,
    by: AuditReader,
    query: Query<FeedParameters>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let after = query.after.map_or(0, Sequence::get);
    let limit = query.limit.map_or(LIMIT_DEFAULT, FeedLimit::get);
    let wait = Duration::from_secs(query.wait_seconds.map_or(0, WaitSeconds::get));
    if query.wait == Some(WaitFor::Sealed) {
        app.wait_until_sealed().await;
    }
    if after > *app.last_sequence().borrow() && after > feed::last_sequence(app.readers()).await? {
        return Err(sequence_unknown());
    }
    let found = awaiting::entries(&app, Work::find(&request).as_ref(), after, limit, wait).await?;
    let list = LedgerEntryList::read(&app, found, after).await?;
    app.record_following(&by, Event::audit_log_accessed(LogView::Ledger, json!({}))).await?;
    if query.is_ndjson(&request) {
        let lines = ndjson::rows(&list.items)?;
        return Ok(HttpResponse::Ok().content_type(NDJSON).insert_header((CACHE_CONTROL, "no-store")).body(lines));
    }
    Ok(Answer::plain(list).respond_to(&request))
}

/// The refusal of a sequence after the last one. A consumer can only know it from another log or a later state of this one, and
/// would miss what gets the sequences up to it.
pub fn sequence_unknown() -> Error {
    let fault = FieldProblem::query("after", "sequence_unknown", "is after the last sequence of the log");
    Error::fields(Code::SequenceUnknown, vec![fault])
}

/// The example of NDJSON in the contract.
fn one_line() -> String {
    let lines = ndjson::rows(&LedgerEntryList::example().items).map(Vec::from);
    lines.ok().and_then(|lines| String::from_utf8(lines).ok()).unwrap_or_default()
}

impl FeedParameters {
    fn is_ndjson(&self, request: &HttpRequest) -> bool {
        let accepts = |kind: &str| {
            let lines = request.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok());
            let mut kinds = lines.flat_map(|line| line.split(',')).filter_map(|range| range.split(';').next());
            kinds.any(|known| known.trim().eq_ignore_ascii_case(kind))
        };
        match self.format {
            Some(format) => format == FeedFormat::Ndjson,
            None => accepts(NDJSON) && !accepts("application/json"),
        }
    }
}

impl LedgerEntryList {
    async fn read(app: &App, found: FeedPage, after: i64) -> Result<Self> {
        let FeedPage { entries, has_more } = found;
        let last_sequence = entries.last().map_or(after, |last| last.sequence);
        let (leaves, stored): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .map(|FeedEntry { sequence, leaf_hash, id, body }| {
                ((sequence, text::hex(&leaf_hash)), Entry { id, sequence: Some(sequence), body })
            })
            .unzip();
        let shown = AuditEntry::all(app.readers(), &stored).await?;
        let parts = leaves.into_iter().zip(stored).zip(shown);
        let items = parts.map(|(((sequence, leaf_hash), Entry { body, .. }), entry)| {
            // As it is hashed, and as it is shown.
            LedgerEntry { sequence, leaf_hash, body, entry }
        });
        Ok(Self { items: items.collect(), last_sequence, has_more })
    }

    /// The list shown in the contract.
    fn example() -> Self {
        let (sequence, entry) = (1_043, AuditEntry::example());
        let body = stored(&entry);
        let leaf_hash = text::sha256_hex(&[&[0][..], body.as_bytes()].concat());
        let entry = AuditEntry { sequence: Some(sequence), ..entry };
        Self { items: vec![LedgerEntry { sequence, leaf_hash, body, entry }], last_sequence: sequence, has_more: false }
    }
}

/// The body of the contract's example of an entry.
fn stored(entry: &AuditEntry) -> String {
    let mut body = json!(entry);
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|name, _| !["sequence", "action_label", "category"].contains(&name.as_str()));
    }
    let changes = body.get_mut("changes").and_then(Json::as_object_mut);
    for change in changes.into_iter().flat_map(|changes| changes.values_mut()).filter_map(Json::as_object_mut) {
        change.retain(|name, _| ["from", "to"].contains(&name.as_str()));
    }
    text::canonical(&body).unwrap_or_default()
}
