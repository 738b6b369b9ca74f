//! The maximum size of a document: what the contract, the documentation and the page say is what the service enforces.

use super::document::Document;
use api::documents::FILE_BYTES_MAX;
use serde_json::json;
use std::fs;
use std::path::Path;

/// Where the contract has it as a number.
const BOUNDS: [&str; 4] = [
    "UploadDocument/properties/file/maxLength",
    "DocumentBytes/maxLength",
    "DocumentDetail/properties/size_bytes/maximum",
    "DocumentSummary/properties/size_bytes/maximum",
];

/// Where it is written for people, and after which words.
const TEXTS: [(&str, &str); 4] = [
    ("openapi.yaml", "encoding; at most "),
    ("docs/api-guide.md", "ingest 1 MiB; a file "),
    ("docs/domain.md", "with which DOS ends a text; at most "),
    ("api/page/files.js", "CSV or text; at most "),
];

#[test]
fn the_maximum_size_of_a_file_is_the_same_everywhere() {
    let contract = Document::new();
    for place in BOUNDS {
        let bound = contract.json.pointer(&format!("/components/schemas/{place}"));
        assert_eq!(bound, Some(&json!(FILE_BYTES_MAX)), "{place} in the contract");
    }
    assert_eq!(FILE_BYTES_MAX % (1 << 20), 0, "the texts name it in MiB");
    for (path, before) in TEXTS {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).expect("the file");
        let expected = format!("{before}{} MiB", FILE_BYTES_MAX >> 20);
        assert!(text.contains(&expected), "{path} does not say `{expected}`");
    }
}
