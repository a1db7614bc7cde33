//! How the call of a function begins that renews entries in the background: it may be answered, and
//! there may be something to start.

use std::ops::ControlFlow;

use super::Call;
use super::pending::Begin;
use super::refresh::Refresh;
use super::task::Looking;
use super::thread;
use super::turn::Turn;
use crate::adapter::Storable;
use crate::rules::Terms;

/// A call that has begun. `C` is what is left of it, where it has to load.
pub struct Begun<R, C> {
    pub(super) refresh: Option<Refresh>,
    pub(super) next: ControlFlow<R, C>,
}

impl<R, C> Begun<R, C> {
    /// What is to be started in the background, if anything is; and the answer, or the call.
    pub fn split(self) -> (Option<Refresh>, ControlFlow<R, C>) {
        (self.refresh, self.next)
    }
}

impl<R, C> From<ControlFlow<R, C>> for Begun<R, C> {
    fn from(next: ControlFlow<R, C>) -> Self {
        Self { refresh: None, next }
    }
}

impl<R, K: Eq + Clone, V, F, T> Begun<R, Call<R, K, V, F, T>> {
    /// Has tags added to the call, where nothing has answered it.
    #[must_use]
    pub fn tagged(mut self, tag: impl FnOnce(&mut Call<R, K, V, F, T>)) -> Self {
        if let ControlFlow::Continue(call) = &mut self.next {
            tag(call);
        }
        self
    }
}

impl<R, K: Eq + Clone, V, F, T> Call<R, K, V, F, T> {
    /// What has begun, once its turns up to the body were taken.
    pub(super) fn looked(self, reached: ControlFlow<R, Turn<K, V, F>>) -> Begun<R, Self> {
        self.0.can_start.set(false);
        let refresh = self.0.refresh.take();
        let next = match reached {
            ControlFlow::Break(result) => ControlFlow::Break(result),
            ControlFlow::Continue(turn) => {
                self.0.begin.set(Begin::At(turn));
                ControlFlow::Continue(self)
            }
        };
        Begun { refresh, next }
    }
}

/// Asks the store, before the arguments are given to the body: what it has may have to be renewed,
/// which takes clones of them.
pub fn look<R, K, V, F, T>(begun: Begun<R, Call<R, K, V, F, T>>) -> Begun<R, Call<R, K, V, F, T>>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    match begun.next {
        // What it would wait for has to be started first.
        ControlFlow::Continue(call) if begun.refresh.is_none() && call.0.remote.is_some() => {
            thread::look(call)
        }
        _ => begun,
    }
}

/// The same for a task.
pub fn look_async<R, K, V, F, T>(begun: Begun<R, Call<R, K, V, F, T>>) -> Looking<R, K, V, F, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    V: Storable,
    F: Clone + Send + Sync + 'static,
    T: Terms<R, Value = V, Failure = F>,
{
    Looking::new(begun)
}
