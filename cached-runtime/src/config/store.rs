//! One store as it was configured: its place, and its settings.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Error;
use crate::policy::IntoTimeout;
use crate::store::{Store, Timeouts};

use super::kind::Kind;
use super::settings::{Encoding, Setting, Settings};
use super::{invalid, url};

/// One store, and how entries are kept in it.
///
/// The place comes first, then settings, each with a default and the last of a kind winning. A
/// setting that means nothing to the place is an error of `init`.
///
/// ```
/// use cached_runtime::StoreConfig;
///
/// let store = StoreConfig::redis("redis://127.0.0.1/")
///     .tiered()
///     .prefix("shop")
///     .default_timeout(600);
/// ```
///
/// Every setting is described in [`Config`](crate::Config).
#[derive(Clone)]
pub struct StoreConfig {
    pub(super) location: Location,
    /// How the place was written, for messages; with backticks.
    pub(super) origin: Cow<'static, str>,
    pub(super) is_tiered: bool,
    pub(super) settings: Settings,
}

/// Where entries go.
#[derive(Clone)]
#[cfg_attr(
    not(all(feature = "filesystem", feature = "redis", feature = "memcached")),
    allow(dead_code, reason = "a place whose driver is absent is only refused")
)]
pub(super) enum Location {
    Null,
    Memory,
    Filesystem(PathBuf),
    Redis(String),
    Sentinel { urls: Vec<String>, master: String },
    Cluster(Vec<String>),
    Memcached(Vec<String>),
    Custom(Arc<dyn Store>),
}

impl StoreConfig {
    /// Nothing is kept: bodies run at every call, and calls do not wait for each other.
    ///
    /// As the store `default` it turns every cache off, those of functions that are not `shared`
    /// too, and all other stores.
    #[must_use]
    pub fn null() -> Self {
        Self::at(Location::Null, "`StoreConfig::null`")
    }

    /// Entries live in this process. This is what a program has that configures nothing.
    #[must_use]
    pub fn memory() -> Self {
        Self::at(Location::Memory, "`StoreConfig::memory`")
    }

    /// Files in a directory of our own, which is made if need be, and which processes may share.
    ///
    /// Needs the feature `filesystem`.
    #[must_use]
    pub fn filesystem(dir: impl Into<PathBuf>) -> Self {
        Self::at(Location::Filesystem(dir.into()), "`StoreConfig::filesystem`")
    }

    /// One Redis or Valkey server: `redis://user:password@host:port/database`, or `rediss://`.
    ///
    /// Needs the feature `redis`, and `rediss://` the feature `redis-tls`. Settings are methods
    /// here; [`from_url`](Self::from_url) takes them in the URL.
    #[must_use]
    pub fn redis(url: impl Into<String>) -> Self {
        Self::at(Location::Redis(url.into()), "`StoreConfig::redis`")
    }

    /// The Redis server that Sentinels name as the master at present.
    ///
    /// `urls` are the Sentinels; user, password and database in them are the server's. Needs the
    /// feature `redis`.
    #[must_use]
    pub fn redis_sentinel<U: Into<String>>(
        urls: impl IntoIterator<Item = U>,
        master: impl Into<String>,
    ) -> Self {
        let urls = urls.into_iter().map(Into::into).collect();
        let location = Location::Sentinel { urls, master: master.into() };
        Self::at(location, "`StoreConfig::redis_sentinel`")
    }

    /// A Redis Cluster, by the URLs of some of its servers.
    ///
    /// Needs the feature `redis`.
    #[must_use]
    pub fn redis_cluster<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> Self {
        let urls = urls.into_iter().map(Into::into).collect();
        Self::at(Location::Cluster(urls), "`StoreConfig::redis_cluster`")
    }

    /// Servers of memcached, each `host` or `host:port`; keys are spread over them.
    ///
    /// Needs the feature `memcached`.
    #[must_use]
    pub fn memcached<S: Into<String>>(servers: impl IntoIterator<Item = S>) -> Self {
        let servers = servers.into_iter().map(Into::into).collect();
        Self::at(Location::Memcached(servers), "`StoreConfig::memcached`")
    }

    /// A store of your own. Needs the feature `json`.
    #[must_use]
    pub fn custom(store: Arc<dyn Store>) -> Self {
        Self::at(Location::Custom(store), "`StoreConfig::custom`")
    }

    /// Reads a URL, with settings in its query.
    ///
    /// # Errors
    /// As of [`Config::from_url`](crate::Config::from_url).
    pub fn from_url(url: &str) -> Result<Self, Error> {
        url::parse(url, url::PLAIN)
    }

    /// Puts memory in front: what this process has seen lately is answered without the store.
    #[must_use]
    pub fn tiered(mut self) -> Self {
        self.is_tiered = true;
        self
    }

    /// Sets how long entries stay fresh where the function does not say so.
    ///
    /// Seconds, a [`Duration`](std::time::Duration) or a [`Timeout`](crate::Timeout). Zero means
    /// [`Timeout::NEVER`](crate::Timeout::NEVER). Default: that of the configuration.
    #[must_use]
    pub fn default_timeout(self, timeout: impl IntoTimeout) -> Self {
        self.with(Setting::default_timeout(timeout))
    }

    /// Sets what keys begin with, of any characters; for memcached 50 of `A-Z a-z 0-9 _ . : -`.
    ///
    /// Where it ends in a letter or a digit, a `:` follows. Default: that of the configuration.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        self.with(Setting::Prefix(prefix.into()))
    }

    /// Sets how many entries memory (of each function) or a directory may hold.
    ///
    /// At least 1. Default: that of the configuration.
    #[must_use]
    pub fn threshold(self, entries: u64) -> Self {
        self.with(Setting::Threshold(entries))
    }

    /// Sets how many bytes a directory may hold. At least 1. Default: no bound.
    #[must_use]
    pub fn max_bytes(self, bytes: u64) -> Self {
        self.with(Setting::MaxBytes(bytes))
    }

    /// Sets how long an operation may take. Default: connect 1 s, read 250 ms, write 500 ms.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.settings.put_timeouts(timeouts);
        self
    }

    /// Encodes values as `MessagePack` with field names, shorter and faster than JSON, the default.
    ///
    /// Needs the feature `msgpack`.
    #[must_use]
    pub fn msgpack(self) -> Self {
        self.with(Setting::Codec(Encoding::MessagePack))
    }

    /// Compresses values of more than `bytes` bytes. Default: none. Needs the feature `zstd`.
    #[must_use]
    pub fn compress_above(self, bytes: usize) -> Self {
        self.with(Setting::CompressAbove(bytes))
    }

    /// Makes it an error of `init` that the store cannot be reached. Default: calls run uncached
    /// until it can be.
    #[must_use]
    pub fn require(self) -> Self {
        self.with(Setting::Require(true))
    }

    /// Sets the file with the certificates, in PEM, that a `rediss://` server is checked against.
    ///
    /// Default: those that this machine trusts. Needs the feature `redis-tls`.
    #[must_use]
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Self {
        self.with(Setting::CaFile(path.into()))
    }

    /// A place without settings. `origin` is how it was written, with backticks.
    pub(super) fn at(location: Location, origin: impl Into<Cow<'static, str>>) -> Self {
        let settings = Settings::default();
        Self { location, origin: origin.into(), is_tiered: false, settings }
    }

    fn with(mut self, setting: Setting) -> Self {
        self.settings.put(setting);
        self
    }

    /// Refuses what contradicts itself, or needs what this build has not.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Self { location, origin, is_tiered, settings } = self;
        let kind = location.kind();
        if kind == Kind::Null {
            // Everything else stays as it was when caching is turned off for a while.
            return Ok(());
        }
        if let Some(feature) = location.missing_feature() {
            let message = format!("{origin} needs the feature `{feature}` of cached-runtime");
            return Err(invalid(message));
        }
        if *is_tiered && kind == Kind::Memory {
            let remedy = "name a store for memory to stand in front of";
            return Err(invalid(format!("`tiered` does not apply to {origin}; {remedy}")));
        }
        if location.urls().iter().any(|url| has_query(url)) {
            let remedy =
                "set them with the methods of `StoreConfig`, or use `StoreConfig::from_url`";
            return Err(invalid(format!("the URL of {origin} has settings; {remedy}")));
        }
        for setting in settings.iter() {
            let shown = format!("`{}` of {origin}", setting.name());
            setting.check(&shown)?;
            if !self.takes(setting) {
                let message = format!("`{}` does not apply to {origin}; remove it", setting.name());
                return Err(invalid(message));
            }
        }
        Ok(())
    }

    /// Whether a setting means anything here.
    pub(super) fn takes(&self, setting: &Setting) -> bool {
        setting.applies(self.location.kind(), self.is_tiered, self.location.is_tls())
    }
}

impl Location {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Memory => Kind::Memory,
            Self::Filesystem(_) => Kind::Filesystem,
            Self::Redis(_) => Kind::Redis,
            Self::Sentinel { .. } => Kind::Sentinel,
            Self::Cluster(_) => Kind::Cluster,
            Self::Memcached(_) => Kind::Memcached,
            Self::Custom(_) => Kind::Custom,
        }
    }

    fn urls(&self) -> &[String] {
        match self {
            Self::Redis(url) => std::slice::from_ref(url),
            Self::Sentinel { urls, .. } | Self::Cluster(urls) => urls,
            _ => &[],
        }
    }

    fn is_tls(&self) -> bool {
        self.urls().iter().any(|url| url.starts_with("rediss:"))
    }

    /// The feature that the place needs, if it is off.
    fn missing_feature(&self) -> Option<&'static str> {
        let (feature, is_on) = match self.kind() {
            Kind::Null | Kind::Memory => return None,
            Kind::Filesystem => ("filesystem", cfg!(feature = "filesystem")),
            kind if kind.is_redis() && self.is_tls() => ("redis-tls", cfg!(feature = "redis-tls")),
            Kind::Redis | Kind::Sentinel | Kind::Cluster => ("redis", cfg!(feature = "redis")),
            Kind::Memcached => ("memcached", cfg!(feature = "memcached")),
            Kind::Custom => ("json", cfg!(feature = "json")),
        };
        (!is_on).then_some(feature)
    }
}

/// Whether a URL has settings that the client would not look at.
fn has_query(url: &str) -> bool {
    (url.starts_with("redis:") || url.starts_with("rediss:")) && url.contains('?')
}

/// Shows no URL: it may hold a password.
impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("kind", &self.location.kind())
            .field("is_tiered", &self.is_tiered)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Location {
    /// The place as tests compare it.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Memory => "memory".into(),
            Self::Filesystem(dir) => format!("files {}", dir.display()),
            Self::Redis(url) => format!("redis {url}"),
            Self::Sentinel { urls, master } => format!("sentinel {} of {master}", urls.join(" ")),
            Self::Cluster(urls) => format!("cluster {}", urls.join(" ")),
            Self::Memcached(servers) => format!("memcached {}", servers.join(" ")),
            Self::Custom(store) => format!("custom {}", store.kind()),
        }
    }
}
