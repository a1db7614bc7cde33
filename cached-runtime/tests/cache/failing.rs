//! A store that fails: reads are misses, writes say so, nothing outdated comes back.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::{Cache, ErrorKind};

use crate::support::{PATIENCE, Shaky, process};

#[test]
fn reads_of_a_failing_store_are_misses_that_are_counted() {
    let store = Shaky::new();
    process(&store).run(|| {
        let cache = Cache::named("default");
        cache.set("key", &1, 60).unwrap();
        store.down(true);
        assert_eq!(cache.get::<u8>("key"), None);
        assert_eq!(cache.get_many::<u8>(&["key", "other"]), [None, None]);
        assert!(!cache.has("key"));
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.store_errors), (0, 3, 3));
        assert_eq!(cache.get_or_load("key", 60, || 2), 2);
        assert_eq!(cache.get_or_load("key", 60, || 3), 3, "nothing else keeps it");
        store.down(false);
        assert_eq!(cache.get("key"), Some(1));
    });
}

#[test]
fn writes_to_a_failing_store_are_errors() {
    let store = Shaky::new();
    store.down(true);
    process(&store).run(|| {
        let cache = Cache::named("default");
        let errors = [
            cache.set("key", &1, 60).unwrap_err(),
            cache.add("key", &1, 60).unwrap_err(),
            cache.touch("other", 60).unwrap_err(),
            cache.incr("other", 1).unwrap_err(),
            cache.delete("other").unwrap_err(),
            cache.set_many(&[("a", &1)], 60).unwrap_err(),
            cache.delete_many(&["a", "b"]).unwrap_err(),
            cache.purge().unwrap_err(),
            cache.clear().unwrap_err(),
        ];
        let kinds = errors.each_ref().map(cached_runtime::Error::kind);
        // Nothing is added before the store knows what the failed `set` was to replace.
        let mut expected = [ErrorKind::Refused; 9];
        expected[1] = ErrorKind::Unavailable;
        assert_eq!(kinds, expected, "{errors:?}");
        assert!(cache.stats().store_errors >= 8);
    });
}

type Failing = (&'static str, fn(&Cache));

/// The value that was to be replaced is never seen again, neither while the store cannot be told
/// nor afterwards; and it is told in time.
#[test]
fn what_a_failed_write_was_to_replace_counts_for_nothing() {
    let fail: [Failing; 4] = [
        ("set", |cache| drop(cache.set("key", &2, 60).unwrap_err())),
        ("set_many", |cache| drop(cache.set_many(&[("key", &2)], 60).unwrap_err())),
        ("delete", |cache| drop(cache.delete("key").unwrap_err())),
        ("clear", |cache| drop(cache.clear().unwrap_err())),
    ];
    for (name, fail) in fail {
        let store = Shaky::new();
        let (one, other) = (process(&store), process(&store));
        let cache = Cache::named("default");
        one.run(|| cache.set("key", &1, 60)).unwrap();
        store.down(true);
        one.run(|| fail(&cache));
        store.down(false);
        assert_eq!(one.run(|| cache.get::<u8>("key")), None, "{name}");
        let start = Instant::now();
        while other.run(|| cache.has("key")) {
            assert!(start.elapsed() < PATIENCE, "{name}: the store was not told");
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(one.run(|| cache.get::<u8>("key")), None, "{name}");
    }
}

#[test]
fn a_value_that_cannot_be_written_takes_the_old_one_with_it() {
    let pairs = BTreeMap::from([((1, 2), 3)]);
    process(&Shaky::new()).run(|| {
        let cache = Cache::named("default");
        cache.set("key", &1, 60).unwrap();
        assert_eq!(cache.add("key", &pairs, 60).unwrap_err().kind(), ErrorKind::Codec);
        assert_eq!(cache.get("key"), Some(1), "`add` replaces nothing");
        let error = cache.set("key", &pairs, 60).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert_eq!(error.to_string(), "value could not be converted in `encode` of shaky");
        assert!(!cache.has("key"));
        let loaded = cache.get_or_load("load", 60, || pairs.clone());
        assert_eq!(loaded, pairs, "a load is returned all the same");
        assert!(!cache.has("load"));
    });
}
