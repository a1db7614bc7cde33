//! Several processes at one directory, some of them killed.
//!
//! The other processes are this very program: they run the test `worker` alone, which does what the
//! environment says.

use std::env;
use std::fs::{File, FileTimes};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use cached_runtime::store::{FilesystemOptions, FilesystemStore, Guard, Store};
use cached_runtime::{Error, ErrorKind};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::{Dir, LONG, value, wait};

const JOB: &str = "FILESYSTEM_TEST_JOB";
const DIR: &str = "FILESYSTEM_TEST_DIR";
const THRESHOLD: &str = "FILESYSTEM_TEST_THRESHOLD";

/// Keys of the test that kills.
const KEYS: usize = 150;

#[test]
#[ignore = "other tests run it as a process of its own"]
fn worker() {
    // Whoever runs all ignored tests runs this one without a job.
    let Ok(job) = env::var(JOB) else { return };
    let threshold: u64 = env::var(THRESHOLD).unwrap().parse().unwrap();
    let options = FilesystemOptions::new(env::var(DIR).unwrap()).threshold(threshold);
    let store = FilesystemStore::open(options).unwrap();
    println!("ready");
    match job.as_str() {
        "count" => count(&store),
        // At a limit of a few entries each write lists all directories.
        "fill" => fill(&store, if threshold < 100 { 40 } else { 150 }),
        "scribble" => scribble(&store),
        job => panic!("no job {job}"),
    }
}

/// A worker, killed when this is dropped.
struct Worker {
    child: Child,
    /// Kept open, since it writes to it when it is done.
    output: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// Starts a process, and waits until it is at work.
    fn start(dir: &Dir, job: &str, threshold: u64) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes::worker", "--ignored", "--nocapture"])
            .env(JOB, job)
            .env(DIR, dir.path())
            .env(THRESHOLD, threshold.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = output.by_ref().map_while(Result::ok).any(|line| line.ends_with("ready"));
        assert!(ready, "a worker did not start");
        Self { child, output }
    }

    /// Waits until it has done its job.
    fn finish(mut self) {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let said = self.output.by_ref().map_while(Result::ok).collect::<Vec<_>>();
                assert!(status.success(), "{status}: {said:?}");
                return;
            }
            assert!(Instant::now() < deadline, "a worker did not finish");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Stops it. Returns whether it was still running.
    fn stop(&self) -> bool {
        kill_process(self.pid(), Signal::STOP).unwrap();
        let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), options).unwrap().is_some_and(|status| status.stopped())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Repeats what found a lock taken for too long: the machine is busy.
fn patiently<T>(mut work: impl FnMut() -> Result<T, Error>) -> T {
    let deadline = Instant::now() + LONG;
    loop {
        match work() {
            Ok(done) => return done,
            Err(error) if error.kind() == ErrorKind::Timeout => {}
            Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
        }
        assert!(Instant::now() < deadline, "no lock in {LONG:?}");
    }
}

const INCREMENTS: usize = 40;
const THREADS: usize = 4;

/// Counts up in one entry, by reading it and replacing what was read.
fn count(store: &FilesystemStore) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..INCREMENTS {
                    patiently(|| increment(store));
                }
            });
        }
    });
}

fn increment(store: &FilesystemStore) -> Result<(), Error> {
    loop {
        let old = wait(store.get("counter"))?;
        let number: u64 =
            old.as_deref().map_or(0, |old| str::from_utf8(old).unwrap().trim().parse().unwrap());
        let guard = old.as_deref().map_or(Guard::Absent, Guard::Head);
        let next = value(&(number + 1).to_string());
        let swapped = wait(store.swap("counter", guard, Some(&next), None))?;
        assert_eq!(swapped.done, swapped.previous == old);
        if swapped.done {
            return Ok(());
        }
    }
}

#[test]
fn a_swap_is_one_step_between_threads_and_processes() {
    for threshold in [100, u64::MAX] {
        let dir = Dir::new();
        drop(dir.store());
        let workers = [(); 3].map(|()| Worker::start(&dir, "count", threshold));
        // Another limit must not mean another lock.
        count(&dir.store());
        workers.into_iter().for_each(Worker::finish);
        let total = 4 * THREADS * INCREMENTS;
        assert_eq!(wait(dir.store().get("counter")).unwrap(), Some(value(&total.to_string())));
    }
}

#[test]
fn one_of_many_adds() {
    let dir = Dir::new();
    let store = dir.store();
    for round in 0..20 {
        let key = format!("key{round}");
        let barrier = Barrier::new(8);
        let added = thread::scope(|scope| {
            let add = |_| {
                let (store, key, barrier) = (&store, &key, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    patiently(|| wait(store.add(key, &value("1"), None)))
                })
            };
            let threads: Vec<_> = (0..8).map(add).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
        });
        assert_eq!(added, 1);
    }
}

/// Writes as many keys in each of four threads.
fn fill(store: &FilesystemStore, keys: usize) {
    thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                for idx in 0..keys {
                    let key = format!("{}:{writer}:{idx}", std::process::id());
                    patiently(|| wait(store.set(&key, &value(&key), None)));
                }
            });
        }
    });
}

#[test]
fn the_limit_holds_at_any_moment_with_four_processes() {
    for threshold in [1, 2, 10, 300, 1_000] {
        let dir = Dir::new();
        let workers = [(); 4].map(|()| Worker::start(&dir, "fill", threshold));
        let mut most = 0;
        loop {
            let running = workers.iter().filter(|worker| worker.stop()).count();
            let entries = dir.entries().len() as u64;
            assert!(entries <= threshold, "{entries} of {threshold}");
            most = most.max(entries);
            for worker in &workers {
                let _ = kill_process(worker.pid(), Signal::CONT);
            }
            if running == 0 {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        workers.into_iter().for_each(Worker::finish);
        assert!(most >= threshold * 8 / 10, "{most} of {threshold} is too few");
    }
}

/// Writes, replaces and deletes until it is killed.
fn scribble(store: &FilesystemStore) {
    for count in 0.. {
        let key = format!("key{}", (count * 7_919 + std::process::id() as usize) % KEYS);
        let value = scribbled(&key, count);
        let _ = match count % 5 {
            0 => wait(store.swap(&key, Guard::Any, Some(&value), None)).map(drop),
            1 => wait(store.delete(&key)).map(drop),
            _ => wait(store.set(&key, &value, None)),
        };
    }
}

/// A value that shows whether it is whole, and whose it is.
fn scribbled(key: &str, count: usize) -> Vec<u8> {
    let head = format!("{key:>12}{count:12}");
    let fill = count.to_le_bytes()[0];
    let mut value = head.into_bytes();
    value.resize(100 + count * 613 % 20_000, fill);
    value
}

#[test]
fn processes_killed_while_they_write_leave_no_wrong_value() {
    const THRESHOLD: u64 = 100;
    let dir = Dir::new();
    let store = FilesystemStore::open(dir.options().threshold(THRESHOLD)).unwrap();
    let (mut killed, mut hits, mut leftovers) = (0, 0, 0);
    for round in 0..50 {
        let workers = [(); 4].map(|()| Worker::start(&dir, "scribble", THRESHOLD));
        thread::sleep(Duration::from_millis(round % 9));
        for mut worker in workers {
            worker.child.kill().unwrap();
            killed += usize::from(!worker.child.wait().unwrap().success());
        }
        for idx in 0..KEYS {
            let key = format!("key{idx}");
            let Some(found) = wait(store.get(&key)).unwrap() else { continue };
            let count = str::from_utf8(&found[12..24]).unwrap().trim().parse().unwrap();
            assert!(found == scribbled(&key, count), "{key} of {count}");
            hits += 1;
        }
        let entries = dir.entries().len() as u64;
        assert!(entries <= THRESHOLD, "{entries} entries");
    }
    assert_eq!(killed, 200);
    assert!(hits > 1_000, "{hits} hits");

    for leftover in dir.temps() {
        let old = SystemTime::now() - Duration::from_secs(61);
        let file = File::options().write(true).open(leftover).unwrap();
        file.set_times(FileTimes::new().set_modified(old)).unwrap();
        leftovers += 1;
    }
    assert!(leftovers > 0, "no process was killed in the middle of a write");
    for idx in 0..200 {
        wait(store.set(&format!("new{idx}"), &value("1"), None)).unwrap();
    }
    assert_eq!(dir.temps().len(), 0);
    assert!(dir.entries().len() as u64 <= THRESHOLD);
    eprintln!("{killed} killed, {hits} hits, {leftovers} leftovers");
}
