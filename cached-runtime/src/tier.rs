//! The entries and flights of one instantiation of one function, and the order between commits
//! and invalidations.
//!
//! The guarantee: a call that begins after an invalidation returned never sees a value whose body
//! began before it. It rests on one counter for the whole process, raised whenever a load begins
//! and whenever something is invalidated, and on two rules. For one key, an invalidation dooms
//! the flight under the lock that its commit takes. For a whole cache, `clear` records the
//! counter, and an entry whose load began earlier counts for nothing, however late it is stored. A
//! tag records it in the same way, for the entries that carry it (`tag.rs`).

mod ops;
mod renewal;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64 as Sequence, Ordering};
use std::time::Duration;

use crate::bindings;
use crate::clock::{Clock, Stamp};
use crate::flight::{Flights, Landed, Lead, Renewals, Tower, Wanted};
use crate::key::{Hashed, Key, Lookup, Seed};
use crate::life::{Glance, Life, Use};
use crate::memory::{Displaced, Entry, Memory};
use crate::outcome::MissReason;
use crate::pace::Pace;
use crate::policy::{Ahead, Policy, Timeout};
use crate::rules::Keep;
#[cfg(feature = "json")]
use crate::shared::Link;
use crate::stats::{Count, Counters};
use crate::sync::AtomicU64;
use crate::tag::{Labels, TagSet};
use crate::throttle::Throttles;

pub(crate) use ops::{AnyTier, KeyedTier};
pub(crate) use renewal::{Refused, Renewal, Usable};

/// The invalidation counter: has no clock and no ties.
static SEQ: Sequence = Sequence::new(0);

/// The next number: of a load that begins now, or of an invalidation that happens now.
pub(crate) fn next_seq() -> u64 {
    SEQ.fetch_add(1, Ordering::SeqCst) + 1
}

/// What a load hands to those who waited for it.
pub(crate) enum Shared<V, F> {
    Value(V),
    Failure(F),
    /// The load took too long.
    TimedOut,
    /// No load: the shared store had an entry.
    Found(Answer<V>),
    /// The load has failed, and an entry was left to fall back on.
    Stale(Answer<V>),
}

/// A value that answers calls, and what is told of it.
#[derive(Clone)]
pub(crate) struct Answer<V> {
    pub(crate) value: V,
    pub(crate) age: Duration,
    pub(crate) is_stale: bool,
}

pub(crate) struct Tier<K, V, F> {
    pub(crate) seed: Seed,
    memory: Memory<K, V>,
    flights: Arc<Flights<K, Shared<V, F>>>,
    throttles: Throttles<K>,
    /// How long a load takes.
    pub(crate) pace: Pace,
    /// Loads that run in the background.
    background: Arc<AtomicU64>,
    /// Entries whose load began before this do not count.
    cleared: AtomicU64,
    pub(crate) counters: Counters,
    pub(crate) clock: Clock,
    pub(crate) policy: Policy,
    /// What keys add to the weight of entries, where whoever sends requests makes them long.
    weigh_key: Option<fn(&K) -> u64>,
    /// Where entries go beyond this process.
    #[cfg(feature = "json")]
    pub(crate) link: Option<Arc<Link>>,
}

/// A value that is to be stored, and how.
pub(crate) struct Stored<V> {
    pub(crate) value: V,
    pub(crate) keep: Keep,
    pub(crate) tags: TagSet,
}

impl<V> Stored<V> {
    /// The same, where memory may answer for it for no longer than `local`.
    pub(crate) fn kept_for(mut self, local: Timeout) -> Self {
        self.keep.local = local;
        self
    }

    /// Whether memory may answer for it at all.
    pub(crate) fn is_kept(&self) -> bool {
        !self.keep.timeout.at_most(self.keep.local).is_zero()
    }
}

/// What a caller of [`Tier::join`] becomes.
pub(crate) type Joined<K, V, F> = crate::flight::Joined<K, Shared<V, F>>;

impl<K: Eq + Clone, V: Clone, F> Tier<K, V, F> {
    pub(crate) fn new(
        policy: Policy,
        clock: Clock,
        #[cfg(feature = "json")] link: Option<Arc<Link>>,
    ) -> Self
    where
        K: 'static,
    {
        let configured = bindings::current().and_then(|settings| settings.threshold);
        Self {
            seed: policy.seed().clone(),
            memory: Memory::new(policy.capacity_or(configured)),
            flights: Arc::new(Flights::new()),
            throttles: Throttles::new(),
            pace: Pace::new(),
            background: Arc::new(AtomicU64::new(0)),
            cleared: AtomicU64::new(0),
            counters: Counters::new(),
            clock,
            weigh_key: policy.has_keys_of_requests().then_some(bytes_of::<K>),
            policy,
            #[cfg(feature = "json")]
            link,
        }
    }

    /// The fresh value of a key, and when it was stored.
    #[inline]
    pub(crate) fn read<Q: Key<Owned = K>>(
        &self,
        key: &Lookup<'_, Q>,
    ) -> Result<(V, Stamp), MissReason> {
        self.memory.read(key, |entry| self.answer(entry)).unwrap_or(Err(MissReason::Absent))
    }

    #[inline]
    fn answer(&self, entry: &Entry<V>) -> Result<(V, Stamp), MissReason> {
        match self.glance(&entry.life) {
            Glance::Fresh => Ok((entry.value.clone(), entry.life.stored)),
            Glance::Unclear => match self.look(entry) {
                None => Ok((entry.value.clone(), entry.life.stored)),
                Some(reason) => Err(reason),
            },
            Glance::Cleared => Err(MissReason::Invalidated),
        }
    }

    #[inline]
    fn glance(&self, life: &Life) -> Glance {
        life.glance(self.cleared.load(Ordering::Acquire), || self.clock.now())
    }

    /// Why an entry does not answer of which a glance did not tell.
    #[cold]
    fn look(&self, entry: &Entry<V>) -> Option<MissReason> {
        let (good_for, reason) = self.consider(entry);
        // One that may have to be renewed is looked at once more, by who can do that.
        let may_be_due = || {
            let (now, ahead, pace) = (self.clock.now(), self.policy.ahead, self.pace.get());
            ahead != Ahead::Never && entry.life.may_be_due(now, ahead, pace)
        };
        (good_for != Use::Fresh || may_be_due()).then_some(reason)
    }

    /// What an entry is good for, and why it does not answer where it is not fresh.
    fn consider(&self, entry: &Entry<V>) -> (Use, MissReason) {
        let Entry { life, tags, .. } = entry;
        if life.as_of < self.cleared.load(Ordering::Acquire) {
            return (Use::Nothing, MissReason::Invalidated);
        }
        let tags = || tags.iter().flatten();
        if tags().any(|tag| tag.is_overtaken(life.as_of)) {
            return (Use::Nothing, MissReason::Tag);
        }
        let softened = tags().map(|tag| tag.softened(life.as_of)).min().unwrap_or(Stamp::NEVER);
        let good_for = life.judge(self.clock.now(), softened, self.policy.windows);
        let was_softened = softened < life.fresh_until;
        (good_for, if was_softened { MissReason::Tag } else { MissReason::Expired })
    }

    /// Whether an entry is fresh.
    fn counts(&self, entry: &Entry<V>) -> bool {
        match self.glance(&entry.life) {
            Glance::Fresh => true,
            Glance::Unclear => self.consider(entry).0 == Use::Fresh,
            Glance::Cleared => false,
        }
    }

    /// Whether an entry is there for some use.
    fn is_of_use(&self, entry: &Entry<V>) -> bool {
        self.consider(entry).0 != Use::Nothing
    }

    fn is_fresh(&self, key: &Hashed<K>) -> bool {
        self.memory.peek(key, |entry| self.counts(entry)).unwrap_or(false)
    }

    /// Joins the key's flight, or starts one. A forced load takes no entry that has come meanwhile.
    pub(crate) fn join(
        &self,
        key: &Arc<Hashed<K>>,
        labels: &Labels,
        reason: MissReason,
        renewals: Renewals,
    ) -> Joined<K, V, F> {
        let has_arrived = || reason != MissReason::Forced && self.is_fresh(key);
        let joined = self.flights.join(key, self, labels, renewals, has_arrived);
        if let (Joined::Lead(lead), MissReason::Forced) = (&joined, reason) {
            // Others may find an entry in the store that is as good as before.
            lead.renews();
        }
        joined
    }

    /// Lands a flight: stores the value unless it is doomed, and wakes the followers.
    ///
    /// Says whether the value was stored; nothing happens where followers want what was not given.
    pub(crate) fn land(
        &self,
        lead: Lead<K, Shared<V, F>>,
        landed: Option<Landed<Shared<V, F>>>,
        store: &mut Option<(Hashed<K>, Stored<V>)>,
    ) -> Result<bool, Wanted<K, Shared<V, F>>> {
        let displaced = lead.land(self, landed, |as_of| {
            store.take().map(|(key, stored)| self.store(key, stored, as_of))
        })?;
        Ok(displaced.is_some_and(|displaced| !displaced.is_refused))
    }

    /// Stores what was loaded outside any flight, unless something newer is known of its key.
    pub(crate) fn commit_alone(&self, key: &Hashed<K>, stored: Stored<V>, as_of: u64) -> bool {
        let owned = key.clone();
        let store = || self.store(owned, stored, as_of);
        let displaced = self.flights.commit_alone(key, as_of, store);
        displaced.is_some_and(|displaced| !displaced.is_refused)
    }

    /// Stores a value; to be called under the lock that invalidations of its key take. What comes
    /// back is dropped after that, the value itself included where something newer is known.
    fn store(&self, key: Hashed<K>, stored: Stored<V>, as_of: u64) -> Displaced<K, V> {
        let Stored { value, keep, tags } = stored;
        let life = self.life(keep, as_of);
        let is_tagged_anew = tags.iter().flatten().any(|tag| tag.is_overtaken(as_of));
        let life = if tags.is_some() { life.looked_at() } else { life };
        let weight = keep.weight.saturating_add(self.weigh_key.map_or(0, |weigh| weigh(&key.key)));
        let entry = Entry { value, life, weight, tags };
        let is_newer = |known: &Entry<V>| known.life.as_of > as_of;
        if is_tagged_anew
            || self.is_overtaken(as_of)
            || self.memory.peek(&key, is_newer).unwrap_or(false)
        {
            return Displaced::refusing(key, entry);
        }
        let (displaced, evicted) = self.memory.insert(key, entry);
        if evicted > 0 {
            self.counters.add(Count::Eviction, evicted);
        }
        displaced
    }

    fn life(&self, keep: Keep, as_of: u64) -> Life {
        let now = self.clock.now();
        let (stored, end, local) =
            (now.before(keep.age), keep.timeout.end(now), keep.local.end(now));
        let ends = if keep.is_negative { Stamp::FIRST } else { end };
        let life = Life::new(stored, end.min(local), ends, as_of).known_until(local);
        if keep.is_negative { life } else { life.renewed(self.policy.ahead, self.pace.get()) }
    }

    /// Drops an entry and dooms the load that is under way.
    pub(crate) fn forget_entry(&self, key: &Hashed<K>) -> Option<(Hashed<K>, Entry<V>)> {
        self.flights.invalidate(key, self, |_| self.memory.remove(key))
    }

    /// Ends the freshness of an entry, and dooms the load that is under way. Says whether it was
    /// fresh.
    pub(crate) fn expire_uncounted(&self, key: &Hashed<K>) -> bool {
        let now = self.clock.now();
        let mut was_fresh = false;
        self.flights.invalidate(key, self, |_| {
            self.memory.restamp(key, |entry| {
                was_fresh = self.counts(entry);
                entry.life.expire(now);
            })
        });
        was_fresh
    }

    /// Stores a value that did not come from a load. It beats every load that has begun.
    pub(crate) fn put(&self, key: &Hashed<K>, stored: Stored<V>) {
        self.throttles.reset(key);
        let owned = key.clone();
        let store = |as_of| self.store(owned, stored, as_of);
        drop(self.flights.invalidate(key, self, store));
    }
}

/// The length of a key that is text.
fn bytes_of<K: 'static>(key: &K) -> u64 {
    (key as &dyn Any).downcast_ref::<Box<str>>().map_or(0, |text| text.len() as u64)
}

impl<K, V, F> Tower for Tier<K, V, F> {
    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn lead_timeout(&self) -> Duration {
        self.policy.lead_timeout
    }

    fn next_seq(&self) -> u64 {
        next_seq()
    }

    fn is_overtaken(&self, as_of: u64) -> bool {
        self.cleared.load(Ordering::Acquire) > as_of
    }
}
