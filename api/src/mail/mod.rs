//! Emails: their text and their transport.

mod message;
mod transport;

pub use transport::{Mailer, MailerError};
