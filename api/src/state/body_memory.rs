//! The memory that request bodies hold together: each caller has at most a share of it, and a body takes it as it arrives.

use super::rates::Subject;
use crate::wire::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The budget of one process. A permit is a byte.
#[derive(Clone, Debug)]
pub struct SharedMemory {
    all: Arc<Semaphore>,
    per_caller: usize,
    /// The shares of callers with a body of more than 8 KiB.
    shares: Arc<Mutex<HashMap<Subject, Arc<Semaphore>>>>,
}

/// What one body holds, until this is dropped.
#[derive(Debug)]
pub struct BodyMemory {
    bytes: usize,
    /// Of the caller's share, and of all.
    held: [HeldMemory; 2],
}

#[derive(Debug)]
struct HeldMemory {
    budget: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
}

impl SharedMemory {
    pub fn new(bytes: usize, per_caller: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(bytes)), per_caller, shares: Arc::default() }
    }

    /// The memory of a body of which nothing is held yet.
    pub fn body_of(&self, caller: &Subject) -> BodyMemory {
        let budgets = [self.share_of(caller), Arc::clone(&self.all)];
        BodyMemory { bytes: 0, held: budgets.map(|budget| HeldMemory { budget, permits: None }) }
    }

    /// A caller's share. Those of callers without a body are forgotten.
    fn share_of(&self, caller: &Subject) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        Arc::clone(shares.entry(caller.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.per_caller))))
    }
}

impl BodyMemory {
    /// Holds this many bytes in all.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if other bodies hold them, or other bodies of the caller hold the caller's share.
    pub fn grow_to(&mut self, bytes: usize) -> Result<()> {
        let more = u32::try_from(bytes.saturating_sub(self.bytes)).unwrap_or(u32::MAX);
        for HeldMemory { budget, permits } in &mut self.held {
            let taken = Arc::clone(budget).try_acquire_many_owned(more).map_err(|_| Error::overloaded())?;
            match permits {
                Some(permits) => permits.merge(taken),
                None => *permits = Some(taken),
            }
        }
        self.bytes = self.bytes.max(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn one_caller_who_uses_up_their_share_keeps_no_other_body_out() {
        let memory = SharedMemory::new(100, 25);
        let [one, other] = [1, 2].map(|number| Subject::Caller(Uuid::from_u128(number)));
        let (mut first, mut second) = (memory.body_of(&one), memory.body_of(&one));
        first.grow_to(10).unwrap();
        first.grow_to(20).unwrap();
        second.grow_to(6).unwrap_err();
        second.grow_to(5).unwrap();
        memory.body_of(&other).grow_to(25).unwrap();
        memory.body_of(&Subject::Address(None)).grow_to(26).unwrap_err();
        drop(first);
        second.grow_to(25).unwrap();
    }

    #[test]
    fn all_bodies_together_hold_no_more_than_there_is() {
        let memory = SharedMemory::new(100, 25);
        let body = |number| memory.body_of(&Subject::Caller(Uuid::from_u128(number)));
        let mut bodies: Vec<BodyMemory> = (0..5).map(body).collect();
        for body in bodies.iter_mut().take(4) {
            body.grow_to(25).unwrap();
        }
        bodies[4].grow_to(1).unwrap_err();
        assert_eq!(memory.shares.lock().unwrap().len(), 5);
        bodies.clear();
        body(9).grow_to(25).unwrap();
        assert_eq!(memory.shares.lock().unwrap().len(), 1, "callers without a body are forgotten");
    }
}
