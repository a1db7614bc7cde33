//! The application's cache as a value: keys of its own choice, in the store that the program has
//! bound to a name.
//!
//! Here is what users see of single keys; `load.rs` has the loads, and `many.rs` and `whole.rs`
//! what concerns more than one key. What stands behind a name is in `named.rs`. How an entry is
//! written, when it counts and how a store is asked is in `shared/`, as for functions.

mod change;
mod load;
mod loads;
mod many;
mod named;
mod turn;
mod whole;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::error::Error;
use crate::policy::IntoTimeout;
use crate::remote::wait;
use crate::shared::decode;

pub(crate) use named::Named;

/// The application's cache as a value: the low-level face of what [`cached`](macro@crate::cached)
/// does for functions.
///
/// A cache has a name, and its entries go where the program has bound that name to with
/// [`init`](crate::init): files, Redis, memcached. Where it has bound nothing, they stay in this
/// process, at most 10,000 of them or the configured threshold; where it has turned caching off,
/// nothing is kept. Two caches of one name are the same one. Names are kept as long as the program
/// runs. Within [`testing::isolated`](crate::testing::isolated) every cache is that test's own.
///
/// Keys are any text but the empty one, of any length and any characters. Values are whatever serde
/// can write and read; what was stored as one type may be read as any other that it can be decoded
/// as. Entries of a cache, of another name, and of functions never meet.
///
/// Reads fail open: a store that is down is a miss, and counted in [`stats`](Self::stats). Writes
/// return an [`Error`]; what they were to replace then counts for nothing.
///
/// Every method blocks this thread while the store answers; in tasks use the form that ends in
/// `_async`, which runs on any executor. Every round trip that a method's Cost names ends after the
/// timeout of the store's operations at the latest (250 ms to read, 500 ms to write, unless
/// configured).
///
/// # Concurrency
/// All methods may be called at once by threads, tasks and processes. A write is seen by every read
/// that begins after it returned, in whatever process, and by no load that had begun before it.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cached_runtime::{Cache, Timeout};
///
/// let cache = Cache::named("default");
/// cache.set("motd", "Mind the gap", Duration::from_secs(60))?;
/// assert_eq!(cache.get::<String>("motd").as_deref(), Some("Mind the gap"));
///
/// assert_eq!(cache.incr("visits", 1)?, 1);
/// assert_eq!(cache.incr("visits", 2)?, 3);
///
/// cache.set_many(&[("a", &1), ("b", &2)], Timeout::NEVER)?;
/// assert_eq!(cache.get_many::<u64>(&["a", "b", "c"]), [Some(1), Some(2), None]);
///
/// let answer = cache.get_or_load("answer", 300, || 6 * 7);
/// assert_eq!(answer, 42);
/// assert!(cache.delete("answer")?);
/// # Ok::<(), cached_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache {
    name: &'static str,
    /// What the name stands for outside of isolated tests.
    own: Arc<Named>,
}

/// Every name that was asked for.
static CACHES: Mutex<BTreeMap<&'static str, Arc<Named>>> = Mutex::new(BTreeMap::new());

impl Cache {
    /// Returns the cache of a name. `default` is that of functions that name no store.
    ///
    /// The store is not looked for until it is used: `init` may come before or after.
    ///
    /// Cost: a look-up. A cache is cheap to clone, and may be kept in a static.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut caches = CACHES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, own)) = caches.get_key_value(name) {
            return Self { name, own: Arc::clone(own) };
        }
        let name: &'static str = String::leak(name.to_owned());
        let own = Arc::new(Named::new(name, &Clock::System));
        caches.insert(name, Arc::clone(&own));
        Self { name, own }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Returns the value of a key; none where there is no entry, its timeout is over, it cannot be
    /// read as a `T`, or the store fails.
    ///
    /// Cost: one round trip.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        wait(self.get_async(key))
    }

    /// As [`get`](Self::get), for tasks.
    pub async fn get_async<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.here().get(key, decode).await
    }

    /// Whether a key has an entry whose timeout is not over, of whatever type. Not counted.
    ///
    /// Cost: one round trip, in which the value comes along.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        wait(self.has_async(key))
    }

    /// As [`has`](Self::has), for tasks.
    pub async fn has_async(&self, key: &str) -> bool {
        self.here().has(key).await
    }

    /// Stores a value, whatever is there.
    ///
    /// The timeout is in seconds, or a [`Duration`](std::time::Duration), or
    /// [`Timeout::NEVER`](crate::Timeout::NEVER). Zero stores nothing, and drops what is there.
    ///
    /// Cost: two round trips, one to learn what has been cleared and one to write.
    ///
    /// # Errors
    /// An empty key, a value that serde cannot write or that would not come back as it is, a store
    /// that fails. What was there counts for nothing then; where not even that could be told to the
    /// store, it is told as soon as possible, and not asked for the key until then.
    pub fn set<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        timeout: impl IntoTimeout,
    ) -> Result<(), Error> {
        wait(self.set_async(key, value, timeout))
    }

    /// As [`set`](Self::set), for tasks. The value is written out before this returns.
    ///
    /// # Errors
    /// As of [`set`](Self::set).
    pub fn set_async<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        timeout: impl IntoTimeout,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let (here, timeout) = (self.here(), timeout.into_timeout());
        let payload = here.encode(value);
        async move { here.put(key, payload, timeout).await }
    }

    /// Stores a value where there is none. Returns whether it did; with a timeout of zero it does
    /// not.
    ///
    /// Concurrency: of all who add a key at once, in whatever process, one does.
    ///
    /// Cost: one round trip where there is an entry, two where there is none, and two more for
    /// each time that another caller changed the key in between.
    ///
    /// # Errors
    /// As of [`set`](Self::set). What is there is left as it is. Of a store that did not answer in
    /// time it is not known whether it has the value.
    pub fn add<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        timeout: impl IntoTimeout,
    ) -> Result<bool, Error> {
        wait(self.add_async(key, value, timeout))
    }

    /// As [`add`](Self::add), for tasks. The value is written out before this returns.
    ///
    /// # Errors
    /// As of [`add`](Self::add).
    pub fn add_async<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        timeout: impl IntoTimeout,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        let (here, timeout) = (self.here(), timeout.into_timeout());
        let payload = here.encode(value);
        async move { here.add(key, payload, timeout).await }
    }

    /// Drops an entry. Returns whether there was one, which may be one that did not count any more
    /// since everything was cleared.
    ///
    /// Loads of the key that have begun, in whatever process, are not stored.
    ///
    /// Cost: one round trip.
    ///
    /// # Errors
    /// An empty key, a store that fails. It is told as soon as possible, as long as this process
    /// lives, and not asked for the key until then.
    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        wait(self.delete_async(key))
    }

    /// As [`delete`](Self::delete), for tasks.
    ///
    /// # Errors
    /// As of [`delete`](Self::delete).
    pub async fn delete_async(&self, key: &str) -> Result<bool, Error> {
        self.here().delete(key).await
    }

    /// Adds to a number, and returns the sum. Where there is none it starts at zero, and stays for
    /// the default timeout of the store; else its timeout goes on as it was.
    ///
    /// Concurrency: no increment is lost, on any store, between any callers in any processes.
    ///
    /// Cost: two round trips, and two more for each time that another process changed the key in
    /// between. Callers of one process take turns.
    ///
    /// # Errors
    /// An empty key; an entry that is no integer of 64 bits (`ErrorKind::Codec`), and a sum that
    /// would not be one (`Refused`), where the entry stays as it is; a store that fails: of one
    /// that did not answer in time it is not known whether it has counted. After 30 s in which
    /// other processes came between every time, `Timeout`.
    pub fn incr(&self, key: &str, delta: i64) -> Result<i64, Error> {
        wait(self.incr_async(key, delta))
    }

    /// As [`incr`](Self::incr), for tasks.
    ///
    /// # Errors
    /// As of [`incr`](Self::incr).
    pub async fn incr_async(&self, key: &str, delta: i64) -> Result<i64, Error> {
        self.here().count(key, |number| number.checked_add(delta)).await
    }

    /// Subtracts from a number, otherwise as [`incr`](Self::incr).
    ///
    /// # Errors
    /// As of [`incr`](Self::incr).
    pub fn decr(&self, key: &str, delta: i64) -> Result<i64, Error> {
        wait(self.decr_async(key, delta))
    }

    /// As [`decr`](Self::decr), for tasks.
    ///
    /// # Errors
    /// As of [`incr`](Self::incr).
    pub async fn decr_async(&self, key: &str, delta: i64) -> Result<i64, Error> {
        self.here().count(key, |number| number.checked_sub(delta)).await
    }

    /// Sets the timeout of an entry anew, from now on. Returns whether there is one. Zero drops it.
    ///
    /// Cost: two round trips, in which the value comes and goes.
    ///
    /// # Errors
    /// An empty key, a store that fails.
    pub fn touch(&self, key: &str, timeout: impl IntoTimeout) -> Result<bool, Error> {
        wait(self.touch_async(key, timeout))
    }

    /// As [`touch`](Self::touch), for tasks.
    ///
    /// # Errors
    /// As of [`touch`](Self::touch).
    pub async fn touch_async(&self, key: &str, timeout: impl IntoTimeout) -> Result<bool, Error> {
        let timeout = timeout.into_timeout();
        self.here().touch(key, timeout).await
    }

    /// What the name stands for where this is called.
    fn here(&self) -> Arc<Named> {
        #[cfg(feature = "testing")]
        if let Some(isolation) = crate::testing::current() {
            return isolation.cache(self.name);
        }
        Arc::clone(&self.own)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("name", &self.name).finish_non_exhaustive()
    }
}
