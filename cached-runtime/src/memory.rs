//! The in-process tier: bounded, typed values, looked up by borrowed keys.
//!
//! The engine is `quick_cache` (Clock-PRO, of the family of S3-FIFO), in shards each behind a
//! reader lock that is spread over cache lines, so that threads which only read share none. This
//! is the only file that knows the engine. It has no notion of time: an entry carries its own
//! stamps, and whoever reads it judges them (`policy.rs`).

use std::mem;

use quick_cache::unsync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use crate::key::{Hashed, Key, Lookup, Prehashed};
use crate::life::Life;
use crate::policy::Capacity;
use crate::sync::{ShardedLock, unpoisoned};
use crate::tag::TagSet;

/// A value and what it is judged by.
pub(crate) struct Entry<V> {
    pub(crate) value: V,
    pub(crate) life: Life,
    pub(crate) weight: u64,
    pub(crate) tags: TagSet,
}

type Shard<K, V> = Cache<Hashed<K>, Entry<V>, EntryWeight, Prehashed, Collect>;

pub(crate) struct Memory<K, V> {
    shards: Box<[ShardedLock<Shard<K, V>>]>,
    capacity: Capacity,
}

/// What a write pushed out. To be dropped after every lock is released: it runs the user's `Drop`.
#[must_use]
pub(crate) struct Displaced<K, V> {
    entries: Vec<(Hashed<K>, Entry<V>)>,
    /// The entry that was to be written is among them.
    pub(crate) is_refused: bool,
}

impl<K, V> Displaced<K, V> {
    /// An entry that is not written.
    pub(crate) fn refusing(key: Hashed<K>, entry: Entry<V>) -> Self {
        Self { entries: vec![(key, entry)], is_refused: true }
    }
}

impl<K, V> Default for Displaced<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), is_refused: false }
    }
}

const MAX_SHARDS: u64 = 16;
const ENTRIES_PER_SHARD: u64 = 512;
/// A value may weigh nine tenths of its shard, so shards by weight are large.
const WEIGHT_PER_SHARD: u64 = 64 << 20;
/// Weight of an entry, where weights are counted: bounds the evicted keys that are remembered.
const LIKELY_WEIGHT: u64 = 4 << 10;

/// How a shard divides its room.
struct Division {
    /// The share kept for entries that proved themselves.
    hot: f64,
    /// Evicted keys that are remembered, for each entry held. One that returns has proved itself.
    ghosts: f64,
}

impl Division {
    /// As measured over public traces, but for twice the ghosts: with fewer, keys that are asked
    /// for in turn, and would all fit, never take the place of those that were hot before.
    const USUAL: Self = Self { hot: 0.90, ghosts: 1.0 };
    /// Where few entries fit, a ghost that returns could push itself out again. So there are none,
    /// and room for newcomers instead.
    const SMALL: Self = Self { hot: 0.5, ghosts: 0.0 };
    const FEW: u64 = 64;

    fn of(capacity: Capacity) -> Self {
        match capacity {
            Capacity::Entries(entries) if entries < Self::FEW => Self::SMALL,
            Capacity::Weight(weight) if weight / LIKELY_WEIGHT < Self::FEW => {
                Self { ghosts: Self::SMALL.ghosts, ..Self::USUAL }
            }
            Capacity::Entries(_) | Capacity::Weight(_) => Self::USUAL,
        }
    }
}

fn shard<K: Eq, V>(capacity: Capacity) -> Shard<K, V> {
    let (room, entries) = match capacity {
        Capacity::Entries(entries) => (entries, entries),
        Capacity::Weight(weight) => (weight, weight / LIKELY_WEIGHT),
    };
    let Division { hot, ghosts } = Division::of(capacity);
    let options = OptionsBuilder::new()
        .hot_allocation(hot)
        .ghost_allocation(ghosts)
        .estimated_items_capacity(usize::try_from(entries).unwrap_or(usize::MAX))
        .weight_capacity(room)
        .build()
        .expect("every required option is set");
    Cache::with_options(options, EntryWeight, Prehashed::default(), Collect)
}

impl<K: Eq, V> Memory<K, V> {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let (total, per_shard) = match capacity {
            Capacity::Entries(entries) => (entries.max(1), ENTRIES_PER_SHARD),
            Capacity::Weight(weight) => (weight.max(1), WEIGHT_PER_SHARD),
        };
        let count = (total / per_shard).clamp(1, MAX_SHARDS);
        let count = 1 << count.ilog2();
        let shards = (0..count).map(|idx| {
            let room = total / count + u64::from(idx < total % count);
            ShardedLock::new(shard(capacity.with(room)))
        });
        Self { shards: shards.collect(), capacity }
    }

    /// Drops all entries, outside the locks: shards are swapped for empty ones.
    pub(crate) fn clear(&self) {
        for locked in &self.shards {
            let mut held = unpoisoned(locked.write());
            let room = held.capacity();
            let old = mem::replace(&mut *held, shard(self.capacity.with(room)));
            drop(held);
            drop(old);
        }
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
        let kept_out = usize::from(displaced.is_refused);
        let evicted = displaced.entries.len() - replaced - kept_out;
        (displaced, evicted as u64)
    }

    /// Removes an entry. To be dropped, with its key, after every lock is released.
    pub(crate) fn remove(&self, key: &Hashed<K>) -> Option<(Hashed<K>, Entry<V>)> {
        unpoisoned(self.shard(key.hash).write()).remove(key)
    }

    /// Lets `change` rewrite the stamps of an entry.
    pub(crate) fn restamp(&self, key: &Hashed<K>, change: impl FnOnce(&mut Entry<V>)) -> bool {
        let mut shard = unpoisoned(self.shard(key.hash).write());
        shard.peek_mut(key).map(|mut entry| change(&mut entry)).is_some()
    }

    /// Entries held, of any age.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| unpoisoned(shard.read()).len()).sum()
    }

    /// Drops the entries of which `is_wanted` is false, outside the locks. Returns how many.
    pub(crate) fn retain(&self, is_wanted: impl Fn(&Entry<V>) -> bool) -> usize
    where
        K: Clone,
    {
        let mut dropped = 0;
        for shard in &self.shards {
            let mut unwanted = Displaced::default();
            let mut shard = unpoisoned(shard.write());
            let keys: Vec<_> = shard
                .iter()
                .filter(|(_, entry)| !is_wanted(entry))
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
        let life = Life::new(Stamp::NEVER, Stamp::NEVER, Stamp::NEVER, value);
        Entry { value, life, weight, tags: None }
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
        assert_eq!(memory.remove(&hashed(1)).map(|(_, entry)| entry.value), Some(11));
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
        assert_eq!(memory.retain(|entry| entry.life.as_of >= 4), 4);
        assert_eq!((memory.len(), value(&memory, 3), value(&memory, 4)), (6, None, Some(4)));
    }

    #[test]
    fn a_cleared_memory_has_all_its_room_again() {
        let memory = Memory::new(Capacity::Entries(10_000));
        for key in 0..20_000 {
            let _ = memory.insert(hashed(key), entry(key, 1));
        }
        memory.clear();
        assert_eq!(memory.len(), 0);
        for key in 0..5_000 {
            let _ = memory.insert(hashed(key), entry(key, 1));
        }
        assert_eq!(memory.len(), 5_000);
    }

    #[test]
    fn keys_that_fit_take_the_place_of_those_that_were_hot_before() {
        for (capacity, keys) in [(3, 1), (10, 2), (30, 10), (200, 150), (1_000, 800)] {
            let memory = Memory::new(Capacity::Entries(capacity));
            let call = |key| {
                let lookup =
                    memory.shard(hashed(key).hash).read().unwrap().get(&hashed(key)).is_some();
                if !lookup {
                    let _ = memory.insert(hashed(key), entry(key, 1));
                }
                lookup
            };
            (0..10).for_each(|_| (0..capacity).for_each(|key| _ = call(key)));
            let round = || (10_000..10_000 + keys).filter(|key| call(*key)).count() as u64;
            (0..10).for_each(|_| _ = round());
            assert_eq!(round(), keys, "of {keys} keys in turn, in room for {capacity}");
        }
    }
}
