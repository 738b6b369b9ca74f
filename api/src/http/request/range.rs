//! `Range`: a single byte range of a download (RFC 9110, 14).

use super::caller::{Admitted, admitted};
use crate::wire::{Code, Error, FieldProblem, Result};
use actix_web::dev::Payload;
use actix_web::http::header::{ByteRangeSpec, HeaderName, IF_RANGE, RANGE, Range as QueryParts};
use actix_web::{FromRequest, HttpRequest};
use std::ops::Range;
use utoipa::IntoParams;

/// The digest of the whole document, whichever range of it is sent (RFC 9530).
pub const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

const LENGTH_MAX: usize = 200;

/// How the contract describes the header.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only for the contract; requests are read by RequestedRange")]
pub struct RangeHeader {
    /// The requested bytes, such as `bytes=0-1023`
    #[param(rename = "Range", nullable = false, max_length = 200, example = "bytes=0-1023")]
    range: Option<String>,
}

/// What is requested: one range, or everything.
pub struct RequestedRange(Option<ByteRangeSpec>);

impl RequestedRange {
    /// Multiple ranges and other units may be ignored, and a range that depends on a validator (If-Range) must be: there is none.
    fn extract(request: &HttpRequest) -> Result<Self> {
        let Some(value) = request.headers().get(RANGE) else { return Ok(Self(None)) };
        let refused = |detail| Error::fields(Code::InvalidHeader, vec![FieldProblem::header("Range", "range", detail)]);
        let text = value.to_str().map_err(|_| refused("must be visible ASCII"))?;
        if text.len() > LENGTH_MAX {
            return Err(refused("must have at most 200 characters"));
        }
        if request.headers().contains_key(IF_RANGE) || text.contains(',') {
            return Ok(Self(None));
        }
        match text.parse() {
            // Its parser also takes a plus sign.
            Ok(QueryParts::Bytes(ranges)) if !text.contains('+') => Ok(Self(ranges.into_iter().next())),
            Ok(QueryParts::Bytes(_)) | Err(_) if text.starts_with("bytes=") => {
                Err(refused("must be a range such as bytes=0-1023, bytes=1024- or bytes=-500"))
            }
            Ok(QueryParts::Bytes(_) | QueryParts::Unregistered(..)) | Err(_) => Ok(Self(None)),
        }
    }

    pub fn is_range(&self) -> bool {
        self.0.is_some()
    }

    /// The requested bytes of content of this size; `None` where the range is beyond it.
    pub fn within(&self, size: u64) -> Option<Range<u64>> {
        match &self.0 {
            None => Some(0..size),
            Some(range) => range.to_satisfiable_range(size).map(|(first, last)| first..last.saturating_add(1)),
        }
    }
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

    fn asked(range: &str) -> Result<Option<Range<u64>>, Code> {
        let request = TestRequest::default().insert_header((RANGE, range)).to_http_request();
        RequestedRange::extract(&request).map(|asked| asked.within(100)).map_err(|error| error.code)
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
            assert_eq!(asked(range), meant, "{range}");
        }
    }

    #[test]
    fn a_range_with_if_range_is_ignored() {
        let request = TestRequest::default().insert_header((RANGE, "bytes=0-9")).insert_header((IF_RANGE, "\"7\""));
        assert_eq!(RequestedRange::extract(&request.to_http_request()).unwrap().within(100), Some(0..100));
    }
}
