//! What becomes of a load that fails: where the policy allows it, an entry whose freshness has ended
//! answers in its place, and the next attempt has to wait.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::pending::{Held, Pending};
use super::turn::Role;
use crate::adapter::Storable;
use crate::flight::{Follow, Landed};
use crate::life::Use;
use crate::outcome::{HitTier, MissReason};
use crate::remote::{Found, StandIn};
use crate::rules::Terms;
use crate::stats::Count;
use crate::tier::{Answer, Shared, Usable, next_seq};

/// Waiting for a load that is in the background now; or the load, which stays with this caller.
type HandedOver<K, V, F> = Result<Follow<K, Shared<V, F>>, Role<K, V, F>>;

impl<R, K: Eq + Clone, V, F, T> Pending<R, K, V, F, T> {
    /// A load has failed: whoever comes next is answered with what is there, if anything is.
    pub(super) fn throttle(&self) {
        let is_of_use = self.is_renewal() || self.has_fallback.get();
        if let Some(key) = self.key().filter(|_| is_of_use) {
            self.tier.throttle(key);
        }
    }
}

impl<R, K, V, F, T> Pending<R, K, V, F, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    /// What may answer in place of a load.
    pub(super) fn fallback(&self) -> Option<Answer<V>> {
        if self.tier.policy.windows.are_closed() || self.reason() == MissReason::Forced {
            return None;
        }
        let key = self.key()?;
        // One that is fresh by now, too. Of what the store has no more, memory has no use either.
        let is_of_use = |usable: &Usable<V>| usable.good_for == Use::Fresh || !self.is_gone.get();
        let is_wanted = |usable: &Usable<V>| is_of_use(usable) && !self.is_older(usable);
        let of_memory = self.tier.usable(key).filter(is_wanted).map(|usable| usable.answer);
        of_memory.or_else(|| {
            let Held { answer, tags, as_of } = self.held.get()?;
            let is_there = !self.tier.was_invalidated(key, tags, *as_of);
            is_there.then(|| answer.clone())
        })
    }

    /// Whether the store has an entry that is newer than one of memory, which is not fresh.
    pub(super) fn is_older(&self, usable: &Usable<V>) -> bool {
        let is_newer = |held: &Held<V>| held.answer.age < usable.answer.age;
        usable.good_for != Use::Fresh && self.held.get().is_some_and(is_newer)
    }

    /// Keeps at hand what the store has, and nothing where it has nothing.
    pub(super) fn hold(&self, stand_in: StandIn<V>) {
        match stand_in {
            // What is no value stands in for none.
            StandIn::Entry(found) if self.is_negative(&found.value) => {}
            StandIn::Entry(Found { value, age, tags, .. }) => {
                let answer = Answer { value, age, is_stale: true };
                let _ = self.held.set(Held { answer, tags, as_of: next_seq() });
                // Who forces a load falls back on nothing.
                self.has_fallback.set(self.reason() != MissReason::Forced);
            }
            StandIn::Nothing | StandIn::Overtaken => {
                self.has_fallback.set(false);
                self.is_gone.set(true);
            }
            StandIn::Unknown => {}
        }
    }

    /// Leaves a load to the background where there is something to fall back on when it has taken
    /// longer than `soft_timeout`, and waits for it like others. Where too many loads are there, nobody
    /// would go on with it when the wait is over.
    pub(super) fn hand_over(&self, role: Role<K, V, F>) -> ControlFlow<R, HandedOver<K, V, F>> {
        let is_wanted = self.can_start.get()
            && self.has_fallback.get()
            && self.tier.policy.soft_timeout.is_some();
        let Some(origin) = self.origin.filter(|_| is_wanted) else {
            return ControlFlow::Continue(Err(role));
        };
        let lead = match role {
            Role::Lead(lead) => lead,
            Role::Alone(_) => return ControlFlow::Continue(Err(role)),
        };
        let follow = lead.follow(&self.tags);
        let role = match self.tier.adopt(lead) {
            Ok(renewal) => {
                self.refresh.set(origin.refresh(renewal));
                return ControlFlow::Continue(Ok(follow));
            }
            Err(lead) => Role::Lead(lead),
        };
        drop(follow);
        match self.fallback() {
            Some(answer) => ControlFlow::Break(self.settle_for(role, answer)),
            None => ControlFlow::Continue(Err(role)),
        }
    }

    /// The same, where a load has failed in a way that allows it.
    pub(super) fn fallback_for(&self, result: &R) -> Option<Answer<V>> {
        if self.terms.falls_back(result) { self.fallback() } else { None }
    }

    /// Ends a load that has failed.
    pub(super) fn fall_back(&self, role: Role<K, V, F>, answer: Answer<V>) -> R {
        self.throttle();
        self.settle_for(role, answer)
    }

    /// Makes no load: the last one has failed too lately, or too many are under way.
    pub(super) fn settle_for(&self, role: Role<K, V, F>, answer: Answer<V>) -> R {
        self.commit(role, None, || {
            // Whoever waited has nothing better.
            let answer = Answer { value: answer.value.clone(), ..answer };
            Landed::Shared(Arc::new(Shared::Stale(answer)))
        });
        self.answer(answer, HitTier::Memory)
    }

    /// The answer to a call that took longer than `hard_timeout`. Its load is given up.
    pub(super) fn timed_out(&self, role: Option<Role<K, V, F>>) -> Option<R> {
        let after = self.tier.policy.hard_timeout?;
        let fallback = self.fallback();
        if role.is_some() {
            self.tier.counters.count(Count::LoadError);
        }
        match (role, fallback) {
            (Some(role), Some(answer)) => Some(self.fall_back(role, answer)),
            (None, Some(answer)) => Some(self.answer(answer, HitTier::Memory)),
            (role, None) => {
                let result = self.terms.timed_out(after)?;
                self.throttle();
                if let Some(role) = role {
                    self.commit(role, None, || Landed::Shared(Arc::new(Shared::TimedOut)));
                }
                self.missed(self.reason());
                self.report_miss(false, false);
                Some(result)
            }
        }
    }

    /// Answers with an entry.
    pub(super) fn answer(&self, answer: Answer<V>, from: HitTier) -> R {
        let Answer { value, age, is_stale } = answer;
        let outcome = self.found(age, is_stale, from);
        self.terms.restore_as(value, || outcome)
    }
}
