//! The in-process tier: bounded, typed values, looked up by borrowed keys.
//!
//! The engine is `quick_cache` (Clock-PRO, of the family of S3-FIFO), in shards each behind a
//! reader lock that is spread over cache lines, so that threads which only read share none. This
//! is the only file that knows the engine. It has no notion of time: an entry carries its own
//! stamps, and whoever reads it judges them (`policy.rs`).

use quick_cache::unsync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use crate::key::{Hashed, Key, Lookup, Prehashed};
use crate::policy::{Capacity, Life};
use crate::sync::{ShardedLock, unpoisoned};

/// A value and what it is judged by.
pub(crate) struct Entry<V> {
    pub(crate) value: V,
    pub(crate) life: Life,
    pub(crate) weight: u64,
}

type Shard<K, V> = Cache<Hashed<K>, Entry<V>, EntryWeight, Prehashed, Collect>;

pub(crate) struct Memory<K, V> {
    shards: Box<[ShardedLock<Shard<K, V>>]>,
}

/// What a write pushed out. To be dropped after every lock is released: it runs the user's `Drop`.
#[must_use]
pub(crate) struct Displaced<K, V> {
    entries: Vec<(Hashed<K>, Entry<V>)>,
    /// The entry that was written is among them: it is heavier than a shard may hold.
    pub(crate) is_refused: bool,
}

impl<K, V> Default for Displaced<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), is_refused: false }
    }
}

/// The share of a shard kept for entries that proved themselves (measured over public traces).
const HOT_ALLOCATION: f64 = 0.90;
/// Evicted keys that are remembered, for each that is held.
const GHOST_ALLOCATION: f64 = 0.5;
/// Where fewer entries fit than this, a remembered key that returns could push itself out.
const FEW: usize = 64;
/// Weight of an entry, where weights are counted: bounds the evicted keys that are remembered.
const LIKELY_WEIGHT: u64 = 4 << 10;
const MAX_SHARDS: u64 = 16;
const ENTRIES_PER_SHARD: u64 = 512;
/// A value may weigh nine tenths of its shard, so shards by weight are large.
const WEIGHT_PER_SHARD: u64 = 64 << 20;

impl<K: Eq, V> Memory<K, V> {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let (total, per_shard, likely_weight) = match capacity {
            Capacity::Entries(entries) => (entries.max(1), ENTRIES_PER_SHARD, 1),
            Capacity::Weight(weight) => (weight.max(1), WEIGHT_PER_SHARD, LIKELY_WEIGHT),
        };
        let count = (total / per_shard).clamp(1, MAX_SHARDS);
        let count = 1 << count.ilog2();
        let shards = (0..count).map(|idx| {
            let capacity = total / count + u64::from(idx < total % count);
            let items = usize::try_from(capacity / likely_weight).unwrap_or(usize::MAX);
            let ghosts = if items < FEW { 0.0 } else { GHOST_ALLOCATION };
            let options = OptionsBuilder::new()
                .hot_allocation(HOT_ALLOCATION)
                .ghost_allocation(ghosts)
                .estimated_items_capacity(items)
                .weight_capacity(capacity)
                .build()
                .expect("every required option is set");
            ShardedLock::new(Cache::with_options(
                options,
                EntryWeight,
                Prehashed::default(),
                Collect,
            ))
        });
        Self { shards: shards.collect() }
    }

    /// Shows the entry of a key to `read`, under a reader lock.
    #[inline]
    pub(crate) fn read<Q, T>(
        &self,
        key: &Lookup<'_, Q>,
        read: impl FnOnce(&Entry<V>) -> T,
    ) -> Option<T>
    where
        Q: Key<Owned = K>,
    {
        unpoisoned(self.shard(key.hash).read()).get(key).map(read)
    }

    /// Shows the entry of an owned key to `read`, under a reader lock, as no use of it.
    pub(crate) fn peek<T>(&self, key: &Hashed<K>, read: impl FnOnce(&Entry<V>) -> T) -> Option<T> {
        unpoisoned(self.shard(key.hash).read()).peek(key).map(read)
    }

    /// Stores an entry in place of one with its key. Also returns how many were evicted for it.
    pub(crate) fn insert(&self, key: Hashed<K>, entry: Entry<V>) -> (Displaced<K, V>, u64) {
        let mut displaced = Displaced::default();
        let mut shard = unpoisoned(self.shard(key.hash).write());
        let replaced = usize::from(shard.peek(&key).is_some());
        let as_of = entry.life.as_of;
        shard.insert_with_lifecycle(key, entry, &mut displaced);
        displaced.is_refused = displaced.entries.iter().any(|(_, entry)| entry.life.as_of == as_of);
        let evicted = displaced.entries.len() - replaced;
        (displaced, evicted as u64)
    }

    pub(crate) fn remove(&self, key: &Hashed<K>) -> Option<Entry<V>> {
        unpoisoned(self.shard(key.hash).write()).remove(key).map(|(_, entry)| entry)
    }

    /// Lets `change` rewrite the stamps of an entry.
    pub(crate) fn restamp(&self, key: &Hashed<K>, change: impl FnOnce(&mut Life)) -> bool {
        let mut shard = unpoisoned(self.shard(key.hash).write());
        shard.peek_mut(key).map(|mut entry| change(&mut entry.life)).is_some()
    }

    /// Entries held, of any age.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| unpoisoned(shard.read()).len()).sum()
    }

    /// Entries held of which `is_wanted` is true. One pass over all of them.
    pub(crate) fn count(&self, is_wanted: impl Fn(&Life) -> bool) -> usize {
        let wanted_in = |shard: &ShardedLock<Shard<K, V>>| {
            unpoisoned(shard.read()).iter().filter(|(_, entry)| is_wanted(&entry.life)).count()
        };
        self.shards.iter().map(wanted_in).sum()
    }

    /// Drops the entries of which `is_wanted` is false, outside the locks. Returns how many.
    pub(crate) fn retain(&self, is_wanted: impl Fn(&Life) -> bool) -> usize
    where
        K: Clone,
    {
        let mut dropped = 0;
        for shard in &self.shards {
            let mut unwanted = Displaced::default();
            let mut shard = unpoisoned(shard.write());
            let keys: Vec<_> = shard
                .iter()
                .filter(|(_, entry)| !is_wanted(&entry.life))
                .map(|(key, _)| key.clone())
                .collect();
            unwanted.entries.extend(keys.iter().filter_map(|key| shard.remove(key)));
            drop(shard);
            dropped += unwanted.entries.len();
        }
        dropped
    }

    /// The table inside a shard uses the lowest and the highest bits; shards take from the middle.
    #[inline]
    fn shard(&self, hash: u64) -> &ShardedLock<Shard<K, V>> {
        let bits = usize::try_from(hash >> 32 & 0xffff).unwrap_or_default();
        &self.shards[bits & (self.shards.len() - 1)]
    }
}

#[derive(Clone)]
struct EntryWeight;

impl<K, V> Weighter<Hashed<K>, Entry<V>> for EntryWeight {
    fn weight(&self, _: &Hashed<K>, entry: &Entry<V>) -> u64 {
        entry.weight
    }
}

/// Gathers what is pushed out, so that nothing of the user's is dropped under a lock.
struct Collect;

impl<K, V> Lifecycle<Hashed<K>, Entry<V>> for Collect {
    type RequestState = Displaced<K, V>;

    fn on_evict(&self, displaced: &mut Displaced<K, V>, key: Hashed<K>, entry: Entry<V>) {
        displaced.entries.push((key, entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Stamp;

    fn hashed(key: u64) -> Hashed<u64> {
        Hashed { hash: key.wrapping_mul(0x9e37_79b9_7f4a_7c15), key }
    }

    fn entry(value: u64, weight: u64) -> Entry<u64> {
        let life = Life { stored: Stamp::NEVER, fresh_until: Stamp::NEVER, as_of: value };
        Entry { value, life, weight }
    }

    fn value(memory: &Memory<u64, u64>, key: u64) -> Option<u64> {
        memory.peek(&hashed(key), |entry| entry.value)
    }

    #[test]
    fn capacity_bounds_the_entries() {
        for capacity in [1, 3, 512, 5_000, 10_000] {
            let memory = Memory::new(Capacity::Entries(capacity));
            let mut evicted = 0;
            for key in 0..30_000 {
                evicted += memory.insert(hashed(key), entry(key, 1)).1;
                assert!(memory.len() as u64 <= capacity);
            }
            assert_eq!(evicted, 30_000 - memory.len() as u64);
        }
    }

    #[test]
    fn a_new_value_replaces_the_old_one_and_evicts_nothing() {
        let memory = Memory::new(Capacity::Entries(1));
        assert_eq!(memory.insert(hashed(1), entry(10, 1)).1, 0);
        assert_eq!(memory.insert(hashed(1), entry(11, 1)).1, 0);
        assert_eq!(value(&memory, 1), Some(11));
        assert_eq!(memory.remove(&hashed(1)).map(|entry| entry.value), Some(11));
        assert_eq!(value(&memory, 1), None);
    }

    #[test]
    fn what_is_heavier_than_the_cache_replaces_its_key_with_nothing() {
        let memory = Memory::new(Capacity::Weight(100));
        let _ = memory.insert(hashed(1), entry(10, 5));
        let _ = memory.insert(hashed(2), entry(20, 5));
        let _ = memory.insert(hashed(1), entry(11, 1_000));
        assert_eq!((value(&memory, 1), value(&memory, 2)), (None, Some(20)));
    }

    #[test]
    fn retain_drops_by_stamp() {
        let memory = Memory::new(Capacity::Entries(100));
        for key in 0..10 {
            let _ = memory.insert(hashed(key), entry(key, 1));
        }
        assert_eq!(memory.count(|life| life.as_of >= 4), 6);
        assert_eq!(memory.retain(|life| life.as_of >= 4), 4);
        assert_eq!((memory.len(), value(&memory, 3), value(&memory, 4)), (6, None, Some(4)));
    }
}
