//! HTTP responses cached safely, for handlers of axum, actix-web, rocket, poem and salvo.

mod kept;
mod pages;
mod request;
mod snapshot;

use cached_runtime::__private as rt;

pub use request::RequestInfo;
pub use snapshot::Snapshot;
