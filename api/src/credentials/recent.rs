//! The values that were used last, by their keys: at most a fixed number of them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};

/// How many values are kept at most: about 0.5 MiB of verified tokens, and 2 MiB of callers.
const VALUES_MAX: usize = 4_096;

/// Values by their keys, those that were used last.
pub struct Recent<K, V>(Mutex<Halves<K, V>>);

/// Two halves, so that nothing has to be searched for what to drop: once the newer half is full, it becomes the older one, and
/// what was older and not used since is dropped.
struct Halves<K, V> {
    newer: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// The value of a key, if it was kept and not dropped since.
    pub fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut halves = self.lock();
        if let Some(value) = halves.newer.get(key) {
            return Some(value.clone());
        }
        let (key, value) = halves.older.remove_entry(key)?;
        halves.keep(key, value.clone());
        Some(value)
    }

    /// Keeps a value, in place of the key's former one.
    pub fn keep(&self, key: K, value: V) {
        self.lock().keep(key, value);
    }

    /// Drops the value of a key.
    pub fn forget<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut halves = self.lock();
        halves.newer.remove(key);
        halves.older.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Halves<K, V>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Halves { newer: HashMap::new(), older: HashMap::new() }))
    }
}

impl<K: Eq + Hash, V> Halves<K, V> {
    fn keep(&mut self, key: K, value: V) {
        if self.newer.len() >= VALUES_MAX / 2 {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_values_is_bounded_and_those_in_use_stay() {
        let recent = Recent::default();
        for number in 0..VALUES_MAX * 3 {
            recent.keep(number, number);
            let halves = recent.lock();
            assert!(halves.newer.len() + halves.older.len() <= VALUES_MAX);
            drop(halves);
            // In use all the time.
            assert_eq!(recent.find(&0), Some(0), "after {number}");
        }
        assert_eq!(recent.find(&1), None);
        assert_eq!(recent.find(&(VALUES_MAX * 3 - 1)), Some(VALUES_MAX * 3 - 1));
    }

    #[test]
    fn a_forgotten_value_is_found_in_neither_half() {
        let recent = Recent::default();
        for number in 0..=VALUES_MAX / 2 {
            recent.keep(number, number);
        }
        for number in [0, VALUES_MAX / 2] {
            recent.forget(&number);
            assert_eq!(recent.find(&number), None);
        }
    }

    #[test]
    fn a_value_that_is_kept_again_replaces_the_former_one_in_either_half() {
        let recent = Recent::default();
        for number in 0..=VALUES_MAX / 2 {
            recent.keep(number, 1);
        }
        for number in [0, VALUES_MAX / 2] {
            recent.keep(number, 2);
            assert_eq!(recent.find(&number), Some(2));
        }
    }
}
