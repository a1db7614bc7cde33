//! The one static of a cached function: its name, and the tiers of its instantiations.
//!
//! Untyped, because a static inside a generic function is shared by all its instantiations. A
//! call finds its typed tier by the identity of the instantiation it stands in: the first one
//! lies inline, further ones in a small hash table that only grows, so that finding one takes no
//! lock.

use std::any::{Any, TypeId, type_name};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::adapter::Storable;
use crate::bindings;
use crate::clock::Clock;
use crate::key::Prehashed;
use crate::name;
use crate::policy::{Policy, Timeout};
use crate::registry;
#[cfg(feature = "json")]
use crate::shared::Link;
use crate::tier::{AnyTier, KeyedTier, Tier};

/// A cached function.
pub struct Site {
    function: &'static str,
    module: &'static str,
    name: Option<&'static str>,
    version: u32,
    state: SiteState,
}

/// What changes of a site. Isolated tests have their own.
pub(crate) struct SiteState {
    first: OnceLock<Slot>,
    /// Chains of further slots, by the hash of their instantiation.
    further: [OnceLock<Box<Slot>>; CHAINS],
    /// Who has turned this cache off: bits of [`OFF_HERE`] and [`OFF_EVERYWHERE`].
    off: AtomicU8,
    /// Nanoseconds of the timeout set at run time: [`UNSET`] or [`NEVER`] where there are none.
    timeout_nanos: AtomicU64,
}

const CHAINS: usize = 16;

/// `Handle::disable` was called.
const OFF_HERE: u8 = 1;
/// The program is configured to cache nothing.
const OFF_EVERYWHERE: u8 = 2;

const UNSET: u64 = u64::MAX;
const NEVER: u64 = u64::MAX - 1;

/// A site's state where a call is made.
pub(crate) struct Here {
    #[cfg(feature = "testing")]
    isolated: Option<(Arc<SiteState>, Clock)>,
    own: &'static SiteState,
}

impl Here {
    #[inline]
    pub(crate) fn state(&self) -> &SiteState {
        #[cfg(feature = "testing")]
        if let Some((state, _)) = &self.isolated {
            return state;
        }
        self.own
    }

    #[inline]
    #[cfg_attr(
        not(feature = "testing"),
        allow(clippy::unused_self, reason = "the clock of an isolation is part of it")
    )]
    pub(crate) fn clock(&self) -> &Clock {
        #[cfg(feature = "testing")]
        if let Some((_, clock)) = &self.isolated {
            return clock;
        }
        &Clock::System
    }
}

/// One instantiation: of a generic function, or of whatever the function stands in.
pub(crate) struct Slot {
    id: TypeId,
    tier: Arc<dyn Any + Send + Sync>,
    /// The tier as `Arc<dyn KeyedTier<K>>`.
    keyed: Box<dyn Any + Send + Sync>,
    pub(crate) any: Arc<dyn AnyTier>,
    next: OnceLock<Box<Slot>>,
}

/// Which instantiation a call stands in.
#[derive(Clone, Copy)]
pub struct Instance {
    id: TypeId,
    type_name: &'static str,
    policy: Source,
}

/// Where a policy comes from.
#[derive(Clone, Copy)]
enum Source {
    /// Generated code makes it.
    Written(fn() -> Policy),
    /// The running program made it.
    Given(&'static Policy),
}

impl Instance {
    /// The identity of `marker`, a closure written in the function's body: it has a type of its
    /// own for every instantiation of all that surrounds it.
    ///
    /// The marker is the policy, which so may be another one for each instantiation, too.
    #[inline]
    #[must_use]
    pub fn of<M>(_: &M, policy: fn() -> Policy) -> Self {
        let policy = Source::Written(policy);
        Self { id: typeid::of::<M>(), type_name: type_name::<M>(), policy }
    }

    /// The one instantiation of what the running program makes for itself, with a name of its own.
    #[must_use]
    pub fn made(policy: &'static Policy) -> Self {
        let policy = Source::Given(policy);
        Self { id: TypeId::of::<Policy>(), type_name: "", policy }
    }

    /// Whether there may be others of the same function: it, or what surrounds it, is generic.
    #[must_use]
    pub fn is_generic(self) -> bool {
        self.type_name.contains('<')
    }

    pub(crate) fn id(self) -> TypeId {
        self.id
    }

    pub(crate) fn policy(self) -> Policy {
        match self.policy {
            Source::Written(policy) => policy(),
            Source::Given(policy) => policy.clone(),
        }
    }
}

impl Site {
    /// The function called `function`, somewhere in a module.
    #[must_use]
    pub const fn new(function: &'static str, module: &'static str) -> Self {
        Self { function, module, name: None, version: 0, state: SiteState::new() }
    }

    /// The name that the attribute gives it. Default: its path.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The number of the values' schema. Default: 0.
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    pub(crate) const fn schema_version(&self) -> u32 {
        self.version
    }

    /// The site's state, or that of the isolated test which this thread is in.
    #[inline]
    pub(crate) fn here(&'static self) -> Here {
        Here {
            #[cfg(feature = "testing")]
            isolated: crate::testing::current().map(|isolation| isolation.state_of(self)),
            own: &self.state,
        }
    }

    /// Shows the same, and its clock, to `look`.
    pub(crate) fn state<T>(&'static self, look: impl FnOnce(&SiteState, &Clock) -> T) -> T {
        let here = self.here();
        look(here.state(), here.clock())
    }

    /// What all instantiations have in common.
    pub(crate) fn name(&self) -> String {
        let path = || format!("{}::{}", self.module, self.function);
        self.name.map_or_else(path, str::to_owned)
    }

    /// Where the entries of an instantiation go; none where they stay in this process.
    #[cfg(feature = "json")]
    pub(crate) fn link(
        &self,
        instance: Instance,
        policy: &Policy,
        clock: &Clock,
    ) -> Option<Arc<Link>> {
        Link::new(self.name_of(instance), self.version, policy, clock).map(Arc::new)
    }

    /// How the registry calls an instantiation.
    pub(crate) fn name_of(&self, instance: Instance) -> String {
        name::of(instance.type_name, self.function, self.name)
    }
}

impl SiteState {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            further: [const { OnceLock::new() }; CHAINS],
            off: AtomicU8::new(0),
            timeout_nanos: AtomicU64::new(UNSET),
        }
    }

    #[inline]
    pub(crate) fn is_disabled(&self) -> bool {
        self.off.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn disable(&self, is_disabled: bool) {
        if is_disabled {
            self.off.fetch_or(OFF_HERE, Ordering::Relaxed);
        } else {
            self.off.fetch_and(!OFF_HERE, Ordering::Relaxed);
        }
    }

    /// The program is configured to cache nothing.
    pub(crate) fn turn_off(&self) {
        self.off.fetch_or(OFF_EVERYWHERE, Ordering::Relaxed);
    }

    pub(crate) fn set_timeout(&self, timeout: Timeout) {
        let nanos = timeout.as_duration().map_or(NEVER, |duration| {
            u64::try_from(duration.as_nanos()).map_or(NEVER, |nanos| nanos.min(NEVER))
        });
        self.timeout_nanos.store(nanos, Ordering::Relaxed);
    }

    /// The timeout at present: the one set at run time, else the policy's.
    pub(crate) fn timeout(&self, policy: &Policy) -> Timeout {
        match self.timeout_nanos.load(Ordering::Relaxed) {
            UNSET => policy.timeout.unwrap_or_else(|| bindings::default_timeout(policy)),
            NEVER => Timeout::NEVER,
            nanos => Timeout::after(Duration::from_nanos(nanos)),
        }
    }

    /// The instantiations called so far.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.first.get().into_iter().chain(self.further.iter().flat_map(chain))
    }

    /// The slot of an instantiation, made on its first call.
    #[inline]
    pub(crate) fn slot<K, V, F>(
        &self,
        site: &'static Site,
        instance: Instance,
        clock: &Clock,
    ) -> &Slot
    where
        K: Eq + Clone + Send + Sync + 'static,
        V: Storable,
        F: Send + Sync + 'static,
    {
        match self.first.get() {
            Some(slot) if slot.id == instance.id => slot,
            _ => self.find_or_make::<K, V, F>(site, instance, clock),
        }
    }

    /// The slot of an instantiation, if it was ever called.
    pub(crate) fn find(&self, instance: Instance) -> Option<&Slot> {
        let first = self.first.get().filter(|slot| slot.id == instance.id);
        first.or_else(|| chain(self.chain_of(instance.id)).find(|slot| slot.id == instance.id))
    }

    #[cold]
    #[inline(never)]
    fn find_or_make<K, V, F>(&self, site: &'static Site, instance: Instance, clock: &Clock) -> &Slot
    where
        K: Eq + Clone + Send + Sync + 'static,
        V: Storable,
        F: Send + Sync + 'static,
    {
        if let Some(slot) = self.find(instance) {
            return slot;
        }
        let policy = instance.policy();
        #[cfg(feature = "json")]
        let link = site.link(instance, &policy, clock);
        let tier = Arc::new(Tier::<K, V, F>::new(
            policy,
            clock.clone(),
            #[cfg(feature = "json")]
            link,
        ));
        let slot = Slot {
            id: instance.id,
            keyed: Box::new(Arc::clone(&tier) as Arc<dyn KeyedTier<K>>),
            any: Arc::clone(&tier) as Arc<dyn AnyTier>,
            tier,
            next: OnceLock::new(),
        };
        self.push(site, instance, slot)
    }

    fn chain_of(&self, id: TypeId) -> &OnceLock<Box<Slot>> {
        let hash = usize::try_from(Prehashed::default().hash_one(id)).unwrap_or_default();
        &self.further[hash % CHAINS]
    }

    /// Adds a slot at the end of its chain; where another thread did so first, takes that one.
    fn push(&self, site: &'static Site, instance: Instance, slot: Slot) -> &Slot {
        let id = slot.id;
        let mut new = Some(slot);
        let mut slot = self.first.get_or_init(|| new.take().expect("taken once"));
        let mut next = self.chain_of(id);
        while slot.id != id {
            slot = next.get_or_init(|| Box::new(new.take().expect("taken once")));
            next = &slot.next;
        }
        if new.is_none() {
            registry::register(site.name_of(instance), site, instance);
            // After it can be found by whoever configures that, before any call uses it.
            if bindings::is_null() {
                self.turn_off();
            }
        }
        slot
    }
}

fn chain(start: &OnceLock<Box<Slot>>) -> impl Iterator<Item = &Slot> {
    std::iter::successors(start.get().map(Box::as_ref), |slot| slot.next.get().map(Box::as_ref))
}

impl Slot {
    pub(crate) fn id(&self) -> TypeId {
        self.id
    }

    /// The typed tier.
    ///
    /// # Panics
    /// Never: one instantiation has one type of key and one type of value.
    #[inline]
    pub(crate) fn tier<K, V, F>(&self) -> &Tier<K, V, F>
    where
        K: 'static,
        V: 'static,
        F: 'static,
    {
        self.tier.downcast_ref().expect("an instantiation has one type of key and value")
    }

    pub(crate) fn tier_arc<K, V, F>(&self) -> Arc<Tier<K, V, F>>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Send + Sync + 'static,
    {
        let tier = Arc::clone(&self.tier);
        tier.downcast().expect("an instantiation has one type of key and value")
    }

    pub(crate) fn keyed<K: 'static>(&self) -> &Arc<dyn KeyedTier<K>> {
        self.keyed.downcast_ref().expect("an instantiation has one type of key")
    }
}
