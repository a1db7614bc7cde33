//! Flights: one load for each key at a time, led by one caller and joined by others.
//!
//! Threads and tasks meet in the same flight. A flight knows nothing of values' freshness, of
//! memory or of policy: it brings callers together, hands the lead over when it is lost, and
//! dooms loads that an invalidation overtook. Commit and invalidation of one key take the lock of
//! the same shard, and what they do to memory they do under it; that is all the ordering that
//! the guarantee of `tier.rs` needs.
//!
//! Locks are taken in the order shard, board. No user code but `Eq` of keys runs under either, and
//! that only where a flight is looked for: one that ends is known by its address.

mod follow;
mod inside;
mod lead;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crossbeam_utils::CachePadded;
use hashbrown::HashTable;

use crate::clock::{Clock, Stamp};
use crate::key::Hashed;
use crate::sync::{Condvar, Mutex, MutexGuard, unpoisoned};
use crate::tag::Labels;

pub(crate) use follow::Follow;
pub(crate) use inside::Inside;
use inside::is_inside;
pub(crate) use lead::{Lead, Wanted};

const SHARDS: usize = 16;

/// The flights of one cache. `P` is what a landed flight hands to its followers.
pub(crate) struct Flights<K, P> {
    shards: Box<[CachePadded<Locked<K, P>>]>,
}

type Locked<K, P> = Mutex<Shard<K, P>>;

struct Shard<K, P> {
    flights: HashTable<Arc<Flight<K, P>>>,
    /// The invalidation counter of the last invalidation here: loads outside flights that began
    /// before it may not be stored.
    invalidated: u64,
}

/// One load and who waits for it.
pub(crate) struct Flight<K, P> {
    key: Arc<Hashed<K>>,
    board: Mutex<Board<P>>,
    /// Wakes threads. Tasks leave their wakers on the board.
    changed: Condvar,
}

struct Board<P> {
    phase: Phase<P>,
    /// When the present lead took over, by clock and by the invalidation counter.
    started: Stamp,
    as_of: u64,
    /// The tags of what the present lead loads.
    labels: Labels,
    /// Renews an entry that is there: nobody needs to wait for it.
    is_renewal: bool,
    /// Overtaken by an invalidation, or too old: whatever it brings is not stored.
    doomed: bool,
    followers: usize,
    threads: usize,
    tasks: BTreeMap<u64, Waker>,
    next_task: u64,
}

enum Phase<P> {
    /// A lead runs the body.
    Loading,
    /// The lead was dropped or panicked: whoever looks next leads.
    Vacant,
    /// The load is over.
    Landed(Landed<P>),
}

/// What flights ask of the cache they belong to.
pub(crate) trait Tower {
    fn clock(&self) -> &Clock;
    /// Age at which a load no longer holds its key.
    fn lead_timeout(&self) -> Duration;
    /// Raises the invalidation counter.
    fn next_seq(&self) -> u64;
    /// Whether the whole cache was invalidated after `as_of`.
    fn is_overtaken(&self, as_of: u64) -> bool;

    fn now(&self) -> Stamp {
        self.clock().now()
    }
}

/// What a flight brought its followers.
pub(crate) enum Landed<P> {
    /// A result to share.
    Shared(Arc<P>),
    /// A result that cannot be shared: each runs its own load, all at once.
    Unshared,
}

impl<P> Clone for Landed<P> {
    fn clone(&self) -> Self {
        match self {
            Self::Shared(result) => Self::Shared(Arc::clone(result)),
            Self::Unshared => Self::Unshared,
        }
    }
}

/// What a caller becomes on joining.
pub(crate) enum Joined<K: Eq + Clone, P> {
    /// Runs the body and lands the flight.
    Lead(Lead<K, P>),
    /// Waits for the lead, which may renew an entry that this caller has not seen.
    Follow(Follow<K, P>, Renews),
    /// Is itself inside the load of this very key.
    Inside,
    /// Finds that an entry has come since it last looked.
    Arrived,
}

/// What a caller makes of a flight that renews an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewals {
    /// Waits for it, as for any other.
    Join,
    /// The entry was overtaken since, and so was the flight.
    Doom,
}

/// What a flight is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renews {
    Nothing,
    Entry,
}

/// How waiting ended.
pub(crate) enum Followed<K: Eq + Clone, P> {
    Landed(Landed<P>),
    /// The lead was lost and this caller has it now.
    Lead(Lead<K, P>),
    TimedOut,
}

impl<K: Eq + Clone, P> Flights<K, P> {
    pub(crate) fn new() -> Self {
        let shard = || Shard { flights: HashTable::new(), invalidated: 0 };
        Self { shards: (0..SHARDS).map(|_| CachePadded::new(Mutex::new(shard()))).collect() }
    }

    /// Joins the flight of a key, or starts one.
    ///
    /// `labels` are those of the caller's own load. `has_arrived` looks, under the lock that commits take, whether an entry came meanwhile.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: &Arc<Hashed<K>>,
        tower: &impl Tower,
        labels: &Labels,
        renewals: Renewals,
        has_arrived: impl FnOnce() -> bool,
    ) -> Joined<K, P> {
        let mut shard = self.shard(key);
        let mut past = None;
        if let Some(flight) = shard.find(key) {
            let mut board = flight.board();
            if is_inside(flight) {
                return Joined::Inside;
            }
            if matches!(board.phase, Phase::Vacant) {
                board.take_lead(tower, labels);
                return Joined::Lead(Lead::new(self.place(flight)));
            }
            let is_overtaken = board.is_renewal && renewals == Renewals::Doom;
            if is_overtaken || board.is_past(tower) || board.labels.may_be_overtaken(board.as_of) {
                board.doomed = true;
                past = Some(Arc::clone(flight));
            } else {
                board.followers += 1;
                let renews = if board.is_renewal { Renews::Entry } else { Renews::Nothing };
                return Joined::Follow(Follow::new(self.place(flight), labels), renews);
            }
        }
        if has_arrived() {
            return Joined::Arrived;
        }
        if let Some(past) = &past {
            shard.forget(past);
        }
        let flight = Arc::new(Flight::new(Arc::clone(key), tower, labels));
        shard.flights.insert_unique(key.hash, Arc::clone(&flight), |flight| flight.key.hash);
        Joined::Lead(Lead::new(self.place(&flight)))
    }

    fn place(self: &Arc<Self>, flight: &Arc<Flight<K, P>>) -> Place<K, P> {
        Place { flights: Arc::clone(self), flight: Arc::clone(flight) }
    }

    /// Leads a new flight of a key that renews its entry; none where there is one already.
    /// `is_wanted` looks, under the lock that commits take, whether the entry is still the one.
    pub(crate) fn renew(
        self: &Arc<Self>,
        key: &Arc<Hashed<K>>,
        tower: &impl Tower,
        is_wanted: impl FnOnce() -> bool,
    ) -> Option<Lead<K, P>> {
        let mut shard = self.shard(key);
        let past = match shard.find(key) {
            Some(flight) => {
                let mut board = flight.board();
                if is_inside(flight) || !board.is_past(tower) {
                    return None;
                }
                board.doomed = true;
                Some(Arc::clone(flight))
            }
            None => None,
        };
        if !is_wanted() {
            return None;
        }
        if let Some(past) = &past {
            shard.forget(past);
        }
        // Its tags are known only when it begins. Till then it may have any.
        let flight = Arc::new(Flight::new(Arc::clone(key), tower, &Labels::new(true)));
        flight.board().is_renewal = true;
        shard.flights.insert_unique(key.hash, Arc::clone(&flight), |flight| flight.key.hash);
        Some(Lead::new(self.place(&flight)))
    }

    /// Stores what was loaded outside any flight, unless this shard saw an invalidation since.
    pub(crate) fn commit_alone<T>(
        &self,
        key: &Hashed<K>,
        as_of: u64,
        store: impl FnOnce() -> T,
    ) -> Option<T> {
        let shard = self.shard(key);
        if shard.invalidated > as_of { None } else { Some(store()) }
    }

    /// Dooms the flight of a key, and changes memory under the lock that commits take. `change`
    /// is given the number of this invalidation.
    pub(crate) fn invalidate<T>(
        &self,
        key: &Hashed<K>,
        tower: &impl Tower,
        change: impl FnOnce(u64) -> T,
    ) -> T {
        let mut shard = self.shard(key);
        let doomed = shard.find(key).cloned();
        if let Some(flight) = &doomed {
            flight.board().doomed = true;
            shard.forget(flight);
        }
        shard.invalidated = tower.next_seq();
        change(shard.invalidated)
    }

    fn shard(&self, key: &Hashed<K>) -> MutexGuard<'_, Shard<K, P>> {
        let idx = usize::try_from(key.hash >> 48).unwrap_or_default() % SHARDS;
        unpoisoned(self.shards[idx].lock())
    }
}

impl<K: Eq, P> Shard<K, P> {
    fn find(&self, key: &Hashed<K>) -> Option<&Arc<Flight<K, P>>> {
        self.flights.find(key.hash, |flight| *flight.key == *key)
    }

    /// Takes a flight off the table, unless it is gone already.
    fn forget(&mut self, flight: &Arc<Flight<K, P>>) {
        let is_it = |candidate: &Arc<Flight<K, P>>| Arc::ptr_eq(candidate, flight);
        if let Ok(found) = self.flights.find_entry(flight.key.hash, is_it) {
            found.remove();
        }
    }
}

/// A part in a flight. Owned, so that a task can keep it between polls.
struct Place<K, P> {
    flights: Arc<Flights<K, P>>,
    flight: Arc<Flight<K, P>>,
}

impl<K, P> Clone for Place<K, P> {
    fn clone(&self) -> Self {
        Self { flights: Arc::clone(&self.flights), flight: Arc::clone(&self.flight) }
    }
}

impl<K, P> Flight<K, P> {
    fn new(key: Arc<Hashed<K>>, tower: &impl Tower, labels: &Labels) -> Self {
        let board = Board {
            phase: Phase::Loading,
            started: tower.now(),
            as_of: tower.next_seq(),
            labels: labels.clone(),
            is_renewal: false,
            doomed: false,
            followers: 0,
            threads: 0,
            tasks: BTreeMap::new(),
            next_task: 0,
        };
        Self { key, board: Mutex::new(board), changed: Condvar::new() }
    }

    fn board(&self) -> MutexGuard<'_, Board<P>> {
        unpoisoned(self.board.lock())
    }

    /// Wakes one follower to take a vacant lead; where there is none, ends the flight.
    fn pass_on(self: &Arc<Self>, shard: &mut Shard<K, P>, mut board: MutexGuard<'_, Board<P>>)
    where
        K: Eq + Clone,
    {
        if board.followers == 0 {
            shard.forget(self);
        } else if board.threads > 0 {
            self.changed.notify_one();
        } else if let Some((_, waker)) = board.tasks.pop_first() {
            drop(board);
            waker.wake();
        }
    }
}

impl<P> Board<P> {
    fn take_lead(&mut self, tower: &impl Tower, labels: &Labels) {
        self.phase = Phase::Loading;
        self.started = tower.now();
        self.as_of = tower.next_seq();
        self.labels = labels.clone();
        self.is_renewal = false;
    }

    /// Whether what the lead brings comes too late to be stored, or to be shared with newcomers.
    fn is_past(&self, tower: &impl Tower) -> bool {
        self.doomed
            || tower.now().since(self.started) >= tower.lead_timeout()
            || tower.is_overtaken(self.as_of)
    }
}
