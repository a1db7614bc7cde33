//! Processes around one store: isolations, each with memory of its own, and one time for all.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::store::MemoryStore;
use cached_runtime::testing::{self, FaultyStore, Isolation, last_outcome};
use cached_runtime::{HitTier, ManualClock, MissReason, Outcome, StoreConfig, init};

use crate::script::Script;

/// A store, and the processes that share it.
pub(crate) struct World {
    pub(crate) store: FaultyStore,
    clock: ManualClock,
    processes: Mutex<Vec<Isolation>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new();
        let store = FaultyStore::new(MemoryStore::new().with_manual_clock(clock.clone()));
        Self { store, clock, processes: Mutex::default() }
    }

    /// One whose store carries messages: each has come before the change that it tells of is over.
    pub(crate) fn with_bus() -> Self {
        let clock = ManualClock::new();
        let script = Script::over(MemoryStore::new().with_manual_clock(clock.clone()));
        Self { store: FaultyStore::new(script), clock, processes: Mutex::default() }
    }

    /// A process without memory in front of the store.
    pub(crate) fn process(&self) -> Isolation {
        self.process_with(|store| store)
    }

    /// A process with memory in front of the store.
    pub(crate) fn tiered(&self) -> Isolation {
        self.process_with(StoreConfig::tiered)
    }

    pub(crate) fn process_with(
        &self,
        configure: impl FnOnce(StoreConfig) -> StoreConfig,
    ) -> Isolation {
        let process = Isolation::new();
        process.clock().advance(self.clock.elapsed());
        let config = configure(StoreConfig::custom(Arc::new(self.store.clone())));
        process.run(|| init(config.into())).expect("the configuration is valid");
        self.processes.lock().unwrap().push(process.clone());
        process
    }

    /// Waits for all that runs in the background of any process.
    pub(crate) fn settle(&self) {
        self.processes.lock().unwrap().iter().for_each(|process| process.run(testing::settle));
    }

    /// Lets time pass, everywhere.
    pub(crate) fn advance(&self, step: Duration) {
        self.clock.advance(step);
        self.processes.lock().unwrap().iter().for_each(|process| process.clock().advance(step));
    }

    pub(crate) fn advance_secs(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }
}

/// Waits until the store has been told. Time passes for the breaker as well.
#[track_caller]
pub(crate) fn made_up(world: &World, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "never made up for");
        world.advance(Duration::from_millis(200));
        thread::sleep(Duration::from_millis(10));
    }
}

thread_local! {
    static SAID: Cell<u64> = const { Cell::new(0) };
}

/// What bodies on this thread return from now on.
pub(crate) fn say(value: u64) {
    SAID.set(value);
}

/// What a body returns that says what was said last.
pub(crate) fn said() -> u64 {
    SAID.get()
}

/// What a call returned, and how it was answered.
pub(crate) fn answer<T>(call: impl FnOnce() -> T) -> (T, Outcome) {
    let _ = last_outcome();
    let value = call();
    (value, last_outcome().expect("a cached call says how it was answered"))
}

/// What a call returned that the store answered.
#[track_caller]
pub(crate) fn from_store<T>(call: impl FnOnce() -> T) -> T {
    let (value, outcome) = answer(call);
    assert!(matches!(outcome, Outcome::Hit { tier: HitTier::Shared, .. }), "{outcome:?}");
    value
}

/// What a call returned that memory answered.
#[track_caller]
pub(crate) fn from_memory<T>(call: impl FnOnce() -> T) -> T {
    let (value, outcome) = answer(call);
    assert!(matches!(outcome, Outcome::Hit { tier: HitTier::Memory, .. }), "{outcome:?}");
    value
}

/// What a call returned that loaded for this reason.
#[track_caller]
pub(crate) fn loaded<T>(reason: MissReason, call: impl FnOnce() -> T) -> T {
    let (value, outcome) = answer(call);
    match outcome {
        Outcome::Miss { reason: said, .. } => assert_eq!(said, reason),
        other => panic!("expected a load, and it was {other:?}"),
    }
    value
}

thread_local! {
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// Makes bodies on this thread that ask for it wait from now on, or no longer.
pub(crate) fn hold(is_held: bool) {
    HELD.set(is_held);
}

/// Waits inside a body until it is let go. Whoever waits is polled by hand.
pub(crate) async fn held() {
    poll_fn(|_| if HELD.get() { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// Polls a call that cannot end yet.
#[track_caller]
pub(crate) fn starts<T>(call: Pin<&mut impl Future<Output = T>>) {
    let polled = call.poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "it ended");
}
