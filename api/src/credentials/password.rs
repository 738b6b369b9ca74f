//! Passwords: Argon2id, hashed outside the request threads and only as many at once as there are cores.

pub mod rules;

use crate::wire::{Error, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How many requests wait for a hash at most, and for how long: about what is hashed in that time.
const PLACES: usize = 64;
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The cost of a hash: memory in KiB and rounds.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub memory_kib: u32,
    pub rounds: u32,
}

impl Cost {
    /// The cost in production: about 40 ms of a core.
    pub const FULL: Self = Self { memory_kib: 47_104, rounds: 1 };
}

/// Hashes and verifies passwords.
pub struct Passwords {
    cost: Cost,
    permits: Arc<Semaphore>,
    /// Places to wait in: many simultaneous logins must not take all of the service's capacity.
    places: Semaphore,
    /// Verified when the username is unknown, so that the response takes as long.
    dummy: String,
}

impl Passwords {
    pub fn new(cost: Cost) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            cost,
            permits: Arc::new(Semaphore::new(cores)),
            places: Semaphore::new(PLACES),
            dummy: hash(cost, "a dummy password")?,
        })
    }

    pub async fn hash(&self, password: &str) -> Result<String> {
        let (cost, password) = (self.cost, password.to_owned());
        self.beside(move || hash(cost, &password)).await?
    }

    /// Whether the password matches `stored`; without a stored hash the same work is done with no effect.
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool> {
        let is_known = stored.is_some();
        let (password, stored) = (password.to_owned(), stored.unwrap_or_else(|| self.dummy.clone()));
        let matches = self.beside(move || {
            let parsed = PasswordHash::new(&stored).ok();
            parsed.is_some_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        });
        Ok(matches.await? && is_known)
    }

    /// Whether `stored` was made with a different cost, so that a login should rehash it.
    pub fn is_outdated(&self, stored: &str) -> bool {
        !stored.contains(&format!("m={},t={},p=1", self.cost.memory_kib, self.cost.rounds))
    }

    async fn beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = self.places.try_acquire().map_err(|_| Error::overloaded())?;
        let permit = timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| Error::overloaded())?.map_err(|error| Error::internal(error))?;
        drop(place);
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(|error| Error::internal(error))
    }
}

/// Hashes on the current thread, for callers that can block it.
pub fn hash(cost: Cost, password: &str) -> Result<String> {
    let params = Params::new(cost.memory_kib, cost.rounds, 1, None).map_err(|error| Error::internal(error))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2.hash_password(password.as_bytes()).map_err(|error| Error::internal(error))?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, rounds: 1 };

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let stored = passwords.hash("correct horse").await.unwrap();
        assert!(passwords.verify("correct horse", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("a dummy password", None).await.unwrap());
        assert!(
            !passwords.is_outdated(&stored) && Passwords::new(Cost { memory_kib: 128, ..CHEAP }).unwrap().is_outdated(&stored)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_waits_for_its_turn_only_briefly_and_beyond_the_places_not_at_all() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let cores = u32::try_from(passwords.permits.available_permits()).unwrap();
        let turns = Arc::clone(&passwords.permits).acquire_many_owned(cores).await.unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(passwords.hash("correct horse").await.unwrap_err().code, Error::overloaded().code);
        assert_eq!(began.elapsed(), PATIENCE);
        let places = passwords.places.acquire_many(u32::try_from(PLACES).unwrap()).await.unwrap();
        assert_eq!(passwords.verify("correct horse", None).await.unwrap_err().code, Error::overloaded().code);
        assert_eq!(began.elapsed(), PATIENCE);
        drop((turns, places));
        passwords.hash("correct horse").await.unwrap();
    }
}
