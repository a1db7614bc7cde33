//! The operations of the store, on the calling thread.

use std::fs;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use super::bound::{Bound, Group, Write};
use super::directory::{Directory, LOCK, Place};
use super::entry::{self, Found};
use super::lock::Lock;
use super::sweep::{found, remove, sweep};
use super::temp::Temp;
use crate::error::{Error, ErrorKind};
use crate::store::{Guard, HEAD, Swapped};

/// How often an operation begins anew because its directory was deleted meanwhile.
const ATTEMPTS: usize = 8;

/// In place of a wait that is out of range.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// A directory of entries within limits.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) directory: Directory,
    pub(super) bound: Bound,
    /// The longest wait for locks in one operation.
    pub(super) wait: Duration,
    /// The wall clock, since other processes read the stamps.
    pub(super) now: fn() -> SystemTime,
}

/// The locks under which an entry changes.
struct Turn {
    shard: Lock,
    /// Where it is another than the shard's.
    group: Option<Lock>,
}

impl Files {
    pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let place = self.directory.place(key);
        match entry::read(&place.path, key, (self.now)()) {
            Ok(Found::Value(value)) => Ok(Some(value)),
            Ok(Found::Nothing) => Ok(None),
            Ok(Found::Foreign) => Ok(Some(Vec::new())),
            Ok(Found::Damage) => match self.discard(&place, key) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
                // For the caller to count: what was there is of no use, and gone.
                _ => Ok(Some(Vec::new())),
            },
            Err(error) => Err(error),
        }
        .map_err(|error| failure(error).during("get", "filesystem", Some(key)))
    }

    /// Removes a damaged entry, if nobody is about to replace it and nobody has.
    fn discard(&self, place: &Place, key: &str) -> io::Result<()> {
        let _lock = Lock::wait(&place.dir.join(LOCK), Instant::now())?;
        match entry::read(&place.path, key, (self.now)())? {
            Found::Damage => remove(&place.path),
            Found::Value(_) | Found::Nothing | Found::Foreign => Ok(()),
        }
    }

    pub(super) fn set(
        &self,
        key: &str,
        value: &[u8],
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        let place = self.directory.place(key);
        let end_ms = entry::end_ms((self.now)(), timeout);
        self.trusted("set", Some(key))?;
        let deadline = self.deadline();
        let written = entry::encode(key, value, end_ms).and_then(|bytes| {
            self.in_directory(&place, || {
                // The lock is held for the renaming alone: a disk can be slow.
                let temp = Temp::write(&place.dir, &bytes, end_ms)?;
                let turn = self.turn(&place, deadline)?;
                self.install(&turn, &place, temp, bytes.len() as u64)
            })
        });
        written.map_err(|error| {
            // Better none than the value that this one was to replace.
            let _ = remove(&place.path);
            self.after_failure(&error, &place);
            failure(error).during("set", "filesystem", Some(key))
        })
    }

    pub(super) fn swap(
        &self,
        key: &str,
        guard: Guard<'_>,
        value: Option<&[u8]>,
        timeout: Option<Duration>,
    ) -> Result<Swapped, Error> {
        let place = self.directory.place(key);
        self.trusted("swap", Some(key))?;
        let deadline = self.deadline();
        let attempt = || match value {
            Some(value) => self.in_directory(&place, || {
                let turn = self.turn(&place, deadline)?;
                self.change(&place, key, guard, || self.replace(&turn, &place, key, value, timeout))
            }),
            None => match Lock::wait(&place.dir.join(LOCK), deadline) {
                Ok(_lock) => self.change(&place, key, guard, || remove(&place.path)),
                // Without its directory there is no entry.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Ok(Swapped { done: guard.holds(None), previous: None })
                }
                Err(error) => Err(error),
            },
        };
        attempt().map_err(|error| {
            if guard == Guard::Any {
                // As a failed `set`. Another guard may not hold.
                let _ = remove(&place.path);
            }
            self.after_failure(&error, &place);
            failure(error).during("swap", "filesystem", Some(key))
        })
    }

    /// Does `change` if the guard holds of the entry, for whoever has the lock.
    fn change(
        &self,
        place: &Place,
        key: &str,
        guard: Guard<'_>,
        change: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Swapped> {
        let previous = match entry::read(&place.path, key, (self.now)())? {
            Found::Value(mut value) => {
                value.truncate(HEAD);
                Some(value)
            }
            Found::Nothing | Found::Foreign | Found::Damage => None,
        };
        let done = guard.holds(previous.as_deref());
        if done {
            change()?;
        }
        Ok(Swapped { done, previous })
    }

    /// Puts a value in the place of another, or leaves nothing there.
    fn replace(
        &self,
        turn: &Turn,
        place: &Place,
        key: &str,
        value: &[u8],
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let end_ms = entry::end_ms((self.now)(), timeout);
        let written = entry::encode(key, value, end_ms).and_then(|bytes| {
            let temp = Temp::write(&place.dir, &bytes, end_ms)?;
            self.install(turn, place, temp, bytes.len() as u64)
        });
        written.inspect_err(|_| {
            let _ = remove(&place.path);
        })
    }

    /// Tries all, and returns the first failure.
    pub(super) fn set_many<'a>(
        &self,
        entries: impl Iterator<Item = (&'a str, &'a [u8])>,
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        let mut result = Ok(());
        for (key, value) in entries {
            result = result.and(self.set(key, value, timeout));
        }
        result
    }

    /// Tries all, and returns the first failure.
    pub(super) fn delete_many<'a>(
        &self,
        keys: impl Iterator<Item = &'a str>,
    ) -> Result<u64, Error> {
        let mut result = Ok(0);
        for key in keys {
            let deleted = self.delete(key);
            result = result.and_then(|count| deleted.map(|deleted| count + u64::from(deleted)));
        }
        result
    }

    /// Returns whether there was an entry.
    fn delete(&self, key: &str) -> Result<bool, Error> {
        self.swap(key, Guard::Any, None, None).map(|swapped| swapped.previous.is_some())
    }

    /// Renames a file to its place, once there is room.
    fn install(&self, turn: &Turn, place: &Place, temp: Temp, length: u64) -> io::Result<()> {
        let replaces = found(fs::symlink_metadata(&place.path))?;
        let replaces = replaces.filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        let group = self.group(place);
        let lock = turn.group.as_ref().unwrap_or(&turn.shard);
        let write = Write { path: &place.path, length, replaces };
        self.bound.make_room(lock, group.dirs(&self.directory), write, (self.now)())?;
        temp.rename(&place.path)
    }

    /// Waits for the locks of an entry: the shard's first, everywhere.
    fn turn(&self, place: &Place, deadline: Instant) -> io::Result<Turn> {
        let shard = Lock::wait(&place.dir.join(LOCK), deadline)?;
        let group = self.group(place).lock(&self.directory);
        let group = group.map(|path| Lock::wait(&path, deadline)).transpose()?;
        Ok(Turn { shard, group })
    }

    fn group(&self, place: &Place) -> Group {
        self.bound.group(place.shard)
    }

    /// Does `work`, and makes the directories where they are missing.
    fn in_directory<T>(
        &self,
        place: &Place,
        mut work: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        let mut result = work();
        for _ in 1..ATTEMPTS {
            match &result {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.directory.make(place.shard)?;
                    result = work();
                }
                _ => break,
            }
        }
        result
    }

    pub(super) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.wait).unwrap_or(now + LONGEST_WAIT)
    }

    /// Refuses to write where somebody else may have put the directory.
    pub(super) fn trusted(&self, operation: &'static str, key: Option<&str>) -> Result<(), Error> {
        self.directory.check().map_err(|error| error.during(operation, "filesystem", key))
    }

    /// On a full disk makes room from what has expired: no write succeeds that would list it.
    fn after_failure(&self, error: &io::Error, place: &Place) {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            let _ = sweep(self.group(place).dirs(&self.directory), None, (self.now)());
        }
    }
}

/// Tells what kind of failure it is that the system reports.
pub(super) fn failure(error: io::Error) -> Error {
    use io::ErrorKind as Io;
    let error = match error.downcast::<Error>() {
        Ok(told) => return told,
        Err(error) => error,
    };
    let kind = match error.kind() {
        Io::TimedOut => ErrorKind::Timeout,
        Io::FileTooLarge
        | Io::PermissionDenied
        | Io::QuotaExceeded
        | Io::ReadOnlyFilesystem
        | Io::StorageFull => ErrorKind::Refused,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, error)
}
