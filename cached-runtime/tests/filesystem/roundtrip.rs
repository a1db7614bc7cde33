//! What every store does, and the names and limits of this one.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::time::Duration;

use cached_runtime::ErrorKind;
use cached_runtime::store::{FilesystemStore, Guard, Store, Swapped};

use super::{Dir, value, wait};

#[test]
fn values_come_back_as_they_went_until_they_are_deleted() {
    let dir = Dir::new();
    let store = dir.store();
    let long = "x".repeat(10_000);
    for key in ["", "a", "user:1", "spaces and\nlines\0", "../../etc", "é", &long] {
        for length in [0, 24, 4_096, 1 << 20] {
            let stored: Vec<u8> = (0..length).map(|idx: u32| idx.to_le_bytes()[0]).collect();
            wait(store.set(key, &stored, None)).unwrap();
            assert!(wait(store.get(key)).unwrap() == Some(stored), "{length} bytes under {key:?}");
        }
        assert!(wait(store.delete(key)).unwrap());
        assert!(!wait(store.delete(key)).unwrap());
        assert_eq!(wait(store.get(key)).unwrap(), None);
    }
    wait(store.set("ended", &value("1"), Some(Duration::ZERO))).unwrap();
    assert_eq!(wait(store.get("ended")).unwrap(), None);
}

#[test]
fn a_second_store_finds_what_the_first_one_wrote() {
    let dir = Dir::new();
    wait(dir.store().set("a", &value("1"), None)).unwrap();
    assert_eq!(wait(dir.store().get("a")).unwrap(), Some(value("1")));
    // Other limits are no other store.
    let other = FilesystemStore::open(dir.options().threshold(3).max_bytes(1_000)).unwrap();
    assert_eq!(wait(other.get("a")).unwrap(), Some(value("1")));
    assert!(wait(other.delete("a")).unwrap());
    assert_eq!(wait(dir.store().get("a")).unwrap(), None);
}

#[test]
fn many_keys_at_once_keep_their_order() {
    let dir = Dir::new();
    let store = dir.store();
    let (one, two) = (value("1"), value("2"));
    wait(store.set_many(&[("a", &one), ("b", &two)], None)).unwrap();
    let found = wait(store.get_many(&["b", "none", "a"])).unwrap();
    assert_eq!(found, [Some(two), None, Some(one)]);
    assert_eq!(wait(store.delete_many(&["a", "none", "b"])).unwrap(), 2);
    assert_eq!(wait(store.delete_many(&["a", "none", "b"])).unwrap(), 0);
}

#[test]
fn a_swap_changes_only_what_its_guard_names() {
    let dir = Dir::new();
    let store = dir.store();
    let swap = |guard, next: Option<&[u8]>| wait(store.swap("a", guard, next, None)).unwrap();
    let (one, two) = (value("1"), [value("2"), value("more")].concat());
    let none = Swapped { done: false, previous: None };

    assert_eq!(swap(Guard::Head(&one), Some(&two)), none);
    assert_eq!(swap(Guard::Absent, None), Swapped { done: true, previous: None });
    assert_eq!(swap(Guard::Absent, Some(&one)), Swapped { done: true, previous: None });
    assert_eq!(swap(Guard::Absent, Some(&two)).previous, Some(one.clone()));
    assert_eq!(wait(store.get("a")).unwrap(), Some(one.clone()));
    assert!(swap(Guard::Head(&one[..7]), Some(&two)).done);
    assert_eq!(wait(store.get("a")).unwrap(), Some(two.clone()));
    let kept = swap(Guard::Head(&one), None);
    assert_eq!(kept, Swapped { done: false, previous: Some(two[..24].to_vec()) });
    assert!(swap(Guard::Head(&two[..24]), None).done);
    assert_eq!(wait(store.get("a")).unwrap(), None);
    assert!(wait(store.add("a", &one, None)).unwrap());
    assert!(!wait(store.add("a", &two, None)).unwrap());
}

#[test]
fn stores_of_different_prefixes_do_not_touch_one_another() {
    let dir = Dir::new();
    let prefixed = |prefix| FilesystemStore::open(dir.options().prefix(prefix)).unwrap();
    let stores = ["", "a", "a.b", "a_b", "../a", "*"].map(prefixed);
    for (idx, store) in stores.iter().enumerate() {
        wait(store.set("key", &value(&idx.to_string()), None)).unwrap();
    }
    assert_eq!(wait(stores[1].purge()).unwrap(), 1);
    assert_eq!(wait(stores[1].get("key")).unwrap(), None);
    for idx in [0, 2, 3, 4, 5] {
        let found = wait(stores[idx].get("key")).unwrap();
        assert_eq!(found, Some(value(&idx.to_string())), "store {idx}");
    }
}

#[test]
fn a_purge_leaves_nothing_of_its_own_and_all_that_is_foreign() {
    let dir = Dir::new();
    let store = FilesystemStore::open(dir.options().threshold(1_000)).unwrap();
    wait(store.set("a", &value("1"), None)).unwrap();
    let entry = dir.entry();
    let shard = entry.parent().unwrap();
    for idx in 0..100 {
        wait(store.set(&format!("b{idx}"), &value("1"), None)).unwrap();
    }
    let outside = dir.parent.path().join("outside");
    let notes = [shard.join("notes.txt"), dir.path().join("notes.txt"), outside.clone()];
    for notes in &notes {
        fs::write(notes, "mine").unwrap();
    }
    let link = shard.join("0123456789abcdef0123456789abcdef");
    symlink(&outside, &link).unwrap();
    let leftover = shard.join("temp-1-1");
    fs::write(&leftover, "half").unwrap();

    assert!(wait(store.purge()).unwrap() >= 101);
    assert_eq!((dir.entries().len(), dir.temps().len()), (0, 0));
    assert!(fs::symlink_metadata(&link).is_err());
    for notes in &notes {
        assert_eq!(fs::read_to_string(notes).unwrap(), "mine");
    }
    wait(store.set("a", &value("2"), None)).unwrap();
    assert_eq!(wait(store.get("a")).unwrap(), Some(value("2")));

    fs::remove_file(&notes[0]).unwrap();
    assert_eq!(wait(store.purge()).unwrap(), 1);
    let left = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 1, "only `notes.txt` is left in the root");
    assert_eq!(wait(store.purge()).unwrap(), 0);
}

#[test]
fn files_are_for_their_owner_alone() {
    let dir = Dir::new();
    wait(dir.store().set("a", &value("1"), None)).unwrap();
    let entry = dir.entry();
    assert_eq!(fs::metadata(&entry).unwrap().mode() & 0o7777, 0o600);
    for parent in entry.ancestors().skip(1).take(3) {
        assert_eq!(fs::metadata(parent).unwrap().mode() & 0o7777, 0o700, "{}", parent.display());
    }
}

#[test]
fn a_limit_of_any_size_holds() {
    for threshold in [1, 2, 10, 300, 700, 922_337_203_685_477_580, u64::MAX] {
        let dir = Dir::new();
        let store = FilesystemStore::open(dir.options().threshold(threshold)).unwrap();
        for idx in 0..1_000_u64.min(threshold.saturating_mul(4)) {
            wait(store.set(&format!("key{idx}"), &value("1"), None)).unwrap();
            let last = wait(store.get(&format!("key{idx}"))).unwrap();
            assert_eq!(last, Some(value("1")), "{threshold}: the newest entry stays");
        }
        let left = dir.entries().len() as u64;
        assert!(left <= threshold, "{left} of {threshold}");
        assert!(left >= threshold.min(1_000) * 8 / 10, "{left} of {threshold} is too few");
    }
}

#[test]
fn a_limit_of_bytes_holds_and_says_what_never_fits() {
    let dir = Dir::new();
    let store = FilesystemStore::open(dir.options().max_bytes(100_000)).unwrap();
    for idx in 0..300 {
        wait(store.set(&format!("key{idx}"), &vec![7; 100 + idx * 10], None)).unwrap();
        // Replacing counts as well, shorter and longer.
        wait(store.set("same", &vec![7; (idx * 997) % 9_000], None)).unwrap();
    }
    let bytes: u64 = dir.entries().iter().map(|entry| fs::metadata(entry).unwrap().len()).sum();
    assert!((80_000..=100_000).contains(&bytes), "{bytes}");

    wait(store.set("big", &value("old"), None)).unwrap();
    let error = wait(store.set("big", &vec![7; 100_000], None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(wait(store.get("big")).unwrap(), None, "nor does the older value stay");
}
