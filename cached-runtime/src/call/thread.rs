//! The front for threads.

use std::ops::ControlFlow;

use super::Call;
use super::pending::Pending;
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

/// The same for any body, so that functions of the same types share it.
fn run_turns<R, K, V, F, T>(call: &Pending<R, K, V, F, T>, body: &mut dyn FnMut() -> R) -> R
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    let mut next = call.start();
    loop {
        let turn = match next {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(turn) => turn,
        };
        next = match turn {
            Turn::Follow(follow) => {
                call.followed(follow.wait(&*call.tier, call.tier.policy.wait_timeout))
            }
            Turn::Fetch(role, fetching) => {
                let fetched = {
                    let _inside = role.enter();
                    wait(fetching)
                };
                call.fetched(role, fetched)
            }
            Turn::Load(role, publish) => {
                let result = {
                    let (_inside, _load) = (role.enter(), call.load());
                    body()
                };
                call.loaded(role, publish, result)
            }
            Turn::Publish(role, loaded, publishing) => {
                let published = wait(publishing);
                ControlFlow::Break(call.published(role, *loaded, published))
            }
        };
    }
}
