//! A file that is written in full before anybody can see it as an entry.

use std::fs::{self, FileTimes, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::{entry, owned};

/// How the name of a file that is being written begins.
pub(super) const PREFIX: &str = "temp-";

/// The age from which such a file is a leftover of a process that died.
pub(super) const LEFT_OVER: Duration = Duration::from_secs(60);

/// Names to try: other containers have the same process numbers, and leftovers have names too.
const ATTEMPTS: usize = 1_000;

/// A written file, removed when it is dropped before it was renamed.
#[derive(Debug)]
pub(super) struct Temp(Option<PathBuf>);

impl Temp {
    /// Writes an entry that ends at `end_ms`, without syncing it.
    pub(super) fn write(dir: &Path, bytes: &[u8], end_ms: u64) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        for _ in 0..ATTEMPTS {
            // Asked each time: after a fork it is another, and the count goes on from the same.
            let process = process::id();
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = dir.join(format!("{PREFIX}{process}-{count}"));
            let mut file = match owned::open(&path, &mut options) {
                Ok((file, _)) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            let temp = Self(Some(path));
            file.write_all(bytes)?;
            // Only a hint: see `entry::end_hint`.
            let _ = file.set_times(FileTimes::new().set_accessed(entry::end_hint(end_ms)));
            return Ok(temp);
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Makes it the entry at `path`, in the place of any other.
    pub(super) fn rename(mut self, path: &Path) -> io::Result<()> {
        if let Some(temp) = &self.0 {
            fs::rename(temp, path)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether a file of this modification time is a leftover.
pub(super) fn is_left_over(modified: SystemTime, now: SystemTime) -> bool {
    now.duration_since(modified).is_ok_and(|age| age >= LEFT_OVER)
}
