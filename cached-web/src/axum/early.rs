//! Answers in place of a handler's first argument: see [`crate::early`].

use std::ops::Deref;

use axum::body::Body;
use axum::extract::{
    FromRequestParts, NestedPath, OriginalUri, Path, Query, RawPathParams, RawQuery, State,
};
use http::request::Parts;

use super::Response;
use crate::early::{self, OfUri, known};
use crate::request::{Asked, RequestInfo};
use crate::rt::{Instance, Site};
use crate::rules::Rules;

/// What `#[cached_response]` gives a handler: a [`RequestInfo`] that knows by a number whose it is.
///
/// The handler is found by that number for hits that answer before its arguments are made.
#[derive(Clone, Debug)]
pub struct RequestInfoOf<const HANDLER: u64>(RequestInfo);

impl<const HANDLER: u64> Deref for RequestInfoOf<HANDLER> {
    type Target = RequestInfo;

    fn deref(&self) -> &RequestInfo {
        &self.0
    }
}

impl<S: Sync, const HANDLER: u64> FromRequestParts<S> for RequestInfoOf<HANDLER> {
    /// The answer.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        if let Some(known) = known(HANDLER) {
            let asked = Asked::new(&parts.method, super::uri(parts), &parts.headers);
            if let Some(answer) = known.to.ready_answer(known.rules, asked) {
                return Err(answer.into_response().map(Body::from));
            }
        }
        Ok(Self(super::info(parts)))
    }
}

/// Lets responses answer from now on before the handler's arguments are made, if they may.
pub fn answer_early<const HANDLER: u64>(
    _: &RequestInfoOf<HANDLER>,
    site: &'static Site,
    instance: Instance,
    rules: &'static Rules,
    reads: &[bool],
) {
    early::answer_early(HANDLER, site, instance, rules, reads);
}

impl OfUri for NestedPath {}
impl OfUri for OriginalUri {}
impl OfUri for RawPathParams {}
impl OfUri for RawQuery {}
impl<T> OfUri for Path<T> {}
impl<T> OfUri for Query<T> {}
impl<T> OfUri for State<T> {}
