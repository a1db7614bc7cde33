//! A response as it is kept: status, fields, body. What may be kept is not decided here.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// A response as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its status.
    pub status: StatusCode,
    /// Its fields, in order, as bytes; none that belong to one connection.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
    /// How old it was when the handler gave it: its own `Age`. Zero without one.
    pub initial_age: Duration,
    /// How long it is fresh from then on. None: as long as it is there.
    pub lifetime: Option<Duration>,
    /// Tags known from the response.
    pub tags: Vec<String>,
}
