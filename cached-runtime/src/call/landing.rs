//! What a load comes to: what is stored of it, and what those get who waited.

use std::sync::Arc;

use super::pending::Pending;
use super::refresh::Origin;
use super::turn::{Alone, Kept, Role};
use crate::adapter::{Loaded, Storable};
use crate::background;
use crate::context::Wishes;
use crate::flight::{Landed, Lead, Wanted};
use crate::key::Hashed;
use crate::life::Use;
use crate::outcome::{HitTier, MissReason, Outcome};
use crate::policy::Timeout;
use crate::remote::Found;
use crate::rules::{Keep, Terms};
use crate::stats::Count;
use crate::tag::Labels;
use crate::tier::{Answer, Shared, Stored, next_seq};

impl<R, K, V, F, T> Pending<R, K, V, F, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    /// Commits a result to memory, and hands it to the followers.
    pub(super) fn land(&self, role: Role<K, V, F>, kept: Kept<R, V>, was_published: bool) -> R {
        let Kept { result, store } = kept;
        let store = store.filter(Stored::is_kept).filter(|_| !self.is_given_up());
        let is_overtaken = self.is_overtaken_late(&role);
        let stored = self.commit(role, store, || {
            if is_overtaken { Landed::Unshared } else { self.share(&result) }
        });
        self.missed(self.reason());
        self.report_miss(false, stored || was_published);
        result
    }

    /// The answer that the store had, which memory and the followers get as well.
    pub(super) fn promote(&self, role: Role<K, V, F>, found: Found<V>, local: Timeout) -> R {
        let Found { value, age, remaining, good_for, tags } = found;
        let is_stale = good_for != Use::Fresh;
        // Asked for only where it may be renewed from here.
        let as_of = self.can_start.get().then(|| match &role {
            Role::Lead(lead) => lead.as_of(),
            Role::Alone(_) => next_seq(),
        });
        let inside = role.enter();
        let outcome =
            || Outcome::Hit { age, tier: HitTier::Shared, stale: is_stale, refreshing: false };
        let result = self.terms.restore_as(value, outcome);
        let is_kept = !is_stale && !local.is_zero();
        let is_negative = !matches!(self.terms.look(&result), Loaded::Value(_));
        let value = is_kept.then(|| self.terms.value(&result)).flatten();
        let store = value.map(|value| {
            let keep = Keep::new(remaining, self.terms.weight(&result));
            let keep = Keep { age, is_negative, ..keep };
            Stored { value, keep, tags }.kept_for(local)
        });
        drop(inside);
        self.commit(role, store, || {
            let value = self.terms.value(&result);
            let answer = value.map(|value| Answer { value, age, is_stale });
            answer
                .map_or(Landed::Unshared, |answer| Landed::Shared(Arc::new(Shared::Found(answer))))
        });
        if let (Use::Fresh, Some(key)) = (good_for, self.key()) {
            self.tier.unthrottle(key);
        }
        if let Some(as_of) = as_of {
            let is_due = || !is_negative && self.tier.is_due(age, remaining);
            if good_for == Use::Stale || good_for == Use::Fresh && is_due() {
                self.renew(as_of, remaining);
            }
        }
        self.found(age, is_stale, HitTier::Shared);
        result
    }

    /// Whether what an entry holds is an `Err` or a `None`. Runs the user's `Clone`, under no lock.
    pub(super) fn is_negative(&self, value: &V) -> bool {
        !matches!(self.terms.look(&self.terms.restore(value.clone())), Loaded::Value(_))
    }

    /// Begins to renew an entry that the store has.
    fn renew(&self, as_of: u64, remaining: Timeout) {
        let (Some(key), Some(origin)) = (self.key(), self.origin) else { return };
        let renewal = self.tier.renew(key, as_of, remaining).ok();
        self.refresh.set(renewal.and_then(|renewal| origin.refresh(renewal)));
    }

    /// Stores a value in memory, unless it was overtaken, and ends the flight.
    pub(super) fn commit(
        &self,
        role: Role<K, V, F>,
        store: Option<Stored<V>>,
        share: impl Fn() -> Landed<Shared<V, F>>,
    ) -> bool {
        let mut lead = match role {
            Role::Lead(lead) => lead,
            Role::Alone(Alone::Stored { as_of }) => {
                let Some(((key, _), stored)) = self.miss.as_ref().zip(store) else {
                    return false;
                };
                return self.tier.commit_alone(key, stored, as_of);
            }
            Role::Alone(Alone::Look | Alone::Inside | Alone::Bypass) => return false,
        };
        let mut store = store.map(|stored| (Hashed::clone(lead.key()), stored));
        let share = |lead: &Lead<K, Shared<V, F>>| {
            let _inside = lead.enter();
            share()
        };
        let mut landed = lead.has_followers().then(|| share(&lead));
        loop {
            match self.tier.land(lead, landed, &mut store) {
                Ok(stored) => return stored,
                // Somebody joined since.
                Err(Wanted(again)) => {
                    landed = Some(share(&again));
                    lead = again;
                }
            }
        }
    }

    /// What another caller's load came to.
    pub(super) fn share_in(&self, landed: &Landed<Shared<V, F>>) -> Option<R> {
        let Landed::Shared(shared) = landed else { return None };
        let result = match &**shared {
            Shared::Found(answer) => return Some(self.answer(answer.clone(), HitTier::Shared)),
            // Who forces a load wants nothing that is there already.
            Shared::Stale(_) if self.reason() == MissReason::Forced => return None,
            Shared::Stale(answer) => return Some(self.answer(answer.clone(), HitTier::Memory)),
            Shared::Value(value) => {
                self.missed(self.reason());
                let outcome = self.report_miss(true, false);
                return Some(self.terms.restore_as(value.clone(), || outcome));
            }
            Shared::Failure(failure) => {
                let result = self.terms.restore_failure(failure.clone());
                // The lead may have had nothing to fall back on, or wanted nothing.
                if let Some(answer) = self.fallback_for(&result) {
                    return Some(self.answer(answer, HitTier::Memory));
                }
                result
            }
            Shared::TimedOut => {
                if let Some(answer) = self.fallback() {
                    return Some(self.answer(answer, HitTier::Memory));
                }
                self.terms.timed_out(self.tier.policy.hard_timeout?)?
            }
        };
        self.missed(self.reason());
        self.report_miss(true, false);
        Some(result)
    }

    /// What is to be stored of a result. Runs the user's closures and `Clone`, under no lock.
    pub(super) fn judge(&self, result: &R) -> Option<Stored<V>> {
        let policy = &self.tier.policy;
        let timeout = self.timeout();
        let verdict = self.terms.judge(result, policy, timeout);
        if verdict.is_error {
            self.tier.counters.count(Count::LoadError);
        }
        let Wishes { timeout, tags: wished, is_unstored } = self.wishes();
        let mut keep = verdict.store.filter(|_| !is_unstored)?;
        if let Some(timeout) = timeout {
            let longest = if keep.is_negative { keep.timeout } else { Timeout::NEVER };
            keep.timeout = policy.jittered(timeout).at_most(longest);
        }
        // A negative result never takes the place of what may still be used.
        let has_value = || {
            let of_memory = self.key().is_some_and(|key| self.tier.has_value(key));
            of_memory || self.held.get().is_some()
        };
        if keep.timeout.is_zero() || keep.is_negative && has_value() {
            return None;
        }
        let mut tags = self.terms.label(result, &self.tags);
        for name in &wished {
            tags.add(Some(name));
        }
        let tags = tags.set()?;
        self.terms.value(result).map(|value| Stored { value, keep, tags })
    }

    /// The function's timeout at present.
    pub(super) fn timeout(&self) -> Timeout {
        let of_site =
            |origin: Origin| origin.site.state(|state, _| state.timeout(&self.tier.policy));
        self.origin.map_or(Timeout::DEFAULT, of_site)
    }

    /// What the body has said of that.
    pub(super) fn wished_timeout(&self) -> Option<Timeout> {
        self.wishes().timeout
    }

    /// Whether the body, or a tag, keeps its result from being stored.
    pub(super) fn is_declined(&self) -> bool {
        let Wishes { tags: wished, is_unstored, .. } = self.wishes();
        let mut tags = self.tags.clone();
        for name in &wished {
            tags.add(Some(name));
        }
        is_unstored || tags.set().is_none()
    }

    /// The tags that the body has added.
    pub(super) fn wished_tags(&self) -> Vec<String> {
        self.wishes().tags
    }

    fn wishes(&self) -> Wishes {
        self.context.get().map(|(context, _)| context.wishes().clone()).unwrap_or_default()
    }

    /// Whether it was left behind by the end of all background work.
    pub(super) fn is_given_up(&self) -> bool {
        self.is_renewal() && background::current().is_aborted()
    }

    /// Whether a tag that nobody knew of before the body said it was invalidated since: those who
    /// waited may have come after that.
    fn is_overtaken_late(&self, role: &Role<K, V, F>) -> bool {
        let Role::Lead(lead) = role else { return false };
        let mut late = Labels::new(false);
        self.wishes().tags.iter().for_each(|name| late.add(Some(name)));
        late.may_be_overtaken(lead.as_of())
    }

    /// A load has ended, with a value that is stored or without one.
    pub(super) fn learn(&self, is_stored: bool) {
        let Some((key, (_, began))) = self.key().zip(self.context.get()) else { return };
        if is_stored {
            self.tier.pace.learn(self.tier.clock.now().since(*began));
            self.tier.unthrottle(key);
        } else if self.is_renewal() {
            self.throttle();
        }
    }

    /// What followers get of a result. Runs the user's `Clone`, under no lock.
    fn share(&self, result: &R) -> Landed<Shared<V, F>> {
        let value = self.terms.value(result).map(Shared::Value);
        let shared = value.or_else(|| self.terms.failure(result).map(Shared::Failure));
        shared.map_or(Landed::Unshared, |shared| Landed::Shared(Arc::new(shared)))
    }
}
