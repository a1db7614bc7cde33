//! Entries in a directory, one file each, for all processes of one machine and one user.
//!
//! Here are the settings, and the front that tells threads from tasks. The work is done in
//! `files.rs`, on the caller's thread or on one of the crate `blocking`; nothing below this file
//! knows of futures.

mod bound;
mod directory;
mod entry;
mod files;
mod lock;
mod owned;
mod purge;
mod sweep;
mod temp;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::{Error, ErrorKind};
use crate::store::{Guard, Store, StoreFuture, Swapped, Timeouts, may_block};

use bound::Bound;
use directory::Directory;
use files::Files;

/// Where a [`FilesystemStore`] keeps its entries, and how many.
///
/// # Examples
/// ```
/// use cached_runtime::store::{FilesystemOptions, FilesystemStore};
///
/// # let parent = tempfile::tempdir()?;
/// # let dir = parent.path().join("cache");
/// let options = FilesystemOptions::new(dir).prefix("shop").threshold(10_000).max_bytes(64 << 20);
/// let store = FilesystemStore::open(options)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FilesystemOptions {
    dir: PathBuf,
    prefix: String,
    threshold: Option<u64>,
    max_bytes: Option<u64>,
    timeouts: Timeouts,
}

impl FilesystemOptions {
    /// Entries lie in subdirectories of `dir`, which is made when it is missing.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            prefix: String::new(),
            threshold: None,
            max_bytes: None,
            timeouts: Timeouts::default(),
        }
    }

    /// Keeps stores in one directory apart: each prefix, of any characters, has a subdirectory of
    /// its own. Default: empty.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The most entries at any time. Default: no limit. At least 1.
    ///
    /// Processes that share entries should be given the same limits. Where they differ, each
    /// process notices the entries of the others only when it makes room for its own.
    #[must_use]
    pub fn threshold(mut self, items: u64) -> Self {
        self.threshold = Some(items);
        self
    }

    /// The most bytes in entries at any time, with 40 for each besides its key and value.
    /// Default: no limit. At least 1.
    ///
    /// No entry above this is stored. One of up to 16 MiB, or 1/256 of this where that is more, is
    /// if it fits at all.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// How long to wait for a process that has stopped in the middle of a write: `write` of these.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }
}

/// Entries as files, shared by all processes of a machine that open the same directory.
///
/// The directory must belong to the effective user, must not be a symbolic link, and nobody else
/// may be able to write to it. Deleted while in use, it is made again by the next write.
///
/// At the limits of [`FilesystemOptions`], expired entries make room first, then those that were
/// neither read nor written for the longest time, to within a minute; how long an entry would still
/// live does not matter. Nothing is synced to the disk: after a power failure entries may be gone,
/// damaged ones are misses, and the limits hold again after as many writes as a quarter of the
/// entries. An entry is at most 256 MiB long.
///
/// # Concurrency
/// Reads take no lock. Writes take an advisory lock on one of 256 shards, and under a limit below
/// 65,536 entries or 4 GiB one more on a part of the limit; the kernel releases it when a process
/// dies. The limits hold for any number of processes and threads.
///
/// # Cost
/// A read opens one file. A write makes a file, renames it, and at times lists a shard: at the
/// limits it looks at the metadata of 16 other files on average, below them of 4. Once a limit of a
/// few entries is reached, each write of a new one lists up to 256 directories.
#[derive(Clone, Debug)]
pub struct FilesystemStore {
    files: Arc<Files>,
}

impl FilesystemStore {
    /// Opens a directory, and makes it when it is missing.
    ///
    /// Where it cannot be made, as on a disk that is full, each write tries again and says so.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where a limit is 0, or the directory cannot be trusted.
    pub fn open(options: FilesystemOptions) -> Result<Self, Error> {
        let FilesystemOptions { dir, prefix, threshold, max_bytes, timeouts } = options;
        let named = [("threshold", threshold), ("max_bytes", max_bytes)];
        if let Some((name, _)) = named.iter().find(|(_, limit)| *limit == Some(0)) {
            let text = format!("`{name}` is 0; leave it out for no limit, or write at least 1");
            return Err(Error::new(ErrorKind::Config, text));
        }
        let files = Files {
            directory: Directory::open(&dir, &prefix)
                .map_err(|error| error.during("open", "filesystem", None))?,
            bound: Bound::new(threshold, max_bytes),
            wait: timeouts.write,
            now: SystemTime::now,
        };
        Ok(Self { files: Arc::new(files) })
    }

    /// Runs `work` on a thread that may wait for the disk.
    async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let files = Arc::clone(&self.files);
        ::blocking::unblock(move || work(&files)).await
    }
}

impl Store for FilesystemStore {
    fn kind(&self) -> &'static str {
        "filesystem"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            if may_block() {
                return self.files.get(key);
            }
            let key = key.to_owned();
            self.elsewhere(move |files| files.get(&key)).await
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if may_block() {
                return self.files.set(key, value, timeout);
            }
            let (key, value) = (key.to_owned(), value.to_vec());
            self.elsewhere(move |files| files.set(&key, &value, timeout)).await
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
            if may_block() {
                return self.files.swap(key, guard, value, timeout);
            }
            let (key, value) = (key.to_owned(), value.map(<[u8]>::to_vec));
            let guard = OwnedGuard::of(guard);
            self.elsewhere(move |files| files.swap(&key, guard.borrow(), value.as_deref(), timeout))
                .await
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            if may_block() {
                return keys.iter().map(|key| self.files.get(key)).collect();
            }
            let keys = owned(keys);
            self.elsewhere(move |files| keys.iter().map(|key| files.get(key)).collect()).await
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if may_block() {
                return self.files.set_many(entries.iter().copied(), timeout);
            }
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect();
            self.elsewhere(move |files| {
                files.set_many(entries.iter().map(|(key, value)| (&**key, &**value)), timeout)
            })
            .await
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            if may_block() {
                return self.files.delete_many(keys.iter().copied());
            }
            let keys = owned(keys);
            self.elsewhere(move |files| files.delete_many(keys.iter().map(|key| &**key))).await
        })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            if may_block() {
                return self.files.purge();
            }
            self.elsewhere(Files::purge).await
        })
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// A guard that can go to another thread.
enum OwnedGuard {
    Any,
    Absent,
    Head(Vec<u8>),
}

impl OwnedGuard {
    fn of(guard: Guard<'_>) -> Self {
        match guard {
            Guard::Any => Self::Any,
            Guard::Absent => Self::Absent,
            Guard::Head(head) => Self::Head(head.to_vec()),
        }
    }

    fn borrow(&self) -> Guard<'_> {
        match self {
            Self::Any => Guard::Any,
            Self::Absent => Guard::Absent,
            Self::Head(head) => Guard::Head(head),
        }
    }
}
