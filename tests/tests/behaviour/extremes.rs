//! Capacities and weights at their limits.

use std::cell::Cell;

use cached_runtime::{Outcome, cached, hit, miss, testing};

#[cached(capacity = 1, handle)]
fn single(n: u64) -> u64 {
    n * 2
}

#[test]
fn a_cache_of_one_entry_holds_the_latest() {
    testing::isolated(|| {
        for n in 0..10 {
            miss!(single(n), n * 2);
            hit!(single(n), n * 2);
            assert_eq!(single::cache().len(), 1);
        }
        assert_eq!(single::cache().stats().evictions, 9);
    });
}

/// Calls functions of small capacities with keys that come again and again.
macro_rules! holds_the_latest {
    ($($capacity:literal)*) => {$({
        #[cached(capacity = $capacity, handle)]
        fn load(n: u64) -> u64 {
            n
        }
        let mut random = 1_u64;
        for _ in 0..5_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let n = (random >> 33) % (3 * $capacity);
            assert_eq!(load(n), n);
            assert_eq!(load::entry(n).peek(), Some(n), "capacity {}", $capacity);
            assert!(load::cache().len() <= $capacity);
        }
    })*};
}

#[test]
fn what_was_just_stored_is_held_however_small_the_cache() {
    testing::isolated(|| {
        holds_the_latest!(1 2 3 4 5 8 13 21 34);
    });
}

const SMALL: usize = 3;

#[cached(capacity = SMALL, handle)]
fn small(n: u64) -> u64 {
    n
}

#[test]
fn evictions_are_what_was_stored_and_is_no_longer_held() {
    testing::isolated(|| {
        for n in [1, 2, 3, 4, 1, 5, 1, 6, 1, 7, 8] {
            small(n);
            let stats = small::cache().stats();
            assert!(stats.entries <= 3);
            assert_eq!(stats.evictions, stats.misses - stats.entries);
        }
    });
}

#[cached(capacity = 10, weigh = |_| 0, handle)]
fn weightless(n: u64) -> u64 {
    n
}

#[test]
fn a_weight_of_zero_does_not_escape_the_capacity() {
    testing::isolated(|| {
        for n in 0..1_000 {
            miss!(weightless(n), n);
            assert!(weightless::cache().len() <= 10);
        }
        hit!(weightless(999), 999);
    });
}

#[cached(capacity = "1KB", weigh = String::len, handle)]
fn repeated(length: usize) -> String {
    "x".repeat(length)
}

#[test]
fn a_value_heavier_than_the_whole_cache_is_returned_and_pushes_nothing_out() {
    testing::isolated(|| {
        miss!(repeated(10)).truncate(0);
        assert_eq!(miss!(repeated(1_001)).len(), 1_001);
        assert_eq!(miss!(repeated(1_001)).len(), 1_001);
        assert_eq!(hit!(repeated(10)).len(), 10);
        assert_eq!(repeated::cache().len(), 1);
        repeated::entry(5).put("y".repeat(2_000));
        assert_eq!(repeated::entry(5).peek(), None);
    });
}

#[test]
fn a_value_too_heavy_to_hold_is_not_reported_as_stored() {
    testing::isolated(|| {
        assert_eq!(repeated(1_001).len(), 1_001);
        let outcome = testing::last_outcome().unwrap();
        assert!(matches!(outcome, Outcome::Miss { stored: false, .. }), "{outcome:?}");
    });
}

#[test]
fn a_heavier_value_takes_the_place_of_its_own_entry_only() {
    testing::isolated(|| {
        repeated::entry(1).put("a".repeat(100));
        repeated::entry(2).put("b".repeat(100));
        repeated::entry(1).put("c".repeat(5_000));
        assert_eq!(repeated::entry(1).peek(), None, "the old value is out of date");
        assert_eq!(repeated::entry(2).peek().map(|text| text.len()), Some(100));
    });
}

#[test]
fn the_weights_held_stay_within_the_capacity() {
    testing::isolated(|| {
        for n in 0..2_000 {
            repeated(n % 300);
            let held: usize =
                (0..300).filter_map(|n| repeated::entry(n).peek()).map(|text| text.len()).sum();
            assert!(n % 50 != 0 || held <= 1_000, "{held} bytes");
        }
    });
}

#[cached(capacity = 18446744073709551615, handle)]
fn unbounded(n: u64) -> u64 {
    n
}

#[cached(capacity = u64::MAX, weigh = |_| u64::MAX, handle)]
fn heaviest(n: u64) -> u64 {
    n
}

#[test]
fn the_largest_capacity_and_the_largest_weight_overflow_nothing() {
    testing::isolated(|| {
        for n in 0..100 {
            miss!(unbounded(n), n);
            assert_eq!(miss!(heaviest(n)), n);
        }
        assert_eq!(unbounded::cache().len(), 100);
        assert!(heaviest::cache().len() <= 16, "each fills a shard on its own");
    });
}

const BELOW_ZERO: i32 = -5;

#[cached(capacity = BELOW_ZERO, handle)]
fn negative(n: u64) -> u64 {
    n
}

#[test]
fn a_capacity_computed_below_one_counts_as_one() {
    testing::isolated(|| {
        miss!(negative(1), 1);
        hit!(negative(1), 1);
        miss!(negative(2), 2);
        assert_eq!(negative::cache().len(), 1);
    });
}

#[cached(capacity = 2, handle)]
fn crowded(n: u64) -> u64 {
    if n == 0 { (1..100).map(crowded).sum() } else { n }
}

#[test]
fn evictions_during_a_load_do_not_disturb_it() {
    testing::isolated(|| {
        miss!(crowded(0), 4_950);
        hit!(crowded(0), 4_950);
        assert_eq!(crowded::cache().len(), 2);
    });
}

thread_local! {
    static LIVE: Cell<u64> = const { Cell::new(0) };
}

/// A value that is counted while it lives.
struct Counted(u64);

impl Counted {
    fn new(n: u64) -> Self {
        LIVE.set(LIVE.get() + 1);
        Self(n)
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

#[cached(capacity = 1_000, handle)]
fn counted(n: u64) -> Counted {
    Counted::new(n)
}

#[test]
fn a_million_keys_stay_within_the_capacity_and_leak_no_value() {
    testing::isolated(|| {
        let cache = counted::cache();
        for n in 0..1_000_000 {
            assert_eq!(counted(n).0, n);
            if n % 512 == 0 {
                assert!(cache.len() <= 1_000);
                assert_eq!(LIVE.get(), cache.len() as u64);
            }
        }
        let stats = cache.stats();
        assert_eq!((stats.misses, stats.loads), (1_000_000, 1_000_000));
        assert_eq!(stats.evictions, 1_000_000 - stats.entries);
        assert!(cache.len() > 900, "what fits is held");
    });
    assert_eq!(LIVE.get(), 0);
}

#[test]
fn clear_drops_the_values() {
    testing::isolated(|| {
        for n in 0..100 {
            counted(n);
        }
        counted::cache().clear();
        assert_eq!((LIVE.get(), counted::cache().len()), (0, 0));
    });
}
