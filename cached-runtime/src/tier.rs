//! The entries and flights of one instantiation of one function, and the order between commits
//! and invalidations.
//!
//! The guarantee: a call that begins after an invalidation returned never sees a value whose body
//! began before it. It rests on one counter for the whole process, raised whenever a load begins
//! and whenever something is invalidated, and on two rules. For one key, an invalidation dooms
//! the flight under the lock that its commit takes. For a whole cache, `clear` records the
//! counter, and an entry whose load began earlier counts for nothing, however late it is stored. A
//! tag records it in the same way, for the entries that carry it (`tag.rs`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64 as Sequence, Ordering};
use std::time::Duration;

use crate::bindings;
use crate::clock::{Clock, Stamp};
use crate::flight::{Flights, Landed, Lead, Tower, Wanted};
#[cfg(feature = "json")]
use crate::key::text::Text;
use crate::key::{Hashed, Key, Lookup, Seed};
use crate::life::{Glance, Life, Use};
use crate::memory::{Displaced, Entry, Memory};
use crate::outcome::MissReason;
use crate::pace::{Pace, Permit};
use crate::policy::{Ahead, Policy, Timeout};
use crate::random;
use crate::rules::Keep;
#[cfg(feature = "json")]
use crate::shared::{Link, Told};
use crate::stats::{Count, Counters, Stats};
use crate::sync::AtomicU64;
use crate::tag::{Labels, TagSet};
use crate::throttle::Throttles;

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

/// An entry, and what it is good for.
pub(crate) struct Usable<V> {
    pub(crate) answer: Answer<V>,
    pub(crate) good_for: Use,
    /// It is fresh, and to be renewed.
    pub(crate) is_due: bool,
    pub(crate) as_of: u64,
    /// How long it is still fresh.
    pub(crate) remaining: Timeout,
}

/// The right to renew an entry in the background.
pub(crate) struct Renewal<K: Eq + Clone, V, F> {
    pub(crate) lead: Lead<K, Shared<V, F>>,
    pub(crate) permit: Permit,
    /// How long the entry is still fresh.
    pub(crate) remaining: Timeout,
}

/// The lead of a flight of this tier.
type LeadOf<K, V, F> = Lead<K, Shared<V, F>>;

/// Why an entry is not renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Somebody does, or has just failed to, or something newer is there.
    Unwanted,
    /// Too many loads run in the background.
    Busy,
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

impl<K: Eq + Clone, V, F> Tier<K, V, F> {
    /// Whether a load of a key has failed too lately to try again.
    pub(crate) fn is_throttled(&self, key: &Hashed<K>) -> bool {
        self.throttles.holds(key, self.clock.now())
    }

    /// A load of a key has failed while there was something to fall back on.
    pub(crate) fn throttle(&self, key: &Hashed<K>) {
        self.throttles.arm(key, self.clock.now(), self.policy.throttle);
    }

    /// A load of a key has succeeded.
    pub(crate) fn unthrottle(&self, key: &Hashed<K>) {
        self.throttles.reset(key);
    }
}

impl<K: Eq + Clone, V: Clone, F> Tier<K, V, F> {
    pub(crate) fn new(
        policy: Policy,
        clock: Clock,
        #[cfg(feature = "json")] link: Option<Arc<Link>>,
    ) -> Self {
        let configured = bindings::current().and_then(|settings| settings.threshold);
        Self {
            seed: Seed::shared().clone(),
            memory: Memory::new(policy.capacity_or(configured)),
            flights: Arc::new(Flights::new()),
            throttles: Throttles::new(),
            pace: Pace::new(),
            background: Arc::new(AtomicU64::new(0)),
            cleared: AtomicU64::new(0),
            counters: Counters::new(),
            clock,
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

    /// What a call would be answered with at once, as no use of the entry.
    pub(crate) fn peek(&self, key: &Hashed<K>) -> Option<Answer<V>> {
        let usable = self.usable(key)?;
        matches!(usable.good_for, Use::Fresh | Use::Stale).then_some(usable.answer)
    }

    /// The tags of an entry.
    pub(crate) fn tags_of(&self, key: &Hashed<K>) -> Option<Vec<String>> {
        let names = |entry: &Entry<V>| {
            entry.tags.iter().flatten().map(|tag| tag.name().to_owned()).collect()
        };
        self.memory.peek(key, names)
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
        (good_for != Use::Fresh || self.policy.ahead != Ahead::Never).then_some(reason)
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

    /// What the entry of a key is good for.
    pub(crate) fn usable(&self, key: &Hashed<K>) -> Option<Usable<V>> {
        self.memory.peek(key, |entry| self.usable_of(entry)).flatten()
    }

    /// The same by a borrowed key, as a use of the entry.
    pub(crate) fn use_of<Q: Key<Owned = K>>(&self, key: &Lookup<'_, Q>) -> Option<Usable<V>> {
        self.memory.read(key, |entry| self.usable_of(entry)).flatten()
    }

    fn usable_of(&self, entry: &Entry<V>) -> Option<Usable<V>> {
        let (good_for, _) = self.consider(entry);
        if good_for == Use::Nothing {
            return None;
        }
        let (life, now) = (&entry.life, self.clock.now());
        let is_due = good_for == Use::Fresh
            // A draw of zero would be beyond every bound.
            && life.is_due(now, self.policy.ahead, self.pace.get(), 1.0 - random::draw());
        let age = now.since(life.stored);
        let answer = Answer { value: entry.value.clone(), age, is_stale: good_for != Use::Fresh };
        let remaining = match life.ends {
            Stamp::NEVER => Timeout::NEVER,
            ends => Timeout::after(ends.since(now)),
        };
        Some(Usable { answer, good_for, is_due, as_of: life.as_of, remaining })
    }

    /// Whether a key has a value that is of some use, not an `Err` or a `None`.
    pub(crate) fn has_value(&self, key: &Hashed<K>) -> bool {
        let is_value = |entry: &Entry<V>| !entry.life.is_negative() && self.is_of_use(entry);
        self.memory.peek(key, is_value).unwrap_or(false)
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

    /// Whether entries go beyond this process, to where they may be known better.
    #[cfg(feature = "json")]
    pub(crate) fn has_store(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.backend().is_some())
    }

    /// The same where there is no store at all.
    #[cfg(not(feature = "json"))]
    #[expect(clippy::unused_self, reason = "as where there may be one")]
    pub(crate) fn has_store(&self) -> bool {
        false
    }

    /// Begins to renew an entry in the background; not where somebody does already, where an attempt
    /// has failed too lately, or where too many loads run.
    ///
    /// `as_of` is that of the entry, or of the look at the store that has it. It is fresh for
    /// `remaining`.
    pub(crate) fn renew(
        &self,
        key: &Arc<Hashed<K>>,
        as_of: u64,
        remaining: Timeout,
    ) -> Result<Renewal<K, V, F>, Refused> {
        if self.is_throttled(key) {
            return Err(Refused::Unwanted);
        }
        let permit = Permit::take(&self.background, self.policy.max_background);
        let permit = permit.ok_or(Refused::Busy)?;
        let is_same = |entry: &Entry<V>| entry.life.as_of <= as_of;
        let is_wanted = || self.memory.peek(key, is_same).unwrap_or(true);
        let lead = self.flights.renew(key, self, is_wanted).ok_or(Refused::Unwanted)?;
        Ok(Renewal { lead, permit, remaining })
    }

    /// Makes a load that has begun one in the background, unless too many run there.
    pub(crate) fn adopt(&self, lead: LeadOf<K, V, F>) -> Result<Renewal<K, V, F>, LeadOf<K, V, F>> {
        let Some(permit) = Permit::take(&self.background, self.policy.max_background) else {
            return Err(lead);
        };
        lead.renews();
        Ok(Renewal { lead, permit, remaining: Timeout::after(Duration::ZERO) })
    }

    /// Whether an entry of a store that is fresh is to be renewed.
    pub(crate) fn is_due(&self, age: Duration, remaining: Timeout) -> bool {
        let now = self.clock.now();
        let (stored, end) = (now.before(age), remaining.end(now));
        let life = Life::new(stored, end, end, 0);
        life.is_due(now, self.policy.ahead, self.pace.get(), 1.0 - random::draw())
    }

    /// Whether an entry that was read at `as_of` may have been invalidated since.
    pub(crate) fn was_invalidated(&self, key: &Hashed<K>, tags: &TagSet, as_of: u64) -> bool {
        self.is_overtaken(as_of)
            || tags.iter().flatten().any(|tag| tag.is_overtaken(as_of))
            || self.flights.commit_alone(key, as_of, || ()).is_none()
    }

    /// Joins the key's flight, or starts one. A forced load takes no entry that has come meanwhile.
    pub(crate) fn join(
        &self,
        key: &Arc<Hashed<K>>,
        labels: &Labels,
        reason: MissReason,
    ) -> Joined<K, V, F> {
        let has_arrived = || reason != MissReason::Forced && self.is_fresh(key);
        let joined = self.flights.join(key, self, labels, has_arrived);
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
        let entry = Entry { value, life, weight: keep.weight, tags };
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
        let owned = key.clone();
        let store = |as_of| self.store(owned, stored, as_of);
        drop(self.flights.invalidate(key, self, store));
    }
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

/// What can be done to a tier by a key, without knowing its values.
pub(crate) trait KeyedTier<K>: Send + Sync {
    /// Drops an entry and dooms the load that is under way. Says whether an entry counted.
    fn invalidate(&self, key: &Hashed<K>) -> bool;
    /// Ends the freshness of an entry, and dooms the load that is under way. Says whether an entry
    /// was fresh.
    fn expire(&self, key: &Hashed<K>) -> bool;
    /// Time since a fresh entry was stored.
    fn age(&self, key: &Hashed<K>) -> Option<Duration>;
}

impl<K, V, F> KeyedTier<K> for Tier<K, V, F>
where
    K: Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
    F: Send + Sync,
{
    fn invalidate(&self, key: &Hashed<K>) -> bool {
        let removed = self.forget_entry(key);
        let counted = removed.is_some_and(|(_, entry)| self.is_of_use(&entry));
        self.counters.count(Count::Invalidation);
        counted
    }

    fn expire(&self, key: &Hashed<K>) -> bool {
        self.counters.count(Count::Invalidation);
        self.expire_uncounted(key)
    }

    fn age(&self, key: &Hashed<K>) -> Option<Duration> {
        let stored = |entry: &Entry<V>| self.counts(entry).then_some(entry.life.stored);
        let stored = self.memory.peek(key, stored)??;
        Some(self.clock.now().since(stored))
    }
}

/// The memory in front of a shared store, whose keys are text.
#[cfg(feature = "json")]
impl<V, F> Told for Tier<Box<str>, V, F>
where
    V: Clone + Send + Sync,
    F: Send + Sync,
{
    fn drop_entry(&self, key: &str) {
        if let Some(key) = Text::new(key) {
            self.forget_entry(&self.seed.lookup(&key).own());
        }
    }

    fn drop_all(&self) {
        AnyTier::forget(self);
    }
}

/// What can be done to a tier without knowing its types.
pub(crate) trait AnyTier: Send + Sync {
    /// Where entries go beyond this process.
    #[cfg(feature = "json")]
    fn link(&self) -> Option<&Arc<Link>>;
    fn stats(&self) -> Stats;
    fn len(&self) -> usize;
    /// Makes every entry, and every load that has begun, count for nothing; then drops them.
    fn forget(&self);
    /// The same, as an invalidation that is counted.
    fn clear(&self) {
        self.count_invalidation();
        self.forget();
    }
    fn count_invalidation(&self);
    /// Drops the entries that are good for nothing. Takes a pass over all entries.
    fn purge(&self) -> usize;
}

impl<K, V, F> AnyTier for Tier<K, V, F>
where
    K: Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
    F: Send + Sync,
{
    #[cfg(feature = "json")]
    fn link(&self) -> Option<&Arc<Link>> {
        self.link.as_ref()
    }

    fn stats(&self) -> Stats {
        let stats = self.counters.stats(self.len() as u64);
        #[cfg(feature = "json")]
        if let Some(link) = &self.link {
            return Stats { store_errors: link.errors(), ..stats };
        }
        stats
    }

    fn len(&self) -> usize {
        self.memory.len()
    }

    fn forget(&self) {
        self.cleared.fetch_max(next_seq(), Ordering::AcqRel);
        self.memory.clear();
    }

    fn count_invalidation(&self) {
        self.counters.count(Count::Invalidation);
    }

    fn purge(&self) -> usize {
        self.memory.retain(|entry| self.is_of_use(entry))
    }
}
