//! A front for who runs the body in its own time: a load that begins here may end elsewhere, when a
//! response has been sent, say.
//!
//! It takes the same turns as the others. Between them it is a value: dropped, its lead falls to
//! whoever waits.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::Call;
use super::pending::Pending;
use super::task::poll_until;
use super::turn::{Loading, Turn};
use crate::adapter::Storable;
use crate::context::Current;
use crate::key::Key;
use crate::outcome::Outcome;
use crate::policy::Timeout;
use crate::remote::Published;
use crate::rules::Terms;
use crate::site::{Instance, Site};

/// A call, once it is known whether its body has to run.
pub enum Opened<R, K: Eq + Clone, V, F, T> {
    /// It has been answered.
    Answered(R),
    /// The body has to run.
    Load(Underway<R, K, V, F, T>),
}

/// A load whose body runs when its owner has it run.
#[must_use = "a load that is dropped is left to others"]
pub struct Underway<R, K: Eq + Clone, V, F, T> {
    /// None once it was given up. Dropped before the call, which a late tag of its own may outlive.
    load: Option<Loading<K, V, F>>,
    call: Box<Pending<R, K, V, F, T>>,
}

/// Takes the turns of a call up to its body.
pub async fn open<R, K, V, F, T>(call: Call<R, K, V, F, T>) -> Opened<R, K, V, F, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let Call(mut call) = call;
    let mut turn = None;
    loop {
        let reached = poll_fn(|context| {
            // What a future holds has to be `Send`, which a shared reference to a call is not.
            let call = &mut call;
            let polled = poll_until(call, &mut turn, context, |_| false);
            if polled.is_pending() && call.is_late(context) {
                let role = turn.take().and_then(Turn::into_role);
                let late = call.timed_out(role).map(ControlFlow::Break);
                return late.map_or(Poll::Pending, Poll::Ready);
            }
            polled
        });
        match reached.await {
            ControlFlow::Break(result) => return Opened::Answered(result),
            ControlFlow::Continue(Turn::Load(load)) => {
                return Opened::Load(Underway { load: Some(load), call });
            }
            ControlFlow::Continue(reached) => turn = Some(reached),
        }
    }
}

/// What memory has, be it fresh or only to stand in for a failure. Not counted as a hit.
pub fn peek<R, Q: Key, T: Terms<R>>(
    site: &'static Site,
    instance: Instance,
    key: &Q,
    terms: &T,
) -> Option<R> {
    site.state(|state, _| {
        let tier = state.find(instance)?.tier::<Q::Owned, T::Value, T::Failure>();
        let usable = tier.usable(&tier.seed.lookup(key).own())?;
        Some(terms.restore(usable.answer.value))
    })
}

impl<R, K, V, F, T> Underway<R, K, V, F, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    /// Runs the body, or a part of it. An answer instead, where the call took longer than
    /// `hard_timeout`; the load is given up then.
    pub async fn run<B: Future>(&mut self, body: B) -> Result<B::Output, R> {
        let mut body = pin!(body);
        poll_fn(|context| {
            let Self { load, call } = &mut *self;
            let polled = {
                let _inside = load.as_ref().and_then(|(role, _)| role.enter());
                let _load = call.load();
                body.as_mut().poll(context)
            };
            match polled {
                Poll::Ready(output) => Poll::Ready(Ok(output)),
                Poll::Pending if load.is_some() && call.is_late(context) => {
                    let role = load.take().map(|(role, _)| role);
                    call.timed_out(role).map_or(Poll::Pending, |late| Poll::Ready(Err(late)))
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// How long what it brings would be fresh, as the function's policy says; none for ever.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.call.timeout().as_duration()
    }

    /// The same, as its body has said of it, if it has.
    #[must_use]
    pub fn wished_timeout(&self) -> Option<Option<Duration>> {
        self.call.wished_timeout().map(Timeout::as_duration)
    }

    /// Whether its body, or a tag, keeps what it brings from being stored.
    #[must_use]
    pub fn is_declined(&self) -> bool {
        self.call.is_declined()
    }

    /// The tags that its body has added.
    #[must_use]
    pub fn wished_tags(&self) -> Vec<String> {
        self.call.wished_tags()
    }

    /// What can be said of this load, as its body can say it.
    #[must_use]
    pub fn current(&self) -> Current {
        Current::of(self.call.context.get().map(|(context, _)| context))
    }

    /// Whether it runs in the background, for nobody who waits.
    #[must_use]
    pub fn is_renewal(&self) -> bool {
        self.call.is_renewal()
    }

    /// What it is as long as it has not ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.may_store() { Outcome::miss(self.call.reason()) } else { Outcome::Bypass }
    }

    /// Whether what it brings may be stored at all.
    #[must_use]
    pub fn may_store(&self) -> bool {
        self.call.miss.is_some()
    }

    /// Ends the load with what it came to. The answer may be another: an entry that is stale stands
    /// in for a failure.
    pub async fn land(self, result: R) -> (R, Outcome) {
        let Self { load, mut call } = self;
        let Some((role, publish)) = load else { return (result, Outcome::Bypass) };
        let result = match call.loaded(role, publish, result) {
            ControlFlow::Break(result) => result,
            ControlFlow::Continue(mut unpublished) => {
                let published = poll_fn(|context| {
                    let call = &mut call;
                    let polled = unpublished.publishing.as_mut().poll(context);
                    // What the store makes of the result nobody knows.
                    if polled.is_pending() && call.is_late(context) {
                        return Poll::Ready(Published::Overtaken);
                    }
                    polled
                });
                let published = published.await;
                call.published(*unpublished, published)
            }
        };
        (result, call.outcome.get().unwrap_or(Outcome::Bypass))
    }
}
