//! What becomes of a load that fails: where the policy allows it, an entry whose freshness has ended
//! answers in its place, and the next attempt has to wait.

use std::sync::Arc;

use super::pending::Pending;
use super::turn::Role;
use crate::adapter::Storable;
use crate::flight::Landed;
use crate::life::Use;
use crate::outcome::{HitTier, MissReason};
use crate::rules::Terms;
use crate::stats::Count;
use crate::tier::{Answer, Shared};

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
        let usable = self.tier.usable(self.key()?)?;
        // One that is fresh by now, too.
        (usable.good_for != Use::Nothing).then_some(usable.answer)
    }

    /// The same, where a load has failed in a way that allows it.
    pub(super) fn fallback_for(&self, result: &R) -> Option<Answer<V>> {
        if self.terms.falls_back(result) { self.fallback() } else { None }
    }

    /// Ends a load that has failed.
    pub(super) fn fall_back(&self, role: Role<K, V, F>, answer: Answer<V>) -> R {
        self.throttle();
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
        self.found(&answer, from);
        self.terms.restore(answer.value)
    }
}
