//! The front for tasks: a future that takes the same turns as a thread does.
//!
//! Written by hand because of what it is made of. The future of an `async` block remembers the
//! bounds it was written under, and the compiler, which forgets lifetimes when it asks whether a
//! future is `Send`, could not prove them again for a `&'static str`. This one has none.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Call;
use super::pending::Pending;
use super::turn::Turn;
use crate::adapter::Storable;
use crate::rules::Terms;

/// A call that runs as part of a task.
#[must_use = "a future does nothing unless it is polled"]
pub struct Running<R, K: Eq + Clone, V, F, T, B> {
    /// Dropped first: a body that is cancelled is gone before another caller inherits its lead.
    body: Pin<Box<B>>,
    /// What this task was doing when it was last polled. One box for all polls.
    turn: Box<Option<Turn<R, K, V, F>>>,
    call: Box<Pending<R, K, V, F, T>>,
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
    Running { body: Box::pin(body), turn: Box::new(None), call: call.0 }
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
        let Self { call, turn, body } = &mut *self;
        poll_turns(call, turn, body.as_mut(), context)
    }
}

/// The same for any body, so that functions of the same types share it.
fn poll_turns<R, K, V, F, T>(
    call: &Pending<R, K, V, F, T>,
    turn: &mut Option<Turn<R, K, V, F>>,
    mut body: Pin<&mut dyn Future<Output = R>>,
    context: &mut Context<'_>,
) -> Poll<R>
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
            ControlFlow::Break(result) => return Poll::Ready(result),
            ControlFlow::Continue(turn) => turn,
        };
        // The turn is on the stack while user code runs: a panic drops it, and with it a lead.
        let waiting = match current {
            Turn::Follow(mut follow) => {
                let timeout = call.tier.policy.wait_timeout;
                match follow.poll(context, &*call.tier, timeout) {
                    Poll::Ready(followed) => {
                        next = call.followed(followed);
                        continue;
                    }
                    Poll::Pending => Turn::Follow(follow),
                }
            }
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
            Turn::Load(role, publish) => {
                let polled = {
                    let (_inside, _load) = (role.enter(), call.load());
                    body.as_mut().poll(context)
                };
                match polled {
                    Poll::Ready(result) => {
                        next = call.loaded(role, publish, result);
                        continue;
                    }
                    Poll::Pending => Turn::Load(role, publish),
                }
            }
            Turn::Publish(role, kept, mut publishing) => match publishing.as_mut().poll(context) {
                Poll::Ready(published) => {
                    return Poll::Ready(call.published(role, *kept, published));
                }
                Poll::Pending => Turn::Publish(role, kept, publishing),
            },
        };
        *turn = Some(waiting);
        return Poll::Pending;
    }
}
