//! How long an entry answers, to the nanosecond.

use std::thread;
use std::time::Duration;

use cached_runtime::{MissReason, Outcome, Timeout, cached, hit, miss, testing};

const HALF_SECOND: Duration = Duration::from_millis(500);
const TEN: u64 = 10;
const NANOSECOND: Duration = Duration::from_nanos(1);

fn advance(step: Duration) {
    testing::clock().advance(step);
}

/// Goes to the last moment at which an entry of that timeout is fresh.
fn advance_to_the_end_of(timeout: Duration) {
    advance(timeout.saturating_sub(NANOSECOND));
}

/// Writes a function with a timeout.
macro_rules! timed {
    ($($name:ident: $($timeout:expr)?;)*) => {$(
        #[cached($(timeout = $timeout)?)]
        fn $name() -> u8 {
            1
        }
    )*};
}

timed! {
    default_timeout: ;
    seconds: 2;
    text: "1500ms";
    weeks: "2w";
    duration: HALF_SECOND;
    constant: TEN;
    computed: Duration::from_secs(TEN) / 3;
    configured: 922337203685477580;
    largest: u64::MAX;
    largest_text: "99999999999999999999d";
    longest: Duration::MAX;
    never: Timeout::NEVER;
}

#[cached(timeout = never)]
fn never_by_name() -> u8 {
    1
}

#[test]
fn an_entry_is_fresh_up_to_the_last_nanosecond_of_its_timeout() {
    type Function = fn() -> u8;
    let cases: [(Function, Duration); 7] = [
        (default_timeout, Duration::from_secs(300)),
        (seconds, Duration::from_secs(2)),
        (text, Duration::from_millis(1_500)),
        (weeks, Duration::from_secs(14 * 24 * 60 * 60)),
        (duration, HALF_SECOND),
        (constant, Duration::from_secs(10)),
        (computed, Duration::from_nanos(3_333_333_333)),
    ];
    for (function, timeout) in cases {
        testing::isolated(|| {
            miss!(function());
            advance_to_the_end_of(timeout);
            hit!(function());
            advance(NANOSECOND);
            miss!(function());
        });
    }
}

#[test]
fn a_hit_does_not_prolong_an_entry() {
    testing::isolated(|| {
        miss!(seconds());
        for _ in 0..3 {
            advance(HALF_SECOND);
            hit!(seconds());
        }
        advance(HALF_SECOND);
        miss!(seconds());
    });
}

#[test]
fn the_largest_timeouts_mean_never() {
    let all = [configured, largest, largest_text, longest, never, never_by_name];
    for function in all {
        testing::isolated(|| {
            miss!(function());
            advance(Duration::from_secs(500 * 365 * 24 * 60 * 60));
            hit!(function());
            advance(Duration::MAX);
            hit!(function());
        });
    }
}

#[test]
fn outcomes_tell_the_age_of_a_hit_and_the_reason_of_a_miss() {
    testing::isolated(|| {
        seconds();
        let absent = testing::last_outcome().unwrap();
        assert!(matches!(
            absent,
            Outcome::Miss { reason: MissReason::Absent, followed: false, stored: true, .. }
        ));
        advance(HALF_SECOND);
        seconds();
        let hit = testing::last_outcome().unwrap();
        assert!(matches!(hit, Outcome::Hit { age: HALF_SECOND, .. }));
        advance(Duration::from_secs(2));
        seconds();
        let expired = testing::last_outcome().unwrap();
        assert!(matches!(expired, Outcome::Miss { reason: MissReason::Expired, .. }));
    });
}

#[cached(timeout = 10, timeout_of = |millis| Duration::from_millis(*millis), handle)]
fn lasting(millis: u64) -> Result<u64, u64> {
    if millis == 13 { Err(13) } else { Ok(millis) }
}

#[test]
fn timeout_of_gives_each_value_a_timeout_of_its_own() {
    testing::isolated(|| {
        miss!(lasting(1), Ok(1));
        miss!(lasting(20_000), Ok(20_000));
        miss!(lasting(u64::MAX), Ok(u64::MAX));
        advance_to_the_end_of(Duration::from_millis(1));
        hit!(lasting(1), Ok(1));
        advance(NANOSECOND);
        miss!(lasting(1), Ok(1));
        advance_to_the_end_of(Duration::from_millis(19_999));
        hit!(lasting(20_000), Ok(20_000));
        advance(NANOSECOND);
        miss!(lasting(20_000), Ok(20_000));
        hit!(lasting(u64::MAX), Ok(u64::MAX));
    });
}

#[test]
fn a_value_whose_timeout_is_zero_is_returned_and_not_stored() {
    testing::isolated(|| {
        miss!(lasting(0), Ok(0));
        miss!(lasting(0), Ok(0));
        assert_eq!(lasting::cache().len(), 0);
        lasting::entry(0).put(Ok(0));
        assert_eq!(lasting::entry(0).peek(), None);
    });
}

#[cached(timeout = 10, handle)]
fn adjusted(n: u64) -> u64 {
    n
}

#[test]
fn set_timeout_holds_for_entries_stored_from_then_on() {
    testing::isolated(|| {
        miss!(adjusted(1));
        adjusted::cache().set_timeout(1);
        miss!(adjusted(2));
        adjusted::cache().set_timeout(Timeout::NEVER);
        miss!(adjusted(3));
        advance(Duration::from_secs(1));
        hit!(adjusted(1));
        miss!(adjusted(2));
        advance(Duration::from_secs(9));
        miss!(adjusted(1));
        advance(Duration::from_secs(1_000_000));
        hit!(adjusted(3));
        adjusted::cache().set_timeout(Duration::ZERO);
        miss!(adjusted(4));
        miss!(adjusted(4));
        adjusted::cache().set_timeout(u64::MAX);
        miss!(adjusted(4));
        advance(Duration::from_secs(u64::MAX));
        hit!(adjusted(4));
    });
}

#[test]
fn two_isolations_have_clocks_of_their_own() {
    let one = testing::Isolation::new();
    let two = testing::Isolation::new();
    for isolation in [&one, &two] {
        isolation.run(|| miss!(seconds()));
    }
    one.clock().advance(Duration::from_secs(2));
    one.run(|| miss!(seconds()));
    two.run(|| hit!(seconds()));
    assert_eq!(two.clock().elapsed(), Duration::ZERO);
}

#[test]
fn a_thread_of_the_isolation_shares_its_clock() {
    testing::isolated(|| {
        miss!(seconds());
        let isolation = testing::isolation();
        let clock = isolation.clock();
        thread::spawn(move || clock.advance(Duration::from_secs(2))).join().unwrap();
        thread::spawn(move || isolation.run(|| miss!(seconds()))).join().unwrap();
        hit!(seconds());
    });
}
