//! Callers that meet: single flight, hand-over, errors, waiting, and invalidation in the middle of
//! loads, with real threads and real tasks. Every wait has a bound.

mod callbacks;
mod flights;
mod futures;
mod histories;
mod send;
mod stale;
mod waiting;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Longer than anything here takes, shorter than anybody wants to wait for a deadlock.
const BOUND: Duration = Duration::from_secs(60);

/// Runs `work` on a thread of its own, and fails instead of hanging.
fn bounded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    let worker = thread::spawn(move || {
        let _ = sender.send(work());
    });
    match receiver.recv_timeout(BOUND) {
        Ok(value) => value,
        Err(_) if worker.is_finished() => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("it sent nothing and did not panic"),
        },
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            panic!("still waiting after {BOUND:?}")
        }
    }
}

/// A runtime with several threads whose test fails instead of hanging.
fn tokio<F: Future<Output: Send> + Send + 'static>(test: F) -> F::Output {
    bounded(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime can be built").block_on(test)
    })
}
