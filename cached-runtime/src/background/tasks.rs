//! Threads for jobs that wait without blocking: each drives many.
//!
//! A job that has begun stays on its thread, since its future may not be `Send`. One that has not may
//! go to any, so they queue in one place. A few threads are enough for bodies that behave. One whose
//! body blocks holds up what has begun on the same thread, which is documented, and nothing else:
//! where jobs queue for long, there is a new thread for them.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::job::{BackgroundJob, Running};
use super::signal::Signal;
use super::threads::{IDLE, MOST, spawn};
use crate::sync::unpoisoned;

/// The threads of this process for jobs that do not block.
pub(super) static TASKS: Tasks = Tasks::new(MOST, IDLE);

/// Threads that are started without a look at how long jobs queue.
const USUAL: usize = 4;

/// How long a job queues before it is taken to be held up.
const PATIENCE: Duration = Duration::from_millis(10);

pub(super) struct Tasks {
    state: Mutex<State>,
    most: usize,
    idle: Duration,
}

struct State {
    /// What has not begun, and since when it queues.
    queue: VecDeque<(Instant, BackgroundJob)>,
    /// Threads with nothing to do just now.
    waiting: Vec<Arc<Signal>>,
    threads: usize,
    is_watched: bool,
}

/// What a thread does next.
enum Next {
    Begin(BackgroundJob),
    Poll,
    End,
}

impl Tasks {
    pub(super) const fn new(most: usize, idle: Duration) -> Self {
        let state = Mutex::new(State {
            queue: VecDeque::new(),
            waiting: Vec::new(),
            threads: 0,
            is_watched: false,
        });
        Self { state, most, idle }
    }

    /// Starts a job soon. False where every thread is held up, or none is to be had: then it has been
    /// dropped.
    pub(super) fn start(&'static self, job: BackgroundJob) -> bool {
        let mut state = self.state();
        if let Some(thread) = state.waiting.pop() {
            state.queue.push_back((Instant::now(), job));
            thread.notify();
            return true;
        }
        if state.threads < USUAL.min(self.most) {
            state.threads += 1;
            drop(state);
            return self.grow(Some(job));
        }
        if state.threads >= self.most && state.is_held_up() {
            drop(state);
            drop(job);
            return false;
        }
        state.queue.push_back((Instant::now(), job));
        if !state.is_watched {
            state.is_watched = spawn(|| self.watch());
        }
        true
    }

    /// Starts a thread that has been counted.
    fn grow(&'static self, first: Option<BackgroundJob>) -> bool {
        let is_running = spawn(move || self.work(first));
        if !is_running {
            self.state().threads -= 1;
        }
        is_running
    }

    /// Adds threads while jobs queue for long.
    fn watch(&'static self) {
        loop {
            thread::sleep(PATIENCE);
            let mut state = self.state();
            if state.queue.is_empty() {
                state.is_watched = false;
                return;
            }
            if state.is_held_up() && state.threads < self.most {
                state.threads += 1;
                drop(state);
                self.grow(None);
            }
        }
    }

    fn work(&self, first: Option<BackgroundJob>) {
        let mut driver = Driver { signal: Signal::here(), tasks: HashMap::new(), next: 0 };
        if let Some(job) = first {
            driver.begin(job);
        }
        loop {
            driver.poll_woken();
            match self.next(&driver) {
                Next::Begin(job) => driver.begin(job),
                Next::Poll => {}
                Next::End => return,
            }
        }
    }

    /// Takes a job that queues, or waits.
    fn next(&self, driver: &Driver) -> Next {
        let mut state = self.state();
        if let Some((_, job)) = state.queue.pop_front() {
            return Next::Begin(job);
        }
        state.waiting.push(Arc::clone(&driver.signal));
        drop(state);
        let is_notified = driver.signal.wait(self.idle);

        let mut state = self.state();
        state.waiting.retain(|signal| !Arc::ptr_eq(signal, &driver.signal));
        match state.queue.pop_front() {
            Some((_, job)) => Next::Begin(job),
            None if is_notified || !driver.tasks.is_empty() => Next::Poll,
            None => {
                state.threads -= 1;
                Next::End
            }
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.state().threads
    }

    fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }
}

impl State {
    fn is_held_up(&self) -> bool {
        self.queue.front().is_some_and(|(since, _)| since.elapsed() >= PATIENCE)
    }
}

/// The jobs that have begun on one thread.
struct Driver {
    signal: Arc<Signal>,
    tasks: HashMap<u64, (Running, Waker)>,
    next: u64,
}

impl Driver {
    fn begin(&mut self, job: BackgroundJob) {
        self.next += 1;
        let waker = self.signal.waker(self.next);
        self.tasks.insert(self.next, (job.into_running(), waker));
        self.poll(self.next);
    }

    fn poll_woken(&mut self) {
        for id in self.signal.take() {
            self.poll(id);
        }
    }

    /// Polls a future, unless it is over.
    fn poll(&mut self, id: u64) {
        let Some((running, waker)) = self.tasks.get_mut(&id) else {
            return;
        };
        if Pin::new(running).poll(&mut Context::from_waker(waker)).is_ready() {
            self.tasks.remove(&id);
        }
    }
}
