//! What each operation does, through every door.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cached_runtime::ErrorKind;
use cached_runtime::store::{Guard, HEAD, RedisOptions, RedisStore, Store, Swapped};
use cached_tests::servers::{Redis, wait_until};

use crate::callers::{Caller, store, value};

/// All operations on a fresh store, in a row.
pub fn exercise(store: &RedisStore, caller: &Caller) {
    let (a, b) = (value(b'a'), value(b'b'));
    let get = |key: &str| caller.wait(store.get(key)).unwrap();

    assert_eq!(get("one"), None);
    caller.wait(store.set("one", &a, None)).unwrap();
    assert_eq!(get("one"), Some(a.clone()));
    assert!(!caller.wait(store.add("one", &b, None)).unwrap());
    assert!(caller.wait(store.add("two", &b, None)).unwrap());

    let swap = |guard, value: Option<&[u8]>| caller.wait(store.swap("one", guard, value, None));
    let head = |value: &[u8]| Some(value[..HEAD].to_vec());
    let other = swap(Guard::Head(&b[..HEAD]), Some(&b)).unwrap();
    assert_eq!(other, Swapped { done: false, previous: head(&a) });
    let same = swap(Guard::Head(&a[..4]), Some(&b)).unwrap();
    assert_eq!(same, Swapped { done: true, previous: head(&a) });
    assert_eq!(get("one"), Some(b.clone()));
    let any = swap(Guard::Any, None).unwrap();
    assert_eq!(any, Swapped { done: true, previous: head(&b) });
    assert_eq!(swap(Guard::Any, None).unwrap(), Swapped { done: true, previous: None });
    assert_eq!(get("one"), None);

    assert!(caller.wait(store.delete("two")).unwrap());
    assert!(!caller.wait(store.delete("two")).unwrap());

    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let keys: Vec<_> = (0..50).map(|number| format!("many:{number}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let entries: Vec<_> = keys.iter().map(|key| (*key, &binary[..])).collect();
    caller.wait(store.set_many(&entries, Some(Duration::from_secs(60)))).unwrap();
    let mut asked = keys.clone();
    asked.insert(7, "absent");
    let found = caller.wait(store.get_many(&asked)).unwrap();
    assert_eq!(found.len(), 51);
    for (place, found) in found.iter().enumerate() {
        assert_eq!(found.as_ref(), (place != 7).then_some(&binary), "answer {place}");
    }
    assert_eq!(caller.wait(store.delete_many(&asked[..11])).unwrap(), 10);
    assert_eq!(caller.wait(store.purge()).unwrap(), 40);
    assert_eq!(caller.wait(store.purge()).unwrap(), 0);

    assert_eq!(caller.wait(store.get_many(&[])).unwrap(), Vec::<Option<Vec<u8>>>::new());
    caller.wait(store.set_many(&[], None)).unwrap();
    assert_eq!(caller.wait(store.delete_many(&[])).unwrap(), 0);
}

#[test]
fn what_is_no_text_counts_for_nothing_and_is_replaced() {
    let redis = Redis::start();
    for caller in Caller::all() {
        let store = store(redis.url());
        for other in [&["LPUSH", "cached:key", "x"][..], &["SET", "cached:key", ""]] {
            let _ = redis.cli(&["DEL", "cached:key"]);
            let _ = redis.cli(other);
            assert_eq!(caller.wait(store.get("key")).unwrap(), Some(Vec::new()), "{other:?}");
            let new = value(b'a');
            let swap = store.swap("key", Guard::Absent, Some(&new), None);
            let swapped = Swapped { done: true, previous: None };
            assert_eq!(caller.wait(swap).unwrap(), swapped, "{other:?}");
            assert_eq!(caller.wait(store.get("key")).unwrap(), Some(new));
        }
    }
}

#[test]
fn all_operations_through_every_door() {
    let redis = Redis::start();
    for caller in Caller::all() {
        exercise(&store(redis.url()), &caller);
    }
}

#[test]
fn a_socket_of_this_machine_will_do() {
    let redis = Redis::start_with(&["--unixsocket", "socket"]);
    let path = redis.directory().join("socket").display().to_string();
    for caller in Caller::all() {
        exercise(&store(format!("redis+unix://{path}?db=1")), &caller);
    }
}

#[test]
fn a_database_is_chosen_by_the_url() {
    let redis = Redis::start();
    let (zero, two) = (store(redis.url()), store(redis.url() + "/2"));
    for caller in Caller::all() {
        caller.wait(two.set("a", &value(b'a'), None)).unwrap();
        assert_eq!(caller.wait(zero.get("a")).unwrap(), None);
        assert_eq!(redis.cli(&["-n", "2", "EXISTS", "cached:a"]), "1");
    }
}

#[test]
fn a_password_is_taken_from_the_url() {
    let redis = Redis::start();
    let rules = ["ACL", "SETUSER", "shop", "on", ">p@ss", "~*", "&*", "+@all"];
    assert_eq!(redis.cli(&rules), "OK");
    let url = |password: &str| format!("redis://shop:{password}@127.0.0.1:{}", redis.port());
    for caller in Caller::all() {
        caller.wait(store(url("p%40ss")).set("a", &value(b'a'), None)).unwrap();
        let error = caller.wait(store(url("wrong")).get("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    }
}

#[test]
fn timeouts_are_kept_to_the_millisecond() {
    let redis = Redis::start();
    let store = store(redis.url());
    let a = value(b'a');
    for caller in Caller::all() {
        let left = |key: &str| redis.cli(&["PTTL", &format!("cached:{key}")]);
        caller.wait(store.set("short", &a, Some(Duration::from_millis(60)))).unwrap();
        caller.wait(store.set("none", &a, Some(Duration::ZERO))).unwrap();
        caller.wait(store.set("long", &a, Some(Duration::from_secs(100)))).unwrap();
        caller.wait(store.set("never", &a, None)).unwrap();
        caller.wait(store.set("absurd", &a, Some(Duration::MAX))).unwrap();
        let swap = store.swap("swapped", Guard::Any, Some(&a), Some(Duration::from_millis(99_999)));
        caller.wait(swap).unwrap();
        caller.wait(store.swap("for ever", Guard::Any, Some(&a), Some(Duration::MAX))).unwrap();

        assert!((90_000..=100_000).contains(&left("long").parse::<u32>().unwrap()));
        assert!((90_000..=99_999).contains(&left("swapped").parse::<u32>().unwrap()));
        assert_eq!([left("never"), left("absurd"), left("for ever")], ["-1", "-1", "-1"]);
        for key in ["short", "none"] {
            wait_until("an entry expires", || caller.wait(store.get(key)).unwrap().is_none());
        }
        caller.wait(store.purge()).unwrap();
    }
}

#[test]
fn threads_and_tasks_that_swap_lose_no_update() {
    const EACH: u64 = 50;
    let redis = Redis::start();
    let store = Arc::new(store(redis.url()));
    let number = |value: &[u8]| u64::from_be_bytes(value[..8].try_into().unwrap());
    let encoded = |number: u64| {
        let mut value = value(0);
        value[..8].copy_from_slice(&number.to_be_bytes());
        value
    };
    Caller::Thread.wait(store.set("count", &encoded(0), None)).unwrap();

    let barrier = Barrier::new(6);
    let count = || {
        let store = &store;
        async move {
            for _ in 0..EACH {
                loop {
                    let present = store.get("count").await.unwrap().unwrap();
                    let next = encoded(number(&present) + 1);
                    let guard = Guard::Head(&present[..8]);
                    if store.swap("count", guard, Some(&next), None).await.unwrap().done {
                        break;
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        for caller in Caller::all().into_iter().chain(Caller::all()) {
            let (barrier, count) = (&barrier, &count);
            scope.spawn(move || {
                barrier.wait();
                caller.wait(count());
            });
        }
    });
    let total = Caller::Thread.wait(store.get("count")).unwrap().unwrap();
    assert_eq!(number(&total), 6 * EACH);
}

#[test]
fn of_many_who_add_one_succeeds() {
    let redis = Redis::start();
    let store = store(redis.url());
    for round in 0..20 {
        let (key, barrier) = (format!("round:{round}"), Barrier::new(6));
        let added: usize = thread::scope(|scope| {
            let callers = Caller::all().into_iter().chain(Caller::all());
            let adding: Vec<_> = callers
                .map(|caller| {
                    let (store, key, barrier) = (&store, &key, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        caller.wait(store.add(key, &value(b'a'), None)).unwrap()
                    })
                })
                .collect();
            adding.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(added, 1);
    }
}

#[test]
fn purge_touches_nothing_foreign() {
    let redis = Redis::start();
    let foreign =
        ["plain", "appX:1", "app*:", "ap?:1", "a[pq]p:1", "apq:1", r"a\:1", "a:1", "aXb:1"];
    for prefix in ["app:", "app*", "ap?", "a[pq]", r"a\b", "[a-z]", "*", "?", r"a\", "ä*"] {
        for caller in Caller::all() {
            for key in foreign {
                assert_eq!(redis.cli(&["SET", key, "foreign"]), "OK");
            }
            let options = RedisOptions::new(redis.url()).prefix(prefix);
            let store = RedisStore::new(options).unwrap();
            let keys: Vec<_> = (0..2_500).map(|number| format!("key:{number}")).collect();
            let a = value(b'a');
            let entries: Vec<_> = keys.iter().map(|key| (key.as_str(), &a[..])).collect();
            caller.wait(store.set_many(&entries, None)).unwrap();

            let own = foreign.iter().filter(|key| key.starts_with(prefix)).count();
            assert_eq!(caller.wait(store.purge()).unwrap(), 2_500 + own as u64, "{prefix}");
            assert_eq!(redis.cli(&["DBSIZE"]), (foreign.len() - own).to_string(), "{prefix}");
        }
    }
}

#[test]
fn a_script_that_the_server_forgot_is_sent_again() {
    let redis = Redis::start();
    let store = store(redis.url());
    for caller in Caller::all() {
        for _ in 0..2 {
            assert_eq!(redis.cli(&["SCRIPT", "FLUSH"]), "OK");
            let swapped = caller.wait(store.swap("a", Guard::Any, Some(&value(b'a')), None));
            assert!(swapped.unwrap().done);
        }
    }
}
