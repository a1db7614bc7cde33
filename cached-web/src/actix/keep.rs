//! The end of a load in the terms of actix-web.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;

use super::convert::{self, Incoming, Outgoing};
use crate::answer::Answer;
use crate::body::{Flow, settle};
use crate::engine::Load;

/// Ends a load with what a handler or a service gave.
pub(super) async fn keep(
    load: Load,
    given: HttpResponse<impl MessageBody + 'static>,
) -> HttpResponse {
    let (mut head, body) = given.map_into_boxed_body().into_parts();
    let response = convert::head(&head, Incoming(body));
    let (parts, flow) = settle(load, response).await.into_parts();
    let body = match flow {
        Flow::Whole(bytes) => return convert::response(http::Response::from_parts(parts, bytes)),
        Flow::Passed(Incoming(body)) => body,
        Flow::Read(body) => Outgoing(body).boxed(),
        Flow::Copied(body) => Outgoing(body).boxed(),
    };
    // The same response still, with its error, its extensions and how it is to be sent.
    *head.headers_mut() = convert::fields(&parts.headers);
    head.set_body(body)
}

/// An answer from the cache.
pub(super) fn answered(answer: Answer) -> HttpResponse {
    convert::response(answer.into_response())
}
