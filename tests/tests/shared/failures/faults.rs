//! Every fault a store can be made to have, in every operation.

use std::time::{Duration, Instant};

use cached_runtime::testing::FaultyStore;
use cached_runtime::{ErrorKind, StoreConfig, cached, hit, miss, store::Timeouts};
use futures_lite::future::block_on;

use crate::world::{World, from_store, said, say};

#[cached(shared, handle, key = "{id}", timeout = 60)]
fn plain(id: u64) -> u64 {
    id + said()
}

#[cached(shared, handle, key = "{id}", timeout = 60, lease = "1s")]
async fn leased(id: u64) -> u64 {
    id + said()
}

#[cached(shared, key = "{id}", timeout = 60, local = false)]
fn without_memory(id: u64) -> u64 {
    id + said()
}

const KINDS: [ErrorKind; 5] = [
    ErrorKind::Unavailable,
    ErrorKind::Timeout,
    ErrorKind::Refused,
    ErrorKind::Protocol,
    ErrorKind::Codec,
];

type Fault = Box<dyn Fn(&FaultyStore)>;

fn faults() -> Vec<Fault> {
    let mut faults: Vec<Fault> = vec![
        Box::new(|store| {
            store.hang();
        }),
        Box::new(|store| {
            store.corrupt();
        }),
        Box::new(|store| {
            store.truncate();
        }),
        Box::new(|store| {
            store.lose();
        }),
        Box::new(|store| {
            store.delay(Duration::from_millis(5));
        }),
    ];
    for kind in KINDS {
        faults.push(Box::new(move |store| {
            store.fail(kind);
        }));
    }
    faults
}

/// So short that a test of what hangs is not long.
fn brief(store: StoreConfig) -> StoreConfig {
    let (read, write) = (Duration::from_millis(20), Duration::from_millis(30));
    store.timeouts(Timeouts { read, write, ..Timeouts::default() })
}

#[test]
fn every_call_returns_what_the_body_does_or_what_is_stored() {
    for fault in faults() {
        // Of every operation, of every second one, ..: looks, marks, leases, values in any mixture.
        for one_in in 1..=6 {
            for is_tiered in [false, true] {
                let world = World::new();
                let process = world.process_with(|store| {
                    let store = brief(store);
                    if is_tiered { store.tiered() } else { store }
                });
                say(100);
                process.run(|| {
                    plain(0);
                    block_on(leased(0));
                });
                fault(&world.store);
                world.store.chance(1.0 / f64::from(one_in));
                process.run(|| {
                    for id in 0..3 {
                        assert_eq!(plain(id), id + 100);
                        assert_eq!(block_on(leased(id)), id + 100);
                        assert_eq!(without_memory(id), id + 100);
                        assert_eq!(plain::fresh(id), id + 100);
                        // These may fail, and must do so in time and without a panic.
                        let _ = plain::entry(id).peek();
                        let _ = plain::entry(id).age();
                        let _ = plain::entry(id).put(id + 100);
                        let _ = block_on(leased::entry(id).invalidate_async());
                        let _ = plain::entry(id).invalidate();
                        let _ = plain::cache().clear();
                    }
                });
                world.store.heal();
                // The breaker may be open, what is overdue not yet made up for.
                for _ in 0..200 {
                    world.advance_secs(1);
                    process.run(|| {
                        assert_eq!(plain(0), 100);
                        assert_eq!(block_on(leased(0)), 100);
                    });
                    let has_recovered = process.run(|| {
                        let peeked = (plain::entry(0).peek(), leased::entry(0).peek());
                        matches!(peeked, (Ok(Some(100)), Ok(Some(100))))
                    });
                    if has_recovered {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
                process.run(|| {
                    hit!(plain(0), 100);
                    hit!(block_on(leased(0)), 100);
                });
            }
        }
    }
}

#[test]
fn a_store_that_hangs_delays_a_call_by_one_operation_and_then_none() {
    let world = World::new();
    let process = world.process();
    world.store.hang();
    process.run(|| {
        for id in 0..5 {
            let start = Instant::now();
            if id % 2 == 0 {
                miss!(plain(id));
            } else {
                miss!(block_on(leased(id)));
            }
            let took = start.elapsed();
            // 250 ms for a read; the rest is for a busy machine.
            assert!(took >= Duration::from_millis(200), "{took:?}");
            assert!(took < Duration::from_millis(700), "{took:?}");
        }
        let asked = (world.store.reads(), world.store.writes());
        assert_eq!(asked, (5, 0), "what cannot be read is not written");
        let start = Instant::now();
        for id in 0..1_000 {
            plain(id);
            block_on(leased(id));
        }
        let took = start.elapsed();
        assert!(took < Duration::from_millis(400), "{took:?} for 2,000 calls");
        assert_eq!((world.store.reads(), world.store.writes()), asked, "it is left alone");

        // After two seconds one operation tries again, alone.
        world.advance_secs(2);
        plain(1);
        plain(2);
        assert_eq!((world.store.reads(), world.store.writes()), (6, 0));
        world.store.heal();
        world.advance_secs(3);
        plain(1);
        assert_eq!(world.store.reads(), 6, "the time has doubled");
        world.advance_secs(1);
        miss!(plain(1));
        from_store(|| plain(1));
    });
}

#[test]
fn a_write_that_hangs_delays_a_call_by_one_operation() {
    #[cached(shared, handle, key = "{id}", lease = "1s")]
    fn first(id: u64) -> u64 {
        id
    }

    let world = World::new();
    let process = world.process();
    process.run(|| first(0));
    // The look works, what comes after it does not.
    world.store.delay(Duration::from_millis(1)).times(1);
    let start = Instant::now();
    let store = world.store.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| process.run(|| assert_eq!(first(1), 1)));
        while store.reads() < 2 {
            std::thread::yield_now();
        }
        store.hang();
    });
    let took = start.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn one_refused_connection_is_enough() {
    let world = World::new();
    let process = world.process();
    world.store.fail(ErrorKind::Unavailable);
    process.run(|| {
        for id in 0..10 {
            plain(id);
        }
        assert_eq!(world.store.reads() + world.store.writes(), 1);
    });
}

#[test]
fn a_store_that_refuses_is_asked_on() {
    let world = World::new();
    let process = world.process();
    process.run(|| plain(1));
    world.store.fail(ErrorKind::Refused).times(7);
    process.run(|| {
        for _ in 0..7 {
            miss!(plain(1));
        }
        from_store(|| plain(1));
    });
}

#[test]
fn memory_keeps_what_the_store_was_not_given_for_a_short_while_only() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Refused] {
        let world = World::new();
        let (tiered, process) = (world.tiered(), world.process());
        world.store.fail(kind);
        say(100);
        tiered.run(|| (plain(1), without_memory(1)));
        process.run(|| plain(1));
        world.store.heal();
        world.advance_secs(4);
        say(200);
        tiered.run(|| {
            hit!(plain(1), 101);
            miss!(without_memory(1), 201);
        });
        process.run(|| miss!(plain(1), 201));
        say(300);
        world.advance_secs(1);
        tiered.run(|| hit!(plain(1), 201));
    }
}
