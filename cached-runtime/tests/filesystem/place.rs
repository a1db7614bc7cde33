//! The directory itself: whom it belongs to, and what becomes of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cached_runtime::store::{FilesystemOptions, FilesystemStore, Guard, Store};
use cached_runtime::{Error, ErrorKind};

use super::{Dir, value, wait};

#[track_caller]
fn refused(path: impl AsRef<Path>, remedy: &str) {
    let error = FilesystemStore::open(FilesystemOptions::new(path.as_ref())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(remedy), "{error}");
}

#[test]
fn a_directory_that_others_can_change_is_refused() {
    let dir = Dir::new();
    let real = dir.path();
    fs::create_dir(&real).unwrap();
    let link = dir.parent.path().join("link");
    symlink(&real, &link).unwrap();
    for path in ["link", "link/", "link/."] {
        refused(dir.parent.path().join(path), "is a symbolic link; name the directory");
    }
    let file = dir.parent.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&file, "is not a directory; name one");
    for mode in [0o770, 0o707, 0o1777] {
        fs::set_permissions(&real, fs::Permissions::from_mode(mode)).unwrap();
        refused(&real, "can be written to by other users");
    }
    fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
    FilesystemStore::open(dir.options()).unwrap();
}

#[test]
fn the_directory_of_somebody_else_is_refused_at_start_and_later() {
    let dir = Dir::new();
    let store = dir.store();
    if let Err(error) = chown(dir.path(), Some(12_345), None) {
        eprintln!("skipped: only root can give a directory away ({error})");
        return;
    }
    refused(dir.path(), "belongs to user 12345");
    let error = wait(store.set("a", &value("1"), None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`set` of filesystem for key \"a\""), "{error}");
    wait(store.swap("a", Guard::Any, None, None)).unwrap_err();
    wait(store.purge()).unwrap_err();
}

#[test]
fn an_entry_of_somebody_else_is_not_read() {
    let dir = Dir::new();
    let store = dir.store();
    wait(store.set("a", &value("1"), None)).unwrap();
    if let Err(error) = chown(dir.entry(), Some(12_345), None) {
        eprintln!("skipped: only root can give a file away ({error})");
        return;
    }
    assert_eq!(wait(store.get("a")).unwrap(), Some(Vec::new()));
}

#[test]
fn limits_of_nothing_are_refused() {
    let dir = Dir::new();
    for options in [dir.options().threshold(0), dir.options().max_bytes(0)] {
        let error = FilesystemStore::open(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("is 0; leave it out for no limit"), "{error}");
    }
    assert!(!dir.path().exists());
}

#[test]
fn a_deleted_directory_misses_and_is_made_again_by_the_next_write() {
    let dir = Dir::new();
    let store = FilesystemStore::open(dir.options().threshold(50)).unwrap();
    let writes: [&dyn Fn() -> Result<(), Error>; 3] = [
        &|| wait(store.set("a", &value("1"), None)),
        &|| wait(store.add("a", &value("1"), None)).map(|added| assert!(added)),
        &|| wait(store.swap("a", Guard::Any, Some(&value("1")), None)).map(drop),
    ];
    for write in writes {
        write().unwrap();
        assert_eq!(wait(store.get("a")).unwrap(), Some(value("1")));
        fs::remove_dir_all(dir.path()).unwrap();
        assert_eq!(wait(store.get("a")).unwrap(), None);
        assert!(!wait(store.delete("a")).unwrap());
        assert_eq!(wait(store.purge()).unwrap(), 0);
        assert!(!dir.path().exists(), "nothing was written");
        write().unwrap();
        assert_eq!(wait(store.get("a")).unwrap(), Some(value("1")));
        fs::remove_dir_all(dir.entry().parent().unwrap()).unwrap();
        write().unwrap();
        assert_eq!(wait(store.get("a")).unwrap(), Some(value("1")));
        fs::remove_dir_all(dir.path()).unwrap();
    }
    fs::create_dir(dir.path()).unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = wait(store.set("a", &value("1"), None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "somebody else may have made it again");
}

/// A file system of its own, unmounted when this is dropped.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn new(path: &'a Path) -> Option<Self> {
        let arguments = ["-t", "tmpfs", "-o", "size=1m,mode=700", "none"];
        fs::create_dir(path).unwrap();
        match Command::new("mount").args(arguments).arg(path).output() {
            Ok(output) if output.status.success() => Some(Self(path)),
            Ok(output) => {
                eprintln!("skipped: no mount: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                eprintln!("skipped: no `mount`: {error}");
                None
            }
        }
    }

    fn again(&self, options: &str) {
        let status = Command::new("mount").args(["-o", options]).arg(self.0).status();
        assert!(status.unwrap().success(), "{options}");
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_read_only_directory_is_read_and_refuses_writes() {
    let dir = Dir::new();
    let path = dir.path();
    let Some(mount) = Mount::new(&path) else { return };
    let store = dir.store();
    wait(store.set("a", &value("1"), None)).unwrap();
    mount.again("remount,ro");
    let missing = FilesystemStore::open(FilesystemOptions::new(path.join("not/there"))).unwrap();
    assert_eq!(wait(missing.get("a")).unwrap(), None);
    assert_eq!(wait(store.get("a")).unwrap(), Some(value("1")));
    let refused = |result: Result<(), Error>| {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Refused);
    };
    refused(wait(store.set("a", &value("2"), None)));
    refused(wait(store.set("b", &value("2"), None)));
    refused(wait(store.delete("a")).map(drop));
    refused(wait(store.add("b", &value("2"), None)).map(drop));
    refused(wait(store.purge()).map(drop));
    refused(wait(missing.set("a", &value("2"), None)));
    mount.again("remount,rw");
    wait(store.set("a", &value("3"), None)).unwrap();
    assert_eq!(wait(store.get("a")).unwrap(), Some(value("3")));
    wait(missing.set("a", &value("4"), None)).unwrap();
    assert_eq!(wait(missing.get("a")).unwrap(), Some(value("4")));
}

#[test]
fn a_full_disk_refuses_writes_and_keeps_no_older_value() {
    let dir = Dir::new();
    let path = dir.path();
    let Some(_mount) = Mount::new(&path) else { return };
    let store = dir.store();
    let big = vec![7; 40_000];
    wait(store.set("a", &value("old"), None)).unwrap();
    let error = (0..100)
        .find_map(|idx| wait(store.set(&format!("key{idx}"), &big, None)).err())
        .expect("a mebibyte does not hold 4");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(wait(store.set("a", &big, None)).unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(wait(store.get("a")).unwrap(), None);
    wait(store.set("b", &value("old"), None)).unwrap();
    wait(store.swap("b", Guard::Head(b"old"), Some(&big), None)).unwrap_err();
    assert_eq!(wait(store.get("b")).unwrap(), None);
    assert_eq!(dir.temps().len(), 0);
    assert!(wait(store.delete("key0")).unwrap());
    wait(store.set("a", &big, None)).unwrap();
    assert_eq!(wait(store.get("a")).unwrap(), Some(big));
}

#[test]
fn a_disk_full_of_what_has_expired_gets_room_again() {
    let dir = Dir::new();
    let path = dir.path();
    let Some(_mount) = Mount::new(&path) else { return };
    let store = FilesystemStore::open(dir.options().threshold(200)).unwrap();
    let big = vec![7; 100_000];
    let fill = |idx| wait(store.set(&format!("key{idx}"), &big, Some(Duration::ZERO)));
    (0..15).find_map(|idx| fill(idx).err()).expect("a mebibyte does not hold 1.5");
    wait(store.set("a", &big, None)).unwrap();
    assert_eq!(wait(store.get("a")).unwrap(), Some(big));
}
