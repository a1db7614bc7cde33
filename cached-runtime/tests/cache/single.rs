//! One key: storing, reading, adding, dropping, timeouts.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cached_runtime::store::MemoryStore;
use cached_runtime::testing::{self, Isolation};
use cached_runtime::{Cache, Config, ErrorKind, StoreConfig, Timeout, hit, init, miss};

use crate::support::{alone, block_on, process, secs};

#[test]
fn what_is_stored_is_read_until_its_timeout_is_over() {
    alone(|cache| {
        cache.set("short", &1, Duration::from_millis(1500)).unwrap();
        cache.set("long", "text", Timeout::NEVER).unwrap();
        testing::clock().advance(Duration::from_millis(1499));
        hit!(cache.get::<i32>("short"), Some(1));
        testing::clock().advance(Duration::from_millis(1));
        miss!(cache.get::<i32>("short"), None);
        testing::clock().advance(secs(1 << 30));
        hit!(cache.get::<String>("long"), Some("text".to_owned()));
        assert!(cache.has("long") && !cache.has("short"));
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.store_errors), (2, 1, 0));
    });
}

#[test]
fn values_of_every_shape_come_back_and_another_type_is_a_miss() {
    alone(|cache| {
        let map = BTreeMap::from([("a".to_owned(), vec![Some(1.1), None])]);
        cache.set("map", &map, 60).unwrap();
        assert_eq!(cache.get("map"), Some(map));
        cache.set("text", &"text", 60).unwrap();
        assert_eq!(cache.get::<u64>("text"), None);
        assert_eq!(cache.stats().store_errors, 1, "counted as what cannot be used");
        cache.set("unit", &(), 60).unwrap();
        assert_eq!(cache.get::<()>("unit"), Some(()));
        cache.set("none", &None::<u8>, 60).unwrap();
        assert_eq!(cache.get::<Option<u8>>("none"), Some(None));
    });
}

#[test]
fn keys_are_any_text() {
    alone(|cache| {
        let long = "x".repeat(10_000);
        let keys = [
            " ",
            "a b",
            "a\r\nset x 0 0 1",
            "\0",
            "%20",
            "日本",
            "*",
            "[a]?",
            ":",
            "e:cache:default:a",
            "../../etc/passwd",
            &long,
        ];
        for (idx, key) in keys.iter().enumerate() {
            assert!(cache.add(key, &idx, 60).unwrap(), "{key:?} is taken");
        }
        for (idx, key) in keys.iter().enumerate() {
            assert_eq!(cache.get(key), Some(idx), "{key:?}");
        }
        assert_eq!(cache.get::<usize>(&long[1..]), None);
    });
}

#[test]
fn the_empty_key_names_nothing() {
    alone(|cache| {
        assert_eq!(cache.get::<u8>(""), None);
        assert!(!cache.has(""));
        let errors = [
            cache.set("", &1, 60).unwrap_err(),
            cache.add("", &1, 60).unwrap_err(),
            cache.delete("").unwrap_err(),
            cache.incr("", 1).unwrap_err(),
            cache.touch("", 60).unwrap_err(),
            cache.set_many(&[("a", &1), ("", &2)], 60).unwrap_err(),
            cache.delete_many(&["a", ""]).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("a key is empty; "), "{error}");
        }
        assert_eq!(cache.get_many::<u8>(&["a", ""]), [None, None]);
        assert_eq!((1, 2), (cache.get_or_load("", 60, || 1), cache.get_or_load("", 60, || 2)));
        assert_eq!(cache.stats().bypasses, 2);
    });
}

#[test]
fn a_timeout_of_zero_stores_nothing_and_drops_what_was_there() {
    alone(|cache| {
        cache.set("key", &1, 60).unwrap();
        cache.set("key", &2, Duration::ZERO).unwrap();
        assert_eq!(cache.get::<i32>("key"), None);
        assert!(!cache.add("key", &3, 0).unwrap());
        assert_eq!(cache.get::<i32>("key"), None);
        cache.set("key", &4, 60).unwrap();
        assert!(cache.touch("key", 0).unwrap());
        assert!(!cache.has("key"));
        assert_eq!((cache.get_or_load("key", 0, || 5), cache.get_or_load("key", 0, || 6)), (5, 6));
    });
}

#[test]
fn delete_says_whether_there_was_an_entry() {
    alone(|cache| {
        assert!(!cache.delete("key").unwrap());
        cache.set("key", &1, 60).unwrap();
        assert!(cache.delete("key").unwrap());
        assert!(!cache.delete("key").unwrap());
        assert_eq!(cache.get::<i32>("key"), None);
        assert_eq!(cache.stats().invalidations, 3);
    });
}

#[test]
fn touch_sets_the_timeout_anew_and_leaves_the_value() {
    alone(|cache| {
        assert!(!cache.touch("key", 60).unwrap());
        cache.set("key", "value", 10).unwrap();
        testing::clock().advance(secs(9));
        assert!(cache.touch("key", 10).unwrap());
        testing::clock().advance(secs(9));
        assert_eq!(cache.get::<String>("key").as_deref(), Some("value"));
        testing::clock().advance(secs(1));
        assert_eq!(cache.get::<String>("key"), None);
        assert!(!cache.touch("key", 60).unwrap(), "it is over");

        cache.set("key", "value", 10).unwrap();
        assert!(cache.touch("key", Timeout::NEVER).unwrap());
        testing::clock().advance(secs(1 << 30));
        assert!(cache.has("key"));
    });
}

#[test]
fn of_all_who_add_at_once_one_does() {
    const THREADS: usize = 8;
    let store = Arc::new(MemoryStore::new());
    for round in 0..50 {
        let key = format!("key:{round}");
        let start = Barrier::new(THREADS);
        let added = thread::scope(|scope| {
            let add = |idx: usize| {
                let (process, key, start) = (process(&store), &key, &start);
                scope.spawn(move || {
                    start.wait();
                    process.run(|| Cache::named("default").add(key, &idx, 60).unwrap())
                })
            };
            let threads: Vec<_> = (0..THREADS).map(add).collect();
            let added: Vec<bool> = threads.into_iter().map(|it| it.join().unwrap()).collect();
            added
        });
        let winner = added.iter().position(|added| *added);
        assert_eq!(added.iter().filter(|added| **added).count(), 1, "{added:?}");
        assert_eq!(process(&store).run(|| Cache::named("default").get(&key)), winner);
    }
}

#[test]
fn add_leaves_an_entry_alone_and_takes_the_place_of_one_that_is_over() {
    alone(|cache| {
        assert!(cache.add("key", &1, 10).unwrap());
        assert!(!cache.add("key", &2, 10).unwrap());
        testing::clock().advance(secs(10));
        assert!(cache.add("key", &3, 10).unwrap());
        cache.delete("key").unwrap();
        assert!(cache.add("key", &4, 10).unwrap());
        cache.clear().unwrap();
        assert!(cache.add("key", &5, 10).unwrap());
        assert_eq!(cache.get("key"), Some(5));
    });
}

#[test]
fn names_and_isolations_share_nothing() {
    let (one, other) = (Isolation::new(), Isolation::new());
    let cache = Cache::named("names_and_isolations");
    one.run(|| cache.set("key", &1, 60)).unwrap();
    assert_eq!(one.run(|| cache.get::<i32>("key")), Some(1));
    assert_eq!(one.run(|| Cache::named("another").get::<i32>("key")), None);
    assert_eq!(other.run(|| cache.get::<i32>("key")), None);
    assert_eq!(cache.get::<i32>("key"), None, "outside of any");
    let store = Arc::new(MemoryStore::new());
    process(&store).run(|| {
        Cache::named("a").set("key", &1, 60).unwrap();
        Cache::named("default").set("key", &2, 60).unwrap();
        assert_eq!(Cache::named("a").get("key"), Some(1));
    });
    assert_eq!(process(&store).run(|| Cache::named("a").get::<i32>("key")), None, "not bound");
    assert_eq!(process(&store).run(|| Cache::named("default").get("key")), Some(2));
}

#[test]
fn init_decides_where_entries_go() {
    Isolation::new().run(|| {
        let cache = Cache::named("default");
        cache.set("key", &1, 60).unwrap();
        init(Config::new().with(StoreConfig::memory().threshold(3).default_timeout(5))).unwrap();
        assert_eq!(cache.get::<i32>("key"), None, "what was kept before is forgotten");
        (0..10).for_each(|n| cache.set(&n.to_string(), &n, 60).unwrap());
        let kept = (0..10).filter(|n| cache.has(&n.to_string())).count();
        assert!(kept <= 3, "{kept} of at most 3");
        assert_eq!(cache.incr("count", 1).unwrap(), 1);
        testing::clock().advance(secs(5));
        assert!(!cache.has("count"), "the configured timeout");
    });
    Isolation::new().run(|| {
        init(Config::new().with(StoreConfig::null())).unwrap();
        for name in ["default", "other"] {
            let cache = Cache::named(name);
            cache.set("key", &1, 60).unwrap();
            assert_eq!(cache.get::<i32>("key"), None, "{name}");
            assert!(cache.add("key", &1, 60).unwrap() && !cache.has("key"));
            assert_eq!((cache.incr("n", 2).unwrap(), cache.incr("n", 2).unwrap()), (2, 2));
            assert_eq!(
                (1, 2),
                (cache.get_or_load("l", 60, || 1), cache.get_or_load("l", 60, || 2))
            );
            assert!(!cache.delete("key").unwrap());
            cache.clear().unwrap();
            assert_eq!(cache.purge().unwrap(), 0);
        }
    });
}

#[test]
fn the_forms_for_tasks_do_the_same() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    alone(|cache| {
        block_on(sendable(async {
            cache.set_async("key", "value", 60).await.unwrap();
            assert_eq!(cache.get_async::<String>("key").await.as_deref(), Some("value"));
            assert!(!cache.add_async("key", "other", 60).await.unwrap());
            assert!(cache.has_async("key").await);
            assert!(cache.touch_async("key", 60).await.unwrap());
            assert!(cache.delete_async("key").await.unwrap());
            assert_eq!(cache.incr_async("n", 5).await.unwrap(), 5);
            assert_eq!(cache.decr_async("n", 7).await.unwrap(), -2);
            cache.set_many_async(&[("a", &1), ("b", &2)], 60).await.unwrap();
            assert_eq!(cache.get_many_async(&["a", "b"]).await, [Some(1), Some(2)]);
            assert_eq!(cache.delete_many_async(&["a", "x"]).await.unwrap(), 1);
            assert_eq!(cache.get_or_load_async("l", 60, || async { 1 }).await, 1);
            let load = || async { Err::<i32, &str>("no") };
            assert_eq!(cache.try_get_or_load_async("l", 60, load).await, Ok(1));
            assert_eq!(cache.try_get_or_load_async("m", 60, load).await, Err("no"));
            cache.clear_async().await.unwrap();
            assert_eq!(cache.get_async::<i32>("n").await, None);
            assert!(cache.purge_async().await.unwrap() > 0);
        }));
    });
}
