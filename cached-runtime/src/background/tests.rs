//! The background under test: what the tests share, and that jobs run, whatever they do.

mod ending;
mod pools;
mod spawner;
#[cfg(feature = "tokio")]
mod tokio;

use std::cell::Cell;
use std::future::poll_fn;
use std::mem;
use std::panic;
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::signal::Signal;
use super::{Background, Job, Kind};

/// Longer than anything here takes, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn background() -> Arc<Background> {
    Arc::new(Background::new())
}

fn job<F: Future<Output = ()> + 'static>(make: impl FnOnce() -> F + Send + 'static) -> Job {
    Box::new(|| Box::pin(make()))
}

/// A job that is over as soon as its body, which is not async.
fn body(code: impl FnOnce() + Send + 'static) -> Job {
    job(|| async { code() })
}

/// Receives what some thread is to send.
fn next<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(PATIENCE).expect("sent in time")
}

/// Runs a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let signal = Signal::here();
    let waker = signal.waker(0);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(signal.wait(PATIENCE), "a future did not end");
        signal.take();
    }
}

/// Waits for what no event announces.
fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "did not come about");
        thread::yield_now();
    }
}

/// Lets futures through once it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    async fn pass(&self) {
        poll_fn(|ctx| {
            let mut gate = self.0.lock().unwrap();
            if gate.0 {
                return Poll::Ready(());
            }
            gate.1.push(ctx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn waiting(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }

    /// Opens it, and returns the wakers that were used.
    fn open(&self) -> Vec<Waker> {
        let wakers = {
            let mut gate = self.0.lock().unwrap();
            gate.0 = true;
            mem::take(&mut gate.1)
        };
        wakers.iter().for_each(Waker::wake_by_ref);
        wakers
    }
}

/// Tells when it is dropped.
struct Telling(mpsc::Sender<()>);

impl Drop for Telling {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// Panics when it is dropped, and throws what does so as well.
struct Throwing;

impl Drop for Throwing {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic::panic_any(Self);
        }
    }
}

#[test]
fn jobs_run_and_their_futures_need_not_be_send() {
    let background = background();
    for kind in [Kind::Blocking, Kind::Task] {
        let (gate, (sender, receiver)) = (Gate::default(), mpsc::channel());
        let passed = gate.clone();
        let started = background.start(
            kind,
            job(move || async move {
                let count = Rc::new(Cell::new(1));
                sender.send(()).unwrap();
                passed.pass().await;
                count.set(count.get() + 1);
                assert_eq!(count.get(), 2);
                sender.send(()).unwrap();
            }),
        );
        assert!(started);
        next(&receiver);
        gate.open();
        next(&receiver);
        assert_eq!(background.wait(PATIENCE), 0);
    }
}

#[test]
fn a_thousand_tasks_wait_on_few_threads_and_stay_on_theirs() {
    let (background, gate, (sender, receiver)) = (background(), Gate::default(), mpsc::channel());
    for _ in 0..1_000 {
        let (gate, sender) = (gate.clone(), sender.clone());
        let waits = job(move || async move {
            let thread = thread::current().id();
            sender.send(thread).unwrap();
            gate.pass().await;
            assert_eq!(thread::current().id(), thread);
            sender.send(thread).unwrap();
        });
        assert!(background.start(Kind::Task, waits));
    }
    let mut threads: Vec<_> = (0..1_000).map(|_| next(&receiver)).collect();
    threads.sort_by_key(|thread| format!("{thread:?}"));
    threads.dedup();
    // Four, and some more where this machine is so busy that jobs queue for long.
    assert!(threads.len() <= 32, "{} threads", threads.len());

    until(|| gate.waiting() == 1_000);
    gate.open();
    for _ in 0..1_000 {
        next(&receiver);
    }
    assert_eq!(background.wait(PATIENCE), 0);
}

#[test]
fn a_job_that_panics_ends_and_harms_nobody() {
    let background = background();
    for kind in [Kind::Blocking, Kind::Task] {
        let gate = Gate::default();
        let (late, held) = (gate.clone(), gate.clone());
        let jobs = [
            Box::new(|| panic!("as it is made")),
            body(|| panic!("at once")),
            body(|| panic::panic_any(Throwing)),
            job(move || async move {
                late.pass().await;
                panic!("later");
            }),
            job(move || {
                let throwing = Throwing;
                poll_fn(move |ctx| {
                    let _ = &throwing;
                    pin!(held.pass()).poll(ctx)
                })
            }),
        ];
        for job in jobs {
            assert!(background.start(kind, job));
        }
        gate.open();
        assert_eq!(background.wait(PATIENCE), 0);

        let (sender, receiver) = mpsc::channel();
        assert!(background.start(kind, body(move || sender.send(()).unwrap())));
        next(&receiver);
    }
}

#[test]
fn a_body_may_park_its_thread_and_unpark_it() {
    let background = background();
    for kind in [Kind::Blocking, Kind::Task] {
        let (gate, (sender, receiver)) = (Gate::default(), mpsc::channel());
        let passed = gate.clone();
        let loads = job(move || async move {
            let mut is_woken = false;
            poll_fn(|ctx| {
                if mem::replace(&mut is_woken, true) {
                    return Poll::Ready(());
                }
                // Takes the unpark that comes with the wake.
                ctx.waker().wake_by_ref();
                thread::park();
                Poll::Pending
            })
            .await;
            thread::current().unpark();
            passed.pass().await;
            sender.send(()).unwrap();
        });
        assert!(background.start(kind, loads));
        until(|| gate.waiting() == 1);
        assert_eq!(background.wait(Duration::from_millis(10)), 1);
        gate.open();
        next(&receiver);
        assert_eq!(background.wait(PATIENCE), 0);
    }
}

#[test]
fn a_wake_after_the_end_is_harmless() {
    let background = background();
    for kind in [Kind::Blocking, Kind::Task] {
        let gate = Gate::default();
        let passed = gate.clone();
        background.start(kind, job(move || async move { passed.pass().await }));
        until(|| gate.waiting() == 1);
        let wakers = gate.open();
        assert_eq!(background.wait(PATIENCE), 0);

        wakers.iter().for_each(Waker::wake_by_ref);
        let (sender, receiver) = mpsc::channel();
        background.start(kind, body(move || sender.send(()).unwrap()));
        next(&receiver);
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(feature = "testing")]
#[test]
fn a_job_runs_in_the_isolation_that_started_it() {
    use crate::background::current;
    use crate::testing::{self, Isolation};

    let isolation = Isolation::new();
    isolation.clock().advance(Duration::from_secs(7));
    let (sender, receiver) = mpsc::channel();
    isolation.run(|| {
        for kind in [Kind::Blocking, Kind::Task] {
            let sender = sender.clone();
            let look = body(move || sender.send((testing::isolation(), current())).unwrap());
            assert!(current().start(kind, look));
        }
        testing::settle();
        block_on(testing::settle_async());
    });
    for _ in 0..2 {
        // Ended already, by `settle`.
        let (inside, background) = receiver.try_recv().unwrap();
        assert_eq!(inside.clock().elapsed(), Duration::from_secs(7));
        assert!(Arc::ptr_eq(&background, &isolation.background()));
    }
}
