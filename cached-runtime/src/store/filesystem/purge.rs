//! Removes all of a store, and nothing else that may lie in its directory.

use std::fs;
use std::io;
use std::path::Path;

use super::directory::LOCK;
use super::files::{Files, failure};
use super::lock::Lock;
use super::sweep::{self, found};
use crate::error::Error;

impl Files {
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
        let Some(lock) = found(Lock::wait(&dir.join(LOCK), self.deadline()))? else {
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
                let lock = Lock::wait(&path, self.deadline());
                found(lock.and_then(Lock::remove))?;
            }
        }
        Ok(())
    }
}

/// Whether a file is the lock of a group: two numbers with `-` between them.
fn is_bound(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.split_once('-'))
        .is_some_and(|(groups, idx)| groups.parse::<u16>().and(idx.parse::<u16>()).is_ok())
}
