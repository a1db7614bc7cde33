//! The child: reads commands line by line, and answers each with a line.

use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cached_runtime::testing::last_outcome;
use cached_runtime::{Config, Error, Outcome, cached, init, registry};
use futures_lite::future::block_on;

/// Set where this binary runs as a child.
pub(super) const CHILD: &str = "SHARED_TEST_CHILD";

/// What answers begin with; all else that comes is the test harness's.
pub(super) const ANSWER: &str = "> ";

/// A call that takes longer than this has waited for a load: those that are to be noticed take far
/// longer.
const NO_LOAD: Duration = Duration::from_secs(4);

static SAID: AtomicU64 = AtomicU64::new(0);
static BODY_MS: AtomicU64 = AtomicU64::new(0);
static LOADS: AtomicU64 = AtomicU64::new(0);

/// What every body does: counts, takes its time, and returns what was said before.
fn load() -> u64 {
    let value = SAID.load(SeqCst);
    LOADS.fetch_add(1, SeqCst);
    thread::sleep(Duration::from_millis(BODY_MS.load(SeqCst)));
    value
}

#[cached(shared, handle, key = "{id}", timeout = 3_600)]
fn plain(id: u64) -> u64 {
    let _ = id;
    load()
}

#[cached(shared, handle, key = "{id}", timeout = 3_600, lease = "2s")]
fn leased(id: u64) -> u64 {
    let _ = id;
    load()
}

#[cached(shared, handle, key = "{id}", timeout = 3_600, stale = 3_600, lease = "2s")]
fn renewed(id: u64) -> u64 {
    let _ = id;
    load()
}

#[cached(shared, name = "processes::tasks", key = "{id}", timeout = 3_600, lease = "2s")]
async fn leased_task(id: u64) -> u64 {
    let _ = id;
    load()
}

#[cached(key = "{id}")]
fn local(id: u64) -> u64 {
    load() + id
}

#[cached(shared)]
fn by_default(id: u64, name: &str) -> Result<String, String> {
    if id == 0 { Err("nothing".into()) } else { Ok(format!("{name}{id}{}", load())) }
}

/// No test of itself: the parents in the files beside this one run it.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    Config::from_env().and_then(init).expect("the environment is valid");
    let mut calls = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the parent writes text");
        let words: Vec<&str> = line.split(' ').collect();
        let answer = obey(&words, &mut calls);
        // Not `println`, which the harness captures.
        writeln!(std::io::stdout(), "{ANSWER}{answer}").expect("the parent reads");
    }
    std::process::exit(0);
}

/// Calls that were started and not yet joined.
type Calls = Vec<JoinHandle<u64>>;

fn obey(words: &[&str], calls: &mut Calls) -> String {
    let number = |idx: usize| words[idx].parse::<u64>().expect("a number");
    match words[0] {
        "say" => SAID.store(number(1), SeqCst),
        "body" => BODY_MS.store(number(1), SeqCst),
        "loads" => return LOADS.load(SeqCst).to_string(),
        "call" => return function(words[1])(number(2)).to_string(),
        "how" => return how(function(words[1]), number(2)),
        "expire" => return said(renewed::entry(number(1)).expire()),
        "start" => {
            let (call, id) = (function(words[1]), number(2));
            calls.push(thread::spawn(move || call(id)));
        }
        "entered" => {
            let start = Instant::now();
            while LOADS.load(SeqCst) == 0 && start.elapsed() < Duration::from_secs(20) {
                thread::sleep(Duration::from_millis(1));
            }
        }
        "join" => {
            let call = calls.pop().expect("a call was started");
            return call.join().expect("no call panics").to_string();
        }
        "crowd" => return crowd(words[1] == "tasks", number(2)),
        "invalidate" => return said(invalidate(words[1], number(2))),
        "clear" => return said(clear(words[1])),
        "program" => return program(),
        other => panic!("unknown command {other}"),
    }
    "done".to_owned()
}

fn function(name: &str) -> fn(u64) -> u64 {
    match name {
        "plain" => plain,
        "leased" => leased,
        "renewed" => renewed,
        other => panic!("unknown function {other}"),
    }
}

/// What a call returned, how it was answered, and whether that took it longer than it may wait for
/// a store.
fn how(call: fn(u64) -> u64, id: u64) -> String {
    let start = Instant::now();
    let value = call(id);
    let pace = if start.elapsed() < NO_LOAD { "at once" } else { "late" };
    let answer = match last_outcome() {
        Some(Outcome::Hit { stale: true, .. }) => "stale",
        Some(Outcome::Hit { .. }) => "hit",
        _ => "load",
    };
    format!("{answer} {value} {pace}")
}

fn invalidate(name: &str, id: u64) -> Result<bool, Error> {
    match name {
        "plain" => plain::entry(id).invalidate(),
        "leased" => leased::entry(id).invalidate(),
        other => panic!("unknown function {other}"),
    }
}

fn clear(name: &str) -> Result<bool, Error> {
    match name {
        "plain" => plain::cache().clear().map(|()| true),
        "leased" => leased::cache().clear().map(|()| true),
        other => panic!("unknown function {other}"),
    }
}

fn said(result: Result<bool, Error>) -> String {
    result.map_or_else(|error| format!("{:?}", error.kind()), |done| done.to_string())
}

/// Calls one cold key from a hundred callers at once; says how many loads that took here.
fn crowd(is_of_tasks: bool, id: u64) -> String {
    const CALLERS: usize = 100;
    let value = if is_of_tasks {
        let mut values = Vec::new();
        block_on(async {
            let calls = (0..CALLERS).map(|_| Box::pin(leased_task(id)));
            let mut pending: Vec<_> = calls.collect();
            std::future::poll_fn(|context| {
                pending.retain_mut(|call| match call.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => {
                        values.push(value);
                        false
                    }
                    std::task::Poll::Pending => true,
                });
                if pending.is_empty() {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            })
            .await;
        });
        agreed(&values)
    } else {
        let gate = Arc::new(Barrier::new(CALLERS));
        let threads = (0..CALLERS).map(|_| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                gate.wait();
                leased(id)
            })
        });
        let threads: Vec<_> = threads.collect();
        let values = threads.into_iter().map(|thread| thread.join().expect("no caller panics"));
        agreed(&values.collect::<Vec<_>>())
    };
    format!("{} {value}", LOADS.load(SeqCst))
}

/// The one value that all callers got.
fn agreed(values: &[u64]) -> u64 {
    let first = values[0];
    assert!(values.iter().all(|value| *value == first), "callers differ: {values:?}");
    first
}

/// What a program prints: the same whatever is configured. And, beside that, its loads and hits.
fn program() -> String {
    let mut printed = Vec::new();
    for round in 0..3 {
        for id in 1..=3 {
            printed.push(plain(id).to_string());
            printed.push(leased(id).to_string());
            printed.push(block_on(leased_task(id)).to_string());
            printed.push(local(id).to_string());
            printed.push(format!("{:?}", by_default(id, "x")));
        }
        printed.push(format!("{:?}", by_default(0, "x")));
        if round == 1 {
            let _ = plain::entry(2).invalidate();
        }
    }
    let caches = registry::all();
    let errors: u64 = caches.iter().map(|cache| cache.stats().store_errors).sum();
    format!("{} | {} {errors}", printed.join(" "), LOADS.load(SeqCst))
}
