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
    text.filter(|text| is_legible(text))
}

fn unmarked(head: &[u8], is_whole: bool) -> Option<String> {
    let wide = |read: fn([u8; 2]) -> u16| utf_16(head, is_whole, read).filter(|text| has_ascii(text));
    let candidates = [utf_8(head, is_whole), Some(single_bytes(head)), wide(u16::from_le_bytes), wide(u16::from_be_bytes)];
    candidates.into_iter().flatten().find(|text| is_legible(text))
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

/// Something, and no control characters: binary files have some among their first bytes.
fn is_legible(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{c}'))
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
