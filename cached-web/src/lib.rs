#![cfg_attr(feature = "axum", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "axum"),
    doc = "HTTP responses cached safely, by the feature of a framework, or `tower`."
)]
#![cfg_attr(
    not(any(
        feature = "actix",
        feature = "axum",
        feature = "poem",
        feature = "rocket",
        feature = "salvo",
        feature = "tower"
    )),
    allow(dead_code, reason = "it is there for frameworks")
)]

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(any(feature = "axum", feature = "poem", feature = "rocket", feature = "salvo"))]
mod added;
mod admission;
mod answer;
#[cfg(feature = "axum")]
pub mod axum;
mod body;
mod cache_control;
mod cache_status;
#[cfg(any(feature = "axum", feature = "salvo"))]
mod early;
mod engine;
mod fields;
mod http_date;
mod kept;
mod key;
#[cfg(any(feature = "actix", feature = "poem", feature = "salvo", feature = "tower"))]
mod layer;
#[cfg(any(feature = "actix", feature = "poem", feature = "salvo", feature = "tower"))]
mod made;
mod numbered;
mod packed;
mod page;
mod pages;
#[cfg(any(feature = "axum", feature = "poem", feature = "salvo"))]
mod plain;
mod plan;
#[cfg(feature = "poem")]
pub mod poem;
mod query;
mod request;
#[cfg(feature = "tower")]
mod rfc9111;
#[cfg(feature = "rocket")]
pub mod rocket;
mod rules;
#[cfg(feature = "salvo")]
pub mod salvo;
#[cfg(any(feature = "axum", feature = "poem", feature = "tower"))]
mod sent;
mod shape;
mod snapshot;
mod topics;
mod validators;
mod vary;
mod visit;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

/// What generated code names. No part of the public contract.
#[doc(hidden)]
pub mod __private {
    pub use cached_runtime::__private as rt;

    #[cfg(feature = "axum")]
    pub use crate::__handler as handler;
    #[cfg(any(feature = "axum", feature = "salvo"))]
    pub use crate::__reads as reads;
    #[cfg(feature = "axum")]
    pub use crate::axum::__private::number;
    #[cfg(any(feature = "axum", feature = "salvo"))]
    pub use crate::early::{Reads, ReadsMore};
    pub use crate::engine::{Begun, Tagged, begin};
    pub use crate::rules::Rules;
    pub use crate::visit::Visit;
}

use cached_runtime::__private as rt;

#[cfg(any(feature = "axum", feature = "poem", feature = "rocket", feature = "salvo"))]
pub use added::CachedResponseGoesAboveOtherAttributes;
#[doc(inline)]
/// Invalidates responses, or entries of cached functions, once a handler has succeeded.
///
/// It is [`cached_runtime::invalidates`](macro@cached_runtime::invalidates), for programs that have this
/// crate alone. A handler that returns an `Err` invalidates nothing.
///
/// # Examples
/// ```
/// use cached_web::invalidates;
///
/// #[invalidates(tags("items", "item:{id}"))]
/// async fn change(id: u64) -> Result<String, String> {
///     Ok(format!("changed {id}"))
/// }
/// # drop(change(7));
/// ```
pub use cached_macro::web_invalidates as invalidates;
#[cfg(any(feature = "actix", feature = "poem", feature = "salvo", feature = "tower"))]
pub use layer::CacheLayer;
#[cfg(feature = "tower")]
pub use layer::{
    CacheBody, CacheFuture, CacheService, Rfc9111Body, Rfc9111Future, Rfc9111Layer, Rfc9111Service,
};
pub use request::{Lines, RequestInfo};
pub use rules::ETags;
