//! A value of the store, or of a load where there is none: `get_or_load` and its kin.
//!
//! The algorithm is that of cached functions (`call.rs`); here is what it is told.

use std::any::type_name;
use std::convert::Infallible;
use std::time::Duration;

use serde::Serialize;

use crate::adapter::{OkOnly, Pick, Plain, Storable};
use crate::bindings;
use crate::call::{CallOf, prepare_alone, run, run_async};
use crate::policy::{IntoTimeout, Timeout};
use crate::remote::Remote;
use crate::rules::{Terms, rules};
use crate::shared::{Sharable, remote_of_cache};

use super::Cache;
use super::named::Named;

/// Loads, for callers who want a value whether or not there is one.
impl Cache {
    /// Returns the value of a key; where there is none, what `load` returns, and stores that.
    ///
    /// `load` runs at most once at a time for a key and a type in this process: other threads and
    /// tasks that want the same wait for it, 30 s at most, and get a clone of its value. A `T` that
    /// is itself a `Result` or an `Option` is stored only where it is an `Ok` or a `Some`, as of a
    /// cached function; [`try_get_or_load`](Self::try_get_or_load) stores the value inside. A
    /// timeout of zero stores nothing. With the empty key nothing is read or stored, and every
    /// caller loads.
    ///
    /// A store that fails is a miss that is counted: what `load` returns is returned all the same.
    /// So is an entry that cannot be read as a `T`; the load replaces it.
    ///
    /// # Panics
    /// Where `load` does. One of those who waited loads instead.
    ///
    /// # Concurrency
    /// What happened to the key since the load began, in whatever process, wins over it: after
    /// [`set`](Self::set), [`delete`](Self::delete) or [`clear`](Self::clear) its value is returned
    /// to those who waited for it and not stored. A caller who comes after them starts a load of
    /// its own. Other processes may load the same at the same time.
    ///
    /// # Cost
    /// A hit is one round trip, a miss one more after the load.
    ///
    /// # Examples
    /// ```
    /// use cached_runtime::Cache;
    ///
    /// let cache = Cache::named("reports");
    /// let total: u64 = cache.get_or_load("total", 60, || (1..=100).sum());
    /// assert_eq!(total, 5050);
    /// assert_eq!(cache.get_or_load("total", 60, || 0), 5050);
    /// # assert_eq!(cache.stats().loads, 1);
    /// ```
    pub fn get_or_load<T>(
        &self,
        key: &str,
        timeout: impl IntoTimeout,
        load: impl FnOnce() -> T,
    ) -> T
    where
        T: Storable + Sharable,
    {
        run(self.here().prepare(key, plain(timeout.into_timeout())), load)
    }

    /// As [`get_or_load`](Self::get_or_load), for tasks. Coalesces with the loads of threads.
    ///
    /// A task that is dropped hands its load over to one of those who wait.
    pub async fn get_or_load_async<T, F>(
        &self,
        key: &str,
        timeout: impl IntoTimeout,
        load: impl FnOnce() -> F,
    ) -> T
    where
        T: Storable + Sharable,
        F: Future<Output = T>,
    {
        let call = self.here().prepare(key, plain(timeout.into_timeout()));
        run_async(call, async { load().await }).await
    }

    /// As [`get_or_load`](Self::get_or_load), of which only the value of an `Ok` is stored.
    ///
    /// # Errors
    /// What `load` returns. It is stored nowhere, and shared with nobody: those who waited for it
    /// run their own loads, all at once.
    ///
    /// # Examples
    /// ```
    /// use cached_runtime::Cache;
    ///
    /// let cache = Cache::named("ports");
    /// let read = |text: &str| cache.try_get_or_load("port", 60, || text.parse::<u16>());
    /// assert!(read("none").is_err());
    /// assert_eq!(read("8080"), Ok(8080));
    /// assert_eq!(read("none"), Ok(8080));
    /// ```
    pub fn try_get_or_load<T, E>(
        &self,
        key: &str,
        timeout: impl IntoTimeout,
        load: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Storable + Sharable,
    {
        run(self.here().prepare(key, fallible(timeout.into_timeout())), load)
    }

    /// As [`try_get_or_load`](Self::try_get_or_load), for tasks.
    ///
    /// # Errors
    /// As of [`try_get_or_load`](Self::try_get_or_load).
    pub async fn try_get_or_load_async<T, E, F>(
        &self,
        key: &str,
        timeout: impl IntoTimeout,
        load: impl FnOnce() -> F,
    ) -> Result<T, E>
    where
        T: Storable + Sharable,
        F: Future<Output = Result<T, E>>,
    {
        let call = self.here().prepare(key, fallible(timeout.into_timeout()));
        run_async(call, async { load().await }).await
    }
}

impl Named {
    /// Prepares a load. Where caching is turned off, and for the empty key, it is all that happens.
    fn prepare<R, T, W>(&self, key: &str, terms: W) -> CallOf<R, Box<str>, W>
    where
        T: Storable + Sharable,
        W: Terms<R, Value = T, Failure = Infallible>,
    {
        let key = Self::hashed(key).filter(|_| !bindings::is_null()).and_then(|key| {
            let remote = remote_of_cache(&self.link, &key)?;
            Some((key, Box::new(remote) as Box<dyn Remote<T>>))
        });
        prepare_alone(self.loads.of::<T>(&self.link.clock), terms, key)
    }
}

/// Stores what a load returns, unless it is a failure by its very type.
fn plain<T: Storable + Sharable>(
    timeout: Timeout,
) -> impl Terms<T, Value = T, Failure = Infallible> {
    rules(&Pick::NEW, Plain).store_if(|value: &T| !is_failure(value)).timeout_of(given(timeout))
}

/// Stores the value of an `Ok`.
fn fallible<T: Storable, E>(
    timeout: Timeout,
) -> impl Terms<Result<T, E>, Value = T, Failure = Infallible> {
    rules(&Pick::NEW, OkOnly).store_if(|_: &T| true).timeout_of(given(timeout))
}

fn given<T>(timeout: Timeout) -> impl Fn(&T) -> Duration {
    let timeout = timeout.as_duration().unwrap_or(Duration::MAX);
    move |_| timeout
}

/// Whether a value is an `Err` or a `None`. A bound cannot tell, and what it is written as can.
fn is_failure<T: Serialize>(value: &T) -> bool {
    let name = type_name::<T>();
    let written = || serde_json::to_vec(value).unwrap_or_default();
    if name.starts_with("core::option::Option<") {
        written() == b"null"
    } else if name.starts_with("core::result::Result<") {
        written().starts_with(b"{\"Err\":")
    } else {
        false
    }
}
