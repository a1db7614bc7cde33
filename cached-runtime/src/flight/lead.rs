//! Leading: running the body for a flight, and ending it.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::{Flight, Follow, Inside, Landed, Phase, Place, Tower};
use crate::key::Hashed;
use crate::tag::Labels;

/// The right and the duty to run the body for a flight. Dropped before it lands, it falls to a
/// follower.
pub(crate) struct Lead<K: Eq + Clone, P> {
    place: Place<K, P>,
    has_landed: bool,
}

/// A flight that did not land, because followers wait for a result to share and none was given.
pub(crate) struct Wanted<K: Eq + Clone, P>(pub(crate) Lead<K, P>);

impl<K: Eq + Clone, P> Lead<K, P> {
    pub(super) fn new(place: Place<K, P>) -> Self {
        Self { place, has_landed: false }
    }

    pub(crate) fn key(&self) -> &Hashed<K> {
        &self.place.flight.key
    }

    pub(crate) fn shared_key(&self) -> Arc<Hashed<K>> {
        Arc::clone(&self.place.flight.key)
    }

    /// Joins those who wait for this flight.
    pub(crate) fn follow(&self, labels: &Labels) -> Follow<K, P> {
        self.place.flight.board().followers += 1;
        Follow::new(self.place.clone(), labels)
    }

    /// Says that nobody needs to wait for it.
    pub(crate) fn renews(&self) {
        self.place.flight.board().is_renewal = true;
    }

    /// Names the tags of the load, which were not known when the flight began.
    pub(crate) fn label(&self, labels: &Labels) {
        self.place.flight.board().labels = labels.clone();
    }

    /// The invalidation counter when the load began.
    pub(crate) fn as_of(&self) -> u64 {
        self.place.flight.board().as_of
    }

    /// Marks the load as running on this thread until the guard is dropped.
    pub(crate) fn enter(&self) -> Inside {
        Inside::enter(&self.place.flight)
    }

    pub(crate) fn has_followers(&self) -> bool {
        self.place.flight.board().followers > 0
    }

    /// Ends the flight: stores unless it is doomed, and wakes all followers with `landed`.
    ///
    /// `store` runs under the lock that invalidations take and is given the lead's `as_of`.
    /// Where `landed` is `None` and somebody waits, nothing happens and the lead comes back.
    pub(crate) fn land<T>(
        mut self,
        tower: &impl Tower,
        landed: Option<Landed<P>>,
        store: impl FnOnce(u64) -> Option<T>,
    ) -> Result<Option<T>, Wanted<K, P>> {
        let Place { flights, flight } = &self.place;
        let mut shard = flights.shard(&flight.key);
        let mut board = flight.board();
        if landed.is_none() && board.followers > 0 {
            drop((board, shard));
            return Err(Wanted(self));
        }
        self.has_landed = true;
        let (is_past, as_of) = (board.is_past(tower), board.as_of);
        board.phase = Phase::Landed(landed.unwrap_or(Landed::Unshared));
        // Wakes them even where a key's `Eq` panics below.
        let _wake = Wake {
            tasks: mem::take(&mut board.tasks),
            threads: (board.threads > 0).then(|| Arc::clone(flight)),
        };
        drop(board);

        shard.forget(flight);
        let stored = if is_past { None } else { store(as_of) };
        drop(shard);
        Ok(stored)
    }
}

/// Wakes all followers of a flight that landed.
struct Wake<K, P> {
    tasks: BTreeMap<u64, Waker>,
    /// Where threads wait.
    threads: Option<Arc<Flight<K, P>>>,
}

impl<K, P> Drop for Wake<K, P> {
    fn drop(&mut self) {
        if let Some(flight) = &self.threads {
            flight.changed.notify_all();
        }
        for waker in mem::take(&mut self.tasks).into_values() {
            waker.wake();
        }
    }
}

impl<K: Eq + Clone, P> Drop for Lead<K, P> {
    fn drop(&mut self) {
        if self.has_landed {
            return;
        }
        let Place { flights, flight } = &self.place;
        let mut shard = flights.shard(&flight.key);
        let mut board = flight.board();
        board.phase = Phase::Vacant;
        flight.pass_on(&mut shard, board);
    }
}
