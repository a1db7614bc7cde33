//! The front for threads.

use std::ops::ControlFlow;

use super::Call;
use super::begun::Begun;
use super::pending::{Begin, Pending};
use super::turn::Turn;
use crate::adapter::Storable;
use crate::remote::wait;
use crate::rules::Terms;

/// Runs a call to its end on this thread.
#[cold]
#[inline(never)]
#[expect(clippy::needless_pass_by_value, reason = "a call ends here")]
pub fn run<R, K, V, F, T>(call: Call<R, K, V, F, T>, body: impl FnOnce() -> R) -> R
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let mut body = Some(body);
    run_turns(&call.0, &mut || body.take().expect("a call runs its body once")())
}

/// Takes the turns that come before the body.
#[cold]
pub(super) fn look<R, K, V, F, T>(call: Call<R, K, V, F, T>) -> Begun<R, Call<R, K, V, F, T>>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    call.0.can_start.set(!call.0.is_renewal());
    let reached = run_until(&call.0, Pending::begins_refresh);
    call.looked(reached)
}

/// The same for any body, so that functions of the same types share it.
fn run_turns<R, K, V, F, T>(call: &Pending<R, K, V, F, T>, body: &mut dyn FnMut() -> R) -> R
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let (role, publish) = loop {
        match run_until(call, |_| false) {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(Turn::Load(load)) => break load,
            ControlFlow::Continue(turn) => call.begin.set(Begin::At(turn)),
        }
    };
    let result = {
        let (_inside, _load) = (role.enter(), call.load());
        body()
    };
    match call.loaded(role, publish, result) {
        ControlFlow::Break(result) => result,
        ControlFlow::Continue(mut unpublished) => {
            let published = wait(unpublished.publishing.as_mut());
            call.published(*unpublished, published)
        }
    }
}

/// The turns up to the body, or until `is_enough`.
fn run_until<R, K, V, F, T>(
    call: &Pending<R, K, V, F, T>,
    is_enough: impl Fn(&Pending<R, K, V, F, T>) -> bool,
) -> ControlFlow<R, Turn<K, V, F>>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let mut turn = call.start()?;
    loop {
        if is_enough(call) {
            return ControlFlow::Continue(turn);
        }
        turn = match turn {
            Turn::Follow(follow) => call.followed(follow.wait(&*call.tier, call.patience()))?,
            Turn::Fetch(role, fetching) => {
                let fetched = {
                    let _inside = role.enter();
                    wait(fetching)
                };
                call.fetched(role, fetched)?
            }
            Turn::Load(_) => return ControlFlow::Continue(turn),
        };
    }
}
