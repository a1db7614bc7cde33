//! Advisory locks between processes, and between the threads of one.
//!
//! No lock is held open between operations: a forked process would share it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::owned;

/// The first wait between two attempts, and the longest. A lock is held for tens of microseconds.
const NAPS: (Duration, Duration) = (Duration::from_micros(20), Duration::from_millis(2));

/// A lock file, locked until this is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Waits until `deadline` for the lock, and makes its file when it is missing.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] where somebody else keeps it;
    /// [`io::ErrorKind::NotFound`] where its directory is missing.
    pub(super) fn wait(path: &Path, deadline: Instant) -> io::Result<Self> {
        let mut nap = NAPS.0;
        loop {
            let (file, own) = open(path)?;
            loop {
                match file.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::Error(error)) => return Err(error),
                    Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                        return Err(kept());
                    }
                    Err(TryLockError::WouldBlock) => {
                        thread::sleep(nap);
                        nap = (nap * 2).min(NAPS.1);
                    }
                }
            }
            // The file may have been removed before it was locked, and others lock a new one.
            // While it is open no other file can have its number.
            match fs::symlink_metadata(path) {
                Ok(there) if (there.dev(), there.ino()) == (own.dev(), own.ino()) => {
                    return Ok(Self { file, path: path.to_owned() });
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ if Instant::now() >= deadline => return Err(io::ErrorKind::TimedOut.into()),
                _ => {}
            }
        }
    }

    /// What a lock file holds, for whoever has the lock.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Removes the file. Who waits for it will see that it is gone, and begin anew.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough where a fork has copied the descriptor.
        let _ = self.file.unlock();
    }
}

fn kept() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "another process or thread keeps the lock")
}

fn open(path: &Path) -> io::Result<(File, fs::Metadata)> {
    owned::open(path, OpenOptions::new().read(true).write(true).create(true).truncate(false))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_lock_that_somebody_keeps_is_given_up() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("lock");
        let held = Lock::wait(&path, Instant::now() + LONG).expect("a free lock");
        let error = Lock::wait(&path, Instant::now() + SOON).expect_err("it is held");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(held);
        assert!(Lock::wait(&path, Instant::now() + SOON).is_ok());
    }

    #[test]
    fn who_waits_for_a_removed_file_locks_the_one_that_others_lock() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("lock");
        let old = Lock::wait(&path, Instant::now() + LONG).expect("a free lock");
        let (sender, locked) = mpsc::channel();
        let waiter = thread::spawn({
            let path = path.clone();
            move || {
                sender.send(None).expect("the test listens");
                sender.send(Some(Lock::wait(&path, Instant::now() + LONG))).expect("it listens");
            }
        });
        assert!(locked.recv_timeout(LONG).expect("a thread").is_none());
        fs::remove_file(&path).expect("a lock file");
        let new = Lock::wait(&path, Instant::now() + LONG).expect("a new file");
        drop(old);
        // The waiter may have the old file; it must not take it for the lock.
        assert!(locked.recv_timeout(SOON * 10).is_err(), "two hold the lock");
        drop(new);
        let got = locked.recv_timeout(LONG).expect("an answer");
        assert!(got.expect("an attempt").is_ok());
        waiter.join().expect("no panic");
    }
}
