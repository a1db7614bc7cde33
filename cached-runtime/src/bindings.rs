//! What the running program has configured: where shared entries go, and what holds for all caches.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::clock::Clock;
use crate::config::{Bound, Place};
use crate::error::{Error, ErrorKind};
use crate::handle::Handle;
use crate::policy::{Policy, Timeout};
use crate::registry;
#[cfg(feature = "json")]
use crate::shared::{Backend, Memories};

/// The name of the store that a `shared` function uses which names none.
pub(crate) const DEFAULT: &str = "default";

/// A configuration that is in force.
pub(crate) struct Settings {
    /// Caching is turned off everywhere.
    pub(crate) is_null: bool,
    /// Freshness of functions that name none.
    pub(crate) default_timeout: Option<Timeout>,
    /// Entries in memory of functions that name no capacity.
    pub(crate) threshold: Option<u64>,
    #[cfg(feature = "json")]
    backends: BTreeMap<String, Arc<Backend>>,
    #[cfg(feature = "json")]
    memories: Memories,
}

static SETTINGS: RwLock<Option<Arc<Settings>>> = RwLock::new(None);

/// Puts a configuration into force: for the isolated test that this thread is in, or for the
/// program. Once for each.
pub(crate) fn install(bounds: BTreeMap<String, Bound>) -> Result<(), Error> {
    #[cfg(feature = "testing")]
    if let Some(isolation) = crate::testing::current() {
        let settings = Settings::new(bounds, &Clock::Manual(isolation.clock()))?;
        isolation.configure(settings)?;
        registry::all().iter().for_each(Handle::reconfigure);
        return Ok(());
    }
    let settings = Settings::new(bounds, &Clock::System)?;
    {
        let mut installed = SETTINGS.write().unwrap_or_else(PoisonError::into_inner);
        if installed.is_some() {
            return Err(already());
        }
        *installed = Some(Arc::new(settings));
    }
    registry::all().iter().for_each(Handle::reconfigure);
    Ok(())
}

pub(crate) fn already() -> Error {
    Error::new(ErrorKind::Config, "`init` was called before; call it once, with all stores")
}

/// The configuration in force where this is called.
pub(crate) fn current() -> Option<Arc<Settings>> {
    #[cfg(feature = "testing")]
    if let Some(isolation) = crate::testing::current() {
        return isolation.settings();
    }
    SETTINGS.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The timeout of a function whose attribute names none.
pub(crate) fn default_timeout(policy: &Policy) -> Timeout {
    let configured = current().and_then(|settings| match policy.sharing {
        #[cfg(feature = "json")]
        Some(sharing) => match settings.backend(sharing.store) {
            Some(backend) => backend.default_timeout,
            None => settings.default_timeout,
        },
        _ => settings.default_timeout,
    });
    configured.unwrap_or(Timeout::DEFAULT)
}

/// Whether caching is turned off everywhere.
pub(crate) fn is_null() -> bool {
    current().is_some_and(|settings| settings.is_null)
}

impl Settings {
    #[cfg_attr(
        not(feature = "json"),
        allow(
            unused_variables,
            clippy::needless_pass_by_value,
            clippy::unnecessary_wraps,
            reason = "without a codec no store is made"
        )
    )]
    fn new(bounds: BTreeMap<String, Bound>, clock: &Clock) -> Result<Self, Error> {
        let default = bounds.get(DEFAULT);
        Ok(Self {
            is_null: default.is_some_and(|bound| matches!(bound.place, Place::Null)),
            default_timeout: default.and_then(|bound| bound.default_timeout),
            threshold: default
                .filter(|bound| matches!(bound.place, Place::Memory))
                .and_then(|bound| bound.threshold),
            #[cfg(feature = "json")]
            memories: Memories::of(&bounds, clock),
            #[cfg(feature = "json")]
            backends: Backend::of_all(bounds, clock)?,
        })
    }

    /// All stores beyond this process.
    #[cfg(feature = "json")]
    pub(crate) fn backends(&self) -> impl Iterator<Item = &Arc<Backend>> {
        self.backends.values()
    }

    /// The store of a name; none where entries stay in memory.
    #[cfg(feature = "json")]
    pub(crate) fn backend(&self, name: &str) -> Option<&Arc<Backend>> {
        self.backends.get(name)
    }

    /// The store of a name for a `Cache`: one in this process where entries stay in memory.
    #[cfg(feature = "json")]
    pub(crate) fn cache_backend(&self, name: &str) -> Arc<Backend> {
        self.backend(name).cloned().unwrap_or_else(|| self.memories.backend(name))
    }
}
