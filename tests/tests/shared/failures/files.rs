//! A directory that is deleted, replaced, damaged, full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cached_runtime::StoreConfig;
use tempfile::TempDir;

use super::trial::Trial;

/// A trial over a directory, and a place for it that goes when the test does.
fn trial() -> (TempDir, PathBuf, Trial) {
    let place = tempfile::tempdir().expect("a directory is made");
    let dir = place.path().join("cache");
    let trial = Trial::of(StoreConfig::filesystem(&dir));
    trial.works();
    (place, dir, trial)
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("the directory is read");
    let paths = entries.map(|entry| entry.expect("the directory is read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_directory_is_deleted() {
    let (_place, dir, trial) = trial();
    fs::remove_dir_all(&dir).unwrap();
    trial.endures();
    trial.recovers();
    assert!(dir.is_dir());
}

#[test]
fn the_directory_is_deleted_under_load() {
    let (_place, dir, trial) = trial();
    trial.under_load(|| {
        for _ in 0..20 {
            // It may be written to at the same time.
            let _ = fs::remove_dir_all(&dir);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    trial.recovers();
}

#[test]
fn the_directory_becomes_a_file_and_a_directory_again() {
    let (_place, dir, trial) = trial();
    fs::remove_dir_all(&dir).unwrap();
    fs::write(&dir, "not a directory").unwrap();
    trial.endures();
    assert_eq!(fs::read(&dir).unwrap(), b"not a directory");
    fs::remove_file(&dir).unwrap();
    trial.recovers();
}

#[test]
fn files_are_cut_overwritten_and_swapped() {
    type Damage = fn(&Path, usize);
    let damages: [Damage; 6] = [
        |path, idx| {
            let length = fs::metadata(path).unwrap().len();
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(length * idx as u64 / 9)
                .unwrap();
        },
        |path, idx| {
            let mut bytes = fs::read(path).unwrap();
            let place = idx * 7919 % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << (idx % 8);
            }
            fs::write(path, bytes).unwrap();
        },
        |path, _| fs::write(path, b"").unwrap(),
        |path, _| fs::write(path, [0_u8; 4096]).unwrap(),
        |path, idx| fs::write(path, "x".repeat(idx)).unwrap(),
        |path, _| {
            let mut bytes = fs::read(path).unwrap();
            bytes.extend_from_slice(b"more");
            fs::write(path, bytes).unwrap();
        },
    ];
    let (_place, dir, trial) = trial();
    for damage in damages {
        trial.endures();
        for (idx, path) in files(&dir).iter().enumerate() {
            damage(path, idx);
        }
        trial.endures();
        trial.recovers();
    }
    // Each file in the place of another.
    let files = files(&dir);
    let contents: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    for (path, content) in files.iter().zip(contents.iter().cycle().skip(1)) {
        fs::write(path, content).unwrap();
    }
    trial.endures();
    trial.recovers();
}

/// A file system of one mebibyte; none where this user cannot mount one.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).expect("a directory is made");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs"]).arg(at);
        let status = mount.stderr(std::process::Stdio::null()).status();
        status.is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the test's mount is left");
    }
}

#[test]
fn the_disk_is_full() {
    let place = tempfile::tempdir().expect("a directory is made");
    let Some(small) = Small::mount(&place.path().join("small")) else {
        eprintln!("skipped: only root can mount a small file system, and not everywhere");
        return;
    };
    let trial = Trial::of(StoreConfig::filesystem(small.0.join("cache")));
    trial.works();
    let filler = small.0.join("filler");
    // As much as fits.
    let _ = fs::write(&filler, vec![1; 2 << 20]);
    trial.endures();
    fs::remove_file(&filler).unwrap();
    trial.recovers();
    trial.endures();
    drop(trial);
}
