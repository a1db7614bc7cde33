//! Where bodies of a test stand: it counts them, holds them for as long as the test likes, and
//! tells them what to come to.

use std::future::poll_fn;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::task::{Poll, Waker};

use crate::BOUND;

/// The stage of one cached function. Open at first.
pub struct Stage {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    is_closed: bool,
    is_failing: bool,
    loads: u64,
    running: u64,
    peak: u64,
    wakers: Vec<Waker>,
}

impl Stage {
    pub const fn new() -> Self {
        let state = State {
            is_closed: false,
            is_failing: false,
            loads: 0,
            running: 0,
            peak: 0,
            wakers: Vec::new(),
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Begins a load, on this thread.
    pub fn enter(&self) {
        let _running = self.begin();
        let state = self.state();
        let waited = self.changed.wait_timeout_while(state, BOUND, |state| state.is_closed);
        assert!(!waited.unwrap().1.timed_out(), "the stage was never opened");
    }

    /// Begins a load, as part of a task.
    pub async fn enter_async(&self) {
        let _running = self.begin();
        poll_fn(|context| {
            let mut state = self.state();
            if !state.is_closed {
                return Poll::Ready(());
            }
            state.wakers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn begin(&self) -> Running<'_> {
        let mut state = self.state();
        state.loads += 1;
        state.running += 1;
        state.peak = state.peak.max(state.running);
        self.changed.notify_all();
        Running(self)
    }

    /// Holds every load that begins from now on.
    pub fn close(&self) {
        self.state().is_closed = true;
    }

    /// Lets them go on.
    pub fn open(&self) {
        let wakers = {
            let mut state = self.state();
            state.is_closed = false;
            mem::take(&mut state.wakers)
        };
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits until so many loads have begun, since the start of the test.
    pub fn wait_for(&self, loads: u64) {
        let state = self.state();
        let waited = self.changed.wait_timeout_while(state, BOUND, |state| state.loads < loads);
        let (state, timeout) = waited.unwrap();
        assert!(!timeout.timed_out(), "{} of {loads} loads have begun", state.loads);
    }

    /// Loads that have begun.
    pub fn loads(&self) -> u64 {
        self.state().loads
    }

    /// The most that were held at once.
    #[allow(dead_code, reason = "not every suite needs it")]
    pub fn peak(&self) -> u64 {
        self.state().peak
    }

    /// Has loads fail, or succeed again.
    pub fn fail(&self, is_failing: bool) {
        self.state().is_failing = is_failing;
    }

    /// What a load comes to: how many there were, or an error that says the same.
    pub fn result(&self) -> Result<u64, String> {
        let state = self.state();
        if state.is_failing { Err(format!("down {}", state.loads)) } else { Ok(state.loads) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A load that is on the stage.
struct Running<'s>(&'s Stage);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state().running -= 1;
    }
}
