//! `memoize` 0.6, shared between threads.

#![expect(missing_docs, reason = "the attribute writes functions without them")]
#![allow(clippy::needless_pass_by_value, reason = "it takes no references")]

use std::sync::Arc;
use std::time::Duration;

use memoize::memoize;

/// As [`tuple`](super::ours::tuple); it takes no references.
#[must_use]
#[memoize(SharedCache, Capacity: 10_000, TimeToLive: Duration::from_mins(5))]
pub fn tuple(id: u64, name: String) -> Arc<str> {
    format!("{id}{name}").into()
}

/// As [`integer`](super::ours::integer).
#[must_use]
#[memoize(SharedCache, Capacity: 10_000, TimeToLive: Duration::from_mins(5))]
pub fn integer(id: u64) -> u64 {
    id * 2
}
