//! HTTP responses cached safely, for handlers of axum, actix-web, rocket, poem and salvo.

#[allow(dead_code, reason = "until the engine uses all of it")]
mod cache_control;
#[allow(dead_code, reason = "until the engine uses all of it")]
mod fields;
#[allow(dead_code, reason = "until the engine uses all of it")]
mod http_date;
mod kept;
mod pages;
mod request;
#[allow(dead_code, reason = "until the engine uses all of it")]
mod snapshot;
#[allow(dead_code, reason = "until the engine uses all of it")]
mod vary;

use cached_runtime::__private as rt;

pub use request::RequestInfo;
pub use snapshot::Snapshot;
