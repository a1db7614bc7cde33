//! What a name of a `Cache` stands for, in the program or in one isolated test.
//!
//! The store is not part of it: every operation asks the link which one is bound.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::key::text::Text;
use crate::key::{Hashed, Seed};
use crate::outcome::{HitTier, MissReason, Outcome, report};
use crate::policy::Timeout;
use crate::registry;
use crate::remote::Found;
use crate::shared::codec::Codec;
use crate::shared::{Backend, Link, Load, Place, Records, SHAPELESS, STORE_MARK, Seen, encode};
use crate::stats::{Count, Counters, Stats};

use super::loads::Loads;
use super::turn::Contest;

pub(crate) struct Named {
    pub(super) link: Arc<Link>,
    pub(super) counters: Counters,
    pub(super) loads: Loads,
}

impl Named {
    pub(crate) fn new(name: &'static str, clock: &Clock) -> Self {
        Self {
            link: Arc::new(Link::of_cache(name, clock)),
            counters: Counters::new(),
            loads: Loads::new(),
        }
    }

    pub(super) fn backend(&self) -> Arc<Backend> {
        self.link.backend().expect("the link of a `Cache` always has a store")
    }

    /// A key's place in the store; an error for the empty key, which names nothing.
    pub(super) fn place(&self, key: &str) -> Result<Place, Error> {
        self.place_in(&self.backend(), key)
    }

    pub(super) fn place_in(&self, backend: &Arc<Backend>, key: &str) -> Result<Place, Error> {
        if key.is_empty() {
            let text = "a key is empty; give it at least one character";
            return Err(Error::new(ErrorKind::Config, text));
        }
        Ok(Place::new(Arc::clone(&self.link), Arc::clone(backend), key, SHAPELESS))
    }

    /// A key as loads know it; none for the empty one.
    pub(super) fn hashed(key: &str) -> Option<Arc<Hashed<Box<str>>>> {
        let key = Text::new(key)?;
        Some(Arc::new(Seed::shared().lookup(&key).own()))
    }

    /// The bytes of a value, in the codec of the store.
    pub(super) fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, Error> {
        let backend = self.backend();
        let payload = encode(backend.codec, value);
        payload.map_err(|error| error.during("encode", backend.store().kind(), None))
    }

    /// The value of a key. Failures of the store are misses.
    pub(super) async fn get<T>(
        &self,
        key: &str,
        decode: fn(Codec, &[u8]) -> Result<T, Error>,
    ) -> Option<T> {
        let nothing = Seen::Nothing(MissReason::Absent);
        let seen = match self.place(key) {
            Ok(place) if place.is_current() => {
                place.look(decode).await.map_or(nothing, |look| look.seen)
            }
            _ => nothing,
        };
        self.answer(seen)
    }

    pub(super) async fn has(&self, key: &str) -> bool {
        let Ok(place) = self.place(key) else { return false };
        let look = place.is_current().then(|| place.look(|_, _| Ok(())));
        match look {
            Some(look) => look.await.is_ok_and(|look| matches!(look.seen, Seen::Entry(_))),
            None => false,
        }
    }

    /// The value that a look gives, counted as a hit or a miss.
    pub(super) fn answer<T>(&self, seen: Seen<T>) -> Option<T> {
        let reason = match seen {
            Seen::Entry(Found { value, age, .. }) => {
                self.counters.count(Count::Hit);
                report(|| Outcome::Hit {
                    age,
                    tier: HitTier::Shared,
                    stale: false,
                    refreshing: false,
                });
                return Some(value);
            }
            Seen::Nothing(reason) => reason,
            Seen::Leased => MissReason::Absent,
        };
        self.counters.count(Count::Miss);
        report(|| Outcome::Miss { reason, followed: false, stored: false });
        None
    }

    /// What the store has of the marks that every entry carries.
    pub(super) async fn records(&self, backend: &Backend) -> Result<Records, Error> {
        let answer = backend.get_many(&[STORE_MARK, &self.link.mark]).await;
        self.link.counted(&answer);
        let mut records = answer?.into_iter();
        Ok([records.next().flatten(), records.next().flatten()])
    }

    /// What an entry that is stored now says of its load, of which there was none.
    pub(super) async fn no_load(&self, place: &Place, records: &Records) -> Result<Load, Error> {
        let as_of_ms = self.link.clock.wall_ms();
        let marks = place.marks(records).await?;
        Ok(Load { as_of_ms, took: Duration::ZERO, marks })
    }

    /// Stores a value, whatever is there. Where that fails, what was there counts for nothing.
    pub(super) async fn put(
        &self,
        key: &str,
        payload: Result<Vec<u8>, Error>,
        timeout: Timeout,
    ) -> Result<(), Error> {
        let place = self.place(key)?;
        let _doom = self.doom(key);
        if timeout.is_zero() {
            return self.link.invalidate(key).await.map(drop);
        }
        let result = match payload {
            Ok(payload) => self.write(&place, payload, timeout).await,
            Err(error) => Err(error),
        };
        if result.is_err() {
            drop(self.link.invalidate(key).await);
        }
        result
    }

    async fn write(&self, place: &Place, payload: Vec<u8>, timeout: Timeout) -> Result<(), Error> {
        not_overdue(place)?;
        let records = self.records(&place.backend).await?;
        let load = self.no_load(place, &records).await?;
        let bytes = place.seal(payload, timeout, &load);
        let set = place.backend.set(&place.name, &bytes, timeout.as_duration()).await;
        self.link.counted(&set);
        set
    }

    /// Stores a value where nothing counts. Says whether it did.
    pub(super) async fn add(
        &self,
        key: &str,
        payload: Result<Vec<u8>, Error>,
        timeout: Timeout,
    ) -> Result<bool, Error> {
        let (place, payload) = (self.place(key)?, payload?);
        if timeout.is_zero() {
            return Ok(false);
        }
        let _doom = self.doom(key);
        let contest = Contest::new();
        loop {
            not_overdue(&place)?;
            let look = place.look(|_, _| Ok(())).await?;
            if let Seen::Entry(_) = look.seen {
                return Ok(false);
            }
            let load = self.no_load(&place, &look.records).await?;
            let bytes = place.seal(payload.clone(), timeout, &load);
            if place.swap(look.guard(), &bytes, timeout).await?.done {
                return Ok(true);
            }
            contest.lost()?;
        }
    }

    /// Drops an entry. Says whether there was one.
    pub(super) async fn delete(&self, key: &str) -> Result<bool, Error> {
        self.place(key)?;
        let _doom = self.doom(key);
        self.counters.count(Count::Invalidation);
        self.link.invalidate(key).await
    }

    /// Makes loads of a key that have begun count for nothing, once this is dropped: when the store
    /// knows, or when nobody waits for it to know.
    pub(super) fn doom<'a>(&'a self, key: &'a str) -> Doom<'a> {
        Doom { loads: &self.loads, key }
    }

    /// The same of everything that this process has of the store.
    pub(super) fn forget(&self) -> Forget<'_> {
        Forget(self)
    }

    /// Counts since the process began. What the store holds is not counted.
    pub(super) fn stats(&self) -> Stats {
        let sum = self.loads.stats() + self.counters.stats(0);
        Stats { store_errors: self.link.errors(), entries: 0, ..sum }
    }
}

/// An error where the store has yet to be told of an invalidation of what it has there: what it is
/// told before that would not last.
pub(super) fn not_overdue(place: &Place) -> Result<(), Error> {
    if place.is_current() {
        return Ok(());
    }
    let text = "an invalidation of the key has not reached the store yet";
    Err(Error::new(ErrorKind::Unavailable, text))
}

pub(super) struct Doom<'a> {
    loads: &'a Loads,
    key: &'a str,
}

impl Drop for Doom<'_> {
    fn drop(&mut self) {
        self.loads.doom(self.key);
    }
}

pub(super) struct Forget<'a>(&'a Named);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.loads.doom_all();
        let store = self.0.link.sharing.store;
        for handle in registry::all() {
            handle.forget_store(store);
        }
    }
}
