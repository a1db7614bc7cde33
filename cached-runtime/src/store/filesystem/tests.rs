//! What needs a clock that is ahead, or a lock that somebody keeps.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tempfile::TempDir;

use super::directory::{LOCK, Name};
use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const VALUE: &[u8] = b"a value longer than a head";

fn in_an_hour() -> SystemTime {
    SystemTime::now() + 60 * MINUTE
}

fn opened(dir: &TempDir, threshold: Option<u64>, now: fn() -> SystemTime) -> Files {
    Files {
        directory: Directory::open(&dir.path().join("cache"), "").expect("it can be made"),
        bound: Bound::new(threshold, None),
        wait: Duration::from_millis(50),
        now,
    }
}

fn dir() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn files_named(files: &Files, name: Name) -> Vec<PathBuf> {
    let shards = (0..=u8::MAX).filter_map(|shard| fs::read_dir(files.directory.shard(shard)).ok());
    let paths = shards.flatten().flatten().map(|file| file.path());
    paths.filter(|path| Name::of(path.file_name().unwrap().to_str().unwrap()) == name).collect()
}

#[test]
fn an_entry_is_gone_once_its_timeout_has_passed() {
    let dir = dir();
    let (present, future) = (opened(&dir, None, SystemTime::now), opened(&dir, None, in_an_hour));
    present.set("short", VALUE, Some(59 * MINUTE)).unwrap();
    present.set("long", VALUE, Some(61 * MINUTE)).unwrap();
    present.set("endless", VALUE, None).unwrap();
    present.set("huge", VALUE, Some(Duration::from_secs(922_337_203_685_477_580))).unwrap();
    assert_eq!(present.get("short").unwrap().as_deref(), Some(VALUE));
    assert_eq!(future.get("short").unwrap(), None);
    for key in ["long", "endless", "huge"] {
        assert_eq!(future.get(key).unwrap().as_deref(), Some(VALUE), "{key}");
    }
    // What has expired counts as absent for a swap, and can be written anew.
    assert_eq!(future.delete_many(["short"].into_iter()).unwrap(), 0);
    present.set("short", VALUE, Some(MINUTE)).unwrap();
    let added = future.swap("short", Guard::Absent, Some(b"new"), Some(MINUTE)).unwrap();
    assert_eq!(added, Swapped { done: true, previous: None });
    assert_eq!(future.get("short").unwrap().as_deref(), Some(&b"new"[..]));
}

#[test]
fn expired_entries_make_room_before_any_other() {
    let dir = dir();
    let (present, future) =
        (opened(&dir, Some(8), SystemTime::now), opened(&dir, Some(8), in_an_hour));
    for idx in 0..4 {
        present.set(&format!("endless:{idx}"), VALUE, None).unwrap();
    }
    for idx in 0..4 {
        present.set(&format!("short:{idx}"), VALUE, Some(MINUTE)).unwrap();
    }
    future.set("next", VALUE, None).unwrap();
    assert_eq!(files_named(&future, Name::Entry).len(), 5);
    for idx in 0..4 {
        assert!(future.get(&format!("endless:{idx}")).unwrap().is_some(), "{idx}");
    }
}

#[test]
fn an_entry_whose_file_only_looks_expired_stays() {
    let dir = dir();
    let files = opened(&dir, Some(2), SystemTime::now);
    files.set("1", VALUE, None).unwrap();
    let path = files.directory.place("1").path;
    // As a backup leaves it that notes its access.
    File::open(&path).unwrap().set_times(FileTimes::new().set_accessed(SystemTime::now())).unwrap();
    for _ in 0..40 {
        files.set("2", VALUE, None).unwrap();
    }
    assert!(files.get("1").unwrap().is_some());
}

#[test]
fn what_was_not_used_for_the_longest_time_is_evicted() {
    let dir = dir();
    let files = opened(&dir, Some(4), SystemTime::now);
    for (key, minutes) in [("oldest", 9), ("old", 8), ("young", 3), ("youngest", 2)] {
        files.set(key, VALUE, None).unwrap();
        aged(&files.directory.place(key).path, minutes * MINUTE);
    }
    // A hit makes it the youngest.
    assert!(files.get("oldest").unwrap().is_some());
    files.set("next", VALUE, None).unwrap();
    let left = ["oldest", "old", "young", "youngest", "next"]
        .map(|key| files.directory.place(key).path.exists());
    assert_eq!(left, [true, false, true, true, true]);
}

#[test]
fn leftovers_are_swept_once_they_are_a_minute_old() {
    let dir = dir();
    let (present, future) =
        (opened(&dir, Some(100), SystemTime::now), opened(&dir, Some(100), in_an_hour));
    present.set("1", VALUE, None).unwrap();
    let leftover = present.directory.place("1").dir.join(format!("{}1-1", temp::PREFIX));
    fs::write(&leftover, "half an en").unwrap();
    for _ in 0..40 {
        present.set("2", VALUE, None).unwrap();
    }
    assert!(leftover.exists(), "somebody may be writing it");
    for _ in 0..40 {
        future.set("2", VALUE, None).unwrap();
    }
    assert!(files_named(&future, Name::Temp).is_empty());
}

#[test]
fn unlimited_stores_are_swept_too() {
    let dir = dir();
    let (present, future) = (opened(&dir, None, SystemTime::now), opened(&dir, None, in_an_hour));
    let shard = present.directory.place("0").shard;
    let keys: Vec<_> = (0..20_000).map(|idx| idx.to_string()).collect();
    let mut keys = keys.iter().filter(|key| present.directory.place(key).shard == shard);
    for key in keys.by_ref().take(10) {
        present.set(key, VALUE, Some(MINUTE)).unwrap();
    }
    for key in keys.take(20) {
        future.set(key, VALUE, None).unwrap();
    }
    assert_eq!(files_named(&future, Name::Entry).len(), 20);
}

#[test]
fn a_lock_that_a_stopped_process_keeps_delays_a_write_and_no_read() {
    let dir = dir();
    let files = opened(&dir, None, SystemTime::now);
    files.set("1", VALUE, None).unwrap();
    let place = files.directory.place("1");
    let kept = File::open(place.dir.join(LOCK)).unwrap();
    kept.lock().unwrap();
    assert_eq!(files.get("1").unwrap().as_deref(), Some(VALUE));
    let start = Instant::now();
    let error = files.swap("1", Guard::Absent, Some(VALUE), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(files.get("1").unwrap().is_some(), "the guard was never looked at");
    assert_eq!(files.set("1", VALUE, None).unwrap_err().kind(), ErrorKind::Timeout);
    assert!(start.elapsed() >= 2 * files.wait);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(files.get("1").unwrap(), None, "the older value must not survive a failed set");
    assert!(files_named(&files, Name::Temp).is_empty());
    // Nor does it survive a delete that could not be ordered after what the other one does.
    kept.unlock().unwrap();
    files.set("1", VALUE, None).unwrap();
    kept.lock().unwrap();
    let error = files.delete_many(["1"].into_iter()).unwrap_err();
    assert_eq!((error.kind(), files.get("1").unwrap()), (ErrorKind::Timeout, None));
    drop(kept);
    files.set("1", VALUE, None).unwrap();
    assert_eq!(files.get("1").unwrap().as_deref(), Some(VALUE));
}

#[test]
fn many_writes_go_on_after_one_that_failed() {
    let dir = dir();
    let files = opened(&dir, None, SystemTime::now);
    let keys = ["1", "2", "3"];
    let write = |value| files.set_many(keys.map(|key| (key, value)).into_iter(), None);
    write(VALUE).unwrap();
    let shards = keys.map(|key| files.directory.place(key).shard);
    assert!(shards[0] != shards[1] && shards[1] != shards[2], "choose other keys");
    let kept = File::open(files.directory.place("2").dir.join(LOCK)).unwrap();
    kept.lock().unwrap();
    let next = b"what comes after it";
    assert_eq!(write(next).unwrap_err().kind(), ErrorKind::Timeout);
    let found = keys.map(|key| files.get(key).unwrap());
    assert_eq!(found, [Some(next.to_vec()), None, Some(next.to_vec())]);
    files.delete_many(keys.into_iter()).unwrap_err();
    assert_eq!(keys.map(|key| files.get(key).unwrap()), [None, None, None]);
}

#[test]
fn a_wait_without_end_is_no_panic() {
    let dir = dir();
    let timeouts = Timeouts { write: Duration::MAX, ..Timeouts::default() };
    let options = FilesystemOptions::new(dir.path().join("cache")).timeouts(timeouts);
    let files = FilesystemStore::open(options).unwrap().files;
    files.set("1", VALUE, Some(Duration::MAX)).unwrap();
    assert!(files.get("1").unwrap().is_some());
}

#[test]
fn a_thread_that_may_block_is_answered_in_the_first_poll() {
    let dir = dir();
    let store = FilesystemStore::open(FilesystemOptions::new(dir.path().join("cache"))).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    crate::store::blocking(|| {
        assert!(pin!(store.set("1", VALUE, None)).poll(&mut context).is_ready());
        let found = pin!(store.get_many(&["1", "2"])).poll(&mut context);
        let Poll::Ready(Ok(found)) = found else { panic!("{found:?}") };
        assert_eq!(found, [Some(VALUE.to_vec()), None]);
        assert!(pin!(store.delete("1")).poll(&mut context).is_ready());
    });
}

fn aged(path: &Path, age: Duration) {
    let modified = SystemTime::now() - age;
    File::open(path).unwrap().set_times(FileTimes::new().set_modified(modified)).unwrap();
}
