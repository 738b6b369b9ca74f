//! What a start says: where everything is, who may sign in, and one line to paste.

use super::say;
use crate::demo::{NAMED, SERVICE, password_of};
use crate::http::api_key::ApiKey;

/// Who is in the database, as far as a greeting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Nobody,
    DemoUsers,
    People,
}

/// `key` is the one the demo's service account was just given; only the start that fills the demo can show it.
pub fn greet(base: &str, audience: Audience, key: Option<&ApiKey>) {
    say(greeting(base.trim_end_matches('/'), audience, key));
}

fn greeting(base: &str, audience: Audience, key: Option<&ApiKey>) -> String {
    let addresses = format!(
        "\nCasetrail is ready.\n\n  To try it    {base}/docs/\n  The API      {base}/api/v1\n  Its contract {base}/openapi.yaml\n"
    );
    match audience {
        Audience::People => addresses,
        Audience::Nobody => format!("{addresses}\n{NOBODY}\n"),
        Audience::DemoUsers => {
            let (users, password) = (sorted(NAMED).join(", "), password_of("<username>"));
            let line = first_report(base);
            let key =
                key.map(|key| format!("  API key      {} (of {SERVICE}, shown this once)\n", key.reveal())).unwrap_or_default();
            format!(
                "{addresses}\n  Demo users   {users}\n  Password     {password}\n{key}\nYour first report, in one line:\n\n{line}\n"
            )
        }
    }
}

const NOBODY: &str = "There is nobody yet who could sign in. The first administrator is created by\n
  casetrail user create --role administrator --username … --email … --first-name … --last-name …\n
which reads the password from standard input.";

/// Signs in and reads, with nothing but curl and sed.
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

    #[test]
    fn the_demo_is_greeted_with_its_users_and_a_line_to_paste() {
        let text = greeting("http://127.0.0.1:8080", Audience::DemoUsers, None);
        assert!(text.contains("admin, manager, member1, member2, tech1, tech2, tech3"), "{text}");
        assert!(text.contains("<username>-demo-pass"), "{text}");
        let line = text.lines().last().unwrap();
        let key = ApiKey::random();
        let first = greeting("http://127.0.0.1:8080", Audience::DemoUsers, Some(&key));
        assert!(first.contains(key.reveal()) && !text.contains("ctk_"), "{first}");
        assert!(line.starts_with("curl -s http://127.0.0.1:8080/api/v1/reports/activity-summary -H"), "{line}");
    }

    #[test]
    fn without_the_demo_no_password_is_shown() {
        for audience in [Audience::Nobody, Audience::People] {
            assert!(!greeting("http://127.0.0.1:8080", audience, None).contains("demo"));
        }
    }
}
