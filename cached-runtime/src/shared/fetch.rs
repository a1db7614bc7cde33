//! The store's side of a call: a look before the body runs, and storing what it returned.
//!
//! What a load returns is stored only if the key is still in the state that it was seen in: an
//! invalidation, a newer value, another holder of the lease all have changed it. So a load that was
//! overtaken, in whatever process, is stored nowhere, and needs no clock to be told so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::key::Hashed;
use crate::outcome::MissReason;
use crate::policy::Timeout;
use crate::remote::{Fetched, Fetching, Found, Publish, Published, Publishing, Remote};
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
}

impl<V: Send + Sync + 'static> Spot<V> {
    pub(crate) fn new(
        link: Arc<Link>,
        backend: Arc<Backend>,
        wire: Wire<V>,
        key: &Hashed<Box<str>>,
    ) -> Arc<Self> {
        let shape = link.shape(wire.shape);
        Arc::new(Self { place: Place::new(link, backend, &key.key, shape), wire })
    }

    pub(crate) async fn look(&self) -> Result<Look<V>, Error> {
        self.place.look(self.wire.decode).await
    }

    /// Stores a value that did not come from a load. Says how long memory may answer for it.
    pub(crate) async fn put(&self, value: V, keep: Keep) -> Result<Timeout, Error> {
        let Place { link, backend, .. } = &self.place;
        let payload = self.encode(&value);
        drop(value);
        self.place.put(payload?, keep.timeout).await?;
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
            return Fetched::Load(MissReason::Invalidated, None);
        }
        match self.look_now().await {
            Ok((_, Look { seen: Seen::Entry(found), .. })) if memory != MissReason::Forced => {
                self.found(found)
            }
            // Boxed, so that a hit does not pay for the size of what it never does.
            looked => Box::pin(self.prepare(memory, looked)).await,
        }
    }

    /// A look, and when it began.
    async fn look_now(&self) -> Result<(u64, Look<V>), Error> {
        let now_ms = self.place.link.clock.wall_ms();
        Ok((now_ms, self.look().await?))
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
        mut looked: Result<(u64, Look<V>), Error>,
    ) -> Fetched<V> {
        let Place { link, backend, name, .. } = &self.place;
        let start = Instant::now();
        let mut nap = FIRST_NAP;
        loop {
            let Ok((as_of_ms, look)) = looked else { return Fetched::Load(memory, None) };
            let reason = match look.seen {
                Seen::Entry(found) if memory != MissReason::Forced => return self.found(found),
                Seen::Leased if start.elapsed() >= link.wait_timeout => {
                    return Fetched::Load(memory, None);
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
            let Ok(marks) = self.place.marks(&look.records).await else {
                return Fetched::Load(reason, None);
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
                    // Without a lease, then.
                    Err(_) => {}
                }
            }
            let load = Load { as_of_ms, took: Duration::ZERO, marks };
            let begun = Instant::now();
            let publisher = Publisher { spot: self, state, lease, load, begun, reason };
            return Fetched::Load(reason, Some(Box::new(publisher)));
        }
    }
}

impl<V: Send + Sync + 'static> Remote<V> for Arc<Spot<V>> {
    fn fetch(&self, reason: MissReason) -> Fetching<V> {
        Box::pin(Arc::clone(self).fetch_or_prepare(reason))
    }
}

/// The right to store what a load returns.
struct Publisher<V> {
    spot: Arc<Spot<V>>,
    /// What the key must hold still.
    state: Option<Vec<u8>>,
    lease: Option<Lease>,
    load: Load,
    begun: Instant,
    reason: MissReason,
}

impl<V: Send + Sync + 'static> Publish<V> for Publisher<V> {
    fn publish(self: Box<Self>, value: &V, keep: Keep) -> Publishing {
        let Self { spot, state, lease, mut load, begun, reason } = *self;
        load.took = begun.elapsed();
        let payload = spot.encode(value);
        Box::pin(async move {
            let place = &spot.place;
            let Place { link, backend, key, .. } = place;
            let local = link.local(backend, keep.timeout);
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
