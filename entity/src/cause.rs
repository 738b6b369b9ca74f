//! The cause of a failure as the log shows it: the error with all of its sources. Clients never see it.

use std::error::Error as StdError;

/// The text of an error and of each of its sources, the outermost first. A source that the text before it already contains is not
/// repeated.
pub fn with_sources(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let deeper = error.to_string();
        if !text.contains(&deeper) {
            text.push_str(": ");
            text.push_str(&deeper);
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Root;

    #[derive(Debug, thiserror::Error)]
    #[error("the file could not be written")]
    struct Middle(#[source] Root);

    #[derive(Debug, thiserror::Error)]
    #[error("the entry was lost: {0}")]
    struct Outer(#[source] Middle);

    #[test]
    fn an_error_is_followed_by_its_sources_and_none_is_repeated() {
        assert_eq!(with_sources(&Root), "the disk is full");
        assert_eq!(with_sources(&Middle(Root)), "the file could not be written: the disk is full");
        // Its own text contains that of its source, but not that of the source below.
        assert_eq!(with_sources(&Outer(Middle(Root))), "the entry was lost: the file could not be written: the disk is full");
    }
}
