//! Invalidations that the store could not be told of.
//!
//! What they name is not read from the store while they are here, and they are tried again until
//! the store has them. Bounded: where there are too many, the whole store is invalidated instead.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::name::STORE_MARK;

/// The most that are kept.
const MOST: usize = 10_000;

/// How a key of the store is to be invalidated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// An entry: with a tombstone.
    Bury,
    /// A mark: with another one.
    Remark,
}

#[derive(Default)]
pub(crate) struct Overdue {
    /// How many there are, for whoever has no time to look.
    len: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// By the store's key. The number tells an invalidation from a later one of the same key.
    remedies: BTreeMap<String, (Remedy, u64)>,
    next: u64,
    /// Whether somebody tries them again.
    is_attended: bool,
}

impl Overdue {
    /// Notes an invalidation. Says whether somebody has to begin to try again.
    pub(crate) fn add(&self, key: &str, remedy: Remedy) -> bool {
        let mut queue = self.queue();
        queue.next += 1;
        let number = queue.next;
        if queue.remedies.len() >= MOST && !queue.remedies.contains_key(key) {
            queue.remedies.clear();
            queue.remedies.insert(STORE_MARK.to_owned(), (Remedy::Remark, number));
        } else {
            queue.remedies.insert(key.to_owned(), (remedy, number));
        }
        self.len.store(queue.remedies.len(), Ordering::Release);
        !std::mem::replace(&mut queue.is_attended, true)
    }

    /// Whether any of these keys waits to be invalidated.
    pub(crate) fn has_any(&self, keys: &[&str]) -> bool {
        self.len.load(Ordering::Acquire) > 0 && {
            let queue = self.queue();
            keys.iter().any(|key| queue.remedies.contains_key(*key))
        }
    }

    /// The first that waits; none where all are done, and nobody needs to try again.
    pub(crate) fn first(&self) -> Option<(String, Remedy, u64)> {
        let mut queue = self.queue();
        let first = queue.remedies.first_key_value();
        let first = first.map(|(key, (remedy, number))| (key.clone(), *remedy, *number));
        queue.is_attended = first.is_some();
        first
    }

    /// The store was told, unless of a later one.
    pub(crate) fn done(&self, key: &str, number: u64) {
        let mut queue = self.queue();
        if queue.remedies.get(key).is_some_and(|(_, latest)| *latest == number) {
            queue.remedies.remove(key);
        }
        self.len.store(queue.remedies.len(), Ordering::Release);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_invalidation_of_a_key_outlives_the_earlier_one() {
        let overdue = Overdue::default();
        assert!(overdue.add("a", Remedy::Bury), "somebody has to begin");
        let (key, _, number) = overdue.first().expect("it waits");
        assert!(!overdue.add("a", Remedy::Bury), "somebody is at it");
        overdue.done(&key, number);
        assert!(overdue.has_any(&["b", "a"]));
        let (key, _, number) = overdue.first().expect("the later one waits");
        overdue.done(&key, number);
        assert!(!overdue.has_any(&["a"]));
        assert_eq!(overdue.first(), None);
        assert!(overdue.add("a", Remedy::Bury), "and again");
    }

    #[test]
    fn too_many_become_one_of_the_whole_store() {
        let overdue = Overdue::default();
        for number in 0..=MOST {
            overdue.add(&format!("e:{number}"), Remedy::Bury);
        }
        assert!(overdue.has_any(&["e:x", STORE_MARK]));
        assert_eq!(overdue.queue().remedies.len(), 1);
    }
}
