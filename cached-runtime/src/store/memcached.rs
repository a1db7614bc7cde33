//! Entries in memcached, spoken to in its meta commands.
//!
//! This file is the store; what it is told is in `options`, where keys go and what failures mean in
//! `servers`, how threads and tasks reach a server in `doors`, the compare-and-set in `swap`, the
//! pass over all keys in `purge`.

mod doors;
mod options;
mod purge;
mod servers;
mod swap;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blocking::unblock;
use futures_util::FutureExt;
use memcache::exp::{Delete, Get, GetResult, Set};

use crate::error::{Error, ErrorKind};
use crate::store::{Guard, Store, StoreFuture, Swapped, may_block};

use doors::{Door, Purpose, Tasks};
pub use options::MemcachedOptions;
use servers::Servers;
use swap::OwnedGuard;

/// Keeps entries in memcached 1.6 or later, in one server or several.
///
/// Each key lives on one of the servers, chosen by rendezvous hashing of their addresses as
/// written, so every process must be given the same ones; their order does not matter, and a server
/// that is added or removed moves its own keys only. Connections are made at the first use and anew
/// after a failure: a server that is down is an error of the operations that need it, never of
/// [`MemcachedStore::new`].
///
/// memcached counts time in seconds. An entry is kept for its timeout at least, and for two seconds
/// more at most. An entry that would outlast January 2038 is kept until it is evicted.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable) where a server cannot be reached,
/// [`Timeout`](ErrorKind::Timeout) where it does not answer within the [`Timeouts`],
/// [`Refused`](ErrorKind::Refused) where it has no room, where a value is above its item limit
/// (1 MiB by default; the server drops the older value then), and where it runs without CAS (`-C`).
///
/// # Concurrency
/// A caller that [`may_block`] has a connection to itself; 64 idle ones are kept for each server,
/// and for reads and writes apart. Tasks on a tokio runtime have as many of that runtime's own, and
/// no more at once: who finds none free waits for one, as long as it may take to connect. They are
/// closed when the runtime ends. Tasks elsewhere, and on a runtime without its drivers for input,
/// output and time, are not held up: the work goes to a thread.
///
/// [`swap`](Store::swap) compares by memcached's CAS; where `Guard::Any` loses 16 races in a row it
/// writes without comparing, and `previous` is then what was read last.
///
/// # Cost
/// One round trip for every operation on a key, and for each server and hundred keys of an
/// operation on many; two for a `swap` that looks at a value. Where a thread does the work for a
/// task, the change to one of the `blocking` crate and back, which takes longer than a round trip on
/// the same machine.
///
/// [`purge`](Store::purge) lists all keys of the servers (`lru_crawler metadump`, which `-X` forbids)
/// and deletes those under its prefix one by one; never `flush_all`. A prefix that another one
/// begins with (`app:` and `app:v2:`) covers that one's entries too.
///
/// [`Timeouts`]: crate::store::Timeouts
#[derive(Debug)]
pub struct MemcachedStore {
    servers: Arc<Servers>,
    tasks: Tasks,
    prefix: String,
}

const KIND: &str = "memcached";

impl MemcachedStore {
    /// Makes the store. Connects at the first use.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) where the prefix or an address cannot be used.
    ///
    /// # Examples
    /// ```
    /// use cached_runtime::store::{MemcachedOptions, MemcachedStore};
    ///
    /// let store = MemcachedStore::new(MemcachedOptions::new(["10.0.0.1", "10.0.0.2:11212"]))?;
    /// # Ok::<(), cached_runtime::Error>(())
    /// ```
    pub fn new(options: MemcachedOptions) -> Result<Self, Error> {
        let MemcachedOptions { servers, prefix, timeouts } = options.checked()?;
        let servers = Arc::new(Servers::new(servers, timeouts));
        Ok(Self { servers, tasks: Tasks::default(), prefix })
    }

    /// The key as the server has it. Nothing else reaches the wire.
    fn wire_key(&self, key: &str) -> Result<String, Error> {
        if is_key(key) {
            return Ok(format!("{}{key}", self.prefix));
        }
        let text = "a key holds 1 to 200 characters of `A-Z a-z 0-9 _ . : -`";
        Err(Error::new(ErrorKind::Refused, text))
    }

    /// Runs what is asked of the servers, through the door that suits the caller.
    async fn run<T, F>(
        &self,
        operation: &'static str,
        key: Option<&str>,
        work: impl FnOnce(Arc<Servers>, Door) -> F + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send,
    {
        let servers = Arc::clone(&self.servers);
        let done = if may_block() {
            work(servers, Door::Thread).await
        } else if let Some(door) = self.tasks.door(servers.len()).await {
            work(servers, door).await
        } else {
            let work = move || work(servers, Door::Thread).now_or_never();
            unblock(work).await.expect("where a thread waits, no future does")
        };
        done.map_err(|error| error.during(operation, KIND, key))
    }

    /// The key of one operation, as the server has it.
    fn key(&self, operation: &'static str, key: &str) -> Result<String, Error> {
        self.wire_key(key).map_err(|error| error.during(operation, KIND, Some(key)))
    }
}

/// Whether it is a key by the contract of [`Store`].
fn is_key(key: &str) -> bool {
    (1..=200).contains(&key.len()) && key.bytes().all(is_key_byte)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte)
}

impl Store for MemcachedStore {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let get = Get::new(self.key("get", key)?);
            let work = |servers: Arc<Servers>, door| async move {
                servers.of(&get).read(&door, &get).await.map(value_of)
            };
            self.run("get", Some(key), work).await
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let set = set(&self.key("set", key)?, value.to_vec(), timeout);
            let work = |servers: Arc<Servers>, door| async move {
                servers.of(&set).write(&door, &set).await.map(drop)
            };
            self.run("set", Some(key), work).await
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        Box::pin(async move {
            let wire_key = self.key("swap", key)?;
            let set = value.map(|value| set(&wire_key, value.to_vec(), timeout));
            let guard = OwnedGuard::from(guard);
            let work = |servers: Arc<Servers>, door| async move {
                let server = servers.of_key(&wire_key);
                swap::swap(server, &door, &wire_key, &guard, set.as_ref()).await
            };
            self.run("swap", Some(key), work).await
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let delete = Delete::new(self.key("delete", key)?);
            let work = |servers: Arc<Servers>, door| async move {
                Ok(servers.of(&delete).write(&door, &delete).await?.applied())
            };
            self.run("delete", Some(key), work).await
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let gets = self.each("get_many", keys, Get::new)?;
            let work = |servers: Arc<Servers>, door| async move {
                servers.many(&door, Purpose::Read, &gets).await
            };
            let found = self.run("get_many", None, work).await?;
            Ok(found.into_iter().map(value_of).collect())
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let keys: Vec<_> = entries.iter().map(|(key, _)| *key).collect();
            let mut values = entries.iter().map(|(_, value)| value.to_vec());
            let sets = self.each("set_many", &keys, |key| {
                set(&key, values.next().unwrap_or_default(), timeout)
            })?;
            let work = |servers: Arc<Servers>, door| async move {
                servers.many(&door, Purpose::Write, &sets).await.map(drop)
            };
            self.run("set_many", None, work).await
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let deletes = self.each("delete_many", keys, Delete::new)?;
            let work = |servers: Arc<Servers>, door| async move {
                servers.many(&door, Purpose::Write, &deletes).await
            };
            let answers = self.run("delete_many", None, work).await?;
            Ok(answers.iter().filter(|answer| answer.applied()).count() as u64)
        })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            // Too rare to have more than the one door.
            let (servers, prefix) = (Arc::clone(&self.servers), self.prefix.clone());
            let work = move || purge::purge(&servers, &prefix);
            let purged = if may_block() { work() } else { unblock(work).await };
            purged.map_err(|error| error.during("purge", KIND, None))
        })
    }
}

impl MemcachedStore {
    /// Makes an operation of every key, before any of them is sent.
    fn each<O>(
        &self,
        operation: &'static str,
        keys: &[&str],
        mut make: impl FnMut(String) -> O,
    ) -> Result<Vec<O>, Error> {
        let make = |key: &&str| Ok(make(self.key(operation, key)?));
        keys.iter().map(make).collect()
    }
}

/// The value that was read. One of no length is another client's mark that it is at work on one.
fn value_of(read: GetResult) -> Option<Vec<u8>> {
    read.value.filter(|value| !value.is_empty())
}

fn set(key: &str, value: Vec<u8>, timeout: Option<Duration>) -> Set {
    let mut set = Set::new(key, []).ttl_raw(time(timeout, SystemTime::now()));
    set.value = value;
    set
}

/// The longest time that memcached takes for one; what is above is a date.
const LONGEST: u64 = 30 * 24 * 60 * 60;

/// A timeout as memcached is told it: 0 for none, seconds, or a date in seconds since 1970.
fn time(timeout: Option<Duration>, now: SystemTime) -> u32 {
    const NEVER: u32 = 0;
    let Some(timeout) = timeout else { return NEVER };
    // The server's clock ticks once a second, and the first tick may come at once.
    let secs = timeout.as_secs().saturating_add(u64::from(timeout.subsec_nanos() > 0) + 1);
    let told = match secs {
        ..=LONGEST => secs,
        _ => now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().saturating_add(secs),
    };
    // The server reads a signed number; a date beyond it is no end at all.
    i32::try_from(told).map_or(NEVER, i32::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_become_dates_and_saturate() {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let day = Duration::from_secs(86_400);
        let millisecond = Duration::from_millis(1);
        for (timeout, told) in [
            (None, 0),
            (Some(Duration::ZERO), 1),
            (Some(millisecond), 2),
            (Some(Duration::from_secs(1)), 2),
            (Some(Duration::from_secs(1) + millisecond), 3),
            (Some(29 * day), 2_505_601),
            (Some(29 * day + Duration::from_secs(86_399)), 2_592_000),
            (Some(30 * day), 1_802_592_001),
            (Some(31 * day), 1_802_678_401),
            (Some(36_525 * day), 0),
            (Some(Duration::MAX), 0),
        ] {
            assert_eq!(time(timeout, now), told, "{timeout:?}");
        }
    }

    #[test]
    fn only_keys_of_the_contract_become_keys_of_the_server() {
        let options = MemcachedOptions::new(["127.0.0.1"]).prefix("app:");
        let store = MemcachedStore::new(options).unwrap();
        let long = "x".repeat(201);
        for key in ["", "a b", "a\r\nflush_all\r\n", "a\0", "ä", "a/b", &long] {
            let error = store.wire_key(key).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused, "{key:?}");
        }
        assert_eq!(store.wire_key("aZ09_.:-").unwrap(), "app:aZ09_.:-");
        assert_eq!(store.wire_key(&long[..200]).unwrap().len(), 204);
    }
}
