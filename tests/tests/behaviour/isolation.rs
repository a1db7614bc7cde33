//! `testing`: caches and a clock of one's own.

use std::iter;
use std::panic::catch_unwind;
use std::thread;
use std::time::Duration;

use cached_runtime::testing::{self, Isolation};
use cached_runtime::{cached, hit, miss};

#[cached(timeout = 10, handle)]
fn double(n: u64) -> u64 {
    n * 2
}

#[cached(handle)]
async fn triple(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n * 3
}

#[test]
fn isolations_side_by_side_do_not_see_one_another() {
    let isolations: Vec<_> = iter::repeat_with(Isolation::new).take(8).collect();
    let in_each = |step: fn(u64)| {
        thread::scope(|scope| {
            for (n, isolation) in (0..).zip(&isolations) {
                scope.spawn(move || isolation.run(|| step(n)));
            }
        });
    };
    in_each(|_| miss!(double(1), 2));
    in_each(|_| hit!(double(1), 2));
    in_each(|n| {
        testing::clock().advance(Duration::from_secs(if n < 4 { 9 } else { 10 }));
        double::entry(2).put(n);
    });
    in_each(|n| {
        assert_eq!(double::entry(1).peek().is_some(), n < 4);
        hit!(double(2), n);
        assert_eq!(double::cache().len(), 2);
    });
}

#[test]
fn an_isolation_inside_another_is_one_of_its_own() {
    testing::isolated(|| {
        miss!(double(1), 2);
        testing::isolated(|| miss!(double(1), 2));
        hit!(double(1), 2);
    });
}

#[test]
fn what_is_isolated_leaves_nothing_outside() {
    #[cached(handle)]
    fn inside_only(n: u64) -> u64 {
        n
    }
    testing::isolated(|| {
        inside_only(1);
        inside_only::cache().disable();
        inside_only::cache().set_timeout(1);
    });
    assert_eq!(inside_only::cache().stats(), cached_runtime::Stats::default());
    miss!(inside_only(1), 1);
    hit!(inside_only(1), 1);
}

#[test]
fn a_panic_leaves_the_isolation() {
    let isolation = Isolation::new();
    let inside = isolation.clone();
    let result = catch_unwind(move || {
        inside.run(|| {
            double(1);
            std::panic::resume_unwind(Box::new("no message"))
        })
    });
    assert!(result.is_err());
    assert!(catch_unwind(testing::last_outcome).is_ok());
    isolation.run(|| hit!(double(1), 2));
    testing::isolated(|| miss!(double(1), 2));
}

#[test]
fn threads_work_in_the_isolation_they_are_handed() {
    testing::isolated(|| {
        miss!(double(1), 2);
        let isolation = testing::isolation();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| isolation.run(|| hit!(double(1), 2)));
            }
        });
        assert_eq!(double::cache().stats().hits, 4);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_work_in_the_isolation_they_are_handed() {
    testing::isolated_async(async {
        assert_eq!(triple(1).await, 3);
        let isolation = testing::isolation();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let isolation = isolation.clone();
                tokio::spawn(async move { isolation.run_async(triple(1)).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 3);
        }
        let stats = triple::cache().stats();
        assert_eq!((stats.hits, stats.misses), (8, 1));
    })
    .await;
}

#[tokio::test]
async fn an_async_isolation_holds_between_awaits_only_for_its_own_future() {
    let one = testing::isolated_async(async {
        miss!(triple(1).await, 3);
        tokio::task::yield_now().await;
        hit!(triple(1).await, 3);
        triple::cache().stats().loads
    });
    let two = testing::isolated_async(async {
        miss!(triple(1).await, 3);
        tokio::task::yield_now().await;
        triple::entry(1).invalidate();
        miss!(triple(1).await, 3);
        triple::cache().stats().loads
    });
    assert_eq!(tokio::join!(one, two), (1, 2));
}

#[test]
fn the_assertions_tell_the_value_and_the_outcome() {
    testing::isolated(|| {
        let missed: u64 = miss!(double(3));
        let hit: u64 = hit!(double(3));
        assert_eq!((missed, hit), (6, 6));
        assert!(testing::last_outcome().is_none(), "an outcome is read once");
    });
}
