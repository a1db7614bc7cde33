//! `err_timeout`, `err_if` and `none_timeout`: results without a value that are stored all the same.

use std::cell::Cell;
use std::num::ParseIntError;
use std::time::Duration;

use cached_runtime::{cached, hit, miss, testing};

/// An error that can do nothing at all.
struct Opaque;

#[cached(timeout = 60, err_timeout = 5, err_if = |error: &String| error != "retry")]
fn with_errors(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| text.to_owned())
}

#[cached(timeout = 5, err_timeout = "1h")]
fn with_long_errors(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| text.to_owned())
}

#[test]
fn err_timeout_stores_the_errors_that_err_if_accepts() {
    testing::isolated(|| {
        miss!(with_errors("bad"), Err("bad".into()));
        miss!(with_errors("retry"), Err("retry".into()));
        miss!(with_errors("7"), Ok(7));
        testing::clock().advance(Duration::from_nanos(4_999_999_999));
        hit!(with_errors("bad"), Err("bad".into()));
        miss!(with_errors("retry"), Err("retry".into()));
        testing::clock().advance(Duration::from_nanos(1));
        miss!(with_errors("bad"), Err("bad".into()));
        hit!(with_errors("7"), Ok(7));
    });
}

#[test]
fn an_error_never_outlives_the_timeout_of_values() {
    testing::isolated(|| {
        miss!(with_long_errors("bad"), Err("bad".into()));
        testing::clock().advance(Duration::from_secs(5));
        miss!(with_long_errors("bad"), Err("bad".into()));
    });
}

#[cached(timeout = 60, none_timeout = 5)]
fn find_or_none(n: u64) -> Option<u64> {
    n.checked_sub(1)
}

#[cached(timeout = 60, none_timeout = 5)]
fn find_in_or_none(text: &str) -> Result<Option<u64>, Opaque> {
    let number: u64 = text.parse().map_err(|_| Opaque)?;
    Ok(number.checked_sub(1))
}

#[cached(timeout = 60, none_timeout = 5, err_timeout = 2)]
fn find_in_or_either(text: &str) -> Result<Option<u64>, ParseIntError> {
    Ok(text.parse::<u64>()?.checked_sub(1))
}

#[test]
fn none_timeout_stores_a_none_for_that_long() {
    testing::isolated(|| {
        miss!(find_or_none(0), None);
        miss!(find_or_none(1), Some(0));
        assert!(matches!(miss!(find_in_or_none("0")), Ok(None)));
        assert!(matches!(miss!(find_in_or_none("1")), Ok(Some(0))));
        testing::clock().advance(Duration::from_nanos(4_999_999_999));
        hit!(find_or_none(0), None);
        assert!(matches!(hit!(find_in_or_none("0")), Ok(None)));
        testing::clock().advance(Duration::from_nanos(1));
        miss!(find_or_none(0), None);
        assert!(matches!(miss!(find_in_or_none("0")), Ok(None)));
        hit!(find_or_none(1), Some(0));
        assert!(matches!(hit!(find_in_or_none("1")), Ok(Some(0))));
        assert!(miss!(find_in_or_none("x")).is_err());
        assert!(miss!(find_in_or_none("x")).is_err());
    });
}

#[test]
fn errors_and_nones_have_timeouts_of_their_own() {
    testing::isolated(|| {
        assert!(miss!(find_in_or_either("x")).is_err());
        miss!(find_in_or_either("0"), Ok(None));
        miss!(find_in_or_either("1"), Ok(Some(0)));
        testing::clock().advance(Duration::from_secs(1));
        assert!(hit!(find_in_or_either("x")).is_err());
        testing::clock().advance(Duration::from_secs(1));
        assert!(miss!(find_in_or_either("x")).is_err());
        hit!(find_in_or_either("0"), Ok(None));
        testing::clock().advance(Duration::from_secs(3));
        miss!(find_in_or_either("0"), Ok(None));
        hit!(find_in_or_either("1"), Ok(Some(0)));
    });
}

thread_local! {
    static ANSWER: Cell<Result<u64, u64>> = const { Cell::new(Ok(0)) };
}

#[cached(timeout = 5, err_timeout = 5)]
fn answer() -> Result<u64, u64> {
    ANSWER.get()
}

#[test]
fn a_stored_error_gives_way_to_a_value_and_the_other_way_round() {
    testing::isolated(|| {
        for turn in [Ok(1), Err(2), Ok(3)] {
            ANSWER.set(turn);
            miss!(answer(), turn);
            ANSWER.set(Err(99));
            hit!(answer(), turn);
            testing::clock().advance(Duration::from_secs(5));
        }
    });
}
