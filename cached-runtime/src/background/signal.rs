//! How a thread that drives futures is told to go on.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::sync::unpoisoned;

/// Which futures of a thread are to be polled.
///
/// The thread parks. Code that runs on it may park as well and take an unpark that was meant for this,
/// so what was woken is written down first, and looked at before every wait.
pub(super) struct Signal {
    thread: Thread,
    woken: Mutex<BTreeSet<u64>>,
}

impl Signal {
    /// That of this thread.
    pub(super) fn here() -> Arc<Self> {
        Arc::new(Self { thread: thread::current(), woken: Mutex::default() })
    }

    /// What wakes one future. Used after the end of the future, or of the thread, it does nothing.
    pub(super) fn waker(self: &Arc<Self>, id: u64) -> Waker {
        Waker::from(Arc::new(Woken { signal: Arc::clone(self), id }))
    }

    /// Has the thread look for what there is to do.
    pub(super) fn notify(&self) {
        self.thread.unpark();
    }

    /// Takes the futures that were woken.
    pub(super) fn take(&self) -> BTreeSet<u64> {
        mem::take(&mut *unpoisoned(self.woken.lock()))
    }

    /// Waits until there is something to look for. False if the whole timeout passed without.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        if !self.is_woken() {
            thread::park_timeout(timeout);
        }
        self.is_woken() || start.elapsed() < timeout
    }

    fn is_woken(&self) -> bool {
        !unpoisoned(self.woken.lock()).is_empty()
    }
}

struct Woken {
    signal: Arc<Signal>,
    id: u64,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        unpoisoned(self.signal.woken.lock()).insert(self.id);
        self.signal.notify();
    }
}
