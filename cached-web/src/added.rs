//! The argument that `#[cached_response]` adds to a handler.

use std::ops::Deref;

use crate::request::RequestInfo;

/// The argument that `#[cached_response]` adds to a handler: what the cache knows of the request.
///
/// Named for those who read it in an error: that an argument of this type is missing. An attribute that
/// stands above `#[cached_response]`, such as `#[handler]`, has seen the function without it. Put
/// `#[cached_response]` first, or let the handler take a [`RequestInfo`] itself.
///
/// `HANDLER` is a number by which hits find what they answer from, if they may answer before the
/// handler's arguments are made; 0 otherwise.
#[derive(Clone, Debug)]
pub struct CachedResponseGoesAboveOtherAttributes<T = RequestInfo, const HANDLER: u64 = 0>(T);

impl<T, const HANDLER: u64> From<T> for CachedResponseGoesAboveOtherAttributes<T, HANDLER> {
    fn from(info: T) -> Self {
        Self(info)
    }
}

impl<T, const HANDLER: u64> Deref for CachedResponseGoesAboveOtherAttributes<T, HANDLER> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
