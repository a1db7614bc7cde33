//! Where entries of `shared` functions go: what a program, a URL, a file or the environment says.
//!
//! Here is the builder. Each way of writing the settings down has a file below, and all of them end
//! in the same [`Settings`]; only `build.rs` turns them into stores. Nothing here calls a store.

mod address;
mod build;
mod env;
mod kind;
mod near;
#[cfg(feature = "json")]
mod object;
mod settings;
mod store;
mod url;
mod value;

use std::collections::BTreeMap;

use crate::bindings;
use crate::error::{Error, ErrorKind};
use crate::policy::IntoTimeout;

pub(crate) use build::{Bound, Place};
#[cfg(feature = "json")]
pub(crate) use settings::Encoding;
use settings::{Setting, Settings};
pub use store::StoreConfig;

/// The store of every `shared` function that names none.
const DEFAULT: &str = "default";

#[doc = include_str!("../docs/config.md")]
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What holds for each store that says nothing else.
    common: Settings,
    stores: BTreeMap<String, StoreConfig>,
}

/// Puts a configuration into force: where `shared` functions and [`Cache`](crate::Cache) keep
/// entries, and what holds for all caches. Nothing configured: memory.
///
/// Once, at any time, before or after the first call of a cached function. What shared functions
/// kept in memory before is forgotten. Within `testing::isolated` it holds for that isolation.
///
/// ```
/// use cached_runtime::{Config, init};
///
/// init(Config::from_env()?)?;
/// # Ok::<(), cached_runtime::Error>(())
/// ```
///
/// # Errors
/// Settings that contradict one another or cannot be used, a directory that is not safe to use, a
/// second call; and, for a store that is required, that it does not answer. Any other store that
/// is down is none: it is used as soon as it answers.
pub fn init(config: Config) -> Result<(), Error> {
    bindings::install(config.build()?)
}

impl Config {
    /// The configuration that says nothing: memory, and what each function declares.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the store named `default`: that of every `shared` function that names none.
    ///
    /// ```
    /// use cached_runtime::{Config, StoreConfig};
    ///
    /// let config = Config::new().with(StoreConfig::redis("redis://127.0.0.1/").tiered());
    /// ```
    #[must_use]
    pub fn with(self, store: StoreConfig) -> Self {
        self.store(DEFAULT, store)
    }

    /// Sets the store that functions ask for with `store = "name"`, in place of an earlier one.
    ///
    /// ```
    /// use cached_runtime::{Config, StoreConfig};
    ///
    /// let config = Config::new()
    ///     .with(StoreConfig::memcached(["10.0.0.1", "10.0.0.2"]))
    ///     .store("sessions", StoreConfig::filesystem("/var/cache/app/sessions"));
    /// ```
    #[must_use]
    pub fn store(mut self, name: impl Into<String>, store: StoreConfig) -> Self {
        self.stores.insert(name.into(), store);
        self
    }

    /// Sets how long entries stay fresh where neither the function nor its store says so.
    ///
    /// Seconds, a [`Duration`](std::time::Duration) or a [`Timeout`](crate::Timeout). Zero means
    /// [`Timeout::NEVER`](crate::Timeout::NEVER). Default: 300 seconds.
    #[must_use]
    pub fn default_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.common.put(Setting::default_timeout(timeout));
        self
    }

    /// Sets how many entries memory or a directory may hold where the store does not say so.
    ///
    /// In memory it bounds each function. Servers bound themselves and do not look at it. At least
    /// 1. Default: in memory the function's `capacity`, in a directory no bound.
    #[must_use]
    pub fn threshold(mut self, entries: u64) -> Self {
        self.common.put(Setting::Threshold(entries));
        self
    }

    /// Sets what the keys of stores beyond this process begin with where the store does not say so.
    ///
    /// Memory does not look at it. Two programs with different prefixes share a server or a
    /// directory without meeting. Where it ends in a letter or a digit, a `:` follows. Default:
    /// `cached:`; in a directory, which belongs to one program, none.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.common.put(Setting::Prefix(prefix.into()));
        self
    }

    /// Reads the URL of one store, with its settings in the query.
    ///
    /// ```
    /// use cached_runtime::Config;
    ///
    /// let config = Config::from_url("tiered+redis://127.0.0.1/0?prefix=app&timeout=5m")?;
    /// # Ok::<_, cached_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// An unknown scheme or setting, a setting given twice, and values that cannot be read. The
    /// message names the setting, and never shows a password.
    pub fn from_url(url: &str) -> Result<Self, Error> {
        StoreConfig::from_url(url).map(Self::from)
    }

    /// Reads the environment of this process.
    ///
    /// Nothing set: memory. An empty variable counts as not set.
    ///
    /// # Errors
    /// Values that cannot be read, variables that contradict each other or the type of the store,
    /// and names that are all but one of ours, such as `CACHE_TIMEOUT`. Other variables that begin
    /// with `CACHE_` belong to somebody else.
    pub fn from_env() -> Result<Self, Error> {
        env::from_process()
    }

    /// Reads variables as [`from_env`](Self::from_env) does, from wherever they are.
    ///
    /// ```
    /// use cached_runtime::Config;
    ///
    /// let vars = [("CACHE_TYPE", "filesystem"), ("CACHE_DIR", "./cache")];
    /// let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    /// let config = Config::from_vars(vars)?;
    /// # Ok::<_, cached_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`from_env`](Self::from_env).
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        env::from_vars(vars.into_iter().collect())
    }
}

/// A configuration of one store, named `default`.
impl From<StoreConfig> for Config {
    fn from(store: StoreConfig) -> Self {
        Self::new().with(store)
    }
}

/// An error of configuration. The text names the setting.
fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, text.into())
}
