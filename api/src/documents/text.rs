//! Whether a file is text, in whatever encoding. Which encoding is not recorded: the bytes are kept as they are.

/// In UTF-16 without a byte order mark, one of so many characters is ASCII at least: a blank, a line break, a digit. Of random
/// ones, about one of 700 would be.
const CHARACTERS_PER_ASCII: usize = 32;

/// What a file that begins with `head` reads as, without its byte order mark; `None` for binary content. Letters that depend on
/// the encoding are replaced. `is_whole`: whether `head` is the whole file.
pub fn read(head: &[u8], is_whole: bool) -> Option<String> {
    let text = if let Some(rest) = head.strip_prefix(b"\xff\xfe\0\0") {
        utf_32(rest, u32::from_le_bytes)
    } else if let Some(rest) = head.strip_prefix(b"\0\0\xfe\xff") {
        utf_32(rest, u32::from_be_bytes)
    } else if let Some(rest) = head.strip_prefix(b"\xff\xfe") {
        utf_16(rest, is_whole, u16::from_le_bytes)
    } else if let Some(rest) = head.strip_prefix(b"\xfe\xff") {
        utf_16(rest, is_whole, u16::from_be_bytes)
    } else {
        return unmarked(head, is_whole);
    };
    text.and_then(|text| legible(&text))
}

fn unmarked(head: &[u8], is_whole: bool) -> Option<String> {
    let wide = |read: fn([u8; 2]) -> u16| utf_16(head, is_whole, read).filter(|text| has_ascii(text));
    let candidates = [utf_8(head, is_whole), Some(single_bytes(head)), wide(u16::from_le_bytes), wide(u16::from_be_bytes)];
    candidates.into_iter().flatten().find_map(|text| legible(&text))
}

/// UTF-8, possibly cut in the middle of a character.
fn utf_8(head: &[u8], is_whole: bool) -> Option<String> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if !is_whole && error.error_len().is_none() => {
            head.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok())?
        }
        Err(_) => return None,
    };
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

/// Windows-1252, the parts of ISO 8859 and all other encodings that extend ASCII.
fn single_bytes(head: &[u8]) -> String {
    head.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER }).collect()
}

fn utf_16(bytes: &[u8], is_whole: bool, read: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    if is_whole && !rest.is_empty() {
        return None;
    }
    let mut letters: Vec<_> = char::decode_utf16(units.iter().map(|unit| read(*unit))).collect();
    if !is_whole && letters.last().is_some_and(Result::is_err) {
        letters.pop();
    }
    letters.into_iter().collect::<Result<String, _>>().ok()
}

fn utf_32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<4>();
    let text = units.iter().map(|unit| char::from_u32(read(*unit))).collect();
    if rest.is_empty() { text } else { None }
}

/// The escape character, with which ISO 2022 designates a character set: ISO-2022-JP, -KR and -CN.
const ESCAPE: char = '\u{1b}';
/// The end of a text under DOS and CP/M, which also filled up a block with it.
const END_OF_TEXT: char = '\u{1a}';

/// The letters of a text, if it is one: something, and no control characters, which binary files have among their first bytes.
fn legible(text: &str) -> Option<String> {
    let text = text.trim_end_matches(END_OF_TEXT);
    let plain = without_designations(text);
    let is_designated = plain.len() < text.len();
    let is_expected = |letter: char| match letter {
        '\t' | '\n' | '\r' | '\u{c}' => true,
        // They switch between two sets, one of which a designation has named.
        '\u{e}' | '\u{f}' => is_designated,
        _ => !letter.is_control(),
    };
    Some(plain).filter(|plain| !plain.is_empty() && plain.chars().all(is_expected))
}

/// The text without what designates character sets: an escape, bytes from 0x20 to 0x2F, and one from 0x30 to 0x7E (ECMA-35,
/// 13.2). One that is cut off at the end of a sample is one too.
fn without_designations(text: &str) -> String {
    let mut parts = text.split(ESCAPE);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter| matches!(letter, ' '..='/'));
        match rest.chars().next() {
            Some('0'..='~') if rest.len() < part.len() => plain.push_str(rest.get(1..).unwrap_or_default()),
            None => {}
            Some(_) => plain.extend([ESCAPE.to_string().as_str(), part]),
        }
    }
    plain
}

fn has_ascii(text: &str) -> bool {
    let ascii = text.chars().filter(char::is_ascii).count();
    ascii.saturating_mul(CHARACTERS_PER_ASCII) >= text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str, write: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(write).collect()
    }

    #[test]
    fn text_is_read_in_any_encoding() {
        let (german, greek) = ("Straße;Größe\r\n1;2\r\n", "Οδός, Αθήνα\n");
        let utf_32 = |write: fn(u32) -> [u8; 4]| german.chars().flat_map(|letter| write(letter.into())).collect::<Vec<u8>>();
        for (bytes, read_as) in [
            (german.as_bytes().to_vec(), german),
            ([b"\xef\xbb\xbf", german.as_bytes()].concat(), german),
            (wide(german, u16::to_le_bytes), german),
            (wide(german, u16::to_be_bytes), german),
            (wide(greek, u16::to_le_bytes), greek),
            (wide(greek, u16::to_be_bytes), greek),
            ([b"\xff\xfe".to_vec(), wide(greek, u16::to_le_bytes)].concat(), greek),
            ([b"\xfe\xff".to_vec(), wide(greek, u16::to_be_bytes)].concat(), greek),
            ([b"\xff\xfe\0\0".to_vec(), utf_32(u32::to_le_bytes)].concat(), german),
            ([b"\0\0\xfe\xff".to_vec(), utf_32(u32::to_be_bytes)].concat(), german),
            (b"caf\xe9 \x80 5".to_vec(), "caf\u{fffd} \u{fffd} 5"),
            (b"\x1b$BL>A0\x1b(B;1\r\n".to_vec(), "L>A0;1\r\n"),
            (b"a;\x1b$@F|K\\\x1b(J\r\n".to_vec(), "a;F|K\\\r\n"),
            (b"\x1b$)C\x0e@L8'\x0f;1\n".to_vec(), "\u{e}@L8'\u{f};1\n"),
            (b"a;b\r\n\x1a".to_vec(), "a;b\r\n"),
            (b"Gr\x81\xe1e\r\n\x1a\x1a\x1a".to_vec(), "Gr\u{fffd}\u{fffd}e\r\n"),
            ([wide(german, u16::to_le_bytes), vec![0x1a, 0]].concat(), german),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2".to_vec(), "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(read(&bytes, true).as_deref(), Some(read_as), "{bytes:x?}");
        }
    }

    #[test]
    fn binary_content_is_not_text() {
        let random: Vec<u8> = (1_u32..2_000).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        for bytes in [
            &b""[..],
            b"a\0b",
            b"\0\0\0\0",
            b"MZ\x90\0\x03\0\0\0",
            b"\x7fELF\x02\x01\x01\0",
            b"\x1f\x8b\x08\0\0\0\0\0",
            b"RIFF\x24\x08\0\0WAVEfmt ",
            b"\x01\x02\x03\x04",
            b"\x1a",
            b"a\x1ab",
            b"a\x1b[2Jb",
            b"a\x1bb",
            b"a\x0eb\x0f",
            b"\xff\xfea",
            b"\xff\xfe\x00\xd8a\0",
            b"\xff\xfe\0\0\xff\xff\xff\xff",
            &random,
        ] {
            assert_eq!(read(bytes, true), None, "{bytes:x?}");
        }
    }

    #[test]
    fn a_sample_of_a_text_may_end_within_a_character() {
        let accents = &"é".repeat(5).into_bytes()[..9];
        assert_eq!(read(accents, false).as_deref(), Some("éééé"));
        let pairs = &wide("a🙂b🙂", u16::to_le_bytes)[..10];
        assert_eq!((read(pairs, false).as_deref(), read(pairs, true)), (Some("a🙂b"), None));
    }
}
