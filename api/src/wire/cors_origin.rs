//! Origins in settings, as browsers send them in `Origin`.

/// Any origin; for development only.
pub const ANY: &str = "*";

/// `scheme://host` or `scheme://host:port`, in lower case, without the default port or anything after it (RFC 6454, 6.2).
pub fn is_origin(text: &str) -> bool {
    let known = [("https://", ":443"), ("http://", ":80")];
    let host = known.iter().find_map(|(scheme, port)| text.strip_prefix(scheme).filter(|host| !host.ends_with(port)));
    let host = host.unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-:[]".contains(letter);
    !host.is_empty() && host.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_as_sent_by_browsers_are_valid() {
        for origin in ["https://desk.example.org", "http://localhost:5173", "http://[::1]:3000"] {
            assert!(is_origin(origin), "{origin}");
        }
        for text in [
            "",
            "desk.example.org",
            "https://",
            "https://desk.example.org/",
            "https://Desk.example.org",
            "ftp://x",
            "null",
            "https://x:443",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
