//! The store in a directory, on real disks, with what can happen to them.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, missing_docs)]

mod damage;
mod place;
mod processes;
mod roundtrip;

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use cached_runtime::store::{FilesystemOptions, FilesystemStore};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// A directory for a store, which is not there yet.
struct Dir {
    parent: TempDir,
}

impl Dir {
    fn new() -> Self {
        Self { parent: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.parent.path().join("cache")
    }

    fn options(&self) -> FilesystemOptions {
        FilesystemOptions::new(self.path())
    }

    fn store(&self) -> FilesystemStore {
        FilesystemStore::open(self.options()).unwrap()
    }

    fn entries(&self) -> Vec<PathBuf> {
        let is_entry = |name: &str| name.len() == 32 && !name.contains('-');
        files_under(&self.path(), &is_entry)
    }

    fn temps(&self) -> Vec<PathBuf> {
        files_under(&self.path(), &|name: &str| name.starts_with("temp-"))
    }

    /// The one entry that there is.
    fn entry(&self) -> PathBuf {
        let entries = self.entries();
        assert_eq!(entries.len(), 1);
        entries.into_iter().next().unwrap()
    }
}

fn files_under(dir: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in fs::read_dir(dir).into_iter().flatten().flatten() {
        if file.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_under(&file.path(), wanted));
        } else if wanted(file.file_name().to_str().unwrap()) {
            found.push(file.path());
        }
    }
    found
}

/// Waits for a future on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let deadline = Instant::now() + LONG;
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park_timeout(LONG),
        }
        assert!(Instant::now() < deadline, "no answer in {LONG:?}");
    }
}

/// A value as long as stores ask for.
fn value(text: &str) -> Vec<u8> {
    format!("{text:24}").into_bytes()
}
