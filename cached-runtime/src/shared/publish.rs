//! Storing in the store what a load returned.
//!
//! A value is stored only if its key is still in the state that was seen before the load.

use std::sync::Arc;
use std::time::Instant;

use crate::clock::Stamp;
use crate::error::Error;
use crate::outcome::MissReason;
use crate::remote::{Publish, Published, Publishing};
use crate::store::Guard;
use crate::tag::TagSet;
use crate::tier::Stored;

use super::envelope::Id;
use super::fetch::Spot;
use super::lease::Lease;
use super::place::{Load, Place, Span};

/// A load of which the store is to have nothing: it failed when it was asked. Memory may answer for
/// its result as long as for any other that messages may not reach.
pub(super) struct Unshared<V>(pub(super) Arc<Spot<V>>);

impl<V: Send + Sync + 'static> Publish<V> for Unshared<V> {
    fn publish(self: Box<Self>, stored: &Stored<V>) -> Publishing {
        let Place { link, backend, .. } = &self.0.place;
        let local = link.local(backend, stored.keep.timeout);
        Box::pin(async move { Published::Failed(local) })
    }
}

/// The right to store what a load returns.
pub(super) struct Publisher<V> {
    pub(super) spot: Arc<Spot<V>>,
    /// What the key must hold still.
    pub(super) state: Option<Vec<u8>>,
    /// The mark that changes with any tag, as it was.
    pub(super) any_tag: Option<Id>,
    pub(super) lease: Option<Lease>,
    pub(super) load: Load,
    /// When the key was seen in that state, by the clock of the caches.
    pub(super) looked: Stamp,
    pub(super) begun: Instant,
    pub(super) reason: MissReason,
}

impl<V: Send + Sync + 'static> Publish<V> for Publisher<V> {
    fn publish(mut self: Box<Self>, stored: &Stored<V>) -> Publishing {
        let Stored { value, keep, tags } = stored;
        self.load.took = self.begun.elapsed();
        let payload = self.spot.encode(value);
        let span = self.spot.place.link.kept(*keep);
        let tags = tags.clone();
        Box::pin(async move {
            let Place { link, backend, .. } = &self.spot.place;
            let local = link.local(backend, span.fresh);
            match self.store(payload, span, &tags).await {
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
        span: Span,
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
        let bytes = place.seal(payload, span, &load);
        let guard = state.as_deref().map_or(Guard::Absent, Guard::Head);
        if !place.swap(guard, &bytes, span.gone).await?.done {
            return Ok(false);
        }
        lease.into_iter().for_each(Lease::replaced);
        if reason == MissReason::Forced {
            // Others may still have what this one replaces.
            backend.plane.tell(backend, link.what(key)).await;
        }
        Ok(true)
    }
}
