//! Several keys at once, and whole stores.

use std::sync::Arc;

use cached_runtime::store::MemoryStore;
use cached_runtime::testing::{self, Isolation};
use cached_runtime::{Cache, Config, Handle, StoreConfig, cached, hit, init, miss, registry};

use crate::support::{Shaky, alone, process, secs};

#[cached(shared, key = "{n}")]
fn double(n: u64) -> u64 {
    n * 2
}

#[test]
fn several_keys_are_stored_read_and_dropped_together() {
    alone(|cache| {
        cache.set_many(&[("a", "one"), ("b", "two")], 10).unwrap();
        let values = cache.get_many::<String>(&["b", "x", "a", "b"]);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(values, [text("two"), None, text("one"), text("two")]);
        assert_eq!((cache.stats().hits, cache.stats().misses), (3, 1));
        assert_eq!(cache.delete_many(&["a", "x"]).unwrap(), 1);
        assert_eq!(cache.get_many::<String>(&["a", "b"]), [None, text("two")]);
        testing::clock().advance(secs(10));
        assert_eq!(cache.get::<String>("b"), None);
        cache.set_many(&[("b", &1)], 60).unwrap();
        cache.set_many(&[("b", &2)], 0).unwrap();
        assert_eq!(cache.get::<u8>("b"), None, "zero drops what was there");

        cache.set_many::<str>(&[], 10).unwrap();
        assert_eq!(cache.get_many::<u8>(&[]), []);
        assert_eq!(cache.delete_many(&[]).unwrap(), 0);
    });
}

#[test]
fn hundreds_are_no_different() {
    alone(|cache| {
        let keys: Vec<String> = (0..300).map(|n| format!("key {n}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let numbers: Vec<usize> = (0..300).collect();
        let entries: Vec<(&str, &usize)> = keys.iter().copied().zip(&numbers).collect();
        cache.set_many(&entries, 60).unwrap();
        let read = cache.get_many::<usize>(&keys);
        assert!(read.into_iter().flatten().eq(numbers));
        assert_eq!(cache.delete_many(&keys).unwrap(), 300);
        assert!(cache.get_many::<usize>(&keys).iter().all(Option::is_none));
    });
}

#[test]
fn clear_covers_every_cache_and_function_of_the_store_in_every_process() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (process(&store), process(&store));
    let cache = Cache::named("default");
    one.run(|| {
        miss!(double(1), 2);
        cache.set("key", &1, 60).unwrap();
    });
    other.run(|| hit!(double(1), 2));
    one.run(|| cache.clear()).unwrap();
    for process in [&one, &other] {
        process.run(|| assert_eq!(cache.get::<u8>("key"), None));
    }
    other.run(|| miss!(double(1), 2));
    one.run(|| hit!(double(1), 2));
    one.run(|| {
        cache.set("key", &2, 60).unwrap();
        assert_eq!(cache.get("key"), Some(2), "and works as before");
    });
}

#[test]
fn clear_covers_memory_in_front_of_the_store() {
    let store = Arc::new(MemoryStore::new());
    Isolation::new().run(|| {
        init(Config::new().with(StoreConfig::custom(store).tiered())).unwrap();
        miss!(double(1), 2);
        assert_eq!(registry::all().iter().map(Handle::len).sum::<usize>(), 1, "memory has it");
        Cache::named("default").clear().unwrap();
        miss!(double(1), 2);
    });
}

#[test]
fn clear_covers_functions_whose_entries_are_in_memory_since_nothing_is_bound() {
    alone(|cache| {
        miss!(double(1), 2);
        Cache::named("other").clear().unwrap();
        hit!(double(1), 2);
        cache.clear().unwrap();
        miss!(double(1), 2);
        cache.purge().unwrap();
        miss!(double(1), 2);
    });
}

#[test]
fn purge_drops_everything_and_says_how_much() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (process(&store), process(&store));
    let cache = Cache::named("default");
    one.run(|| cache.set_many(&[("a", &1), ("b", &2)], 60)).unwrap();
    let purged = other.run(|| cache.purge()).unwrap();
    // Beside the entries there are the marks that they carry.
    assert_eq!(purged, 4);
    assert_eq!(other.run(|| cache.purge()).unwrap(), 0);
    one.run(|| assert_eq!(cache.get_many::<u8>(&["a", "b"]), [None, None]));
    one.run(|| cache.set("a", &3, 60)).unwrap();
    assert_eq!(other.run(|| cache.get("a")), Some(3));
}

#[test]
fn operations_cost_what_is_said() {
    let store = Shaky::new();
    process(&store).run(|| {
        let cache = Cache::named("default");
        cache.set("key", &1, 60).unwrap();
        let _with_marks = store.trips();
        let trips = |operation: &dyn Fn()| {
            operation();
            store.trips()
        };
        assert_eq!(trips(&|| _ = cache.get::<u8>("key")), (1, 0));
        assert_eq!(trips(&|| _ = cache.has("key")), (1, 0));
        assert_eq!(trips(&|| cache.set("key", &1, 60).unwrap()), (1, 1));
        assert_eq!(trips(&|| _ = cache.add("key", &1, 60).unwrap()), (1, 0));
        assert_eq!(trips(&|| _ = cache.add("new", &1, 60).unwrap()), (1, 1));
        assert_eq!(trips(&|| _ = cache.incr("key", 1).unwrap()), (1, 1));
        assert_eq!(trips(&|| _ = cache.touch("key", 60).unwrap()), (1, 1));
        assert_eq!(trips(&|| _ = cache.get_or_load("key", 60, || 1)), (1, 0));
        assert_eq!(trips(&|| _ = cache.get_or_load("load", 60, || 1)), (1, 1));
        assert_eq!(trips(&|| _ = cache.get_many::<u8>(&["a", "b", "c"])), (1, 0));
        assert_eq!(trips(&|| cache.set_many(&[("a", &1), ("b", &2)], 60).unwrap()), (1, 1));
        assert_eq!(trips(&|| _ = cache.delete("key").unwrap()), (0, 1));
        assert_eq!(trips(&|| cache.clear().unwrap()), (0, 1));
    });
}
