//! [`CacheLayer`]: the cache in front of routes, for a framework's own way to put something there.
//! What each framework asks of it is in the framework's module; tower's is in `layer/`.

#[cfg(feature = "tower")]
mod rfc9111;
#[cfg(feature = "tower")]
mod timed;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cached_runtime::{Handle, IntoTimeout};

use crate::made::{Made, Settings};
use crate::request::RequestInfo;
use crate::rt::Policy;
use crate::rules::{ETags, Rules};

#[cfg(feature = "tower")]
pub use rfc9111::{Rfc9111Body, Rfc9111Future, Rfc9111Layer, Rfc9111Service};
#[cfg(feature = "tower")]
pub use timed::{CacheBody, CacheFuture, CacheService};

/// Caches the responses of what stands behind it: routes, a whole application, any tower service.
///
/// A response is fresh for the layer's timeout, or for less where its own `Cache-Control` or `Expires`
/// says so. The rules are those of [`cached_response`](crate::axum::cached_response): host, path and query
/// are the key; what has credentials, sets cookies or says that it is private is neither read nor kept;
/// `Vary` is obeyed; concurrent misses of one page run one load.
///
/// It is a tower `Layer`, a `Transform` of actix-web, a `Middleware` of poem and a hoop of salvo, each
/// with the feature of that name. Around routes of axum it needs the feature `axum`: a router that nests
/// another takes a prefix off the URI, and with `tower` alone the layer knows nothing of it.
///
/// A hit is answered by the layer: what stands inside of it is not called. Put outside whatever decides who
/// may see a page, and what compresses: then one body is kept for all.
///
/// Clones share one cache, and so do the routes that a router wraps one by one. A cache that was used once
/// lives as long as the program, and so do the names that a layer is given.
///
/// # Concurrency
/// One of many requests for a page that is not there runs the service; the others wait, and are answered
/// with what it brought if that was kept. Where it was not, all run at once, and for ten seconds nobody waits
/// for that page.
///
/// # Cost
/// On a hit the key is written, and the fields of the response are cloned.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cached_web::CacheLayer;
///
/// let layer = CacheLayer::new(60)
///     .ignore_query(["utm_*"])
///     .vary(["accept-language"])
///     .stale_if_error(Duration::from_secs(3600))
///     .tags(["shop"]);
/// # let _ = layer;
/// // Later, from anywhere:
/// cached_runtime::invalidate_tag("shop")?;
/// # Ok::<(), cached_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct CacheLayer {
    settings: Settings,
    made: Arc<OnceLock<Made>>,
}

impl CacheLayer {
    /// Keeps responses for `timeout`: seconds, a [`Duration`], or
    /// [`Timeout::NEVER`](cached_runtime::Timeout::NEVER) for as long as there is room.
    #[must_use]
    pub fn new(timeout: impl IntoTimeout) -> Self {
        let settings = Settings::new(Policy::of_responses().timeout(timeout));
        Self { settings, made: Arc::default() }
    }

    /// Returns a layer of another kind: a shared cache by RFC 9111, in which only what responses say of
    /// themselves makes them fresh.
    #[cfg(feature = "tower")]
    #[must_use]
    pub fn rfc9111() -> Rfc9111Layer {
        Rfc9111Layer::new()
    }

    /// Bytes of responses that memory may hold. Default: 64 MiB. Zero is taken for 1, which holds nothing.
    #[must_use]
    pub fn capacity(self, bytes: u64) -> Self {
        self.policy(|policy| policy.weight_capacity(bytes))
    }

    /// The longest body that is kept, in bytes. Default: 2 MiB. Longer ones pass through.
    #[must_use]
    pub fn max_body(self, bytes: u64) -> Self {
        self.rules(|rules| rules.max_body(bytes))
    }

    /// Copies bodies of unknown length while they flow, and keeps them once they have come to their
    /// end. Default: they pass through. Who waits for such a page does so for a second at most, since it may
    /// have no end.
    #[must_use]
    pub fn tee(self) -> Self {
        self.policy(|policy| policy.wait_timeout(1_u64)).rules(Rules::tee)
    }

    /// Whether the host is part of the key. Default: it is.
    #[must_use]
    pub fn host(self, is_keyed: bool) -> Self {
        self.rules(|rules| rules.host(is_keyed))
    }

    /// Leaves names of the query out of the key: `prefix*` means all that begin so. Default: none.
    #[must_use]
    pub fn ignore_query<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = leaked(names);
        self.rules(|rules| rules.ignore_query(names))
    }

    /// Leaves all other names of the query out of the key. Default: all names are in it.
    #[must_use]
    pub fn only_query<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = leaked(names);
        self.rules(|rules| rules.only_query(names))
    }

    /// Puts fields of the request into the key, and into the `Vary` that is sent. Default: those that
    /// a response names in its own `Vary`.
    #[must_use]
    pub fn vary<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = leaked(names.into_iter().map(|name| name.into().to_ascii_lowercase()));
        self.rules(|rules| rules.vary(names))
    }

    /// Puts into the key who asks. Requests with credentials use the cache then, and answers are sent
    /// as `private`. Where it gives none, the cache is not used.
    ///
    /// Default: requests with credentials neither read nor fill the cache.
    #[must_use]
    pub fn per(
        mut self,
        identity: impl Fn(&RequestInfo) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.settings.per = Some(Arc::new(identity));
        self.rules(Rules::per_identity)
    }

    /// Says that answers do not depend on who asks: requests with `Cookie` or `Authorization` share
    /// them. A response that sets a cookie is not kept all the same.
    #[must_use]
    pub fn ignore_credentials(self) -> Self {
        self.rules(Rules::ignore_credentials)
    }

    /// Keeps 404 and 410 as well, for that long. Default: they are not kept.
    #[must_use]
    pub fn not_found_timeout(self, timeout: Duration) -> Self {
        self.rules(|rules| rules.not_found(timeout))
    }

    /// The `ETag` of a response that has none. Default: a weak one, made of its body.
    #[must_use]
    pub fn etag(self, etags: ETags) -> Self {
        self.rules(|rules| rules.etag(etags))
    }

    /// Whether `Cache-Status` (RFC 9211) is sent. Default: it is.
    #[must_use]
    pub fn cache_status(self, is_sent: bool) -> Self {
        self.rules(|rules| rules.cache_status(is_sent))
    }

    /// The `Cache-Control` that clients get. Default: the response's own.
    ///
    /// # Panics
    /// If it is no value of a field: visible ASCII, blanks and tabs.
    #[must_use]
    pub fn cache_control(self, value: impl Into<Cow<'static, str>>) -> Self {
        let value = match value.into() {
            Cow::Borrowed(value) => value,
            Cow::Owned(value) => String::leak(value),
        };
        self.rules(|rules| rules.cache_control(value))
    }

    /// Lets clients have a page loaded anew, by `no-cache`, `max-age=0` or `Pragma`. Default: they may
    /// not, or anybody could empty the cache.
    #[must_use]
    pub fn client_refresh(self) -> Self {
        self.rules(Rules::client_refresh)
    }

    /// For how long after its freshness a response is still sent, while one request has it renewed in
    /// the background. Default: not at all. At most 64 are renewed at once.
    ///
    /// Enable the feature `tokio` where what is behind the layer needs a tokio runtime.
    #[must_use]
    pub fn stale(self, window: impl IntoTimeout) -> Self {
        self.policy(|policy| policy.stale(window))
    }

    /// For how long after its freshness a response stands in for a failure: a 5xx, a timeout. Default:
    /// never.
    #[must_use]
    pub fn stale_if_error(self, window: impl IntoTimeout) -> Self {
        self.policy(|policy| policy.stale_if_error(window))
    }

    /// Tags that every response carries, for [`invalidate_tag`](cached_runtime::invalidate_tag).
    #[must_use]
    pub fn tags<N: Into<String>>(mut self, tags: impl IntoIterator<Item = N>) -> Self {
        self.settings.tags = tags.into_iter().map(|tag| tag.into().into_boxed_str()).collect();
        self
    }

    /// The name of the cache: in the registry, and for shared entries. Default: `layer-1` and so on.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(String::leak(name.into()));
        self.changed()
    }

    /// Lets entries leave the process, to the store that the program has bound to `store`: `default`,
    /// or a name of its own. Give the layer a [`name`](Self::name) then, by which other processes find
    /// them. Default: they stay in this process.
    #[must_use]
    pub fn shared(self, store: impl Into<String>) -> Self {
        let store: &'static str = String::leak(store.into());
        self.policy(|policy| policy.shared(store))
    }

    /// Returns the handle of its cache: counters, `clear`, `disable`.
    #[must_use]
    pub fn cache(&self) -> Handle {
        self.made().handle()
    }

    /// The cache, made when it is first asked for.
    pub(crate) fn made(&self) -> Made {
        *self.made.get_or_init(|| self.settings.clone().build())
    }

    fn policy(mut self, change: impl FnOnce(Policy) -> Policy) -> Self {
        self.settings.policy = change(self.settings.policy);
        self.changed()
    }

    fn rules(mut self, change: impl FnOnce(Rules) -> Rules) -> Self {
        self.settings.rules = change(self.settings.rules);
        self.changed()
    }

    /// With other settings it is another cache.
    fn changed(mut self) -> Self {
        self.made = Arc::default();
        self
    }
}

impl fmt::Debug for CacheLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheLayer").field("rules", &self.settings.rules).finish_non_exhaustive()
    }
}

/// Rules are those of statics, which live as long as the program; and so does a layer's cache.
fn leaked<N: Into<String>>(names: impl IntoIterator<Item = N>) -> &'static [&'static str] {
    let names = names.into_iter().map(|name| &*String::leak(name.into()));
    Vec::leak(names.collect())
}
