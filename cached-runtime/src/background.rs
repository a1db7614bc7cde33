//! The background: where loads run that no caller waits for.
//!
//! A job makes its future on the thread that polls it, so that the future need not be `Send`. That of
//! an async function which refreshes itself cannot be shown to be, inside its own body. This is why no
//! job is given to `tokio::spawn`: with the feature `tokio`, too, jobs run on threads of this crate,
//! inside the runtime of the call that started them.
//!
//! This file counts what runs, and ends it. It does not know what a job loads, nor why; how many may
//! run for one function is that function's business. The threads are in `tasks.rs` and `threads.rs`,
//! and belong to the process; the count belongs to the process or to an isolated test. The model
//! checker never gets here, so locks are those of `std`.

mod job;
mod origin;
mod signal;
mod tasks;
#[cfg(test)]
mod tests;
mod threads;

use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::sync::{sleep, unpoisoned};

pub use job::BackgroundJob;
use job::Ticket;
use origin::contained;
use tasks::TASKS;
use threads::THREADS;

/// A load that nobody waits for: makes its future on the thread that polls it, so that the future
/// need not be `Send`.
pub(crate) type Job = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// What a job does to the thread it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Holds it for as long as it likes: the body of a function that is not async.
    Blocking,
    /// Gives it back while it waits, and shares it with others.
    Task,
}

/// The background work of this process, or of an isolated test.
pub(crate) struct Background {
    state: Mutex<State>,
    /// Nothing runs any more. Tasks leave their wakers in the state.
    ended: Condvar,
    spawner: OnceLock<Spawner>,
}

/// A panic in it is its own: an isolated test stays one that panics may be caught in.
type Spawner = AssertUnwindSafe<Box<dyn Fn(BackgroundJob) + Send + Sync>>;

#[derive(Default)]
struct State {
    is_closed: bool,
    is_aborted: bool,
    /// What has been started and is not over, with what wakes it once it has been polled.
    running: HashMap<u64, Option<Waker>>,
    next: u64,
    /// Tasks that wait for the end.
    waiting: Vec<Waker>,
}

/// How long the loads that were told to end are waited for.
const MOMENT: Duration = Duration::from_millis(100);

/// Ends background work, and returns how many loads could not be ended.
///
/// For the end of the program. From here on nothing is refreshed: calls are answered with the entries
/// that are there, and load in the foreground what `stale` does not cover. Loads that run are waited for, at
/// most `timeout`. Those that still wait for something are dropped then, which takes another 100 ms at
/// most. What is left holds its thread: functions that are not `async` and hang, or async ones that
/// block. Nothing can stop them, but what they bring is stored nowhere.
///
/// Inside [`testing::isolated`](crate::testing::isolated) it ends what that test started. A load that
/// calls it waits for itself, in vain.
///
/// # Concurrency
/// Blocks this thread. Where that keeps a load from going on, because this very thread drives it or a
/// runtime it needs, use [`shutdown_async`]. May be called again.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// let left = cached_runtime::shutdown(Duration::from_secs(5));
/// assert_eq!(left, 0);
/// ```
#[allow(clippy::must_use_candidate, reason = "a program that ends need not look at what is left")]
pub fn shutdown(timeout: Duration) -> usize {
    current().end(timeout)
}

/// The same as [`shutdown`] for tasks, on any executor.
///
/// Nothing happens before it is polled. Dropped before its end, it leaves the background shut: no load
/// starts any more, and those that run go on.
pub async fn shutdown_async(timeout: Duration) -> usize {
    current().end_async(timeout).await
}

/// Hands the background loads of async functions to an executor of the program's own.
///
/// Without it they run on threads of this crate, which suits bodies that need no runtime, and with the
/// feature `tokio` those that need tokio's. A body that belongs to one thread, such as one that calls
/// `spawn_local`, needs a spawner. Functions that are not `async` are never handed to it.
///
/// `spawner` is called on the thread of a call that found its entry stale, and should return at once.
/// A job that it drops does not run, and a panic of its own counts as that.
///
/// # Errors
/// [`ErrorKind::Config`] if called before: once for the program, and once in each isolated test.
///
/// # Examples
/// A thread that drives loads:
/// ```
/// use cached_runtime::{BackgroundJob, set_spawner};
/// use tokio::{runtime, sync::mpsc, task};
///
/// let (jobs, mut inbox) = mpsc::unbounded_channel::<BackgroundJob>();
/// std::thread::spawn(move || {
///     let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
///     task::LocalSet::new().block_on(&runtime, async move {
///         while let Some(job) = inbox.recv().await {
///             task::spawn_local(job.run());
///         }
///     });
/// });
/// set_spawner(move |job| drop(jobs.send(job)))?;
/// # Ok::<_, cached_runtime::Error>(())
/// ```
pub fn set_spawner(spawner: impl Fn(BackgroundJob) + Send + Sync + 'static) -> Result<(), Error> {
    let message = "`set_spawner` was called before; call it once";
    let present = current().spawner.set(AssertUnwindSafe(Box::new(spawner)));
    present.map_err(|_| Error::new(ErrorKind::Config, message))
}

/// Runs a future in the background: what `make` returns, on the thread that polls it. False after a
/// shutdown, and where no thread is to be had.
pub fn spawn<F: Future<Output = ()> + 'static>(make: impl FnOnce() -> F + Send + 'static) -> bool {
    current().start(Kind::Task, Box::new(move || Box::pin(make())))
}

/// The background work of the isolated test that this thread is in, or of this process.
pub(crate) fn current() -> Arc<Background> {
    #[cfg(feature = "testing")]
    if let Some(isolation) = crate::testing::current() {
        return isolation.background();
    }
    Arc::clone(&BACKGROUND)
}

static BACKGROUND: LazyLock<Arc<Background>> = LazyLock::new(|| Arc::new(Background::new()));

impl Background {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), ended: Condvar::new(), spawner: OnceLock::new() }
    }

    /// Starts a job, inside the isolation and the runtime that this thread is in.
    ///
    /// False where that cannot be, after a shutdown or for want of a thread: the job has been dropped
    /// then, on this thread. A panic in the job ends it and is seen by nobody: who wants to know of it
    /// has the job tell.
    pub(crate) fn start(self: &Arc<Self>, kind: Kind, job: Job) -> bool {
        let started = contained(|| {
            let Some(ticket) = self.admit() else {
                return false;
            };
            let job = BackgroundJob::new(job, ticket);
            match (kind, self.spawner.get()) {
                (Kind::Blocking, _) => THREADS.start(job),
                (Kind::Task, None) => TASKS.start(job),
                (Kind::Task, Some(spawner)) => {
                    spawner(job);
                    true
                }
            }
        });
        started.unwrap_or_default()
    }

    /// Whether nothing starts any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Whether a shutdown gave up on what runs: a load that ends now may not be stored.
    pub(crate) fn is_aborted(&self) -> bool {
        self.state().is_aborted
    }

    fn end(&self, timeout: Duration) -> usize {
        self.close();
        if self.wait(timeout) == 0 {
            return 0;
        }
        self.abort();
        self.wait(MOMENT)
    }

    async fn end_async(&self, timeout: Duration) -> usize {
        self.close();
        if self.wait_async(timeout).await == 0 {
            return 0;
        }
        self.abort();
        self.wait_async(MOMENT).await
    }

    /// Waits for the end of all that runs; returns how many are left.
    pub(crate) fn wait(&self, timeout: Duration) -> usize {
        let is_running = |state: &mut State| !state.running.is_empty();
        let waited = self.ended.wait_timeout_while(self.state(), timeout, is_running);
        unpoisoned(waited).0.running.len()
    }

    /// The same for tasks.
    pub(crate) async fn wait_async(&self, timeout: Duration) -> usize {
        let mut timeout = pin!(sleep(timeout));
        poll_fn(|ctx| {
            let left = self.poll_ended(ctx.waker());
            if left == 0 || timeout.as_mut().poll(ctx).is_ready() {
                Poll::Ready(left)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Returns how many run, and leaves a waker for when there are none.
    fn poll_ended(&self, waker: &Waker) -> usize {
        let waker = waker.clone();
        let mut state = self.state();
        let left = state.running.len();
        if left > 0 && !state.waiting.iter().any(|present| present.will_wake(&waker)) {
            state.waiting.push(waker);
        }
        left
    }

    fn close(&self) {
        self.state().is_closed = true;
    }

    /// Has every job that waits for something dropped, by the thread that it is on.
    fn abort(&self) {
        let wakers: Vec<_> = {
            let mut state = self.state();
            state.is_aborted = true;
            state.running.values_mut().filter_map(Option::take).collect()
        };
        for waker in wakers {
            contained(|| waker.wake());
        }
    }

    fn admit(self: &Arc<Self>) -> Option<Ticket> {
        let id = {
            let mut state = self.state();
            if state.is_closed {
                return None;
            }
            state.next += 1;
            let id = state.next;
            state.running.insert(id, None);
            id
        };
        Some(Ticket::new(Arc::clone(self), id))
    }

    /// Whether a job may go on; leaves the waker that tells it when it may not.
    fn goes_on(&self, id: u64, ctx: &Context<'_>) -> bool {
        {
            let state = self.state();
            let present = state.running.get(&id).and_then(Option::as_ref);
            if present.is_some_and(|waker| waker.will_wake(ctx.waker())) {
                return !state.is_aborted;
            }
        }
        // Wakers are cloned and dropped outside the lock: they may be anybody's.
        let waker = ctx.waker().clone();
        let (goes_on, _displaced) = {
            let mut state = self.state();
            let displaced = state.running.get_mut(&id).and_then(|present| present.replace(waker));
            (!state.is_aborted, displaced)
        };
        goes_on
    }

    /// A job is over. Called again, does nothing.
    fn leave(&self, id: u64) {
        let (waiting, _waker) = {
            let mut state = self.state();
            let waker = state.running.remove(&id).flatten();
            let is_last = state.running.is_empty();
            (if is_last { mem::take(&mut state.waiting) } else { Vec::new() }, waker)
        };
        self.ended.notify_all();
        for waker in waiting {
            contained(|| waker.wake());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }
}
