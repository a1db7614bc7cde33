//! `get_or_load`: one load for all who want it, and what overtakes one.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use cached_runtime::store::MemoryStore;
use cached_runtime::testing::{self, Isolation};
use cached_runtime::{Cache, hit, miss};
use futures_util::future::join_all;

use crate::support::{alone, block_on, gate, process, secs};

#[test]
fn a_load_is_stored_for_its_timeout() {
    alone(|cache| {
        miss!(cache.get_or_load("key", 10, || 1), 1);
        hit!(cache.get_or_load("key", 10, || 2), 1);
        assert_eq!(cache.get("key"), Some(1));
        testing::clock().advance(secs(10));
        miss!(cache.get_or_load("key", 10, || 3), 3);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.loads), (2, 2, 2));
    });
}

#[test]
fn an_entry_of_another_type_is_replaced() {
    alone(|cache| {
        cache.set("key", "text", 60).unwrap();
        assert_eq!(cache.get_or_load("key", 60, || 7), 7);
        assert_eq!(cache.get_or_load("key", 60, || 8), 7);
    });
}

#[test]
fn threads_and_tasks_that_want_one_key_share_one_load() {
    const EACH: usize = 50;
    alone(|cache| {
        let isolation = testing::isolation();
        let (loads, start) = (AtomicUsize::new(0), Barrier::new(EACH + 2));
        let (door, opener) = gate();
        let load = || {
            loads.fetch_add(1, Ordering::SeqCst);
            door.pass();
            "value".to_owned()
        };
        thread::scope(|scope| {
            let mut callers = Vec::new();
            for _ in 0..EACH {
                callers.push(scope.spawn(|| {
                    start.wait();
                    vec![isolation.run(|| cache.get_or_load("key", 60, load))]
                }));
            }
            callers.push(scope.spawn(|| {
                start.wait();
                let task = |_| {
                    isolation.run_async(cache.get_or_load_async("key", 60, || async { load() }))
                };
                block_on(join_all((0..EACH).map(task)))
            }));
            start.wait();
            opener.reached();
            // All are waiting for it, or will find what it brings.
            opener.open();
            for caller in callers {
                assert!(caller.join().unwrap().iter().all(|value| value == "value"));
            }
        });
        assert_eq!(loads.into_inner(), 1);
        let stats = cache.stats();
        assert_eq!((stats.loads, stats.hits + stats.misses), (1, 2 * EACH as u64));
    });
}

#[test]
fn errors_are_returned_and_not_stored() {
    alone(|cache| {
        let load =
            |result: Result<u8, &'static str>| cache.try_get_or_load("key", 60, move || result);
        assert_eq!(load(Err("one")), Err("one"));
        assert_eq!(load(Err("two")), Err("two"));
        assert!(!cache.has("key"));
        assert_eq!(load(Ok(1)), Ok(1));
        assert_eq!(load(Err("three")), Ok(1));
        assert_eq!(cache.get_or_load("key", 60, || 2_u8), 1, "and is the same to everybody");
        assert_eq!((cache.stats().loads, cache.stats().load_errors), (3, 2));
    });
}

#[test]
fn failures_among_plain_values_are_not_stored() {
    alone(|cache| {
        let option = |value: Option<u8>| cache.get_or_load("option", 60, move || value);
        assert_eq!((option(None), option(Some(1)), option(None)), (None, Some(1), Some(1)));
        let result =
            |value: Result<u8, String>| cache.get_or_load("result", 60, move || value.clone());
        assert_eq!(result(Err("no".into())), Err("no".into()));
        assert!(!cache.has("result"));
        assert_eq!((result(Ok(1)), result(Err("no".into()))), (Ok(1), Ok(1)));
    });
}

#[test]
fn a_panic_is_its_callers_and_the_next_one_loads() {
    alone(|cache| {
        let panics = || cache.get_or_load("key", 60, || -> u8 { panic!("on purpose") });
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(cache.get_or_load("key", 60, || 1), 1);
    });
}

#[test]
fn a_load_that_asks_for_its_own_key_runs_inside_itself() {
    alone(|cache| {
        let load = || cache.get_or_load("key", 60, || cache.get_or_load("key", 60, || 1) + 1);
        assert_eq!((load(), load()), (2, 2));
    });
}

/// Runs `overtake` in another process, or in the same one, while a load that returns 1 is running;
/// then says what is there, and what a call that began after it was given.
fn overtaken(is_other: bool, overtake: impl FnOnce(&Cache)) -> (Option<u8>, u8) {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (process(&store), process(&store));
    let (door, opener) = gate();
    let cache = Cache::named("default");
    let after = if is_other { &other } else { &one };
    let load = || {
        door.pass();
        1
    };
    thread::scope(|scope| {
        let loading = scope.spawn(|| one.run(|| cache.get_or_load("key", 60, load)));
        opener.reached();
        after.run(|| overtake(&cache));
        let later = after.run(|| cache.get_or_load("key", 0, || 9));
        opener.open();
        assert_eq!(loading.join().unwrap(), 1, "its own caller is given it");
        (other.run(|| cache.get("key")), later)
    })
}

#[test]
fn a_value_that_is_set_during_a_load_beats_it() {
    for is_other in [false, true] {
        let found = overtaken(is_other, |cache| cache.set("key", &2, 60).unwrap());
        assert_eq!(found, (Some(2), 2), "{is_other}");
        let found = overtaken(is_other, |cache| cache.set_many(&[("key", &2)], 60).unwrap());
        assert_eq!(found, (Some(2), 2), "{is_other}");
        let found = overtaken(is_other, |cache| assert!(cache.add("key", &2, 60).unwrap()));
        assert_eq!(found, (Some(2), 2), "{is_other}");
        let found = overtaken(is_other, |cache| assert_eq!(cache.incr("key", 2).unwrap(), 2));
        assert_eq!(found, (Some(2), 2), "{is_other}");
    }
}

#[test]
fn what_is_dropped_during_a_load_stays_so() {
    for is_other in [false, true] {
        let found = overtaken(is_other, |cache| assert!(!cache.delete("key").unwrap()));
        assert_eq!(found, (None, 9), "{is_other}");
        let found =
            overtaken(is_other, |cache| assert_eq!(cache.delete_many(&["key"]).unwrap(), 0));
        assert_eq!(found, (None, 9), "{is_other}");
        let found = overtaken(is_other, |cache| cache.clear().unwrap());
        assert_eq!(found, (None, 9), "{is_other}");
        let found = overtaken(is_other, |cache| assert!(cache.purge().is_ok()));
        assert_eq!(found, (None, 9), "{is_other}");
    }
}

/// A tombstone does not stay for ever, so a load that may have outlasted one is not stored.
#[test]
fn what_was_dropped_during_a_load_stays_so_however_long_it_takes() {
    for passed in [59, 70] {
        alone(|cache| {
            let isolation = testing::isolation();
            let (door, opener) = gate();
            let load = || {
                door.pass();
                1
            };
            thread::scope(|scope| {
                let loading = scope.spawn(|| isolation.run(|| cache.get_or_load("key", 300, load)));
                opener.reached();
                cache.delete("key").unwrap();
                testing::clock().advance(secs(passed));
                opener.open();
                assert_eq!(loading.join().unwrap(), 1);
            });
            assert_eq!(cache.get::<u8>("key"), None, "after {passed} s");
        });
    }
}

#[test]
fn futures_are_send_where_what_they_are_given_is() {
    fn sendable<T: Send>(future: T) -> T {
        future
    }
    let isolation = Isolation::new();
    let cache = Cache::named("default");
    let load = cache.get_or_load_async("key", 60, || async { "value".to_owned() });
    let value = block_on(isolation.run_async(sendable(load)));
    let load = || async { Ok::<String, Infallible>(value) };
    let load = cache.try_get_or_load_async("key", 60, load);
    let value = block_on(isolation.run_async(sendable(load)));
    assert_eq!(value, Ok("value".to_owned()));
}
