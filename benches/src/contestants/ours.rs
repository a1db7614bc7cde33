//! This crate.

#![allow(clippy::unused_async, reason = "the body does not matter")]

use std::sync::Arc;

use cached_runtime::cached;

/// The user's name.
#[cached(timeout = 300)]
#[must_use]
pub fn tuple(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

/// The same by a template.
#[cached(timeout = 300, key = "user:{id}:{name}")]
#[must_use]
pub fn template(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

/// A number.
#[cached(timeout = 300)]
#[must_use]
pub fn integer(id: u64) -> u64 {
    id * 2
}

/// The user's name, later.
#[cached(timeout = 300)]
pub async fn later(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

/// The same without a cache.
pub async fn uncached(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

/// A number that never expires.
#[cached(timeout = never)]
#[must_use]
pub fn forever(id: u64) -> u64 {
    id * 2
}

/// The user's name, renewed in the background. Of a type of its own: functions of one type share code,
/// which the compiler then inlines in fewer of them.
#[cached(timeout = 300, stale = 60, stale_if_error = 600, refresh_ahead = 0.8)]
#[must_use]
pub fn renewed(id: u64, name: &str) -> Arc<String> {
    Arc::new(format!("{id}{name}"))
}
