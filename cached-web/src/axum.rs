//! Handlers of axum 0.8.
//!
//! ```
//! use cached_web::axum::cached_response;
//! use axum::extract::Path;
//! use axum::{Router, routing::get};
//! # use axum::{body::Body, http::Request};
//! # use tower::ServiceExt as _;
//!
//! /// Runs once a minute for each `id`, however often it is asked.
//! #[cached_response(timeout = "1m", tags("item:{id}"))]
//! async fn item(Path(id): Path<u64>) -> String {
//!     format!("item {id}")
//! }
//!
//! let app: Router = Router::new().route("/items/{id}", get(item));
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # for status in ["cached-web; fwd=uri-miss; stored", "cached-web; hit"] {
//! let request = Request::get("/items/7").body(Body::empty())?;
//! let response = app.clone().oneshot(request).await?;
//! # assert!(response.headers()["cache-status"].to_str()?.starts_with(status));
//! # }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The attribute goes above `#[debug_handler]`. The handler is given one argument more, the first, a
//! [`CachedResponseGoesAboveOtherAttributes`], unless it takes a [`RequestInfo`]. It returns a
//! [`Response`], whatever it returned before, so [`axum::response::IntoResponse`] is all that is asked
//! of that.
//!
//! A hit is answered before the handler's arguments are made, if the default key holds what they are
//! made of: `Path`, `Query`, `RawQuery`, `Uri`, `OriginalUri`, `Method`, and `State`, which no request
//! changes. The request that filled the entry has passed their extractors with the same URI. A single
//! argument of another type, a [`RequestInfo`] included, and every extractor runs for every request.
//!
//! The URI in keys is the one the client sent, also under [`axum::Router::nest`].

mod early;

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;

#[doc(inline)]
#[doc = include_str!("../docs/cached_response.md")]
pub use cached_macro::axum_cached_response as cached_response;

use crate::sent::sent_by_client;
pub use crate::{CachedResponseGoesAboveOtherAttributes, RequestInfo};

/// What a cached handler returns.
pub type Response = ::axum::response::Response;

impl<S: Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(info(parts))
    }
}

fn info(parts: &Parts) -> RequestInfo {
    RequestInfo::new(parts.method.clone(), uri(parts).clone(), parts.headers.clone())
}

/// The URI as the client sent it.
fn uri(parts: &Parts) -> &Uri {
    sent_by_client(&parts.extensions, &parts.uri)
}

/// What generated code names.
#[doc(hidden)]
pub mod __private {
    use std::future::ready;

    use axum::body::Body;
    use axum::response::IntoResponse;
    use futures_util::future::Either;

    use super::Response;
    pub use super::early::{Added, answer_early, number};
    use crate::answer::Answer;
    use crate::body::whole::Whole;
    use crate::body::{Flow, settle};
    use crate::engine::{Begun, Opened};
    pub use crate::plain::{Way, visit, way};

    /// Answers from the cache, or runs the handler. Only loads are boxed, so that futures of hits
    /// are small.
    pub fn respond<T: IntoResponse>(
        begun: Begun,
        _: Way,
        body: impl Future<Output = T>,
    ) -> impl Future<Output = Response> {
        match begun.answered() {
            Ok(answer) => Either::Left(ready(answer.into())),
            Err(begun) => Either::Right(Box::pin(load(begun, body))),
        }
    }

    async fn load<T: IntoResponse>(begun: Begun, body: impl Future<Output = T>) -> Response {
        let mut load = match begun.open().await {
            Opened::Answer(answer) => return answer.into(),
            Opened::Load(load) => load,
        };
        match load.run(body).await {
            Err(answer) => answer.into(),
            Ok(value) => settle(load, value.into_response()).await.map(Body::from),
        }
    }

    impl From<Answer> for Response {
        fn from(answer: Answer) -> Self {
            answer.into_response().map(|bytes| Body::new(Whole(bytes)))
        }
    }

    impl From<Flow<Self>> for Body {
        fn from(flow: Flow<Self>) -> Self {
            match flow {
                Flow::Whole(bytes) => Self::new(Whole(bytes)),
                Flow::Passed(body) => body,
                Flow::Read(body) => Self::new(body),
                Flow::Copied(body) => Self::new(body),
            }
        }
    }
}
