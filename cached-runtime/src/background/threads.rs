//! Threads for jobs that block: one job at a time on each, so that one that hangs holds up no other.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::task::Context;
use std::thread;
use std::time::Duration;

use super::job::BackgroundJob;
use super::origin::contained;
use super::signal::Signal;
use crate::sync::unpoisoned;

/// The threads of this process for jobs that block.
pub(super) static THREADS: Threads = Threads::new(MOST, IDLE);

/// Threads of either kind. They cost address space and little else; what would need more hangs.
pub(super) const MOST: usize = 512;

/// How long a thread waits for another job.
pub(super) const IDLE: Duration = Duration::from_secs(10);

pub(super) struct Threads {
    state: Mutex<State>,
    added: Condvar,
    most: usize,
    idle: Duration,
}

struct State {
    /// Each of them has a thread among the idle ones that is about to take it.
    queue: VecDeque<BackgroundJob>,
    idle: usize,
    threads: usize,
}

impl Threads {
    pub(super) const fn new(most: usize, idle: Duration) -> Self {
        let state = State { queue: VecDeque::new(), idle: 0, threads: 0 };
        Self { state: Mutex::new(state), added: Condvar::new(), most, idle }
    }

    /// Starts a job at once. False where no thread is to be had: then it has been dropped.
    pub(super) fn start(&'static self, job: BackgroundJob) -> bool {
        let mut state = self.state();
        if state.idle > state.queue.len() {
            state.queue.push_back(job);
            self.added.notify_one();
            return true;
        }
        if state.threads >= self.most {
            drop(state);
            drop(job);
            return false;
        }
        state.threads += 1;
        drop(state);
        let is_running = spawn(move || self.work(job));
        if !is_running {
            self.state().threads -= 1;
        }
        is_running
    }

    fn work(&self, first: BackgroundJob) {
        block_on(first);
        while let Some(job) = self.next() {
            block_on(job);
        }
    }

    /// Waits for another job; none ends the thread.
    fn next(&self) -> Option<BackgroundJob> {
        let mut state = self.state();
        state.idle += 1;
        let is_empty = |state: &mut State| state.queue.is_empty();
        let (mut state, _) = unpoisoned(self.added.wait_timeout_while(state, self.idle, is_empty));
        state.idle -= 1;
        let job = state.queue.pop_front();
        if job.is_none() {
            state.threads -= 1;
        }
        job
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.state().threads
    }

    fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }
}

/// Runs a job to its end. What follows a body that blocks, in a store, may be async.
fn block_on(job: BackgroundJob) {
    let signal = Signal::here();
    let waker = signal.waker(0);
    let mut running = pin!(job.into_running());
    while running.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        while signal.take().is_empty() {
            thread::park();
        }
    }
}

/// Starts a thread. False where none can be had: then `work` has been dropped.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> bool {
    let thread = thread::Builder::new().name("cached-background".into());
    // What `work` holds is the user's, and may panic as it is dropped.
    contained(|| thread.spawn(work).is_ok()).unwrap_or_default()
}
