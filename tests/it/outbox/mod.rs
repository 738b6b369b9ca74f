//! The queue of mails.

mod list;
