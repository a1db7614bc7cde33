//! The operations of the store, on the calling thread.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::bound::{Bound, Group};
use super::directory::{Directory, LOCK, Place};
use super::entry::{self, Found};
use super::lock::Lock;
use super::sweep::{self, found, remove, sweep};
use super::temp::Temp;
use crate::error::{Error, ErrorKind};
use crate::store::{Guard, HEAD, Swapped};

/// How often an operation begins anew because its directory was deleted meanwhile.
const ATTEMPTS: usize = 8;

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
            Ok(Found::Damage) => match self.discard(&place, key) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
                _ => Ok(None),
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
            Found::Value(_) | Found::Nothing => Ok(()),
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
        let deadline = Instant::now() + self.wait;
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
        let deadline = Instant::now() + self.wait;
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
            Found::Nothing | Found::Damage => None,
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

    /// Returns whether there was an entry.
    pub(super) fn delete(&self, key: &str) -> Result<bool, Error> {
        self.swap(key, Guard::Any, None, None).map(|swapped| swapped.previous.is_some())
    }

    /// Removes every entry and what belongs to them. Returns how many entries.
    ///
    /// A shard that cannot be cleared keeps no other from being cleared.
    pub(super) fn purge(&self) -> Result<u64, Error> {
        self.trusted("purge", None)?;
        let mut purged = Ok(0);
        for shard in 0..=u8::MAX {
            let cleared = self.clear(&self.directory.shard(shard));
            purged = match (purged, cleared) {
                (Ok(purged), Ok(cleared)) => Ok(purged + cleared),
                (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            };
        }
        let removed = self.remove_bounds();
        // Each is left where something foreign is in it.
        let _ = fs::remove_dir(self.directory.bounds());
        let _ = fs::remove_dir(self.directory.store());
        purged
            .and_then(|purged| removed.map(|()| purged))
            .map_err(|error| failure(error).during("purge", "filesystem", None))
    }

    fn clear(&self, dir: &Path) -> io::Result<u64> {
        if found(fs::symlink_metadata(dir))?.is_none_or(|metadata| !metadata.is_dir()) {
            return Ok(0);
        }
        let Some(lock) = found(Lock::wait(&dir.join(LOCK), Instant::now() + self.wait))? else {
            return Ok(0);
        };
        let cleared = sweep::clear(dir)?;
        found(lock.remove())?;
        let _ = fs::remove_dir(dir);
        Ok(cleared)
    }

    fn remove_bounds(&self) -> io::Result<()> {
        for file in found(fs::read_dir(self.directory.bounds()))?.into_iter().flatten() {
            let path = file?.path();
            if is_bound(&path) {
                let lock = Lock::wait(&path, Instant::now() + self.wait);
                found(lock.and_then(Lock::remove))?;
            }
        }
        Ok(())
    }

    /// Renames a file to its place, once there is room.
    fn install(&self, turn: &Turn, place: &Place, temp: Temp, length: u64) -> io::Result<()> {
        let replaces = found(fs::symlink_metadata(&place.path))?;
        let replaces = replaces.filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        let group = self.group(place);
        let lock = turn.group.as_ref().unwrap_or(&turn.shard);
        let entry = (&*place.path, length, replaces);
        self.bound.make_room(lock, group.dirs(&self.directory), entry, (self.now)())?;
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

    /// Refuses to write where somebody else may have put the directory.
    fn trusted(&self, operation: &'static str, key: Option<&str>) -> Result<(), Error> {
        self.directory.check().map_err(|error| error.during(operation, "filesystem", key))
    }

    /// On a full disk makes room from what has expired: no write succeeds that would list it.
    fn after_failure(&self, error: &io::Error, place: &Place) {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            let _ = sweep(self.group(place).dirs(&self.directory), None, (self.now)());
        }
    }
}

/// Whether a file is the lock of a group: two numbers with `-` between them.
fn is_bound(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.split_once('-'))
        .is_some_and(|(groups, idx)| groups.parse::<u16>().and(idx.parse::<u16>()).is_ok())
}

/// Tells what kind of failure it is that the system reports.
pub(super) fn failure(error: io::Error) -> Error {
    use io::ErrorKind as Io;
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
