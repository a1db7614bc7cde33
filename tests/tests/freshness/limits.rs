//! `soft_timeout` and `hard_timeout`: how long a call waits for a load, and what becomes of
//! the load.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached_runtime::{CacheTimeout, cached, hit, invalidate_tag, miss, stale, testing};
use futures_lite::future::poll_once;

use crate::{
    Aside, Stage, answers, aside, both, isolated, loads, pass, pass_an_instant, until, wait,
};

/// Turns the clock until a call is over that waits by it, which may begin to wait at any time. How
/// far the clock goes is not known, so other windows are centuries.
fn pass_until_over<T: Send + 'static>(call: &Aside<T>) {
    until(|| {
        pass(0.5);
        call.is_over()
    });
}

/// Polls a call once.
fn look<F: Future + Unpin>(call: &mut F) -> Option<F::Output> {
    wait(poll_once(call))
}

both! {
    a_soft_timeout_returns_what_is_stale_and_the_load_goes_on,
    (
        timeout = 10,
        stale_if_error = "99999d",
        soft_timeout = 2,
        lead_timeout = "99999d",
        wait_timeout = "99999d"
    ),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.close();
        let call = aside(|| stale!(load(100)));
        STAGE.wait_for(2);
        call.linger();
        pass(1.999_999_999);
        call.linger();
        pass_until_over(&call);
        assert_eq!(call.join(), Ok(101));
        // Others wait as long, for the same load.
        let others: Vec<_> = (0..3).map(|_| aside(|| stale!(load(100)))).collect();
        others.iter().for_each(Aside::linger);
        for other in others {
            pass_until_over(&other);
            assert_eq!(other.join(), Ok(101));
        }
        assert_eq!(STAGE.loads(), 2);
        STAGE.open();
        testing::settle();
        hit!(load(100), Ok(102));
        assert_eq!(answers(load::cache().stats()), (1, 4, 1));
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    }
}

both! {
    a_load_that_goes_on_is_as_old_as_its_beginning,
    (
        timeout = 10,
        stale_if_error = "99999d",
        soft_timeout = 2,
        lead_timeout = "99999d",
        wait_timeout = "99999d", tags("all")
    ),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        let ways: [fn(); 4] = [
            || assert!(load::entry(100).invalidate()),
            || load::cache().clear(),
            || invalidate_tag("all").unwrap(),
            || load::entry(100).put(Ok(7)),
        ];
        for (way, overtake) in ways.into_iter().enumerate() {
            load::cache().clear();
            assert!(load(100).is_ok());
            pass(10.0);
            let begun = STAGE.loads();
            STAGE.close();
            let call = aside(|| stale!(load(100)));
            STAGE.wait_for(begun + 1);
            pass_until_over(&call);
            assert!(call.join().is_ok());
            overtake();
            STAGE.open();
            testing::settle();
            let left = (way == 3).then_some(Ok(7));
            assert_eq!(load::entry(100).peek(), left, "overtaken in way {way}");
        }
    }
}

both! {
    a_load_that_ends_in_time_answers,
    (
        timeout = 10,
        stale_if_error = "99999d",
        soft_timeout = 2,
        lead_timeout = "99999d",
        wait_timeout = "99999d"
    ),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.close();
        let call = aside(|| load(100));
        STAGE.wait_for(2);
        call.linger();
        STAGE.open();
        assert_eq!(call.join(), Ok(102));
        testing::settle();
        // One that fails in time does not answer, and is not tried again at once.
        pass(10.0);
        STAGE.fail(true);
        for _ in 0..3 {
            stale!(load(100), Ok(102));
            testing::settle();
        }
        assert_eq!(loads(load::cache().stats()), (2, 3, 1));
    }
}

both! {
    without_a_value_a_soft_timeout_waits,
    (timeout = 10, stale_if_error = 10, soft_timeout = 2, lead_timeout = "1d", wait_timeout = "1d"),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        for loads in [1, 2] {
            STAGE.close();
            let lead = aside(|| miss!(load(100)));
            STAGE.wait_for(loads);
            let follower = aside(|| miss!(load(100)));
            until(|| load::cache().stats().misses == 2 * loads);
            pass(100.0);
            lead.linger();
            follower.linger();
            STAGE.open();
            assert_eq!((lead.join(), follower.join()), (Ok(100 + loads), Ok(100 + loads)));
            // Past everything, as if there had never been a value.
            pass(20.0);
        }
    }
}

/// Counts the bodies that are there.
struct Alive<'c>(&'c AtomicU64);

impl<'c> Alive<'c> {
    fn new(count: &'c AtomicU64) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn a_hard_timeout_ends_the_call_and_its_load() {
    static STAGE: Stage = Stage::new();
    static ALIVE: AtomicU64 = AtomicU64::new(0);
    #[cached(timeout = 10, hard_timeout = 5, on_timeout = format!("late {id}"), handle)]
    async fn load(id: u64) -> Result<u64, String> {
        let _alive = Alive::new(&ALIVE);
        STAGE.enter_async().await;
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        STAGE.close();
        let (mut lead, mut follower) = (Box::pin(load(100)), Box::pin(load(100)));
        assert_eq!(look(&mut lead), None);
        pass(2.0);
        assert_eq!(look(&mut follower), None);
        pass(2.999_999_999);
        assert_eq!(look(&mut lead), None);
        pass_an_instant();
        miss!(look(&mut lead), Some(Err("late 100".into())));
        // Who waited with it is told the same.
        miss!(look(&mut follower), Some(Err("late 100".into())));
        drop(lead);
        assert_eq!(ALIVE.load(Ordering::SeqCst), 0, "its body was dropped");
        assert_eq!(loads(load::cache().stats()), (0, 1, 1));
        // Nothing is stored, and the next call begins anew.
        STAGE.open();
        miss!(wait(load(100)), Ok(102));
        hit!(wait(load(100)), Ok(102));
        // Its time does not run while nobody loads.
        pass(100.0);
        miss!(wait(load(100)), Ok(103));
        assert_eq!(answers(load::cache().stats()), (1, 0, 4));
    });
}

#[test]
fn a_follower_has_a_hard_timeout_of_its_own() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, hard_timeout = 5, on_timeout = "late".to_owned(), handle)]
    async fn load(id: u64) -> Result<u64, String> {
        STAGE.enter_async().await;
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        STAGE.close();
        let mut lead = Box::pin(load(100));
        assert_eq!(look(&mut lead), None);
        let mut follower = Box::pin(load(100));
        assert_eq!(look(&mut follower), None);
        // The lead is not polled; the follower does not wait for that.
        pass(5.0);
        miss!(look(&mut follower), Some(Err("late".into())));
        // A lead that is done when it is polled again has its value, however late.
        STAGE.open();
        miss!(look(&mut lead), Some(Ok(101)));
        hit!(wait(load(100)), Ok(101));
        assert_eq!(loads(load::cache().stats()), (0, 1, 0));
    });
}

#[test]
fn a_call_that_takes_too_long_returns_what_it_was_told_to() {
    static STAGE: Stage = Stage::new();
    #[derive(Clone, Debug, PartialEq)]
    struct TooSlow(Duration);
    impl From<CacheTimeout> for TooSlow {
        fn from(timeout: CacheTimeout) -> Self {
            Self(timeout.after())
        }
    }
    #[cached(hard_timeout = "1500ms")]
    async fn by_its_error(id: u64) -> Result<u64, TooSlow> {
        STAGE.enter_async().await;
        Ok(id)
    }
    #[cached(hard_timeout = 1, on_timeout = 7)]
    async fn as_a_whole(id: u64) -> u64 {
        STAGE.enter_async().await;
        id
    }
    #[cached(hard_timeout = 1, on_timeout = None)]
    async fn as_nothing(id: u64) -> Option<u64> {
        STAGE.enter_async().await;
        Some(id)
    }
    isolated(|| {
        STAGE.close();
        let mut by_error = Box::pin(by_its_error(1));
        let (mut whole, mut nothing) = (Box::pin(as_a_whole(1)), Box::pin(as_nothing(1)));
        assert_eq!(look(&mut by_error), None);
        assert_eq!((look(&mut whole), look(&mut nothing)), (None, None));
        pass(1.0);
        miss!(look(&mut whole), Some(7));
        miss!(look(&mut nothing), Some(None));
        assert_eq!(look(&mut by_error), None);
        pass(0.5);
        miss!(look(&mut by_error), Some(Err(TooSlow(Duration::from_millis(1_500)))));
        // None of it is stored.
        STAGE.open();
        miss!(wait(by_its_error(1)), Ok(1));
        miss!(wait(as_a_whole(1)), 1);
        miss!(wait(as_nothing(1)), Some(1));
    });
}

#[test]
fn a_hard_timeout_falls_back_on_what_is_stale() {
    static STAGE: Stage = Stage::new();
    #[cached(
        timeout = 10,
        stale_if_error = "1d",
        stale_if = |_: &String| false,
        hard_timeout = 5,
        on_timeout = "late".to_owned(),
        handle
    )]
    async fn load(id: u64) -> Result<u64, String> {
        STAGE.enter_async().await;
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        miss!(wait(load(100)), Ok(101));
        pass(10.0);
        STAGE.close();
        let (mut lead, mut follower) = (Box::pin(load(100)), Box::pin(load(100)));
        assert_eq!((look(&mut lead), look(&mut follower)), (None, None));
        pass(5.0);
        stale!(look(&mut lead), Some(Ok(101)));
        stale!(look(&mut follower), Some(Ok(101)));
        // It is a failure: the next attempt waits.
        pass(9.999_999_999);
        stale!(wait(load(100)), Ok(101));
        assert_eq!(STAGE.loads(), 2);
        pass_an_instant();
        STAGE.open();
        miss!(wait(load(100)), Ok(103));
        assert_eq!(answers(load::cache().stats()), (0, 3, 2));
        assert_eq!(loads(load::cache().stats()), (2, 3, 1));
    });
}

#[test]
fn a_soft_timeout_comes_before_a_hard_one() {
    static STAGE: Stage = Stage::new();
    #[cached(
        timeout = 10,
        stale_if_error = "1d",
        soft_timeout = 2,
        hard_timeout = 5,
        on_timeout = "late".to_owned(),
        handle
    )]
    async fn load(id: u64) -> Result<u64, String> {
        STAGE.enter_async().await;
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        miss!(wait(load(100)), Ok(101));
        pass(10.0);
        STAGE.close();
        let mut call = Box::pin(load(100));
        assert_eq!(look(&mut call), None);
        STAGE.wait_for(2);
        pass(1.999_999_999);
        assert_eq!(look(&mut call), None);
        pass_an_instant();
        stale!(look(&mut call), Some(Ok(101)));
        STAGE.open();
        testing::settle();
        hit!(wait(load(100)), Ok(102));
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    });
}

#[test]
fn a_hard_timeout_ends_loads_in_the_background() {
    static STAGE: Stage = Stage::new();
    static ALIVE: AtomicU64 = AtomicU64::new(0);
    #[cached(
        timeout = 10,
        stale = "99999d",
        hard_timeout = 5,
        throttle = "99d",
        on_timeout = "late".to_owned(),
        handle
    )]
    async fn load(id: u64) -> Result<u64, String> {
        let _alive = Alive::new(&ALIVE);
        STAGE.enter_async().await;
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        miss!(wait(load(100)), Ok(101));
        pass(10.0);
        STAGE.close();
        stale!(wait(load(100)), Ok(101));
        STAGE.wait_for(2);
        until(|| {
            pass(0.5);
            ALIVE.load(Ordering::SeqCst) == 0
        });
        testing::settle();
        stale!(wait(load(100)), Ok(101));
        assert_eq!(STAGE.loads(), 2);
        STAGE.open();
        pass(100.0 * 86_400.0);
        stale!(wait(load(100)), Ok(101));
        testing::settle();
        hit!(wait(load(100)), Ok(103));
        assert_eq!(loads(load::cache().stats()), (2, 3, 1));
    });
}
