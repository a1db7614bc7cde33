//! The same two pages, served by five frameworks: without a cache, with this crate's, and with the
//! caches published for each.

pub mod actix;
pub mod axum;
pub mod calls;
pub mod load;
pub mod pages;
pub mod poem;
pub mod race;
pub mod rocket;
pub mod salvo;
