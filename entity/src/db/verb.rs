//! What may be done with the rows of a table.

/// What a statement does to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Insert,
    Update,
    Delete,
}

impl Verb {
    /// The SQL keyword, in statements and in privileges.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// What may be done with the rows of an unaudited table, by its name; `None` for every other table.
pub type Excuses = fn(&str) -> Option<&'static [Verb]>;
