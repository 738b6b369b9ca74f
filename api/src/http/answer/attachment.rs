//! `Content-Disposition` of a download under its file name, with any characters in the name (RFC 6266, RFC 8187).

use actix_web::http::header::{Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue};

/// Downloaded, never displayed inline. A name that isn't plain ASCII is given twice: as it is, and in a form that the oldest
/// browsers can save.
pub fn attachment(filename: &str) -> ContentDisposition {
    let is_plain = |letter: char| (letter.is_ascii_graphic() || letter == ' ') && !"\"\\%/;".contains(letter);
    let plain = filename.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect::<String>();
    let mut parameters = Vec::new();
    if plain != filename {
        let charset = Charset::Ext("UTF-8".to_owned());
        let value = ExtendedValue { charset, language_tag: None, value: filename.as_bytes().to_vec() };
        parameters.push(DispositionParam::FilenameExt(value));
    }
    parameters.insert(0, DispositionParam::Filename(plain));
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_name_is_encoded_safely() {
        for (filename, header) in [
            ("pay stub.pdf", r#"attachment; filename="pay stub.pdf""#),
            ("Größe.pdf", r#"attachment; filename="Gr__e.pdf"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf"#),
            ("a\"; x=\"b", r#"attachment; filename="a__ x=_b"; filename*=UTF-8''a%22%3B%20x=%22b"#),
            ("100%.txt", r#"attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt"#),
        ] {
            assert_eq!(attachment(filename).to_string(), header);
        }
    }
}
