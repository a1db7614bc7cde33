//! Where the layer keeps responses: in memory, typed, bounded in bytes.
//!
//! The engine is `quick_cache`: it admits what is asked for again, so that a flood of addresses that
//! are asked for once pushes no busy page out. Whether a response may be used is not decided here.
//!
//! Commit and invalidation of one key take the lock of one shard of flights, and what they do to
//! entries they do under it. So a response that was fetched before an invalidation is never stored
//! after it. Hits do not take that lock.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use super::flight::{Company, Flight, Flights, Joined, Outcome};
use crate::rfc9111::Stored;

/// The responses of one layer. Keys are hashed with `SipHash` and a seed: strangers choose them.
pub(super) struct Shelf {
    entries: Cache<Box<str>, Arc<Entry>, Weight, RandomState>,
    flights: Box<[Mutex<Flights>]>,
    hasher: RandomState,
    max_variants: usize,
    /// What an entry may weigh at most.
    room: u64,
}

/// What is known of one URI.
#[derive(Default)]
pub(super) struct Entry {
    /// Its stored responses, newest first. Their requests differ in fields that they vary on.
    pub(super) variants: Vec<Arc<Stored>>,
    /// Until when no request waits for another one, since its responses are not stored.
    pub(super) unshared_until: Option<SystemTime>,
}

/// A fetch whose response may be stored. Dropped, it ends with nothing.
pub(super) struct Fetch {
    shelf: Arc<Shelf>,
    key: Box<str>,
    flight: Arc<Flight>,
    is_over: bool,
}

/// What a request does about a fetch of its key.
pub(super) enum Turn {
    Lead(Fetch),
    Follow(Arc<Flight>),
}

const FLIGHT_SHARDS: usize = 16;
const MAX_SHARDS: u64 = 16;
/// Room of a shard of entries, in bodies of the largest size.
const BODIES_PER_SHARD: u64 = 8;
/// An entry may weigh nine tenths of its shard: a heavier one would push out all, and then itself.
const OF_SHARD: (u64, u64) = (9, 10);
/// What most responses take, in bytes: bounds the evicted keys that are remembered.
const LIKELY_WEIGHT: u64 = 4 << 10;

impl Shelf {
    pub(super) fn new(capacity: u64, max_body: u64, max_variants: usize) -> Self {
        let shards = capacity / max_body.saturating_mul(BODIES_PER_SHARD).max(1);
        let shards = shards.clamp(1, MAX_SHARDS);
        let options = OptionsBuilder::new()
            .weight_capacity(capacity.max(1))
            .estimated_items_capacity(
                usize::try_from(capacity / LIKELY_WEIGHT).unwrap_or(usize::MAX),
            )
            .shards(usize::try_from(shards).unwrap_or(1))
            .build()
            .expect("every required option is set");
        let lifecycle = DefaultLifecycle::default();
        Self {
            entries: Cache::with_options(options, Weight, RandomState::new(), lifecycle),
            flights: (0..FLIGHT_SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            max_variants,
            room: capacity / shards / OF_SHARD.1 * OF_SHARD.0,
        }
    }

    pub(super) fn look(&self, key: &str) -> Option<Arc<Entry>> {
        self.entries.get(key)
    }

    /// Begins a fetch, or joins one.
    pub(super) fn turn(self: &Arc<Self>, key: &str, company: Company) -> Turn {
        let joined = self.flights(key).join(key, company);
        match joined {
            Joined::Follows(flight) => Turn::Follow(flight),
            Joined::Leads(flight) => Turn::Lead(self.fetch(key, flight)),
        }
    }

    /// Begins a fetch that nobody joins.
    pub(super) fn alone(self: &Arc<Self>, key: &str) -> Fetch {
        let flight = self.flights(key).begin(key, None);
        self.fetch(key, flight)
    }

    fn fetch(self: &Arc<Self>, key: &str, flight: Arc<Flight>) -> Fetch {
        Fetch { shelf: Arc::clone(self), key: key.into(), flight, is_over: false }
    }

    /// Drops what is stored for a key, and sees to it that no fetch in progress is stored.
    pub(super) fn invalidate(&self, key: &str) {
        let _removed = {
            let mut flights = self.flights(key);
            flights.doom(key);
            self.entries.remove(key)
        };
    }

    fn flights(&self, key: &str) -> MutexGuard<'_, Flights> {
        let hash = usize::try_from(self.hasher.hash_one(key) & 0xffff).unwrap_or_default();
        let shard = &self.flights[hash % self.flights.len()];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An entry with this response in the place of those that the same requests select, and as many others
    /// as there is room for. None where it is not to be stored: it is too heavy, or older than what is.
    fn renewed(&self, key: &str, stored: &Arc<Stored>) -> Option<Entry> {
        let present = self.entries.peek(key);
        let present = present.iter().flat_map(|entry| &entry.variants);
        let (same, others): (Vec<_>, Vec<_>) =
            present.partition(|other| other.selection == stored.selection);
        if same.iter().any(|same| same.was_asked_after(stored)) {
            return None;
        }
        let mut room = self.room.checked_sub(frame(key) + stored.weight())?;
        let others = others
            .into_iter()
            .take_while(|other| room.checked_sub(other.weight()).map(|left| room = left).is_some());
        let variants = std::iter::once(stored).chain(others).take(self.max_variants);
        Some(Entry { variants: variants.cloned().collect(), unshared_until: None })
    }
}

impl Fetch {
    /// Stores the response, unless an invalidation or a later fetch overtook its own, or it is too heavy.
    pub(super) fn commit(mut self, stored: &Arc<Stored>) -> bool {
        let is_stored = {
            let mut flights = self.shelf.flights(&self.key);
            flights.remove(&self.key, &self.flight);
            let is_doomed = self.flight.is_doomed();
            let entry = if is_doomed { None } else { self.shelf.renewed(&self.key, stored) };
            let is_stored = entry.is_some();
            if let Some(entry) = entry {
                self.shelf.entries.insert(self.key.clone(), Arc::new(entry));
            }
            is_stored
        };
        self.is_over = true;
        self.flight.land(if is_stored { Outcome::Stored } else { Outcome::Refused });
        is_stored
    }

    /// Its response flows: who waits for it does not wait for long.
    pub(super) fn flow(&self) {
        self.flight.flow();
    }

    /// Ends with a response that is not stored.
    pub(super) fn refuse(mut self) {
        self.end(Outcome::Refused);
    }

    /// The same, for a response of a kind that is never stored: until then, nobody waits for another.
    pub(super) fn refuse_until(self, until: SystemTime) {
        {
            let _flights = self.shelf.flights(&self.key);
            let present = self.shelf.entries.peek(&*self.key);
            if present.is_none_or(|entry| entry.variants.is_empty()) {
                let entry = Entry { variants: Vec::new(), unshared_until: Some(until) };
                self.shelf.entries.insert(self.key.clone(), Arc::new(entry));
            }
        }
        self.refuse();
    }

    fn end(&mut self, outcome: Outcome) {
        self.is_over = true;
        self.shelf.flights(&self.key).remove(&self.key, &self.flight);
        self.flight.land(outcome);
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        if !self.is_over {
            self.end(Outcome::Abandoned);
        }
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Box<str>, Arc<Entry>> for Weight {
    fn weight(&self, key: &Box<str>, entry: &Arc<Entry>) -> u64 {
        let variants: u64 = entry.variants.iter().map(|stored| stored.weight()).sum();
        variants + frame(key)
    }
}

/// What an entry weighs beside its responses.
fn frame(key: &str) -> u64 {
    (key.len() + size_of::<Entry>() + size_of::<Stored>()) as u64
}
