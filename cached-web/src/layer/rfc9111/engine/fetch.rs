//! One fetch: a request that what is stored does not answer as it is, and what comes of it.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use http::header::{CONTENT_LENGTH, ETAG, TRANSFER_ENCODING};
use http::request::Parts;
use http::response::Parts as Head;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::super::body::{Copying, Read};
use super::super::flight::{Company, Outcome};
use super::super::shelf::{Fetch, Turn};
use super::super::{Rfc9111Body, UNSHARED};
use super::{Engine, Sought, company, hit};
use crate::cache_status::Found;
use crate::plan::Unkept;
use crate::rfc9111::{
    CAPABILITY, Control, Received, Refusal, Reuse, Selection, Stored, condition, confirmed,
    freshened, is_failure, storable, without_conditions,
};

/// How long a request waits for the fetch of another one. Then it does without.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often it joins one anew, where the one it waited for was given up.
const MOST_WAITS: usize = 8;

/// A request on its way through the cache.
pub(super) struct Exchange<S, B> {
    engine: Arc<Engine>,
    inner: S,
    sought: Sought,
    /// As the client sent it.
    parts: Parts,
    body: B,
}

type Answered<R, E> = Result<Response<Rfc9111Body<R>>, E>;

impl<S, B, R> Exchange<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    B: Body + Default,
    R: Body<Data: Buf>,
{
    pub(super) fn new(engine: Arc<Engine>, inner: S, sought: Sought, request: Request<B>) -> Self {
        let (parts, body) = request.into_parts();
        Self { engine, inner, sought, parts, body }
    }

    /// Answers the request, by a fetch of its own or of another one that it waits for.
    pub(super) async fn run(mut self) -> Answered<R, S::Error> {
        for _ in 0..MOST_WAITS {
            let now = self.engine.now();
            let company = company(&self.parts.headers, &self.sought, now);
            let is_alone = matches!(company, Company::Nobody);
            let (fetch, outcome) = match self.engine.shelf.turn(&self.sought.key, company) {
                Turn::Lead(fetch) => (Some(fetch), None),
                Turn::Follow(flight) => {
                    // One that is ready may hold a place that others wait for.
                    self.inner = self.inner.clone();
                    (None, flight.landed(LONGEST_WAIT).await)
                }
            };
            if !is_alone && let Some(response) = self.look_again(outcome) {
                return Ok(response);
            }
            match (fetch, outcome) {
                (Some(fetch), _) => return self.lead(fetch).await,
                (None, Some(Outcome::Stored | Outcome::Abandoned)) => {}
                (None, Some(Outcome::Refused) | None) => break,
            }
        }
        let fetch = self.engine.shelf.alone(&self.sought.key);
        self.lead(fetch).await
    }

    /// Fetches with nobody to answer. A body is read if it is to be stored.
    pub(super) async fn renew(self, fetch: Fetch) {
        if let Ok(response) = self.lead(fetch).await {
            response.into_body().settled().await;
        }
    }

    /// Looks whether another request had stored what this one wants.
    fn look_again(&mut self, outcome: Option<Outcome>) -> Option<Response<Rfc9111Body<R>>> {
        let (now, missed) = (self.engine.now(), self.sought.missed());
        self.engine.look(&self.parts.headers, &mut self.sought, now);
        let stored = self.sought.usable()?;
        let found = match outcome {
            Some(_) => Found::Miss { reason: missed, collapsed: true, stored: false, unkept: None },
            None => hit(stored, now),
        };
        Some(self.answer(stored, found, now))
    }

    async fn lead(mut self, fetch: Fetch) -> Answered<R, S::Error> {
        let mut sent = self.sent();
        let is_conditional = self.make_conditional(&mut sent.headers);
        poll_fn(|ctx| self.inner.poll_ready(ctx)).await?;
        let requested = self.engine.now();
        let body = std::mem::take(&mut self.body);
        let response = self.inner.call(Request::from_parts(sent, body)).await;
        let times = Received { requested, at: self.engine.now() };
        let response = match response {
            Ok(response) if !is_failure(response.status()) => response,
            failed => return self.fail(fetch, failed, times).await,
        };
        if response.status() != StatusCode::NOT_MODIFIED || !is_conditional {
            return Ok(self.take(fetch, response, times).await);
        }
        match self.confirmed(response.headers()) {
            Some(stored) => Ok(self.freshen(fetch, &stored, response.headers(), times)),
            None => self.ask_plainly(fetch).await,
        }
    }

    /// The request as the service gets it.
    fn sent(&self) -> Parts {
        let mut sent = self.parts.clone();
        sent.method = Method::GET;
        if self.engine.settings.is_surrogate() {
            let (name, value) = CAPABILITY;
            sent.headers.append(name, value);
        }
        sent
    }

    /// Asks for validation of what is stored. False where that cannot be: then the client's own
    /// conditions, if any, go to the service.
    fn make_conditional(&self, headers: &mut HeaderMap) -> bool {
        let selected = self.sought.selected.as_ref().map(|(stored, _)| &**stored);
        condition(headers, selected, self.variants().map(|stored| &**stored))
    }

    fn variants(&self) -> impl Iterator<Item = &Arc<Stored>> {
        self.sought.entry.iter().flat_map(|entry| &entry.variants)
    }

    fn confirmed(&self, answer: &HeaderMap) -> Option<Arc<Stored>> {
        let selected = self.sought.selected.as_ref().map(|(stored, _)| stored);
        confirmed(answer, selected, self.variants()).cloned()
    }

    /// The service failed: a stale response may take the place of what it gave.
    async fn fail(
        self,
        fetch: Fetch,
        failed: Result<Response<R>, S::Error>,
        times: Received,
    ) -> Answered<R, S::Error> {
        let now = times.at;
        let Some((stale, Reuse::ValidatedOrFailed)) = &self.sought.selected else {
            return Ok(self.take(fetch, failed?, times).await);
        };
        fetch.refuse();
        Ok(self.answer(stale, hit(stale, now), now))
    }

    /// A `304` that is about nothing stored: the request is sent again without conditions.
    async fn ask_plainly(mut self, fetch: Fetch) -> Answered<R, S::Error> {
        let mut sent = self.sent();
        without_conditions(&mut sent.headers);
        poll_fn(|ctx| self.inner.poll_ready(ctx)).await?;
        let requested = self.engine.now();
        let response = self.inner.call(Request::from_parts(sent, B::default())).await?;
        let times = Received { requested, at: self.engine.now() };
        Ok(self.take(fetch, response, times).await)
    }

    /// What was stored is still good: it is stored anew with what the `304` says of it.
    fn freshen(
        &self,
        fetch: Fetch,
        stored: &Stored,
        answer: &HeaderMap,
        times: Received,
    ) -> Response<Rfc9111Body<R>> {
        let headers = freshened(stored, answer, times.at);
        let control = Control::of(&headers, &self.engine.settings.targets);
        let (status, request) = (stored.snapshot.status, &self.parts.headers);
        let storable = storable(request, status, &headers, &control, times.at);
        let terms = storable.clone().unwrap_or_else(|_| stored.terms.clone());
        let selection = Selection::new(request, &headers).unwrap_or(stored.selection.clone());
        let renewed = Stored::new(selection, status, headers, &control, terms, times);
        let renewed = renewed.tagged(self.engine.settings.rules.etags);
        let renewed = Arc::new(renewed.with_body(stored.snapshot.body.clone()));
        let is_stored = match storable {
            Ok(_) => fetch.commit(&renewed),
            // It is for this client alone, and says nothing of what others have.
            Err(Refusal::Credentials | Refusal::SetCookie) => {
                fetch.refuse();
                false
            }
            Err(_) => {
                self.engine.shelf.invalidate(&self.sought.key);
                fetch.refuse();
                false
            }
        };
        let reason = self.sought.missed();
        let found = Found::Miss { reason, collapsed: false, stored: is_stored, unkept: None };
        self.answer(&renewed, found, times.at)
    }

    /// A whole response: it goes to the client, and is stored if it may be.
    async fn take(
        self,
        fetch: Fetch,
        response: Response<R>,
        times: Received,
    ) -> Response<Rfc9111Body<R>> {
        let (mut head, body) = response.into_parts();
        let stored = match self.stored(&head, &body, times) {
            Ok(stored) => stored,
            Err(unkept) => {
                if is_failure(head.status) {
                    // The next one may well be stored.
                    fetch.refuse();
                } else {
                    fetch.refuse_until(times.at + UNSHARED);
                }
                return self.pass(head, body, unkept);
            }
        };
        // The server frames what it sends on its own.
        head.headers.remove(TRANSFER_ENCODING);
        let (limit, expected) = (self.limit(), content_length(&head.headers));
        let Some(length) = body.size_hint().exact() else {
            if self.is_head() {
                // Nobody would read it to its end.
                fetch.refuse();
                return self.pass(head, body, Some(Unkept::UnknownLength));
            }
            fetch.flow();
            let body = Rfc9111Body::copied(body, Copying::new(limit, expected, fetch, stored));
            return self.missed(Response::from_parts(head, body), false, None);
        };
        let read = Read::of(body, length).await;
        let is_whole = read.error.is_none() && read.bytes.len() as u64 == length;
        if !is_whole || expected.is_some_and(|expected| expected != length) {
            fetch.refuse();
            return self.missed(self.read(head, read), false, Some(Unkept::Length));
        }
        let stored = Arc::new(stored.with_body(read.bytes.clone()));
        let is_stored = fetch.commit(&stored);
        let found = self.found(is_stored, None);
        let answer = self.answer(&stored, found, times.at);
        if answer.status() == StatusCode::NOT_MODIFIED {
            return answer;
        }
        if let Some(tag) = stored.made_tag() {
            head.headers.insert(ETAG, tag.clone());
        }
        self.missed(self.read(head, read), is_stored, None)
    }

    /// The response to store, still without its body. Err: it is not stored, for that reason.
    fn stored(&self, head: &Head, body: &R, times: Received) -> Result<Stored, Option<Unkept>> {
        let control = Control::of(&head.headers, &self.engine.settings.targets);
        let request = &self.parts.headers;
        let terms = storable(request, head.status, &head.headers, &control, times.at);
        let terms = terms.map_err(unkept)?;
        let announced = content_length(&head.headers).unwrap_or_default();
        if announced.max(body.size_hint().lower()) > self.limit() {
            return Err(Some(Unkept::TooLong));
        }
        let selection = Selection::new(request, &head.headers).ok_or(Some(Unkept::Vary))?;
        let headers = head.headers.clone();
        let stored = Stored::new(selection, head.status, headers, &control, terms, times);
        Ok(stored.tagged(self.engine.settings.rules.etags))
    }

    /// A response that goes through.
    fn pass(&self, mut head: Head, body: R, unkept: Option<Unkept>) -> Response<Rfc9111Body<R>> {
        let body = if self.is_head() {
            if let Some(length) = body.size_hint().exact() {
                announce(&mut head, length);
            }
            Rfc9111Body::whole(Bytes::new())
        } else {
            Rfc9111Body::passed(body)
        };
        self.missed(Response::from_parts(head, body), false, unkept)
    }

    /// A response that was read, as the service gave it.
    fn read(&self, mut head: Head, mut read: Read<R::Error>) -> Response<Rfc9111Body<R>> {
        if self.is_head() {
            announce(&mut head, read.bytes.len() as u64);
            read = Read { bytes: Bytes::new(), trailers: None, error: None };
        }
        Response::from_parts(head, Rfc9111Body::read(read))
    }

    fn missed(
        &self,
        mut response: Response<Rfc9111Body<R>>,
        stored: bool,
        unkept: Option<Unkept>,
    ) -> Response<Rfc9111Body<R>> {
        self.engine.mark(&mut response, &self.found(stored, unkept), None);
        response
    }

    fn found(&self, stored: bool, unkept: Option<Unkept>) -> Found {
        Found::Miss { reason: self.sought.missed(), collapsed: false, stored, unkept }
    }

    fn answer(&self, stored: &Stored, found: Found, now: SystemTime) -> Response<Rfc9111Body<R>> {
        let Parts { method, headers, .. } = &self.parts;
        self.engine.answer(method, headers, stored, found, now).map(Rfc9111Body::whole)
    }

    fn is_head(&self) -> bool {
        self.parts.method == Method::HEAD
    }

    fn limit(&self) -> u64 {
        self.engine.settings.rules.max_body
    }
}

/// The length that a response says its body has.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Says how long the body of a `GET` would be, where the response to it did not.
fn announce(head: &mut Head, length: u64) {
    let has_body = head.status != StatusCode::NO_CONTENT && head.status != StatusCode::NOT_MODIFIED;
    if has_body && !head.headers.contains_key(CONTENT_LENGTH) {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

fn unkept(refusal: Refusal) -> Option<Unkept> {
    match refusal {
        Refusal::Status => Some(Unkept::Status),
        Refusal::NoStore | Refusal::Private => Some(Unkept::CacheControl),
        Refusal::NoLifetime | Refusal::OfNoUse => Some(Unkept::NotFresh),
        Refusal::Credentials => None,
        Refusal::SetCookie => Some(Unkept::SetCookie),
        Refusal::VaryAny => Some(Unkept::Vary),
    }
}
