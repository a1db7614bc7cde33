//! A handler that runs for a request, and what becomes of its response.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::{HeaderMap, StatusCode};

use super::{Begun, Closures, To};
use crate::answer::{self, Answer};
use crate::kept::{Kept, Varies};
use crate::pages::{Found, Underway, Unkept, terms};
use crate::plan::{self, How, Plan};
use crate::rt::{self, Mode, Text};
use crate::snapshot::Snapshot;
use crate::vary;
use crate::visit::Visit;
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
}

/// For how long requests for one key do not wait for one another, after one got a response that is
/// not kept.
const PASSES: Duration = Duration::from_secs(10);

impl Begun {
    pub(super) fn load(self, underway: Underway) -> Load {
        let Self { to, visit, key, variant, tags, closures, .. } = self;
        Load { underway, to, visit, key, variant, tags, closures }
    }
}

impl Load {
    /// Runs the handler, or reads its body, as this load. An answer instead, where that took longer
    /// than `hard_timeout`.
    pub(crate) async fn run<F: Future>(&mut self, body: F) -> Result<F::Output, Answer> {
        match self.underway.run(body).await {
            Ok(output) => Ok(output),
            Err(Ok(Found { kept: Kept::Page(snapshot), outcome })) => {
                let found = self.visit.found(outcome, self.variant.is_some());
                Err(answer::hit(&self.visit, &snapshot, found))
            }
            Err(_) => Err(super::late(&self.visit)),
        }
    }

    /// What to do with a response, by its head. `length` is that of its body, where it is known.
    pub(crate) fn plan(&self, status: StatusCode, headers: &HeaderMap, length: Option<u64>) -> How {
        if !self.may_keep() || self.has_failed(status, headers) {
            return How::Pass;
        }
        match plan::plan(self.visit.rules(), self.visit.request(), status, headers, length) {
            Plan::Keep { how, .. } => how,
            Plan::Pass(_) => How::Pass,
        }
    }

    /// How many bytes of a body are kept at most.
    pub(crate) fn limit(&self) -> u64 {
        self.visit.rules().max_body
    }

    /// Lets a response go as it is; fields that tell of the cache are added. An older response
    /// instead, where this one is a failure that it may stand in for.
    pub(crate) async fn pass(self, status: StatusCode, headers: &mut HeaderMap) -> Option<Answer> {
        let has_failed = self.has_failed(status, headers);
        let reason = match plan::plan(self.visit.rules(), self.visit.request(), status, headers, None) {
            Plan::Pass(reason) => Some(reason),
            Plan::Keep { .. } => None,
        };
        let Self { underway, visit, variant, .. } = self;
        let result = if has_failed {
            Err(Unkept::Failed)
        } else if visit.is_read_only() || !underway.may_store() {
            Err(Unkept::Private)
        } else {
            underway.current().set_timeout(PASSES);
            Ok(Kept::Passes.into())
        };
        let (result, outcome) = underway.land(result).await;
        if let Ok(Found { kept: Kept::Page(snapshot), outcome: Some(outcome) }) = result {
            let found = visit.found(Some(outcome), variant.is_some());
            return Some(answer::hit(&visit, &snapshot, found));
        }
        let found = visit.found(Some(unstored(outcome)), variant.is_some());
        answer::passed(&visit, headers, found, reason);
        None
    }

    /// Keeps a response that is at hand as a whole, if it may be, and answers with it.
    pub(crate) async fn commit(self, status: StatusCode, headers: HeaderMap, body: Bytes) -> Answer {
        match self.snapshot(status, &headers, &body) {
            Some((snapshot, timeout)) => {
                let visit = self.visit.clone();
                let is_variant = self.variant.is_some();
                let snapshot = Arc::new(snapshot);
                let outcome = self.keep(Arc::clone(&snapshot), timeout).await;
                answer::loaded(&visit, &snapshot, visit.found(Some(outcome), is_variant))
            }
            None => {
                let mut headers = headers;
                match self.pass(status, &mut headers).await {
                    Some(answer) => answer,
                    None => Answer { status, headers, body },
                }
            }
        }
    }

    /// Lets a response go whose body is to be copied while it flows. Fields that tell of the cache are
    /// added to its head.
    pub(crate) fn tee(self, status: StatusCode, headers: &mut HeaderMap) -> Copying {
        let kept = headers.clone();
        let found = self.visit.found(Some(self.underway.outcome()), self.variant.is_some());
        answer::passed(&self.visit, headers, found, None);
        let limit = self.limit();
        Copying { load: Some(self), status, headers: kept, body: BytesMut::new(), limit }
    }

    /// Whether this request may bring a response for others at all.
    fn may_keep(&self) -> bool {
        self.underway.may_store() && !self.visit.is_read_only()
    }

    /// Whether an older response may stand in for one with this head.
    fn has_failed(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        match &self.closures.stale_if {
            Some(stale_if) => {
                let mut response = http::Response::new(());
                *response.status_mut() = status;
                *response.headers_mut() = headers.clone();
                stale_if(&response)
            }
            None => status.is_server_error(),
        }
    }

    /// What is kept of a response, and for how long.
    fn snapshot(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Option<(Snapshot, Option<Duration>)> {
        if !self.may_keep() || self.has_failed(status, headers) {
            return None;
        }
        let (rules, request) = (self.visit.rules(), self.visit.request());
        let length = Some(body.len() as u64);
        let Plan::Keep { lifetime, .. } = plan::plan(rules, request, status, headers, length) else {
            return None;
        };
        let Closures { store_if, timeout_of, tags_of, .. } = &self.closures;
        let mut timeout = self.underway.timeout();
        if store_if.is_some() || timeout_of.is_some() || tags_of.is_some() {
            let mut response = http::Response::new(body.clone());
            *response.status_mut() = status;
            *response.headers_mut() = headers.clone();
            if store_if.as_ref().is_some_and(|store_if| !store_if(&response)) {
                return None;
            }
            timeout = timeout_of.as_ref().map(|timeout_of| timeout_of(&response)).or(timeout);
            let tags = tags_of.iter().flat_map(|tags_of| tags_of(&response));
            tags.for_each(|tag| self.underway.current().add_tag(tag));
        }
        let timeout = match (timeout, lifetime) {
            (Some(timeout), Some(lifetime)) => Some(timeout.min(lifetime)),
            (timeout, lifetime) => timeout.or(lifetime),
        };
        let snapshot = Snapshot::new(status, headers, body.clone(), timeout);
        Some((snapshot, timeout)).filter(|_| timeout != Some(Duration::ZERO))
    }

    /// Keeps a response under the key that its `Vary` asks for.
    async fn keep(self, snapshot: Arc<Snapshot>, timeout: Option<Duration>) -> Outcome {
        let names = vary::names_of(&snapshot.headers, self.visit.rules().vary);
        let is_covered = match &self.variant {
            Some(varies) => varies.covers(&names),
            None => names.is_empty(),
        };
        let timeout = timeout.map_or(Timeout::NEVER, Timeout::after);
        let Self { underway, to, visit, key, variant, tags, .. } = self;
        if is_covered {
            underway.current().set_timeout(timeout);
            return underway.land(Ok(Kept::Page(snapshot).into())).await.1;
        }
        let varies = Arc::new(Varies::new(names, variant.as_deref()));
        let (Some(key), wished) = (key, underway.current()) else {
            return underway.land(Err(Unkept::Private)).await.1;
        };
        let tags: Vec<Box<str>> = tags;
        match variant {
            // Kept first, where nobody finds it yet. What drops the entry that tells of it, or keeps
            // that from being kept, keeps it out of reach for good: its key has an id in it.
            None => {
                let response = Kept::Page(snapshot);
                let at = visit.variant_key(&key, &varies);
                store(to, &at, &tags, response, timeout).await;
                wished.set_timeout(Timeout::NEVER);
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
    let std::ops::ControlFlow::Continue(call) = begun.split().1 else { return };
    let mut call = call.solo();
    tags.iter().for_each(|tag| call.tag(Text::new(tag)));
    if let rt::Opened::Load(underway) = rt::open(call).await {
        underway.current().set_timeout(timeout);
        let _ = underway.land(Ok(kept.into())).await;
    }
}

/// A load whose entry only says that nothing is kept has stored no response.
fn unstored(outcome: Outcome) -> Outcome {
    outcome.unstored()
}

/// A response that is copied while it flows. Dropped before its proper end, nothing is kept.
pub(crate) struct Copying {
    /// None once there is nothing to keep any more.
    load: Option<Load>,
    status: StatusCode,
    headers: HeaderMap,
    body: BytesMut,
    limit: u64,
}

impl Copying {
    /// Copies a part of the body. Beyond the limit nothing is kept, and nobody waits any longer.
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        if self.load.is_none() {
            return;
        }
        if (self.body.len() + chunk.len()) as u64 > self.limit {
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
