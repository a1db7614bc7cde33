//! What the layer does with a request: looks, answers, or has it fetched.
//!
//! Every rule is in `rfc9111.rs` of the crate; here is the order in which they are asked. What comes
//! of a fetch is in `fetch.rs`.

mod change;
mod fetch;
mod renewal;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use http::header::{CONNECTION, IF_MATCH, IF_UNMODIFIED_SINCE, RANGE, UPGRADE};
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use self::fetch::Exchange;
pub(super) use self::settings::Settings;
use super::flight::Company;
use super::shelf::{Entry, Shelf};
use super::{Rfc9111Body, Rfc9111Future, key};
use crate::admission::{Bypass, is_credential};
use crate::cache_status::{self, Found, Missed};
use crate::rfc9111::{
    Asked, Reuse, Stored, answer, flight_values, gateway_timeout, is_safe, reuse,
};

/// What all services of one layer share.
pub(super) struct Engine {
    settings: Settings,
    shelf: Arc<Shelf>,
}

/// What becomes of a request, by what is stored when it comes.
enum Way {
    /// It is answered.
    Answered(Response<Bytes>),
    /// It is answered with what is stale, which is validated behind its back.
    Renewed(Response<Bytes>, Sought),
    /// The service answers it, and its response may be stored.
    Fetched(Sought),
    /// The service answers it, and the cache has no part in that.
    Passed(Bypass),
    /// The service answers it, and what that changes is dropped.
    Changes,
}

/// What a request looks for, and what it found.
struct Sought {
    key: Box<str>,
    asked: Asked,
    entry: Option<Arc<Entry>>,
    /// What it selects of the entry, and how that may be used.
    selected: Option<(Arc<Stored>, Reuse)>,
}

impl Engine {
    pub(super) fn new(settings: Settings) -> Self {
        let shelf = Shelf::new(settings.capacity, settings.rules.max_body, settings.max_variants);
        Self { settings, shelf: Arc::new(shelf) }
    }

    pub(super) fn call<S, B, R>(
        self: &Arc<Self>,
        inner: &mut S,
        mut request: Request<B>,
    ) -> Rfc9111Future<R, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        B: Body + Default + Send + 'static,
        R: Body<Data: Buf + Send, Error: Send> + Send + 'static,
    {
        // The service that was found ready is the one to call; its clone takes its place.
        let ready = |inner: &mut S| {
            let clone = inner.clone();
            std::mem::replace(inner, clone)
        };
        let engine = Arc::clone(self);
        match self.way(&mut request) {
            Way::Answered(response) => Rfc9111Future::ready(response.map(Rfc9111Body::whole)),
            Way::Renewed(response, sought) => {
                renewal::start(engine, inner.clone(), &request, sought);
                Rfc9111Future::ready(response.map(Rfc9111Body::whole))
            }
            Way::Fetched(sought) => {
                let inner = ready(inner);
                Rfc9111Future::pending(Exchange::new(engine, inner, sought, request).run())
            }
            Way::Passed(reason) => {
                let response = ready(inner).call(request);
                Rfc9111Future::pending(async move { Ok(engine.pass(response.await?, reason)) })
            }
            Way::Changes => Rfc9111Future::pending(change::run(engine, ready(inner), request)),
        }
    }

    fn way<B: Body>(&self, request: &mut Request<B>) -> Way {
        if !is_safe(request.method()) {
            return Way::Changes;
        }
        if let Some(reason) = bypass(request) {
            return Way::Passed(reason);
        }
        let mut asked = Asked::of(request.headers());
        if !self.settings.client_refresh {
            asked = asked.without_bounds();
        } else if asked.is_unstored {
            return Way::Passed(Bypass::Refresh);
        }
        let Some(key) = key::of(&self.settings.rules, request) else {
            return Way::Passed(Bypass::Host);
        };
        let mut sought = Sought { key, asked, entry: None, selected: None };
        let now = self.now();
        self.look(request.headers(), &mut sought, now);
        if let Some(stored) = sought.usable() {
            let found = hit(stored, now);
            let response = self.answer(request.method(), request.headers(), stored, found, now);
            return match sought.selected {
                Some((_, Reuse::WhileRevalidating)) => Way::Renewed(response, sought),
                _ => Way::Answered(response),
            };
        }
        if sought.asked.is_cached_only {
            return Way::Answered(gateway_timeout());
        }
        if sought.asked.is_unstored {
            return Way::Passed(Bypass::Refresh);
        }
        // A part of what is not stored, or no longer fresh, is for this request only.
        let is_partial = *request.method() == Method::GET && request.headers().contains_key(RANGE);
        if is_partial { Way::Passed(Bypass::Range) } else { Way::Fetched(sought) }
    }

    /// Looks for what is stored for a request, and how it may be used.
    fn look(&self, headers: &HeaderMap, sought: &mut Sought, now: SystemTime) {
        sought.entry = self.shelf.look(&sought.key);
        let mut variants = sought.entry.iter().flat_map(|entry| &entry.variants);
        let selected = variants.find(|stored| stored.selection.is_of(headers));
        sought.selected = selected.map(|stored| {
            let reuse = reuse(&stored.terms, stored.age(now), &sought.asked);
            (Arc::clone(stored), reuse)
        });
    }

    /// Answers with a stored response.
    fn answer(
        &self,
        method: &Method,
        headers: &HeaderMap,
        stored: &Stored,
        found: Found,
        now: SystemTime,
    ) -> Response<Bytes> {
        let mut response = answer(method, headers, stored, now);
        self.mark(&mut response, &found, Some(stored.terms.lifetime));
        response
    }

    /// Lets a response through that the cache has no part in.
    fn pass<R: Body>(&self, response: Response<R>, reason: Bypass) -> Response<Rfc9111Body<R>> {
        let mut response = response.map(Rfc9111Body::passed);
        self.mark(&mut response, &Found::Bypass(reason), None);
        response
    }

    /// Adds to a response how it was found.
    fn mark<T>(&self, response: &mut Response<T>, found: &Found, lifetime: Option<Duration>) {
        cache_status::append(response.headers_mut(), &self.settings.rules, found, lifetime);
    }

    fn now(&self) -> SystemTime {
        self.settings.clock.now()
    }
}

impl Sought {
    /// The stored response that answers the request as it is.
    fn usable(&self) -> Option<&Arc<Stored>> {
        match &self.selected {
            Some((stored, Reuse::Fresh | Reuse::Stale | Reuse::WhileRevalidating)) => Some(stored),
            _ => None,
        }
    }

    /// Why what is stored does not answer the request as it is.
    fn missed(&self) -> Missed {
        let has_variants = self.entry.as_ref().is_some_and(|entry| !entry.variants.is_empty());
        match &self.selected {
            Some(_) if self.asked.has_bounds() => Missed::Request,
            Some(_) => Missed::Stale,
            None if has_variants => Missed::Vary,
            None => Missed::Uri,
        }
    }
}

/// Whom a request shares its fetch with.
fn company(headers: &HeaderMap, sought: &Sought, now: SystemTime) -> Company {
    let entry = sought.entry.as_deref();
    let is_unshared = entry.and_then(|entry| entry.unshared_until).is_some_and(|end| now < end);
    if is_unshared || sought.asked != Asked::default() {
        return Company::Nobody;
    }
    let newest = entry.and_then(|entry| entry.variants.first());
    let names = newest.map_or(&[][..], |stored| stored.selection.names());
    let values = flight_values(names, headers);
    let is_own = headers.keys().any(is_credential);
    if is_own { Company::Leaders(values) } else { Company::Anybody(values) }
}

fn hit(stored: &Stored, now: SystemTime) -> Found {
    let age = stored.age(now);
    Found::Hit { age, stale: age >= stored.terms.lifetime }
}

/// Why a request goes past the cache, whatever is stored.
fn bypass<B: Body>(request: &Request<B>) -> Option<Bypass> {
    let (method, headers, body) = (request.method(), request.headers(), request.body());
    let has = |name| headers.contains_key(name);
    match () {
        () if method != Method::GET && method != Method::HEAD => Some(Bypass::Method),
        () if !body.is_end_stream() && body.size_hint().exact() != Some(0) => Some(Bypass::Body),
        () if has(IF_MATCH) || has(IF_UNMODIFIED_SINCE) => Some(Bypass::Precondition),
        () if has(UPGRADE) && has(CONNECTION) => Some(Bypass::Upgrade),
        () if OVERRIDES.iter().any(|name| headers.contains_key(*name)) => {
            Some(Bypass::MethodOverride)
        }
        () => None,
    }
}

/// Fields that some handlers take for the method.
const OVERRIDES: [&str; 3] = ["x-http-method", "x-http-method-override", "x-method-override"];
