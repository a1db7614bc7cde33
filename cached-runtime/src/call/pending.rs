//! A call that no entry answered: what it is about, and what it is counted as.

use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::{Call, CallOf};
use crate::clock::Stamp;
use crate::key::Hashed;
use crate::outcome::{HitTier, MissReason, Outcome, report};
use crate::remote::Remote;
use crate::rules::Terms;
use crate::site::Site;
use crate::stats::{Count, Counters};
use crate::tag::Labels;
use crate::tier::Tier;

/// What a call that has to load knows.
pub(super) struct Pending<R, K, V, F, T> {
    /// The function, whose timeout may be set at run time. None where the terms know the timeout.
    pub(super) site: Option<&'static Site>,
    pub(super) tier: Arc<Tier<K, V, F>>,
    pub(super) terms: T,
    /// The key and why nothing answered; none for a bypass.
    pub(super) miss: Option<(Arc<Hashed<K>>, MissReason)>,
    /// What an entry of this call carries, whatever its value.
    pub(super) tags: Labels,
    /// The store that entries are shared through, if there is one.
    pub(super) remote: RemoteOf<V>,
    /// What a call that may ask the store was counted as: a miss for a reason, or a hit.
    pub(super) settled: OnceLock<Option<MissReason>>,
    pub(super) returned: PhantomData<fn() -> R>,
}

/// What a key's shared store is, for the call of a shared function.
pub(super) type RemoteOf<V> = Option<Box<dyn Remote<V>>>;

pub(super) fn pending<R, K, T: Terms<R>>(
    site: Option<&'static Site>,
    tier: Arc<Tier<K, T::Value, T::Failure>>,
    terms: T,
    miss: Option<(Arc<Hashed<K>>, MissReason)>,
    remote: RemoteOf<T::Value>,
) -> CallOf<R, K, T> {
    let (settled, returned) = (OnceLock::new(), PhantomData);
    let tags = Labels::new(terms.has_labels());
    Call(Box::new(Pending { site, tier, terms, miss, tags, remote, settled, returned }))
}

impl<R, K, V, F, T> Pending<R, K, V, F, T> {
    /// Marks the body as running on this thread.
    pub(super) fn load(&self) -> Load<'_> {
        Load { counters: &self.tier.counters, was_panicking: thread::panicking() }
    }

    /// Why nothing answered, as far as is known.
    pub(super) fn reason(&self) -> MissReason {
        let of_memory = || self.miss.as_ref().map_or(MissReason::Absent, |(_, reason)| *reason);
        self.settled.get().copied().flatten().unwrap_or_else(of_memory)
    }

    /// Counts a miss of memory, unless the store has yet to say whether it is one.
    pub(super) fn count_miss(&self) {
        if self.remote.is_none() {
            self.tier.counters.count(Count::Miss);
        }
    }

    /// Counts a miss of the store.
    pub(super) fn missed(&self, reason: MissReason) {
        if self.remote.is_some() && self.settled.set(Some(reason)).is_ok() {
            self.tier.counters.count(Count::Miss);
        }
    }

    /// Counts a hit of the store.
    pub(super) fn found(&self, age: Duration) {
        if self.settled.set(None).is_ok() {
            self.tier.counters.count(Count::Hit);
            report(|| Outcome::Hit { age, tier: HitTier::Shared });
        }
    }

    /// A bypass is reported when it starts.
    pub(super) fn report_miss(&self, followed: bool, stored: bool) {
        if self.miss.is_some() {
            report(|| Outcome::Miss { reason: self.reason(), followed, stored });
        }
    }
}

/// Counts a hit of memory.
#[inline]
pub(super) fn hit<K, V, F>(tier: &Tier<K, V, F>, stored: Stamp) {
    tier.counters.count(Count::Hit);
    report(|| Outcome::Hit { age: tier.clock.now().since(stored), tier: HitTier::Memory });
}

impl<R, K, V, F, T> Drop for Pending<R, K, V, F, T> {
    fn drop(&mut self) {
        // A call that was cancelled before it was counted, since the store had yet to answer.
        if self.remote.is_some() && self.settled.get().is_none() {
            self.tier.counters.count(Count::Miss);
        }
    }
}

/// A body that is running; counts its panic.
pub(super) struct Load<'c> {
    counters: &'c Counters,
    /// It runs in a `Drop` while its thread unwinds.
    was_panicking: bool,
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        if thread::panicking() && !self.was_panicking {
            self.counters.count(Count::LoadError);
        }
    }
}
