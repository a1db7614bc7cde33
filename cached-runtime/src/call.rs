//! What a call of a cached function does: one decision, two fronts.
//!
//! Generated code calls [`begin`], which answers a hit at once, and hands everything else to a
//! front: [`run`] for functions, [`run_async`] for `async` functions. The fronts differ only in
//! how they run the body and how they wait. SEMANTICS in short:
//!
//! ```text
//! begin   fresh entry?            -> hit, nothing allocated, no flight looked at
//! join    first for its key?      -> lead: run the body, commit, wake the followers
//!         a lead is running?      -> follow: share its result, or inherit its lead
//!         inside that very load?  -> alone: run the body, store nothing
//! ```

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::thread;

use crate::adapter::Loaded;
use crate::clock::Stamp;
use crate::flight::{Follow, Followed, Joined, Landed, Lead, Wanted};
use crate::key::{Hashed, Key};
use crate::outcome::{MissReason, Outcome, report};
use crate::policy::{Coalescing, Timeout};
use crate::rules::Terms;
use crate::site::{Instance, Site, SiteState, Slot};
use crate::stats::{Count, Counters};
use crate::tier::{Shared, Tier, next_seq};

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

/// The tier of a function with keys `K` that returns `R` under the terms `T`.
type TierOf<R, K, T> =
    Tier<K, <T as crate::adapter::Adapter<R>>::Value, <T as crate::adapter::Adapter<R>>::Failure>;
type SharedOf<R, T> =
    Shared<<T as crate::adapter::Adapter<R>>::Value, <T as crate::adapter::Adapter<R>>::Failure>;

/// A call that no entry answered. Boxed, so that a hit moves nothing large.
pub struct Call<R, K, T: Terms<R>>(Box<Pending<R, K, T>>);

struct Pending<R, K, T: Terms<R>> {
    tier: Arc<TierOf<R, K, T>>,
    terms: T,
    timeout: Timeout,
    /// The key and why nothing answered; none for a bypass.
    miss: Option<(Hashed<K>, MissReason)>,
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
) -> ControlFlow<R, Call<R, Q::Owned, T>> {
    site.state(|state, clock| {
        let slot = state.slot::<Q::Owned, T::Value, T::Failure>(site, instance, clock);
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
        ControlFlow::Continue(prepare(slot, state, terms, miss))
    })
}

/// Prepares a load without a look at the cache, whose key need not be made.
pub fn bypass<R, K, T>(
    site: &'static Site,
    instance: Instance,
    terms: T,
) -> ControlFlow<R, Call<R, K, T>>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    site.state(|state, clock| {
        let slot = state.slot::<K, T::Value, T::Failure>(site, instance, clock);
        ControlFlow::Continue(prepare(slot, state, terms, None))
    })
}

#[cold]
fn prepare<R, K, T>(
    slot: &Slot,
    state: &SiteState,
    terms: T,
    miss: Option<(Hashed<K>, MissReason)>,
) -> Call<R, K, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    let tier: Arc<TierOf<R, K, T>> = slot.tier_arc();
    let timeout = state.timeout(&tier.policy);
    Call(Box::new(Pending { tier, terms, timeout, miss }))
}

#[inline]
fn hit<K, V, F>(tier: &Tier<K, V, F>, stored: Stamp) {
    tier.counters.count(Count::Hit);
    report(|| Outcome::Hit { age: tier.clock.now().since(stored) });
}

/// Runs a call to its end on this thread.
#[cold]
#[inline(never)]
pub fn run<R, K, T>(call: Call<R, K, T>, body: impl FnOnce() -> R) -> R
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    let call = call.0;
    let Some((key, reason)) = &call.miss else {
        let result = {
            let _load = call.bypass();
            body()
        };
        return call.passed(result);
    };
    let mut turn = call.join(key, *reason);
    loop {
        match turn {
            Turn::Answer(result) => return result,
            Turn::Lead(lead) => {
                let result = {
                    let (_inside, _load) = (lead.enter(), call.load());
                    body()
                };
                return call.land(lead, key, *reason, result);
            }
            Turn::Follow(follow) => {
                let timeout = call.tier.policy.wait_timeout;
                turn = call.followed(follow.wait(&*call.tier, timeout), *reason);
            }
            Turn::Alone(alone) => {
                let load = call.load();
                let result = body();
                drop(load);
                return call.settle(alone, key, *reason, result);
            }
        }
    }
}

/// Runs a call to its end on this task.
///
/// Boxed with the body, so that the future of a cached function stays small: only misses pay.
#[cold]
#[must_use]
pub fn run_async<R, K, T>(
    call: Call<R, K, T>,
    body: impl Future<Output = R>,
) -> Pin<Box<impl Future<Output = R>>>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    Box::pin(load_async(call.0, body))
}

async fn load_async<R, K, T>(call: Box<Pending<R, K, T>>, body: impl Future<Output = R>) -> R
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    let mut body = pin!(body);
    let Some((key, reason)) = &call.miss else {
        let result = {
            let _load = call.bypass();
            body.await
        };
        return call.passed(result);
    };
    let mut turn = call.join(key, *reason);
    loop {
        match turn {
            Turn::Answer(result) => return result,
            Turn::Lead(lead) => {
                let result = {
                    let _load = call.load();
                    poll_fn(|context| {
                        let _inside = lead.enter();
                        body.as_mut().poll(context)
                    })
                    .await
                };
                return call.land(lead, key, *reason, result);
            }
            Turn::Follow(follow) => {
                let timeout = call.tier.policy.wait_timeout;
                let followed = follow.join(&*call.tier, timeout).await;
                turn = call.followed(followed, *reason);
            }
            Turn::Alone(alone) => {
                let load = call.load();
                let result = body.await;
                drop(load);
                return call.settle(alone, key, *reason, result);
            }
        }
    }
}

/// What a caller does next.
enum Turn<'c, R, K: Eq + Clone, T: Terms<R>> {
    Answer(R),
    Lead(Lead<'c, K, SharedOf<R, T>>),
    Follow(Follow<'c, K, SharedOf<R, T>>),
    Alone(Alone),
}

/// A load outside any flight.
#[derive(Clone, Copy)]
enum Alone {
    /// Stored, unless it began before something that is newer by now.
    Stored { as_of: u64 },
    /// Inside the load of the same key, whose own result will be stored.
    Unstored,
}

impl<R, K, T> Pending<R, K, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    fn bypass(&self) -> Load<'_> {
        self.tier.counters.count(Count::Bypass);
        report(|| Outcome::Bypass);
        self.load()
    }

    /// Counts the error of a bypass and hands its result on.
    fn passed(&self, result: R) -> R {
        if matches!(self.terms.look(&result), Loaded::Error) {
            self.tier.counters.count(Count::LoadError);
        }
        result
    }

    fn load(&self) -> Load<'_> {
        self.tier.counters.count(Count::Load);
        Load(&self.tier.counters)
    }

    /// The first turn of a miss.
    fn join<'c>(&'c self, key: &'c Hashed<K>, reason: MissReason) -> Turn<'c, R, K, T> {
        if self.tier.policy.coalescing == Coalescing::Off {
            self.tier.counters.count(Count::Miss);
            return Turn::Alone(Alone::Stored { as_of: next_seq() });
        }
        loop {
            let turn = match self.tier.join(key, reason) {
                Joined::Lead(lead) => Turn::Lead(lead),
                Joined::Follow(follow) => Turn::Follow(follow),
                Joined::Inside => Turn::Alone(Alone::Unstored),
                Joined::Arrived => match self.tier.peek(key) {
                    Some((value, stored)) => {
                        hit(&self.tier, stored);
                        return Turn::Answer(self.terms.restore(value));
                    }
                    // It went as fast as it came.
                    None => continue,
                },
            };
            self.tier.counters.count(Count::Miss);
            return turn;
        }
    }

    /// The turn after waiting.
    fn followed<'c>(
        &'c self,
        followed: Followed<'c, K, SharedOf<R, T>>,
        reason: MissReason,
    ) -> Turn<'c, R, K, T> {
        let shared = match followed {
            Followed::Lead(lead) => return Turn::Lead(lead),
            Followed::Landed(Landed::Shared(shared)) => shared,
            Followed::Landed(Landed::Unshared) | Followed::TimedOut => {
                return Turn::Alone(Alone::Stored { as_of: next_seq() });
            }
        };
        let result = match &*shared {
            Shared::Value(value) => self.terms.restore(value.clone()),
            Shared::Failure(failure) => self.terms.restore_failure(failure.clone()),
        };
        report(|| Outcome::Miss { reason, followed: true, stored: false });
        Turn::Answer(result)
    }

    /// Commits the result of a flight and hands it to the followers.
    fn land<'c>(
        &'c self,
        mut lead: Lead<'c, K, SharedOf<R, T>>,
        key: &Hashed<K>,
        reason: MissReason,
        result: R,
    ) -> R {
        let mut store = self.judge(&result);
        let mut landed = lead.has_followers().then(|| self.share(&result));
        let stored = loop {
            match self.tier.land(lead, key, landed, &mut store) {
                Ok(stored) => break stored,
                // Somebody joined since.
                Err(Wanted(again)) => {
                    lead = again;
                    landed = Some(self.share(&result));
                }
            }
        };
        report(|| Outcome::Miss { reason, followed: false, stored });
        result
    }

    /// Commits the result of a load outside any flight.
    fn settle(&self, alone: Alone, key: &Hashed<K>, reason: MissReason, result: R) -> R {
        let stored = match (alone, self.judge(&result)) {
            (Alone::Stored { as_of }, Some((value, keep))) => {
                self.tier.commit_alone(key, value, keep, as_of)
            }
            _ => false,
        };
        report(|| Outcome::Miss { reason, followed: false, stored });
        result
    }

    /// What is to be stored of a result. Runs the user's closures and `Clone`, under no lock.
    fn judge(&self, result: &R) -> Option<(T::Value, crate::rules::Keep)> {
        let verdict = self.terms.judge(result, &self.tier.policy, self.timeout);
        if verdict.is_error {
            self.tier.counters.count(Count::LoadError);
        }
        let keep = verdict.store?;
        self.terms.value(result).map(|value| (value, keep))
    }

    /// What followers get of a result. Runs the user's `Clone`, under no lock.
    fn share(&self, result: &R) -> Landed<SharedOf<R, T>> {
        let value = self.terms.value(result).map(Shared::Value);
        let shared = value.or_else(|| self.terms.failure(result).map(Shared::Failure));
        shared.map_or(Landed::Unshared, |shared| Landed::Shared(Arc::new(shared)))
    }
}

/// A body that is running; counts its panic.
struct Load<'c>(&'c Counters);

impl Drop for Load<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.count(Count::LoadError);
        }
    }
}
