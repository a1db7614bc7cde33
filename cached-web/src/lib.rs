//! HTTP responses cached safely, for handlers of axum, actix-web, rocket, poem and salvo.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(any(
    feature = "actix",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo"
))]
mod body;
#[doc(hidden)]
pub mod engine;
#[cfg(feature = "poem")]
pub mod poem;
mod request;
#[cfg(feature = "rocket")]
pub mod rocket;
#[cfg(feature = "salvo")]
pub mod salvo;
#[cfg(any(feature = "axum", feature = "poem"))]
mod sent;
mod snapshot;

pub use request::RequestInfo;
pub use snapshot::Snapshot;
