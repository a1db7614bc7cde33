//! How background loads end: by a shutdown, by a panic, and not by a caller that goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cached_runtime::{cached, hit, miss, shutdown, shutdown_async, stale, testing};
use futures_lite::future::poll_once;

use crate::{Stage, answers, aside, both, isolated, loads, pass, until, wait};

both! {
    a_shutdown_waits_for_loads_and_nothing_starts_after_it, (timeout = 10, stale = 100),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.close();
        stale!(load(100), 101);
        STAGE.wait_for(2);
        let end = aside(|| shutdown(Duration::from_secs(10)));
        end.linger();
        STAGE.open();
        assert_eq!(end.join(), 0);
        // What it waited for is stored.
        hit!(load(100), 102);
        pass(10.0);
        for _ in 0..3 {
            stale!(load(100), 102);
        }
        testing::settle();
        assert_eq!(STAGE.loads(), 2);
        // Who has to load does so where it stands.
        pass(100.0);
        miss!(load(100), 103);
        assert_eq!(shutdown(Duration::ZERO), 0);
        assert_eq!(loads(load::cache().stats()), (1, 3, 0));
    }
}

both! {
    after_a_shutdown_a_soft_timeout_loads_where_it_stands,
    (timeout = 10, stale_if_error = 100, soft_timeout = 1),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        assert_eq!(wait(shutdown_async(Duration::ZERO)), 0);
        pass(10.0);
        miss!(load(100), Ok(102));
        pass(10.0);
        STAGE.fail(true);
        stale!(load(100), Ok(102));
        assert_eq!(loads(load::cache().stats()), (2, 3, 1));
    }
}

/// Keeps count of the bodies that have not been dropped.
struct Alive(Arc<AtomicU64>);

impl Alive {
    fn new(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn no_task_outlives_a_shutdown() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, stale = 100, handle, key = "{id}", skip(alive))]
    async fn load(id: u64, alive: Arc<AtomicU64>) -> u64 {
        let _alive = Alive::new(&alive);
        STAGE.enter_async().await;
        id
    }
    isolated(|| {
        let alive = Arc::new(AtomicU64::new(0));
        let call = |id| wait(load(id, Arc::clone(&alive)));
        (0..10).for_each(|id| assert_eq!(call(id), id));
        pass(10.0);
        STAGE.close();
        for id in 0..10 {
            stale!(call(id), id);
        }
        STAGE.wait_for(20);
        assert_eq!(shutdown(Duration::from_millis(1)), 0);
        assert_eq!(alive.load(Ordering::SeqCst), 0);
        assert_eq!(Arc::strong_count(&alive), 1, "nor do the arguments");
        STAGE.open();
        stale!(call(0), 0);
        assert_eq!(loads(load::cache().stats()), (10, 20, 0));
    });
}

#[test]
fn what_a_thread_brings_that_a_shutdown_left_behind_is_not_stored() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, stale = 100, handle)]
    fn load(id: u64) -> u64 {
        STAGE.enter();
        id + STAGE.loads()
    }
    isolated(|| {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.close();
        stale!(load(100), 101);
        STAGE.wait_for(2);
        assert_eq!(shutdown(Duration::from_millis(1)), 1);
        STAGE.open();
        testing::settle();
        stale!(load(100), 101);
        assert_eq!(STAGE.loads(), 2);
    });
}

both! {
    a_panic_is_counted_and_nothing_else_happens, (timeout = 10, stale = 1_000, throttle = 10),
    load(id: u64) -> u64 {
        assert!(STAGE.result().is_ok(), "as it was told to");
        id + STAGE.loads()
    },
    {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.fail(true);
        for (pause, attempts) in [(0.0, 2), (9.9, 2), (0.1, 3), (19.9, 3), (0.1, 4)] {
            pass(pause);
            stale!(load(100), 101);
            testing::settle();
            stale!(load(100), 101);
            testing::settle();
            assert_eq!(STAGE.loads(), attempts);
        }
        STAGE.fail(false);
        pass(40.0);
        stale!(load(100), 101);
        testing::settle();
        hit!(load(100), 105);
        assert_eq!(answers(load::cache().stats()), (1, 11, 1));
        assert_eq!(loads(load::cache().stats()), (4, 5, 3));
        // Neither the loads that may run at once, nor the flights, are fewer for it.
        assert_eq!(shutdown(Duration::ZERO), 0);
    }
}

static IS_TO_PANIC: AtomicBool = AtomicBool::new(false);

both! {
    a_panic_in_a_closure_is_one_of_its_load,
    (
        timeout = 10,
        stale = 1_000,
        store_if = |_: &u64| !IS_TO_PANIC.load(Ordering::SeqCst) || panic!("as it was told to")
    ),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        IS_TO_PANIC.store(false, Ordering::SeqCst);
        miss!(load(100), 101);
        pass(10.0);
        IS_TO_PANIC.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            stale!(load(100), 101);
            testing::settle();
        }
        assert_eq!(loads(load::cache().stats()), (1, 2, 1));
        IS_TO_PANIC.store(false, Ordering::SeqCst);
        pass(10.0);
        stale!(load(100), 101);
        testing::settle();
        hit!(load(100), 103);
    }
}

#[test]
fn a_caller_that_goes_away_does_not_stop_a_refresh() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, stale = 10, stale_if_error = "1d", soft_timeout = 5, handle)]
    async fn load(id: u64) -> Result<u64, String> {
        STAGE.enter_async().await;
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        miss!(wait(load(100)), Ok(101));
        // A call that was answered, on a runtime that is gone since.
        pass(10.0);
        STAGE.close();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let isolation = testing::isolation();
        assert_eq!(runtime.block_on(isolation.run_async(load(100))), Ok(101));
        STAGE.wait_for(2);
        drop(runtime);
        STAGE.open();
        testing::settle();
        hit!(wait(load(100)), Ok(102));

        // And one that waited for the load that it began.
        pass(20.0);
        STAGE.close();
        let mut call = Box::pin(load(100));
        assert_eq!(wait(poll_once(call.as_mut())), None);
        STAGE.wait_for(3);
        drop(call);
        STAGE.open();
        testing::settle();
        hit!(wait(load(100)), Ok(103));
        assert_eq!(answers(load::cache().stats()), (2, 1, 2));
        assert_eq!(loads(load::cache().stats()), (2, 3, 0));
    });
}

#[test]
fn a_lead_that_goes_away_leaves_its_load_to_a_follower() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, stale_if_error = "1d", handle)]
    async fn load(id: u64) -> Result<u64, String> {
        STAGE.enter_async().await;
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        miss!(wait(load(100)), Ok(101));
        pass(10.0);
        STAGE.close();
        let mut lead = Box::pin(load(100));
        assert_eq!(wait(poll_once(lead.as_mut())), None);
        let follower = aside(|| miss!(wait(load(100))));
        follower.linger();
        drop(lead);
        STAGE.wait_for(3);
        STAGE.open();
        assert_eq!(follower.join(), Ok(103));
        until(|| answers(load::cache().stats()) == (0, 0, 3));
        assert_eq!(loads(load::cache().stats()), (2, 3, 0));
    });
}

#[test]
fn a_thread_that_ends_may_call_to_the_last() {
    #[cached(timeout = 10, stale = 100, handle)]
    fn load(id: u64) -> u64 {
        id
    }
    /// Calls when its thread's locals are dropped.
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            assert_eq!((load(1), load::uncached(2)), (1, 2));
        }
    }
    thread_local! {
        static LATE: Late = const { Late };
    }
    isolated(|| {
        let isolation = testing::isolation();
        let call = aside(move || {
            // Dropped in the order of their first use, the other way round on some systems.
            LATE.with(|_| ());
            assert_eq!(isolation.run(|| load(3)), 3);
        });
        call.join_thread();
    });
}
