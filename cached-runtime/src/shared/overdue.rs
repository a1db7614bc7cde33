//! Invalidations that the store could not be told of.
//!
//! What they name is not read from the store while they are here, and they are tried again until
//! the store has them. Bounded: where there are too many, the whole store is invalidated instead.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::name::STORE_MARK;
use super::plane::What;

/// The most that are kept.
const MOST: usize = 10_000;

/// How a key of the store is to be invalidated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// An entry: with a tombstone that stays for so long.
    Bury(Duration),
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
    /// By the store's key.
    due: BTreeMap<String, Due>,
    next: u64,
    /// Whether somebody tries them again.
    is_attended: bool,
}

/// An invalidation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) remedy: Remedy,
    /// What other processes are to be told once the store has it.
    pub(crate) what: What,
    /// Tells it from a later one of the same key.
    number: u64,
}

impl Overdue {
    /// Notes an invalidation. Says whether somebody has to begin to try again.
    pub(crate) fn add(&self, key: &str, remedy: Remedy, what: What) -> bool {
        let mut queue = self.queue();
        queue.next += 1;
        let number = queue.next;
        if queue.due.len() >= MOST && !queue.due.contains_key(key) {
            queue.due.clear();
            let all = Due { remedy: Remedy::Remark, what: What::Store, number };
            queue.due.insert(STORE_MARK.to_owned(), all);
        } else {
            queue.due.insert(key.to_owned(), Due { remedy, what, number });
        }
        self.len.store(queue.due.len(), Ordering::Release);
        !std::mem::replace(&mut queue.is_attended, true)
    }

    /// Whether any of these keys waits to be invalidated.
    pub(crate) fn has_any(&self, keys: &[&str]) -> bool {
        self.len.load(Ordering::Acquire) > 0 && {
            let queue = self.queue();
            keys.iter().any(|key| queue.due.contains_key(*key))
        }
    }

    /// The first that waits; none where all are done, and nobody needs to try again.
    pub(crate) fn first(&self) -> Option<(String, Due)> {
        let mut queue = self.queue();
        let first = queue.due.first_key_value().map(|(key, due)| (key.clone(), due.clone()));
        queue.is_attended = first.is_some();
        first
    }

    /// The store was told, unless of a later one.
    pub(crate) fn done(&self, key: &str, done: &Due) {
        let mut queue = self.queue();
        if queue.due.get(key).is_some_and(|latest| latest.number == done.number) {
            queue.due.remove(key);
        }
        self.len.store(queue.due.len(), Ordering::Release);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURY: Remedy = Remedy::Bury(Duration::from_secs(60));

    #[test]
    fn a_later_invalidation_of_a_key_outlives_the_earlier_one() {
        let overdue = Overdue::default();
        assert!(overdue.add("a", BURY, What::Store), "somebody has to begin");
        let (key, due) = overdue.first().expect("it waits");
        assert!(!overdue.add("a", BURY, What::Store), "somebody is at it");
        overdue.done(&key, &due);
        assert!(overdue.has_any(&["b", "a"]));
        let (key, due) = overdue.first().expect("the later one waits");
        overdue.done(&key, &due);
        assert!(!overdue.has_any(&["a"]));
        assert_eq!(overdue.first(), None);
        assert!(overdue.add("a", BURY, What::Store), "and again");
    }

    #[test]
    fn too_many_become_one_of_the_whole_store() {
        let overdue = Overdue::default();
        for number in 0..=MOST {
            overdue.add(&format!("e:{number}"), BURY, What::Tally);
        }
        assert!(overdue.has_any(&["e:x", STORE_MARK]));
        assert_eq!(overdue.queue().due.len(), 1);
        assert_eq!(overdue.first().map(|(_, due)| due.what), Some(What::Store));
    }
}
