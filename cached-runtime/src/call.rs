//! What a call of a cached function does: one decision, two fronts.
//!
//! Generated code calls [`begin`], which answers a hit at once, and hands everything else to a
//! front: [`run`] for functions, [`run_async`] for `async` functions. The fronts differ only in
//! how they run the body and how they wait. SEMANTICS in short:
//!
//! ```text
//! begin   fresh entry?            -> hit, nothing allocated, no flight looked at
//!         due, or stale?          -> hit; renewed in the background, unless somebody does already
//! start   first for its key?      -> lead: load, commit, wake the followers
//!         a lead is running?      -> follow: share its result, or inherit its lead
//!         inside that very load?  -> alone: run the body, store nothing
//! load    entries are shared?     -> fetch: an entry of the store is a hit
//!                                    run the body
//!         it failed?              -> fall back on what the policy allows, and attempt less often
//!         entries are shared?     -> publish, unless it was overtaken
//! ```
//!
//! A function that renews entries in the background begins with [`begin_refreshing`], which also
//! says whether to start that: the job is the same function once more, handed what was begun here.

mod begun;
mod failure;
mod handed;
mod landing;
mod open;
mod pending;
mod refresh;
mod task;
mod thread;
mod turn;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::adapter::Adapter;
use crate::key::text::Text;
use crate::key::{Hashed, Key};
use crate::outcome::MissReason;
#[cfg(feature = "json")]
use crate::remote::Remote;
use crate::rules::Terms;
use crate::site::{Instance, Site, Slot};
use crate::tier::Tier;

pub use begun::{Begun, look, look_async};
use handed::given_up;
pub use open::{Opened, Underway, open, peek};
use pending::{Pending, RemoteOf, hit, pending};
use refresh::Origin;
#[cfg(feature = "json")]
pub use refresh::begin_refreshing_shared;
pub use refresh::{Refresh, begin_refreshing, glance};
pub use task::run_async;
pub use thread::run;

/// How much of the cache a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reads and writes.
    Normal,
    /// Skips the read: forces a load and stores it.
    Fresh,
    /// Neither reads nor writes.
    Uncached,
}

impl Mode {
    /// Applies `unless`.
    #[must_use]
    pub fn unless(self, condition: bool) -> Self {
        if condition { Self::Uncached } else { self }
    }

    /// Whether the call bypasses the cache.
    #[must_use]
    pub fn is_uncached(self) -> bool {
        self == Self::Uncached
    }

    /// Applies `refresh`.
    #[must_use]
    pub fn refresh(self, condition: bool) -> Self {
        if condition && self == Self::Normal { Self::Fresh } else { self }
    }
}

/// A call that no entry answered. Boxed, so that a hit moves nothing large.
///
/// Its types are spelt out (key, value, failure, terms) where bounds could name them, since the
/// future of an `async` function holds it: what is proven `Send` there has no bounds to meet.
pub struct Call<R, K: Eq + Clone, V, F, T>(Box<Pending<R, K, V, F, T>>);

impl<R, K: Eq + Clone, V, F, T> Call<R, K, V, F, T> {
    /// Adds a tag to what this call may store. One that names nothing keeps it from being stored.
    pub fn tag(&mut self, name: Option<Text<'_>>) {
        self.0.tags.add(name.map(Text::as_str));
    }

    /// Lets this call neither wait for another's load nor be waited for.
    pub fn go_alone(&mut self) {
        self.0.is_solo = true;
    }
}

/// The call of a function that returns `R` under the terms `T`.
pub(crate) type CallOf<R, K, T> =
    Call<R, K, <T as Adapter<R>>::Value, <T as Adapter<R>>::Failure, T>;

/// Answers a call from memory, or prepares a load.
///
/// A key that is `None` names nothing: the call bypasses the cache.
#[inline]
pub fn begin<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
) -> ControlFlow<R, CallOf<R, Q::Owned, T>> {
    begin_with(site, instance, mode, key, terms, |_, _| None)
}

/// The same for a shared function: what memory does not answer, the store may.
#[cfg(feature = "json")]
#[inline]
pub fn begin_shared<R, Q, T>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
) -> ControlFlow<R, CallOf<R, Q::Owned, T>>
where
    Q: Key<Owned = Box<str>>,
    T: Terms<R, Value: crate::shared::Sharable>,
{
    begin_with(site, instance, mode, key, terms, crate::shared::remote)
}

#[inline]
fn begin_with<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
    remote: impl FnOnce(
        &Arc<Tier<Q::Owned, T::Value, T::Failure>>,
        &Arc<Hashed<Q::Owned>>,
    ) -> RemoteOf<T::Value>,
) -> ControlFlow<R, CallOf<R, Q::Owned, T>> {
    let here = site.here();
    let state = here.state();
    let slot = state.slot::<Q::Owned, T::Value, T::Failure>(site, instance, here.clock());
    let tier = slot.tier::<Q::Owned, T::Value, T::Failure>();
    let miss = match key {
        Some(key) if !mode.is_uncached() && !state.is_disabled() => {
            let key = tier.seed.lookup(&key);
            let answer =
                if mode == Mode::Fresh { Err(MissReason::Forced) } else { tier.read(&key) };
            match answer {
                Ok((value, stored)) => {
                    return ControlFlow::Break(hit(tier, &terms, value, stored));
                }
                Err(reason) => Some((key.own(), reason)),
            }
        }
        _ => None,
    };
    ControlFlow::Continue(prepare(site, slot, terms, miss, remote))
}

/// Prepares a load without a look at the cache, whose key need not be made.
pub fn bypass<R, K, T>(
    site: &'static Site,
    instance: Instance,
    terms: T,
) -> ControlFlow<R, CallOf<R, K, T>>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    site.state(|state, clock| {
        let slot = state.slot::<K, T::Value, T::Failure>(site, instance, clock);
        ControlFlow::Continue(prepare(site, slot, terms, None, |_, _| None))
    })
}

#[cold]
fn prepare<R, K, T>(
    site: &'static Site,
    slot: &Slot,
    terms: T,
    miss: Option<(Hashed<K>, MissReason)>,
    remote: impl FnOnce(&Arc<Tier<K, T::Value, T::Failure>>, &Arc<Hashed<K>>) -> RemoteOf<T::Value>,
) -> CallOf<R, K, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    let tier: Arc<Tier<K, T::Value, T::Failure>> = slot.tier_arc();
    let miss = miss.map(|(key, reason)| (Arc::new(key), reason));
    let remote = miss.as_ref().and_then(|(key, _)| remote(&tier, key));
    let origin = Origin { site, instance: slot.id() };
    let permit = if miss.is_none() { given_up::<K, T::Value, T::Failure>(origin) } else { None };
    let mut call = pending(Some(origin), tier, terms, miss, remote);
    call.permit = permit;
    Call(Box::new(call))
}

/// A key, and the store that may have its entry.
#[cfg(feature = "json")]
pub(crate) type Reachable<K, V> = (Arc<Hashed<K>>, Box<dyn Remote<V>>);

/// Prepares a load that belongs to no function. Its terms say how long a value is fresh.
///
/// A key that is `None` names nothing: the call bypasses the cache.
#[cfg(feature = "json")]
pub(crate) fn prepare_alone<R, K, T>(
    tier: Arc<Tier<K, T::Value, T::Failure>>,
    terms: T,
    key: Option<Reachable<K, T::Value>>,
) -> CallOf<R, K, T>
where
    K: Eq + Clone,
    T: Terms<R>,
{
    let (miss, remote) = match key {
        Some((key, remote)) => (Some((key, MissReason::Absent)), Some(remote)),
        None => (None, None),
    };
    Call(Box::new(pending(None, tier, terms, miss, remote)))
}
