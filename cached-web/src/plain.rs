//! What generated code asks of frameworks whose responses are made without their request.

use crate::request::RequestInfo;
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
