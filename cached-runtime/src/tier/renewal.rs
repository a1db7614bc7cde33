//! Entries around the end of their freshness: what they may still answer, and who renews them.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Shared, Tier};
use crate::clock::Stamp;
use crate::flight::{Lead, Tower as _};
use crate::key::{Hashed, Key, Lookup};
use crate::life::{Life, Use};
use crate::memory::Entry;
use crate::outcome::MissReason;
use crate::pace::Permit;
use crate::policy::Timeout;
use crate::random;
use crate::tag::TagSet;

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

    /// What the entry of a key is good for.
    pub(crate) fn usable(&self, key: &Hashed<K>) -> Option<Usable<V>> {
        self.memory.peek(key, |entry| self.usable_of(entry)).flatten()
    }

    /// The same by a borrowed key, as a use of the entry; and why it does not answer where it does
    /// not.
    pub(crate) fn use_of<Q: Key<Owned = K>>(
        &self,
        key: &Lookup<'_, Q>,
    ) -> (Option<Usable<V>>, MissReason) {
        let look = |entry: &Entry<V>| (self.usable_of(entry), self.consider(entry).1);
        self.memory.read(key, look).unwrap_or((None, MissReason::Absent))
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

    /// Whether entries go beyond this process, to where they may be known better.
    #[cfg_attr(
        not(feature = "json"),
        allow(clippy::unused_self, reason = "without a codec no entry does")
    )]
    pub(crate) fn has_store(&self) -> bool {
        #[cfg(feature = "json")]
        return self.link.as_ref().is_some_and(|link| link.backend().is_some());
        #[cfg(not(feature = "json"))]
        return false;
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
}
