//! HTTP responses cached safely, for handlers of axum, actix-web, rocket, poem and salvo.

mod request;
mod snapshot;

pub use request::RequestInfo;
pub use snapshot::Snapshot;
