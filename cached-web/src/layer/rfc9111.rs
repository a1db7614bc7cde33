//! The layer as a shared cache by RFC 9111, in front of any tower service.
//!
//! This file holds the types that users name, and how they are set up. What is done with a request
//! is in `engine.rs`; the rules are in `rfc9111.rs` of the crate.

mod body;
mod clock;
mod engine;
mod flight;
mod future;
mod key;
mod shelf;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use http::{HeaderName, Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::rules::ETags;
pub use body::Rfc9111Body;
use engine::{Engine, Settings};
pub use future::Rfc9111Future;

/// How long nobody waits for others after a response that was not stored for its own sake.
const UNSHARED: Duration = Duration::from_secs(60);

/// A shared HTTP cache as RFC 9111 has it: what the responses' own fields say is what is done.
///
/// A response is stored if it says how long it is fresh, or by which validator to ask for it
/// again, and if nothing in it or in its request forbids that. While it is fresh it answers; once
/// it is stale it is validated with `If-None-Match` and `If-Modified-Since`, so that a handler
/// which answers `304` has it sent for a little longer. `Vary` keeps variants apart. A single range
/// of a stored response is cut out of it. Methods that are not safe drop, where they succeed, what
/// is stored of their URI and of those that `Location` and `Content-Location` name.
///
/// Beyond the text of RFC 9111:
/// - A response with `Set-Cookie` is stored only if it is `public`.
/// - The answer to a request with `Cookie` is stored only if it is `public`, has `s-maxage`, or
///   varies on `Cookie`. One to a request with `Authorization`: as section 3.5 says.
/// - `stale-while-revalidate` and `stale-if-error` count (RFC 5861), also beside `s-maxage`. The former
///   calls the service in the background: with the feature `tokio`, which `axum` brings in, inside
///   the runtime of the request.
/// - Concurrent misses of one URI call the service once, if the response is stored then.
/// - The service is called with `GET` where a `HEAD` finds nothing stored.
///
/// A hit is answered by the layer: what stands inside of it is not called. Put whatever decides who
/// may see a page outside.
///
/// # Concurrency
/// What an unsafe request invalidates while it is being fetched is not stored: from the response to
/// that request on, nothing older answers.
///
/// # Cost
/// A hit takes no exclusive lock, copies no body and does not await the service. A body of known
/// length, up to [`max_body`](Self::max_body), is read before it is sent on; another one is copied
/// while it flows.
///
/// Clones share one cache, and so do all services that one layer, or a clone of it, is put around:
/// a change by one route drops what another one answered.
///
/// # Examples
/// ```
/// use cached_web::CacheLayer;
///
/// let layer = CacheLayer::rfc9111().capacity(256 << 20).max_body(1 << 20);
/// # drop(layer);
/// ```
#[derive(Clone)]
pub struct Rfc9111Layer {
    settings: Settings,
    /// Made by the first service, shared by all that come after.
    engine: Arc<OnceLock<Arc<Engine>>>,
}

impl Rfc9111Layer {
    pub(crate) fn new() -> Self {
        Self { settings: Settings::default(), engine: Arc::default() }
    }

    /// Sets how large a body may be to be stored, in bytes. Default: 2 MiB.
    #[must_use]
    pub fn max_body(self, bytes: u64) -> Self {
        self.with(|settings| settings.rules = settings.rules.clone().max_body(bytes))
    }

    /// Sets how much memory stored responses may take in all, in bytes. Default: 64 MiB.
    ///
    /// A response that takes more than a tenth of it may not be stored.
    #[must_use]
    pub fn capacity(self, bytes: u64) -> Self {
        self.with(|settings| settings.capacity = bytes)
    }

    /// Sets how many variants of one URI are kept, by the fields that `Vary` names. Default: 16.
    #[must_use]
    pub fn max_variants(self, count: usize) -> Self {
        self.with(|settings| settings.max_variants = count.max(1))
    }

    /// Sets whether what requests ask of caches counts: `no-cache`, `max-age=0`, `Pragma` and the
    /// like. Default: true.
    ///
    /// False keeps clients from having the service called at their will: what is fresh answers. That the
    /// answer to a request with `no-store` is not stored, and `only-if-cached`, count in any case.
    #[must_use]
    pub fn client_refresh(self, is_honoured: bool) -> Self {
        self.with(|settings| settings.client_refresh = is_honoured)
    }

    /// Sets the fields that speak to this cache in place of `Cache-Control` (RFC 9213), best first.
    /// Default: `Surrogate-Control`, which is meant for caches in front of an origin. With it, the service
    /// is told so by `Surrogate-Capability`.
    #[must_use]
    pub fn targets(self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.with(|settings| settings.targets = fields.into_iter().collect())
    }

    /// Sets the `ETag` of a stored response that has none. Default: a weak one, made of its body. A body that
    /// is copied while it flows has it from the next answer on.
    #[must_use]
    pub fn etag(self, etag: ETags) -> Self {
        self.with(|settings| settings.rules = settings.rules.clone().etag(etag))
    }

    /// Sets whether responses tell in `Cache-Status` (RFC 9211) how they came. Default: true.
    #[must_use]
    pub fn cache_status(self, is_sent: bool) -> Self {
        self.with(|settings| settings.rules = settings.rules.clone().cache_status(is_sent))
    }

    /// Sets the name of this cache in `Cache-Status`. Default: `cached-web`.
    ///
    /// # Panics
    /// If it is empty or not visible ASCII.
    #[must_use]
    pub fn cache_name(self, name: &'static str) -> Self {
        self.with(|settings| settings.rules = settings.rules.clone().cache_name(name))
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self.engine = Arc::default();
        self
    }

    #[cfg(test)]
    fn clock(self, clock: cached_runtime::ManualClock) -> Self {
        self.with(|settings| settings.clock = clock::Clock::Manual(clock))
    }
}

impl fmt::Debug for Rfc9111Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rfc9111Layer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for Rfc9111Layer {
    type Service = Rfc9111Service<S>;

    fn layer(&self, inner: S) -> Rfc9111Service<S> {
        let engine = self.engine.get_or_init(|| Arc::new(Engine::new(self.settings.clone())));
        Rfc9111Service { inner, engine: Arc::clone(engine) }
    }
}

/// A service with a cache in front of it. Made by [`Rfc9111Layer`].
#[derive(Clone)]
pub struct Rfc9111Service<S> {
    inner: S,
    engine: Arc<Engine>,
}

impl<S: fmt::Debug> fmt::Debug for Rfc9111Service<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rfc9111Service").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for Rfc9111Service<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    B: Body + Default + Send + 'static,
    R: Body<Data: Buf + Send, Error: Send> + Send + 'static,
{
    type Response = Response<Rfc9111Body<R>>;
    type Error = S::Error;
    type Future = Rfc9111Future<R, S::Error>;

    fn poll_ready(&mut self, ctx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(ctx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.engine.call(&mut self.inner, request)
    }
}
