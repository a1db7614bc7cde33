//! The front for tasks: a future that takes the same turns as a thread does.
//!
//! Written by hand because of what it is made of. The future of an `async` block remembers the
//! bounds it was written under, and the compiler, which forgets lifetimes when it asks whether a
//! future is `Send`, could not prove them again for a `&'static str`. This one has none.

use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Call;
use super::begun::Begun;
use super::pending::Pending;
use super::turn::{Turn, Unpublished};
use crate::adapter::Storable;
use crate::remote::Published;
use crate::rules::Terms;

/// A call that runs as part of a task.
#[must_use = "a future does nothing unless it is polled"]
pub struct Running<R, K: Eq + Clone, V, F, T, B> {
    /// Dropped first: a body that is cancelled is gone before another caller inherits its lead.
    body: Pin<Box<B>>,
    /// What this task was doing when it was last polled. One box for all polls.
    at: Box<At<R, K, V, F>>,
    call: Box<Pending<R, K, V, F, T>>,
}

/// What a task is doing.
enum At<R, K: Eq + Clone, V, F> {
    Start,
    Turn(Turn<K, V, F>),
    Publish(Box<Unpublished<R, K, V, F>>),
}

/// Runs a call to its end on this task.
///
/// The body is boxed, so that the future of a cached function stays small: only misses pay.
#[cold]
pub fn run_async<R, K, V, F, T, B>(call: Call<R, K, V, F, T>, body: B) -> Running<R, K, V, F, T, B>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
    B: Future<Output = R>,
{
    Running { body: Box::pin(body), at: Box::new(At::Start), call: call.0 }
}

impl<R, K, V, F, T, B> Future for Running<R, K, V, F, T, B>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
    B: Future<Output = R>,
{
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let Self { call, at, body } = &mut *self;
        let polled = poll_turns(call, at, body.as_mut(), context);
        if polled.is_pending() && call.is_late(context) {
            let role = match mem::replace(&mut **at, At::Start) {
                At::Turn(turn) => turn.into_role(),
                // Its body was in time. What the store made of the result nobody knows.
                At::Publish(unpublished) => {
                    return Poll::Ready(call.published(*unpublished, Published::Overtaken));
                }
                At::Start => None,
            };
            return call.timed_out(role).map_or(Poll::Pending, Poll::Ready);
        }
        polled
    }
}

type BegunCall<R, K, V, F, T> = Begun<R, Call<R, K, V, F, T>>;

/// The turns of a call that come before its body, as part of a task.
#[must_use = "a future does nothing unless it is polled"]
pub struct Looking<R, K: Eq + Clone, V, F, T> {
    /// None once it has been answered.
    begun: Option<BegunCall<R, K, V, F, T>>,
    turn: Option<Turn<K, V, F>>,
}

impl<R, K: Eq + Clone, V, F, T> Looking<R, K, V, F, T> {
    pub(super) fn new(begun: Begun<R, Call<R, K, V, F, T>>) -> Self {
        Self { begun: Some(begun), turn: None }
    }
}

/// Nothing in it is pinned.
impl<R, K: Eq + Clone, V, F, T> Unpin for Looking<R, K, V, F, T> {}

impl<R, K, V, F, T> Future for Looking<R, K, V, F, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    type Output = Begun<R, Call<R, K, V, F, T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { begun, turn } = &mut *self;
        let Begun { refresh, next } = begun.take().expect("polled once more after its end");
        let call = match next {
            // What it would wait for has to be started first.
            ControlFlow::Continue(call) if refresh.is_none() && call.0.remote.is_some() => call,
            next => return Poll::Ready(Begun { refresh, next }),
        };
        call.0.can_start.set(!call.0.is_renewal());
        match poll_until(&call.0, turn, context, Pending::begins_refresh) {
            Poll::Ready(reached) => Poll::Ready(call.looked(reached)),
            Poll::Pending if call.0.is_late(context) => {
                let role = turn.take().and_then(Turn::into_role);
                let next =
                    call.0.timed_out(role).map_or(ControlFlow::Continue(call), ControlFlow::Break);
                Poll::Ready(next.into())
            }
            Poll::Pending => {
                *begun = Some(ControlFlow::Continue(call).into());
                Poll::Pending
            }
        }
    }
}

/// Polls a call and its body. The same for any body, so that functions of the same types share it.
fn poll_turns<R, K, V, F, T>(
    call: &Pending<R, K, V, F, T>,
    at: &mut At<R, K, V, F>,
    mut body: Pin<&mut dyn Future<Output = R>>,
    context: &mut Context<'_>,
) -> Poll<R>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    // What it was doing is on the stack while user code runs: a panic drops it, and with it a lead.
    let mut unpublished = match mem::replace(at, At::Start) {
        At::Publish(unpublished) => unpublished,
        was => {
            let mut turn = match was {
                At::Turn(turn) => Some(turn),
                At::Start | At::Publish(_) => None,
            };
            let (role, publish) = loop {
                match poll_until(call, &mut turn, context, |_| false) {
                    Poll::Ready(ControlFlow::Break(result)) => return Poll::Ready(result),
                    Poll::Ready(ControlFlow::Continue(Turn::Load(load))) => break load,
                    Poll::Ready(ControlFlow::Continue(reached)) => turn = Some(reached),
                    Poll::Pending => {
                        *at = turn.map_or(At::Start, At::Turn);
                        return Poll::Pending;
                    }
                }
            };
            let polled = {
                let (_inside, _load) = (role.enter(), call.load());
                body.as_mut().poll(context)
            };
            let Poll::Ready(result) = polled else {
                *at = At::Turn(Turn::Load((role, publish)));
                return Poll::Pending;
            };
            match call.loaded(role, publish, result) {
                ControlFlow::Break(result) => return Poll::Ready(result),
                ControlFlow::Continue(unpublished) => unpublished,
            }
        }
    };
    match unpublished.publishing.as_mut().poll(context) {
        Poll::Ready(published) => Poll::Ready(call.published(*unpublished, published)),
        Poll::Pending => {
            *at = At::Publish(unpublished);
            Poll::Pending
        }
    }
}

/// Polls a call up to its body, or until `is_enough`.
pub(super) fn poll_until<R, K, V, F, T>(
    call: &Pending<R, K, V, F, T>,
    turn: &mut Option<Turn<K, V, F>>,
    context: &mut Context<'_>,
    is_enough: impl Fn(&Pending<R, K, V, F, T>) -> bool,
) -> Poll<ControlFlow<R, Turn<K, V, F>>>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let mut next = match turn.take() {
        Some(turn) => ControlFlow::Continue(turn),
        None => call.start(),
    };
    loop {
        let current = match next {
            ControlFlow::Break(result) => return Poll::Ready(ControlFlow::Break(result)),
            ControlFlow::Continue(turn) => turn,
        };
        if is_enough(call) {
            return Poll::Ready(ControlFlow::Continue(current));
        }
        let waiting = match current {
            Turn::Follow(mut follow) => match follow.poll(context, &*call.tier, call.patience()) {
                Poll::Ready(followed) => {
                    next = call.followed(followed);
                    continue;
                }
                Poll::Pending => Turn::Follow(follow),
            },
            Turn::Fetch(role, mut fetching) => {
                let polled = {
                    let _inside = role.enter();
                    fetching.as_mut().poll(context)
                };
                match polled {
                    Poll::Ready(fetched) => {
                        next = call.fetched(role, fetched);
                        continue;
                    }
                    Poll::Pending => Turn::Fetch(role, fetching),
                }
            }
            Turn::Load(_) => return Poll::Ready(ControlFlow::Continue(current)),
        };
        *turn = Some(waiting);
        return Poll::Pending;
    }
}
