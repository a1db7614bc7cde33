//! The decision: what a caller does next, and what its load comes to.
//!
//! Each step ends in the next turn, or in the answer. The fronts take the turns: they run bodies,
//! and wait.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::pending::{Pending, hit};
use crate::adapter::{Loaded, Storable};
use crate::flight::{Follow, Followed, Inside, Joined, Landed, Lead, Wanted};
use crate::key::Hashed;
use crate::outcome::{Outcome, report};
use crate::policy::{Coalescing, Timeout};
use crate::remote::{Fetched, Fetching, Found, Publish, Published, Publishing};
use crate::rules::{Keep, Terms};
use crate::site::Site;
use crate::stats::Count;
use crate::tier::{Shared, Stored, next_seq};

/// What a caller does next.
pub(super) enum Turn<R, K: Eq + Clone, V, F> {
    /// Waits for the lead.
    Follow(Follow<K, Shared<V, F>>),
    /// Looks for the entry in the store.
    Fetch(Role<K, V, F>, Fetching<V>),
    /// Runs the body.
    Load(Role<K, V, F>, Option<Box<dyn Publish<V>>>),
    /// Stores in the store what the body returned.
    Publish(Role<K, V, F>, Box<Kept<R, V>>, Publishing),
}

/// For whom a caller loads.
pub(super) enum Role<K: Eq + Clone, V, F> {
    /// For all who want the key.
    Lead(Lead<K, Shared<V, F>>),
    /// For itself.
    Alone(Alone),
}

impl<K: Eq + Clone, V, F> Role<K, V, F> {
    /// Marks the load as running on this thread until the guard is dropped.
    pub(super) fn enter(&self) -> Option<Inside> {
        match self {
            Self::Lead(lead) => Some(lead.enter()),
            Self::Alone(_) => None,
        }
    }
}

/// A result, and what is to be stored of it.
pub(super) struct Kept<R, V> {
    result: R,
    store: Option<Stored<V>>,
}

/// A load outside any flight.
#[derive(Clone, Copy)]
pub(super) enum Alone {
    /// Stored, unless it began before something that is newer by now.
    Stored { as_of: u64 },
    /// Inside the load of the same key, whose own result will be stored.
    Inside,
    /// As if there were no cache.
    Bypass,
}

impl<R, K, V, F, T> Pending<R, K, V, F, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    /// The first turn; or the answer, where an entry has come meanwhile.
    pub(super) fn start(&self) -> ControlFlow<R, Turn<R, K, V, F>> {
        let counters = &self.tier.counters;
        let Some((key, reason)) = &self.miss else {
            counters.count(Count::Bypass);
            counters.count(Count::Load);
            report(|| Outcome::Bypass);
            return ControlFlow::Continue(Turn::Load(Role::Alone(Alone::Bypass), None));
        };
        let role = loop {
            if self.tier.policy.coalescing == Coalescing::Off {
                break Role::Alone(Alone::Stored { as_of: next_seq() });
            }
            match self.tier.join(key, &self.tags, *reason) {
                Joined::Lead(lead) => break Role::Lead(lead),
                Joined::Follow(follow) => {
                    self.count_miss();
                    return ControlFlow::Continue(Turn::Follow(follow));
                }
                Joined::Inside => {
                    let _ = self.settled.set(Some(*reason));
                    counters.count(Count::Miss);
                    counters.count(Count::Load);
                    return ControlFlow::Continue(Turn::Load(Role::Alone(Alone::Inside), None));
                }
                // It may go as fast as it came.
                Joined::Arrived => {
                    if let Some((value, stored)) = self.tier.peek(key) {
                        let _ = self.settled.set(None);
                        hit(&self.tier, stored);
                        return ControlFlow::Break(self.terms.restore(value));
                    }
                }
            }
        };
        self.count_miss();
        ControlFlow::Continue(self.take_up(role))
    }

    /// Begins a load: with a look at the store, where entries are shared.
    fn take_up(&self, role: Role<K, V, F>) -> Turn<R, K, V, F> {
        match &self.remote {
            Some(remote) => Turn::Fetch(role, remote.fetch(self.reason(), &self.tags)),
            None => {
                self.tier.counters.count(Count::Load);
                Turn::Load(role, None)
            }
        }
    }

    /// The turn after a look at the store, or the answer.
    pub(super) fn fetched(
        &self,
        role: Role<K, V, F>,
        fetched: Fetched<V>,
    ) -> ControlFlow<R, Turn<R, K, V, F>> {
        match fetched {
            Fetched::Found(found, local) => ControlFlow::Break(self.promote(role, found, local)),
            Fetched::Load(reason, publish) => {
                self.missed(reason);
                self.tier.counters.count(Count::Load);
                ControlFlow::Continue(Turn::Load(role, Some(publish)))
            }
        }
    }

    /// The turn after waiting, or the answer.
    pub(super) fn followed(
        &self,
        followed: Followed<K, Shared<V, F>>,
    ) -> ControlFlow<R, Turn<R, K, V, F>> {
        let role = match followed {
            Followed::Landed(Landed::Shared(shared)) => {
                return ControlFlow::Break(self.share_in(&shared));
            }
            Followed::Lead(lead) => Role::Lead(lead),
            Followed::Landed(Landed::Unshared) | Followed::TimedOut => {
                Role::Alone(Alone::Stored { as_of: next_seq() })
            }
        };
        ControlFlow::Continue(self.take_up(role))
    }

    /// The turn after the body, or the answer.
    pub(super) fn loaded(
        &self,
        role: Role<K, V, F>,
        publish: Option<Box<dyn Publish<V>>>,
        result: R,
    ) -> ControlFlow<R, Turn<R, K, V, F>> {
        if let Role::Alone(Alone::Inside | Alone::Bypass) = role {
            if matches!(self.terms.look(&result), Loaded::Error) {
                self.tier.counters.count(Count::LoadError);
            }
            self.report_miss(false, false);
            return ControlFlow::Break(result);
        }
        // The user's closures are part of the load: they do not wait for it either.
        let inside = role.enter();
        let store = self.judge(&result);
        let kept = Kept { result, store };
        let publishing = match (&kept.store, publish) {
            (Some(stored), Some(publish)) => Some(publish.publish(stored)),
            _ => None,
        };
        drop(inside);
        match publishing {
            Some(publishing) => {
                ControlFlow::Continue(Turn::Publish(role, Box::new(kept), publishing))
            }
            None => ControlFlow::Break(self.land(role, kept, false)),
        }
    }

    /// The answer, once the store has it or does not.
    pub(super) fn published(
        &self,
        role: Role<K, V, F>,
        mut kept: Kept<R, V>,
        published: Published,
    ) -> R {
        kept.store = match published {
            Published::Stored(local) | Published::Failed(local) => {
                kept.store.map(|stored| Stored { keep: stored.keep.at_most(local), ..stored })
            }
            Published::Overtaken => None,
        };
        self.land(role, kept, matches!(published, Published::Stored(_)))
    }

    /// Commits a result to memory, and hands it to the followers.
    fn land(&self, role: Role<K, V, F>, kept: Kept<R, V>, was_published: bool) -> R {
        let Kept { result, store } = kept;
        let store = store.filter(|stored| !stored.keep.timeout.is_zero());
        let stored = self.commit(role, store, || self.share(&result));
        self.report_miss(false, stored || was_published);
        result
    }

    /// The answer that the store had, which memory and the followers get as well.
    fn promote(&self, role: Role<K, V, F>, found: Found<V>, local: Timeout) -> R {
        let Found { value, age, tags, .. } = found;
        self.found(age);
        let inside = role.enter();
        let result = self.terms.restore(value);
        let value = (!local.is_zero()).then(|| self.terms.value(&result)).flatten();
        let store = value.map(|value| {
            let keep = Keep { timeout: local, weight: self.terms.weight(&result), age };
            Stored { value, keep, tags }
        });
        drop(inside);
        self.commit(role, store, || {
            let value = self.terms.value(&result).map(|value| Shared::Found(value, age));
            value.map_or(Landed::Unshared, |value| Landed::Shared(Arc::new(value)))
        });
        result
    }

    /// Stores a value in memory, unless it was overtaken, and ends the flight.
    fn commit(
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
            Role::Alone(Alone::Inside | Alone::Bypass) => return false,
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
    fn share_in(&self, shared: &Shared<V, F>) -> R {
        match shared {
            Shared::Found(value, age) => {
                self.found(*age);
                self.terms.restore(value.clone())
            }
            Shared::Value(value) => {
                self.missed(self.reason());
                let result = self.terms.restore(value.clone());
                self.report_miss(true, false);
                result
            }
            Shared::Failure(failure) => {
                self.missed(self.reason());
                let result = self.terms.restore_failure(failure.clone());
                self.report_miss(true, false);
                result
            }
        }
    }

    /// What is to be stored of a result. Runs the user's closures and `Clone`, under no lock.
    fn judge(&self, result: &R) -> Option<Stored<V>> {
        let policy = &self.tier.policy;
        let of_site = |site: &'static Site| site.state(|state, _| state.timeout(policy));
        let timeout = self.site.map_or(Timeout::DEFAULT, of_site);
        let verdict = self.terms.judge(result, policy, timeout);
        if verdict.is_error {
            self.tier.counters.count(Count::LoadError);
        }
        let keep = verdict.store?;
        let tags = self.terms.label(result, &self.tags).set()?;
        self.terms.value(result).map(|value| Stored { value, keep, tags })
    }

    /// What followers get of a result. Runs the user's `Clone`, under no lock.
    fn share(&self, result: &R) -> Landed<Shared<V, F>> {
        let value = self.terms.value(result).map(Shared::Value);
        let shared = value.or_else(|| self.terms.failure(result).map(Shared::Failure));
        shared.map_or(Landed::Unshared, |shared| Landed::Shared(Arc::new(shared)))
    }
}
