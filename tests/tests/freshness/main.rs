//! Freshness over memory: what a call does around the end of an entry's life, and what happens in
//! the background meanwhile. Each rule is held by functions and by `async` functions.
//!
//! Time is a `ManualClock`'s, and bodies wait where a test tells them to (`stage.rs`), so nothing
//! here sleeps. What shared stores add to these rules is not here.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the functions have every shape that functions can have"
)]

mod ahead;
mod chance;
mod context;
mod counters;
mod crowds;
mod ending;
mod failing;
mod limits;
mod negatives;
mod races;
mod stage;
mod table;
mod unreached;
mod windows;

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cached_runtime::{Stats, testing};

use stage::Stage;

/// Longer than anything here takes, shorter than anybody wants to wait for a deadlock.
const BOUND: Duration = Duration::from_secs(20);

/// Turns the clock.
fn pass(seconds: f64) {
    testing::clock().advance(Duration::from_secs_f64(seconds));
}

/// The least time that a clock knows.
fn pass_an_instant() {
    testing::clock().advance(Duration::from_nanos(1));
}

/// Runs a test of its own isolation on a thread of its own, and fails instead of hanging.
fn isolated(test: impl FnOnce() + Send + 'static) {
    Aside::spawn(|| testing::isolated(test)).join();
}

/// Runs a future of an isolated test on this thread.
fn wait<F: Future>(future: F) -> F::Output {
    futures_lite::future::block_on(future)
}

/// Waits for what no event announces.
fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < BOUND, "did not come about");
        thread::yield_now();
    }
}

/// Runs a call on another thread, in the isolation of this one.
fn aside<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Aside<T> {
    let isolation = testing::isolation();
    Aside::spawn(move || isolation.run(call))
}

/// Work on another thread.
struct Aside<T> {
    thread: JoinHandle<()>,
    result: Receiver<T>,
}

impl<T: Send + 'static> Aside<T> {
    fn spawn(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, result) = channel();
        let thread = thread::spawn(move || drop(sender.send(work())));
        Self { thread, result }
    }

    fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Gives it time to come to where it waits for another call's load, which nothing announces. If
    /// that is not enough, what follows holds as well.
    fn linger(&self) {
        self.yield_for_a_while();
        assert!(!self.is_over(), "it does not wait");
    }

    /// The same where it may not have to wait.
    fn yield_for_a_while(&self) {
        for _ in 0..1_000 {
            if self.is_over() {
                return;
            }
            thread::yield_now();
        }
    }

    /// Waits for the end of its thread.
    fn join_thread(self) {
        until(|| self.is_over());
        assert!(self.thread.join().is_ok());
    }

    /// Its result; its panic goes on in this thread.
    fn join(self) -> T {
        match self.result.recv_timeout(BOUND) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => panic!("still waiting after {BOUND:?}"),
            Err(RecvTimeoutError::Disconnected) => match self.thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => unreachable!("it sent nothing and did not panic"),
            },
        }
    }
}

/// What calls came to: hits, stale hits, misses.
fn answers(stats: Stats) -> (u64, u64, u64) {
    (stats.hits, stats.stale_hits, stats.misses)
}

/// What loads came to: refreshes, all of them, failures.
fn loads(stats: Stats) -> (u64, u64, u64) {
    (stats.refreshes, stats.loads, stats.load_errors)
}

/// A test of a cached function, and the same of an `async` one.
///
/// Both have the name, options, arguments and body given, and a handle of that name. Each load
/// begins on `STAGE`. `done` is put around what is async of one of them, such as `fresh`.
macro_rules! both {
    (
        $test:ident, ($($options:tt)*),
        $load:ident($($arg:ident: $ty:ty),*) -> $returned:ty $body:block,
        $check:block $(,)?
    ) => {
        mod $test {
            #[allow(unused_imports, reason = "not every test uses all")]
            use super::*;

            #[test]
            fn threads() {
                static STAGE: Stage = Stage::new();
                #[cached($($options)*, handle)]
                fn $load($($arg: $ty),*) -> $returned {
                    STAGE.enter();
                    $body
                }
                #[allow(dead_code, reason = "not every test needs it")]
                fn done<T>(result: T) -> T {
                    result
                }
                isolated(|| $check);
            }

            #[test]
            fn tasks() {
                static STAGE: Stage = Stage::new();
                #[cached($($options)*, handle = $load)]
                async fn load_async($($arg: $ty),*) -> $returned {
                    STAGE.enter_async().await;
                    $body
                }
                fn $load($($arg: $ty),*) -> $returned {
                    wait(load_async($($arg),*))
                }
                #[allow(dead_code, reason = "not every test needs it")]
                fn done<F: Future>(future: F) -> F::Output {
                    wait(future)
                }
                isolated(|| $check);
            }
        }
    };
}
use both;
