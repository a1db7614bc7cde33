//! Handlers of actix-web 4.
//!
//! ```
//! use actix_web::{App, Responder, test, web};
//! use cached_web::actix::cached_response;
//!
//! /// Runs once a minute for each `id`, however often it is asked.
//! #[cached_response(timeout = "1m", tags("item:{id}"))]
//! async fn item(id: web::Path<u64>) -> impl Responder {
//!     format!("item {id}")
//! }
//!
//! # actix_web::rt::System::new().block_on(async {
//! let app = App::new().route("/items/{id}", web::get().to(item));
//! let app = test::init_service(app).await;
//! # for status in ["cached-web; fwd=uri-miss; stored", "cached-web; hit"] {
//! let request = test::TestRequest::with_uri("/items/7").to_request();
//! let response = test::call_service(&app, request).await;
//! # assert!(response.headers().get("cache-status").unwrap().to_str()?.starts_with(status));
//! # }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The attribute goes above or below `#[get(..)]` and its like. The handler is given one argument
//! more, the first: a [`RequestInfo`], unless it takes one anyway. It returns a [`Response`], whatever
//! it returned before, so [`actix_web::Responder`] is all that is asked of that. An error that it
//! returns goes to middleware as the error it is.
//!
//! A load in the background has no connection to answer. What the handler returns is then made a
//! response for a request of the same method, URI and fields that knows no application data.
//!
//! [`CacheLayer`](crate::CacheLayer) is a middleware, for applications, scopes and resources:
//!
//! ```
//! use actix_web::{App, test, web};
//! use cached_web::CacheLayer;
//!
//! # actix_web::rt::System::new().block_on(async {
//! let cache = CacheLayer::new(60).tags(["items"]);
//! let item = web::get().to(async |id: web::Path<u64>| format!("item {id}"));
//! let app = App::new().wrap(cache.clone()).route("/items/{id}", item);
//! # let app = test::init_service(app).await;
//! # for _ in 0..2 {
//! # let request = test::TestRequest::with_uri("/items/7").to_request();
//! # assert_eq!(test::call_and_read_body(&app, request).await, "item 7");
//! # }
//! assert_eq!(cache.cache().stats().hits, 1);
//! # });
//! ```
//!
//! There it has no way to the background, so with [`stale`](crate::CacheLayer::stale) one of those who
//! ask for a page that is to be renewed waits for that, and the others are answered.

mod convert;
mod keep;
mod layer;
mod names;

use std::cell::OnceCell;
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

#[doc(inline)]
/// Caches what a handler answers: status, fields and body.
///
/// Its arguments are those of [axum's](../axum/attr.cached_response.html), which has a section for each.
pub use cached_macro::actix_cached_response as cached_response;

pub use layer::{CacheMiddleware, CacheMiddlewareFuture};

/// What a cached handler returns.
pub type Response = actix_web::HttpResponse;

/// What the cache knows of a request, with the request.
///
/// The former is made when it is first asked for: hits do with less.
#[derive(Clone)]
pub struct RequestInfo {
    request: HttpRequest,
    info: OnceCell<crate::RequestInfo>,
}

impl Deref for RequestInfo {
    type Target = crate::RequestInfo;

    fn deref(&self) -> &crate::RequestInfo {
        self.info.get_or_init(|| convert::info(&self.request))
    }
}

impl fmt::Debug for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl FromRequest for RequestInfo {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone(), info: OnceCell::new() }))
    }
}

/// What generated code names.
#[doc(hidden)]
pub mod __private {
    use actix_web::{HttpRequest, Responder};

    use super::keep;
    use super::{RequestInfo, Response, convert};
    use crate::engine::{Begun, Opened, To};
    use crate::rt::{Instance, Site};
    use crate::rules::Rules;
    use crate::visit::Visit;

    /// The first argument of a handler: attributes of actix-web give it one wherever they stand.
    pub type Added = RequestInfo;

    /// What a response is made for: `Responder` asks for the request.
    pub struct Way(HttpRequest);

    /// A request comes to a handler.
    #[must_use]
    pub fn visit(rules: &'static Rules, request: &RequestInfo) -> Visit {
        Visit::new(rules, crate::RequestInfo::clone(request))
    }

    /// The response that lies ready for a request, if one does.
    #[must_use]
    pub fn hit(
        request: &RequestInfo,
        site: &'static Site,
        instance: Instance,
        rules: &'static Rules,
    ) -> Option<Response> {
        keep::ready_answer(To { site, instance }, rules, &request.request)
    }

    /// What the response to this request is made for.
    #[must_use]
    pub fn way(request: &RequestInfo) -> Way {
        Way(request.request.clone())
    }

    /// What of a request can be kept for a load in the background, on another thread.
    #[must_use]
    pub fn keep(request: &RequestInfo) -> crate::RequestInfo {
        crate::RequestInfo::clone(request)
    }

    /// A request for a load in the background.
    #[must_use]
    pub fn restore(info: crate::RequestInfo) -> RequestInfo {
        RequestInfo { request: convert::request(&info), info: info.into() }
    }

    /// Answers from the cache, or runs the handler.
    pub async fn respond<T: Responder>(
        begun: Begun,
        way: Way,
        body: impl Future<Output = T>,
    ) -> Response {
        match begun.answered() {
            Ok(answer) => keep::answered(answer),
            // Boxed, so that the future of a hit is small.
            Err(begun) => Box::pin(load(begun, way, body)).await,
        }
    }

    async fn load<T: Responder>(begun: Begun, way: Way, body: impl Future<Output = T>) -> Response {
        match begun.open().await {
            Opened::Answer(answer) => keep::answered(answer),
            Opened::Load(mut load) => match load.run(body).await {
                Ok(value) => keep::keep(load, value.respond_to(&way.0)).await,
                Err(answer) => keep::answered(answer),
            },
        }
    }
}
