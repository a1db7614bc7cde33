//! memcached: the rules, and what happens when a server does not do as it should.

use std::error::Error as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::store::{Guard, MemcachedOptions, MemcachedStore, Store, Timeouts};
use cached_runtime::testing::conformance::wait;
use cached_runtime::{Error, ErrorKind};

use crate::callers::Caller;
use crate::memcached_server::MemcachedServer;
use crate::on_tokio::OnTokio;

/// The servers that the rules share: each test has a prefix of its own. They end with the process.
fn shared() -> &'static [MemcachedServer; 2] {
    static SERVERS: OnceLock<[MemcachedServer; 2]> = OnceLock::new();
    SERVERS.get_or_init(|| [(); 2].map(|()| MemcachedServer::start(&[])))
}

fn fresh(servers: &[MemcachedServer]) -> MemcachedStore {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("test.{}:", COUNT.fetch_add(1, Ordering::Relaxed));
    let addresses = servers.iter().map(MemcachedServer::address);
    // What the rules ask for takes as long as a busy machine needs.
    let patient = Timeouts {
        connect: Duration::from_secs(5),
        read: Duration::from_secs(5),
        write: Duration::from_secs(5),
    };
    let options = MemcachedOptions::new(addresses).prefix(&prefix).timeouts(patient);
    MemcachedStore::new(options).unwrap()
}

cached_runtime::store_conformance!(one_server, || fresh(&shared()[..1]), || (
    fresh(&shared()[..1]),
    fresh(&shared()[..1])
));

cached_runtime::store_conformance!(two_servers, || fresh(&shared()[..]), || (
    fresh(&shared()[..]),
    fresh(&shared()[..])
));

cached_runtime::store_conformance!(tasks_of_one_thread, || {
    OnTokio::one_thread(fresh(&shared()[..]))
});

cached_runtime::store_conformance!(tasks_of_two_threads, || {
    OnTokio::two_threads(fresh(&shared()[..]))
});

const VALUE: &[u8] = &[7; 30];

/// A store with the timeouts that are the default.
fn store_at(addresses: &[String]) -> MemcachedStore {
    MemcachedStore::new(MemcachedOptions::new(addresses)).unwrap()
}

fn kind<T: std::fmt::Debug>(answer: Result<T, Error>) -> ErrorKind {
    answer.unwrap_err().kind()
}

#[test]
fn a_server_that_is_down_at_the_start_is_found_when_it_is_up() {
    for caller in Caller::all() {
        let mut server = MemcachedServer::start(&[]);
        server.kill();
        let store = store_at(&[server.address()]);
        let error = caller.wait(store.get("key")).unwrap_err();
        assert_eq!(error.to_string(), "store unavailable in `get` of memcached for key \"key\"");
        assert!(error.source().unwrap().to_string().contains("refused"), "{error:?}");
        assert_eq!(kind(caller.wait(store.set("key", VALUE, None))), ErrorKind::Unavailable);
        assert_eq!(kind(caller.wait(store.get_many(&["key", "other"]))), ErrorKind::Unavailable);
        assert_eq!(kind(caller.wait(store.purge())), ErrorKind::Unavailable);

        server.restart();
        caller.wait(store.set("key", VALUE, None)).unwrap();
        assert_eq!(caller.wait(store.get("key")).unwrap().as_deref(), Some(VALUE));
    }
}

#[test]
fn a_restart_costs_no_operation_its_answer() {
    type Operation = (&'static str, fn(&MemcachedStore, &Caller) -> Result<(), Error>);
    let operations: [Operation; 6] = [
        ("get", |store, caller| caller.wait(store.get("key")).map(drop)),
        ("set", |store, caller| caller.wait(store.set("key", VALUE, None))),
        ("add", |store, caller| caller.wait(store.add("key", VALUE, None)).map(drop)),
        ("delete", |store, caller| caller.wait(store.delete("key")).map(drop)),
        ("get_many", |store, caller| caller.wait(store.get_many(&["key"])).map(drop)),
        ("set_many", |store, caller| caller.wait(store.set_many(&[("key", VALUE)], None))),
    ];
    for caller in Caller::all() {
        let mut server = MemcachedServer::start(&[]);
        let store = store_at(&[server.address()]);
        for (name, operation) in operations {
            // Connections from before it are in the pools, of reads and of writes.
            caller.wait(store.set("key", VALUE, None)).unwrap();
            caller.wait(store.get("key")).unwrap();
            server.restart();
            operation(&store, &caller).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
        server.kill();
        assert_eq!(kind(caller.wait(store.get("key"))), ErrorKind::Unavailable);
    }
}

#[test]
fn a_server_that_is_killed_under_load_costs_errors_only_while_it_is_down() {
    for caller in Caller::all() {
        let mut server = MemcachedServer::start(&[]);
        let store = store_at(&[server.address()]);
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            for thread in 0..6 {
                let (caller, store, ended) = (&caller, &store, &ended);
                scope.spawn(move || {
                    let mut step = 0;
                    while !ended.load(Ordering::SeqCst) {
                        step += 1;
                        let key = format!("key:{}", (thread + step) % 4);
                        let began = Instant::now();
                        let done = match step % 4 {
                            0 => caller.wait(store.set(&key, VALUE, None)),
                            1 => caller
                                .wait(store.swap(&key, Guard::Any, Some(VALUE), None))
                                .map(drop),
                            2 => caller.wait(store.get_many(&[&key, "key:0"])).map(drop),
                            _ => caller
                                .wait(store.get(&key))
                                .map(|found| assert!(found.is_none_or(|found| found == VALUE))),
                        };
                        if let Err(error) = done {
                            let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
                            assert!(kinds.contains(&error.kind()), "{error:?}");
                        }
                        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
                    }
                });
            }
            for _ in 0..5 {
                thread::sleep(Duration::from_millis(40));
                server.kill();
                thread::sleep(Duration::from_millis(20));
                server.restart();
            }
            ended.store(true, Ordering::SeqCst);
        });
        caller.wait(store.set("key", VALUE, None)).unwrap();
        assert_eq!(caller.wait(store.get("key")).unwrap().as_deref(), Some(VALUE));
    }
}

#[test]
fn swaps_of_anything_all_succeed_however_many_race() {
    for caller in Caller::all() {
        let store = fresh(&shared()[..1]);
        caller.wait(store.set("key", VALUE, None)).unwrap();
        thread::scope(|scope| {
            for thread in 0..8 {
                let (caller, store) = (&caller, &store);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let value = [thread; 40];
                        let swap = store.swap("key", Guard::Any, Some(&value), None);
                        let swapped = caller.wait(swap).unwrap();
                        assert!(
                            swapped.done && swapped.previous.is_some_and(|head| head.len() == 24)
                        );
                    }
                });
            }
        });
    }
}

#[test]
fn a_server_that_hangs_costs_one_timeout() {
    for caller in Caller::all() {
        let server = MemcachedServer::start(&[]);
        let store = store_at(&[server.address()]);
        caller.wait(store.set("key", VALUE, None)).unwrap();
        let timed = |run: &dyn Fn() -> ErrorKind| {
            let began = Instant::now();
            (run(), began.elapsed())
        };
        server.pause();
        let (read, write) = (Duration::from_millis(250), Duration::from_millis(500));
        let runs: [(&dyn Fn() -> ErrorKind, Duration); 4] = [
            (&|| kind(caller.wait(store.get("key"))), read),
            (&|| kind(caller.wait(store.get_many(&["key", "other"]))), read),
            (&|| kind(caller.wait(store.set("key", VALUE, None))), write),
            (&|| kind(caller.wait(store.swap("key", Guard::Any, Some(VALUE), None))), read),
        ];
        for (run, timeout) in runs {
            let (kind, took) = timed(run);
            assert_eq!(kind, ErrorKind::Timeout);
            assert!((timeout..timeout + Duration::from_secs(1)).contains(&took), "{took:?}");
        }
        // A task that asks holds up no thread of its executor.
        let mut get = store.get("key");
        assert!(get.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(kind(caller.wait(get)), ErrorKind::Timeout);

        server.resume();
        caller.wait(store.set("key", VALUE, None)).unwrap();
        assert_eq!(caller.wait(store.get("key")).unwrap().as_deref(), Some(VALUE));
    }
}

#[test]
fn a_dead_server_takes_only_its_own_keys_along() {
    for caller in Caller::all() {
        let mut servers = [(); 3].map(|()| MemcachedServer::start(&[]));
        let addresses: Vec<_> = servers.iter().map(MemcachedServer::address).collect();
        let store = store_at(&addresses);
        let keys: Vec<_> = (0..60).map(|n| format!("key:{n}")).collect();
        for key in &keys {
            caller.wait(store.set(key, VALUE, None)).unwrap();
        }
        servers[1].kill();
        let (live, dead): (Vec<_>, Vec<_>) =
            keys.iter().partition(|key| caller.wait(store.get(key)).is_ok());
        assert!(live.len() > 20 && dead.len() > 5, "{} live, {} dead", live.len(), dead.len());
        for key in &live {
            assert_eq!(caller.wait(store.get(key)).unwrap().as_deref(), Some(VALUE));
        }

        // Many at once fail where the dead server has one of them, and still reach the others.
        let all: Vec<_> = keys.iter().map(String::as_str).collect();
        let some: Vec<_> = live.iter().map(|key| key.as_str()).collect();
        assert_eq!(kind(caller.wait(store.get_many(&all))), ErrorKind::Unavailable);
        assert!(caller.wait(store.get_many(&some)).unwrap().iter().all(Option::is_some));
        assert_eq!(kind(caller.wait(store.delete_many(&all))), ErrorKind::Unavailable);
        assert!(caller.wait(store.get_many(&some)).unwrap().iter().all(Option::is_none));
        caller.wait(store.set(live[0], VALUE, None)).unwrap();
        assert_eq!(kind(caller.wait(store.purge())), ErrorKind::Unavailable);
        assert_eq!(caller.wait(store.get(live[0])).unwrap(), None);

        servers[1].restart();
        caller.wait(store.set(dead[0], VALUE, None)).unwrap();
        assert_eq!(caller.wait(store.purge()).unwrap(), 1);
    }
}

#[test]
fn a_value_above_the_limit_is_refused_and_the_older_one_is_gone() {
    for caller in Caller::all() {
        let store = fresh(&shared()[..1]);
        let large = vec![7; 2 << 20];
        let changes: [&dyn Fn() -> Result<(), Error>; 4] = [
            &|| caller.wait(store.set("key", &large, None)),
            &|| caller.wait(store.swap("key", Guard::Any, Some(&large), None)).map(drop),
            &|| {
                caller
                    .wait(store.swap("key", Guard::Head(&VALUE[..24]), Some(&large), None))
                    .map(drop)
            },
            &|| {
                caller.wait(
                    store.set_many(&[("first", VALUE), ("key", &large), ("last", VALUE)], None),
                )
            },
        ];
        for change in changes {
            caller.wait(store.set("key", &VALUE[..24], None)).unwrap();
            let head = VALUE[..24].to_vec();
            assert_eq!(caller.wait(store.get("key")).unwrap(), Some(head));
            assert_eq!(kind(change()), ErrorKind::Refused);
            assert_eq!(caller.wait(store.get("key")).unwrap(), None);
        }
        assert_eq!(kind(caller.wait(store.add("key", &large, None))), ErrorKind::Refused);
        // What was stored beside it is stored.
        assert!(
            caller.wait(store.get_many(&["first", "last"])).unwrap().iter().all(Option::is_some)
        );
    }
}

#[test]
fn a_full_server_refuses() {
    // Without eviction (-M) and with the least memory.
    let server = MemcachedServer::start(&["-M", "-m", "8"]);
    let store = store_at(&[server.address()]);
    let value = vec![7; 500_000];
    let mut full = (0..200).map(|n| wait(store.set(&format!("key:{n}"), &value, None)));
    let error = full.find_map(Result::err).expect("the server took everything");
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
}

#[test]
fn long_timeouts_are_no_dates_in_the_past() {
    let store = fresh(&shared()[..1]);
    let day = Duration::from_secs(86_400);
    for timeout in [29 * day, 30 * day, 31 * day, 400 * day, 36_525 * day, Duration::MAX] {
        wait(store.set("key", VALUE, Some(timeout))).unwrap();
        assert!(wait(store.get("key")).unwrap().is_some(), "{timeout:?}");
        assert!(wait(store.delete("key")).unwrap());
    }
}

#[test]
fn a_server_without_cas_cannot_swap() {
    let server = MemcachedServer::start(&["-C"]);
    let store = store_at(&[server.address()]);
    wait(store.set("key", VALUE, None)).unwrap();
    let error = wait(store.swap("key", Guard::Head(VALUE), Some(VALUE), None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.source().unwrap().to_string().contains("without CAS"));
}

#[test]
fn a_purge_says_where_the_server_forbids_it() {
    let server = MemcachedServer::start(&["-X"]);
    let store = store_at(&[server.address()]);
    wait(store.set("key", VALUE, None)).unwrap();
    assert_eq!(kind(wait(store.purge())), ErrorKind::Refused);
    assert!(wait(store.get("key")).unwrap().is_some());
}

#[test]
fn a_purge_leaves_foreign_keys_and_finds_thousands() {
    let server = MemcachedServer::start(&[]);
    let other = MemcachedOptions::new([server.address()]).prefix("cachedx:");
    let other = MemcachedStore::new(other).unwrap();
    let store = store_at(&[server.address()]);
    let keys: Vec<_> = (0..3_000).map(|n| format!("key:{n}")).collect();
    let entries: Vec<_> = keys.iter().map(|key| (key.as_str(), VALUE)).collect();
    wait(store.set_many(&entries, None)).unwrap();
    wait(other.set_many(&entries, None)).unwrap();
    assert_eq!(wait(store.purge()).unwrap(), 3_000);
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    assert!(wait(store.get_many(&keys)).unwrap().iter().all(Option::is_none));
    assert!(wait(other.get_many(&keys)).unwrap().iter().all(Option::is_some));
}

#[test]
fn names_are_resolved_and_a_name_that_means_nothing_is_no_error_at_the_start() {
    for caller in Caller::all() {
        let server = MemcachedServer::start(&[]);
        let port = server.address().rsplit_once(':').unwrap().1.to_owned();
        let store = store_at(&[format!("localhost:{port}")]);
        caller.wait(store.set("key", VALUE, None)).unwrap();
        let store = store_at(&["nowhere.invalid".to_owned()]);
        assert_eq!(kind(caller.wait(store.get("key"))), ErrorKind::Unavailable);
    }
}
