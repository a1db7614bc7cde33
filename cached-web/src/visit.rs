//! One request on its way through the cache: what is known of it, and by which rules it goes.

use bytes::Bytes;
use cached_runtime::{MissReason, Outcome};
use http::{HeaderMap, StatusCode};

use crate::admission::{self, Admission, Bypass};
use crate::answer::{self, Answer};
use crate::cache_status::{Found, Missed};
use crate::kept::Varies;
use crate::key;
use crate::page::Page;
use crate::plan::{self, Unkept};
use crate::request::RequestInfo;
use crate::rt::TextBuffer;
use crate::rules::Rules;

/// One request on its way through the cache.
#[derive(Clone, Debug)]
pub struct Visit {
    rules: &'static Rules,
    request: RequestInfo,
    admission: Admission,
}

/// How a response came about that a request gets: what the call algorithm says of it, and whether it
/// lies under a key of its own.
#[derive(Clone, Copy)]
pub(crate) struct Came {
    pub(crate) outcome: Outcome,
    pub(crate) is_variant: bool,
}

impl Visit {
    /// A request, and the rules of its handler.
    #[must_use]
    pub fn new(rules: &'static Rules, request: RequestInfo) -> Self {
        let admission = admission::admission(rules, request.asked());
        Self { rules, request, admission }
    }

    /// The same for what answers HEAD as GET, so that its answer may be kept.
    #[cfg(feature = "tower")]
    pub(crate) fn of_service(rules: &'static Rules, request: RequestInfo) -> Self {
        if request.method() != http::Method::HEAD {
            return Self::new(rules, request);
        }
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let whole = RequestInfo::new(http::Method::GET, uri, headers);
        let admission = admission::admission(rules, whole.asked());
        Self { rules, request, admission }
    }

    /// The same request, with a body that its fields do not announce. The key does not know it.
    #[cfg(any(feature = "actix", feature = "poem", feature = "salvo", feature = "tower"))]
    pub(crate) fn with_body(mut self) -> Self {
        if !self.is_bypass() {
            self.admission = Admission::Bypass(Bypass::Body);
        }
        self
    }

    /// Writes the default key: host, path and query, and what the rules add.
    pub fn write_key(&self, buffer: &mut TextBuffer) {
        key::write(buffer, self.rules, self.request.asked());
    }

    /// Writes what every key begins with that the user makes: the host, and what the rules add.
    pub fn write_scope(&self, buffer: &mut TextBuffer) {
        key::write_scope(buffer, self.rules, self.request.asked());
    }

    pub(crate) fn rules(&self) -> &'static Rules {
        self.rules
    }

    #[cfg(any(feature = "actix", feature = "poem", feature = "salvo", feature = "tower"))]
    pub(crate) fn request(&self) -> &RequestInfo {
        &self.request
    }

    pub(crate) fn is_bypass(&self) -> bool {
        matches!(self.admission, Admission::Bypass(_))
    }

    /// Whether the client may have the response loaded anew, and wants it.
    pub(crate) fn is_forced(&self) -> bool {
        self.admission == Admission::Refresh
    }

    /// Whether what the handler makes for this request is for it alone.
    pub(crate) fn is_read_only(&self) -> bool {
        self.admission == Admission::ReadOnly
    }

    /// The key of the response to requests whose fields are as this one's.
    pub(crate) fn variant_key(&self, key: &str, varies: &Varies) -> Box<str> {
        key::of_variant(key, varies, self.request.headers())
    }

    /// The answer that a kept response gives.
    pub(crate) fn answer(&self, page: &Page, came: Came) -> Answer {
        answer::answer(self.rules, self.request.asked(), page, &self.found(came, None))
    }

    /// Adds to the fields of a response that goes through, for whatever reason.
    pub(crate) fn pass(&self, headers: &mut HeaderMap, came: Came, unkept: Option<Unkept>) {
        answer::pass(self.rules, headers, &self.found(came, unkept));
    }

    /// The answer where the handler took too long, and there is nothing to fall back on.
    pub(crate) fn late(&self, is_variant: bool) -> Answer {
        let mut headers = HeaderMap::new();
        let reason = MissReason::Absent;
        let outcome = Outcome::miss(reason);
        self.pass(&mut headers, Came { outcome, is_variant }, Some(Unkept::Late));
        Answer { status: StatusCode::GATEWAY_TIMEOUT, headers, body: Bytes::new() }
    }

    /// Whether a response may be used that is no longer fresh.
    pub(crate) fn takes(page: &Page, outcome: Outcome) -> bool {
        !outcome.is_stale() || !plan::forbids_stale(&page.snapshot.headers)
    }

    /// In the words of `Cache-Status`.
    fn found(&self, came: Came, unkept: Option<Unkept>) -> Found {
        let Came { outcome, is_variant } = came;
        match (outcome, self.admission) {
            (_, Admission::Bypass(reason)) => Found::Bypass(reason),
            (Outcome::Hit { age, stale, .. }, _) => Found::Hit { age, stale },
            (Outcome::Miss { reason, followed, stored, .. }, _) => Found::Miss {
                reason: self.missed(reason, is_variant),
                collapsed: followed,
                stored: stored && unkept.is_none(),
                unkept,
            },
            _ => Found::Bypass(Bypass::Unless),
        }
    }

    fn missed(&self, reason: MissReason, is_variant: bool) -> Missed {
        match reason {
            _ if self.is_forced() => Missed::Request,
            MissReason::Absent | MissReason::Forced if is_variant => Missed::Vary,
            MissReason::Expired | MissReason::Invalidated | MissReason::Tag => Missed::Stale,
            _ => Missed::Uri,
        }
    }
}
