//! Handlers of poem 3.
//!
//! ```
//! use cached_web::poem::cached_response;
//! use poem::web::Path;
//! use poem::{Route, get, handler};
//! # use poem::{Endpoint as _, Request, http::Uri};
//!
//! /// Runs once a minute for each `id`, however often it is asked.
//! #[cached_response(timeout = "1m", tags("item:{id}"))]
//! #[handler]
//! async fn item(Path(id): Path<u64>) -> String {
//!     format!("item {id}")
//! }
//!
//! let app = Route::new().at("/items/:id", get(item));
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # for status in ["cached-web; fwd=uri-miss; stored", "cached-web; hit"] {
//! let request = Request::builder().uri(Uri::from_static("/items/7")).finish();
//! let response = app.get_response(request).await;
//! # assert!(response.headers()["cache-status"].to_str()?.starts_with(status));
//! # }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The attribute goes above `#[handler]`. The handler is given one argument more, the first, a
//! [`CachedResponseGoesAboveOtherAttributes`], unless it takes a [`RequestInfo`]. It returns a
//! [`Response`], whatever it returned before, so [`poem::IntoResponse`] is all that is asked of that,
//! or a `Result` of it. An error that it returns goes to middleware as the error it is, and is not
//! kept, whatever its status.
//!
//! A handler that takes a `CookieJar` or a `Session` is refused: poem sends their cookies beside the
//! response, where the cache does not see them. For the same reason `CookieJarManager` goes inside of a
//! [`CacheLayer`](crate::CacheLayer), not around it.
//!
//! The URI in keys is the one the client sent, also under [`poem::Route::nest`].
//!
//! [`CacheLayer`](crate::CacheLayer) is a middleware, for routes and endpoints:
//!
//! ```
//! use cached_web::CacheLayer;
//! use poem::web::Path;
//! use poem::{EndpointExt as _, Route, get, handler};
//! # use poem::{Endpoint as _, Request, http::Uri};
//!
//! #[handler]
//! async fn item(Path(id): Path<u64>) -> String {
//!     format!("item {id}")
//! }
//!
//! let cache = CacheLayer::new(60).tags(["items"]);
//! let app = Route::new().at("/items/:id", get(item)).with(cache.clone());
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # for _ in 0..2 {
//! # let request = Request::builder().uri(Uri::from_static("/items/7")).finish();
//! # let response = app.get_response(request).await;
//! # assert_eq!(response.into_body().into_string().await?, "item 7");
//! # }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! assert_eq!(cache.cache().stats().hits, 1);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod keep;
mod layer;

use poem::{FromRequest, Request, RequestBody};

#[doc(inline)]
/// Caches what a handler answers: status, fields and body.
///
/// Its arguments are those of [axum's](../axum/attr.cached_response.html), which has a section for each.
pub use cached_macro::poem_cached_response as cached_response;

use crate::sent::sent;
pub use crate::{CachedResponseGoesAboveOtherAttributes, RequestInfo};
pub use layer::CacheEndpoint;

/// What a cached handler returns.
pub type Response = poem::Result<poem::Response>;

impl<'a> FromRequest<'a> for RequestInfo {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.into())
    }
}

impl<'a> FromRequest<'a> for CachedResponseGoesAboveOtherAttributes {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(RequestInfo::from(request).into())
    }
}

impl From<&Request> for RequestInfo {
    fn from(request: &Request) -> Self {
        let uri = sent(request.original_uri(), request.uri()).clone();
        Self::new(request.method().clone(), uri, request.headers().clone())
    }
}

/// What generated code names.
#[doc(hidden)]
pub mod __private {
    use poem::IntoResponse;
    use poem::error::IntoResult;

    use super::Response;
    use super::keep::{answered, keep};
    pub use crate::CachedResponseGoesAboveOtherAttributes as Added;
    use crate::engine::{Begun, Opened};
    pub use crate::plain::{Way, visit, way};

    /// Answers from the cache, or runs the handler.
    pub async fn respond<T: IntoResult<R>, R: IntoResponse>(
        begun: Begun,
        _: Way,
        body: impl Future<Output = T>,
    ) -> Response {
        match begun.open().await {
            Opened::Answer(answer) => Ok(answered(answer)),
            Opened::Load(mut load) => match load.run(body).await {
                Err(answer) => Ok(answered(answer)),
                Ok(value) => keep(load, value.into_result()).await,
            },
        }
    }
}
