//! A test's own mail server, with configurable behaviour (RFC 5321).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How the server treats its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Accepts connections but never responds.
    Silent,
    /// Accepts no email from anyone.
    NotAtHome,
    /// Accepts no login.
    Closed,
    /// Accepts each email, but slowly.
    Slow(Duration),
    /// Refuses this many contacts for an address before it accepts emails to it.
    Greylisting(usize),
    /// Gives this reply to a command.
    Refusing { verb: &'static str, reply: &'static str },
}

pub struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
    begun: Arc<Mutex<usize>>,
}

/// What all connections to one server share.
#[derive(Clone, Default)]
struct Shared {
    taken: Arc<Mutex<Vec<Taken>>>,
    begun: Arc<Mutex<usize>>,
    contacts: Arc<Mutex<HashMap<String, usize>>>,
}

/// An email that was accepted.
#[derive(Clone, Default)]
struct Taken {
    id: String,
    lines: Vec<String>,
}

impl MailServer {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Shared::default();
        let (taken, begun) = (Arc::clone(&shared.taken), Arc::clone(&shared.begun));
        tokio::spawn(async move {
            while let Ok((call, _)) = listener.accept().await {
                // Errors of disconnecting clients are ignored.
                tokio::spawn(answer(call, manner, shared.clone()));
            }
        });
        Self { port, taken, begun }
    }

    /// As used in `CASETRAIL_SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://desk:secret@127.0.0.1:{}", self.port)
    }

    /// The ids of the accepted emails, in order.
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("emails").iter().map(|mail| mail.id.clone()).collect()
    }

    /// The accepted emails in order, headers included, without the soft line breaks of RFC 2045.
    pub fn texts(&self) -> Vec<String> {
        self.taken.lock().expect("emails").iter().map(|mail| mail.lines.join("\n").replace("=\n", "")).collect()
    }

    /// How many emails it has started to accept.
    pub fn begun(&self) -> usize {
        *self.begun.lock().expect("a count")
    }
}

async fn answer(call: TcpStream, manner: Manner, shared: Shared) -> std::io::Result<()> {
    let Shared { taken, begun, contacts } = shared;
    let (from, mut to) = call.into_split();
    let mut lines = BufReader::new(from).lines();
    if manner == Manner::Silent {
        while lines.next_line().await?.is_some() {}
        return Ok(());
    }
    let greeting: &[u8] = if manner == Manner::NotAtHome { b"554 no SMTP service here\r\n" } else { b"220 mail.example.org\r\n" };
    to.write_all(greeting).await?;
    let mut mail = Taken::default();
    let mut is_mail = false;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        if let Some(reply) = refusal(manner, &verb, &line, &contacts).filter(|_| !is_mail) {
            to.write_all(format!("{reply}\r\n").as_bytes()).await?;
            continue;
        }
        let said: &[u8] = match verb.as_str() {
            "." if is_mail => {
                is_mail = false;
                *begun.lock().expect("a count") += 1;
                if let Manner::Slow(time) = manner {
                    tokio::time::sleep(time).await;
                }
                taken.lock().expect("emails").push(std::mem::take(&mut mail));
                b"250 accepted\r\n"
            }
            _ if is_mail => {
                let named = line.strip_prefix("Message-ID: <").and_then(|rest| rest.split('@').next());
                if let Some(id) = named {
                    mail.id = id.to_owned();
                }
                mail.lines.push(line);
                continue;
            }
            "EHLO" => b"250-mail.example.org\r\n250 AUTH PLAIN\r\n",
            "AUTH" if manner == Manner::Closed => b"535 no such user\r\n",
            "AUTH" => b"235 authenticated\r\n",
            "DATA" => {
                is_mail = true;
                b"354 start input\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        to.write_all(said).await?;
    }
    Ok(())
}

/// The reply to a command that the server refuses. Only the commands of an envelope name an address.
fn refusal(manner: Manner, verb: &str, line: &str, contacts: &Mutex<HashMap<String, usize>>) -> Option<&'static str> {
    match manner {
        Manner::Refusing { verb: refused, reply } => (verb == refused).then_some(reply),
        Manner::Greylisting(times) if verb == "RCPT" => {
            let mut contacts = contacts.lock().expect("contacts");
            let contact = contacts.entry(line.to_owned()).or_default();
            *contact += 1;
            (*contact <= times).then_some("451 4.7.1 greylisted, come back later")
        }
        Manner::Greylisting(_) | Manner::Silent | Manner::NotAtHome | Manner::Closed | Manner::Slow(_) => None,
    }
}
