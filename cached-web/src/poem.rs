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
//! The attribute goes above `#[handler]`. The handler is given one argument more, the first: a
//! [`RequestInfo`], unless it takes one anyway. It returns a [`Response`], whatever it returned before,
//! so [`poem::IntoResponse`] is all that is asked of that, or a `Result` of it. An error that it
//! returns goes to middleware as the error it is, and is not kept, whatever its status.
//!
//! The URI in keys is the one the client sent, also under [`poem::Route::nest`].

use poem::{FromRequest, Request, RequestBody};

pub use cached_macro::poem_cached_response as cached_response;

pub use crate::RequestInfo;
use crate::sent::sent;

/// What a cached handler returns.
pub type Response = poem::Result<poem::Response>;

impl<'a> FromRequest<'a> for RequestInfo {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.into())
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
    use http::HeaderMap;
    use http_body_util::combinators::BoxBody;
    use poem::error::IntoResult;
    use poem::{Body, IntoResponse};

    use super::{RequestInfo, Response};
    use crate::body::{Flow, settle};
    use crate::engine::{Begun, Load, Opened};
    use crate::rules::Rules;
    use crate::visit::Visit;

    /// What a response is made for, beside what the cache knows of the request: nothing.
    pub struct Way;

    /// A request comes to a handler.
    #[must_use]
    pub fn visit(rules: &'static Rules, request: &RequestInfo) -> Visit {
        Visit::new(rules, request.clone())
    }

    /// What the response to this request is made for.
    #[must_use]
    pub fn way(_: &RequestInfo) -> Way {
        Way
    }

    /// Answers from the cache, or runs the handler.
    pub async fn respond<T: IntoResult<R>, R: IntoResponse>(
        begun: Begun,
        _: Way,
        body: impl Future<Output = T>,
    ) -> Response {
        match begun.open().await {
            Opened::Answer(answer) => Ok(response(answer.into_response().map(Body::from))),
            Opened::Load(mut load) => match load.run(body).await {
                Err(answer) => Ok(response(answer.into_response().map(Body::from))),
                Ok(value) => match value.into_result() {
                    Ok(value) => Ok(keep(load, value.into_response()).await),
                    Err(error) => failed(load, error).await,
                },
            },
        }
    }

    /// Ends a load with a response.
    async fn keep(load: Load, made: poem::Response) -> poem::Response {
        let (head, body) = made.into_parts();
        let mut made = http::Response::new(BoxBody::from(body));
        *made.status_mut() = head.status;
        *made.headers_mut() = head.headers;
        *made.extensions_mut() = head.extensions;
        response(settle(load, made).await.map(|flow| match flow {
            Flow::Whole(bytes) => bytes.into(),
            Flow::Passed(body) => body.into(),
            Flow::Read(body) => BoxBody::new(body).into(),
            Flow::Copied(body) => BoxBody::new(body).into(),
        }))
    }

    /// Ends a load with an error for middleware, unless an older response goes instead.
    async fn failed(load: Load, error: poem::Error) -> Response {
        match load.pass(error.status(), &mut HeaderMap::new()).await {
            Some(answer) => Ok(response(answer.into_response().map(Body::from))),
            None => Err(error),
        }
    }

    fn response(response: http::Response<Body>) -> poem::Response {
        let (parts, body) = response.into_parts();
        let mut response = poem::Response::from(body);
        response.set_status(parts.status);
        *response.headers_mut() = parts.headers;
        *response.extensions_mut() = parts.extensions;
        response
    }
}
