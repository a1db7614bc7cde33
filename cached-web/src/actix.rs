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

mod convert;

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

pub use cached_macro::actix_cached_response as cached_response;

/// What a cached handler returns.
pub type Response = actix_web::HttpResponse;

/// What the cache knows of a request, with the request.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    info: crate::RequestInfo,
    request: HttpRequest,
}

impl Deref for RequestInfo {
    type Target = crate::RequestInfo;

    fn deref(&self) -> &crate::RequestInfo {
        &self.info
    }
}

impl FromRequest for RequestInfo {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let info = convert::info(request).map_err(actix_web::error::ErrorBadRequest);
        ready(info.map(|info| Self { info, request: request.clone() }))
    }
}

/// What generated code names.
#[doc(hidden)]
pub mod __private {
    use actix_web::body::MessageBody as _;
    use actix_web::{HttpRequest, Responder};

    use super::convert::{self, Incoming, Outgoing};
    use super::{RequestInfo, Response};
    use crate::body::{Flow, settle};
    use crate::engine::{Begun, Opened};
    use crate::rules::Rules;
    use crate::visit::Visit;

    /// What a response is made for: `Responder` asks for the request.
    pub struct Way(HttpRequest);

    /// A request comes to a handler.
    #[must_use]
    pub fn visit(rules: &'static Rules, request: &RequestInfo) -> Visit {
        Visit::new(rules, request.info.clone())
    }

    /// What the response to this request is made for.
    #[must_use]
    pub fn way(request: &RequestInfo) -> Way {
        Way(request.request.clone())
    }

    /// What of a request can be kept for a load in the background, on another thread.
    #[must_use]
    pub fn keep(request: &RequestInfo) -> crate::RequestInfo {
        request.info.clone()
    }

    /// A request for a load in the background.
    #[must_use]
    pub fn restore(info: crate::RequestInfo) -> RequestInfo {
        RequestInfo { request: convert::request(&info), info }
    }

    /// Answers from the cache, or runs the handler.
    pub async fn respond<T: Responder>(
        begun: Begun,
        way: Way,
        body: impl Future<Output = T>,
    ) -> Response {
        let mut load = match begun.open().await {
            Opened::Answer(answer) => return convert::response(answer.into_response()),
            Opened::Load(load) => load,
        };
        let response = match load.run(body).await {
            Err(answer) => return convert::response(answer.into_response()),
            Ok(value) => value.respond_to(&way.0),
        };
        let (mut head, body) = response.map_into_boxed_body().into_parts();
        let response = convert::head(&head, Incoming(body));
        let (parts, flow) = settle(load, response).await.into_parts();
        let body = match flow {
            Flow::Whole(bytes) => {
                return convert::response(http::Response::from_parts(parts, bytes));
            }
            Flow::Passed(Incoming(body)) => body,
            Flow::Read(body) => Outgoing(body).boxed(),
            Flow::Copied(body) => Outgoing(body).boxed(),
        };
        // The same response still, with its error, its extensions and how it is to be sent.
        *head.headers_mut() = convert::fields(&parts.headers);
        head.set_body(body)
    }
}
