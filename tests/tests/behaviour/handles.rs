//! `f::cache()` and `f::entry(..)`: a cached function's cache as a value.

use std::cell::Cell;
use std::time::Duration;

use cached_runtime::{Entry, Handle, Outcome, cached, hit, miss, testing};

thread_local! {
    static LOADS: Cell<u64> = const { Cell::new(0) };
}

/// Counts the executions of a body.
fn load() -> u64 {
    LOADS.set(LOADS.get() + 1);
    LOADS.get()
}

#[cached(timeout = 10, key = "n:{n}", store_if = |value| *value != 99, handle)]
fn number(n: i64) -> u64 {
    load()
}

#[test]
fn peek_shows_what_a_hit_would_return_and_counts_nothing() {
    testing::isolated(|| {
        assert_eq!(number::entry(1).peek(), None);
        miss!(number(1), 1);
        assert_eq!(number::entry(1).peek(), Some(1));
        assert_eq!(number::entry(2).peek(), None);
        let stats = number::cache().stats();
        assert_eq!((stats.hits, stats.misses, stats.loads), (0, 1, 1));
        testing::clock().advance(Duration::from_secs(10));
        assert_eq!(number::entry(1).peek(), None);
    });
}

#[test]
fn put_is_answered_by_the_next_call_and_lives_as_long_as_a_load() {
    testing::isolated(|| {
        number::entry(1).put(50);
        hit!(number(1), 50);
        number::entry(1).put(51);
        hit!(number(1), 51);
        testing::clock().advance(Duration::from_secs(10));
        miss!(number(1), 1);
    });
}

#[test]
fn put_stores_only_what_a_load_would_store() {
    #[cached(err_timeout = 5, err_if = |text: &String| text == "keep", handle)]
    fn kept(n: u64) -> Result<Option<u64>, String> {
        Ok(None)
    }
    #[cached(handle)]
    fn strict(n: u64) -> Result<u64, String> {
        Ok(0)
    }
    #[cached(handle)]
    fn optional(n: u64) -> Option<u64> {
        None
    }
    testing::isolated(|| {
        number::entry(1).put(7);
        number::entry(1).put(99);
        assert_eq!(number::entry(1).peek(), Some(7));

        strict::entry(1).put(Err("lost".into()));
        assert_eq!(strict::entry(1).peek(), None);
        strict::entry(1).put(Ok(3));
        assert_eq!(strict::entry(1).peek(), Some(Ok(3)));

        optional::entry(1).put(None);
        assert_eq!(optional::entry(1).peek(), None);
        optional::entry(1).put(Some(4));
        hit!(optional(1), Some(4));

        kept::entry(1).put(Err("drop".into()));
        assert_eq!(kept::entry(1).peek(), None);
        kept::entry(1).put(Err("keep".into()));
        hit!(kept(1), Err("keep".into()));
    });
}

#[test]
fn invalidate_says_whether_something_was_there() {
    testing::isolated(|| {
        assert!(!number::entry(1).invalidate());
        miss!(number(1), 1);
        miss!(number(2), 2);
        assert!(number::entry(1).invalidate());
        assert!(!number::entry(1).invalidate());
        miss!(number(1), 3);
        hit!(number(2), 2);
        testing::clock().advance(Duration::from_secs(10));
        assert!(!number::entry(2).invalidate());
    });
}

#[test]
fn expire_ends_the_freshness_and_keeps_the_entry() {
    testing::isolated(|| {
        assert!(!number::entry(1).expire());
        miss!(number(1), 1);
        assert!(number::entry(1).expire());
        assert!(!number::entry(1).expire());
        assert_eq!((number::entry(1).peek(), number::cache().len()), (None, 1));
        miss!(number(1), 2);
        hit!(number(1), 2);
    });
}

#[test]
fn age_is_the_time_since_the_entry_was_stored() {
    testing::isolated(|| {
        assert_eq!(number::entry(1).age(), None);
        miss!(number(1));
        assert_eq!(number::entry(1).age(), Some(Duration::ZERO));
        testing::clock().advance(Duration::from_millis(9_999));
        assert_eq!(number::entry(1).age(), Some(Duration::from_millis(9_999)));
        testing::clock().advance(Duration::from_millis(1));
        assert_eq!(number::entry(1).age(), None);
    });
}

#[test]
fn an_entry_stays_good_while_the_cache_changes() {
    testing::isolated(|| {
        let entry: Entry<u64> = number::entry(1);
        let twin = entry.clone();
        assert_eq!((entry.key(), twin.key()), ("n:1", "n:1"));
        miss!(number(1), 1);
        assert_eq!(entry.peek(), Some(1));
        number::cache().clear();
        assert_eq!(twin.peek(), None);
        twin.put(5);
        hit!(number(1), 5);
        assert!(entry.invalidate());
    });
}

#[test]
fn clear_makes_every_entry_count_for_nothing() {
    testing::isolated(|| {
        for n in 0..5 {
            miss!(number(n));
        }
        let cache: Handle = number::cache();
        assert_eq!((cache.len(), cache.is_empty()), (5, false));
        cache.clear();
        assert_eq!((cache.len(), cache.is_empty(), cache.stats().entries), (0, true, 0));
        assert_eq!(number::entry(0).peek(), None);
        assert!(!number::entry(0).invalidate());
        miss!(number(1));
        hit!(number(1));
        assert_eq!(cache.len(), 1);
    });
}

#[test]
fn purge_drops_what_expired() {
    testing::isolated(|| {
        miss!(number(1));
        miss!(number(2));
        testing::clock().advance(Duration::from_secs(10));
        miss!(number(3));
        assert_eq!(number::cache().purge(), 2);
        assert_eq!((number::cache().len(), number::cache().purge()), (1, 0));
        hit!(number(3));
    });
}

#[test]
fn a_disabled_cache_runs_every_body_and_keeps_its_entries() {
    testing::isolated(|| {
        miss!(number(1), 1);
        number::cache().disable();
        assert_eq!(number(1), 2);
        assert_eq!(testing::last_outcome(), Some(Outcome::Bypass));
        assert_eq!(number::fresh(1), 3);
        assert_eq!(number::cache().stats().bypasses, 2);
        number::cache().enable();
        hit!(number(1), 1);
    });
}

#[test]
fn a_function_never_called_has_an_empty_cache() {
    #[cached(handle)]
    fn idle(n: u64) -> u64 {
        n
    }
    testing::isolated(|| {
        idle::cache().clear();
        assert_eq!(idle::cache().purge(), 0);
        assert_eq!(idle::cache().stats(), cached_runtime::Stats::default());
        assert!(!idle::entry(1).invalidate());
        assert!(!idle::entry(1).expire());
        assert_eq!((idle::entry(1).peek(), idle::entry(1).age()), (None, None));
        idle::entry(1).put(9);
        hit!(idle(1), 9);
    });
}

#[test]
fn clear_and_set_timeout_hold_before_the_first_call() {
    testing::isolated(|| {
        number::cache().set_timeout(1);
        miss!(number(1));
        testing::clock().advance(Duration::from_secs(1));
        miss!(number(1));
        number::cache().disable();
        assert_eq!(number::entry(2).peek(), None);
    });
}

#[cached(handle = NumberCache)]
fn renamed(n: u64) -> u64 {
    n + load()
}

#[test]
fn a_handle_may_have_a_name_of_its_own() {
    testing::isolated(|| {
        miss!(renamed(1), 2);
        assert_eq!(NumberCache::entry(1).peek(), Some(2));
        assert_eq!(NumberCache::fresh(1), 3);
        assert_eq!(NumberCache::uncached(1), 4);
        assert_eq!(NumberCache::cache().stats().loads, 3);
    });
}

#[cached(handle, name = "answers", version = 3)]
fn named(n: u64) -> u64 {
    n
}

#[test]
fn a_handle_tells_name_and_version() {
    testing::isolated(|| {
        named(1);
        assert_eq!((named::cache().name(), named::cache().version()), ("answers".into(), 3));
        number(1);
        assert_eq!(number::cache().name(), "behaviour::handles::number");
        assert_eq!(number::cache().version(), 0);
    });
}
