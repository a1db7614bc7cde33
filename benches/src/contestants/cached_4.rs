//! `cached` 4.1.

#![allow(clippy::unused_async, reason = "the body does not matter")]

use std::sync::Arc;

use cached::macros::{cached, concurrent_cached};

/// As [`tuple`](super::ours::tuple).
#[must_use]
#[cached(ttl_secs = 300, key = "(u64, String)", convert = { (id, name.to_owned()) })]
pub fn tuple(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

/// The same on a sharded store.
#[must_use]
#[concurrent_cached(ttl_secs = 300, max_size = 10_000, key = "(u64, String)", convert = { (id, name.to_owned()) })]
pub fn sharded(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

/// As [`template`](super::ours::template).
#[must_use]
#[cached(ttl_secs = 300, key = "String", convert = { format!("user:{id}:{name}") })]
pub fn template(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

/// As [`integer`](super::ours::integer).
#[must_use]
#[cached(ttl_secs = 300)]
pub fn integer(id: u64) -> u64 {
    id * 2
}

/// The same on a sharded store.
#[must_use]
#[concurrent_cached(ttl_secs = 300, max_size = 10_000)]
pub fn sharded_integer(id: u64) -> u64 {
    id * 2
}

/// As [`later`](super::ours::later).
#[cached(ttl_secs = 300, key = "(u64, String)", convert = { (id, name.to_owned()) })]
pub async fn later(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}
