//! A spawner of the program's own.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::{Gate, PATIENCE, Telling, background, block_on, body, job, next, until};
use crate::background::{Background, BackgroundJob, Kind};

/// A background whose tasks are sent here.
fn handed_over() -> (Arc<Background>, mpsc::Receiver<BackgroundJob>) {
    let (background, (jobs, inbox)) = (background(), mpsc::channel());
    let spawner = AssertUnwindSafe(Box::new(move |job| jobs.send(job).unwrap()) as _);
    assert!(background.spawner.set(spawner).is_ok());
    (background, inbox)
}

#[test]
fn tasks_are_handed_to_it_and_what_blocks_is_not() {
    let (background, inbox) = handed_over();
    let (sender, receiver) = mpsc::channel();
    for kind in [Kind::Blocking, Kind::Task] {
        let sender = sender.clone();
        let tell = body(move || sender.send((kind, thread::current().id())).unwrap());
        assert!(background.start(kind, tell));
    }
    let (kind, thread) = next(&receiver);
    assert_eq!(kind, Kind::Blocking);
    assert_ne!(thread, thread::current().id());
    until(|| background.wait(Duration::ZERO) == 1);

    block_on(next(&inbox).run());
    assert_eq!(next(&receiver), (Kind::Task, thread::current().id()));
    assert_eq!(background.wait(PATIENCE), 0);
    assert!(inbox.try_recv().is_err());
}

#[test]
fn a_job_that_it_drops_or_panics_over_is_over() {
    let (background, inbox) = handed_over();
    assert!(background.start(Kind::Task, body(|| unreachable!("dropped"))));
    drop(next(&inbox));
    assert_eq!(background.wait(Duration::ZERO), 0);

    drop(inbox);
    assert!(!background.start(Kind::Task, body(|| unreachable!("nobody takes it"))));
    assert_eq!(background.wait(Duration::ZERO), 0);
}

#[test]
fn a_job_that_panics_does_not_panic_there() {
    let (background, inbox) = handed_over();
    assert!(background.start(Kind::Task, body(|| panic!("in the load"))));
    block_on(next(&inbox).run());
    assert_eq!(background.wait(Duration::ZERO), 0);
}

#[test]
fn a_shutdown_drops_what_waits_there() {
    let (background, inbox) = handed_over();
    let (gate, (sender, receiver)) = (Gate::default(), mpsc::channel());
    let (never, telling) = (gate.clone(), Telling(sender));
    let waits = job(move || async move {
        let _telling = telling;
        never.pass().await;
    });
    assert!(background.start(Kind::Task, waits));
    thread::scope(|scope| {
        let job = next(&inbox);
        scope.spawn(|| block_on(job.run()));
        until(|| gate.waiting() == 1);
        assert_eq!(background.end(Duration::ZERO), 0);
    });
    receiver.try_recv().unwrap();
}

#[cfg(feature = "testing")]
#[test]
fn it_is_set_once_for_the_program_and_in_each_isolated_test() {
    use crate::error::ErrorKind;
    use crate::testing::isolated;
    use crate::{background, set_spawner};

    for _ in 0..2 {
        isolated(|| {
            let (jobs, inbox) = mpsc::channel();
            set_spawner(move |job| jobs.send(job).unwrap()).unwrap();
            let error = set_spawner(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert_eq!(
                error.to_string(),
                "invalid configuration: `set_spawner` was called before; call it once"
            );
            assert!(background::current().start(Kind::Task, body(|| {})));
            block_on(next(&inbox).run());
        });
    }
}
