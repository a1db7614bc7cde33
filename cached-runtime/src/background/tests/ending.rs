//! Shutdown: what is waited for, what is dropped, what is left.

use std::future::poll_fn;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use super::{Gate, PATIENCE, Telling, Throwing, background, block_on, body, job, next, until};
use crate::background::{Background, Kind, shutdown_async};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn a_body_that_hangs_holds_up_neither_others_nor_the_shutdown() {
    let (background, (sender, receiver)) = (background(), mpsc::channel());
    let (release, hung) = mpsc::channel::<()>();
    assert!(background.start(Kind::Blocking, body(move || hung.recv().unwrap())));
    for kind in [Kind::Blocking, Kind::Task] {
        let sender = sender.clone();
        assert!(background.start(kind, body(move || sender.send(()).unwrap())));
        next(&receiver);
    }

    assert!(!background.is_aborted());
    assert_eq!(background.end(SHORT), 1);
    assert!(background.is_aborted());
    assert_eq!(block_on(background.end_async(SHORT)), 1);

    release.send(()).unwrap();
    assert_eq!(background.end(PATIENCE), 0);
}

#[test]
fn bodies_that_hang_hold_up_no_task_that_waits() {
    let (background, gate, (sender, receiver)) = (background(), Gate::default(), mpsc::channel());
    let (releases, hung): (Vec<_>, Vec<_>) = (0..20).map(|_| mpsc::channel::<()>()).unzip();
    for _ in 0..20 {
        let (passed, sender) = (gate.clone(), sender.clone());
        let waits = job(move || async move {
            passed.pass().await;
            sender.send(()).unwrap();
        });
        assert!(background.start(Kind::Task, waits));
    }
    until(|| gate.waiting() == 20);
    for hung in hung {
        let sender = sender.clone();
        let hangs = body(move || {
            sender.send(()).unwrap();
            hung.recv().unwrap();
        });
        assert!(background.start(Kind::Blocking, hangs));
    }
    (0..20).for_each(|_| next(&receiver));
    gate.open();
    (0..20).for_each(|_| next(&receiver));
    until(|| background.wait(Duration::ZERO) == 20);
    for release in releases {
        release.send(()).unwrap();
    }
    assert_eq!(background.wait(PATIENCE), 0);
}

#[test]
fn a_job_is_over_only_when_it_has_been_dropped() {
    struct Counting(Arc<Background>, mpsc::Sender<usize>);
    impl Drop for Counting {
        fn drop(&mut self) {
            let _ = self.1.send(self.0.wait(Duration::ZERO));
        }
    }
    for kind in [Kind::Blocking, Kind::Task] {
        let (background, (sender, receiver)) = (background(), mpsc::channel());
        for is_to_end in [true, false] {
            let counting = Counting(Arc::clone(&background), sender.clone());
            let counts = job(move || {
                poll_fn(move |_| {
                    let _ = &counting;
                    if is_to_end { Poll::Ready(()) } else { Poll::Pending }
                })
            });
            assert!(background.start(kind, counts));
            if is_to_end {
                assert_eq!(background.wait(PATIENCE), 0);
            }
        }
        background.end(SHORT);
        assert_eq!(background.wait(PATIENCE), 0);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 1]);
    }
}

#[test]
fn what_waits_is_dropped() {
    let (background, (sender, receiver)) = (background(), mpsc::channel());
    for kind in [Kind::Blocking, Kind::Task] {
        let (gate, telling) = (Gate::default(), Telling(sender.clone()));
        let never = gate.clone();
        let waits = job(move || async move {
            let _telling = telling;
            never.pass().await;
        });
        assert!(background.start(kind, waits));
        until(|| gate.waiting() == 1);
    }
    assert!(receiver.try_recv().is_err());
    background.end(SHORT);
    assert_eq!(background.wait(PATIENCE), 0);
    receiver.try_recv().unwrap();
    receiver.try_recv().unwrap();
}

#[test]
fn a_panic_of_what_is_dropped_is_contained() {
    let background = background();
    for kind in [Kind::Blocking, Kind::Task] {
        let gate = Gate::default();
        let never = gate.clone();
        let waits = job(move || async move {
            let _throwing = Throwing;
            never.pass().await;
        });
        assert!(background.start(kind, waits));
        until(|| gate.waiting() == 1);
    }
    // To show where it panicked may take longer than the end waits for it.
    background.end(SHORT);
    assert_eq!(background.wait(PATIENCE), 0);
    let throwing = Throwing;
    let refused = body(move || {
        let _throwing = throwing;
    });
    assert!(!background.start(Kind::Task, refused));
}

#[test]
fn what_comes_to_its_end_is_waited_for() {
    let ends: [fn(&Background) -> usize; 2] = [
        |background| background.end(PATIENCE),
        |background| block_on(background.end_async(PATIENCE)),
    ];
    for end in ends {
        let (background, (sender, receiver)) = (background(), mpsc::channel());
        let (release, held) = mpsc::channel::<()>();
        let loads = body(move || {
            held.recv().unwrap();
            sender.send(()).unwrap();
        });
        assert!(background.start(Kind::Blocking, loads));
        let gate = Gate::default();
        let passed = gate.clone();
        assert!(background.start(Kind::Task, job(move || async move { passed.pass().await })));

        thread::scope(|scope| {
            let left = scope.spawn(|| end(&background));
            until(|| background.state().is_closed);
            release.send(()).unwrap();
            gate.open();
            assert_eq!(left.join().unwrap(), 0);
        });
        receiver.try_recv().unwrap();
        assert!(!background.is_aborted());
    }
}

#[test]
fn nothing_starts_afterwards_and_what_was_to_is_dropped() {
    let background = background();
    assert_eq!(background.end(PATIENCE), 0);
    assert_eq!(background.end(PATIENCE), 0);
    for kind in [Kind::Blocking, Kind::Task] {
        let (sender, receiver) = mpsc::channel();
        let telling = Telling(sender);
        let refused = body(move || {
            let _telling = telling;
            unreachable!("the background is shut");
        });
        assert!(!background.start(kind, refused));
        receiver.try_recv().unwrap();
    }
}

#[test]
fn a_shutdown_can_be_awaited_on_any_executor() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&shutdown_async(Duration::MAX));
}

#[cfg(feature = "testing")]
#[test]
fn an_isolated_test_ends_its_own_work_alone() {
    use crate::background::{current, shutdown};
    use crate::testing::Isolation;

    let (here, other) = (Isolation::new(), Isolation::new());
    assert_eq!(here.run(|| shutdown(PATIENCE)), 0);
    assert_eq!(block_on(here.run_async(shutdown_async(PATIENCE))), 0);
    assert!(!here.run(|| current().start(Kind::Task, body(|| {}))));
    assert!(other.run(|| current().start(Kind::Task, body(|| {}))));
    assert!(current().start(Kind::Task, body(|| {})));
}
