//! The output at the start: the addresses, the users who can log in, and a command to paste.

use super::say;
use crate::config::LogFormat;
use crate::credentials::api_key::ApiKey;
use crate::demo::{NAMED, SERVICE, password_of};
use serde_json::{Value as Json, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The users in the database, as far as the greeting is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    NoUsers,
    DemoUsers,
    People,
}

/// The content of the greeting.
#[derive(Debug)]
pub struct Greeting<'a> {
    /// The public address of the service, without a slash at its end.
    pub base: String,
    pub audience: Audience,
    /// The new key of the demo's service account; only the start that fills the demo can show it.
    pub key: Option<&'a ApiKey>,
}

/// The address to open: the public one, or the address of the listener. For an address that means all interfaces, the loopback's.
pub fn base(public_url: Option<&str>, bound: SocketAddr) -> String {
    let ip = match bound.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let own = || format!("http://{}", SocketAddr::new(ip, bound.port()));
    public_url.map_or_else(own, |url| url.trim_end_matches('/').to_owned())
}

impl Greeting<'_> {
    /// Prints it to standard output, in the format of the log.
    pub fn print(&self, format: LogFormat) {
        match format {
            LogFormat::Pretty => say(self.text()),
            LogFormat::Json => say(self.line()),
        }
    }

    fn text(&self) -> String {
        let base = &self.base;
        let addresses = format!(
            "\nCasetrail is ready.\n\n\
             \x20 Page         {base}/\n\
             \x20 Swagger UI   {base}/docs/\n\
             \x20 API          {base}/api/v1\n\
             \x20 Contract     {base}/openapi.yaml\n"
        );
        match self.audience {
            Audience::People => addresses,
            Audience::NoUsers => format!("{addresses}\n{NO_USERS}\n"),
            Audience::DemoUsers => {
                let (users, password) = (sorted(NAMED).join(", "), password_of("<username>"));
                let line = first_report(base);
                let key = self.key.map(|key| format!("  API key      {} (of {SERVICE}, shown only once)\n", key.reveal()));
                let key = key.unwrap_or_default();
                format!(
                    "{addresses}\n  Demo users   {users}\n  Password     {password}\n{key}\n\
                     Your first report, in one line:\n\n{line}\n"
                )
            }
        }
    }

    /// The same as one JSON object, for tools that read the output of a container by line.
    fn line(&self) -> Json {
        let base = &self.base;
        let is_demo = self.audience == Audience::DemoUsers;
        json!({
            "message": "Casetrail is ready.",
            "page_url": format!("{base}/"),
            "docs_url": format!("{base}/docs/"),
            "api_url": format!("{base}/api/v1"),
            "contract_url": format!("{base}/openapi.yaml"),
            "has_users": self.audience != Audience::NoUsers,
            "demo_users": is_demo.then(|| sorted(NAMED)),
            "demo_password": is_demo.then(|| password_of("<username>")),
            "demo_api_key": self.key.map(ApiKey::reveal),
        })
    }
}

const NO_USERS: &str = "There are no users yet. Create the first administrator with\n
  casetrail user create --role administrator --username … --email … --first-name … --last-name …\n
which reads the password from standard input.";

/// Logs in and reads a report, with nothing but curl and sed.
fn first_report(base: &str) -> String {
    let (username, password) = ("manager", password_of("manager"));
    let credentials = format!(r#"{{"username":"{username}","password":"{password}"}}"#);
    let login = format!("curl -s {base}/api/v1/auth/login -H 'Content-Type: application/json' -d '{credentials}'");
    let token = format!(r#"{login} | sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#);
    format!(r#"curl -s {base}/api/v1/reports/activity-summary -H "Authorization: Bearer $({token})""#)
}

fn sorted<const N: usize>(mut names: [&'static str; N]) -> [&'static str; N] {
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(audience: Audience, key: Option<&ApiKey>) -> Greeting<'_> {
        Greeting { base: "http://127.0.0.1:8080".to_owned(), audience, key }
    }

    #[test]
    fn the_greeting_of_the_demo_shows_its_users_and_a_command_to_paste() {
        let text = greeting(Audience::DemoUsers, None).text();
        assert!(text.contains("admin, manager, member1, member2, tech1, tech2, tech3"), "{text}");
        assert!(text.contains("<username>-demo-pass"), "{text}");
        let address = text.lines().find(|line| line.contains("http")).unwrap_or_default();
        assert_eq!(address, "  Page         http://127.0.0.1:8080/", "{text}");
        let line = text.lines().last().unwrap();
        let key = ApiKey::random();
        let first = greeting(Audience::DemoUsers, Some(&key)).text();
        assert!(first.contains(key.reveal()) && !text.contains("ctk_"), "{first}");
        assert!(line.starts_with("curl -s http://127.0.0.1:8080/api/v1/reports/activity-summary -H"), "{line}");
    }

    #[test]
    fn without_the_demo_no_password_is_shown() {
        for audience in [Audience::NoUsers, Audience::People] {
            let greeting = greeting(audience, None);
            assert!(!greeting.text().contains("demo") && greeting.line()["demo_password"].is_null());
        }
    }

    #[test]
    fn the_greeting_in_a_json_log_is_one_json_line() {
        let key = ApiKey::random();
        let line = greeting(Audience::DemoUsers, Some(&key)).line();
        assert!(!line.to_string().contains('\n'));
        assert_eq!(line["page_url"], "http://127.0.0.1:8080/");
        assert_eq!(line["api_url"], "http://127.0.0.1:8080/api/v1");
        assert_eq!(line["demo_api_key"], key.reveal());
        assert_eq!(greeting(Audience::NoUsers, None).line()["has_users"], false);
    }

    #[test]
    fn the_address_shown_can_be_opened() {
        let shown = |bound: &str, public: Option<&str>| base(public, bound.parse().unwrap());
        assert_eq!(shown("0.0.0.0:8080", None), "http://127.0.0.1:8080");
        assert_eq!(shown("[::]:8080", None), "http://[::1]:8080");
        assert_eq!(shown("192.0.2.7:80", None), "http://192.0.2.7:80");
        assert_eq!(shown("0.0.0.0:8080", Some("https://cases.example.org/")), "https://cases.example.org");
        assert_eq!(shown("0.0.0.0:8080", Some("https://example.org/casetrail/")), "https://example.org/casetrail");
    }
}
