//! What a call knows of stores beyond the process: something that is asked before the body runs,
//! and told afterwards what it returned.
//!
//! The algorithm in `call.rs` needs no more than this, so that it reads the same whether a function
//! is shared or not. What stands behind it is in `shared/`.

#![cfg_attr(
    not(feature = "json"),
    allow(dead_code, reason = "without a codec no function is shared")
)]

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::life::Use;
use crate::outcome::MissReason;
use crate::policy::Timeout;
use crate::store;
use crate::tag::{Labels, TagSet};
use crate::tier::Stored;

/// The store's side of one call.
pub(crate) trait Remote<V>: Send + Sync {
    /// Looks for the entry; where there is none that is wanted, gets ready to store one. A call that is
    /// solo neither waits for the load of another process nor keeps others from theirs.
    fn fetch(&self, wanted: Wanted, labels: &Labels, is_solo: bool) -> Fetching<V>;
}

/// Which entry a call looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One that answers: why memory had none.
    Any(MissReason),
    /// The same, where no load is to follow.
    Seen(MissReason),
    /// The same, and one that may only stand in for a load, too.
    Present(MissReason),
    /// One that is fresh for longer than so.
    Newer(Timeout),
    /// None: the call asks for a load.
    Load,
}

impl Wanted {
    /// Why nothing has answered so far.
    pub(crate) fn reason(self) -> MissReason {
        match self {
            Self::Any(reason) | Self::Seen(reason) | Self::Present(reason) => reason,
            Self::Newer(_) => MissReason::Expired,
            Self::Load => MissReason::Forced,
        }
    }
}

pub(crate) type Fetching<V> = Pin<Box<dyn Future<Output = Fetched<V>> + Send>>;

/// What a store has for a call.
pub(crate) enum Fetched<V> {
    /// An entry, and how long memory may answer for it.
    Found(Found<V>, Timeout),
    /// The body has to run: why, what becomes of its result, and what may stand in for it.
    Load(MissReason, Box<dyn Publish<V>>, StandIn<V>),
    /// Nothing that was looked for, and no load is to follow. What may be of use all the same.
    Nothing(StandIn<V>),
}

/// What a store has that may stand in for a load which fails.
pub(crate) enum StandIn<V> {
    Entry(Found<V>),
    /// Nothing, so what memory may have is of no use either.
    Nothing,
    /// The same, since it was overtaken: so was a load that began to renew it.
    Overtaken,
    /// It could not be asked.
    Unknown,
}

/// An entry of the store.
pub(crate) struct Found<V> {
    pub(crate) value: V,
    /// Time since it was stored.
    pub(crate) age: Duration,
    /// How long it is still fresh.
    pub(crate) remaining: Timeout,
    pub(crate) good_for: Use,
    pub(crate) tags: TagSet,
}

/// What is to be done with what a load returns. Dropped, it leaves the load to others.
pub(crate) trait Publish<V>: Send {
    /// Stores a value, unless something happened to the key since it was looked at, or the store
    /// is not to be written to.
    fn publish(self: Box<Self>, stored: &Stored<V>) -> Publishing;
}

pub(crate) type Publishing = Pin<Box<dyn Future<Output = Published> + Send>>;

/// What became of a value that was to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// The store has it, and memory may answer for it for so long.
    Stored(Timeout),
    /// The store could not be told. The same of memory.
    Failed(Timeout),
    /// It was overtaken by an invalidation, or by another load.
    Overtaken,
}

/// Runs a future to its end on this thread, which may block.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match store::blocking(|| future.as_mut().poll(&mut context)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
