//! Every cache of the program that was called at least once, by name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::handle::Handle;
use crate::site::{Instance, Site};

static CACHES: Mutex<BTreeMap<String, Vec<Handle>>> = Mutex::new(BTreeMap::new());

/// Returns the cache of a function by its path, such as `"my_crate::users::load_user"`,
/// `"my_crate::Repo<u8>::load"`, or the `name` its attribute gives.
///
/// None where no function of that name was called yet. Where several share a name, the first that
/// was called.
///
/// # Examples
/// ```
/// use cached_runtime::{cached, registry};
///
/// #[cached(name = "squares")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// assert!(registry::handle("squares").is_none());
/// square(2);
/// assert_eq!(registry::handle("squares").map(|cache| cache.len()), Some(1));
/// ```
#[must_use]
pub fn handle(name: &str) -> Option<Handle> {
    let caches = CACHES.lock().unwrap_or_else(PoisonError::into_inner);
    caches.get(name)?.first().copied()
}

/// Returns every cache that was called at least once, in the order of their names: one for each
/// instantiation of a generic function.
#[must_use]
pub fn all() -> Vec<Handle> {
    let caches = CACHES.lock().unwrap_or_else(PoisonError::into_inner);
    caches.values().flatten().copied().collect()
}

/// Lists a cache, unless it is listed: every isolated test makes it anew.
pub(crate) fn register(name: String, site: &'static Site, instance: Instance) {
    let cache = Handle::of(site, instance);
    let mut caches = CACHES.lock().unwrap_or_else(PoisonError::into_inner);
    let listed = caches.entry(name).or_default();
    if !listed.iter().any(|known| known.is_same(&cache)) {
        listed.push(cache);
    }
}
