//! The type of a file: determined by its first bytes, and the type that the uploader declares must match.

/// How many bytes are examined.
pub const HEAD_BYTES: usize = 16 * 1024;

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The type that programs declare when they don't know.
const ANYTHING: &str = "application/octet-stream";
/// The type that Windows declares for CSV where Excel is installed.
const EXCEL: &str = "application/vnd.ms-excel";

/// The accepted types, as determined from the first bytes. None of them would be executed by a browser.
const TAKEN: [&str; 7] = ["application/pdf", "image/jpeg", "image/png", "image/tiff", "image/heif", DOCX, XLSX];
/// Types without a signature, distinguished only by what the uploader declares.
const TEXTS: [&str; 2] = ["text/plain", "text/csv"];

/// Why a file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SniffError {
    Unknown,
    OtherThanDeclared,
}

/// The type of a file that begins with `head`. `is_whole`: whether `head` is the whole file.
pub fn content_type(head: &[u8], is_whole: bool, declared: Option<&str>) -> Result<&'static str, SniffError> {
    let declared = declared.filter(|declared| *declared != ANYTHING);
    let known = infer::get(head).map(|kind| kind.mime_type());
    let found = match known {
        Some("application/zip") => office(head, declared).ok_or(SniffError::Unknown)?,
        Some(found) => TAKEN.into_iter().find(|taken| *taken == found).ok_or(SniffError::Unknown)?,
        None if is_text(head, is_whole) => {
            let declared = declared.map(|declared| if declared == EXCEL { "text/csv" } else { declared });
            let kind = TEXTS.into_iter().find(|text| declared.is_none_or(|declared| declared == *text));
            return kind.ok_or(SniffError::OtherThanDeclared);
        }
        None => return Err(SniffError::Unknown),
    };
    let agrees = declared.is_none_or(|declared| declared == found || (declared == "image/heic" && found == "image/heif"));
    if agrees { Ok(found) } else { Err(SniffError::OtherThanDeclared) }
}

/// An archive with a table of contents as Office writes it, in an order that `infer` doesn't recognize.
fn office(head: &[u8], declared: Option<&str>) -> Option<&'static str> {
    let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    let declared = [DOCX, XLSX].into_iter().find(|known| declared == Some(known));
    declared.filter(|_| has(b"[Content_Types].xml"))
}

/// UTF-8 without control characters, possibly cut in the middle of a character.
fn is_text(head: &[u8], is_whole: bool) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if !is_whole && error.error_len().is_none() => {
            head.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect_content(head: &[u8], declared: &str) -> Result<&'static str, SniffError> {
        content_type(head, true, Some(declared).filter(|declared| !declared.is_empty()))
    }

    #[test]
    fn the_first_bytes_determine_the_type() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (head, declared, found) in [
            (&b"%PDF-1.7\n"[..], "application/pdf", Ok("application/pdf")),
            (b"%PDF-1.7\n", "", Ok("application/pdf")),
            (b"%PDF-1.7\n", ANYTHING, Ok("application/pdf")),
            (b"%PDF-1.7\n", "image/png", Err(SniffError::OtherThanDeclared)),
            (png, "image/png", Ok("image/png")),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", Ok("image/jpeg")),
            (b"II*\0\x08\0\0\0\x0e\0\0\x01", "", Ok("image/tiff")),
            ("Größe;Wert\n1;2\n".as_bytes(), "text/csv", Ok("text/csv")),
            (b"a,b\r\n1,2\r\n", EXCEL, Ok("text/csv")),
            (b"%PDF-1.7\n", EXCEL, Err(SniffError::OtherThanDeclared)),
            (b"call first", "", Ok("text/plain")),
            (b"call first", "application/pdf", Err(SniffError::OtherThanDeclared)),
            (b"MZ\x90\0", "application/pdf", Err(SniffError::Unknown)),
            (b"\x7fELF\x02\x01\x01", ANYTHING, Err(SniffError::Unknown)),
            (b"<!DOCTYPE html><script>", "text/plain", Err(SniffError::Unknown)),
            (b"PK\x03\x04 whatever", "application/zip", Err(SniffError::Unknown)),
            (b"a\0b", "text/plain", Err(SniffError::Unknown)),
            (b"caf\xe9", "text/plain", Err(SniffError::Unknown)),
        ] {
            assert_eq!(detect_content(head, declared), found, "{declared} {}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn office_documents_are_distinguished_from_other_archives() {
        let archive = |second: &str, third: &str| {
            let entry = |name: &str| {
                let mut entry = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\x02\0\0\0\x02\0\0\0".to_vec();
                entry.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
                entry.extend([0, 0]);
                entry.extend(name.as_bytes());
                entry.extend([b' '; 60]);
                entry
            };
            [entry("[Content_Types].xml"), entry(second), entry(third), entry(third)].concat()
        };
        assert_eq!(detect_content(&archive("_rels/.rels", "word/document.xml"), DOCX), Ok(DOCX));
        assert_eq!(detect_content(&archive("_rels/.rels", "word/document.xml"), XLSX), Err(SniffError::OtherThanDeclared));
        assert_eq!(detect_content(&archive("_rels/.rels", "xl/workbook.xml"), ""), Ok(XLSX));
        assert_eq!(detect_content(&archive("_rels/.rels", "else"), DOCX), Ok(DOCX));
        assert_eq!(detect_content(&archive("_rels/.rels", "else"), ""), Err(SniffError::Unknown));
    }

    #[test]
    fn a_sample_of_a_text_may_end_within_a_character() {
        let cut = &"é".repeat(5).into_bytes()[..9];
        assert_eq!(content_type(cut, false, None), Ok("text/plain"));
        assert_eq!(content_type(cut, true, None), Err(SniffError::Unknown));
    }
}
