//! Answers in place of a handler's first argument: see [`crate::early`].

mod numbers;

use axum::extract::{
    FromRequestParts, NestedPath, OriginalUri, Path, Query, RawPathParams, RawQuery, State,
};
use http::request::Parts;

pub use self::numbers::number;
use self::numbers::{find, remember};
use super::Response;
use crate::CachedResponseGoesAboveOtherAttributes;
use crate::early::{Early, OfUri};
use crate::request::{Asked, RequestInfo};
use crate::rt::{Instance, Site};
use crate::rules::Rules;

/// The first argument of a handler, which is found by its number for hits that answer before its
/// arguments are made.
pub type Added<const HANDLER: u64 = 0> =
    CachedResponseGoesAboveOtherAttributes<RequestInfo, HANDLER>;

impl<S: Sync, const HANDLER: u64> FromRequestParts<S> for Added<HANDLER> {
    /// The answer.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        if let Some(early) = find(HANDLER) {
            let asked = Asked::new(&parts.method, super::uri(parts), &parts.headers);
            if let Some(answer) = early.answer(asked) {
                return Err(answer.into());
            }
        }
        Ok(super::info(parts).into())
    }
}

/// Lets responses answer from now on before the handler's arguments are made, if they may.
pub fn answer_early<const HANDLER: u64>(
    _: &Added<HANDLER>,
    site: &'static Site,
    instance: Instance,
    rules: &'static Rules,
    reads: &[bool],
) {
    // Of two instantiations none knows for which of them a request is.
    let early = Early::new(site, instance, rules, reads).filter(|_| !instance.is_generic());
    if let Some(early) = early {
        remember(HANDLER, early);
    }
}

impl OfUri for NestedPath {}
impl OfUri for OriginalUri {}
impl OfUri for RawPathParams {}
impl OfUri for RawQuery {}
impl<T> OfUri for Path<T> {}
impl<T> OfUri for Query<T> {}
impl<T> OfUri for State<T> {}
