//! The store's side of a call: a look before the body runs.
//!
//! What a load returns is stored only if the key is still in the state that it was seen in: an
//! invalidation, a newer value, another holder of the lease all have changed it. So a load that was
//! overtaken, in whatever process, is stored nowhere, and needs no clock to be told so.
//!
//! An entry that is stale stays where it is while it is renewed, and so answers other processes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::Stamp;
use crate::error::Error;
use crate::key::Hashed;
use crate::life::Use;
use crate::outcome::MissReason;
use crate::policy::Timeout;
use crate::remote::{Fetched, Fetching, Found, Remote, StandIn, Wanted};
use crate::sync::sleep;
use crate::tag::Labels;
use crate::tier::Stored;

use super::backend::Backend;
use super::envelope::Id;
use super::lease::Lease;
use super::link::Link;
use super::place::{Load, Look, Place, Seen, Tagging};
use super::publish::{Publisher, Unshared};
use super::wire::Wire;

/// How long a call waits before it looks again for what another process loads.
const FIRST_NAP: Duration = Duration::from_millis(10);
const LONGEST_NAP: Duration = Duration::from_millis(200);

/// How much longer an entry has to be fresh to be another than the one that is to be renewed: what
/// two conversions to the time of day may lose.
const ROUNDING: Duration = Duration::from_millis(5);

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
        let place = place.tagged(Tagging::of(labels, link));
        Spot { place, wire: *wire, begun: *begun, is_solo: false }
    }
}

impl<V: Send + Sync + 'static> Remote<V> for Origin<V> {
    fn fetch(&self, wanted: Wanted, labels: &Labels, is_solo: bool) -> Fetching<V> {
        let spot = Spot { is_solo, ..self.spot(labels) };
        Box::pin(Arc::new(spot).fetch_or_prepare(wanted))
    }
}

/// One key of a shared function, and how its values are read and written.
pub(crate) struct Spot<V> {
    pub(super) place: Place,
    wire: Wire<V>,
    /// When the call began: what it waits for others in its process counts as well.
    begun: Instant,
    /// Whether it neither waits for the load of another process nor keeps others from theirs.
    is_solo: bool,
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
        self.place.put(payload, link.kept(*keep), tags).await?;
        Ok(link.local(backend, keep.timeout))
    }

    pub(super) fn encode(&self, value: &V) -> Result<Vec<u8>, Error> {
        let Place { link, backend, .. } = &self.place;
        let payload = (self.wire.encode)(backend.codec, value);
        link.counted(&payload);
        payload
    }

    /// Looks for the entry; where there is none that is wanted, gets ready to store one.
    async fn fetch_or_prepare(self: Arc<Self>, wanted: Wanted) -> Fetched<V> {
        if !self.place.is_current() {
            return self.unshared(MissReason::Invalidated, StandIn::Nothing);
        }
        match self.look_now().await {
            Ok(Looked { look: Look { seen: Seen::Entry(found), .. }, .. })
                if answers(&found, wanted) =>
            {
                self.found(found)
            }
            looked if matches!(wanted, Wanted::Seen(_) | Wanted::Present(_)) => {
                Fetched::Nothing(looked.map_or(StandIn::Unknown, |looked| match looked.look.seen {
                    Seen::Entry(found) => StandIn::Entry(found),
                    // Nobody loads anew what was only to be renewed.
                    Seen::Leased | Seen::Nothing(MissReason::Invalidated | MissReason::Tag) => {
                        StandIn::Overtaken
                    }
                    Seen::Nothing(_) => StandIn::Nothing,
                }))
            }
            // Boxed, so that a hit does not pay for the size of what it never does.
            looked => Box::pin(self.prepare(wanted, looked)).await,
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

    /// Gets ready to store an entry that was not there, or is to be renewed. Waits for what another
    /// process loads.
    async fn prepare(
        self: Arc<Self>,
        wanted: Wanted,
        mut looked: Result<Looked<V>, Error>,
    ) -> Fetched<V> {
        let mut nap = FIRST_NAP;
        loop {
            let Ok(Looked { as_of_ms, at, mut look }) = looked else {
                return self.unshared(wanted.reason(), StandIn::Unknown);
            };
            let (mut reason, mut is_loading) = (wanted.reason(), false);
            let mut stand_in = StandIn::Nothing;
            match look.take_seen() {
                Seen::Entry(found) if answers(&found, wanted) => return self.found(found),
                Seen::Entry(found) => stand_in = StandIn::Entry(found),
                Seen::Leased if self.is_solo => {
                    return self.unshared(reason, StandIn::Unknown);
                }
                Seen::Leased => is_loading = true,
                Seen::Nothing(of_store) if wanted != Wanted::Load => reason = of_store,
                Seen::Nothing(_) => {}
            }
            let has_entry = matches!(stand_in, StandIn::Entry(_));
            if !is_loading {
                match self.right(&look, self.leases_beside(has_entry, wanted)).await {
                    Ok(Some(Right { marks, any_tag, state, lease })) => {
                        let load = Load { as_of_ms, took: Duration::ZERO, marks };
                        let (spot, looked, begun) = (self, at, Instant::now());
                        let publisher =
                            Publisher { spot, state, any_tag, lease, load, looked, begun, reason };
                        return Fetched::Load(reason, Box::new(publisher), stand_in);
                    }
                    // Another process was faster.
                    Ok(None) => {}
                    // Without a lease, then; and without another operation that may take its time.
                    Err(_) => return self.unshared(reason, stand_in),
                }
            }
            if self.begun.elapsed() >= self.place.link.wait_timeout {
                return match stand_in {
                    StandIn::Entry(found) if wanted != Wanted::Load => self.found(found),
                    stand_in => self.unshared(reason, stand_in),
                };
            }
            sleep(nap).await;
            nap = (nap * 2).min(LONGEST_NAP);
            looked = self.look_now().await;
        }
    }

    /// The right to load, in the state that the key was seen in. None where another process has it.
    async fn right(&self, look: &Look<V>, lease: Leases) -> Result<Option<Right>, Error> {
        let Place { link, backend, name, .. } = &self.place;
        let marks = self.place.all_marks(look).await?;
        let any_tag = self.place.any_tag(look).await?;
        let mut right = Right { marks, any_tag, state: look.head.clone(), lease: None };
        let lease_for = link.sharing.lease.filter(|_| !self.is_solo);
        let Some(lasts) = lease_for else { return Ok(Some(right)) };
        let taken = match lease {
            Leases::InPlace => Lease::take(backend, name, right.state.as_deref(), lasts).await,
            Leases::Beside => Lease::take_beside(backend, name, lasts).await,
        };
        link.counted(&taken);
        let Some(taken) = taken? else { return Ok(None) };
        if let Some(head) = taken.head_in_place() {
            right.state = Some(head.to_vec());
        }
        right.lease = Some(taken);
        Ok(Some(right))
    }

    /// Where a lease goes: not over an entry that others may still be answered with.
    fn leases_beside(&self, has_entry: bool, wanted: Wanted) -> Leases {
        let is_of_use = !self.place.link.windows.are_closed() || matches!(wanted, Wanted::Newer(_));
        if has_entry && is_of_use { Leases::Beside } else { Leases::InPlace }
    }

    /// A load of which the store is to have nothing.
    fn unshared(self: Arc<Self>, reason: MissReason, stand_in: StandIn<V>) -> Fetched<V> {
        Fetched::Load(reason, Box::new(Unshared(self)), stand_in)
    }
}

/// Whether an entry is one that is wanted.
fn answers<V>(found: &Found<V>, wanted: Wanted) -> bool {
    match wanted {
        Wanted::Any(_) | Wanted::Seen(_) => matches!(found.good_for, Use::Fresh | Use::Stale),
        Wanted::Present(_) => true,
        Wanted::Newer(than) => {
            let is_longer = match (found.remaining.as_duration(), than.as_duration()) {
                (Some(found), Some(than)) => found > than + ROUNDING,
                (found, than) => found.is_none() && than.is_some(),
            };
            found.good_for == Use::Fresh && is_longer
        }
        Wanted::Load => false,
    }
}

/// Where a lease goes.
#[derive(Clone, Copy)]
enum Leases {
    InPlace,
    Beside,
}

/// What it takes to store a value once it is loaded.
struct Right {
    marks: Vec<(String, Id)>,
    any_tag: Option<Id>,
    state: Option<Vec<u8>>,
    lease: Option<Lease>,
}

/// A look, and when it began: by the time of day, and by the clock of the caches.
struct Looked<V> {
    as_of_ms: u64,
    at: Stamp,
    look: Look<V>,
}
