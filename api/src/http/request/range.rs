//! `Range`: a single byte range of a download (RFC 9110, 14).

use super::caller::{Admitted, admitted};
use crate::wire::fields::Text;
use crate::wire::{Code, Error, FieldProblem, Result};
use actix_web::dev::Payload;
use actix_web::http::header::{ByteRangeSpec, HeaderName, IF_RANGE, RANGE, Range as RangeHeaderValue};
use actix_web::{FromRequest, HttpRequest};
use std::ops::Range;
use utoipa::IntoParams;

/// The digest of the whole document, whichever range of it is sent (RFC 9530).
pub const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

const LENGTH_MAX: usize = 200;

/// A header as the contract describes it.
type HeaderText = Text<0, LENGTH_MAX>;

/// How the contract describes the headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only for the contract; requests are read by RequestedRange")]
pub struct RangeHeader {
    /// The requested bytes, such as `bytes=0-1023`
    #[param(rename = "Range", inline, nullable = false, example = "bytes=0-1023")]
    range: Option<HeaderText>,
    /// The `ETag` of the content whose range is requested; the whole content is returned if it has a different one
    #[param(
        rename = "If-Range",
        inline,
        nullable = false,
        example = "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\""
    )]
    if_range: Option<HeaderText>,
}

/// What is requested: one range, or everything.
pub struct RequestedRange {
    range: Option<ByteRangeSpec>,
    /// The entity tag that the range depends on.
    if_range: Option<String>,
}

impl RequestedRange {
    /// Multiple ranges and other units may be ignored.
    fn extract(request: &HttpRequest) -> Result<Self> {
        let if_range = value(request, IF_RANGE, "If-Range")?.map(|tag| tag.trim().to_owned());
        let range = match value(request, RANGE, "Range")? {
            Some(text) => parse(text)?,
            None => None,
        };
        Ok(Self { range, if_range })
    }

    /// Whether a range is requested, also one that depends on other content and is answered with everything.
    pub fn is_range(&self) -> bool {
        self.range.is_some()
    }

    /// The range of content with this entity tag, compared strongly: a date or a weak tag never matches (RFC 9110, 13.1.5).
    pub fn of_content(&self, tag: &str) -> Option<&ByteRangeSpec> {
        self.range.as_ref().filter(|_| self.if_range.as_deref().is_none_or(|if_range| if_range == tag))
    }

    /// The requested bytes of content of this size; `None` where the range is beyond it.
    pub fn within(&self, size: u64, tag: &str) -> Option<Range<u64>> {
        match self.of_content(tag) {
            None => Some(0..size),
            Some(range) => range.to_satisfiable_range(size).map(|(first, last)| first..last.saturating_add(1)),
        }
    }
}

/// The value of a header, if it is given.
fn value<'a>(request: &'a HttpRequest, header: HeaderName, name: &str) -> Result<Option<&'a str>> {
    let Some(value) = request.headers().get(header) else { return Ok(None) };
    let text = value.to_str().map_err(|_| refused(name, "must be visible ASCII"))?;
    match text.len() {
        ..=LENGTH_MAX => Ok(Some(text)),
        _ => Err(refused(name, &format!("must have at most {LENGTH_MAX} characters"))),
    }
}

fn parse(text: &str) -> Result<Option<ByteRangeSpec>> {
    if text.contains(',') {
        return Ok(None);
    }
    match text.parse() {
        // Its parser also takes a plus sign.
        Ok(RangeHeaderValue::Bytes(ranges)) if !text.contains('+') => Ok(ranges.into_iter().next()),
        Ok(RangeHeaderValue::Bytes(_)) | Err(_) if text.starts_with("bytes=") => {
            Err(refused("Range", "must be a range such as bytes=0-1023, bytes=1024- or bytes=-500"))
        }
        Ok(RangeHeaderValue::Bytes(_) | RangeHeaderValue::Unregistered(..)) | Err(_) => Ok(None),
    }
}

fn refused(name: &str, detail: &str) -> Error {
    Error::fields(Code::InvalidHeader, vec![FieldProblem::header(name, "range", detail)])
}

impl FromRequest for RequestedRange {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        admitted(request, Self::extract(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn extracted(range: &str) -> Result<Option<Range<u64>>, Code> {
        let request = TestRequest::default().insert_header((RANGE, range)).to_http_request();
        RequestedRange::extract(&request).map(|asked| asked.within(100, "\"7\"")).map_err(|error| error.code)
    }

    #[test]
    fn a_single_byte_range_is_applied_and_other_ranges_are_ignored_or_refused() {
        for (range, meant) in [
            ("bytes=0-9", Ok(Some(0..10))),
            ("bytes=90-", Ok(Some(90..100))),
            ("bytes=90-500", Ok(Some(90..100))),
            ("bytes=-10", Ok(Some(90..100))),
            ("bytes=-500", Ok(Some(0..100))),
            ("bytes=100-", Ok(None)),
            ("bytes=-0", Ok(None)),
            ("bytes=0-1,5-6", Ok(Some(0..100))),
            ("pages=1-2", Ok(Some(0..100))),
            ("everything", Ok(Some(0..100))),
            ("bytes=", Err(Code::InvalidHeader)),
            ("bytes=9-0", Err(Code::InvalidHeader)),
            ("bytes=a-b", Err(Code::InvalidHeader)),
            ("bytes=+0-9", Err(Code::InvalidHeader)),
            ("bytes=0-+9", Err(Code::InvalidHeader)),
        ] {
            assert_eq!(extracted(range), meant, "{range}");
        }
    }

    #[test]
    fn a_range_applies_only_to_the_content_that_if_range_names() {
        for (if_range, meant) in [
            ("\"7\"", 0..10),
            (" \"7\" ", 0..10),
            ("\"8\"", 0..100),
            ("W/\"7\"", 0..100),
            ("7", 0..100),
            ("\"7\", \"8\"", 0..100),
            ("Tue, 01 Dec 2026 15:00:00 GMT", 0..100),
            ("", 0..100),
        ] {
            let request = TestRequest::default().insert_header((RANGE, "bytes=0-9")).insert_header((IF_RANGE, if_range));
            let asked = RequestedRange::extract(&request.to_http_request()).unwrap();
            assert_eq!(asked.within(100, "\"7\""), Some(meant), "{if_range}");
            assert!(asked.is_range());
        }
        let alone = TestRequest::default().insert_header((IF_RANGE, "\"7\"")).to_http_request();
        assert!(!RequestedRange::extract(&alone).unwrap().is_range());
    }
}
