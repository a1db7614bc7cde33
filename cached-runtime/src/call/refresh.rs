//! Renewing entries in the background.
//!
//! Who finds an entry that is due or stale leads a flight for it at once, so that no other caller
//! does, and has it run where nobody waits: as a call of the same function with clones of its
//! arguments. On that thread the flight lies ready, and the call takes it up instead of looking for
//! an entry.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll};

use quick_cache::Equivalent as _;

use super::begun::Begun;
use super::pending::{RemoteOf, answered, pending};
use super::{Call, CallOf, Mode, prepare};
use crate::adapter::Storable;
use crate::background::{self, Background, Kind};
use crate::key::{Hashed, Key, Lookup};
use crate::life::Use;
use crate::outcome::{HitTier, MissReason};
use crate::pace::Permit;
use crate::rules::Terms;
use crate::site::{Instance, Site};
use crate::sync::thread_local;
use crate::tier::{Answer, Refused, Renewal, Tier};

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
    let origin = Origin { site, instance: instance.id() };
    if let Some(renewal) = handed_over::<Q, T::Value, T::Failure>(origin, &key) {
        let tier: Arc<Tier<Q::Owned, T::Value, T::Failure>> = slot.tier_arc();
        let key = renewal.lead.shared_key();
        let remote = remote(&tier, &key);
        let miss = Some((key, MissReason::Expired));
        let call = pending(Some(origin), tier, terms, miss, remote).renewing(renewal);
        return ControlFlow::Continue(Call(Box::new(call))).into();
    }
    let reason = match mode {
        Mode::Fresh => MissReason::Forced,
        Mode::Normal | Mode::Uncached => match tier.read(&key) {
            Ok((value, stored)) => {
                super::hit(tier, stored);
                return ControlFlow::Break(terms.restore(value)).into();
            }
            Err(reason) => reason,
        },
    };
    let (value, refresh) =
        if mode == Mode::Fresh { (None, None) } else { origin.answer(tier, &key) };
    let next = match value {
        Some(value) => ControlFlow::Break(terms.restore(value)),
        None => {
            ControlFlow::Continue(prepare(site, slot, terms, Some((key.own(), reason)), remote))
        }
    };
    Begun { refresh, next }
}

/// Which function calls are of, and in which instantiation.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) site: &'static Site,
    pub(super) instance: TypeId,
}

impl Origin {
    /// What an entry is good for that a glance did not find fresh: its value, where that answers the
    /// call, and what is to be started.
    #[cold]
    fn answer<Q: Key, V, F>(
        self,
        tier: &Tier<Q::Owned, V, F>,
        key: &Lookup<'_, Q>,
    ) -> (Option<V>, Option<Refresh>)
    where
        V: Storable,
        F: Send + Sync + 'static,
    {
        let Some(usable) = tier.use_of(key) else { return (None, None) };
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
        let is_wanted = is_wanted && !background::current().is_closed();
        let renew = || tier.renew(&Arc::new(key.own()), usable.as_of, usable.remaining);
        let renewal = is_wanted.then(renew);
        // Nobody would go on with the load when the wait is over. A store may know better, though.
        let waits = waits && (tier.has_store() || !matches!(renewal, Some(Err(Refused::Busy))));
        let refresh = renewal.and_then(Result::ok).map(|renewal| self.refresh(renewal));
        if waits {
            return (None, refresh);
        }
        let Answer { value, age, is_stale } = usable.answer;
        answered(tier, age, is_stale, HitTier::Memory, refresh.is_some());
        (Some(value), refresh)
    }

    /// Has a renewal run in the background, once it is started.
    pub(super) fn refresh<K, V, F>(self, renewal: Renewal<K, V, F>) -> Refresh
    where
        K: Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Send + Sync + 'static,
    {
        let handed = Handed { origin: self, renewal: Box::new(renewal) };
        Refresh { handed, background: background::current() }
    }

    fn is(self, other: Self) -> bool {
        ptr::eq(self.site, other.site) && self.instance == other.instance
    }
}

/// A load that is to be started in the background. Dropped, it is left to others.
pub struct Refresh {
    handed: Handed,
    background: Arc<Background>,
}

/// A flight on its way to the call that takes it up.
struct Handed {
    origin: Origin,
    /// A `Renewal` of its types.
    renewal: Box<dyn Any + Send>,
}

impl Refresh {
    /// Starts a load: `job` calls the function.
    pub fn start(self, job: impl FnOnce() + Send + 'static) {
        let Self { handed, background } = self;
        let run = move || -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(async move {
                let mut handed = Some(handed);
                let _ready = Ready::new(&mut handed);
                job();
            })
        };
        background.start(Kind::Blocking, Box::new(run));
    }

    /// Runs the job on this thread: the model checker has threads of its own.
    #[cfg(feature = "model")]
    pub fn run(self, job: impl FnOnce()) {
        let mut handed = Some(self.handed);
        let _ready = Ready::new(&mut handed);
        job();
    }

    /// The same for a task. The future is made and polled on one thread.
    pub fn start_async<B>(self, job: impl FnOnce() -> B + Send + 'static)
    where
        B: Future<Output = ()> + 'static,
    {
        let Self { handed, background } = self;
        let run = move || -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(Job { handed: Some(handed), body: Box::pin(job()) })
        };
        background.start(Kind::Task, Box::new(run));
    }
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
        let _ready = Ready::new(handed);
        body.as_mut().poll(context)
    }
}

thread_local! {
    /// What lies ready on this thread.
    static READY: RefCell<Option<Handed>> = const { RefCell::new(None) };
}

/// Something lies ready until this is dropped, which takes back what nobody has taken up.
struct Ready<'j>(&'j mut Option<Handed>);

impl<'j> Ready<'j> {
    fn new(handed: &'j mut Option<Handed>) -> Self {
        READY.with(|ready| mem::swap(&mut *ready.borrow_mut(), handed));
        Self(handed)
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        READY.with(|ready| mem::swap(&mut *ready.borrow_mut(), self.0));
    }
}

/// Gives up what lies ready for a call of this function which may not use the cache any more: it was
/// disabled meanwhile. The call is still nobody's.
pub(super) fn given_up<K, V, F>(origin: Origin) -> Option<Permit>
where
    K: Eq + Clone + 'static,
    V: 'static,
    F: 'static,
{
    let is_meant = |handed: &mut Handed| handed.origin.is(origin);
    let taken = READY.try_with(|ready| ready.borrow_mut().take_if(is_meant));
    let handed = taken.ok().flatten()?;
    handed.renewal.downcast().ok().map(|renewal: Box<Renewal<K, V, F>>| renewal.permit)
}

/// What lies ready for this very call.
#[inline]
fn handed_over<Q: Key, V, F>(origin: Origin, key: &Lookup<'_, Q>) -> Option<Renewal<Q::Owned, V, F>>
where
    V: 'static,
    F: 'static,
{
    let taken = READY.try_with(|ready| {
        // Mostly there is nothing.
        ready.borrow().as_ref()?;
        let mut ready = ready.borrow_mut();
        let is_meant = |handed: &mut Handed| {
            handed.origin.is(origin)
                && handed
                    .renewal
                    .downcast_ref::<Renewal<Q::Owned, V, F>>()
                    .is_some_and(|renewal| key.equivalent(renewal.lead.key()))
        };
        let handed = ready.take_if(is_meant)?;
        handed.renewal.downcast().ok().map(|renewal| *renewal)
    });
    // On a thread whose locals are gone already, nothing lies ready.
    taken.ok().flatten()
}
