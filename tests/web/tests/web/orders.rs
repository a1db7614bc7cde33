//! Where our attributes may stand among those of each framework: that it compiles, and caches.
//!
//! `#[cached]` caches the value that a handler returns, and may stand on either side of the framework's
//! own attribute. `#[cached_response]` adds an argument, so it goes above, unless the handler takes a
//! `RequestInfo` of its own accord. Both go above and below where the framework's attribute nests the
//! function, as actix-web's do.

pub mod actix;
pub mod axum;
pub mod poem;
pub mod rocket;
pub mod salvo;
