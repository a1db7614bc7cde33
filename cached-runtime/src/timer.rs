//! A wait that ends after a while, by the clock of a cache, as part of a task.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::{Clock, Stamp};
use crate::sync::{Sleep, sleep};

/// When a wait began, and what wakes the task to look whether it has lasted long enough.
pub(crate) struct Timer {
    start: Stamp,
    sleep: Option<Sleep>,
}

impl Timer {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { start: clock.now(), sleep: None }
    }

    /// Ends when `timeout` has passed since the timer was made.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        clock: &Clock,
        timeout: Duration,
    ) -> Poll<()> {
        loop {
            let remaining = timeout.saturating_sub(clock.now().since(self.start));
            if remaining.is_zero() {
                return Poll::Ready(());
            }
            let nap = || sleep(clock.nap(remaining));
            if Pin::new(self.sleep.get_or_insert_with(nap)).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
    }
}
