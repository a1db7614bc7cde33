//! `unless` and `refresh`: calls that bypass the cache, and calls that load whatever it holds.

use std::cell::Cell;

use cached_runtime::{MissReason, Outcome, cached, hit, miss, testing};

thread_local! {
    static LOADS: Cell<u64> = const { Cell::new(0) };
}

/// Counts the executions of a body.
fn load() -> u64 {
    LOADS.set(LOADS.get() + 1);
    LOADS.get()
}

#[cached(key = "{id}", unless = is_admin && *id > 0, refresh = force, skip(is_admin, force), handle)]
fn page(id: &i32, is_admin: bool, force: bool) -> u64 {
    load()
}

const BYPASS: Option<Outcome> = Some(Outcome::Bypass);

#[test]
fn a_bypass_neither_reads_nor_writes() {
    testing::isolated(|| {
        assert_eq!(page(&1, true, false), 1);
        assert_eq!(testing::last_outcome(), BYPASS);
        miss!(page(&1, false, false), 2);
        assert_eq!(page(&1, true, false), 3);
        assert_eq!(testing::last_outcome(), BYPASS);
        hit!(page(&1, false, false), 2);
        miss!(page(&0, true, false), 4);
        assert_eq!(page::cache().stats().bypasses, 2);
    });
}

#[test]
fn a_refresh_loads_and_stores() {
    testing::isolated(|| {
        miss!(page(&1, false, true), 1);
        hit!(page(&1, false, false), 1);
        page(&1, false, true);
        let outcome = testing::last_outcome().unwrap();
        assert!(matches!(outcome, Outcome::Miss { reason: MissReason::Forced, stored: true, .. }));
        hit!(page(&1, false, false), 2);
    });
}

#[test]
fn unless_comes_before_refresh() {
    testing::isolated(|| {
        miss!(page(&1, false, false), 1);
        assert_eq!(page(&1, true, true), 2);
        assert_eq!(testing::last_outcome(), BYPASS);
        hit!(page(&1, false, false), 1);
    });
}

#[test]
fn uncached_and_fresh_do_the_same_on_request() {
    testing::isolated(|| {
        miss!(page(&1, false, false), 1);
        assert_eq!(page::uncached(&1, false, false), 2);
        assert_eq!(testing::last_outcome(), BYPASS);
        hit!(page(&1, false, false), 1);
        miss!(page::fresh(&1, false, false), 3);
        hit!(page(&1, false, false), 3);
        assert_eq!(page::fresh(&1, true, false), 4);
        assert_eq!(testing::last_outcome(), BYPASS);
        assert_eq!(page::uncached(&1, false, true), 5);
        hit!(page(&1, false, false), 3);
    });
}

#[cached(refresh = refresh)]
fn keyed_by_its_condition(refresh: bool) -> u64 {
    load()
}

#[test]
fn a_condition_may_look_at_what_is_in_the_key() {
    testing::isolated(|| {
        miss!(keyed_by_its_condition(false), 1);
        miss!(keyed_by_its_condition(true), 2);
        miss!(keyed_by_its_condition(true), 3);
        hit!(keyed_by_its_condition(false), 1);
    });
}

#[test]
fn a_failed_refresh_leaves_the_entry() {
    #[cached(refresh = force, skip(force))]
    fn fallible(force: bool) -> Result<u64, u64> {
        let number = load();
        if force { Err(number) } else { Ok(number) }
    }
    testing::isolated(|| {
        miss!(fallible(false), Ok(1));
        miss!(fallible(true), Err(2));
        hit!(fallible(false), Ok(1));
    });
}

#[tokio::test]
async fn conditions_of_async_functions_work_the_same_way() {
    #[cached(unless = user.is_empty(), refresh = force, skip(force), handle)]
    async fn greet(user: String, force: bool) -> u64 {
        load()
    }
    testing::isolated_async(async {
        assert_eq!(greet(String::new(), false).await, 1);
        assert_eq!(testing::last_outcome(), BYPASS);
        miss!(greet("a".into(), false).await, 2);
        miss!(greet("a".into(), true).await, 3);
        hit!(greet("a".into(), false).await, 3);
        miss!(greet::fresh("a".into(), false).await, 4);
        assert_eq!(greet::uncached("a".into(), false).await, 5);
        hit!(greet("a".into(), false).await, 4);
    })
    .await;
}

#[test]
fn unless_may_be_constant() {
    #[cached(unless = true, handle)]
    fn never_cached(n: u64) -> u64 {
        load()
    }
    testing::isolated(|| {
        assert_eq!((never_cached(1), never_cached(1)), (1, 2));
        assert_eq!(never_cached::cache().stats().bypasses, 2);
    });
}
