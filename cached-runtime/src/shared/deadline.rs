//! An end to every operation of a store, whoever waits for it.
//!
//! A timer of its own for each operation would cost more than the operation. Those that begin
//! within an eighth of the timeout share one, set when the first of them has to wait.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::Shared;

use crate::sync::{Sleep, sleep};

/// The timers of one timeout.
pub(crate) struct Deadline {
    timeout: Duration,
    /// The timer of those who began lately, and when the first of them did.
    latest: Mutex<Option<(Instant, Shared<Sleep>)>>,
}

impl Deadline {
    pub(crate) const fn new(timeout: Duration) -> Self {
        Self { timeout, latest: Mutex::new(None) }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Runs a future for at most the timeout; none where it did not end in time.
    pub(crate) async fn bound<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut timer: Option<Shared<Sleep>> = None;
        poll_fn(move |context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            timer.get_or_insert_with(|| self.timer()).poll_unpin(context).map(|()| None)
        })
        .await
    }

    fn timer(&self) -> Shared<Sleep> {
        let now = Instant::now();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some((start, timer)) if now.duration_since(*start) < self.timeout / 8 => timer.clone(),
            _ => {
                let timer = sleep(self.timeout).shared();
                *latest = Some((now, timer.clone()));
                timer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::remote::wait;

    #[test]
    fn what_never_ends_is_ended_in_time_and_what_does_is_not() {
        let deadline = Deadline::new(Duration::from_millis(80));
        assert_eq!(wait(deadline.bound(ready(1))), Some(1));
        for _ in 0..2 {
            let start = Instant::now();
            assert_eq!(wait(deadline.bound(pending::<()>())), None);
            let took = start.elapsed();
            assert!(took >= Duration::from_millis(60), "{took:?}");
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
    }
}
