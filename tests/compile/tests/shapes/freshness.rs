//! Options around the end of freshness: every form of their values, and types behind aliases.

#![deny(warnings)]

use std::future::pending;
use std::time::Duration;

use cached_runtime::{CacheTimeout, cached, miss, stale, testing};

const MINUTE: Duration = Duration::from_secs(60);
const PART: f64 = 0.5;
const MOST: usize = 3;

#[derive(Clone, Debug, PartialEq)]
enum Failure {
    Absent,
    Refused,
    Slow(Duration),
}

impl Failure {
    fn is_refused(&self) -> bool {
        *self == Self::Refused
    }
}

impl From<CacheTimeout> for Failure {
    fn from(timeout: CacheTimeout) -> Self {
        Self::Slow(timeout.after())
    }
}

type Fallible<T> = Result<T, Failure>;
type Found = Fallible<Option<u64>>;

/// Works for a minute.
fn refused() -> Fallible<u64> {
    if testing::clock().elapsed() < MINUTE { Ok(1) } else { Err(Failure::Refused) }
}

#[cached(timeout = 30, stale_if_error = MINUTE * 60, stale_if = |error| error.is_refused())]
fn by_closure(n: u64) -> Fallible<u64> {
    refused().map(|one| one + n)
}

#[cached(timeout = 30, stale_if_error = never, stale_if = Failure::is_refused, throttle = MINUTE)]
fn by_path(n: u64) -> Fallible<u64> {
    refused().map(|one| one + n)
}

#[cached(timeout = 30, stale_if_error = "1h", stale_if = |error| *error == Failure::Absent)]
fn by_another(n: u64) -> Fallible<u64> {
    refused().map(|one| one + n)
}

#[cached(timeout = 30, stale_if_error = "1h", err_timeout = 5, stale_if = |_| true)]
fn with_errors(n: u64) -> Fallible<u64> {
    refused().map(|one| one + n)
}

#[cached(timeout = 30, stale_if_error = "1h", none_timeout = 5, err_timeout = 5, handle)]
fn with_both(n: u64) -> Found {
    refused().map(|one| Some(one + n))
}

#[cached(stale = 60, early = 2, jitter = MINUTE, max_background = MOST)]
fn of_whole_numbers(n: u64) -> u64 {
    n
}

#[cached(stale = 60, refresh_ahead = PART / 2.0, jitter = PART, max_background = 2)]
fn of_constants(n: u64) -> u64 {
    n
}

#[cached(timeout = never, timeout_of = |n| Duration::from_secs(*n), stale = never, jitter = 0.1)]
fn by_value(n: u64) -> u64 {
    n
}

#[cached(hard_timeout = "10ms")]
async fn late(_n: u64) -> Fallible<u64> {
    pending().await
}

#[cached(hard_timeout = "10ms")]
async fn late_of_generic<E: From<CacheTimeout>>(_n: u64) -> Result<u64, E> {
    pending().await
}

#[cached(hard_timeout = "10ms", on_timeout = Failure::Absent)]
async fn late_error(_n: u64) -> Fallible<u64> {
    pending().await
}

#[cached(hard_timeout = "10ms", on_timeout = Ok(n))]
async fn late_result(n: u64) -> Fallible<u64> {
    pending().await
}

#[cached(hard_timeout = Duration::from_millis(10), on_timeout = None)]
async fn late_option(_n: u64) -> Option<u64> {
    pending().await
}

#[cached(hard_timeout = "10ms", on_timeout = "late".to_owned(), handle)]
async fn late_hidden(n: u64) -> impl AsRef<str> + Clone {
    if n > 0 {
        pending::<()>().await;
    }
    String::new()
}

#[cached(hard_timeout = "10ms", on_timeout = Some(T::default()))]
async fn late_of_another_generic<T: Clone + Send + Sync + Default + 'static>(_n: u64) -> Option<T> {
    pending().await
}

pub fn main() {
    testing::isolated(|| {
        miss!(by_closure(1), Ok(2));
        miss!(by_path(1), Ok(2));
        miss!(by_another(1), Ok(2));
        miss!(with_errors(1), Ok(2));
        miss!(with_both(1), Ok(Some(2)));
        testing::clock().advance(MINUTE);
        stale!(by_closure(1), Ok(2));
        stale!(by_path(1), Ok(2));
        miss!(by_another(1), Err(Failure::Refused));
        stale!(with_errors(1), Ok(2));
        stale!(with_both(1), Ok(Some(2)));
        miss!(of_whole_numbers(1), 1);
        miss!(of_constants(1), 1);
        miss!(by_value(1), 1);
        testing::clock().advance(MINUTE);
        stale!(by_value(1), 1);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let slow = Failure::Slow(Duration::from_millis(10));
        assert_eq!(late(1).await, Err(slow.clone()));
        assert_eq!(late_of_generic::<Failure>(1).await, Err(slow));
        assert_eq!(late_error(1).await, Err(Failure::Absent));
        assert_eq!(late_result(7).await, Ok(7));
        assert_eq!(late_option(1).await, None);
        assert_eq!(late_hidden(1).await.as_ref(), "late");
        assert_eq!(late_of_another_generic::<u64>(1).await, Some(0));
    });
}
