//! memcached and the runtimes of tokio: several, ended ones, poor ones, and tasks that give up.

use std::collections::HashMap;
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::store::{MemcachedOptions, MemcachedStore, Store, Timeouts};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::callers::Caller;
use crate::memcached_server::MemcachedServer;

fn store_at(server: &MemcachedServer) -> Arc<MemcachedStore> {
    // As long as a busy machine needs.
    let patience = Duration::from_secs(5);
    let timeouts = Timeouts { connect: patience, read: patience, write: patience };
    let options = MemcachedOptions::new([server.address()]).timeouts(timeouts);
    Arc::new(MemcachedStore::new(options).unwrap())
}

/// A value told from others by its number, of a length that differs from its neighbours'.
fn value(number: usize) -> Vec<u8> {
    let text = format!("{number:030} ");
    text.repeat(1 + number % 7).into_bytes()
}

fn is_settled(what: &str, is: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(5);
    while !is() {
        assert!(Instant::now() < give_up, "{what}: not within 5 seconds");
        thread::sleep(Duration::from_millis(5));
    }
}

/// How many connections a server has that nobody uses. It is slow to notice that some are closed:
/// those of who looked whether it is up.
fn at_rest(server: &MemcachedServer) -> usize {
    let counts = (0..10).map(|_| {
        thread::sleep(Duration::from_millis(5));
        server.connections()
    });
    counts.min().expect("it was asked")
}

#[test]
fn tasks_have_connections_of_their_runtime() {
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    let before = at_rest(&server);
    let caller = Caller::one_thread();
    let ours = thread::current().id();
    caller.wait(async {
        for number in 0..50 {
            store.set("key", &value(number), None).await.unwrap();
            assert_eq!(store.get("key").await.unwrap(), Some(value(number)));
            // A runtime of one thread polls here alone.
            assert_eq!(thread::current().id(), ours);
        }
    });
    is_settled("one for reads, one for writes", || server.connections() == before + 2);
    drop(caller);
    is_settled("the runtime's connections are closed", || server.connections() == before);
}

#[test]
fn a_store_that_is_dropped_closes_its_connections() {
    let server = MemcachedServer::start(&[]);
    let before = at_rest(&server);
    for caller in Caller::all() {
        let store = store_at(&server);
        caller.wait(store.set("key", &value(1), None)).unwrap();
        is_settled("it has one", || server.connections() == before + 1);
        drop(store);
        is_settled("the store's connections are closed", || {
            caller.wait(async {
                if let Caller::Tokio(_) = caller {
                    yield_now().await;
                }
            });
            server.connections() == before
        });
    }
}

#[test]
fn runtimes_one_after_another_are_all_served() {
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    let before = at_rest(&server);
    for number in 0..30 {
        let caller = if number % 2 == 0 { Caller::one_thread() } else { Caller::two_threads() };
        caller.wait(store.set("key", &value(number), None)).unwrap();
        assert_eq!(caller.wait(store.get("key")).unwrap(), Some(value(number)));
    }
    is_settled("all connections are closed", || server.connections() == before);
}

#[test]
fn runtimes_at_once_are_all_served() {
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    let barrier = Barrier::new(6);
    thread::scope(|scope| {
        for worker in 0..6 {
            let (store, barrier) = (&store, &barrier);
            scope.spawn(move || {
                let caller = Caller::one_thread();
                let key = format!("worker:{worker}");
                barrier.wait();
                for number in 0..100 {
                    caller.wait(store.set(&key, &value(number), None)).unwrap();
                    assert_eq!(caller.wait(store.get(&key)).unwrap(), Some(value(number)));
                }
            });
        }
    });
}

#[test]
fn runtimes_without_drivers_are_served_by_a_thread() {
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    let without = |build: fn(&mut Builder) -> &mut Builder| {
        build(&mut Builder::new_current_thread()).build().unwrap()
    };
    let runtimes: [Runtime; 3] =
        [without(|builder| builder), without(Builder::enable_io), without(Builder::enable_time)];
    for runtime in runtimes {
        for number in 0..3 {
            runtime.block_on(async {
                store.set("key", &value(number), None).await.unwrap();
                assert_eq!(store.get("key").await.unwrap(), Some(value(number)));
                assert_eq!(store.get_many(&["key"]).await.unwrap(), [Some(value(number))]);
            });
        }
    }
}

#[test]
fn a_call_that_may_block_does_so_on_a_thread_of_a_runtime() {
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    Caller::one_thread().wait(async {
        Caller::Thread.wait(store.set("key", &value(1), None)).unwrap();
        assert_eq!(store.get("key").await.unwrap(), Some(value(1)));
    });
}

#[test]
fn a_future_that_changes_its_runtime_is_answered() {
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    let (one, other) = (Caller::two_threads(), Caller::one_thread());
    other.wait(store.set("key", &value(1), None)).unwrap();
    let mut get = store.get("key");
    one.wait(async {
        let _ = get.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    });
    assert_eq!(other.wait(get).unwrap(), Some(value(1)));
}

#[test]
fn thousands_of_tasks_share_a_bounded_number_of_connections() {
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    let before = at_rest(&server);
    for caller in [Caller::one_thread(), Caller::two_threads()] {
        let made_before = server.stat("total_connections");
        caller.wait(async {
            let tasks: Vec<_> = (0..2_000)
                .map(|number| {
                    let store = Arc::clone(&store);
                    tokio::spawn(async move {
                        let key = format!("key:{number}");
                        store.set(&key, &value(number), None).await.unwrap();
                        assert_eq!(store.get(&key).await.unwrap(), Some(value(number)));
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        // 64 for reads, 64 for writes, and those of the two questions.
        let made = server.stat("total_connections") - made_before;
        assert!((65..=129).contains(&made), "{made}");
        drop(caller);
        is_settled("all connections are closed", || server.connections() == before);
    }
}

/// Tasks give up while the server hangs, and while it does not: what they leave behind on their
/// connections is the answer to nobody else.
#[test]
fn answers_go_to_those_who_asked_whoever_gave_up() {
    const KEYS: usize = 40;
    let server = MemcachedServer::start(&[]);
    let store = store_at(&server);
    let key = |number: usize| format!("key:{number}");
    for caller in [Caller::one_thread(), Caller::two_threads()] {
        caller.wait(async {
            let present: HashMap<_, _> =
                (0..KEYS).map(|number| (key(number), value(number))).collect();
            for (key, value) in &present {
                store.set(key, value, None).await.unwrap();
            }
            let ask = |patience: Duration| {
                let tasks: Vec<_> = (0..KEYS)
                    .map(|number| {
                        let (store, name) = (Arc::clone(&store), key(number));
                        tokio::spawn(async move {
                            let names = [name.as_str(), "key:0"];
                            let found = timeout(patience, async {
                                Ok((store.get(&name).await?, store.get_many(&names).await?))
                            });
                            let found: Result<Result<_, cached_runtime::Error>, _> = found.await;
                            let Ok(Ok((one, many))) = found else { return 0 };
                            assert_eq!(one, Some(value(number)), "{name}");
                            assert_eq!(many, [Some(value(number)), Some(value(0))], "{name}");
                            1
                        })
                    })
                    .collect();
                async move {
                    let mut answered = 0;
                    for task in tasks {
                        answered += task.await.unwrap();
                    }
                    answered
                }
            };
            server.pause();
            assert_eq!(ask(Duration::from_millis(40)).await, 0);
            server.resume();
            assert_eq!(ask(Duration::from_secs(5)).await, KEYS);
            // Some give up between the request and its answer.
            for micros in (0..2_000).step_by(50) {
                ask(Duration::from_micros(micros)).await;
            }
            assert_eq!(ask(Duration::from_secs(5)).await, KEYS);
        });
    }
}
