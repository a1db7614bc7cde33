//! The same record behind the same stores: by this crate, by bare clients, by `cached` 4.1.

pub mod bare;
pub mod cached_4;
pub mod ours;
pub mod record;

use std::path::PathBuf;

use cached_tests::servers::{Memcached, Redis};
use tempfile::TempDir;

/// Servers and a directory for one run. Gone with it.
pub struct Places {
    /// A Redis server.
    pub redis: Redis,
    /// A memcached server.
    pub memcached: Memcached,
    directory: TempDir,
}

impl Places {
    /// Starts the servers.
    ///
    /// # Panics
    /// Where one of them is not installed, or no directory can be made.
    #[must_use]
    pub fn start() -> Self {
        let directory = TempDir::new().expect("a directory can be made");
        Self { redis: Redis::start(), memcached: Memcached::start(), directory }
    }

    /// A directory of its own for each name.
    #[must_use]
    pub fn directory(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
