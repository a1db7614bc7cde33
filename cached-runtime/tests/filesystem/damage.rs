//! Files that are not what the store wrote: each reads as an empty value, once, and is gone
//! afterwards.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use cached_runtime::store::Store;

use super::{Dir, value, wait};

/// Expects a miss after `damage` was done to the file of an entry, and that writing heals it.
fn misses_after(what: &str, damage: impl FnOnce(&Path)) {
    let dir = Dir::new();
    let store = dir.store();
    wait(store.set("a", &value("1"), None)).unwrap();
    let entry = dir.entry();
    damage(&entry);
    assert_eq!(wait(store.get("a")).unwrap(), Some(Vec::new()), "{what}: not told");
    assert_eq!(wait(store.get("a")).unwrap(), None, "{what}");
    assert!(fs::symlink_metadata(&entry).is_err(), "{what}: the file stays");
    wait(store.set("a", &value("2"), None)).unwrap();
    assert_eq!(wait(store.get("a")).unwrap(), Some(value("2")), "{what}");
}

#[test]
fn truncated_and_overwritten_files() {
    for length in [0, 1, 7, 31, 32, 33, 57, 64] {
        misses_after(&format!("cut to {length}"), |entry| {
            File::options().write(true).open(entry).unwrap().set_len(length).unwrap();
        });
    }
    misses_after("appended", |entry| {
        File::options().append(true).open(entry).unwrap().write_all(b"x").unwrap();
    });
    misses_after("zeroed", |entry| fs::write(entry, [0; 65]).unwrap());
    misses_after("text", |entry| fs::write(entry, "not an entry".repeat(100)).unwrap());
    for idx in (0..8).chain(12..65) {
        misses_after(&format!("byte {idx}"), |entry| {
            let mut bytes = fs::read(entry).unwrap();
            bytes[idx] ^= 1;
            fs::write(entry, bytes).unwrap();
        });
    }
}

#[test]
fn an_entry_of_a_later_version_is_a_miss_and_left_to_who_wrote_it() {
    let dir = Dir::new();
    let store = dir.store();
    wait(store.set("a", &value("1"), None)).unwrap();
    let entry = dir.entry();
    let mut bytes = fs::read(&entry).unwrap();
    bytes[8] = 2;
    fs::write(&entry, &bytes).unwrap();
    assert_eq!(wait(store.get("a")).unwrap(), Some(Vec::new()));
    assert_eq!(fs::read(&entry).unwrap(), bytes);
    assert!(wait(store.add("a", &value("2"), None)).unwrap());
}

#[test]
fn files_of_absurd_length_cost_no_memory() {
    misses_after("a sparse tebibyte", |entry| {
        File::options().write(true).open(entry).unwrap().set_len(1 << 40).unwrap();
    });
    misses_after("a header that promises the rest of a sparse file", |entry| {
        let mut bytes = fs::read(entry).unwrap();
        let length: u64 = 1 << 40;
        bytes[24..32].copy_from_slice(&(length - 41).to_le_bytes());
        fs::write(entry, bytes).unwrap();
        File::options().write(true).open(entry).unwrap().set_len(length).unwrap();
    });
    misses_after("a header that promises more than there is", |entry| {
        let mut bytes = fs::read(entry).unwrap();
        bytes[12..32].fill(0xff);
        fs::write(entry, bytes).unwrap();
    });
}

#[test]
fn the_entry_of_another_key() {
    let other = Dir::new();
    wait(other.store().set("other", &value("1"), None)).unwrap();
    misses_after("another key", |entry| {
        fs::copy(other.entry(), entry).unwrap();
    });
}

#[test]
fn links_pipes_and_sockets_are_not_followed_or_waited_for() {
    let other = Dir::new();
    wait(other.store().set("a", &value("1"), None)).unwrap();
    misses_after("a link to an entry of the same key", |entry| {
        fs::remove_file(entry).unwrap();
        symlink(other.entry(), entry).unwrap();
    });
    assert_eq!(wait(other.store().get("a")).unwrap(), Some(value("1")), "the link's target stays");
    misses_after("a link to nowhere", |entry| {
        fs::remove_file(entry).unwrap();
        symlink("/nowhere", entry).unwrap();
    });
    misses_after("a pipe", |entry| {
        fs::remove_file(entry).unwrap();
        assert!(Command::new("mkfifo").arg(entry).status().unwrap().success());
    });
    misses_after("a socket", |entry| {
        fs::remove_file(entry).unwrap();
        // The path of a socket is at most 108 bytes long.
        let short = tempfile::Builder::new().prefix("s").tempdir_in("/tmp").unwrap();
        let made = short.path().join("s");
        std::os::unix::net::UnixListener::bind(&made).unwrap();
        fs::rename(&made, entry).unwrap();
    });
}

#[test]
fn a_directory_in_place_of_an_entry_is_a_miss_and_refuses_writes() {
    let dir = Dir::new();
    let store = dir.store();
    wait(store.set("a", &value("1"), None)).unwrap();
    let entry = dir.entry();
    fs::remove_file(&entry).unwrap();
    fs::create_dir(&entry).unwrap();
    assert_eq!(wait(store.get("a")).unwrap(), Some(Vec::new()));
    wait(store.set("a", &value("1"), None)).unwrap_err();
    assert_eq!(dir.temps().len(), 0);
}

#[test]
fn links_and_pipes_in_place_of_the_lock() {
    let dir = Dir::new();
    let store = dir.store();
    wait(store.set("a", &value("1"), None)).unwrap();
    let lock = dir.entry().with_file_name("lock");
    fs::remove_file(&lock).unwrap();
    assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success());
    wait(store.set("a", &value("1"), None)).unwrap_err();
    fs::remove_file(&lock).unwrap();
    symlink(dir.parent.path().join("made"), &lock).unwrap();
    wait(store.set("a", &value("1"), None)).unwrap_err();
    assert!(!dir.parent.path().join("made").exists());
    fs::remove_file(&lock).unwrap();
    wait(store.set("a", &value("1"), None)).unwrap();
}
