//! Entries as bytes in this process: for one process without a server, and for tests.
//!
//! No values of functions, which are typed and live in the memory tier (`memory.rs` of the crate).

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, ManualClock, Stamp};
use crate::error::{Error, ErrorKind};
use crate::store::{Guard, HEAD, Store, StoreFuture, Swapped};
use crate::sync::{Mutex, MutexGuard, unpoisoned};

/// Keeps bytes in this process, bounded by a number of entries and of bytes.
///
/// What was used longest ago is evicted first. An entry whose timeout has passed is gone at the
/// next look, and takes room until then or until its turn to be evicted.
///
/// # Concurrency
/// Entries are spread over up to 16 parts, each behind a lock that is held for a look-up and never
/// across an `.await`. [`swap`](Store::swap) is one step under the lock.
///
/// # Cost
/// A look-up in a hash map, a change of the order of use, and a copy of the value. All futures are
/// ready when they are first polled.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cached_runtime::ManualClock;
/// use cached_runtime::store::{MemoryStore, Store};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
/// # fn wait<T>(future: impl Future<Output = T>) -> T {
/// #     match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
/// #         Poll::Ready(value) => value,
/// #         Poll::Pending => panic!("not ready when first polled"),
/// #     }
/// # }
///
/// let clock = ManualClock::new();
/// let store = MemoryStore::new().threshold(1_000).with_manual_clock(clock.clone());
/// wait(store.set("user:1", &[7; 24], Some(Duration::from_secs(60))))?;
///
/// clock.advance(Duration::from_secs(59));
/// assert!(wait(store.get("user:1"))?.is_some());
/// clock.advance(Duration::from_secs(1));
/// assert!(wait(store.get("user:1"))?.is_none());
/// # Ok::<(), cached_runtime::Error>(())
/// ```
pub struct MemoryStore {
    room: Room,
    clock: Clock,
    hasher: RandomState,
    parts: Box<[Mutex<Part>]>,
}

/// How much may be kept.
#[derive(Clone, Copy, Debug)]
struct Room {
    entries: usize,
    bytes: u64,
}

/// Entries kept where no number is given.
const THRESHOLD: usize = 10_000;

/// Parts at most, and what a part must hold at least to be worth a lock of its own.
const PARTS: usize = 16;
const LEAST: Room = Room { entries: 64, bytes: 16 << 20 };

impl MemoryStore {
    /// Makes a store of at most 10,000 entries, of any size.
    #[must_use]
    pub fn new() -> Self {
        Self::sized(Room { entries: THRESHOLD, bytes: u64::MAX }, Clock::System)
    }

    /// Keeps at most this many entries. At least 1. Default: 10,000. `usize::MAX` is no bound.
    ///
    /// Empties the store.
    #[must_use]
    pub fn threshold(self, entries: usize) -> Self {
        Self::sized(Room { entries: entries.max(1), ..self.room }, self.clock)
    }

    /// Keeps at most this many bytes of keys and values. Default: no bound.
    ///
    /// A value that does not fit alone is refused. Empties the store.
    #[must_use]
    pub fn max_bytes(self, bytes: u64) -> Self {
        Self::sized(Room { bytes, ..self.room }, self.clock)
    }

    /// Reads the time from a clock that a test turns.
    #[must_use]
    pub fn with_manual_clock(self, clock: ManualClock) -> Self {
        self.with_clock(Clock::Manual(clock))
    }

    /// Reads the time from this clock.
    #[must_use]
    pub(crate) fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn sized(room: Room, clock: Clock) -> Self {
        let by_bytes = usize::try_from(room.bytes / LEAST.bytes).unwrap_or(PARTS);
        let count = PARTS.min(room.entries / LEAST.entries).min(by_bytes).max(1);
        // Rounded down: together the parts stay within the room.
        let share = Room { entries: room.entries / count, bytes: room.bytes / count as u64 };
        let parts = (0..count).map(|_| Mutex::new(Part::of(share))).collect();
        Self { room, clock, hasher: RandomState::new(), parts }
    }

    fn part(&self, key: &str) -> MutexGuard<'_, Part> {
        let hash = self.hasher.hash_one(key);
        let idx = usize::try_from(hash % self.parts.len() as u64).unwrap_or(0);
        unpoisoned(self.parts[idx].lock())
    }

    /// When an entry stored now ends.
    fn end(&self, timeout: Option<Duration>) -> Stamp {
        timeout.map_or(Stamp::NEVER, |timeout| self.clock.now().after(timeout))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("room", &self.room).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let value = self.part(key).get(key, self.clock.now());
            Ok(value.map(|value| value.to_vec()))
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (value, end) = (Arc::from(value), self.end(timeout));
            let stored = self.part(key).insert(key, value, end);
            stored.map_err(|error| error.during("set", self.kind(), Some(key)))
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        Box::pin(async move {
            let value = value.map(Arc::from);
            let mut part = self.part(key);
            let present = part.get(key, self.clock.now());
            let done = guard.holds(present.as_deref());
            if done {
                match value {
                    Some(value) => part
                        .insert(key, value, self.end(timeout))
                        .map_err(|error| error.during("swap", self.kind(), Some(key)))?,
                    None => part.remove(key),
                }
            }
            drop(part);
            let previous = present.map(|present| present[..present.len().min(HEAD)].to_vec());
            Ok(Swapped { done, previous })
        })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let now = self.clock.now();
            Ok(self.parts.iter().map(|part| unpoisoned(part.lock()).clear(now)).sum())
        })
    }
}

/// Entries behind one lock, in the order of their last use.
#[derive(Debug)]
struct Part {
    room: Room,
    bytes: u64,
    entries: HashMap<Arc<str>, Slot>,
    /// Keys by when they were used last, which is what [`Part::uses`] counted then.
    order: BTreeMap<u64, Arc<str>>,
    uses: u64,
}

#[derive(Debug)]
struct Slot {
    value: Arc<[u8]>,
    end: Stamp,
    used: u64,
}

impl Part {
    fn of(room: Room) -> Self {
        Self { room, bytes: 0, entries: HashMap::new(), order: BTreeMap::new(), uses: 0 }
    }

    fn get(&mut self, key: &str, now: Stamp) -> Option<Arc<[u8]>> {
        if self.entries.get(key)?.end <= now {
            self.remove(key);
            return None;
        }
        let slot = self.entries.get_mut(key)?;
        let key = self.order.remove(&slot.used)?;
        self.uses += 1;
        slot.used = self.uses;
        self.order.insert(slot.used, key);
        Some(Arc::clone(&slot.value))
    }

    /// Stores a value. Where it does not fit, the key holds nothing afterwards.
    fn insert(&mut self, key: &str, value: Arc<[u8]>, end: Stamp) -> Result<(), Error> {
        self.remove(key);
        let cost = cost(key, &value);
        if cost > self.room.bytes {
            let text = format!("{cost} bytes do not fit into {}", self.room.bytes);
            return Err(Error::new(ErrorKind::Refused, text));
        }
        while self.entries.len() >= self.room.entries || self.bytes > self.room.bytes - cost {
            let Some((_, oldest)) = self.order.first_key_value() else { break };
            let oldest = Arc::clone(oldest);
            self.remove(&oldest);
        }
        self.uses += 1;
        self.bytes += cost;
        let key: Arc<str> = Arc::from(key);
        self.order.insert(self.uses, Arc::clone(&key));
        self.entries.insert(key, Slot { value, end, used: self.uses });
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        if let Some(slot) = self.entries.remove(key) {
            self.order.remove(&slot.used);
            self.bytes -= cost(key, &slot.value);
        }
    }

    /// Drops everything. Returns how much of it had not ended.
    fn clear(&mut self, now: Stamp) -> u64 {
        let live = self.entries.values().filter(|slot| slot.end > now).count();
        *self = Self::of(self.room);
        live as u64
    }
}

fn cost(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::conformance::wait;

    fn value(length: usize) -> Vec<u8> {
        vec![7; length]
    }

    fn has(store: &MemoryStore, key: &str) -> bool {
        wait(store.get(key)).unwrap().is_some()
    }

    #[test]
    fn what_was_used_longest_ago_is_evicted_first() {
        let store = MemoryStore::new().threshold(2);
        wait(store.set("first", &value(24), None)).unwrap();
        wait(store.set("second", &value(24), None)).unwrap();
        assert!(has(&store, "first"));
        wait(store.set("third", &value(24), None)).unwrap();
        assert!(has(&store, "first") && !has(&store, "second") && has(&store, "third"));
    }

    #[test]
    fn the_bounds_hold_over_all_parts() {
        for threshold in [1, 63, 64, 1_000, 1_024] {
            let store = MemoryStore::new().threshold(threshold);
            for n in 0..3 * threshold {
                wait(store.set(&format!("key:{n}"), &value(24), None)).unwrap();
            }
            let kept = wait(store.purge()).unwrap();
            assert!(kept <= threshold as u64, "{kept} of {threshold}");
            assert!(kept >= threshold as u64 * 9 / 10, "{kept} of {threshold}");
        }
    }

    #[test]
    fn bytes_are_bounded_and_an_oversized_value_leaves_nothing() {
        let store = MemoryStore::new().max_bytes(1_000);
        for n in 0..20 {
            wait(store.set(&format!("key:{n:02}"), &value(94), None)).unwrap();
        }
        assert_eq!(wait(store.purge()).unwrap(), 10);

        wait(store.set("key", &value(24), None)).unwrap();
        let error = wait(store.set("key", &value(998), None)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(!has(&store, "key"), "the older value was left");
        wait(store.set("key", &value(997), None)).unwrap();
        let swap = store.swap("key", Guard::Any, Some(&[7; 998]), None);
        assert_eq!(wait(swap).unwrap_err().kind(), ErrorKind::Refused);
        assert!(!has(&store, "key"), "the older value was left");
    }

    #[test]
    fn entries_end_by_the_clock() {
        let clock = ManualClock::new();
        let store = MemoryStore::new().with_manual_clock(clock.clone());
        let step = Duration::from_millis(500);
        wait(store.set("short", &value(24), Some(step))).unwrap();
        wait(store.set("long", &value(24), Some(Duration::MAX))).unwrap();
        wait(store.set("none", &value(24), None)).unwrap();
        clock.advance(step.checked_sub(Duration::from_nanos(1)).unwrap());
        assert!(has(&store, "short"));
        clock.advance(Duration::from_nanos(1));
        assert!(!has(&store, "short") && has(&store, "long") && has(&store, "none"));
        assert!(wait(store.add("short", &value(24), Some(step))).unwrap());
        clock.advance(step);
        assert_eq!(wait(store.purge()).unwrap(), 2, "one had ended");
    }
}
