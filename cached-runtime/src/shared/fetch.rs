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
use crate::remote::{Fetched, Fetching, Publish, Published, Publishing, Remote};
use crate::rules::Keep;
use crate::store::Guard;
use crate::sync::sleep;

use super::backend::Backend;
use super::lease::Lease;
use super::link::Link;
use super::place::{Load, Look, Place, Seen};
use super::wire::Wire;

/// How long a call waits before it looks again for what another process loads.
const FIRST_NAP: Duration = Duration::from_millis(10);
const LONGEST_NAP: Duration = Duration::from_millis(200);

/// One key of a shared function, and how its values are read and written.
pub(crate) struct Spot<V> {
    place: Place,
    wire: Wire<V>,
    /// When the call began: what it waits for others in its process counts as well.
    begun: Instant,
}

impl<V: Send + Sync + 'static> Spot<V> {
    pub(crate) fn new(
        link: Arc<Link>,
        backend: Arc<Backend>,
        wire: Wire<V>,
        key: &Hashed<Box<str>>,
    ) -> Arc<Self> {
        let shape = link.shape(wire.shape);
        let place = Place::new(link, backend, &key.key, shape);
        Arc::new(Self { place, wire, begun: Instant::now() })
    }

    /// Whether the store was told of every invalidation of this key.
    pub(crate) fn is_current(&self) -> bool {
        self.place.is_current()
    }

    pub(crate) async fn look(&self) -> Result<Look<V>, Error> {
        self.place.look(self.wire.decode).await
    }

    /// Stores a value that did not come from a load. Says how long memory may answer for it.
    pub(crate) async fn put(&self, value: V, keep: Keep) -> Result<Timeout, Error> {
        let Place { link, backend, .. } = &self.place;
        let payload = self.encode(&value);
        drop(value);
        self.place.put(payload, keep.timeout).await?;
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
        let Place { link, backend, name, .. } = &self.place;
        if !self.place.is_current() {
            return self.unshared(MissReason::Invalidated);
        }
        let mut nap = FIRST_NAP;
        loop {
            let (as_of_ms, looked) = (link.clock.wall_ms(), link.clock.now());
            let Ok(look) = self.look().await else { return self.unshared(memory) };
            let reason = match look.seen {
                Seen::Entry(found) if memory != MissReason::Forced => {
                    let local = link.local(backend, found.remaining);
                    return Fetched::Found(found, local);
                }
                Seen::Leased if self.begun.elapsed() >= link.wait_timeout => {
                    return self.unshared(memory);
                }
                Seen::Leased => {
                    sleep(nap).await;
                    nap = (nap * 2).min(LONGEST_NAP);
                    continue;
                }
                Seen::Nothing(reason) if memory != MissReason::Forced => reason,
                Seen::Entry(_) | Seen::Nothing(_) => MissReason::Forced,
            };
            let Ok(marks) = self.place.marks(&look.records).await else {
                return self.unshared(reason);
            };
            let mut state = look.head;
            let mut lease = None;
            if let Some(lasts) = link.sharing.lease {
                let taken = Lease::take(backend, name, state.as_deref(), lasts).await;
                link.counted(&taken);
                match taken {
                    // Another process was faster.
                    Ok(None) => continue,
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
            let publisher = Publisher { spot: self, state, lease, load, looked, begun, reason };
            return Fetched::Load(reason, Box::new(publisher));
        }
    }

    /// A load of which the store is to have nothing.
    fn unshared(self: Arc<Self>, reason: MissReason) -> Fetched<V> {
        Fetched::Load(reason, Box::new(Unshared(self)))
    }
}

impl<V: Send + Sync + 'static> Remote<V> for Arc<Spot<V>> {
    fn fetch(&self, reason: MissReason) -> Fetching<V> {
        Box::pin(Arc::clone(self).fetch_or_prepare(reason))
    }
}

/// A load of which the store is to have nothing: it failed when it was asked. Memory may answer for
/// its result as long as for any other that messages may not reach.
struct Unshared<V>(Arc<Spot<V>>);

impl<V: Send + Sync + 'static> Publish<V> for Unshared<V> {
    fn publish(self: Box<Self>, _: &V, keep: Keep) -> Publishing {
        let Place { link, backend, .. } = &self.0.place;
        let local = link.local(backend, keep.timeout);
        Box::pin(async move { Published::Failed(local) })
    }
}

/// The right to store what a load returns.
struct Publisher<V> {
    spot: Arc<Spot<V>>,
    /// What the key must hold still.
    state: Option<Vec<u8>>,
    lease: Option<Lease>,
    load: Load,
    /// When the key was seen in that state, by the clock of the caches.
    looked: Stamp,
    begun: Instant,
    reason: MissReason,
}

impl<V: Send + Sync + 'static> Publish<V> for Publisher<V> {
    fn publish(self: Box<Self>, value: &V, keep: Keep) -> Publishing {
        let Self { spot, state, lease, mut load, looked, begun, reason } = *self;
        load.took = begun.elapsed();
        let payload = spot.encode(value);
        Box::pin(async move {
            let place = &spot.place;
            let Place { link, backend, key, .. } = place;
            let local = link.local(backend, keep.timeout);
            if link.clock.now().since(looked) >= link.longest_load {
                // A tombstone may have come and gone, and nothing is as it was before.
                return Published::Overtaken;
            }
            // What cannot be encoded is this process's alone, and its lease is given up.
            let Ok(payload) = payload else { return Published::Failed(local) };
            let bytes = place.seal(payload, keep.timeout, &load);
            let guard = state.as_deref().map_or(Guard::Absent, Guard::Head);
            match place.swap(guard, &bytes, keep.timeout).await {
                Ok(swapped) if !swapped.done => return Published::Overtaken,
                Ok(_) => lease.into_iter().for_each(Lease::spend),
                Err(_) => return Published::Failed(local),
            }
            if reason == MissReason::Forced {
                // Others may still have what this one replaces.
                backend.plane.tell(backend, link.what(key)).await;
            }
            Published::Stored(local)
        })
    }
}
