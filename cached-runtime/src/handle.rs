//! Handles: a cached function's cache as a value, and one entry of it.

mod ops;

use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use crate::bindings;
use crate::key::text::Text;
use crate::key::{Key, Seed};
use crate::policy::IntoTimeout;
#[cfg(feature = "json")]
use crate::remote::wait;
use crate::rules::Terms;
#[cfg(feature = "json")]
use crate::shared::Link;
use crate::site::{Instance, Site, Slot};
use crate::stats::Stats;
use crate::tag::Labels;

use ops::{Keyed, Ops, Typed, Values};

/// The cache of a function: `f::cache()` of a function with `handle`, or a find in the registry.
///
/// For a generic function, `f::cache()` is all its instantiations together; the registry lists
/// each.
///
/// # Examples
/// ```
/// use cached_runtime::cached;
///
/// #[cached(handle)]
/// fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// assert_eq!((double(4), double(4)), (8, 8));
/// assert_eq!(double::cache().stats().hits, 1);
/// double::cache().clear();
/// assert!(double::cache().is_empty());
/// ```
#[derive(Clone, Copy)]
pub struct Handle {
    site: &'static Site,
    /// One instantiation; none for all.
    instance: Option<Instance>,
}

impl Handle {
    /// All instantiations of a function.
    #[must_use]
    pub const fn new(site: &'static Site) -> Self {
        Self { site, instance: None }
    }

    pub(crate) const fn of(site: &'static Site, instance: Instance) -> Self {
        Self { site, instance: Some(instance) }
    }

    /// Whether two handles are of one cache.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let id = |handle: &Self| handle.instance.map(Instance::id);
        ptr::eq(self.site, other.site) && id(self) == id(other)
    }

    /// Returns the counters, added up. Cost: reads every stripe of every instantiation.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.fold(Stats::default(), |sum, slot| sum + slot.any.stats())
    }

    /// Returns how many entries are held, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fold(0, |sum, slot| sum + slot.any.len())
    }

    /// Whether no entry is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the name its attribute gives, or else the path of the function; of one
    /// instantiation, with the types that tell it apart.
    #[must_use]
    pub fn name(&self) -> String {
        self.instance.map_or_else(|| self.site.name(), |instance| self.site.name_of(instance))
    }

    /// Returns the number that the attribute gives the values' schema. Default: 0.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.site.schema_version()
    }

    /// Makes every entry count for nothing, and every load that is under way; then drops the
    /// entries.
    ///
    /// Concurrency: a call that begins after this returned sees no value whose body began before
    /// it. Cost: constant time for other callers, whose shards are swapped for empty ones; this
    /// one drops the old entries, outside all locks. Of a shared function the store is cleared as
    /// well, which blocks for at most one operation of it; [`SharedHandle`](crate::SharedHandle)
    /// says whether that failed.
    pub fn clear(&self) {
        self.clear_memory();
        #[cfg(feature = "json")]
        for link in self.links() {
            // Where this fails, the store is told later.
            drop(wait(link.clear()));
            self.forget();
        }
    }

    /// As [`clear`](Self::clear), of this process alone.
    pub(crate) fn clear_memory(&self) {
        self.fold((), |(), slot| slot.any.clear());
    }

    /// The same once more: what has come from a store meanwhile.
    #[cfg(feature = "json")]
    pub(crate) fn forget(&self) {
        self.fold((), |(), slot| slot.any.forget());
    }

    /// The same of instantiations whose entries go to the store of this name.
    #[cfg(feature = "json")]
    pub(crate) fn forget_store(&self, store: &str) {
        self.forget_shared(|link| link.sharing.store == store);
    }

    #[cfg(feature = "json")]
    fn forget_shared(&self, is_meant: impl Fn(&Link) -> bool) {
        self.fold((), |(), slot| {
            if slot.any.link().is_some_and(|link| is_meant(link)) {
                slot.any.forget();
            }
        });
    }

    /// Where the entries of a shared function go.
    #[cfg(feature = "json")]
    pub(crate) fn links(&self) -> Vec<Arc<Link>> {
        self.fold(Vec::new(), |mut links, slot| {
            links.extend(slot.any.link().cloned());
            links
        })
    }

    /// Drops the entries that have expired. Returns how many. Cost: one pass over all entries, a
    /// shard at a time, which calls of that shard wait for (some 20 ns an entry).
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn purge(&self) -> usize {
        self.fold(0, |sum, slot| sum + slot.any.purge())
    }

    /// Sets the timeout of entries stored from now on, for all instantiations. Seconds or a
    /// [`Duration`]; [`Timeout::NEVER`](crate::Timeout::NEVER) for no end, zero to store nothing.
    pub fn set_timeout(&self, timeout: impl IntoTimeout) {
        self.site.state(|state, _| state.set_timeout(timeout.into_timeout()));
    }

    /// Lets every call run the body, for all instantiations, until [`enable`](Self::enable).
    /// Entries stay.
    pub fn disable(&self) {
        self.site.state(|state, _| state.disable(true));
    }

    /// Ends [`disable`](Self::disable).
    pub fn enable(&self) {
        self.site.state(|state, _| state.disable(false));
    }

    /// Takes notice of a configuration that came after the first call.
    pub(crate) fn reconfigure(&self) {
        self.site.state(|state, _| {
            if bindings::is_null() {
                state.turn_off();
            }
        });
        // What a function that shares its entries kept for itself so far is nobody's.
        #[cfg(feature = "json")]
        self.forget_shared(|_| true);
    }

    fn fold<T>(&self, start: T, step: impl FnMut(T, &Slot) -> T) -> T {
        self.site.state(|state, _| {
            let is_meant =
                |slot: &&Slot| self.instance.is_none_or(|instance| instance.id() == slot.id());
            state.slots().filter(is_meant).fold(start, step)
        })
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// One entry of a cached function that returns `R`: `f::entry(..)`.
///
/// It names a key; whether the cache holds anything for it is asked at each call of a method.
///
/// # Examples
/// ```
/// use cached_runtime::cached;
///
/// #[cached(handle, key = "square:{n}")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// square(3);
/// assert_eq!(square::entry(3).peek(), Some(9));
/// assert_eq!(square::entry(3).key(), "square:3");
/// assert!(square::entry(3).invalidate());
/// assert_eq!(square::entry(3).peek(), None);
///
/// square::entry(4).put(17);
/// assert_eq!(square(4), 17);
/// ```
#[must_use = "an entry does nothing by itself; call `peek`, `put`, `invalidate`, .."]
pub struct Entry<R> {
    opaque: OpaqueEntry,
    values: Option<Arc<dyn Values<R>>>,
    /// What it carries, whatever its value.
    labels: Labels,
}

/// One entry of a cached function whose return type has no name: `f::entry(..)` where `f` returns
/// `impl Trait`. An [`Entry`] without `peek` and `put`.
#[derive(Clone)]
#[must_use = "an entry does nothing by itself; call `invalidate`, .."]
pub struct OpaqueEntry {
    key: String,
    /// None where the key names nothing.
    ops: Option<Arc<dyn Ops>>,
}

impl<R> Entry<R> {
    /// Names the entry of a key. For generated code.
    #[doc(hidden)]
    pub fn new<Q: Key, T>(site: &'static Site, instance: Instance, key: Option<Q>, terms: T) -> Self
    where
        R: 'static,
        T: Terms<R> + Send + Sync + 'static,
    {
        let opaque = OpaqueEntry::new(site, instance, key.as_ref());
        let values = key.map(|key| {
            let key = Seed::shared().lookup(&key).own();
            Arc::new(Typed { site, instance, key, terms }) as Arc<dyn Values<R>>
        });
        Self { opaque, values, labels: Labels::default() }
    }

    /// Adds a tag to what is put. For generated code.
    #[doc(hidden)]
    pub fn tagged(mut self, name: Option<Text<'_>>) -> Self {
        self.labels.add(name.map(Text::as_str));
        self
    }

    /// Returns what a hit would return now: none where there is no entry that is fresh, or stale within
    /// `stale`. Not counted.
    #[must_use]
    pub fn peek(&self) -> Option<R> {
        self.values.as_ref()?.peek()
    }

    /// Stores a result if a load's would be stored: an `Ok`, a `Some`, what `store_if` accepts.
    ///
    /// Concurrency: beats every load that began before it, whenever that ends.
    #[expect(clippy::needless_pass_by_value, reason = "handing a result over reads as storing it")]
    pub fn put(&self, result: R) {
        if let Some(values) = &self.values {
            values.put(&result, &self.labels);
        }
    }

    /// Drops the entry, and dooms the load that is under way for it. Returns whether there was a
    /// fresh entry.
    ///
    /// Concurrency: a call that begins after this returned sees no value whose body began before
    /// it. Callers who wait for a doomed load get its result; it is not stored.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn invalidate(&self) -> bool {
        self.opaque.invalidate()
    }

    /// Ends the freshness of the entry: the next call loads, or is answered with it as stale where the
    /// function has `stale`. Returns whether it was fresh.
    ///
    /// Concurrency: a load that is under way for it is not stored.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn expire(&self) -> bool {
        self.opaque.expire()
    }

    /// Returns the key as text: the template's, or for other keys the hash that this process
    /// looks them up by. Empty for a key that names nothing.
    #[must_use]
    pub fn key(&self) -> &str {
        self.opaque.key()
    }

    /// Returns the time since the entry was stored; none where there is no fresh one.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.opaque.age()
    }
}

impl<R> Clone for Entry<R> {
    fn clone(&self) -> Self {
        let Self { opaque, values, labels } = self;
        Self { opaque: opaque.clone(), values: values.clone(), labels: labels.clone() }
    }
}

impl<R> fmt::Debug for Entry<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key()).finish_non_exhaustive()
    }
}

impl OpaqueEntry {
    /// Names the entry of a key. For generated code.
    #[doc(hidden)]
    pub fn new<Q: Key>(site: &'static Site, instance: Instance, key: Option<&Q>) -> Self {
        let Some(key) = key else { return Self { key: String::new(), ops: None } };
        let key = Seed::shared().lookup(key).own();
        let text = match Q::as_text(&key.key) {
            Some(text) => text.to_owned(),
            None => format!("#{:016x}", key.hash),
        };
        Self { key: text, ops: Some(Arc::new(Keyed { site, instance, key })) }
    }

    /// As [`Entry::invalidate`].
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn invalidate(&self) -> bool {
        self.ops.as_ref().is_some_and(|ops| ops.invalidate())
    }

    /// As [`Entry::expire`].
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn expire(&self) -> bool {
        self.ops.as_ref().is_some_and(|ops| ops.expire())
    }

    /// As [`Entry::key`].
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// As [`Entry::age`].
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.ops.as_ref()?.age()
    }
}

impl fmt::Debug for OpaqueEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueEntry").field("key", &self.key).finish_non_exhaustive()
    }
}
