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
