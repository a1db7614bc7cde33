//! What a call of a cached function does: one decision, two fronts.
//!
//! Generated code calls [`begin`], which answers a hit at once, and hands everything else to a
//! front: [`run`] for functions, [`run_async`] for `async` functions. The fronts differ only in
//! how they run the body and how they wait. SEMANTICS in short:
//!
//! ```text
//! begin   fresh entry?            -> hit, nothing allocated, no flight looked at
//! start   first for its key?      -> lead: load, commit, wake the followers
//!         a lead is running?      -> follow: share its result, or inherit its lead
//!         inside that very load?  -> alone: run the body, store nothing
//! load    entries are shared?     -> fetch: an entry of the store is a hit
//!                                    run the body
//!         entries are shared?     -> publish, unless it was overtaken
//! ```

mod task;

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crate::adapter::{Adapter, Loaded, Storable};
use crate::clock::Stamp;
use crate::flight::{Follow, Followed, Inside, Joined, Landed, Lead, Wanted};
use crate::key::text::Text;
use crate::key::{Hashed, Key};
use crate::outcome::{HitTier, MissReason, Outcome, report};
use crate::policy::{Coalescing, Timeout};
use crate::remote::{Fetched, Fetching, Found, Publish, Published, Publishing, Remote, wait};
use crate::rules::{Keep, Terms};
use crate::site::{Instance, Site, Slot};
use crate::stats::{Count, Counters};
use crate::tag::Labels;
use crate::tier::{Shared, Stored, Tier, next_seq};

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

impl<R, K, V, F, T> Call<R, K, V, F, T> {
    /// Adds a tag to what this call may store. One that names nothing keeps it from being stored.
    pub fn tag(&mut self, name: Option<Text<'_>>) {
        self.0.tags.add(name.map(Text::as_str));
    }
}

/// The call of a function that returns `R` under the terms `T`.
pub(crate) type CallOf<R, K, T> =
    Call<R, K, <T as Adapter<R>>::Value, <T as Adapter<R>>::Failure, T>;

struct Pending<R, K, V, F, T> {
    /// The function, whose timeout may be set at run time. None where the terms know the timeout.
    site: Option<&'static Site>,
    tier: Arc<Tier<K, V, F>>,
    terms: T,
    /// The key and why nothing answered; none for a bypass.
    miss: Option<(Arc<Hashed<K>>, MissReason)>,
    /// What an entry of this call carries, whatever its value.
    tags: Labels,
    /// The store that entries are shared through, if there is one.
    remote: RemoteOf<V>,
    /// What a call that may ask the store was counted as: a miss for a reason, or a hit.
    settled: OnceLock<Option<MissReason>>,
    returned: PhantomData<fn() -> R>,
}

/// What a key's shared store is, for the call of a shared function.
type RemoteOf<V> = Option<Box<dyn Remote<V>>>;

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
    begin_with(site, instance, mode, key, terms, |_, _| None)
}

/// The same for a shared function: what memory does not answer, the store may.
#[cfg(feature = "json")]
#[inline]
pub fn begin_shared<R, Q, T>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
) -> ControlFlow<R, CallOf<R, Q::Owned, T>>
where
    Q: Key<Owned = Box<str>>,
    T: Terms<R, Value: crate::shared::Sharable>,
{
    begin_with(site, instance, mode, key, terms, crate::shared::remote)
}

#[inline]
fn begin_with<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
    remote: impl FnOnce(
        &Arc<Tier<Q::Owned, T::Value, T::Failure>>,
        &Arc<Hashed<Q::Owned>>,
    ) -> RemoteOf<T::Value>,
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
    ControlFlow::Continue(prepare(site, slot, terms, miss, remote))
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
        ControlFlow::Continue(prepare(site, slot, terms, None, |_, _| None))
    })
}

#[cold]
fn prepare<R, K, T>(
    site: &'static Site,
    slot: &Slot,
    terms: T,
    miss: Option<(Hashed<K>, MissReason)>,
    remote: impl FnOnce(&Arc<Tier<K, T::Value, T::Failure>>, &Arc<Hashed<K>>) -> RemoteOf<T::Value>,
) -> CallOf<R, K, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R>,
{
    let tier: Arc<Tier<K, T::Value, T::Failure>> = slot.tier_arc();
    let miss = miss.map(|(key, reason)| (Arc::new(key), reason));
    let remote = miss.as_ref().and_then(|(key, _)| remote(&tier, key));
    pending(Some(site), tier, terms, miss, remote)
}

/// A key, and the store that may have its entry.
#[cfg(feature = "json")]
pub(crate) type Reachable<K, V> = (Arc<Hashed<K>>, Box<dyn Remote<V>>);

/// Prepares a load that belongs to no function. Its terms say how long a value is fresh.
///
/// A key that is `None` names nothing: the call bypasses the cache.
#[cfg(feature = "json")]
pub(crate) fn prepare_alone<R, K, T>(
    tier: Arc<Tier<K, T::Value, T::Failure>>,
    terms: T,
    key: Option<Reachable<K, T::Value>>,
) -> CallOf<R, K, T>
where
    T: Terms<R>,
{
    let (miss, remote) = match key {
        Some((key, remote)) => (Some((key, MissReason::Absent)), Some(remote)),
        None => (None, None),
    };
    pending(None, tier, terms, miss, remote)
}

fn pending<R, K, T: Terms<R>>(
    site: Option<&'static Site>,
    tier: Arc<Tier<K, T::Value, T::Failure>>,
    terms: T,
    miss: Option<(Arc<Hashed<K>>, MissReason)>,
    remote: RemoteOf<T::Value>,
) -> CallOf<R, K, T> {
    let (settled, returned) = (OnceLock::new(), PhantomData);
    let tags = Labels::new(terms.has_labels());
    Call(Box::new(Pending { site, tier, terms, miss, tags, remote, settled, returned }))
}

#[inline]
fn hit<K, V, F>(tier: &Tier<K, V, F>, stored: Stamp) {
    tier.counters.count(Count::Hit);
    report(|| Outcome::Hit { age: tier.clock.now().since(stored), tier: HitTier::Memory });
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
            Turn::Fetch(role, fetching) => {
                let fetched = {
                    let _inside = role.enter();
                    wait(fetching)
                };
                call.fetched(role, fetched)
            }
            Turn::Load(role, publish) => {
                let result = {
                    let (_inside, _load) = (role.enter(), call.load());
                    body()
                };
                call.loaded(role, publish, result)
            }
            Turn::Publish(role, loaded, publishing) => {
                let published = wait(publishing);
                ControlFlow::Break(call.published(role, *loaded, published))
            }
        };
    }
}

/// What a caller does next.
enum Turn<R, K: Eq + Clone, V, F> {
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
enum Role<K: Eq + Clone, V, F> {
    /// For all who want the key.
    Lead(Lead<K, Shared<V, F>>),
    /// For itself.
    Alone(Alone),
}

impl<K: Eq + Clone, V, F> Role<K, V, F> {
    /// Marks the load as running on this thread until the guard is dropped.
    fn enter(&self) -> Option<Inside> {
        match self {
            Self::Lead(lead) => Some(lead.enter()),
            Self::Alone(_) => None,
        }
    }
}

/// A result, and what is to be stored of it.
struct Kept<R, V> {
    result: R,
    store: Option<Stored<V>>,
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
    fn start(&self) -> ControlFlow<R, Turn<R, K, V, F>> {
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
    fn fetched(
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
    fn followed(&self, followed: Followed<K, Shared<V, F>>) -> ControlFlow<R, Turn<R, K, V, F>> {
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

    /// Marks the body as running on this thread.
    fn load(&self) -> Load<'_> {
        Load { counters: &self.tier.counters, was_panicking: thread::panicking() }
    }

    /// The turn after the body, or the answer.
    fn loaded(
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
    fn published(&self, role: Role<K, V, F>, mut kept: Kept<R, V>, published: Published) -> R {
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

    /// Why nothing answered, as far as is known.
    fn reason(&self) -> MissReason {
        let of_memory = || self.miss.as_ref().map_or(MissReason::Absent, |(_, reason)| *reason);
        self.settled.get().copied().flatten().unwrap_or_else(of_memory)
    }

    /// Counts a miss of memory, unless the store has yet to say whether it is one.
    fn count_miss(&self) {
        if self.remote.is_none() {
            self.tier.counters.count(Count::Miss);
        }
    }

    /// Counts a miss of the store.
    fn missed(&self, reason: MissReason) {
        if self.remote.is_some() && self.settled.set(Some(reason)).is_ok() {
            self.tier.counters.count(Count::Miss);
        }
    }

    /// Counts a hit of the store.
    fn found(&self, age: Duration) {
        if self.settled.set(None).is_ok() {
            self.tier.counters.count(Count::Hit);
            report(|| Outcome::Hit { age, tier: HitTier::Shared });
        }
    }

    /// A bypass is reported when it starts.
    fn report_miss(&self, followed: bool, stored: bool) {
        if self.miss.is_some() {
            report(|| Outcome::Miss { reason: self.reason(), followed, stored });
        }
    }
}

impl<R, K, V, F, T> Drop for Pending<R, K, V, F, T> {
    fn drop(&mut self) {
        // A call that was cancelled before it was counted, since the store had yet to answer.
        if self.remote.is_some() && self.settled.get().is_none() {
            self.tier.counters.count(Count::Miss);
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
