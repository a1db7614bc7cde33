//! HTTP responses cached safely, for handlers of axum, actix-web, rocket, poem and salvo.
#![allow(dead_code, reason = "until the engine uses all of it")]

mod admission;
mod answer;
mod cache_control;
mod cache_status;
mod fields;
mod http_date;
mod key;
#[cfg(feature = "tower")]
mod layer;
mod plan;
mod query;
mod request;
#[cfg(feature = "tower")]
mod rfc9111;
mod rules;
mod snapshot;
mod validators;
mod vary;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

#[cfg(feature = "tower")]
pub use layer::{CacheBody, CacheFuture, CacheLayer, CacheService};
pub use request::{Lines, RequestInfo};
pub use rules::ETags;
#[doc(hidden)]
pub use rules::Rules;
pub use snapshot::Snapshot;
