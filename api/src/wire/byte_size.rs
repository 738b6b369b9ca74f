//! Sizes in settings: bytes, with or without a unit.

use std::str::FromStr;

/// A number of bytes in a setting: `268435456`, or with a unit `256MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("'{text}' must be a number of bytes, or with a unit (KiB, MiB, GiB, TiB), such as 256MiB");
        let text_of_unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let number: u64 = text.strip_suffix(text_of_unit).and_then(|number| number.parse().ok()).ok_or_else(refused)?;
        let unit: u64 = match text_of_unit.trim_start() {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return Err(refused()),
        };
        number.checked_mul(unit).map(Self).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_have_a_unit() {
        for (text, bytes) in [("0", 0), ("1024", 1024), ("256MiB", 268_435_456), ("1 GiB", 1 << 30), ("7B", 7)] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5GiB", "256MB", "256 mib", "99999999999TiB", "0x10"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
