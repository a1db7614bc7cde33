//! The decision: what a caller does next.
//!
//! Each step ends in the next turn, or in the answer. The fronts take the turns: they run bodies,
//! and wait. What a load comes to is in `landing.rs`, and what its failure comes to in `failure.rs`.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::pending::{Begin, Held, Pending};
use crate::adapter::{Loaded, Storable};
use crate::context::Context;
use crate::flight::{Follow, Followed, Inside, Joined, Lead, Renewals, Renews};
use crate::outcome::{HitTier, MissReason};
use crate::policy::Coalescing;
use crate::remote::{Fetched, Fetching, Publish, Published, Publishing, StandIn, Wanted};
use crate::rules::Terms;
use crate::stats::Count;
use crate::tier::{Shared, Stored, next_seq};

/// What a caller does next.
pub(super) enum Turn<K: Eq + Clone, V, F> {
    /// Waits for the lead.
    Follow(Follow<K, Shared<V, F>>),
    /// Looks for the entry in the store.
    Fetch(Role<K, V, F>, Fetching<V>),
    /// Runs the body.
    Load(Loading<K, V, F>),
}

/// For whom a body runs, and what the store is told of it.
pub(super) type Loading<K, V, F> = (Role<K, V, F>, Option<Box<dyn Publish<V>>>);

/// What is left to do when the body has returned: the store has to be told.
pub(super) struct Unpublished<R, K: Eq + Clone, V, F> {
    pub(super) publishing: Publishing,
    role: Role<K, V, F>,
    kept: Kept<R, V>,
}

/// For whom a caller loads.
pub(super) enum Role<K: Eq + Clone, V, F> {
    /// For all who want the key.
    Lead(Lead<K, Shared<V, F>>),
    /// For itself.
    Alone(Alone),
}

impl<K: Eq + Clone, V, F> Turn<K, V, F> {
    /// For whom a load was under way, if it was this caller's.
    pub(super) fn into_role(self) -> Option<Role<K, V, F>> {
        match self {
            Self::Follow(_) => None,
            Self::Fetch(role, _) | Self::Load((role, _)) => Some(role),
        }
    }
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
    pub(super) result: R,
    pub(super) store: Option<Stored<V>>,
}

/// A load outside any flight.
#[derive(Clone, Copy)]
pub(super) enum Alone {
    /// Stored, unless it began before something that is newer by now.
    Stored { as_of: u64 },
    /// No load: a look at what somebody else renews.
    Look,
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
    pub(super) fn start(&self) -> ControlFlow<R, Turn<K, V, F>> {
        match self.begin.replace(Begin::Join) {
            Begin::Join => self.join(),
            Begin::Lead(lead) => {
                lead.label(&self.tags);
                ControlFlow::Continue(self.take_up(Role::Lead(lead)))
            }
            Begin::At(turn) => ControlFlow::Continue(turn),
        }
    }

    fn join(&self) -> ControlFlow<R, Turn<K, V, F>> {
        let Some((key, reason)) = &self.miss else {
            self.bypassed();
            return ControlFlow::Continue(self.load_alone(Alone::Bypass));
        };
        self.look_for_fallback()?;
        let role = loop {
            if self.is_solo || self.tier.policy.coalescing == Coalescing::Off {
                break Role::Alone(Alone::Stored { as_of: next_seq() });
            }
            match self.tier.join(key, &self.tags, *reason, self.renewals.get()) {
                Joined::Lead(lead) => break Role::Lead(lead),
                // The store has what it renews, for this caller to look at first.
                Joined::Follow(follow, Renews::Entry)
                    if !self.has_looked.get() && *reason != MissReason::Forced =>
                {
                    drop(follow);
                    if let Some(remote) = &self.remote {
                        let fetching =
                            remote.fetch(Wanted::Seen(*reason), &self.tags, self.is_solo);
                        return ControlFlow::Continue(Turn::Fetch(
                            Role::Alone(Alone::Look),
                            fetching,
                        ));
                    }
                    self.has_looked.set(true);
                }
                Joined::Follow(follow, _) => {
                    self.count_miss();
                    return ControlFlow::Continue(Turn::Follow(follow));
                }
                Joined::Inside => {
                    self.missed(*reason);
                    return ControlFlow::Continue(self.load_alone(Alone::Inside));
                }
                // It may go as fast as it came.
                Joined::Arrived => {
                    if let Some(answer) = self.tier.peek(key) {
                        return ControlFlow::Break(self.answer(answer, HitTier::Memory));
                    }
                }
            }
        };
        self.count_miss();
        ControlFlow::Continue(self.take_up(role))
    }

    /// Notes whether there is something to fall back on. It answers at once where a load has failed
    /// too lately to try again.
    fn look_for_fallback(&self) -> ControlFlow<R> {
        let Some((key, answer)) = self.key().zip(self.fallback()) else {
            return ControlFlow::Continue(());
        };
        if self.tier.is_throttled(key) && self.remote.is_none() {
            return ControlFlow::Break(self.answer(answer, HitTier::Memory));
        }
        self.has_fallback.set(true);
        ControlFlow::Continue(())
    }

    /// Begins a load: with a look at the store, where entries are shared.
    fn take_up(&self, role: Role<K, V, F>) -> Turn<K, V, F> {
        match &self.remote {
            Some(remote) => {
                Turn::Fetch(role, remote.fetch(self.wanted(), &self.tags, self.is_solo))
            }
            None => self.load_as(role, None),
        }
    }

    /// Which entry of the store is looked for.
    fn wanted(&self) -> Wanted {
        let reason = self.reason();
        let is_throttled = || self.key().is_some_and(|key| self.tier.is_throttled(key));
        if let Some(than) = self.renews {
            Wanted::Newer(than)
        } else if reason == MissReason::Forced {
            Wanted::Load
        } else if !self.has_looked.get() && is_throttled() {
            Wanted::Present(reason)
        } else {
            Wanted::Any(reason)
        }
    }

    fn load_alone(&self, alone: Alone) -> Turn<K, V, F> {
        self.tier.counters.count(Count::Load);
        Turn::Load((Role::Alone(alone), None))
    }

    /// Begins the body of a load whose value may be stored.
    fn load_as(&self, role: Role<K, V, F>, publish: Option<Box<dyn Publish<V>>>) -> Turn<K, V, F> {
        self.count_load();
        self.context.get_or_init(|| (Arc::new(self.view()), self.tier.clock.now()));
        Turn::Load((role, publish))
    }

    /// What the body may know of its load.
    fn view(&self) -> Context {
        let is_of_use = self.is_renewal() || self.has_fallback.get();
        let key = self.key().filter(|_| is_of_use);
        let of_memory = key.and_then(|key| self.tier.usable(key).zip(self.tier.tags_of(key)));
        if let Some((usable, tags)) = of_memory.filter(|(usable, _)| !self.is_older(usable)) {
            return Context::new(Some(Box::new(usable.answer.value)), tags);
        }
        match self.held.get() {
            Some(Held { answer, tags, .. }) => {
                let names = tags.iter().flatten().map(|tag| tag.name().to_owned());
                Context::new(Some(Box::new(answer.value.clone())), names.collect())
            }
            None => Context::new(None, Vec::new()),
        }
    }

    /// The turn after a look at the store, or the answer.
    pub(super) fn fetched(
        &self,
        role: Role<K, V, F>,
        fetched: Fetched<V>,
    ) -> ControlFlow<R, Turn<K, V, F>> {
        match fetched {
            Fetched::Found(found, local) => ControlFlow::Break(self.promote(role, found, local)),
            Fetched::Load(reason, publish, stand_in) => {
                self.hold(stand_in);
                if !self.has_fallback.get() {
                    self.missed(reason);
                }
                match self.hand_over(role)? {
                    Ok(follow) => ControlFlow::Continue(Turn::Follow(follow)),
                    Err(role) => ControlFlow::Continue(self.load_as(role, Some(publish))),
                }
            }
            Fetched::Nothing(stand_in) => {
                if let StandIn::Overtaken = stand_in {
                    self.renewals.set(Renewals::Doom);
                }
                self.hold(stand_in);
                self.has_looked.set(true);
                match role {
                    Role::Alone(Alone::Look) => self.join(),
                    role => match self.fallback() {
                        Some(answer) => ControlFlow::Break(self.settle_for(role, answer)),
                        None => ControlFlow::Continue(self.take_up(role)),
                    },
                }
            }
        }
    }

    /// The turn after waiting, or the answer.
    pub(super) fn followed(
        &self,
        followed: Followed<K, Shared<V, F>>,
    ) -> ControlFlow<R, Turn<K, V, F>> {
        let role = match followed {
            Followed::Lead(lead) => {
                // Where the last lead panicked, it has failed as if it had returned an error.
                if self.has_fallback.get() {
                    self.look_for_fallback()?;
                }
                Role::Lead(lead)
            }
            Followed::Landed(landed) => {
                if let Some(result) = self.share_in(&landed) {
                    return ControlFlow::Break(result);
                }
                Role::Alone(Alone::Stored { as_of: next_seq() })
            }
            Followed::TimedOut => {
                if let Some(answer) = self.fallback() {
                    return ControlFlow::Break(self.answer(answer, HitTier::Memory));
                }
                Role::Alone(Alone::Stored { as_of: next_seq() })
            }
        };
        ControlFlow::Continue(self.take_up(role))
    }

    /// How long this call waits for another's load.
    pub(super) fn patience(&self) -> Duration {
        let policy = &self.tier.policy;
        let soft = policy.soft_timeout.filter(|_| self.has_fallback.get());
        soft.map_or(policy.wait_timeout, |soft| soft.min(policy.wait_timeout))
    }

    /// What is left to do after the body, or the answer.
    pub(super) fn loaded(
        &self,
        role: Role<K, V, F>,
        publish: Option<Box<dyn Publish<V>>>,
        result: R,
    ) -> ControlFlow<R, Box<Unpublished<R, K, V, F>>> {
        if let Role::Alone(Alone::Look | Alone::Inside | Alone::Bypass) = role {
            if matches!(self.terms.look(&result), Loaded::Error) {
                self.tier.counters.count(Count::LoadError);
            }
            self.report_miss(false, false);
            return ControlFlow::Break(result);
        }
        // The user's closures are part of the load: they do not wait for it either.
        let inside = (role.enter(), self.load());
        if let Some(answer) = self.fallback_for(&result) {
            drop(inside);
            self.tier.counters.count(Count::LoadError);
            return ControlFlow::Break(self.fall_back(role, answer));
        }
        let store = self.judge(&result);
        self.learn(store.is_some());
        let kept = Kept { result, store };
        let publishing = match (&kept.store, publish) {
            (Some(stored), Some(publish)) if !self.is_given_up() => Some(publish.publish(stored)),
            _ => None,
        };
        drop(inside);
        match publishing {
            Some(publishing) => {
                ControlFlow::Continue(Box::new(Unpublished { publishing, role, kept }))
            }
            None => ControlFlow::Break(self.land(role, kept, false)),
        }
    }

    /// The answer, once the store has it or does not.
    pub(super) fn published(
        &self,
        unpublished: Unpublished<R, K, V, F>,
        published: Published,
    ) -> R {
        let Unpublished { role, mut kept, .. } = unpublished;
        kept.store = match published {
            Published::Stored(local) | Published::Failed(local) => {
                kept.store.map(|stored| stored.kept_for(local))
            }
            Published::Overtaken => None,
        };
        self.land(role, kept, matches!(published, Published::Stored(_)))
    }
}
