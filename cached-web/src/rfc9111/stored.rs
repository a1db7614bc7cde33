//! A stored response, with what selects it, on what terms it is used, and when it came.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::ETAG;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::age::initial_age;
use super::storing::keep;
use super::terms::Terms;
use super::{Control, Selection};
use crate::rules::ETags;
use crate::snapshot::Snapshot;
use crate::validators::add_etag;

/// When an exchange with the origin took place, by this cache's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    pub(crate) requested: SystemTime,
    pub(crate) at: SystemTime,
}

/// A stored response.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) snapshot: Snapshot,
    pub(crate) selection: Selection,
    pub(crate) terms: Terms,
    received: Received,
    /// How it is tagged where the origin has not done so.
    etags: ETags,
    has_own_tag: bool,
}

impl Stored {
    /// A response to store, on terms found for it. `headers` are as the origin sent them.
    pub(crate) fn new(
        selection: Selection,
        status: StatusCode,
        mut headers: HeaderMap,
        control: &Control,
        terms: Terms,
        received: Received,
    ) -> Self {
        let initial_age = initial_age(&headers, received.requested, received.at);
        keep(&mut headers, control, received.at);
        let mut snapshot = Snapshot::new(status, headers, &[], received.at);
        snapshot.initial_age = initial_age;
        snapshot.lifetime = Some(terms.lifetime);
        let has_own_tag = snapshot.headers.contains_key(ETAG);
        Self { snapshot, selection, terms, received, etags: ETags::Off, has_own_tag }
    }

    /// The same with a tag of its body, where the origin has sent none.
    pub(crate) fn tagged(self, etags: ETags) -> Self {
        Self { etags, ..self }
    }

    /// The same with its body.
    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.snapshot.body = body;
        add_etag(&mut self.snapshot, self.etags);
        self
    }

    /// The entity tag that the origin knows it by.
    pub(crate) fn own_tag(&self) -> Option<&HeaderValue> {
        self.snapshot.headers.get(ETAG).filter(|_| self.has_own_tag)
    }

    /// The entity tag that was made for it here.
    pub(crate) fn made_tag(&self) -> Option<&HeaderValue> {
        self.snapshot.headers.get(ETAG).filter(|_| !self.has_own_tag)
    }

    /// When it came.
    pub(crate) fn received(&self) -> SystemTime {
        self.received.at
    }

    /// Whether the origin was asked for it later than for another one.
    pub(crate) fn was_asked_after(&self, other: &Self) -> bool {
        self.received.requested > other.received.requested
    }

    /// How old it is (RFC 9111, section 4.2.3).
    pub(crate) fn age(&self, now: SystemTime) -> Duration {
        let resident = now.duration_since(self.received.at).unwrap_or_default();
        self.snapshot.initial_age.saturating_add(resident)
    }

    /// What it takes in memory, in bytes, nearly.
    pub(crate) fn weight(&self) -> u64 {
        self.snapshot.weight() + self.selection.weight() as u64 + size_of::<Self>() as u64
    }
}
