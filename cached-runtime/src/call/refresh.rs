//! Renewing entries in the background.
//!
//! Who finds an entry that is due or stale leads a flight for it at once, so that no other caller
//! does, and has it run where nobody waits: as a call of the same function with clones of its
//! arguments. On that thread the flight lies ready, and the call takes it up instead of looking for
//! an entry.

use std::any::TypeId;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::begun::Begun;
use super::handed::{Handed, Ready, handed_over, may_be_ready};
use super::pending::{RemoteOf, answered, hit, pending};
use super::{Call, CallOf, Mode, prepare};
use crate::adapter::Storable;
use crate::background::{self, Background, Kind};
use crate::key::{Hashed, Key, Lookup};
use crate::life::Use;
use crate::outcome::{HitTier, MissReason, Outcome};
use crate::rules::Terms;
use crate::site::{Instance, Site, Slot};
use crate::tier::{Answer, Refused, Renewal, Tier, Usable};

/// As [`begin`](super::begin), for a function that renews entries in the background.
#[inline]
pub fn begin_refreshing<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
) -> Begun<R, CallOf<R, Q::Owned, T>> {
    begin_with(site, instance, mode, key, terms, |_, _| None)
}

/// The same for a shared function.
#[cfg(feature = "json")]
#[inline]
pub fn begin_refreshing_shared<R, Q, T>(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    key: Option<Q>,
    terms: T,
) -> Begun<R, CallOf<R, Q::Owned, T>>
where
    Q: Key<Owned = Box<str>>,
    T: Terms<R, Value: crate::shared::Sharable>,
{
    begin_with(site, instance, mode, key, terms, crate::shared::remote)
}

/// What a fresh entry of memory answers. Nothing is begun, nor counted, where there is none.
#[inline]
pub fn glance<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    instance: Instance,
    key: &Q,
    terms: &T,
) -> Option<R> {
    let here = site.here();
    let slot = here.state().find(instance).filter(|_| !here.state().is_disabled())?;
    let tier = slot.tier::<Q::Owned, T::Value, T::Failure>();
    fresh(tier, &tier.seed.lookup(key), terms)
}

#[inline]
fn fresh<R, Q: Key, T: Terms<R>>(
    tier: &Tier<Q::Owned, T::Value, T::Failure>,
    key: &Lookup<'_, Q>,
    terms: &T,
) -> Option<R> {
    let (value, stored) = if may_be_ready() { None } else { tier.read(key).ok() }?;
    Some(hit(tier, terms, value, stored))
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
) -> Begun<R, CallOf<R, Q::Owned, T>> {
    let here = site.here();
    let state = here.state();
    let slot = state.slot::<Q::Owned, T::Value, T::Failure>(site, instance, here.clock());
    let tier = slot.tier::<Q::Owned, T::Value, T::Failure>();
    let Some(key) = key.filter(|_| !mode.is_uncached() && !state.is_disabled()) else {
        return ControlFlow::Continue(prepare(site, slot, terms, None, remote)).into();
    };
    let key = tier.seed.lookup(&key);
    if mode == Mode::Normal
        && let Some(answer) = fresh(tier, &key, &terms)
    {
        return ControlFlow::Break(answer).into();
    }
    begin_late(site, slot, mode, &key, terms, remote)
}

/// Begins a call that no entry answers at a glance.
#[cold]
#[inline(never)]
fn begin_late<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    slot: &Slot,
    mode: Mode,
    key: &Lookup<'_, Q>,
    terms: T,
    remote: impl FnOnce(
        &Arc<Tier<Q::Owned, T::Value, T::Failure>>,
        &Arc<Hashed<Q::Owned>>,
    ) -> RemoteOf<T::Value>,
) -> Begun<R, CallOf<R, Q::Owned, T>> {
    let origin = Origin { site, instance: slot.id() };
    if let Some(renewal) = handed_over::<Q, T::Value, T::Failure>(origin, key) {
        let tier: Arc<Tier<Q::Owned, T::Value, T::Failure>> = slot.tier_arc();
        let key = renewal.lead.shared_key();
        let remote = remote(&tier, &key);
        let miss = Some((key, MissReason::Expired));
        let call = pending(Some(origin), tier, terms, miss, remote).renewing(renewal);
        return ControlFlow::Continue(Call(Box::new(call))).into();
    }
    let tier = slot.tier::<Q::Owned, T::Value, T::Failure>();
    let (mut reason, mut refresh) = (MissReason::Forced, None);
    if mode == Mode::Normal {
        let (usable, of_memory) = tier.use_of(key);
        let (found, begun) = usable.map_or((None, None), |usable| origin.answer(tier, key, usable));
        (reason, refresh) = (of_memory, begun);
        if let Some((value, outcome)) = found {
            let answer = terms.restore_as(value, || outcome);
            return Begun { refresh, next: ControlFlow::Break(answer) };
        }
    }
    let call = prepare(site, slot, terms, Some((key.own(), reason)), remote);
    Begun { refresh, next: ControlFlow::Continue(call) }
}

/// Which function calls are of, and in which instantiation.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) site: &'static Site,
    pub(super) instance: TypeId,
}

impl Origin {
    /// What an entry is good for that a glance did not find fresh: its value, where that answers the
    /// call, how it did, and what is to be started.
    #[cold]
    fn answer<Q: Key, V, F>(
        self,
        tier: &Tier<Q::Owned, V, F>,
        key: &Lookup<'_, Q>,
        usable: Usable<V>,
    ) -> (Option<(V, Outcome)>, Option<Refresh>)
    where
        V: Storable,
        F: Send + Sync + 'static,
    {
        let waits = match usable.good_for {
            Use::Fresh | Use::Stale => false,
            Use::Fallback => true,
            Use::Nothing => return (None, None),
        };
        // Who would wait does so no longer than `soft_timeout`, if the load goes on without it.
        let is_wanted = match usable.good_for {
            Use::Fresh => usable.is_due,
            Use::Stale => true,
            Use::Fallback | Use::Nothing => tier.policy.soft_timeout.is_some(),
        };
        let renew = || tier.renew(&Arc::new(key.own()), usable.as_of, usable.remaining);
        let renewal = is_wanted.then(renew);
        // Nobody would go on with the load when the wait is over. A store may know better, though.
        let waits = waits && (tier.has_store() || !matches!(renewal, Some(Err(Refused::Busy))));
        let refresh = renewal.and_then(Result::ok).and_then(|renewal| self.refresh(renewal));
        if waits {
            return (None, refresh);
        }
        let Answer { value, age, is_stale } = usable.answer;
        let outcome = answered(tier, age, is_stale, HitTier::Memory, refresh.is_some());
        (Some((value, outcome)), refresh)
    }

    /// Has a renewal run in the background, once it is started; not where nothing starts any more.
    pub(super) fn refresh<K, V, F>(self, renewal: Renewal<K, V, F>) -> Option<Refresh>
    where
        K: Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Send + Sync + 'static,
    {
        let background = background::current();
        let handed = Handed::new(self, renewal);
        (!background.is_closed()).then(|| Refresh(Box::new((handed, background))))
    }

    pub(super) fn is(self, other: Self) -> bool {
        ptr::eq(self.site, other.site) && self.instance == other.instance
    }
}

/// A load that is to be started in the background. Dropped, it is left to others.
///
/// Boxed, so that a hit moves nothing large.
pub struct Refresh(Box<(Handed, Arc<Background>)>);

impl Refresh {
    /// Starts a load: `job` calls the function.
    pub fn start(self, job: impl FnOnce() + Send + 'static) {
        let (handed, background) = *self.0;
        let run = move || -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(async move {
                take_up(handed, job);
            })
        };
        background.start(Kind::Blocking, Box::new(run));
    }

    /// Hands the load to a call that begins on this thread.
    pub fn take_up<C>(self, call: impl FnOnce() -> C) -> C {
        let (handed, _) = *self.0;
        take_up(handed, call)
    }

    /// The same for a task. The future is made and polled on one thread.
    pub fn start_async<B>(self, job: impl FnOnce() -> B + Send + 'static)
    where
        B: Future<Output = ()> + 'static,
    {
        let (handed, background) = *self.0;
        let run = move || -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(Job { handed: Some(handed), body: Box::pin(job()) })
        };
        background.start(Kind::Task, Box::new(run));
    }
}

/// Lets a flight lie ready for a call that begins on this thread.
fn take_up<C>(handed: Handed, call: impl FnOnce() -> C) -> C {
    let mut handed = Some(handed);
    let ready = Ready::new(&mut handed);
    let taken_up = call();
    drop(ready);
    if let Some(handed) = handed {
        handed.was_left();
    }
    taken_up
}

/// A task that takes up what it was handed when it is first polled, or later.
struct Job<B> {
    handed: Option<Handed>,
    body: Pin<Box<B>>,
}

impl<B: Future<Output = ()>> Future for Job<B> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { handed, body } = &mut *self;
        let ready = Ready::new(handed);
        let polled = body.as_mut().poll(context);
        drop(ready);
        if polled.is_ready()
            && let Some(handed) = handed.take()
        {
            handed.was_left();
        }
        polled
    }
}
