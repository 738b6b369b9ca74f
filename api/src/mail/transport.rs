//! The transport of emails: a mail server, or the log if none is configured.

use super::message;
use entity::delivery::{Cause, RetryAdvice, Undelivered};
use entity::{outbox, setting};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Message, Tokio1Executor};
use std::error::Error as _;
use std::time::Duration;
use tokio::time::timeout;

/// How long a mail server may take to respond; well below the shortest wait before a retry.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why emails can't be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The sender's address.
    #[error("{0}")]
    InvalidFrom(String),
    /// The mail server's URL.
    #[error("must be a mail server's URL such as smtps://user:password@mail.example.org (password percent-encoded)")]
    InvalidUrl,
}

/// Sends emails.
#[derive(Clone, Debug)]
pub struct Mailer {
    from: Mailbox,
    way: Transport,
}

#[derive(Clone, Debug)]
enum Transport {
    Log,
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

impl Mailer {
    /// A mail server by its URL, such as `smtp://user:password@mail.example.org:587?tls=required`; the log if there is none.
    pub fn new(smtp_url: Option<&str>, from: &str) -> Result<Self, MailerError> {
        let from = from.parse().map_err(|error| MailerError::InvalidFrom(format!("'{from}' is not a valid address: {error}")))?;
        let Some(url) = smtp_url else { return Ok(Self { from, way: Transport::Log }) };
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        // The URL may contain a password, in its place or a wrong one: the library's messages repeat parts of it, and are not
        // repeated.
        let server = server.map_err(|_| MailerError::InvalidUrl)?;
        Ok(Self { from, way: Transport::Smtp(server.timeout(Some(PATIENCE)).build()) })
    }

    /// Sends one email.
    pub async fn send(&self, mail: &outbox::Model, settings: &setting::Model) -> Result<(), Undelivered> {
        let message = self.message(mail, settings)?;
        match &self.way {
            Transport::Log => logged(mail),
            Transport::Smtp(server) => match timeout(PATIENCE * 2, server.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(undelivered(server, &error).await),
                Err(_) => Err(Undelivered {
                    retry: RetryAdvice::LaterForAll,
                    why: "the mail server did not respond in time".to_owned(),
                    cause: Cause::Service,
                }),
            },
        }
    }

    fn message(&self, mail: &outbox::Model, settings: &setting::Model) -> Result<Message, Undelivered> {
        let for_good = |why: String, cause| Undelivered { why, retry: RetryAdvice::None, cause };
        let email = message::write(mail, settings);
        let to = mail.recipient.parse();
        let to: Mailbox = to.map_err(|error| for_good(format!("invalid address: {error}"), Cause::Recipient))?;
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .from(self.from.clone())
            .to(to)
            .subject(email.subject);
        // RFC 3834: no automatic reply should answer it.
        message = message.raw_header(automatic());
        if let Some(reply_to) = settings.reply_email_address.as_deref().and_then(|address| address.parse().ok()) {
            message = message.reply_to(reply_to);
        }
        message.header(ContentType::TEXT_PLAIN).body(email.text).map_err(|error| for_good(error.to_string(), Cause::Service))
    }
}

/// Whether the fault is this email's or the server's: determined by connecting to the server once more.
async fn undelivered(server: &AsyncSmtpTransport<Tokio1Executor>, error: &Error) -> Undelivered {
    let is_accepted = matches!(timeout(PATIENCE, server.test_connection()).await, Ok(Ok(true)));
    let (code, reply) = (error.status().map(u16::from), error.source().map(ToString::to_string).unwrap_or_default());
    let (retry, cause) = match is_accepted {
        false => (RetryAdvice::LaterForAll, Cause::Service),
        true if code.is_some_and(|code| is_about_us(code, &reply)) => (RetryAdvice::LaterForAll, Cause::Service),
        // The server refused this email, or the library did on its behalf: for example an address that the server can't encode.
        true if error.is_permanent() || error.is_client() => (RetryAdvice::None, Cause::Recipient),
        true if error.is_transient() => (RetryAdvice::Later, Cause::Recipient),
        true => (RetryAdvice::Later, Cause::Service),
    };
    Undelivered { why: error.to_string(), retry, cause }
}

/// Whether a server refuses the service or its sender, whatever the email: a missing or insufficient login (RFC 4954), or a
/// sender's address that is unknown or badly formed (RFC 3463: `5.1.7`, `5.1.8`).
fn is_about_us(code: u16, reply: &str) -> bool {
    let status = reply.split_whitespace().next().and_then(|status| status.split_once('.')).map(|(_, detail)| detail);
    matches!(code, 530 | 534 | 535 | 538) || matches!(status, Some("1.7" | "1.8"))
}

fn automatic() -> lettre::message::header::HeaderValue {
    let name = lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted");
    lettre::message::header::HeaderValue::new(name, "auto-generated".to_owned())
}

/// RFC 2606: nothing is ever delivered to a domain under `.invalid`.
fn logged(mail: &outbox::Model) -> Result<(), Undelivered> {
    if mail.recipient.ends_with(".invalid") {
        return Err(Undelivered {
            why: "the domain does not exist".to_owned(),
            retry: RetryAdvice::None,
            cause: Cause::Recipient,
        });
    }
    tracing::info!(mail = %mail.id, template = %mail.template, "email not sent: no mail server configured");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_sender_is_told_from_a_refused_recipient() {
        for (code, reply, is_ours) in [
            (530, "5.7.0 Authentication required", true),
            (530, "", true),
            (535, "5.7.8 Authentication credentials invalid", true),
            (550, "5.1.8 unknown sender domain", true),
            (553, "5.1.7 bad sender address", true),
            (451, "4.1.8 sender domain does not resolve", true),
            (550, "5.1.1 no such mailbox", false),
            (550, "no such user: 5.1.8", false),
            (450, "4.7.1 greylisted", false),
            (554, "5.7.1 looks like spam", false),
            (552, "5.2.2 mailbox full", false),
            (550, "", false),
        ] {
            assert_eq!(is_about_us(code, reply), is_ours, "{code} {reply}");
        }
    }
}
