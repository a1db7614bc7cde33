//! A load in the background that was overtaken in another process is of no use to who calls later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::{cached, hit, invalidate_tag, miss, stale, testing};

use crate::world::World;

const LONG: Duration = Duration::from_secs(10);

static LOADS: AtomicU64 = AtomicU64::new(0);
/// The second load of a test waits while this is held.
static HELD: Mutex<()> = Mutex::new(());

#[cached(shared, handle, timeout = 60, stale = 60, tags("all"))]
fn load(test: u64) -> u64 {
    let number = LOADS.fetch_add(1, Ordering::SeqCst) + 1;
    if number == 2 {
        drop(HELD.lock());
    }
    test + number
}

#[test]
fn who_finds_an_entry_invalidated_does_not_wait_for_its_renewal() {
    let invalidate = |test| _ = load::entry(test).invalidate().unwrap();
    let clear = |_| load::cache().clear().unwrap();
    let tag = |_| invalidate_tag("all").unwrap();
    let overtakers: [fn(u64); 3] = [invalidate, clear, tag];
    for (test, overtake) in (100..).step_by(100).zip(overtakers) {
        LOADS.store(0, Ordering::SeqCst);
        let world = World::new();
        let (one, other) = (world.process(), world.process());
        one.run(|| miss!(load(test), test + 1));
        world.advance_secs(60);
        let held = HELD.lock().unwrap();
        one.run(|| stale!(load(test), test + 1));
        let start = Instant::now();
        while LOADS.load(Ordering::SeqCst) < 2 {
            assert!(start.elapsed() < LONG, "no load began");
            thread::yield_now();
        }
        other.run(|| overtake(test));
        let (tell, told) = mpsc::channel();
        let process = one.clone();
        let call = thread::spawn(move || tell.send(process.run(|| load(test))));
        let value = told.recv_timeout(LONG);
        drop(held);
        call.join().unwrap().unwrap();
        assert_eq!(value, Ok(test + 3), "it began after the invalidation");
        one.run(testing::settle);
        one.run(|| hit!(load(test), test + 3));
        other.run(|| hit!(load(test), test + 3));
    }
}
