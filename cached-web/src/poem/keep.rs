//! The end of a load in the terms of poem.

use http::HeaderMap;
use http_body_util::combinators::BoxBody;
use poem::{Body, Error, IntoResponse, Response, Result};

use crate::answer::Answer;
use crate::body::{Flow, settle};
use crate::engine::Load;

/// Ends a load with what a handler or an endpoint gave. An error stays one for middleware, unless an
/// older response goes instead.
pub(super) async fn keep<R: IntoResponse>(load: Load, given: Result<R>) -> Result<Response> {
    match given {
        Ok(given) => Ok(keep_response(load, given.into_response()).await),
        Err(error) => stand_in(load, &error).await.ok_or(error),
    }
}

/// An answer from the cache.
pub(super) fn answered(answer: Answer) -> Response {
    response(answer.into_response().map(Body::from))
}

async fn keep_response(load: Load, given: Response) -> Response {
    let (head, body) = given.into_parts();
    let mut given = http::Response::new(BoxBody::from(body));
    *given.status_mut() = head.status;
    *given.headers_mut() = head.headers;
    *given.extensions_mut() = head.extensions;
    response(settle(load, given).await.map(|flow| match flow {
        Flow::Whole(bytes) => bytes.into(),
        Flow::Passed(body) => body.into(),
        Flow::Read(body) => BoxBody::new(body).into(),
        Flow::Copied(body) => BoxBody::new(body).into(),
    }))
}

async fn stand_in(load: Load, error: &Error) -> Option<Response> {
    load.pass(error.status(), &mut HeaderMap::new()).await.map(answered)
}

fn response(response: http::Response<Body>) -> Response {
    let (parts, body) = response.into_parts();
    let mut response = Response::from(body);
    response.set_status(parts.status);
    *response.headers_mut() = parts.headers;
    *response.extensions_mut() = parts.extensions;
    response
}
