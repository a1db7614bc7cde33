//! Limits of items and bytes that several processes keep together.
//!
//! The limits are divided by groups of shards, so that room is made by listing a few directories
//! and not all. The file of a group's lock holds the count of its entries. The count is raised
//! before an entry appears, and lowered by nothing but a listing: a process that dies in between,
//! or an entry that is deleted, leaves it too high and never too low. Too high it costs a listing,
//! which counts anew; so it cannot drift.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use xxhash_rust::xxh3::xxh3_64;

use super::directory::Directory;
use super::lock::Lock;
use super::sweep::{Incoming, Tally, sweep};

/// Shards: the first byte of the hash of a key.
const SHARDS: u16 = 256;

/// The fewest items and bytes for which a limit is divided. Keys do not spread evenly, and what one
/// group lacks another cannot lend.
const SMALLEST: Tally = Tally { items: 256, bytes: 16 << 20 };

/// A listing is due after as many writes as a quarter of the entries that it will find, and after
/// these at least. It removes what has expired or was left over.
const SELDOM: u64 = 16;

/// The limits of a store.
#[derive(Debug)]
pub(super) struct Bound {
    /// A power of two, at most [`SHARDS`].
    groups: u16,
    /// Of one group.
    limit: Tally,
}

/// An entry that is about to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write<'a> {
    pub(super) path: &'a Path,
    pub(super) length: u64,
    /// The length of the entry that is there now.
    pub(super) replaces: Option<u64>,
}

/// Shards that share a part of the limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    groups: u16,
    idx: u16,
}

impl Bound {
    pub(super) fn new(threshold: Option<u64>, max_bytes: Option<u64>) -> Self {
        let [items, bytes] = [threshold, max_bytes].map(|limit| limit.unwrap_or(u64::MAX));
        let most = (items / SMALLEST.items).min(bytes / SMALLEST.bytes).clamp(1, SHARDS.into());
        let groups = 1_u16 << most.ilog2();
        let limit = Tally { items: items / u64::from(groups), bytes: bytes / u64::from(groups) };
        Self { groups, limit }
    }

    pub(super) fn group(&self, shard: u8) -> Group {
        Group { groups: self.groups, idx: u16::from(shard) / (SHARDS / self.groups) }
    }

    /// Makes room for an entry in `dirs` and counts it, for whoever has the group's lock.
    pub(super) fn make_room(
        &self,
        lock: &Lock,
        dirs: impl Iterator<Item = PathBuf>,
        Write { path, length, replaces }: Write<'_>,
        now: SystemTime,
    ) -> io::Result<()> {
        if length > self.limit.bytes {
            let text = format!("an entry of {length} bytes is above the limit of its shard");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        let next = Count::read(lock.file())
            .map(|count| count.next(length, replaces))
            .filter(|next| next.all.fits(self.limit) && !next.is_due());
        let next = match next {
            Some(next) => next,
            None => {
                let (limit, target) = (self.limit, self.target());
                let incoming = Incoming { path, length, limit, target };
                let others = sweep(dirs, Some(incoming), now)?;
                Count { all: others.with(length), written: 0 }
            }
        };
        next.write(lock.file())
    }

    /// What is left after entries were evicted: enough room that the next writes evict none.
    fn target(&self) -> Tally {
        let Tally { items, bytes } = self.limit;
        Tally { items: items - items / 16, bytes: bytes - bytes / 16 }
    }
}

impl Group {
    /// Its lock, where that is not the lock of a shard.
    pub(super) fn lock(self, directory: &Directory) -> Option<PathBuf> {
        let name = || format!("{}-{}", self.groups, self.idx);
        (self.groups < SHARDS).then(|| directory.bounds().join(name()))
    }

    pub(super) fn dirs(self, directory: &Directory) -> impl Iterator<Item = PathBuf> {
        let width = SHARDS / self.groups;
        let shards = self.idx * width..(self.idx + 1) * width;
        shards.filter_map(|shard| u8::try_from(shard).ok()).map(|shard| directory.shard(shard))
    }
}

/// What the file of a lock holds: no fewer than all entries of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    all: Tally,
    /// Writes since the last listing.
    written: u64,
}

impl Count {
    fn next(self, length: u64, replaces: Option<u64>) -> Self {
        let items = self.all.items.saturating_add(u64::from(replaces.is_none()));
        // A shorter entry in place of a longer one is not lowered: it may never appear.
        let bytes = self.all.bytes.saturating_add(length.saturating_sub(replaces.unwrap_or(0)));
        Self { all: Tally { items, bytes }, written: self.written.saturating_add(1) }
    }

    fn is_due(self) -> bool {
        self.written >= SELDOM.max(self.all.items / 4)
    }

    /// None where the file is new, or damaged.
    fn read(file: &File) -> Option<Self> {
        let mut bytes = [0; 32];
        file.read_exact_at(&mut bytes, 0).ok()?;
        let (numbers, checksum) = bytes.split_at(24);
        let mut numbers = numbers
            .chunks_exact(8)
            .map(|number| u64::from_le_bytes(number.try_into().unwrap_or_default()));
        let all = Tally { items: numbers.next()?, bytes: numbers.next()? };
        let count = Self { all, written: numbers.next()? };
        (checksum == xxh3_64(&bytes[..24]).to_le_bytes()).then_some(count)
    }

    fn write(self, file: &File) -> io::Result<()> {
        let mut bytes = [0; 32];
        let numbers = [self.all.items, self.all.bytes, self.written];
        for (part, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            part.copy_from_slice(&number.to_le_bytes());
        }
        let checksum = xxh3_64(&bytes[..24]);
        bytes[24..].copy_from_slice(&checksum.to_le_bytes());
        file.write_all_at(&bytes, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_divided_as_far_as_they_are_large() {
        let of = |items, bytes| {
            let bound = Bound::new(items, bytes);
            (bound.groups, bound.limit.items, bound.limit.bytes)
        };
        assert_eq!(of(Some(1), None), (1, 1, u64::MAX));
        assert_eq!(of(Some(511), None), (1, 511, u64::MAX));
        assert_eq!(of(Some(1_000), None), (2, 500, u64::MAX / 2));
        assert_eq!(of(None, Some(1 << 30)), (64, u64::MAX / 64, 16 << 20));
        assert_eq!(
            of(Some(922_337_203_685_477_580), None),
            (256, 3_602_879_701_896_396, u64::MAX / 256)
        );
        assert_eq!(of(None, None), (256, u64::MAX / 256, u64::MAX / 256));
    }

    #[test]
    fn every_shard_is_in_one_group() {
        let dir = tempfile::tempdir().expect("a directory");
        let directory = Directory::open(&dir.path().join("cache"), "").expect("it can be made");
        for threshold in [1, 1_000, 10_000, 100_000] {
            let bound = Bound::new(Some(threshold), None);
            for shard in 0..=u8::MAX {
                let holders = (0..bound.groups).filter(|idx| {
                    let group = Group { groups: bound.groups, idx: *idx };
                    group.dirs(&directory).any(|dir| dir == directory.shard(shard))
                });
                assert_eq!(holders.collect::<Vec<_>>(), [bound.group(shard).idx]);
            }
        }
    }

    #[test]
    fn a_count_is_read_as_written_or_not_at_all() {
        let file = tempfile::tempfile().expect("a file");
        assert_eq!(Count::read(&file), None);
        let count = Count { all: Tally { items: 3, bytes: 700 }, written: 9 };
        count.write(&file).expect("room");
        assert_eq!(Count::read(&file), Some(count));
        file.write_all_at(&[1], 3).expect("room");
        assert_eq!(Count::read(&file), None);
    }

    #[test]
    fn a_count_is_never_too_low() {
        let count = Count { all: Tally { items: 3, bytes: 700 }, written: 0 };
        assert_eq!(count.next(50, None).all, Tally { items: 4, bytes: 750 });
        assert_eq!(count.next(50, Some(20)).all, Tally { items: 3, bytes: 730 });
        assert_eq!(count.next(50, Some(90)).all, Tally { items: 3, bytes: 700 });
    }
}
