//! 1,000 tasks ask for one cold key at once: the body runs once, and all of them get its result.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};

use cached_runtime::cached;

const TASKS: u64 = 1_000;

/// When the last load ended.
static LOADED: Mutex<Option<Instant>> = Mutex::new(None);

/// Counts the words of a file of this workspace. Its error is `Clone`, so those who wait for a
/// load share that as well; like every `Err`, it is not stored.
#[cached(key = "words:{file}", handle)]
async fn words(file: &str) -> Result<usize, io::ErrorKind> {
    // The worst case: the load takes until every task has asked for it.
    while !words::cache().stats().misses.is_multiple_of(TASKS) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = fs::read_to_string(path).map_err(|error| error.kind());
    *LOADED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    Ok(text?.split_whitespace().count())
}

/// Starts all tasks at once, waits for all, and gives what all of them got.
async fn ask_for(file: &'static str) -> Result<usize, io::ErrorKind> {
    let before = words::cache().stats();
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(words(file))).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no task panics"));
    }
    let (elapsed, done) = (start.elapsed(), Instant::now());

    let loads = words::cache().stats().loads - before.loads;
    let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner).expect("there was a load");
    let answer = answers[0];
    let after_load = done.saturating_duration_since(loaded);
    println!("{file:<14}{TASKS:>7}{loads:>7}{elapsed:>12.1?}{after_load:>14.1?}   {answer:?}");
    assert_eq!(loads, 1, "the body runs once");
    assert!(answers.iter().all(|one| *one == answer), "everybody gets the same");
    answer
}

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    println!(
        "{:<14}{:>7}{:>7}{:>12}{:>14}   result\n{}",
        "file",
        "tasks",
        "loads",
        "elapsed",
        "after load",
        "-".repeat(76)
    );
    runtime.block_on(async {
        let count = ask_for("README.md").await;
        assert!(count.is_ok_and(|words| words > 0));
        let failure = ask_for("MISSING.md").await;
        assert_eq!(failure, Err(io::ErrorKind::NotFound));

        let loads = words::cache().stats().loads;
        assert_eq!(words("README.md").await, count);
        assert_eq!(words::cache().stats().loads, loads, "from memory");
        assert_eq!(words::entry("MISSING.md").peek(), None, "a failure is not stored");
        println!("\nThe count is stored, the failure is not: {} entry", words::cache().len());
    });
    Ok(())
}
