//! The store's side of a call: a look before the body runs, and storing what it returned.
//!
//! What a load returns is stored only if the key is still in the state that it was seen in: an
//! invalidation, a newer value, another holder of the lease all have changed it. So a load that was
//! overtaken, in whatever process, is stored nowhere, and needs no clock to be told so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::Stamp;
use crate::error::Error;
use crate::key::Hashed;
use crate::outcome::MissReason;
use crate::policy::Timeout;
use crate::remote::{Fetched, Fetching, Found, Publish, Published, Publishing, Remote};
use crate::store::Guard;
use crate::sync::sleep;
use crate::tag::{Labels, TagSet};
use crate::tier::Stored;

use super::backend::Backend;
use super::envelope::Id;
use super::lease::Lease;
use super::link::Link;
use super::place::{Load, Look, Place, Seen, Tagging};
use super::wire::Wire;

/// How long a call waits before it looks again for what another process loads.
const FIRST_NAP: Duration = Duration::from_millis(10);
const LONGEST_NAP: Duration = Duration::from_millis(200);

/// One key of a shared function, before anything is asked of the store.
pub(crate) struct Origin<V> {
    pub(crate) link: Arc<Link>,
    pub(crate) backend: Arc<Backend>,
    pub(crate) wire: Wire<V>,
    pub(crate) key: Arc<Hashed<Box<str>>>,
    /// When the call began: what it waits for others in its process counts as well.
    pub(crate) begun: Instant,
}

impl<V: Send + Sync + 'static> Origin<V> {
    pub(crate) fn spot(&self, labels: &Labels) -> Spot<V> {
        let Self { link, backend, wire, key, begun } = self;
        let shape = link.shape(wire.shape);
        let place = Place::new(Arc::clone(link), Arc::clone(backend), &key.key, shape);
        Spot { place: place.tagged(Tagging::of(labels)), wire: *wire, begun: *begun }
    }
}

impl<V: Send + Sync + 'static> Remote<V> for Origin<V> {
    fn fetch(&self, reason: MissReason, labels: &Labels) -> Fetching<V> {
        Box::pin(Arc::new(self.spot(labels)).fetch_or_prepare(reason))
    }
}

/// One key of a shared function, and how its values are read and written.
pub(crate) struct Spot<V> {
    place: Place,
    wire: Wire<V>,
    /// When the call began: what it waits for others in its process counts as well.
    begun: Instant,
}

impl<V: Send + Sync + 'static> Spot<V> {
    /// Whether the store was told of every invalidation of this key.
    pub(crate) fn is_current(&self) -> bool {
        self.place.is_current()
    }

    pub(crate) async fn look(&self) -> Result<Look<V>, Error> {
        self.place.look(self.wire.decode).await
    }

    /// Stores a value that did not come from a load. Says how long memory may answer for it.
    pub(crate) async fn put(&self, stored: &Stored<V>) -> Result<Timeout, Error> {
        let Place { link, backend, .. } = &self.place;
        let Stored { value, keep, tags } = stored;
        let payload = self.encode(value);
        self.place.put(payload, keep.timeout, tags).await?;
        Ok(link.local(backend, keep.timeout))
    }

    fn encode(&self, value: &V) -> Result<Vec<u8>, Error> {
        let Place { link, backend, .. } = &self.place;
        let payload = (self.wire.encode)(backend.codec, value);
        link.counted(&payload);
        payload
    }

    /// Looks for the entry; where there is none, gets ready to store one.
    async fn fetch_or_prepare(self: Arc<Self>, memory: MissReason) -> Fetched<V> {
        if !self.place.is_current() {
            return self.unshared(MissReason::Invalidated);
        }
        match self.look_now().await {
            Ok(Looked { look: Look { seen: Seen::Entry(found), .. }, .. })
                if memory != MissReason::Forced =>
            {
                self.found(found)
            }
            // Boxed, so that a hit does not pay for the size of what it never does.
            looked => Box::pin(self.prepare(memory, looked)).await,
        }
    }

    async fn look_now(&self) -> Result<Looked<V>, Error> {
        let clock = &self.place.link.clock;
        let (as_of_ms, at) = (clock.wall_ms(), clock.now());
        Ok(Looked { as_of_ms, at, look: self.look().await? })
    }

    fn found(&self, found: Found<V>) -> Fetched<V> {
        let Place { link, backend, .. } = &self.place;
        let local = link.local(backend, found.remaining);
        Fetched::Found(found, local)
    }

    /// Gets ready to store an entry that was not there, or that another process loads.
    async fn prepare(
        self: Arc<Self>,
        memory: MissReason,
        mut looked: Result<Looked<V>, Error>,
    ) -> Fetched<V> {
        let Place { link, backend, name, .. } = &self.place;
        let mut nap = FIRST_NAP;
        loop {
            let Ok(Looked { as_of_ms, at, look }) = looked else { return self.unshared(memory) };
            let reason = match look.seen {
                Seen::Entry(found) if memory != MissReason::Forced => return self.found(found),
                Seen::Leased if self.begun.elapsed() >= link.wait_timeout => {
                    return self.unshared(memory);
                }
                Seen::Leased => {
                    sleep(nap).await;
                    nap = (nap * 2).min(LONGEST_NAP);
                    looked = self.look_now().await;
                    continue;
                }
                Seen::Nothing(reason) if memory != MissReason::Forced => reason,
                Seen::Entry(_) | Seen::Nothing(_) => MissReason::Forced,
            };
            let Ok(marks) = self.place.all_marks(&look).await else {
                return self.unshared(reason);
            };
            let Ok(any_tag) = self.place.any_tag(&look).await else {
                return self.unshared(reason);
            };
            let mut state = look.head;
            let mut lease = None;
            if let Some(lasts) = link.sharing.lease {
                let taken = Lease::take(backend, name, state.as_deref(), lasts).await;
                link.counted(&taken);
                match taken {
                    // Another process was faster.
                    Ok(None) => {
                        looked = self.look_now().await;
                        continue;
                    }
                    Ok(Some(taken)) => {
                        state = Some(taken.head().to_vec());
                        lease = Some(taken);
                    }
                    // Without a lease, then; and without another operation that may take its time.
                    Err(_) => return self.unshared(reason),
                }
            }
            let load = Load { as_of_ms, took: Duration::ZERO, marks };
            let begun = Instant::now();
            let spot = self;
            let publisher =
                Publisher { spot, state, any_tag, lease, load, looked: at, begun, reason };
            return Fetched::Load(reason, Box::new(publisher));
        }
    }

    /// A load of which the store is to have nothing.
    fn unshared(self: Arc<Self>, reason: MissReason) -> Fetched<V> {
        Fetched::Load(reason, Box::new(Unshared(self)))
    }
}

/// A look, and when it began: by the time of day, and by the clock of the caches.
struct Looked<V> {
    as_of_ms: u64,
    at: Stamp,
    look: Look<V>,
}

/// A load of which the store is to have nothing: it failed when it was asked. Memory may answer for
/// its result as long as for any other that messages may not reach.
struct Unshared<V>(Arc<Spot<V>>);

impl<V: Send + Sync + 'static> Publish<V> for Unshared<V> {
    fn publish(self: Box<Self>, stored: &Stored<V>) -> Publishing {
        let Place { link, backend, .. } = &self.0.place;
        let local = link.local(backend, stored.keep.timeout);
        Box::pin(async move { Published::Failed(local) })
    }
}

/// The right to store what a load returns.
struct Publisher<V> {
    spot: Arc<Spot<V>>,
    /// What the key must hold still.
    state: Option<Vec<u8>>,
    /// The mark that changes with any tag, as it was.
    any_tag: Option<Id>,
    lease: Option<Lease>,
    load: Load,
    /// When the key was seen in that state, by the clock of the caches.
    looked: Stamp,
    begun: Instant,
    reason: MissReason,
}

impl<V: Send + Sync + 'static> Publish<V> for Publisher<V> {
    fn publish(mut self: Box<Self>, stored: &Stored<V>) -> Publishing {
        let Stored { value, keep, tags } = stored;
        self.load.took = self.begun.elapsed();
        let payload = self.spot.encode(value);
        let (timeout, tags) = (keep.timeout, tags.clone());
        Box::pin(async move {
            let Place { link, backend, .. } = &self.spot.place;
            let local = link.local(backend, timeout);
            match self.store(payload, timeout, &tags).await {
                Ok(true) => Published::Stored(local),
                Ok(false) => Published::Overtaken,
                // What cannot be encoded is this process's alone, too; its lease is given up.
                Err(_) => Published::Failed(local),
            }
        })
    }
}

impl<V: Send + Sync + 'static> Publisher<V> {
    /// Stores a payload. Says whether it was not overtaken. Failures are counted.
    async fn store(
        self,
        payload: Result<Vec<u8>, Error>,
        timeout: Timeout,
        tags: &TagSet,
    ) -> Result<bool, Error> {
        let Self { spot, state, any_tag, lease, mut load, looked, reason, .. } = self;
        let place = &spot.place;
        let Place { link, backend, key, .. } = place;
        if link.is_past(looked) {
            // A tombstone may have come and gone, and nothing is as it was before.
            return Ok(false);
        }
        let payload = payload?;
        if !place.add_marks(&mut load.marks, tags, any_tag).await? {
            return Ok(false);
        }
        let bytes = place.seal(payload, timeout, &load);
        let guard = state.as_deref().map_or(Guard::Absent, Guard::Head);
        if !place.swap(guard, &bytes, timeout).await?.done {
            return Ok(false);
        }
        lease.into_iter().for_each(Lease::spend);
        if reason == MissReason::Forced {
            // Others may still have what this one replaces.
            backend.plane.tell(backend, link.what(key)).await;
        }
        Ok(true)
    }
}
