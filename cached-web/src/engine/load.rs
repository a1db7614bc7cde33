//! A handler that runs for a request, and what becomes of its response.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::{HeaderMap, HeaderName, StatusCode};

use super::{Begun, Closures, To};
use crate::answer::Answer;
use crate::kept::{Kept, Varies};
use crate::page::Page;
use crate::pages::{self, Found, Underway, Unkept, terms};
use crate::plan::{self, Keep, Plan};
use crate::rt::{self, Mode, Text};
use crate::snapshot::Snapshot;
use crate::validators;
use crate::vary::Vary;
use crate::visit::{Came, Visit};
use cached_runtime::{Outcome, Timeout};

/// A load: the handler runs, and its response may be kept. Dropped, it is left to who waits for it.
///
/// A response goes one of three ways: [`commit`](Self::commit) where it is at hand as a whole,
/// [`tee`](Self::tee) where it is copied while it flows, [`pass`](Self::pass) where it is not kept.
#[must_use = "a load that is dropped is left to others"]
pub(crate) struct Load {
    // Dropped before what its closures own.
    underway: Underway,
    to: To,
    visit: Visit,
    key: Option<Box<str>>,
    variant: Option<Arc<Varies>>,
    tags: Vec<Box<str>>,
    closures: Closures,
    /// Whether a request waits for it also where it renews what others are answered with.
    is_awaited: bool,
    /// Whether a cookie is sent beside its response.
    sets_cookie: bool,
}

/// For how long requests for one key do not wait for one another, after one got a response that is
/// not kept.
const PASSES: Duration = Duration::from_secs(10);

impl Begun {
    pub(super) fn load(self, underway: Underway) -> Load {
        let Self { to, visit, key, variant, tags, closures, is_awaited, .. } = self;
        let sets_cookie = false;
        Load { underway, to, visit, key, variant, tags, closures, is_awaited, sets_cookie }
    }
}

impl Load {
    /// Runs the handler, or reads its body, as this load. An answer instead, where that took longer
    /// than `hard_timeout`.
    pub(crate) async fn run<F: Future>(&mut self, body: F) -> Result<F::Output, Answer> {
        match self.underway.run(body).await {
            Ok(output) => Ok(output),
            Err(stand_in) => Err(self
                .stand_in(stand_in)
                .unwrap_or_else(|| self.visit.late(self.variant.is_some()))),
        }
    }

    /// What to do with a response, by its head. `length` is that of its body, where it is known.
    pub(crate) fn plan(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        length: Option<u64>,
    ) -> Plan {
        if !self.may_keep() || self.has_failed(status, headers) {
            return Plan::Pass(plan::Unkept::Status);
        }
        if self.sets_cookie {
            return Plan::Pass(plan::Unkept::SetCookie);
        }
        plan::plan(self.visit.rules(), status, headers, length, SystemTime::now())
    }

    /// Keeps the response from being kept: a cookie is sent beside it that its fields do not show.
    #[cfg(feature = "rocket")]
    pub(crate) fn sets_cookie(&mut self) {
        self.sets_cookie = true;
    }

    /// Whether it runs in the background, where its response is for the cache alone.
    pub(crate) fn is_renewal(&self) -> bool {
        self.underway.is_renewal() && !self.is_awaited
    }

    /// How many bytes of a body are kept at most.
    pub(crate) fn limit(&self) -> u64 {
        self.visit.rules().max_body
    }

    /// Lets a response go as it is; fields that tell of the cache are added. An older response
    /// instead, where this one is a failure that it may stand in for.
    pub(crate) async fn pass(self, status: StatusCode, headers: &mut HeaderMap) -> Option<Answer> {
        let reason = match self.plan(status, headers, None) {
            Plan::Pass(reason) => reason,
            Plan::Buffer(_) | Plan::Tee(_) => plan::Unkept::Declined,
        };
        self.let_go(status, headers, reason).await
    }

    /// Ends a load that brought no response at all. An older response, where one may stand in.
    #[cfg(feature = "tower")]
    pub(crate) async fn fail(self) -> Option<Answer> {
        let Self { underway, visit, variant, .. } = self;
        let (result, _) = underway.land(Err(Unkept::Failed)).await;
        stand_in(&visit, result, variant.is_some())
    }

    async fn let_go(
        self,
        status: StatusCode,
        headers: &mut HeaderMap,
        reason: plan::Unkept,
    ) -> Option<Answer> {
        let result = if self.has_failed(status, headers) {
            Err(Unkept::Failed)
        } else if self.may_keep() {
            self.underway.current().set_timeout(PASSES);
            Ok(Kept::Passes.into())
        } else {
            Err(Unkept::Private)
        };
        let Self { underway, visit, variant, .. } = self;
        let loads = underway.outcome();
        let (result, outcome) = underway.land(result).await;
        let is_variant = variant.is_some();
        // What stood in for it may not answer after all.
        let outcome = if outcome == Outcome::Bypass { loads } else { outcome };
        if let Some(answer) = stand_in(&visit, result, is_variant) {
            return Some(answer);
        }
        // One that was not to be kept anyway says nothing of itself.
        let reason = Some(reason).filter(|_| !visit.is_read_only());
        visit.pass(headers, Came { outcome, is_variant }, reason);
        None
    }

    /// Keeps a response that is at hand as a whole, if it may be, and answers with it.
    pub(crate) async fn commit(
        self,
        status: StatusCode,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Answer {
        let reason = match self.snapshot(status, &headers, &body) {
            Ok(snapshot) => {
                let visit = self.visit.clone();
                let is_variant = self.variant.is_some();
                let page = Arc::new(Page::new(snapshot));
                let outcome = self.keep(Arc::clone(&page)).await;
                return visit.answer(&page, Came { outcome, is_variant });
            }
            Err(reason) => reason,
        };
        match self.let_go(status, &mut headers, reason).await {
            Some(answer) => answer,
            None => Answer { status, headers, body },
        }
    }

    /// Lets a response go whose body is to be copied while it flows. Fields that tell of the cache are
    /// added to its head.
    pub(crate) fn tee(self, status: StatusCode, headers: &mut HeaderMap) -> Copying {
        let kept = headers.clone();
        let came = Came { outcome: self.underway.outcome(), is_variant: self.variant.is_some() };
        self.visit.pass(headers, came, None);
        Copying { load: Some(self), status, headers: kept, body: BytesMut::new() }
    }

    fn stand_in(&self, result: pages::Result) -> Option<Answer> {
        stand_in(&self.visit, result, self.variant.is_some())
    }

    /// Whether this request may bring a response for others at all.
    pub(crate) fn may_keep(&self) -> bool {
        self.underway.may_store() && !self.visit.is_read_only()
    }

    /// Whether an older response may stand in for one with this head.
    fn has_failed(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        match &self.closures.stale_if {
            Some(stale_if) => stale_if(&response(status, headers, ())),
            None => status.is_server_error(),
        }
    }

    /// What is kept of a response.
    fn snapshot(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Snapshot, plan::Unkept> {
        let keep = match self.plan(status, headers, Some(body.len() as u64)) {
            Plan::Pass(reason) => return Err(reason),
            Plan::Buffer(keep) | Plan::Tee(keep) => keep,
        };
        let now = SystemTime::now();
        let mut snapshot = Snapshot::new(status, headers.clone(), body, now);
        snapshot.lifetime = self.lifetime(status, headers, body, keep)?;
        // Who waits is given what is kept, and nothing else.
        if self.underway.is_declined() {
            return Err(plan::Unkept::Declined);
        }
        validators::add_etag(&mut snapshot, self.visit.rules().etags);
        Ok(snapshot)
    }

    /// How long a response is fresh, as the policy, the closures and the response itself say.
    fn lifetime(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
        keep: Keep,
    ) -> Result<Option<Duration>, plan::Unkept> {
        let Closures { store_if, timeout_of, tags_of, .. } = &self.closures;
        // What is not found has a timeout of its own.
        let is_found = !matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
        let mut timeout = self.underway.timeout().filter(|_| is_found);
        if store_if.is_some() || timeout_of.is_some() || tags_of.is_some() {
            let response = response(status, headers, body.clone());
            if store_if.as_ref().is_some_and(|store_if| !store_if(&response)) {
                return Err(plan::Unkept::Declined);
            }
            timeout = timeout_of.as_ref().map(|timeout_of| timeout_of(&response)).or(timeout);
            let tags = tags_of.iter().flat_map(|tags_of| tags_of(&response));
            tags.for_each(|tag| self.underway.current().add_tag(tag));
        }
        // What the handler says while it runs comes before what was said of all its responses.
        let timeout = self.underway.wished_timeout().unwrap_or(timeout);
        let lifetime = timeout.into_iter().chain(keep.lifetime).min();
        match lifetime {
            Some(Duration::ZERO) => Err(plan::Unkept::Declined),
            lifetime => Ok(lifetime),
        }
    }

    /// Keeps a response under the key that its `Vary` asks for.
    async fn keep(self, page: Arc<Page>) -> Outcome {
        let snapshot = &page.snapshot;
        let names = match Vary::of(&snapshot.headers) {
            Vary::Fields(names) => names,
            Vary::Any => Vec::new(),
        };
        // Those that the rules declare are in every key.
        let declared = self.visit.rules().vary;
        // What is encoded was encoded for those who take that, whether it says so or not.
        let encoded = snapshot.headers.contains_key(CONTENT_ENCODING).then_some(&ACCEPT_ENCODING);
        let names = names.iter().chain(encoded).map(HeaderName::as_str);
        let names = names.filter(|name| !declared.contains(name));
        let names: Vec<Box<str>> = names.map(Box::from).collect();
        let is_covered = match &self.variant {
            Some(varies) => varies.covers(&names),
            None => names.is_empty(),
        };
        let timeout = snapshot.lifetime.map_or(Timeout::NEVER, Timeout::after);
        let Self { underway, to, visit, key, variant, tags, .. } = self;
        if is_covered {
            underway.current().set_timeout(timeout);
            return underway.land(Ok(Kept::Page(page).into())).await.1;
        }
        let Some(key) = key else { return underway.land(Err(Unkept::Private)).await.1 };
        let varies = Arc::new(Varies::new(names, variant.as_deref()));
        match variant {
            // Kept first, where nobody finds it yet. What drops the entry that tells of it, or keeps
            // that from being kept, keeps it out of reach for good: its key has an id in it.
            None => {
                let response = Kept::Page(page);
                let at = visit.variant_key(&key, &varies);
                let wished = underway.wished_tags().into_iter().map(String::into_boxed_str);
                let tags: Vec<_> = tags.into_iter().chain(wished).collect();
                store(to, &at, &tags, response, timeout).await;
                underway.current().set_timeout(Timeout::NEVER);
                underway.land(Ok(Kept::Varies(varies).into())).await.1
            }
            // The handler varies by more than it did. This response was asked for under a key that
            // says too little, and may be overtaken by now: the next one is kept.
            Some(_) => {
                let outcome = underway.land(Err(Unkept::Private)).await.1;
                store(to, &key, &tags, Kept::Varies(varies), Timeout::NEVER).await;
                outcome
            }
        }
    }
}

/// Stores an entry as a load of its own.
async fn store(to: To, key: &str, tags: &[Box<str>], kept: Kept, timeout: Timeout) {
    let To { site, instance } = to;
    let begun = rt::begin_refreshing_shared(site, instance, Mode::Fresh, Text::new(key), terms());
    let ControlFlow::Continue(mut call) = begun.split().1 else { return };
    call.go_alone();
    for tag in tags {
        call.tag(Text::new(tag));
    }
    if let rt::Opened::Load(underway) = rt::open(call).await {
        underway.current().set_timeout(timeout);
        let _ = underway.land(Ok(kept.into())).await;
    }
}

/// The answer by an older response, where that is what a load came to.
fn stand_in(visit: &Visit, result: pages::Result, is_variant: bool) -> Option<Answer> {
    let Ok(Found { kept: Kept::Page(page), outcome: Some(outcome) }) = result else {
        return None;
    };
    Visit::takes(&page, outcome).then(|| visit.answer(&page, Came { outcome, is_variant }))
}

fn response<B>(status: StatusCode, headers: &HeaderMap, body: B) -> http::Response<B> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers.clone();
    response
}

/// A response that is copied while it flows. Dropped before its proper end, nothing is kept.
pub(crate) struct Copying {
    /// None once there is nothing to keep any more.
    load: Option<Load>,
    status: StatusCode,
    headers: HeaderMap,
    body: BytesMut,
}

impl Copying {
    /// Copies a part of the body. Beyond the limit nothing is kept, and nobody waits any longer.
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        let Some(load) = &self.load else { return };
        if (self.body.len() + chunk.len()) as u64 > load.limit() {
            self.give_up();
        } else {
            self.body.extend_from_slice(chunk);
        }
    }

    /// Keeps the response: its body has come to its proper end.
    pub(crate) async fn finish(mut self) {
        let Some(load) = self.load.take() else { return };
        let body = std::mem::take(&mut self.body).freeze();
        let _ = load.commit(self.status, std::mem::take(&mut self.headers), body).await;
    }

    fn give_up(&mut self) {
        self.body = BytesMut::new();
        if let Some(load) = self.load.take() {
            // Ends at once: there is nothing to publish.
            let _ = load.underway.land(Err(Unkept::Private)).now_or_never();
        }
    }
}
