//! The threads: how many there are, and what one that is held up does to others.

use std::sync::{Arc, mpsc};
use std::task::Waker;
use std::time::Duration;

use super::{Gate, PATIENCE, Telling, background, body, job, next, until};
use crate::background::job::BackgroundJob;
use crate::background::tasks::Tasks;
use crate::background::threads::Threads;
use crate::background::{Background, Job};

fn admitted(background: &Arc<Background>, job: Job) -> BackgroundJob {
    BackgroundJob::new(job, background.admit().expect("open"))
}

fn tasks(most: usize, idle: Duration) -> &'static Tasks {
    Box::leak(Box::new(Tasks::new(most, idle)))
}

fn threads(most: usize, idle: Duration) -> &'static Threads {
    Box::leak(Box::new(Threads::new(most, idle)))
}

#[test]
fn tasks_whose_bodies_block_hold_up_no_job_that_comes_later() {
    let (background, tasks) = (background(), tasks(64, PATIENCE));
    let (sender, receiver) = mpsc::channel();
    let mut releases = Vec::new();
    for _ in 0..20 {
        let (release, hung) = mpsc::channel::<()>();
        releases.push(release);
        let sender = sender.clone();
        let blocks = body(move || {
            sender.send(()).unwrap();
            hung.recv().unwrap();
        });
        assert!(tasks.start(admitted(&background, blocks)));
    }
    (0..20).for_each(|_| next(&receiver));
    assert!(tasks.start(admitted(&background, body(move || sender.send(()).unwrap()))));
    next(&receiver);
    for release in releases {
        release.send(()).unwrap();
    }
    assert_eq!(background.wait(PATIENCE), 0);
}

#[test]
fn where_every_thread_is_held_up_jobs_are_refused() {
    let (background, tasks, threads) = (background(), tasks(1, PATIENCE), threads(1, PATIENCE));
    let (releases, hung): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel::<()>()).unzip();
    let mut hung = hung.into_iter().map(|hung| body(move || hung.recv().unwrap()));
    assert!(tasks.start(admitted(&background, hung.next().unwrap())));
    assert!(threads.start(admitted(&background, hung.next().unwrap())));

    // Tasks queue for a while first.
    until(|| !tasks.start(admitted(&background, body(|| {}))));
    let (sender, receiver) = mpsc::channel();
    let telling = Telling(sender);
    let refused = body(move || {
        let _telling = telling;
        unreachable!("there is no thread");
    });
    assert!(!threads.start(admitted(&background, refused)));
    receiver.try_recv().unwrap();

    for release in releases {
        release.send(()).unwrap();
    }
    assert_eq!(background.wait(PATIENCE), 0);
    assert!(tasks.start(admitted(&background, body(|| {}))));
    // The thread that was held up is free in a moment.
    until(|| threads.start(admitted(&background, body(|| {}))));
    assert_eq!(background.wait(PATIENCE), 0);
}

#[test]
fn threads_that_blocked_are_used_again() {
    let (background, threads) = (background(), threads(64, PATIENCE));
    for _ in 0..100 {
        assert!(threads.start(admitted(&background, body(|| {}))));
        assert_eq!(background.wait(PATIENCE), 0);
    }
    assert!(threads.count() < 64, "{} threads for jobs one after another", threads.count());
}

#[test]
fn threads_end_when_they_have_nothing_to_do_and_others_start() {
    let none = Duration::ZERO;
    let (background, tasks, threads) = (background(), tasks(64, none), threads(64, none));
    for _ in 0..3 {
        assert!(tasks.start(admitted(&background, body(|| {}))));
        assert!(threads.start(admitted(&background, body(|| {}))));
        assert_eq!(background.wait(PATIENCE), 0);
        until(|| tasks.count() == 0 && threads.count() == 0);
    }
}

#[test]
fn a_thread_stays_for_what_waits_on_it() {
    let (background, tasks, gate) = (background(), tasks(64, Duration::ZERO), Gate::default());
    let passed = gate.clone();
    assert!(tasks.start(admitted(&background, job(move || async move { passed.pass().await }))));
    until(|| gate.waiting() == 1);
    assert_eq!(background.wait(Duration::from_millis(50)), 1);
    assert_eq!(tasks.count(), 1);
    let wakers = gate.open();
    assert_eq!(background.wait(PATIENCE), 0);
    until(|| tasks.count() == 0);
    // Its thread is gone by now.
    wakers.into_iter().for_each(Waker::wake);
}
