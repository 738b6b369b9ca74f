//! The trailer fields of a file download (RFC 9110, 6.5): what is known only once its content was generated.

use super::digest;
use actix_web::http::header::HeaderName;
use std::cell::OnceCell;
use std::rc::Rc;

/// The number of records in a file, which the line that names its columns is none of.
pub const RECORD_COUNT: HeaderName = HeaderName::from_static("record-count");

/// The digest of the content before compression (draft-ietf-httpbis-unencoded-digest): `Content-Digest` and `Repr-Digest` would
/// be those of the compressed bytes.
pub const UNENCODED_DIGEST: HeaderName = HeaderName::from_static("unencoded-digest");

/// The count and the digest of a file, as an extension of its response. Clones share them, so that they can be set while the
/// response is sent.
#[derive(Clone, Debug, Default)]
pub struct Trailers(Rc<OnceCell<Totals>>);

/// The fields of a file that is complete.
#[derive(Debug)]
pub struct Totals {
    records: u64,
    digest: String,
}

impl Totals {
    /// `sha256` is in hexadecimal digits.
    pub fn new(records: u64, sha256: &str) -> Self {
        Self { records, digest: digest::field(sha256) }
    }

    /// The fields, by their names.
    pub fn fields(&self) -> [(HeaderName, String); 2] {
        [(RECORD_COUNT, self.records.to_string()), (UNENCODED_DIGEST, self.digest.clone())]
    }
}

impl Trailers {
    /// The value of the header `Trailer`.
    pub fn names() -> String {
        format!("{RECORD_COUNT}, {UNENCODED_DIGEST}")
    }

    /// Sets the fields, once the content is complete and before the response ends.
    pub fn set(&self, totals: Totals) {
        // A file is complete once.
        drop(self.0.set(totals));
    }

    /// The trailer section, which is empty as long as the fields are not known.
    pub fn section(&self) -> String {
        let fields = self.0.get().map(Totals::fields).into_iter().flatten();
        fields.map(|(name, value)| format!("{name}: {value}\r\n")).collect()
    }
}
