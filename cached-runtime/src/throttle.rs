//! Throttles: keys whose last load failed, and when the next attempt may be made.
//!
//! They are this process's own, live as long as failures go on, and say nothing of entries.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::clock::Stamp;
use crate::key::{Hashed, Prehashed};
use crate::sync::{Mutex, unpoisoned};

/// The longest pause between two attempts, unless the first one is longer. Five minutes.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Throttles that are kept without a look at whether they still hold.
const ROOM: usize = 1_024;

pub(crate) struct Throttles<K> {
    table: Mutex<Table<K>>,
    /// How many there are. Mostly none, and then nobody takes the lock.
    len: AtomicUsize,
}

struct Table<K> {
    by_key: HashMap<Hashed<K>, Throttle, Prehashed>,
    room: usize,
}

#[derive(Clone, Copy)]
struct Throttle {
    until: Stamp,
    pause: Duration,
}

impl<K: Eq + Clone> Throttles<K> {
    pub(crate) fn new() -> Self {
        let table = Table { by_key: HashMap::with_hasher(Prehashed::default()), room: ROOM };
        Self { table: Mutex::new(table), len: AtomicUsize::new(0) }
    }

    /// Whether no attempt is to be made yet.
    pub(crate) fn holds(&self, key: &Hashed<K>, now: Stamp) -> bool {
        self.len.load(Ordering::Acquire) > 0
            && unpoisoned(self.table.lock())
                .by_key
                .get(key)
                .is_some_and(|throttle| now < throttle.until)
    }

    /// An attempt has failed: the next one is made after `first`, or after twice the last pause.
    ///
    /// One that fails within a pause began before it, beside the one that has failed already: those
    /// count as one failure.
    pub(crate) fn arm(&self, key: &Hashed<K>, now: Stamp, first: Duration) {
        let mut table = unpoisoned(self.table.lock());
        if table.by_key.get(key).is_some_and(|throttle| now < throttle.until) {
            return;
        }
        let dropped = table.make_room(now);
        let pause = table
            .by_key
            .get(key)
            .map_or(first, |last| last.pause.saturating_mul(2).min(LONGEST.max(first)));
        table.by_key.insert(key.clone(), Throttle { until: now.after(pause), pause });
        self.len.store(table.by_key.len(), Ordering::Release);
        drop(table);
        drop(dropped);
    }

    /// An attempt has succeeded.
    pub(crate) fn reset(&self, key: &Hashed<K>) {
        if self.len.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut table = unpoisoned(self.table.lock());
        let dropped = table.by_key.remove_entry(key);
        self.len.store(table.by_key.len(), Ordering::Release);
        drop(table);
        drop(dropped);
    }
}

impl<K: Eq + Clone> Table<K> {
    /// Forgets throttles of keys that nobody has asked for since, each time their number has doubled.
    fn make_room(&mut self, now: Stamp) -> Vec<Hashed<K>> {
        if self.by_key.len() < self.room {
            return Vec::new();
        }
        let is_over = |throttle: &Throttle| now >= throttle.until.after(throttle.pause);
        let over: Vec<Hashed<K>> = self
            .by_key
            .iter()
            .filter(|(_, throttle)| is_over(throttle))
            .map(|(key, _)| key.clone())
            .collect();
        let dropped = over.iter().filter_map(|key| self.by_key.remove_entry(key));
        let mut dropped: Vec<_> = dropped.map(|(key, _)| key).collect();
        dropped.extend(over);
        self.room = ROOM.max(2 * self.by_key.len());
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};

    fn hashed(key: u64) -> Hashed<u64> {
        Hashed { hash: key, key }
    }

    #[test]
    fn pauses_double_up_to_five_minutes_and_begin_anew_after_a_success() {
        let clock = ManualClock::new();
        let now = || Clock::Manual(clock.clone()).now();
        let (throttles, key) = (Throttles::new(), hashed(1));
        assert!(!throttles.holds(&key, now()));
        for pause in [10, 20, 40, 80, 160, 300, 300] {
            throttles.arm(&key, now(), Duration::from_secs(10));
            clock.advance(Duration::from_nanos(pause * 1_000_000_000 - 1));
            assert!(throttles.holds(&key, now()), "{pause}");
            clock.advance(Duration::from_nanos(1));
            assert!(!throttles.holds(&key, now()), "{pause}");
        }
        throttles.reset(&key);
        throttles.arm(&key, now(), Duration::from_secs(10));
        clock.advance(Duration::from_secs(10));
        assert!(!throttles.holds(&key, now()));
        throttles.arm(&hashed(2), now(), Duration::from_secs(600));
        throttles.arm(&hashed(2), now(), Duration::from_secs(600));
        clock.advance(Duration::from_secs(600));
        assert!(!throttles.holds(&hashed(2), now()), "a long pause stays as it is");
    }

    #[test]
    fn throttles_of_keys_that_nobody_asks_for_are_forgotten() {
        let clock = ManualClock::new();
        let now = || Clock::Manual(clock.clone()).now();
        let throttles = Throttles::new();
        for key in 0..10 * ROOM as u64 {
            throttles.arm(&hashed(key), now(), Duration::from_millis(1));
            clock.advance(Duration::from_millis(1));
        }
        assert!(throttles.len.load(Ordering::Acquire) <= ROOM);
    }
}
