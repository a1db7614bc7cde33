//! Two processes around each kind of store, and a function in both whose bodies wait where a test
//! tells them to.

#[path = "../../freshness/stage.rs"]
mod stage;

use std::future::Future;
use std::ops::Deref;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use cached_runtime::testing::{self, Isolation};
use futures_lite::future::block_on;

use crate::BOUND;
use crate::world::World;
pub(super) use stage::Stage;

/// A store and what is in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bare,
    /// Memory, which hears of nothing.
    Tiered,
    /// Memory, which hears of changes.
    Told,
}

/// A store, and two processes that share it.
pub(super) struct Scene {
    pub(super) kind: Kind,
    pub(super) world: World,
    pub(super) one: Isolation,
    pub(super) other: Isolation,
}

impl Scene {
    /// Runs a test with each kind of store.
    pub(super) fn each(stages: &Stages, test: impl Fn(&Self)) {
        for kind in [Kind::Bare, Kind::Tiered, Kind::Told] {
            eprintln!("{kind:?}");
            stages.clear();
            let scene = Self::new(kind);
            test(&scene);
            // Whatever goes on in the background is of this kind, too.
            scene.world.settle();
        }
    }

    fn new(kind: Kind) -> Self {
        let world = if kind == Kind::Told { World::with_bus() } else { World::new() };
        let process = || if kind == Kind::Bare { world.process() } else { world.tiered() };
        let (one, other) = (process(), process());
        Self { kind, world, one, other }
    }

    /// A process that comes later, and has nothing in memory.
    pub(super) fn newcomer(&self) -> Isolation {
        if self.kind == Kind::Bare { self.world.process() } else { self.world.tiered() }
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.world.advance_secs(seconds);
    }

    /// Waits for what no event announces.
    pub(super) fn until(is_so: impl FnMut() -> bool) {
        cached_tests::servers::wait_until("it comes about", is_so);
    }
}

/// Waits for all that runs in the background of a process.
pub(super) fn settle(process: &Isolation) {
    process.run(testing::settle);
}

/// Runs a future of a process on this thread.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    block_on(future)
}

/// Runs a call of a process on another thread.
pub(super) fn aside<T: Send + 'static>(
    process: &Isolation,
    call: impl FnOnce() -> T + Send + 'static,
) -> Aside<T> {
    let (sender, result) = channel();
    let process = process.clone();
    thread::spawn(move || drop(sender.send(process.run(call))));
    Aside(result)
}

/// A call on another thread.
pub(super) struct Aside<T>(Receiver<T>);

impl<T> Aside<T> {
    /// What it returned. Fails where it panicked as well, which that thread has told of.
    #[track_caller]
    pub(super) fn join(self) -> T {
        self.0.recv_timeout(BOUND).expect("it returns in time")
    }

    /// What it returned, once it has.
    pub(super) fn over(&self) -> Option<T> {
        self.0.try_recv().ok()
    }

    /// Expects that it still waits after it had time to come to where it waits, which nothing announces.
    /// If that was not enough, what follows holds as well.
    #[track_caller]
    pub(super) fn lingers(&self) {
        for _ in 0..1_000 {
            assert!(self.0.try_recv().is_err(), "it does not wait");
            thread::yield_now();
        }
    }
}

/// The stage of a function: another for each kind of store.
pub(super) struct Stages(Mutex<Option<&'static Stage>>);

impl Stages {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn clear(&self) {
        *self.0.lock().unwrap() = Some(Box::leak(Box::new(Stage::new())));
    }
}

impl Deref for Stages {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        self.0.lock().unwrap().expect("a test has begun")
    }
}

/// A test of a shared function, and the same of an `async` one, over each kind of store.
///
/// Both have the name, options, arguments and body given, and a handle of that name. Each load
/// begins on `STAGE`. `done` is put around what is async of one of them, such as `fresh`.
macro_rules! both {
    (
        $test:ident, ($($options:tt)*),
        $load:ident($($arg:ident: $ty:ty),*) -> $returned:ty $body:block,
        |$scene:ident| $check:block $(,)?
    ) => {
        mod $test {
            #[allow(unused_imports, reason = "not every test uses all")]
            use super::*;

            #[test]
            fn threads() {
                static STAGE: Stages = Stages::new();
                #[cached(shared, $($options)*, handle)]
                fn $load($($arg: $ty),*) -> $returned {
                    STAGE.enter();
                    $body
                }
                #[allow(dead_code, reason = "not every test needs it")]
                fn done<T>(result: T) -> T {
                    result
                }
                Scene::each(&STAGE, |$scene| $check);
            }

            #[test]
            fn tasks() {
                static STAGE: Stages = Stages::new();
                #[cached(shared, $($options)*, handle = $load)]
                async fn load_async($($arg: $ty),*) -> $returned {
                    STAGE.enter_async().await;
                    $body
                }
                fn $load($($arg: $ty),*) -> $returned {
                    wait(load_async($($arg),*))
                }
                #[allow(dead_code, reason = "not every test needs it")]
                fn done<F: Future>(future: F) -> F::Output {
                    wait(future)
                }
                Scene::each(&STAGE, |$scene| $check);
            }
        }
    };
}
pub(super) use both;

/// What calls of a process came to: hits, stale hits, misses.
pub(super) fn answers(stats: cached_runtime::Stats) -> (u64, u64, u64) {
    (stats.hits, stats.stale_hits, stats.misses)
}
