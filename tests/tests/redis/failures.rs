//! Servers that are down, restarted, hung, full, read-only: an error of the right kind in time, and
//! no error once they are well again.

use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::ErrorKind;
use cached_runtime::store::{Guard, RedisStore, Store};
use cached_tests::servers::{Line, Redis, wait_until};

use crate::callers::{Caller, store, value};

fn works(store: &RedisStore, caller: &Caller) -> bool {
    caller.wait(store.set("probe", &value(b'p'), None)).is_ok()
}

#[test]
fn a_server_that_is_down_at_first_is_used_once_it_is_up() {
    let mut redis = Redis::start();
    redis.kill();
    let stores: Vec<_> = Caller::all().map(|caller| (caller, store(redis.url()))).into();
    for (caller, store) in &stores {
        for _ in 0..3 {
            let error = caller.wait(store.get("a")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
            assert!(error.to_string().contains("`get` of redis for key \"a\""), "{error}");
        }
    }
    redis.restart();
    for (caller, store) in &stores {
        assert_eq!(caller.wait(store.get("a")).unwrap(), None);
    }
}

#[test]
fn a_restart_between_two_calls_is_not_noticed() {
    let mut redis = Redis::start();
    let stores: Vec<_> = Caller::all().map(|caller| (caller, store(redis.url()))).into();
    for _ in 0..3 {
        for (caller, store) in &stores {
            assert!(works(store, caller));
        }
        redis.restart();
        for (caller, store) in &stores {
            assert_eq!(caller.wait(store.get("probe")).unwrap(), None);
        }
    }
}

#[test]
fn a_swap_after_an_idle_second_does_not_meet_a_dead_connection() {
    let mut redis = Redis::start();
    let stores: Vec<_> = Caller::all().map(|caller| (caller, store(redis.url()))).into();
    for (caller, store) in &stores {
        assert!(works(store, caller));
    }
    redis.restart();
    // The store's own clock decides how long is idle; a test cannot turn that one.
    thread::sleep(Duration::from_millis(1_100));
    let other = value(b'q');
    for (caller, store) in &stores {
        let swap = store.swap("probe", Guard::Absent, Some(&other), None);
        assert!(caller.wait(swap).unwrap().done);
        assert!(caller.wait(store.delete("probe")).unwrap());
    }
}

#[test]
fn connections_that_the_server_closes_are_replaced() {
    let redis = Redis::start();
    let store = store(redis.url());
    for caller in Caller::all() {
        for _ in 0..3 {
            assert!(works(&store, &caller));
            let _ = redis.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
            assert!(works(&store, &caller));
        }
    }
}

#[test]
fn a_kill_under_load_costs_errors_and_nothing_else() {
    let mut redis = Redis::start();
    let store = store(redis.url());
    for caller in Caller::all() {
        assert!(works(&store, &caller));
        redis.kill();
        let error = caller.wait(store.get("probe")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        redis.restart();
        assert!(works(&store, &caller));
    }
}

#[test]
fn a_hung_server_holds_a_thread_for_the_read_timeout() {
    let redis = Redis::start();
    let store = store(redis.url());
    for caller in [Caller::Thread, Caller::Elsewhere] {
        assert!(works(&store, &caller));
        redis.stop();
        let start = Instant::now();
        let error = caller.wait(store.get("probe")).unwrap_err();
        let took = start.elapsed();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        assert!(took > Duration::from_millis(200) && took < Duration::from_millis(900), "{took:?}");

        // Without a connection left, the limit is that of connecting.
        let keys: Vec<_> = (0..100).map(|number| format!("key:{number}")).collect();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let start = Instant::now();
        let error = caller.wait(store.delete_many(&keys)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        redis.cont();
        assert!(works(&store, &caller));
    }
}

#[test]
fn many_answers_of_a_hung_server_are_not_awaited_one_by_one() {
    let redis = Redis::start();
    let store = store(redis.url());
    assert!(works(&store, &Caller::Thread));
    redis.stop();
    let keys: Vec<_> = (0..100).map(|number| format!("key:{number}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let start = Instant::now();
    let error = Caller::Thread.wait(store.delete_many(&keys)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    redis.cont();
}

#[test]
fn a_task_gives_up_on_a_hung_server_and_the_store_recovers() {
    let redis = Redis::start();
    let store = store(redis.url());
    let caller = Caller::tokio();
    caller.wait(store.set("probe", &value(b'a'), None)).unwrap();
    redis.stop();
    for _ in 0..4 {
        let limit = Duration::from_millis(250);
        let answer = caller.wait(async { tokio::time::timeout(limit, store.get("probe")).await });
        assert!(!matches!(answer, Ok(Ok(_))), "a stopped server answered: {answer:?}");
    }
    redis.cont();
    wait_until("the store works again", || works(&store, &caller));
    assert_eq!(caller.wait(store.get("probe")).unwrap(), Some(value(b'p')));
}

#[test]
fn a_connection_that_went_silent_for_good_is_left() {
    let redis = Redis::start();
    let line = Line::start(redis.port());
    for caller in Caller::all() {
        let store = store(format!("redis://127.0.0.1:{}", line.port()));
        assert!(works(&store, &caller));
        line.cut();
        wait_until("the store works again", || {
            let limit = Duration::from_millis(300);
            match &caller {
                Caller::Tokio(_) => caller.wait(async {
                    let set = store.set("probe", &[b'.'; 40], None);
                    matches!(tokio::time::timeout(limit, set).await, Ok(Ok(())))
                }),
                _ => works(&store, &caller),
            }
        });
    }
}

#[test]
fn of_many_connections_that_went_silent_one_has_to_fail() {
    let redis = Redis::start();
    let line = Line::start(redis.port());
    let store = store(format!("redis://127.0.0.1:{}", line.port()));
    wait_until("several connections are made", || {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..20).for_each(|_| assert!(works(&store, &Caller::Thread))));
            }
        });
        redis.cli(&["CLIENT", "LIST"]).lines().count() >= 4
    });
    line.cut();
    assert!(!works(&store, &Caller::Thread));
    assert!(works(&store, &Caller::Thread));
}

#[test]
fn a_task_that_gives_up_early_costs_others_nothing() {
    let redis = Redis::start();
    let store = store(redis.url());
    let caller = Caller::tokio();
    let clients = || redis.cli(&["CLIENT", "LIST"]).lines().count();
    assert!(works(&store, &caller));
    let before = clients();
    caller.wait(async {
        for _ in 0..100 {
            let _ = tokio::time::timeout(Duration::ZERO, store.get("probe")).await;
        }
        for _ in 0..10 {
            assert_eq!(store.get("probe").await.unwrap(), Some(value(b'p')));
        }
    });
    assert_eq!(clients(), before, "the one connection is kept");
}

#[test]
fn a_full_server_refuses_and_forgets_what_was_to_be_replaced() {
    let redis = Redis::start_with(&["--maxmemory-policy", "noeviction"]);
    let store = store(redis.url());
    for caller in Caller::all() {
        for key in ["set", "swapped", "many"] {
            caller.wait(store.set(key, &value(b'a'), None)).unwrap();
        }
        let swap = || store.swap("swapped", Guard::Any, Some(b"bbbbbbbbbbbbbbbbbbbbbbbbb"), None);
        caller.wait(store.swap("warm", Guard::Any, None, None)).unwrap();
        assert_eq!(redis.cli(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
        let b = value(b'b');
        let errors = [
            caller.wait(store.set("set", &b, None)).unwrap_err(),
            caller.wait(swap()).unwrap_err(),
            caller.wait(store.set_many(&[("many", &b), ("more", &b)], None)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
        }
        assert_eq!(redis.cli(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
        assert_eq!(
            caller.wait(store.get_many(&["set", "swapped", "many"])).unwrap(),
            [None, None, None],
            "what could not be replaced is older than what was stored"
        );
        assert!(works(&store, &caller));
    }
}

#[test]
fn a_replica_is_read_and_refuses_the_rest() {
    let master = Redis::start();
    let replica = Redis::start_with(&["--replicaof", &format!("127.0.0.1 {}", master.port())]);
    let (upper, lower) = (store(master.url()), store(replica.url()));
    let a = value(b'a');
    Caller::Thread.wait(upper.set("a", &a, None)).unwrap();
    for caller in Caller::all() {
        wait_until("the replica has the value", || {
            caller.wait(lower.get("a")).is_ok_and(|found| found.as_ref() == Some(&a))
        });
        let errors = [
            caller.wait(lower.set("a", &a, None)).unwrap_err(),
            caller.wait(lower.swap("a", Guard::Any, Some(&a), None)).unwrap_err(),
            caller.wait(lower.delete("a")).unwrap_err(),
            caller.wait(lower.purge()).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
        }
        assert_eq!(caller.wait(lower.get("a")).unwrap().as_ref(), Some(&a));
    }
}

#[test]
fn what_a_user_may_not_do_is_refused() {
    let redis = Redis::start();
    let rules = ["ACL", "SETUSER", "default", "-@write"];
    assert_eq!(redis.cli(&rules), "OK");
    let store = store(redis.url());
    for caller in Caller::all() {
        let error = caller.wait(store.set("a", &value(b'a'), None)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
        assert_eq!(caller.wait(store.get("a")).unwrap(), None);
    }
}

#[test]
fn what_does_not_speak_redis_is_an_error() {
    let memcached = cached_tests::servers::Memcached::start();
    let store = store(format!("redis://127.0.0.1:{}", memcached.port()));
    for caller in Caller::all() {
        for _ in 0..2 {
            let answer = caller.wait(store.get("a"));
            assert!(answer.is_err(), "{answer:?}");
        }
    }
}
