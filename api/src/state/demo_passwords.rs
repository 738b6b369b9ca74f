//! Which stored passwords are those of the demo. Each is examined once: a hash takes too long for every request.

use crate::credentials::password::Passwords;
use crate::wire::Result;
use std::collections::HashMap;
use tokio::sync::Mutex;

/// How many results are kept at most. The demo has fewer accounts, each with one stored password at a time.
const KEPT_MAX: usize = 64;

/// What was examined, by password and stored hash. Requests that arrive meanwhile wait for it.
#[derive(Default)]
pub struct DemoPasswords(Mutex<HashMap<(String, String), bool>>);

impl DemoPasswords {
    /// Whether `password` is the one behind `stored`.
    pub async fn matches(&self, passwords: &Passwords, password: String, stored: String) -> Result<bool> {
        let mut examined = self.0.lock().await;
        let key = (password, stored);
        if let Some(matches) = examined.get(&key) {
            return Ok(*matches);
        }
        let matches = passwords.verify(&key.0, Some(key.1.clone())).await?;
        if examined.len() >= KEPT_MAX {
            examined.clear();
        }
        examined.insert(key, matches);
        Ok(matches)
    }
}
