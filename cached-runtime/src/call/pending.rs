//! A call that no entry answered: what it is about, and what it is counted as.

use std::cell::{Cell, OnceCell, RefCell};
use std::marker::PhantomData;
use std::sync::Arc;
use std::task;
use std::thread;
use std::time::Duration;

use super::refresh::{Origin, Refresh};
use super::turn::Turn;
use crate::clock::Stamp;
use crate::context::{Context, Entered};
use crate::flight::{Lead, Renewals};
use crate::key::Hashed;
use crate::outcome::{HitTier, MissReason, Outcome, report};
use crate::pace::Permit;
use crate::policy::Timeout;
use crate::remote::Remote;
use crate::rules::Terms;
use crate::stats::Count;
use crate::tag::{Labels, TagSet};
use crate::tier::{Answer, Renewal, Shared, Tier};
use crate::timer::Timer;

/// What a call that has to load knows.
pub(super) struct Pending<R, K: Eq + Clone, V, F, T> {
    /// The function, whose timeout may be set at run time. None where the terms know the timeout.
    pub(super) origin: Option<Origin>,
    pub(super) tier: Arc<Tier<K, V, F>>,
    pub(super) terms: T,
    /// The key and why nothing answered; none for a bypass.
    pub(super) miss: Option<(Arc<Hashed<K>>, MissReason)>,
    /// What an entry of this call carries, whatever its value.
    pub(super) tags: Labels,
    /// The store that entries are shared through, if there is one.
    pub(super) remote: RemoteOf<V>,
    /// How the first turn is taken.
    pub(super) begin: Cell<Begin<K, V, F>>,
    /// In the background, where nobody waits, and as one of so many.
    pub(super) permit: Option<Permit>,
    /// How long the entry that is to be renewed is fresh, for a call that renews one.
    pub(super) renews: Option<Timeout>,
    /// The store was looked at for an entry, without the right to load one.
    pub(super) has_looked: Cell<bool>,
    /// The caller can start what is begun for it in the background: it has the arguments still.
    pub(super) can_start: Cell<bool>,
    /// An entry of the store to fall back on.
    pub(super) held: OnceCell<Held<V>>,
    /// The store was asked, and has nothing to fall back on.
    pub(super) is_gone: Cell<bool>,
    /// What this call makes of a load that renews an entry.
    pub(super) renewals: Cell<Renewals>,
    /// An entry is there to fall back on. What the call is counted as is known in the end only.
    pub(super) has_fallback: Cell<bool>,
    /// What a call was counted as: a miss for a reason, or a hit.
    pub(super) settled: OnceCell<Option<MissReason>>,
    /// The body's own view of its load, once it has begun.
    pub(super) context: OnceCell<(Arc<Context>, Stamp)>,
    /// What ends a call that takes too long.
    pub(super) timer: RefCell<Option<Timer>>,
    /// How a load answered, once it has.
    pub(super) outcome: Cell<Option<Outcome>>,
    /// Whether others may wait for its load, and it for theirs.
    pub(super) is_solo: bool,
    /// What is to be started in the background, by who has the arguments.
    pub(super) refresh: Cell<Option<Refresh>>,
    pub(super) returned: PhantomData<fn() -> R>,
}

/// An entry of the store that may stand in for a load.
pub(super) struct Held<V> {
    pub(super) answer: Answer<V>,
    pub(super) tags: TagSet,
    /// The invalidation counter when it was read.
    pub(super) as_of: u64,
}

/// How the first turn of a call is taken.
pub(super) enum Begin<K: Eq + Clone, V, F> {
    /// By joining the flight of the key.
    Join,
    /// By leading a flight that was begun for it.
    Lead(Lead<K, Shared<V, F>>),
    /// It was taken already, and this one is next.
    At(Turn<K, V, F>),
}

/// What a key's shared store is, for the call of a shared function.
pub(super) type RemoteOf<V> = Option<Box<dyn Remote<V>>>;

pub(super) fn pending<R, K: Eq + Clone, T: Terms<R>>(
    origin: Option<Origin>,
    tier: Arc<Tier<K, T::Value, T::Failure>>,
    terms: T,
    miss: Option<(Arc<Hashed<K>>, MissReason)>,
    remote: RemoteOf<T::Value>,
) -> Pending<R, K, T::Value, T::Failure, T> {
    let tags = Labels::new(terms.has_labels());
    Pending {
        origin,
        tier,
        terms,
        miss,
        tags,
        remote,
        begin: Cell::new(Begin::Join),
        permit: None,
        renews: None,
        has_looked: Cell::new(false),
        can_start: Cell::new(false),
        held: OnceCell::new(),
        is_gone: Cell::new(false),
        renewals: Cell::new(Renewals::Join),
        has_fallback: Cell::new(false),
        settled: OnceCell::new(),
        context: OnceCell::new(),
        timer: RefCell::new(None),
        outcome: Cell::new(None),
        is_solo: false,
        refresh: Cell::new(None),
        returned: PhantomData,
    }
}

impl<R, K: Eq + Clone, V, F, T> Pending<R, K, V, F, T> {
    /// The same, in the background: it leads a flight that was begun for it.
    pub(super) fn renewing(mut self, renewal: Renewal<K, V, F>) -> Self {
        let Renewal { lead, permit, remaining } = renewal;
        self.begin.set(Begin::Lead(lead));
        self.permit = Some(permit);
        self.renews = Some(remaining);
        self
    }

    pub(super) fn is_renewal(&self) -> bool {
        self.permit.is_some()
    }

    pub(super) fn key(&self) -> Option<&Arc<Hashed<K>>> {
        self.miss.as_ref().map(|(key, _)| key)
    }

    /// Whether a call of a task has taken longer than `hard_timeout`. A bypass never has.
    pub(super) fn is_late(&self, context: &mut task::Context<'_>) -> bool {
        let Some(timeout) = self.tier.policy.hard_timeout.filter(|_| self.miss.is_some()) else {
            return false;
        };
        let mut timer = self.timer.borrow_mut();
        let timer = timer.get_or_insert_with(|| Timer::new(&self.tier.clock));
        timer.poll(context, &self.tier.clock, timeout).is_ready()
    }

    /// Marks the body, or a closure over its result, as running on this thread.
    pub(super) fn load(&self) -> Load<'_, R, K, V, F, T> {
        Load {
            call: self,
            was_panicking: thread::panicking(),
            _entered: Entered::enter(self.context.get().map(|(context, _)| context)),
        }
    }

    /// Why nothing answered, as far as is known.
    pub(super) fn reason(&self) -> MissReason {
        let of_memory = || self.miss.as_ref().map_or(MissReason::Absent, |(_, reason)| *reason);
        self.settled.get().copied().flatten().unwrap_or_else(of_memory)
    }

    /// Whether the call is counted only when its answer is known.
    fn is_open(&self) -> bool {
        self.remote.is_some() || self.has_fallback.get()
    }

    /// Counts a miss of memory, unless it may become a hit yet.
    pub(super) fn count_miss(&self) {
        if !self.is_open() {
            self.missed(self.reason());
        }
    }

    /// Counts a miss.
    pub(super) fn missed(&self, reason: MissReason) {
        if !self.is_renewal() && self.settled.set(Some(reason)).is_ok() {
            self.tier.counters.count(Count::Miss);
        }
    }

    /// Counts a hit.
    pub(super) fn found(&self, age: Duration, is_stale: bool, from: HitTier) -> Outcome {
        let refreshing = self.begins_refresh();
        if !self.is_renewal() && self.settled.set(None).is_ok() {
            return answered(&self.tier, age, is_stale, from, refreshing);
        }
        Outcome::Hit { age, tier: from, stale: is_stale, refreshing }
    }

    /// Counts a bypass. In the background it is nobody's call, and a load all the same.
    pub(super) fn bypassed(&self) {
        if self.is_renewal() {
            self.tier.counters.count(Count::Refresh);
        } else {
            self.tier.counters.count(Count::Bypass);
            report(|| Outcome::Bypass);
        }
    }

    /// Counts a load.
    pub(super) fn count_load(&self) {
        if self.is_renewal() || self.has_fallback.get() {
            self.tier.counters.count(Count::Refresh);
        }
        self.tier.counters.count(Count::Load);
    }

    /// A bypass is reported when it starts, and what happens in the background to nobody.
    pub(super) fn report_miss(&self, followed: bool, stored: bool) -> Outcome {
        if self.miss.is_none() {
            return Outcome::Bypass;
        }
        let outcome = Outcome::Miss { reason: self.reason(), followed, stored };
        if !self.is_renewal() {
            report(|| outcome);
        }
        self.outcome.set(Some(outcome));
        outcome
    }

    /// Whether there is something to be started by who has the arguments.
    pub(super) fn begins_refresh(&self) -> bool {
        let refresh = self.refresh.take();
        let is_there = refresh.is_some();
        self.refresh.set(refresh);
        is_there
    }
}

/// Answers with an entry of memory, and counts a hit.
#[inline]
pub(super) fn hit<R, K, T: Terms<R>>(
    tier: &Tier<K, T::Value, T::Failure>,
    terms: &T,
    value: T::Value,
    stored: Stamp,
) -> R {
    let outcome = || Outcome::Hit {
        age: tier.clock.now().since(stored),
        tier: HitTier::Memory,
        stale: false,
        refreshing: false,
    };
    if terms.is_answer(&value) {
        tier.counters.count(Count::Hit);
        report(outcome);
    }
    terms.restore_as(value, outcome)
}

/// Counts a hit of an entry that may be stale.
pub(super) fn answered<K, V, F>(
    tier: &Tier<K, V, F>,
    age: Duration,
    stale: bool,
    from: HitTier,
    refreshing: bool,
) -> Outcome {
    tier.counters.count(if stale { Count::StaleHit } else { Count::Hit });
    let outcome = Outcome::Hit { age, tier: from, stale, refreshing };
    report(|| outcome);
    outcome
}

impl<R, K: Eq + Clone, V, F, T> Drop for Pending<R, K, V, F, T> {
    fn drop(&mut self) {
        // A call that was cancelled before it was counted.
        if self.is_open() {
            self.missed(self.reason());
        }
    }
}

/// A load that is running; its panic is a failure. To be dropped before its lead falls to another.
pub(super) struct Load<'c, R, K: Eq + Clone, V, F, T> {
    call: &'c Pending<R, K, V, F, T>,
    /// It runs in a `Drop` while its thread unwinds.
    was_panicking: bool,
    _entered: Entered,
}

impl<R, K: Eq + Clone, V, F, T> Drop for Load<'_, R, K, V, F, T> {
    fn drop(&mut self) {
        if thread::panicking() && !self.was_panicking {
            self.call.tier.counters.count(Count::LoadError);
            // Whoever comes next may have something to fall back on.
            self.call.throttle();
        }
    }
}
