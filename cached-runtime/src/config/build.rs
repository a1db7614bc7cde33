//! From what was configured to stores: the only place that calls their constructors.

use std::collections::BTreeMap;
#[cfg(feature = "filesystem")]
use std::path::Path;
#[cfg(feature = "json")]
use std::sync::Arc;

use crate::error::Error;
use crate::policy::Timeout;
#[cfg(feature = "json")]
use crate::store::Store;
use crate::store::Timeouts;
#[cfg(feature = "filesystem")]
use crate::store::{FilesystemOptions, FilesystemStore};
#[cfg(feature = "memcached")]
use crate::store::{MemcachedOptions, MemcachedStore};
#[cfg(feature = "redis")]
use crate::store::{RedisOptions, RedisStore};

use super::kind::Kind;
use super::settings::{Encoding, Setting, Settings};
use super::store::{Location, StoreConfig};
use super::{Config, DEFAULT, invalid};

/// A store, ready to be bound to its name.
#[cfg_attr(not(feature = "json"), allow(dead_code, reason = "without a codec all is memory"))]
pub(crate) struct Bound {
    pub(crate) place: Place,
    /// Whether memory stands in front.
    pub(crate) is_tiered: bool,
    /// Freshness of entries whose function declares none.
    pub(crate) default_timeout: Option<Timeout>,
    /// Entries of each function in memory. Of a directory, too, which knows it already.
    pub(crate) threshold: Option<u64>,
    /// Bytes of a directory, which knows it already.
    pub(crate) max_bytes: Option<u64>,
    pub(crate) timeouts: Timeouts,
    pub(crate) codec: Encoding,
    /// Size in bytes above which values are compressed.
    pub(crate) compress_above: Option<usize>,
    /// Whether a store that cannot be reached at the start is an error.
    pub(crate) require: bool,
    /// What keys begin with, which the store knows already.
    pub(crate) prefix: Option<String>,
}

/// Where entries are kept.
pub(crate) enum Place {
    Null,
    Memory,
    #[cfg(feature = "json")]
    Store(Arc<dyn Store>),
}

impl Config {
    /// Whether every cache is off, those of functions that are not `shared` too.
    pub(crate) fn is_null_everywhere(&self) -> bool {
        self.stores.get(DEFAULT).is_some_and(|store| store.location.kind() == Kind::Null)
    }

    /// Makes the stores, `default` always among them. No server is called.
    pub(crate) fn build(self) -> Result<BTreeMap<String, Bound>, Error> {
        let is_null = self.is_null_everywhere();
        let Self { common, mut stores } = self;
        for setting in common.iter() {
            setting.check(&format!("`{}`", setting.name()))?;
        }
        stores.entry(DEFAULT.to_owned()).or_insert_with(StoreConfig::memory);
        let mut bound = BTreeMap::new();
        for (name, store) in stores {
            if name.is_empty() {
                return Err(invalid("the name of a store is empty; give it one, or use `with`"));
            }
            let store = if is_null { StoreConfig::null() } else { store };
            bound.insert(name, bind(store, &common)?);
        }
        Ok(bound)
    }
}

fn bind(store: StoreConfig, common: &Settings) -> Result<Bound, Error> {
    store.check()?;
    let mut settings = Settings::default();
    let common = common.iter().filter(|setting| store.takes(setting));
    for setting in common.chain(store.settings.iter()) {
        settings.put(match setting {
            Setting::Prefix(prefix) => Setting::Prefix(separated(prefix)),
            _ => setting.clone(),
        });
    }
    let store = StoreConfig { settings, ..store };
    let place = open(&store)?;
    let is_tiered = store.is_tiered && store.location.kind() != Kind::Null;
    let mut bound = Bound {
        place,
        is_tiered,
        default_timeout: None,
        threshold: None,
        max_bytes: None,
        timeouts: timeouts(&store.settings),
        codec: Encoding::Json,
        compress_above: None,
        require: false,
        prefix: None,
    };
    for setting in store.settings.iter() {
        match setting {
            Setting::DefaultTimeout(timeout) => bound.default_timeout = Some(*timeout),
            Setting::Prefix(prefix) => bound.prefix = Some(prefix.clone()),
            Setting::Threshold(entries) => bound.threshold = Some(*entries),
            Setting::MaxBytes(bytes) => bound.max_bytes = Some(*bytes),
            Setting::Codec(encoding) => bound.codec = *encoding,
            Setting::CompressAbove(bytes) => bound.compress_above = Some(*bytes),
            Setting::Require(require) => bound.require = *require,
            Setting::ConnectTimeout(_)
            | Setting::ReadTimeout(_)
            | Setting::WriteTimeout(_)
            | Setting::CaFile(_) => {}
        }
    }
    Ok(bound)
}

/// A prefix that no longer one begins with by chance: `app` would also be that of `app2`.
fn separated(prefix: &str) -> String {
    let is_open = prefix.ends_with(char::is_alphanumeric);
    format!("{prefix}{}", if is_open { ":" } else { "" })
}

fn timeouts(settings: &Settings) -> Timeouts {
    let mut timeouts = Timeouts::default();
    for setting in settings.iter() {
        match setting {
            Setting::ConnectTimeout(limit) => timeouts.connect = *limit,
            Setting::ReadTimeout(limit) => timeouts.read = *limit,
            Setting::WriteTimeout(limit) => timeouts.write = *limit,
            _ => {}
        }
    }
    timeouts
}

/// Makes the store of a place. What needs a feature that is off was refused by then.
#[cfg_attr(
    not(any(feature = "filesystem", feature = "redis", feature = "memcached")),
    expect(clippy::unnecessary_wraps, reason = "only drivers can fail")
)]
fn open(store: &StoreConfig) -> Result<Place, Error> {
    match &store.location {
        Location::Null => Ok(Place::Null),
        Location::Memory => Ok(Place::Memory),
        #[cfg(feature = "json")]
        Location::Custom(custom) => Ok(Place::Store(Arc::clone(custom))),
        #[cfg(feature = "filesystem")]
        Location::Filesystem(dir) => filesystem(dir, &store.settings),
        #[cfg(feature = "redis")]
        Location::Redis(url) => redis(RedisOptions::new(url.clone()), &store.settings),
        #[cfg(feature = "redis")]
        Location::Sentinel { urls, master } => {
            redis(RedisOptions::sentinel(urls.clone(), master.clone()), &store.settings)
        }
        #[cfg(feature = "redis")]
        Location::Cluster(urls) => redis(RedisOptions::cluster(urls.clone()), &store.settings),
        #[cfg(feature = "memcached")]
        Location::Memcached(servers) => {
            memcached(MemcachedOptions::new(servers.clone()), &store.settings)
        }
        #[cfg(not(all(feature = "filesystem", feature = "redis", feature = "memcached")))]
        _ => unreachable!("a place whose feature is off was refused"),
    }
}

#[cfg(feature = "filesystem")]
fn filesystem(dir: &Path, settings: &Settings) -> Result<Place, Error> {
    let mut options = FilesystemOptions::new(dir).timeouts(timeouts(settings));
    for setting in settings.iter() {
        options = match setting {
            Setting::Prefix(prefix) => options.prefix(prefix),
            Setting::Threshold(entries) => options.threshold(*entries),
            Setting::MaxBytes(bytes) => options.max_bytes(*bytes),
            _ => options,
        };
    }
    Ok(Place::Store(Arc::new(FilesystemStore::open(options)?)))
}

#[cfg(feature = "redis")]
fn redis(options: RedisOptions, settings: &Settings) -> Result<Place, Error> {
    let mut options = options.timeouts(timeouts(settings));
    for setting in settings.iter() {
        options = match setting {
            Setting::Prefix(prefix) => options.prefix(prefix),
            Setting::CaFile(path) => options.ca_file(path),
            _ => options,
        };
    }
    Ok(Place::Store(Arc::new(RedisStore::new(options)?)))
}

#[cfg(feature = "memcached")]
fn memcached(options: MemcachedOptions, settings: &Settings) -> Result<Place, Error> {
    let mut options = options.timeouts(timeouts(settings));
    for setting in settings.iter() {
        options = match setting {
            Setting::Prefix(prefix) => options.prefix(prefix),
            _ => options,
        };
    }
    Ok(Place::Store(Arc::new(MemcachedStore::new(options)?)))
}

#[cfg(test)]
mod tests;
