//! Lists the entries of a few shards, and makes room among them.
//!
//! Nothing here needs a lock to be right: to remove an entry, even one that was replaced this
//! moment, is what a cache may do at any time. Whoever counts what is left holds one (`bound.rs`).

use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::directory::Name;
use super::{entry, temp};

/// How many entries there are, or may be, and how long they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) items: u64,
    pub(super) bytes: u64,
}

impl Tally {
    pub(super) fn with(self, length: u64) -> Self {
        Self { items: self.items.saturating_add(1), bytes: self.bytes.saturating_add(length) }
    }

    pub(super) fn fits(self, limit: Self) -> bool {
        self.items <= limit.items && self.bytes <= limit.bytes
    }
}

/// An entry that is about to be written, and what all may then be together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming<'a> {
    /// Where it will be. What lies there now is not counted, and not removed.
    pub(super) path: &'a Path,
    pub(super) length: u64,
    /// Others are removed if all together exceed this,
    pub(super) limit: Tally,
    /// until they are within this.
    pub(super) target: Tally,
}

struct Live {
    used: SystemTime,
    length: u64,
    path: PathBuf,
}

/// Removes what has expired and what was left over, and then what was not used for the longest
/// time, if there is no room for `incoming`. Returns the entries that are left, without it.
///
/// Cost: one look at the metadata of each file.
pub(super) fn sweep(
    dirs: impl Iterator<Item = PathBuf>,
    incoming: Option<Incoming<'_>>,
    now: SystemTime,
) -> io::Result<Tally> {
    let mut live = Vec::new();
    for dir in dirs {
        list(&dir, now, &mut live)?;
    }
    if let Some(incoming) = incoming {
        live.retain(|entry| entry.path != incoming.path);
    }
    let mut left = live.iter().fold(Tally::default(), |left, entry| left.with(entry.length));
    let Some(incoming) = incoming else { return Ok(left) };
    if left.with(incoming.length).fits(incoming.limit) {
        return Ok(left);
    }
    live.sort_unstable_by_key(|entry| entry.used);
    for entry in live {
        if left.with(incoming.length).fits(incoming.target) {
            break;
        }
        remove(&entry.path)?;
        left = Tally { items: left.items - 1, bytes: left.bytes - entry.length };
    }
    Ok(left)
}

/// Adds the entries of a shard that have not expired.
fn list(dir: &Path, now: SystemTime, live: &mut Vec<Live>) -> io::Result<()> {
    for file in files(dir)? {
        let (file, name) = file?;
        let Some(metadata) = found(file.metadata())? else { continue };
        match name {
            Name::Entry if metadata.is_file() => {
                let path = file.path();
                let used = metadata.modified()?;
                if has_ended(&path, &metadata, now) {
                    remove(&path)?;
                } else {
                    live.push(Live { used, length: metadata.len(), path });
                }
            }
            Name::Temp if temp::is_left_over(metadata.modified()?, now) => remove(&file.path())?,
            _ => {}
        }
    }
    Ok(())
}

fn has_ended(path: &Path, metadata: &Metadata, now: SystemTime) -> bool {
    let hinted = metadata.accessed().is_ok_and(|end| end <= now);
    hinted && entry::is_dead(path, now).unwrap_or(false)
}

/// Removes the entries of a shard and everything that is being written to it. Returns how many
/// entries.
pub(super) fn clear(dir: &Path) -> io::Result<u64> {
    let mut removed = 0;
    for file in files(dir)? {
        let (file, name) = file?;
        let is_dir = file.file_type().is_ok_and(|kind| kind.is_dir());
        if name != Name::Foreign && !is_dir {
            remove(&file.path())?;
            removed += u64::from(name == Name::Entry);
        }
    }
    Ok(removed)
}

/// The files of a directory with what they are by name; none where it is missing.
fn files(dir: &Path) -> io::Result<impl Iterator<Item = io::Result<(DirEntry, Name)>> + use<>> {
    let listing = found(fs::read_dir(dir))?;
    Ok(listing.into_iter().flatten().map(|file| {
        let file = file?;
        let name = file.file_name().to_str().map_or(Name::Foreign, Name::of);
        Ok((file, name))
    }))
}

/// Removes a file, or a link itself, that may be gone already.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    found(fs::remove_file(path)).map(|_| ())
}

/// Takes what is missing for nothing.
pub(super) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
