//! Several tokio runtimes, one after another and at once, and runtimes that lack drivers.

use std::sync::{Arc, Barrier};
use std::thread;

use cached_runtime::store::Store;
use cached_tests::servers::{Redis, wait_until};
use tokio::runtime::Builder;

use crate::callers::{Caller, store, value};

fn clients(redis: &Redis) -> usize {
    redis.cli(&["CLIENT", "LIST"]).lines().count()
}

#[test]
fn runtimes_one_after_another_leave_no_connection_behind() {
    let redis = Redis::start();
    let store = store(redis.url());
    let before = clients(&redis);
    for _ in 0..30 {
        let caller = Caller::tokio();
        caller.wait(store.set("a", &value(b'a'), None)).unwrap();
        assert_eq!(caller.wait(store.get("a")).unwrap(), Some(value(b'a')));
        assert_eq!(clients(&redis), before + 1);
        drop(caller);
        wait_until("the connection is closed", || clients(&redis) == before);
    }
}

#[test]
fn a_store_that_is_dropped_closes_its_connections() {
    let redis = Redis::start();
    let before = clients(&redis);
    for caller in Caller::all() {
        let store = store(redis.url());
        caller.wait(store.set("a", &value(b'a'), None)).unwrap();
        assert_eq!(clients(&redis), before + 1);
        drop(store);
        wait_until("the connection is closed", || {
            caller.wait(async {
                if let Caller::Tokio(_) = &caller {
                    tokio::task::yield_now().await;
                }
            });
            clients(&redis) == before
        });
    }
}

#[test]
fn one_thread_runtimes_at_once() {
    let redis = Redis::start();
    let store = Arc::new(store(redis.url()));
    let barrier = Barrier::new(6);
    thread::scope(|scope| {
        for worker in 0..6 {
            let (store, barrier) = (&store, &barrier);
            scope.spawn(move || {
                let caller = Caller::tokio();
                let key = format!("worker:{worker}");
                barrier.wait();
                for round in 0..100 {
                    caller.wait(store.set(&key, &value(round), None)).unwrap();
                    assert_eq!(caller.wait(store.get(&key)).unwrap(), Some(value(round)));
                }
            });
        }
    });
}

#[test]
fn tasks_that_come_first_make_one_connection() {
    let redis = Redis::start();
    let store = Arc::new(store(redis.url()));
    let before = clients(&redis);
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..200)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.get("a").await.unwrap() })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), None);
        }
    });
    assert_eq!(clients(&redis), before + 1);
}

#[test]
fn a_runtime_without_drivers_is_served_by_a_thread() {
    let redis = Redis::start();
    let store = store(redis.url());
    let caller = Builder::new_current_thread().build().unwrap();
    for _ in 0..3 {
        caller.block_on(store.set("a", &value(b'a'), None)).unwrap();
        assert_eq!(caller.block_on(store.get("a")).unwrap(), Some(value(b'a')));
    }
}

#[test]
fn a_runtime_without_a_timer_is_enough() {
    let redis = Redis::start();
    let store = store(redis.url());
    let caller = Builder::new_current_thread().enable_io().build().unwrap();
    for _ in 0..3 {
        caller.block_on(store.set("a", &value(b'a'), None)).unwrap();
        assert_eq!(caller.block_on(store.get("a")).unwrap(), Some(value(b'a')));
    }
}

#[test]
fn a_call_on_a_thread_of_a_runtime_may_block() {
    let redis = Redis::start();
    let store = store(redis.url());
    let caller = Caller::tokio();
    caller.wait(async {
        Caller::Thread.wait(store.set("a", &value(b'a'), None)).unwrap();
        assert_eq!(store.get("a").await.unwrap(), Some(value(b'a')));
    });
}
