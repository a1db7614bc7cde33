//! Handlers of salvo 1.
//!
//! ```
//! use cached_web::salvo::cached_response;
//! use salvo::extract::PathParam;
//! use salvo::{Router, Writer, handler};
//! # use salvo::{Depot, FlowCtrl, Handler as _, Request, Response};
//!
//! /// Runs once a minute for each `id`, however often it is asked.
//! #[cached_response(timeout = "1m", tags("item:{id}"))]
//! #[handler]
//! async fn item(id: PathParam<u64>) -> String {
//!     format!("item {id}")
//! }
//!
//! let app = Router::with_path("items/{id}").get(item);
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # for status in ["cached-web; fwd=uri-miss; stored", "cached-web; hit"] {
//! # let (mut request, mut response) = (Request::new(), Response::new());
//! # request.params_mut().insert("id", "7".to_owned());
//! # *request.uri_mut() = "/items/7".parse()?;
//! # item.handle(&mut request, &mut Depot::new(), &mut response, &mut FlowCtrl::new(vec![])).await;
//! # assert!(response.headers()["cache-status"].to_str()?.starts_with(status));
//! # }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The attribute goes above `#[handler]`. The handler is given one argument more, the first, a
//! [`CachedResponseGoesAboveOtherAttributes`], unless it takes a [`RequestInfo`]. It returns a
//! [`Response`], whatever it returned before, so [`salvo::Writer`] and `'static` are all that is asked
//! of that.
//!
//! A hit is answered before the handler's arguments are made, if the default key holds what they are
//! made of: `PathParam` and `QueryParam`. The request that filled the entry has passed their extractors
//! with the same URI. A single argument of another type, a [`RequestInfo`] included, and every
//! extractor runs for every request.
//!
//! Only what the handler returns is kept, not what it writes to a `&mut Response` of its own: that
//! would be missing from all later answers. Nor what hoops have written before; of their fields those
//! stay that the returned value does not set, and `Set-Cookie` and `Vary`. A value that writes nothing
//! is not kept.
//!
//! There is no load in the background, since a [`salvo::Writer`] writes for a request, and looks into its
//! depot.
//!
//! [`CacheLayer`](crate::CacheLayer) is a hoop, for routers and services:
//!
//! ```
//! use cached_web::CacheLayer;
//! use salvo::{Router, handler};
//! # use salvo::{Depot, FlowCtrl, Handler as _, Request, Response};
//!
//! #[handler]
//! async fn item() -> &'static str {
//!     "item"
//! }
//!
//! let cache = CacheLayer::new(60).tags(["items"]);
//! let app = Router::with_path("items").hoop(cache.clone()).get(item);
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # for _ in 0..2 {
//! # let (mut request, mut response) = (Request::new(), Response::new());
//! # let mut depot = Depot::new();
//! # let mut flow = FlowCtrl::new(vec![std::sync::Arc::new(item)]);
//! # cache.handle(&mut request, &mut depot, &mut response, &mut flow).await;
//! # assert_eq!(response.body.size(), Some(4));
//! # }
//! # });
//! assert_eq!(cache.cache().stats().hits, 1);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! It has no way to the background there, so with [`stale`](crate::CacheLayer::stale) one of those who
//! ask for a page that is to be renewed waits for that, and the others are answered. What hoops before
//! it have written to the body is replaced. Requests over HTTP/3 bypass it: their bodies do not say that
//! they are empty.

mod early;
mod hoop;
mod write;

use std::future::Ready;

use salvo::extract::{Extractible, Metadata};
use salvo::{Depot, Request, Writer, async_trait};

#[doc(inline)]
/// Caches what a handler answers: status, fields and body.
///
/// Its arguments are those of [axum's](../axum/attr.cached_response.html), which has a section for each.
pub use cached_macro::salvo_cached_response as cached_response;

pub use crate::{CachedResponseGoesAboveOtherAttributes, RequestInfo};
pub use write::Response;

macro_rules! extractible {
    ($($ty:ident)*) => {$(
        #[expect(refining_impl_trait, reason = "`#[handler]` calls `write` of the error: see there")]
        impl<'r> Extractible<'r> for $ty {
            fn metadata() -> &'static Metadata {
                static METADATA: Metadata = Metadata::new("RequestInfo");
                &METADATA
            }

            async fn extract(request: &'r mut Request, _: &'r mut Depot) -> Result<Self, Never> {
                Ok(RequestInfo::from(&*request).into())
            }

            async fn extract_with_arg(
                request: &'r mut Request,
                depot: &'r mut Depot,
                _: &str,
            ) -> Result<Self, Never> {
                Self::extract(request, depot).await
            }
        }
    )*};
}

extractible!(RequestInfo CachedResponseGoesAboveOtherAttributes);

/// Why a [`RequestInfo`] cannot be had of a request: there is no reason.
#[doc(hidden)]
#[derive(Debug)]
pub enum Never {}

impl Never {
    /// [`Writer::write`], for handlers where that trait is not in scope.
    pub fn write(self, _: &mut Request, _: &mut Depot, _: &mut salvo::Response) -> Ready<()> {
        match self {}
    }
}

#[async_trait]
impl Writer for Never {
    async fn write(self, _: &mut Request, _: &mut Depot, _: &mut salvo::Response) {
        match self {}
    }
}

impl From<&Request> for RequestInfo {
    fn from(request: &Request) -> Self {
        Self::new(request.method().clone(), request.uri().clone(), request.headers().clone())
    }
}

/// What generated code names.
#[doc(hidden)]
pub mod __private {
    use salvo::Writer;
    pub use salvo::{Depot, FlowCtrl, Handler, Request, Response as Written, async_trait};

    use super::Response;
    pub use super::early::Early;
    pub use crate::CachedResponseGoesAboveOtherAttributes as Added;
    use crate::engine::{Begun, Opened};
    pub use crate::plain::{Way, visit, way};

    /// Answers from the cache, or runs the handler. What that returns is written later, and kept then.
    pub async fn respond<T: Writer + Send + 'static>(
        begun: Begun,
        _: Way,
        body: impl Future<Output = T>,
    ) -> Response {
        match begun.answered() {
            Ok(answer) => Response::answered(answer),
            // Boxed, so that the future of a hit is small.
            Err(begun) => Box::pin(load(begun, body)).await,
        }
    }

    async fn load<T: Writer + Send + 'static>(
        begun: Begun,
        body: impl Future<Output = T>,
    ) -> Response {
        match begun.open().await {
            Opened::Answer(answer) => Response::answered(answer),
            Opened::Load(mut load) => match load.run(body).await {
                Ok(value) => Response::loaded(load, value),
                Err(answer) => Response::answered(answer),
            },
        }
    }
}
