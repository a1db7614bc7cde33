//! A thread for what must go on when no call does: leases are renewed, invalidations that failed
//! are tried again. Started when there is something to do.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Does a piece of work; says after how long to do it again, or that it is over.
pub(crate) type Job = Box<dyn FnMut() -> Option<Duration> + Send>;

struct Keeper {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

struct Jobs {
    /// By when they are due; the number tells those of one instant apart.
    due: BTreeMap<(Instant, u64), Job>,
    next: u64,
    is_running: bool,
}

static KEEPER: Keeper = Keeper {
    jobs: Mutex::new(Jobs { due: BTreeMap::new(), next: 0, is_running: false }),
    changed: Condvar::new(),
};

/// Does `job` after `delay`, and as often as it asks for. It may block for as long as an operation of
/// a store may take. One that panics, in a store of the user's, is over.
pub(crate) fn after(delay: Duration, job: Job) {
    let mut jobs = KEEPER.jobs();
    jobs.add(delay, job);
    if jobs.is_running {
        KEEPER.changed.notify_one();
    } else {
        let thread = thread::Builder::new().name("cached-keeper".into()).spawn(|| KEEPER.run());
        // Where no thread can be had, the next job tries again.
        jobs.is_running = thread.is_ok();
    }
}

impl Keeper {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut jobs = self.jobs();
        loop {
            let now = Instant::now();
            match jobs.due.first_entry() {
                None => {
                    jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
                }
                Some(first) if first.key().0 > now => {
                    let nap = first.key().0 - now;
                    let woken = self.changed.wait_timeout(jobs, nap);
                    jobs = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
                Some(first) => {
                    let mut job = first.remove();
                    drop(jobs);
                    let again = catch_unwind(AssertUnwindSafe(&mut job)).unwrap_or_default();
                    jobs = self.jobs();
                    if let Some(delay) = again {
                        jobs.add(delay, job);
                    }
                }
            }
        }
    }
}

impl Jobs {
    fn add(&mut self, delay: Duration, job: Job) {
        self.next += 1;
        self.due.insert((Instant::now() + delay, self.next), job);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_job_that_panics_ends_no_other() {
        let (sender, receiver) = channel();
        after(Duration::ZERO, Box::new(|| panic!("of a store")));
        after(
            Duration::from_millis(1),
            Box::new(move || {
                let _ = sender.send(());
                None
            }),
        );
        assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(()));
    }

    #[test]
    fn jobs_are_done_when_due_and_as_often_as_they_ask() {
        let (sender, receiver) = channel();
        let late = sender.clone();
        after(
            Duration::from_secs(2),
            Box::new(move || {
                let _ = late.send("late");
                None
            }),
        );
        let mut times = 0;
        after(
            Duration::from_millis(1),
            Box::new(move || {
                let _ = sender.send("early");
                times += 1;
                (times < 2).then_some(Duration::from_millis(1))
            }),
        );
        let next = || receiver.recv_timeout(Duration::from_secs(10)).expect("a job is done");
        assert_eq!((next(), next(), next()), ("early", "early", "late"));
        assert!(receiver.recv_timeout(Duration::from_secs(10)).is_err(), "and no more");
    }
}
