//! The plug: what keeps entries beyond this process.
//!
//! A store knows bytes under short keys, and nothing of functions, values, freshness or codecs:
//! what the bytes mean is in `shared/envelope.rs`, when they are asked for in `shared/`. One driver
//! a file below; all but `null`, which keeps nothing, pass one conformance suite (`testing`).

#[cfg(feature = "filesystem")]
mod filesystem;
#[cfg(feature = "memcached")]
mod memcached;
#[cfg(feature = "json")]
mod memory;
#[cfg(feature = "json")]
mod null;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "memcached", feature = "redis"))]
mod runtimes;

use std::cell::Cell;
use std::pin::Pin;
use std::time::Duration;

use crate::error::Error;

#[cfg(feature = "redis")]
pub use self::redis::{RedisOptions, RedisStore};
#[cfg(feature = "filesystem")]
pub use filesystem::{FilesystemOptions, FilesystemStore};
#[cfg(feature = "memcached")]
pub use memcached::{MemcachedOptions, MemcachedStore};
#[cfg(feature = "json")]
pub use memory::MemoryStore;
#[cfg(feature = "json")]
pub use null::NullStore;

/// What a store's methods return: a future that any executor can run.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Bytes at the front of an entry that tell it from all others: what [`Guard::Head`] compares.
pub const HEAD: usize = 24;

/// Keeps bytes under keys, for every process that is given the same one.
///
/// # Contract
/// - Keys hold 1 to 200 characters of `A-Z a-z 0-9 _ . : -`. A store adds its own prefix to them.
/// - Values are at least [`HEAD`] bytes long and of any content.
/// - A timeout is the time after which an entry is gone; `None` keeps it until it is evicted.
/// - A failed [`set`](Self::set) or [`swap`](Self::swap) must not leave an older value that it was
///   to replace where that can be helped.
/// - Nothing panics, whatever the server says or the disk holds.
///
/// # Concurrency
/// All methods are called at once from many threads and tasks. [`swap`](Self::swap) is atomic
/// between all processes that share the store; leases and invalidation rest on it.
///
/// A method that must block does so only where [`may_block`] says so, and otherwise hands the work
/// to a thread of its own, since the future is then polled by an executor that others wait for.
pub trait Store: Send + Sync + 'static {
    /// What kind of store it is, for messages: `redis`.
    fn kind(&self) -> &'static str;

    /// Returns the value of a key.
    ///
    /// An empty value says that something is or was there that cannot be read. It is counted as
    /// damage, and to [`swap`](Self::swap) the key is then [`Guard::Absent`].
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>>;

    /// Stores a value, whatever was there.
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()>;

    /// Changes a key if `guard` holds: to a value, or to nothing where `value` is `None`.
    ///
    /// The look and the change are one step: nothing comes between them.
    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped>;

    /// Stores a value where there is none. Returns whether it did.
    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        let swap = self.swap(key, Guard::Absent, Some(value), timeout);
        Box::pin(async move { Ok(swap.await?.done) })
    }

    /// Drops a key. Returns whether there was anything.
    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        let swap = self.swap(key, Guard::Any, None, None);
        Box::pin(async move { Ok(swap.await?.previous.is_some()) })
    }

    /// Returns the values of several keys, in their order. One round trip where the store has it.
    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                values.push(self.get(key).await?);
            }
            Ok(values)
        })
    }

    /// Stores several values. One round trip where the store has it.
    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            for (key, value) in entries {
                self.set(key, value, timeout).await?;
            }
            Ok(())
        })
    }

    /// Drops several keys. Returns how many held anything. One round trip where the store has it.
    fn delete_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let mut deleted = 0;
            for key in keys {
                deleted += u64::from(self.delete(key).await?);
            }
            Ok(deleted)
        })
    }

    /// Drops everything under this store's prefix, and nothing else. Returns how many entries.
    ///
    /// Cost: a pass over all keys. No call of a cached function does this.
    fn purge(&self) -> StoreFuture<'_, u64>;

    /// What carries messages between the processes that share this store, if it has that.
    fn bus(&self) -> Option<&dyn Bus> {
        None
    }
}

/// What must be true of a key for [`Store::swap`] to change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard<'a> {
    /// Anything.
    Any,
    /// It holds nothing, or an empty value, which none of us has put there.
    Absent,
    /// Its value begins with these bytes, at most [`HEAD`] of them.
    Head(&'a [u8]),
}

impl Guard<'_> {
    /// Whether the guard holds of what a key has at present.
    #[must_use]
    pub fn holds(&self, present: Option<&[u8]>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => present.is_none_or(<[u8]>::is_empty),
            Self::Head(head) => present.is_some_and(|present| present.starts_with(head)),
        }
    }
}

/// What [`Store::swap`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swapped {
    /// Whether the guard held, and the key was changed.
    pub done: bool,
    /// The first [`HEAD`] bytes of what the key held before, changed or not.
    pub previous: Option<Vec<u8>>,
}

/// Carries short messages between processes.
pub trait Bus: Send + Sync {
    /// Sends a message to everybody who listens, this process included.
    fn publish<'a>(&'a self, message: &'a [u8]) -> StoreFuture<'a, ()>;

    /// Hands every message from now on to `listener`, on a thread of the bus, and reconnects for
    /// ever. Called once. Ends when `listener` has been dropped by everybody else.
    fn subscribe(&self, listener: std::sync::Weak<dyn Listener>);
}

/// Who hears a [`Bus`].
///
/// A bus that loses its connection, or cannot tell whether it has one (no heartbeat for three
/// seconds), says so at once: messages may be lost until it is `connected` again.
pub trait Listener: Send + Sync {
    /// A message came.
    fn message(&self, message: &[u8]);
    /// Every message sent from now on will come.
    fn connected(&self);
    /// Messages may be lost from now on.
    fn disconnected(&self);
}

/// How long the operations of a store may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect. Default: 1 s.
    pub connect: Duration,
    /// To read. Default: 250 ms.
    pub read: Duration,
    /// To write. Default: 500 ms.
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            read: Duration::from_millis(250),
            write: Duration::from_millis(500),
        }
    }
}

thread_local! {
    static MAY_BLOCK: Cell<bool> = const { Cell::new(false) };
}

/// Whether the future that this thread polls may block it: a thread, no task, waits for it.
#[must_use]
pub fn may_block() -> bool {
    MAY_BLOCK.get()
}

/// Runs `code`, in which [`may_block`] is true: for a thread that waits for what a store returns.
pub fn blocking<T>(code: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            MAY_BLOCK.set(self.0);
        }
    }
    let _restore = Restore(MAY_BLOCK.replace(true));
    code()
}
