//! Handlers of rocket 0.5.
//!
//! ```
//! use cached_web::rocket::cached_response;
//! use rocket::{get, routes};
//! # use rocket::local::blocking::Client;
//!
//! /// Runs once a minute for each `id`, however often it is asked.
//! #[cached_response(timeout = "1m", tags("item:{id}"))]
//! #[get("/items/<id>")]
//! async fn item(id: u64) -> String {
//!     format!("item {id}")
//! }
//!
//! let app = rocket::build().mount("/", routes![item]);
//! # let client = Client::untracked(app)?;
//! # for status in ["cached-web; fwd=uri-miss; stored", "cached-web; hit"] {
//! # let response = client.get("/items/7").dispatch();
//! # assert!(response.headers().get_one("cache-status").unwrap().starts_with(status));
//! # }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The attribute goes above `#[get(..)]` and its like. The handler is given one argument more, the
//! first, a [`CachedResponseGoesAboveOtherAttributes`], unless it takes a [`RequestInfo`]. It returns a
//! [`Response`], whatever it returned before, so [`Responder`] is all that is asked of that. Where it
//! responds with a [`Status`] alone, that goes to the catcher of that status, and nothing is kept.
//!
//! Rocket sends the cookies of its jar on its own, after the handler: where a guard, the handler or its
//! responder has changed one, a `Flash` for example, the response is not kept. There is no load in the background, since a response of rocket's is made
//! for a request that it alone can make.

mod convert;

use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Responder};
use rocket::{Request, async_trait};

#[doc(inline)]
/// Caches what a handler answers: status, fields and body.
///
/// Its arguments are those of [axum's](../axum/attr.cached_response.html), which has a section for each.
pub use cached_macro::rocket_cached_response as cached_response;

pub use crate::CachedResponseGoesAboveOtherAttributes;

/// What a cached handler returns: a response of rocket's, or a status for the catchers.
#[derive(Debug)]
pub struct Response<'o>(response::Result<'o>);

impl<'r, 'o: 'r> Responder<'r, 'o> for Response<'o> {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'o> {
        self.0
    }
}

/// What the cache knows of a request, with the request.
#[derive(Clone)]
pub struct RequestInfo<'r> {
    info: crate::RequestInfo,
    request: &'r Request<'r>,
}

impl Deref for RequestInfo<'_> {
    type Target = crate::RequestInfo;

    fn deref(&self) -> &crate::RequestInfo {
        &self.info
    }
}

impl fmt::Debug for RequestInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for RequestInfo<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        match convert::info(request) {
            Ok(info) => Outcome::Success(Self { info, request }),
            // No page has such a name.
            Err(_) => Outcome::Forward(Status::NotFound),
        }
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for __private::Added<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        RequestInfo::from_request(request).await.map(Into::into)
    }
}

/// What generated code names.
#[doc(hidden)]
pub mod __private {
    use rocket::Request;
    use rocket::http::Status;
    use rocket::response::{self, Responder};

    use super::convert::{self, Incoming, Outgoing};
    use super::{RequestInfo, Response};
    use crate::CachedResponseGoesAboveOtherAttributes;
    use crate::body::{Flow, settle};
    use crate::engine::{Begun, Load, Opened};
    use crate::rules::Rules;
    use crate::visit::Visit;

    /// The first argument of a handler.
    pub type Added<'r> = CachedResponseGoesAboveOtherAttributes<RequestInfo<'r>>;

    /// What a response is made for: `Responder` asks for the request.
    pub struct Way<'r>(&'r Request<'r>);

    /// A request comes to a handler.
    #[must_use]
    pub fn visit(rules: &'static Rules, request: &RequestInfo<'_>) -> Visit {
        Visit::new(rules, request.info.clone())
    }

    /// What the response to this request is made for.
    #[must_use]
    pub fn way<'r>(request: &RequestInfo<'r>) -> Way<'r> {
        Way(request.request)
    }

    /// Answers from the cache, or runs the handler.
    pub async fn respond<'r, 'o: 'r, T: Responder<'r, 'o>>(
        begun: Begun,
        way: Way<'r>,
        body: impl Future<Output = T>,
    ) -> Response<'o> {
        Response(match begun.open().await {
            Opened::Answer(answer) => Ok(convert::response(answer.into_response())),
            Opened::Load(mut load) => match load.run(body).await {
                Err(answer) => Ok(convert::response(answer.into_response())),
                Ok(value) => match value.respond_to(way.0) {
                    Ok(response) => {
                        if has_pending_cookies(way.0) {
                            load.sets_cookie();
                        }
                        Ok(keep(load, response).await)
                    }
                    Err(status) => caught(load, status).await,
                },
            },
        })
    }

    /// Whether a guard, the handler or its responder has changed a cookie. Rocket sends that later,
    /// and tells of it nowhere but in what the jar prints for developers. Should that change, nothing
    /// is taken for unchanged.
    fn has_pending_cookies(request: &Request<'_>) -> bool {
        !format!("{:?}", request.cookies()).ends_with("pending: [] }")
    }

    /// Ends a load with a response.
    async fn keep(load: Load, mut response: rocket::Response<'_>) -> rocket::Response<'_> {
        let body = Incoming::take(&mut response).await;
        let (parts, flow) = settle(load, convert::head(&response, body)).await.into_parts();
        match flow {
            Flow::Whole(bytes) => {
                return convert::response(http::Response::from_parts(parts, bytes));
            }
            Flow::Passed(body) => *response.body_mut() = body.body,
            Flow::Read(body) => response.set_streamed_body(Outgoing::new(body)),
            Flow::Copied(body) => response.set_streamed_body(Outgoing::new(body)),
        }
        // The same response still, with its chunks and its upgrades.
        convert::set_fields(&mut response, &parts.headers);
        response
    }

    /// Ends a load with a status for the catchers, unless an older response goes instead.
    async fn caught<'o>(load: Load, status: Status) -> response::Result<'o> {
        let stale = load.pass(convert::status(status), &mut http::HeaderMap::new()).await;
        stale.map(|answer| convert::response(answer.into_response())).ok_or(status)
    }
}
