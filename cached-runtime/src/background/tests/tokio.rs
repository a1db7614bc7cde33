//! Jobs inside the tokio runtime of the call that started them.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;
use tokio::{task, time};

use super::{Gate, PATIENCE, background, body, job, next, until};
use crate::background::{BackgroundJob, Kind};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(),
    ]
}

#[test]
fn a_job_sleeps_and_spawns_there() {
    for runtime in runtimes() {
        for kind in [Kind::Blocking, Kind::Task] {
            let background = background();
            let (sender, receiver) = oneshot::channel();
            let here = runtime.handle().id();
            runtime.block_on(async {
                let loads = job(move || async move {
                    assert_eq!(Handle::current().id(), here);
                    time::sleep(Duration::from_millis(1)).await;
                    let spawned = task::spawn(async { Handle::current().id() }).await.unwrap();
                    sender.send(spawned).unwrap();
                });
                assert!(background.start(kind, loads));
                let spawned = time::timeout(PATIENCE, receiver).await.unwrap().unwrap();
                assert_eq!(spawned, here);
                assert_eq!(background.wait_async(PATIENCE).await, 0);
            });
        }
    }
}

#[test]
fn a_body_that_is_not_async_may_wait_for_a_future_of_it() {
    let [_, runtime] = runtimes();
    let (background, (sender, receiver)) = (background(), mpsc::channel());
    let _entered = runtime.enter();
    let waits = body(move || {
        Handle::current().block_on(time::sleep(Duration::from_millis(1)));
        sender.send(()).unwrap();
    });
    assert!(background.start(Kind::Blocking, waits));
    next(&receiver);
}

#[test]
fn a_runtime_that_is_gone_harms_nobody() {
    for runtime in runtimes() {
        let (background, gate) = (background(), Gate::default());
        let (sender, receiver) = mpsc::channel();
        for kind in [Kind::Blocking, Kind::Task] {
            let (passed, waiting, later) = (gate.clone(), sender.clone(), sender.clone());
            let _entered = runtime.enter();
            let sleeps = job(move || async move {
                let mut sleep = Box::pin(time::sleep(PATIENCE));
                std::future::poll_fn(|ctx| {
                    let polled = sleep.as_mut().poll(ctx);
                    let _ = waiting.send(());
                    polled
                })
                .await;
            });
            assert!(background.start(kind, sleeps));
            let spawns = job(move || async move {
                later.send(()).unwrap();
                passed.pass().await;
                let _ = task::spawn(async {}).await;
                time::sleep(PATIENCE).await;
            });
            assert!(background.start(kind, spawns));
        }
        (0..4).for_each(|_| next(&receiver));
        drop(runtime);
        until(|| gate.waiting() == 2);
        gate.open();
        assert_eq!(background.wait(PATIENCE / 2), 0);

        let (sender, receiver) = mpsc::channel();
        assert!(background.start(Kind::Task, body(move || sender.send(()).unwrap())));
        next(&receiver);
    }
}

#[test]
fn a_spawner_may_have_a_runtime_of_its_own() {
    let [local, started] = runtimes();
    let (background, (jobs, inbox)) = (background(), mpsc::channel::<BackgroundJob>());
    let spawner = AssertUnwindSafe(Box::new(move |job| jobs.send(job).unwrap()) as _);
    assert!(background.spawner.set(spawner).is_ok());

    let (sender, receiver) = mpsc::channel();
    let loads = job(move || async move {
        let thread = task::spawn_local(async { thread::current().id() }).await.unwrap();
        sender.send((thread, Handle::current().id())).unwrap();
    });
    {
        let _entered = started.enter();
        assert!(background.start(Kind::Task, loads));
    }
    task::LocalSet::new().block_on(&local, next(&inbox).run());
    assert_eq!(next(&receiver), (thread::current().id(), local.handle().id()));
    assert_eq!(background.wait(PATIENCE), 0);
}
