//! What a call of a cached function does: one decision, two fronts.
//!
//! Generated code calls [`begin`], which answers a hit at once, and hands everything else to a
//! front: [`run`] for functions, [`run_async`] for `async` functions. The fronts differ only in
//! how they run the body and how they wait. SEMANTICS in short:
//!
//! ```text
//! begin   fresh entry?            -> hit, nothing allocated, no flight looked at
//! start   first for its key?      -> lead: run the body, commit, wake the followers
//!         a lead is running?      -> follow: share its result, or inherit its lead
//!         inside that very load?  -> alone: run the body, store nothing
//! ```

mod task;

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use crate::adapter::{Adapter, Loaded, Storable};
use crate::clock::Stamp;
use crate::flight::{Follow, Followed, Joined, Landed, Lead, Wanted};
use crate::key::{Hashed, Key};
use crate::outcome::{MissReason, Outcome, report};
use crate::policy::Coalescing;
use crate::rules::{Keep, Terms};
use crate::site::{Instance, Site, Slot};
use crate::stats::{Count, Counters};
use crate::tier::{Shared, Tier, next_seq};

pub use task::run_async;

/// How much of the cache a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reads and writes.
    Normal,
    /// Skips the read: forces a load and stores it.
    Fresh,
    /// Neither reads nor writes.
    Uncached,
}

impl Mode {
    /// Applies `unless`.
    #[must_use]
    pub fn unless(self, condition: bool) -> Self {
        if condition { Self::Uncached } else { self }
    }

    /// Whether the call bypasses the cache.
    #[must_use]
    pub fn is_uncached(self) -> bool {
        self == Self::Uncached
    }

    /// Applies `refresh`.
    #[must_use]
    pub fn refresh(self, condition: bool) -> Self {
        if condition && self == Self::Normal { Self::Fresh } else { self }
    }
}

/// A call that no entry answered. Boxed, so that a hit moves nothing large.
///
/// Its types are spelt out (key, value, failure, terms) where bounds could name them, since the
/// future of an `async` function holds it: what is proven `Send` there has no bounds to meet.
pub struct Call<R, K, V, F, T>(Box<Pending<R, K, V, F, T>>);

/// The call of a function that returns `R` under the terms `T`.
pub(crate) type CallOf<R, K, T> =
    Call<R, K, <T as Adapter<R>>::Value, <T as Adapter<R>>::Failure, T>;

struct Pending<R, K, V, F, T> {
    site: &'static Site,
    tier: Arc<Tier<K, V, F>>,
    terms: T,
    /// The key and why nothing answered; none for a bypass.
    miss: Option<(Arc<Hashed<K>>, MissReason)>,
    returned: PhantomData<fn() -> R>,
}

/// Answers a call from memory, or prepares a load.
///
/// A key that is `None` names nothing: the call bypasses the cache.
#[inline]
pub fn begin<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
) -> ControlFlow<R, CallOf<R, Q::Owned, T>> {
    let here = site.here();
    let state = here.state();
    let slot = state.slot::<Q::Owned, T::Value, T::Failure>(site, instance, here.clock());
    let tier = slot.tier::<Q::Owned, T::Value, T::Failure>();
    let miss = match key {
        Some(key) if !mode.is_uncached() && !state.is_disabled() => {
            let key = tier.seed.lookup(&key);
            let answer =
                if mode == Mode::Fresh { Err(MissReason::Forced) } else { tier.read(&key) };
            match answer {
                Ok((value, stored)) => {
                    hit(tier, stored);
                    return ControlFlow::Break(terms.restore(value));
                }
                Err(reason) => Some((key.own(), reason)),
            }
        }
        _ => None,
    };
    ControlFlow::Continue(prepare(site, slot, terms, miss))
}

/// Prepares a load without a look at the cache, whose key need not be made.
pub fn bypass<R, K, T>(
    site: &'static Site,
    instance: Instance,
    terms: T,
) -> ControlFlow<R, CallOf<R, K, T>>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    site.state(|state, clock| {
        let slot = state.slot::<K, T::Value, T::Failure>(site, instance, clock);
        ControlFlow::Continue(prepare(site, slot, terms, None))
    })
}

#[cold]
fn prepare<R, K, T>(
    site: &'static Site,
    slot: &Slot,
    terms: T,
    miss: Option<(Hashed<K>, MissReason)>,
) -> CallOf<R, K, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    let tier: Arc<Tier<K, T::Value, T::Failure>> = slot.tier_arc();
    let miss = miss.map(|(key, reason)| (Arc::new(key), reason));
    Call(Box::new(Pending { site, tier, terms, miss, returned: PhantomData }))
}

#[inline]
fn hit<K, V, F>(tier: &Tier<K, V, F>, stored: Stamp) {
    tier.counters.count(Count::Hit);
    report(|| Outcome::Hit { age: tier.clock.now().since(stored) });
}

/// Runs a call to its end on this thread.
#[cold]
#[inline(never)]
#[expect(clippy::needless_pass_by_value, reason = "a call ends here")]
pub fn run<R, K, V, F, T>(call: Call<R, K, V, F, T>, body: impl FnOnce() -> R) -> R
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let mut body = Some(body);
    run_turns(&call.0, &mut || body.take().expect("a call runs its body once")())
}

/// The same for any body, so that functions of the same types share it.
fn run_turns<R, K, V, F, T>(call: &Pending<R, K, V, F, T>, body: &mut dyn FnMut() -> R) -> R
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let mut next = call.start();
    loop {
        let turn = match next {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(turn) => turn,
        };
        next = match turn {
            Turn::Follow(follow) => {
                call.followed(follow.wait(&*call.tier, call.tier.policy.wait_timeout))
            }
            Turn::Lead(lead) => {
                let result = {
                    let (_inside, _load) = (lead.enter(), call.load());
                    body()
                };
                return call.land(lead, result);
            }
            Turn::Alone(alone) => {
                let result = {
                    let _load = call.load();
                    body()
                };
                return call.settle(alone, result);
            }
        };
    }
}

/// What a caller does next.
enum Turn<K: Eq + Clone, V, F> {
    /// Runs the body for all who want the key.
    Lead(Lead<K, Shared<V, F>>),
    /// Waits for the lead.
    Follow(Follow<K, Shared<V, F>>),
    /// Runs the body for itself.
    Alone(Alone),
}

/// A load outside any flight.
#[derive(Clone, Copy)]
enum Alone {
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
    fn start(&self) -> ControlFlow<R, Turn<K, V, F>> {
        let counters = &self.tier.counters;
        let Some((key, reason)) = &self.miss else {
            counters.count(Count::Bypass);
            counters.count(Count::Load);
            report(|| Outcome::Bypass);
            return ControlFlow::Continue(Turn::Alone(Alone::Bypass));
        };
        let turn = loop {
            if self.tier.policy.coalescing == Coalescing::Off {
                break Turn::Alone(Alone::Stored { as_of: next_seq() });
            }
            match self.tier.join(key, *reason) {
                Joined::Lead(lead) => break Turn::Lead(lead),
                Joined::Follow(follow) => break Turn::Follow(follow),
                Joined::Inside => break Turn::Alone(Alone::Inside),
                // It may go as fast as it came.
                Joined::Arrived => {
                    if let Some((value, stored)) = self.tier.peek(key) {
                        hit(&self.tier, stored);
                        return ControlFlow::Break(self.terms.restore(value));
                    }
                }
            }
        };
        counters.count(Count::Miss);
        if !matches!(turn, Turn::Follow(_)) {
            counters.count(Count::Load);
        }
        ControlFlow::Continue(turn)
    }

    /// The turn after waiting, or the answer.
    fn followed(&self, followed: Followed<K, Shared<V, F>>) -> ControlFlow<R, Turn<K, V, F>> {
        let turn = match followed {
            Followed::Landed(Landed::Shared(shared)) => {
                let result = match &*shared {
                    Shared::Value(value) => self.terms.restore(value.clone()),
                    Shared::Failure(failure) => self.terms.restore_failure(failure.clone()),
                };
                self.report_miss(true, false);
                return ControlFlow::Break(result);
            }
            Followed::Lead(lead) => Turn::Lead(lead),
            Followed::Landed(Landed::Unshared) | Followed::TimedOut => {
                Turn::Alone(Alone::Stored { as_of: next_seq() })
            }
        };
        self.tier.counters.count(Count::Load);
        ControlFlow::Continue(turn)
    }

    /// Marks the body as running on this thread.
    fn load(&self) -> Load<'_> {
        Load { counters: &self.tier.counters, was_panicking: thread::panicking() }
    }

    /// Commits the result of a flight and hands it to the followers.
    fn land(&self, mut lead: Lead<K, Shared<V, F>>, result: R) -> R {
        // The user's closures are part of the load: they do not wait for it either.
        let inside = lead.enter();
        let stored = self.judge(&result);
        let mut store = stored.map(|(value, keep)| (Hashed::clone(lead.key()), value, keep));
        let mut landed = lead.has_followers().then(|| self.share(&result));
        let stored = loop {
            match self.tier.land(lead, landed, &mut store) {
                Ok(stored) => break stored,
                // Somebody joined since.
                Err(Wanted(again)) => {
                    lead = again;
                    landed = Some(self.share(&result));
                }
            }
        };
        drop(inside);
        self.report_miss(false, stored);
        result
    }

    /// Commits the result of a load outside any flight.
    fn settle(&self, alone: Alone, result: R) -> R {
        let (Some((key, _)), Alone::Stored { as_of }) = (&self.miss, alone) else {
            if matches!(self.terms.look(&result), Loaded::Error) {
                self.tier.counters.count(Count::LoadError);
            }
            self.report_miss(false, false);
            return result;
        };
        let stored = self
            .judge(&result)
            .is_some_and(|(value, keep)| self.tier.commit_alone(key, value, keep, as_of));
        self.report_miss(false, stored);
        result
    }

    /// What is to be stored of a result. Runs the user's closures and `Clone`, under no lock.
    fn judge(&self, result: &R) -> Option<(V, Keep)> {
        let policy = &self.tier.policy;
        let timeout = self.site.state(|state, _| state.timeout(policy));
        let verdict = self.terms.judge(result, policy, timeout);
        if verdict.is_error {
            self.tier.counters.count(Count::LoadError);
        }
        let keep = verdict.store?;
        self.terms.value(result).map(|value| (value, keep))
    }

    /// What followers get of a result. Runs the user's `Clone`, under no lock.
    fn share(&self, result: &R) -> Landed<Shared<V, F>> {
        let value = self.terms.value(result).map(Shared::Value);
        let shared = value.or_else(|| self.terms.failure(result).map(Shared::Failure));
        shared.map_or(Landed::Unshared, |shared| Landed::Shared(Arc::new(shared)))
    }

    /// A bypass is reported when it starts.
    fn report_miss(&self, followed: bool, stored: bool) {
        if let Some((_, reason)) = self.miss {
            report(|| Outcome::Miss { reason, followed, stored });
        }
    }
}

/// A body that is running; counts its panic.
struct Load<'c> {
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
