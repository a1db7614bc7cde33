//! Where the files of a store lie, and whether the place can be trusted.
//!
//! ```text
//! <dir>/<prefix>/3f/3f09..   an entry: 32 hex digits, the hash of its key
//! <dir>/<prefix>/3f/temp-..  an entry that is being written, or a leftover of one
//! <dir>/<prefix>/3f/lock     the lock of this shard
//! <dir>/<prefix>/bounds/16-3 the lock of a part of the limits (`bound.rs`)
//! ```
//!
//! Nothing here touches entries.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf, absolute};

use xxhash_rust::xxh3::xxh3_128;

use super::files::failure;
use crate::error::{Error, ErrorKind};

/// The name of the lock of a shard.
pub(super) const LOCK: &str = "lock";

/// The subdirectory with the locks of the limits.
const BOUNDS: &str = "bounds";

/// Characters of a prefix that are kept readable in the name of its directory.
const READABLE: usize = 32;

/// The directory of one store.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    store: PathBuf,
}

/// Where an entry lies.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) shard: u8,
    pub(super) dir: PathBuf,
    pub(super) path: PathBuf,
}

impl Directory {
    pub(super) fn open(dir: &Path, prefix: &str) -> Result<Self, Error> {
        // A path that ends in `/` or `/.` would follow a link that it names.
        let root: PathBuf = absolute(dir)
            .map_err(|error| Error::new(ErrorKind::Config, format!("{}: {error}", dir.display())))?
            .components()
            .collect();
        let store = root.join(subdirectory(prefix));
        let directory = Self { root, store };
        // A disk that is read-only or missing today may not be so at the next write, which says
        // what is wrong otherwise.
        let _ = directory.check().is_ok_and(|()| make(&directory.store).is_ok());
        match directory.check() {
            Err(error) if error.kind() == ErrorKind::Config => Err(error),
            Ok(()) | Err(_) => Ok(directory),
        }
    }

    pub(super) fn store(&self) -> &Path {
        &self.store
    }

    pub(super) fn place(&self, key: &str) -> Place {
        let name = format!("{:032x}", xxh3_128(key.as_bytes()));
        let dir = self.store.join(&name[..2]);
        // The first two digits of the name are its shard.
        let shard = u8::from_str_radix(&name[..2], 16).unwrap_or_default();
        Place { shard, path: dir.join(name), dir }
    }

    pub(super) fn shard(&self, shard: u8) -> PathBuf {
        self.store.join(format!("{shard:02x}"))
    }

    pub(super) fn bounds(&self) -> PathBuf {
        self.store.join(BOUNDS)
    }

    /// Refuses a root in which somebody else could place or replace files.
    ///
    /// A missing one is no error: it is made again when something is written.
    pub(super) fn check(&self) -> Result<(), Error> {
        let metadata = match fs::symlink_metadata(&self.root) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failure(error)),
        };
        let (user, mode) = (rustix::process::geteuid().as_raw(), metadata.mode() & 0o7777);
        let fault = if metadata.is_symlink() {
            "is a symbolic link; name the directory that it leads to".to_owned()
        } else if !metadata.is_dir() {
            "is not a directory; name one, or a path where there is nothing yet".to_owned()
        } else if metadata.uid() != user {
            format!(
                "belongs to user {} and not to user {user}, who runs this program; name a \
                 directory of its own",
                metadata.uid()
            )
        } else if mode & 0o022 != 0 {
            format!("can be written to by other users (mode {mode:03o}); run `chmod go-w` on it")
        } else {
            return Ok(());
        };
        let text = format!("cache directory `{}` {fault}", self.root.display());
        Err(Error::new(ErrorKind::Config, text))
    }

    /// Makes what is missing of the directories of a shard.
    pub(super) fn make(&self, shard: u8) -> io::Result<()> {
        make(&self.shard(shard))?;
        make(&self.bounds())?;
        // Somebody else may have been faster.
        self.check().map_err(io::Error::other)
    }
}

fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A name for a prefix: enough of it to be recognized, and a hash of all of it.
fn subdirectory(prefix: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    // A name that begins with `-` would be an option to many a tool.
    let begin = if prefix.is_empty() { "default" } else { prefix };
    let readable: String = begin.chars().take(READABLE).map(plain).collect();
    format!("{readable}-{:032x}", xxh3_128(prefix.as_bytes()))
}

/// What a file in the directory of a shard is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Entry,
    Temp,
    Foreign,
}

impl Name {
    pub(super) fn of(name: &str) -> Self {
        if name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Self::Entry
        } else if name.starts_with(super::temp::PREFIX) {
            Self::Temp
        } else {
            Self::Foreign
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_one_name_and_its_own() {
        assert_eq!(
            subdirectory("../a b\0").split_once('-').map(|(plain, _)| plain),
            Some("___a_b_")
        );
        assert_ne!(subdirectory("a_b"), subdirectory("a.b"));
        assert!(subdirectory(&"é".repeat(10_000)).len() < 100);
        assert!(!subdirectory("").starts_with('-'));
        assert_ne!(subdirectory(""), subdirectory("default"));
    }

    #[test]
    fn an_entry_lies_in_the_shard_of_its_name() {
        let directory = Directory { root: "/r".into(), store: "/r/s".into() };
        let place = directory.place("user:1");
        assert_eq!(directory.shard(place.shard), place.dir);
        let name = place.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        assert_eq!(Name::of(name), Name::Entry);
        assert_eq!(Name::of(&name.to_uppercase()), Name::Foreign);
        assert_eq!(Name::of(LOCK), Name::Foreign);
    }
}
