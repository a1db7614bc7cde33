//! A flight on its way to the call that takes it up: it lies ready on the thread of the background job
//! which makes that call.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::mem;

use quick_cache::Equivalent as _;

use super::refresh::Origin;
use crate::key::{Key, Lookup};
use crate::pace::Permit;
use crate::sync::thread_local;
use crate::tier::Renewal;

/// A flight on its way to the call that takes it up.
pub(super) struct Handed {
    pub(super) origin: Origin,
    /// A `Renewal` of its types.
    pub(super) renewal: Box<dyn Any + Send>,
    /// As `throttle`, of its types.
    throttle: fn(Origin, &dyn Any),
}

impl Handed {
    pub(super) fn new<K, V, F>(origin: Origin, renewal: Renewal<K, V, F>) -> Self
    where
        K: Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Send + Sync + 'static,
    {
        Self { origin, renewal: Box::new(renewal), throttle: throttle::<K, V, F> }
    }

    /// The job is over, and no call has taken this up: in the background, the function's name means
    /// another one, or its key is another.
    pub(super) fn was_left(self) {
        (self.throttle)(self.origin, &*self.renewal);
    }
}

/// A load in the background has brought nothing, and would bring nothing if the next call began it
/// again: that waits as after a failure. A cache that was disabled meanwhile has not failed.
fn throttle<K, V, F>(origin: Origin, renewal: &dyn Any)
where
    K: Eq + Clone + 'static,
    V: 'static,
    F: 'static,
{
    let Some(renewal) = renewal.downcast_ref::<Renewal<K, V, F>>() else { return };
    origin.site.state(|state, _| {
        let slot = state.slots().find(|slot| slot.id() == origin.instance);
        if let Some(slot) = slot.filter(|_| !state.is_disabled()) {
            slot.tier::<K, V, F>().throttle(renewal.lead.key());
        }
    });
}

thread_local! {
    /// What lies ready on this thread.
    static READY: RefCell<Option<Handed>> = const { RefCell::new(None) };
    /// Whether something may. Without a destructor, so that reading it costs a hit one load.
    static MAY_BE_READY: Cell<bool> = const { Cell::new(false) };
}

/// Something lies ready until this is dropped, which takes back what nobody has taken up.
pub(super) struct Ready<'j>(&'j mut Option<Handed>);

impl<'j> Ready<'j> {
    pub(super) fn new(handed: &'j mut Option<Handed>) -> Self {
        MAY_BE_READY.with(|may_be| may_be.set(handed.is_some()));
        READY.with(|ready| mem::swap(&mut *ready.borrow_mut(), handed));
        Self(handed)
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        READY.with(|ready| mem::swap(&mut *ready.borrow_mut(), self.0));
        MAY_BE_READY.with(|may_be| may_be.set(false));
    }
}

/// Gives up what lies ready for a call of this function which may not use the cache any more: it was
/// disabled meanwhile, or its condition is another in the background. The call is still nobody's.
pub(super) fn given_up<K, V, F>(origin: Origin) -> Option<Permit>
where
    K: Eq + Clone + 'static,
    V: 'static,
    F: 'static,
{
    let is_meant = |handed: &mut Handed| handed.origin.is(origin);
    let taken = READY.try_with(|ready| ready.borrow_mut().take_if(is_meant));
    let handed = taken.ok().flatten()?;
    (handed.throttle)(origin, &*handed.renewal);
    handed.renewal.downcast().ok().map(|renewal: Box<Renewal<K, V, F>>| renewal.permit)
}

/// Whether this thread runs a background job that something lies ready for.
#[inline]
pub(super) fn may_be_ready() -> bool {
    MAY_BE_READY.with(Cell::get)
}

/// What lies ready for this very call.
pub(super) fn handed_over<Q: Key, V, F>(
    origin: Origin,
    key: &Lookup<'_, Q>,
) -> Option<Renewal<Q::Owned, V, F>>
where
    V: 'static,
    F: 'static,
{
    let is_meant = |handed: &mut Handed| {
        handed.origin.is(origin)
            && handed
                .renewal
                .downcast_ref::<Renewal<Q::Owned, V, F>>()
                .is_some_and(|renewal| key.equivalent(renewal.lead.key()))
    };
    // On a thread whose locals are gone already, nothing lies ready.
    let taken = READY.try_with(|ready| ready.borrow_mut().take_if(is_meant));
    let handed = taken.ok().flatten()?;
    handed.renewal.downcast().ok().map(|renewal| *renewal)
}
