//! The end of a load in the terms of actix-web.

use actix_web::body::MessageBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::convert::{self, Incoming, Outgoing};
use super::names;
use crate::answer::{self, Answer};
use crate::body::{Flow, settle};
use crate::engine::{Hit, Load, To};
use crate::rules::Rules;
use crate::shape::Own;

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

/// The answer of a response that lies ready: its fields are so in the terms of actix-web as well.
pub(super) fn ready_answer(
    to: To,
    rules: &'static Rules,
    request: &HttpRequest,
) -> Option<HttpResponse> {
    convert::asked(request, rules, |asked| {
        let Hit { page, found } = to.hit(rules, asked)?;
        let is_not_modified = answer::is_not_modified(asked, &page);
        let make = || {
            let mut fields = convert::fields(&answer::shared(rules, &page, is_not_modified));
            // Room for those of its own, or each answer would make a map anew.
            fields.reserve(2);
            fields
        };
        let mut fields = page.of_actix.get_or_make(is_not_modified, make).clone();
        let Own { age, cache_status } = answer::own(rules, &page, &found);
        let own = [(header::AGE, age), (names::CACHE_STATUS, cache_status)];
        for (name, value) in own {
            if let Some(value) = value.as_ref().and_then(convert::value) {
                fields.append(name, value);
            }
        }
        let (status, body) = answer::status_and_body(asked, &page, is_not_modified);
        Some(convert::whole(status, fields, body))
    })
}
