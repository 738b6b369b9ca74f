//! The transport of emails: a mail server, or the log if none is configured.

use super::message;
use entity::delivery::{RetryAdvice, Undelivered};
use entity::{outbox, setting};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Message, Tokio1Executor};
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
                Ok(Err(error)) => Err(Undelivered { retry: retry(server, &error).await, why: error.to_string() }),
                Err(_) => Err(Undelivered {
                    retry: RetryAdvice::LaterForAll,
                    why: "the mail server did not respond in time".to_owned(),
                }),
            },
        }
    }

    fn message(&self, mail: &outbox::Model, settings: &setting::Model) -> Result<Message, Undelivered> {
        let for_good = |why: String| Undelivered { why, retry: RetryAdvice::None };
        let email = message::write(mail, settings);
        let to: Mailbox = mail.recipient.parse().map_err(|error| for_good(format!("invalid address: {error}")))?;
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
        message.header(ContentType::TEXT_PLAIN).body(email.text).map_err(|error| for_good(error.to_string()))
    }
}

/// Whether the fault is this email's or the server's: determined by connecting to the server once more.
async fn retry(server: &AsyncSmtpTransport<Tokio1Executor>, error: &Error) -> RetryAdvice {
    let lets_us_in = matches!(timeout(PATIENCE, server.test_connection()).await, Ok(Ok(true)));
    match lets_us_in {
        false => RetryAdvice::LaterForAll,
        // The server refused this email, or the library did on its behalf: for example an address that the server can't encode.
        true if error.is_permanent() || error.is_client() => RetryAdvice::None,
        true => RetryAdvice::Later,
    }
}

fn automatic() -> lettre::message::header::HeaderValue {
    let name = lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted");
    lettre::message::header::HeaderValue::new(name, "auto-generated".to_owned())
}

/// RFC 2606: nothing is ever delivered to a domain under `.invalid`.
fn logged(mail: &outbox::Model) -> Result<(), Undelivered> {
    if mail.recipient.ends_with(".invalid") {
        return Err(Undelivered { why: "the domain does not exist".to_owned(), retry: RetryAdvice::None });
    }
    tracing::info!(mail = %mail.id, template = %mail.template, "email not sent: no mail server configured");
    Ok(())
}
