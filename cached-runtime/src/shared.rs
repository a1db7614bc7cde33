//! Entries beyond this process: what is between a call and a store.
//!
//! A shared function's call that memory does not answer asks the store, and stores there what its
//! body returned ([`fetch`]). The store is one that the program has bound (`bindings.rs`), asked
//! through a [`backend`] that bounds every operation and leaves a failing store alone.

mod backend;
mod breaker;
pub(crate) mod codec;
mod deadline;
mod entry;
pub(crate) mod envelope;
mod fetch;
mod handle;
mod keeper;
mod lease;
mod link;
mod mark;
mod memories;
mod name;
mod overdue;
mod place;
mod plane;
mod publish;
mod rewrite;
pub(crate) mod shape;
mod wire;

use std::sync::Arc;
use std::time::Instant;

use crate::adapter::Storable;
use crate::key::Hashed;
use crate::remote::Remote;
use crate::tier::Tier;

pub(crate) use backend::Backend;
pub use entry::SharedEntry;
pub use handle::SharedHandle;
pub(crate) use link::Link;
pub(crate) use memories::Memories;
pub(crate) use name::STORE_MARK;
pub(crate) use place::{Load, Place, Records, Seen};
pub(crate) use plane::Told;
pub(crate) use rewrite::{with_payload, with_timeout};
pub use wire::Sharable;
pub(crate) use wire::{SHAPELESS, decode, encode};

use fetch::Origin;
use wire::Wire;

/// The store's side of a call; none where the program keeps entries in memory.
pub(crate) fn remote<V, F>(
    tier: &Arc<Tier<Box<str>, V, F>>,
    key: &Arc<Hashed<Box<str>>>,
) -> Option<Box<dyn Remote<V>>>
where
    V: Storable + Sharable,
    F: Send + Sync + 'static,
{
    origin(tier, key).map(|origin| Box::new(origin) as Box<dyn Remote<V>>)
}

/// The same for a load through a `Cache`.
pub(crate) fn remote_of_cache<V>(
    link: &Arc<Link>,
    key: &Arc<Hashed<Box<str>>>,
) -> Option<impl Remote<V> + use<V>>
where
    V: Storable + Sharable,
{
    let (link, key) = (Arc::clone(link), Arc::clone(key));
    let (backend, begun) = (link.backend()?, Instant::now());
    Some(Origin { link, backend, wire: Wire::shapeless(), key, begun })
}

fn origin<V, F>(tier: &Arc<Tier<Box<str>, V, F>>, key: &Arc<Hashed<Box<str>>>) -> Option<Origin<V>>
where
    V: Storable + Sharable,
    F: Send + Sync + 'static,
{
    let link = tier.link.as_ref()?;
    let backend = link.backend()?;
    link.attach(&backend, || {
        let told: Arc<dyn Told> = Arc::clone(tier) as _;
        Arc::downgrade(&told)
    });
    let (link, key, begun) = (Arc::clone(link), Arc::clone(key), Instant::now());
    Some(Origin { link, backend, wire: Wire::new(), key, begun })
}
