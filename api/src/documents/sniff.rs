//! The type of a file: determined by its first bytes, and the type that the uploader declares must match, whatever its spelling.

use super::text;
use infer::MatcherType;

/// How many bytes are examined.
pub const HEAD_BYTES: usize = 16 * 1024;

/// A type as it is stored, and the other media types that programs declare for it.
struct MediaType {
    canonical: &'static str,
    aliases: &'static [&'static str],
}

impl MediaType {
    const fn new(canonical: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { canonical, aliases }
    }

    fn is_called(&self, declared: &str) -> bool {
        self.canonical == declared || self.aliases.contains(&declared) || (self.is_office() && ARCHIVES.contains(&declared))
    }
}

const PDF_ALIASES: &[&str] = &[
    "application/acrobat",
    "application/vnd.pdf",
    "application/x-bzpdf",
    "application/x-pdf",
    "applications/vnd.pdf",
    "text/pdf",
    "text/x-pdf",
];
const JPEG_ALIASES: &[&str] = &[
    "application/jpg",
    "application/x-jpg",
    "image/jfif",
    "image/jpe",
    "image/jpg",
    "image/pipeg",
    "image/pjp",
    "image/pjpeg",
    "image/x-citrix-jpeg",
    "image/x-jpeg",
    "image/x-jpg",
];
const PNG_ALIASES: &[&str] = &["application/png", "application/x-png", "image/apng", "image/x-citrix-png", "image/x-png"];
const TIFF_ALIASES: &[&str] = &["application/tif", "application/tiff", "image/tif", "image/x-tif", "image/x-tiff"];
const HEIF_ALIASES: &[&str] = &["image/heic", "image/heic-sequence", "image/heif-sequence", "image/x-heic", "image/x-heif"];
/// Windows declares the type of the older Excel for CSV too, where Excel is installed.
const CSV_ALIASES: &[&str] = &[
    "application/csv",
    "application/excel",
    "application/vnd.ms-excel",
    "application/vnd.msexcel",
    "application/x-csv",
    "application/x-excel",
    "application/x-msexcel",
    "text/comma-separated-values",
    "text/x-comma-separated-values",
    "text/x-csv",
];
const PLAIN_ALIASES: &[&str] = &["application/plain", "application/text", "application/txt", "text/txt", "text/x-plain"];

const DOCX: MediaType = MediaType::new(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    &["application/docx", "application/msword", "application/vnd.ms-word"],
);
const XLSX: MediaType = MediaType::new(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    &["application/vnd.ms-excel", "application/x-excel", "application/x-msexcel", "application/xlsx"],
);

/// The accepted types, as determined from the first bytes. None of them would be executed by a browser.
static TAKEN: [MediaType; 7] = [
    MediaType::new("application/pdf", PDF_ALIASES),
    MediaType::new("image/jpeg", JPEG_ALIASES),
    MediaType::new("image/png", PNG_ALIASES),
    MediaType::new("image/tiff", TIFF_ALIASES),
    MediaType::new("image/heif", HEIF_ALIASES),
    DOCX,
    XLSX,
];
/// Types without a signature, distinguished only by what the uploader declares.
static TEXTS: [MediaType; 2] = [MediaType::new("text/plain", PLAIN_ALIASES), MediaType::new("text/csv", CSV_ALIASES)];
/// What programs declare that know DOCX and XLSX only as what they are made of: an archive.
const ARCHIVES: [&str; 2] = ["application/zip", "application/x-zip-compressed"];
/// What programs declare when they don't know.
const UNKNOWN: [&str; 7] = [
    "",
    "*/*",
    "application/force-download",
    "application/octet-stream",
    "application/unknown",
    "application/x-download",
    "binary/octet-stream",
];

/// Why a file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SniffError {
    Unknown,
    OtherThanDeclared,
}

/// The type of a file that begins with `head`. `is_whole`: whether `head` is the whole file. `declared`: the media type as sent;
/// its case and its parameters don't matter.
pub fn content_type(head: &[u8], is_whole: bool, declared: Option<&str>) -> Result<&'static str, SniffError> {
    let declared = declared.map(essence).filter(|declared| !UNKNOWN.contains(&declared.as_str()));
    let agrees = |known: &&MediaType| declared.as_deref().is_none_or(|declared| known.is_called(declared));
    let signature = infer::get(head);
    let found = match signature.map(|kind| kind.mime_type()) {
        Some("application/zip") => office(head, declared.as_deref()),
        Some(signature) => TAKEN.iter().find(|kind| kind.canonical == signature),
        None => None,
    };
    let kind = match found {
        Some(found) => Some(found).filter(agrees),
        None if is_plain_text(head, is_whole, signature) => TEXTS.iter().find(agrees),
        None => return Err(SniffError::Unknown),
    };
    kind.map(|kind| kind.canonical).ok_or(SniffError::OtherThanDeclared)
}

/// A media type without its parameters, in lower case.
fn essence(declared: &str) -> String {
    declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// An archive with a table of contents as Office writes it, in an order that `infer` doesn't recognize.
fn office(head: &[u8], declared: Option<&str>) -> Option<&'static MediaType> {
    let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    let found = match declared {
        Some(declared) if ARCHIVES.contains(&declared) => match (has(b"word/"), has(b"xl/")) {
            (true, false) => Some(DOCX.canonical),
            (false, true) => Some(XLSX.canonical),
            (true, true) | (false, false) => None,
        },
        Some(declared) => [&DOCX, &XLSX].into_iter().find(|kind| kind.is_called(declared)).map(|kind| kind.canonical),
        None => None,
    };
    TAKEN.iter().find(|kind| Some(kind.canonical) == found).filter(|_| has(b"[Content_Types].xml"))
}

impl MediaType {
    fn is_office(&self) -> bool {
        [DOCX.canonical, XLSX.canonical].contains(&self.canonical)
    }
}

/// Text in any encoding, except what a browser or a shell would execute.
fn is_plain_text(head: &[u8], is_whole: bool, signature: Option<infer::Type>) -> bool {
    let of_text = |text: String| infer::get(text.as_bytes()).is_none_or(|kind| kind.matcher_type() != MatcherType::Text);
    signature.is_none_or(|signature| is_a_word(head, signature)) && text::read(head, is_whole).is_some_and(of_text)
}

/// The signatures of some images and recordings are two or three letters, with which a text may begin as well: `BMI;age`.
fn is_a_word(head: &[u8], signature: infer::Type) -> bool {
    let is_media = matches!(signature.matcher_type(), MatcherType::Image | MatcherType::Audio | MatcherType::Video);
    is_media && head.iter().take(2).all(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCTETS: &str = "application/octet-stream";

    fn detect_content(head: &[u8], declared: &str) -> Result<&'static str, SniffError> {
        content_type(head, true, Some(declared).filter(|declared| !declared.is_empty()))
    }

    #[test]
    fn the_first_bytes_determine_the_type() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (head, declared, found) in [
            (&b"%PDF-1.7\n"[..], "application/pdf", Ok("application/pdf")),
            (b"%PDF-1.7\n", "", Ok("application/pdf")),
            (b"%PDF-1.7\n", OCTETS, Ok("application/pdf")),
            (b"%PDF-1.7\n", "image/png", Err(SniffError::OtherThanDeclared)),
            (png, "image/png", Ok("image/png")),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", Ok("image/jpeg")),
            (b"II*\0\x08\0\0\0\x0e\0\0\x01", "", Ok("image/tiff")),
            ("Größe;Wert\n1;2\n".as_bytes(), "text/csv", Ok("text/csv")),
            (b"a,b\r\n1,2\r\n", "application/vnd.ms-excel", Ok("text/csv")),
            (b"%PDF-1.7\n", "application/vnd.ms-excel", Err(SniffError::OtherThanDeclared)),
            (b"call first", "", Ok("text/plain")),
            (b"call first", "application/pdf", Err(SniffError::OtherThanDeclared)),
            (b"MZ\x90\0", "application/pdf", Err(SniffError::Unknown)),
            (b"\x7fELF\x02\x01\x01", OCTETS, Err(SniffError::Unknown)),
            (b"<!DOCTYPE html><script>", "text/plain", Err(SniffError::Unknown)),
            (b"PK\x03\x04 whatever", "application/zip", Err(SniffError::Unknown)),
            (b"a\0b", "text/plain", Err(SniffError::Unknown)),
            (b"caf\xe9", "text/plain", Ok("text/plain")),
            (b"Gr\xf6\xdfe;Wert \x80\r\n1;2\r\n", "text/csv", Ok("text/csv")),
            (b"G\0r\0\xf6\0\xdf\0e\0;\x001\0", "text/csv", Ok("text/csv")),
            (b"\xff\xfea\0;\0b\0", "", Ok("text/plain")),
            (b"\xfe\xff\0a\0;\0b", OCTETS, Ok("text/plain")),
            (b"BMI;Gr\xf6\xdfe\n21;180\n", "text/csv", Ok("text/csv")),
            (b"GIF;1\n", "text/plain", Ok("text/plain")),
            (b"GIF89a\x01\0\x01\0\x80", "text/plain", Err(SniffError::Unknown)),
            (b"BM\x46\0\0\0\0\0", "text/csv", Err(SniffError::Unknown)),
            (b"<\0s\0c\0r\0i\0p\0t\0>\0a\0", "text/plain", Err(SniffError::Unknown)),
            (b"\xef\xbb\xbf<html><body>", "text/plain", Err(SniffError::Unknown)),
            (png, "text/plain", Err(SniffError::OtherThanDeclared)),
        ] {
            assert_eq!(detect_content(head, declared), found, "{declared} {}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn a_type_is_declared_in_any_of_its_spellings() {
        let jpeg = &b"\xff\xd8\xff\xe0\0\x10JFIF"[..];
        for (head, declared, found) in [
            (jpeg, "image/jpg", Ok("image/jpeg")),
            (jpeg, "image/pjpeg", Ok("image/jpeg")),
            (jpeg, "IMAGE/JPEG; name=\"scan.jpg\"", Ok("image/jpeg")),
            (jpeg, " Image/Jpg ;q=1", Ok("image/jpeg")),
            (jpeg, "image/png", Err(SniffError::OtherThanDeclared)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/x-png", Ok("image/png")),
            (b"II*\0\x08\0\0\0\x0e\0\0\x01", "image/tif", Ok("image/tiff")),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic", Ok("image/heif")),
            (b"%PDF-1.7\n", "application/x-pdf", Ok("application/pdf")),
            (b"%PDF-1.7\n", "Application/PDF;version=1.7", Ok("application/pdf")),
            (b"a,b\r\n", "text/comma-separated-values", Ok("text/csv")),
            (b"a,b\r\n", "text/csv; charset=windows-1252; header=present", Ok("text/csv")),
            (b"a,b\r\n", "application/csv", Ok("text/csv")),
            (b"a,b\r\n", "TEXT/PLAIN; charset=utf-16", Ok("text/plain")),
            (b"a,b\r\n", "text/html", Err(SniffError::OtherThanDeclared)),
            (b"a,b\r\n", "binary/octet-stream", Ok("text/plain")),
            (b"a,b\r\n", "; charset=utf-8", Ok("text/plain")),
        ] {
            assert_eq!(detect_content(head, declared), found, "{declared}");
        }
    }

    #[test]
    fn every_spelling_names_its_type_and_is_itself_in_lower_case() {
        for kind in TAKEN.iter().chain(&TEXTS) {
            for alias in kind.aliases {
                assert_eq!(essence(alias), *alias);
                assert!(*alias != kind.canonical && !UNKNOWN.contains(alias), "{alias}");
            }
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
        let (docx, xlsx) = (DOCX.canonical, XLSX.canonical);
        assert_eq!(detect_content(&archive("_rels/.rels", "word/document.xml"), docx), Ok(docx));
        assert_eq!(detect_content(&archive("_rels/.rels", "word/document.xml"), xlsx), Err(SniffError::OtherThanDeclared));
        assert_eq!(detect_content(&archive("_rels/.rels", "xl/workbook.xml"), ""), Ok(xlsx));
        assert_eq!(detect_content(&archive("_rels/.rels", "else"), docx), Ok(docx));
        assert_eq!(detect_content(&archive("_rels/.rels", "else"), ""), Err(SniffError::Unknown));
        for declared in ["application/zip", "application/x-zip-compressed", "Application/ZIP; charset=binary"] {
            for (second, third, found) in [
                ("_rels/.rels", "word/document.xml", Ok(docx)),
                ("_rels/.rels", "xl/workbook.xml", Ok(xlsx)),
                ("else", "docProps/app.xml", Err(SniffError::Unknown)),
                ("else", "else/word/document.xml", Ok(docx)),
                ("else", "else/xl/workbook.xml", Ok(xlsx)),
            ] {
                assert_eq!(detect_content(&archive(second, third), declared), found, "{declared} {second} {third}");
            }
        }
        assert_eq!(detect_content(b"%PDF-1.7\n", "application/zip"), Err(SniffError::OtherThanDeclared));
    }

    #[test]
    fn a_sample_of_a_text_may_end_within_a_character() {
        let cut = &"é".repeat(5).into_bytes()[..9];
        assert_eq!(content_type(cut, false, None), Ok("text/plain"));
    }
}
