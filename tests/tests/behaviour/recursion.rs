//! Bodies that call cached functions, themselves included.

use std::cell::Cell;

use cached_runtime::{Outcome, cached, hit, miss, testing};

#[cached(handle)]
fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[test]
fn recursion_on_smaller_keys_loads_each_key_once() {
    testing::isolated(|| {
        miss!(fibonacci(80), 23_416_728_348_467_685);
        let stats = fibonacci::cache().stats();
        assert_eq!((stats.loads, stats.misses, stats.entries), (81, 81, 81));
        hit!(fibonacci(50), 12_586_269_025);
    });
}

#[cached]
fn is_even(n: u64) -> bool {
    n == 0 || is_odd(n - 1)
}

#[cached]
fn is_odd(n: u64) -> bool {
    n != 0 && is_even(n - 1)
}

#[test]
fn mutual_recursion_ends() {
    testing::isolated(|| {
        miss!(is_even(100), true);
        miss!(is_odd(100), false);
        hit!(is_odd(99), true);
    });
}

thread_local! {
    static DEPTH: Cell<u64> = const { Cell::new(0) };
}

/// Goes three levels down and comes up; gives the level it was called at.
fn level(deeper: impl FnOnce() -> u64) -> u64 {
    let level = DEPTH.get();
    DEPTH.set(level + 1);
    if level < 3 {
        assert_eq!(deeper(), level + 1);
    }
    DEPTH.set(level);
    level
}

#[cached(handle)]
fn reentrant(n: u64) -> u64 {
    level(|| {
        let inner = reentrant(n);
        let outcome = testing::last_outcome().unwrap();
        assert!(matches!(outcome, Outcome::Miss { stored: false, .. }));
        assert_eq!(reentrant::entry(n).peek(), None);
        inner
    })
}

#[test]
fn a_body_that_calls_itself_with_its_own_key_stores_the_outermost_result_only() {
    testing::isolated(|| {
        miss!(reentrant(1), 0);
        hit!(reentrant(1), 0);
        let stats = reentrant::cache().stats();
        assert_eq!((stats.misses, stats.loads, stats.entries, stats.hits), (4, 4, 1, 1));
    });
}

#[cached(handle)]
fn through(n: u64) -> u64 {
    level(|| back(n))
}

#[cached(handle)]
fn back(n: u64) -> u64 {
    through(n)
}

#[test]
fn a_cycle_over_two_functions_ends() {
    testing::isolated(|| {
        miss!(through(1), 0);
        hit!(through(1), 0);
        assert_eq!(through::cache().len(), 1);
    });
}

#[cached(handle)]
async fn reentrant_task(n: u64) -> u64 {
    let level = DEPTH.get();
    DEPTH.set(level + 1);
    tokio::task::yield_now().await;
    if level < 3 {
        assert_eq!(Box::pin(reentrant_task(n)).await, level + 1);
        assert_eq!(reentrant_task::entry(n).peek(), None);
    }
    tokio::task::yield_now().await;
    DEPTH.set(level);
    level
}

#[tokio::test]
async fn an_async_body_that_awaits_itself_stores_the_outermost_result_only() {
    testing::isolated_async(async {
        miss!(reentrant_task(1).await, 0);
        hit!(reentrant_task(1).await, 0);
        let stats = reentrant_task::cache().stats();
        assert_eq!((stats.misses, stats.loads, stats.entries), (4, 4, 1));
    })
    .await;
}

#[cached(handle)]
async fn fibonacci_task(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (one, two) = (Box::pin(fibonacci_task(n - 1)), Box::pin(fibonacci_task(n - 2)));
    one.await + two.await
}

#[tokio::test]
async fn async_recursion_on_smaller_keys_loads_each_key_once() {
    testing::isolated_async(async {
        miss!(fibonacci_task(60).await, 1_548_008_755_920);
        assert_eq!(fibonacci_task::cache().stats().loads, 61);
    })
    .await;
}

#[cached(handle)]
fn restless(n: u64) -> u64 {
    assert!(!restless::entry(n).invalidate());
    n
}

#[test]
fn a_body_that_invalidates_its_own_key_is_not_stored() {
    testing::isolated(|| {
        miss!(restless(1), 1);
        miss!(restless(1), 1);
        assert_eq!(restless::cache().len(), 0);
    });
}

#[cached(handle)]
fn replaced(n: u64) -> u64 {
    replaced::entry(n).put(n + 100);
    n
}

#[test]
fn a_body_that_puts_its_own_key_is_overruled_by_the_newer_value() {
    testing::isolated(|| {
        miss!(replaced(1), 1);
        hit!(replaced(1), 101);
    });
}

#[cached(handle)]
fn clearing(n: u64) -> u64 {
    clearing::cache().clear();
    n
}

#[test]
fn a_body_that_clears_its_own_cache_is_not_stored() {
    testing::isolated(|| {
        miss!(clearing(1), 1);
        miss!(clearing(1), 1);
        assert!(clearing::cache().is_empty());
    });
}
