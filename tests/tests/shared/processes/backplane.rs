//! Memory in front of Redis, in two processes: what one changes, the other sees.

use std::time::{Duration, Instant};

use cached_tests::servers::{Line, Redis, wait_until};

use super::children::Process;

/// A message has come by then.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A gap is noticed within three seconds, and five more are allowed; the rest is for a busy machine.
const AFTER_A_GAP: Duration = Duration::from_secs(10);

fn at(port: u16) -> Process {
    Process::at(&format!("tiered+redis://127.0.0.1:{port}"))
}

/// Waits until so many processes listen.
fn connected(redis: &Redis, count: usize) {
    wait_until("every process listens", || {
        let channels = redis.cli(&["PUBSUB", "NUMSUB", "cached:bus:0"]);
        channels.lines().last().is_some_and(|last| last.trim() == count.to_string())
    });
    // The first heartbeat has gone round.
    std::thread::sleep(Duration::from_millis(300));
}

/// Expects that a process sees `value` within a time, and never sees `old` after it.
#[track_caller]
fn sees(process: &mut Process, value: u64, within: Duration) {
    let start = Instant::now();
    while process.call("plain") != value {
        assert!(start.elapsed() < within, "it was not seen in {:?}", start.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    for _ in 0..20 {
        assert_eq!(process.call("plain"), value, "the older value is back");
    }
}

/// Two processes that listen, and have the value 1 in memory.
fn two(redis: &Redis, ports: [u16; 2]) -> [Process; 2] {
    let mut both = ports.map(at);
    for process in &mut both {
        process.say(0);
        process.call("plain");
    }
    connected(redis, 2);
    both[0].ask("invalidate plain 1");
    both[0].say(1);
    for process in &mut both {
        sees(process, 1, AT_ONCE);
    }
    both
}

#[test]
fn what_one_process_changes_is_seen_in_anothers_memory_at_once() {
    let redis = Redis::start();
    let [mut first, mut second] = two(&redis, [redis.port(); 2]);
    // It is memory that answers: without a word to it, the store may change as it likes.
    let _ = redis.cli(&["DEL", "cached:e:shared::processes::child::plain:1"]);
    let loads = second.ask("loads");
    second.call("plain");
    assert_eq!(second.ask("loads"), loads);

    for (value, command) in [(2, "invalidate plain 1"), (3, "clear plain")] {
        first.say(value);
        second.say(value);
        assert_ne!(first.ask(command), "Unavailable");
        sees(&mut second, value, AT_ONCE);
        sees(&mut first, value, AT_ONCE);
    }
}

#[test]
fn a_message_dooms_the_load_that_it_meets() {
    let redis = Redis::start();
    let [mut first, mut second] = two(&redis, [redis.port(); 2]);
    for command in ["invalidate plain 1", "clear plain"] {
        assert_ne!(second.ask("invalidate plain 1"), "Unavailable");
        let mut third = at(redis.port());
        third.say(9);
        third.ask("call plain 2");
        connected(&redis, 3);
        third.ask("body 400");
        third.tell("start plain 1");
        third.answer();
        std::thread::sleep(Duration::from_millis(150));
        second.ask(command);
        assert_eq!(third.ask("join"), "9");
        first.say(4);
        second.say(4);
        third.say(4);
        for process in [&mut third, &mut first, &mut second] {
            sees(process, 4, AT_ONCE);
        }
        drop(third);
        connected(&redis, 2);
    }
}

#[test]
fn a_subscriber_that_is_thrown_out_misses_nothing() {
    let redis = Redis::start();
    let [mut first, mut second] = two(&redis, [redis.port(); 2]);
    for value in 2..5 {
        first.say(value);
        second.say(value);
        let _ = redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        first.ask("invalidate plain 1");
        sees(&mut second, value, AFTER_A_GAP);
        connected(&redis, 2);
    }
}

#[test]
fn a_silent_line_hides_a_change_for_no_longer_than_a_gap_may() {
    let redis = Redis::start();
    let line = Line::start(redis.port());
    let [mut first, mut second] = two(&redis, [redis.port(), line.port()]);
    line.cut();
    first.say(2);
    second.say(2);
    assert_eq!(first.ask("invalidate plain 1"), "true");
    sees(&mut second, 2, AFTER_A_GAP);
}

#[test]
fn nothing_older_than_the_gap_is_served_after_it() {
    let mut redis = Redis::start();
    let [mut first, mut second] = two(&redis, [redis.port(); 2]);
    redis.kill();
    first.say(2);
    second.say(2);
    assert_eq!(first.ask("invalidate plain 1"), "Unavailable");
    assert_eq!(first.call("plain"), 2);
    sees(&mut second, 2, AFTER_A_GAP);
    // What is in memory during the gap is not there for long either.
    first.say(3);
    second.say(3);
    sees(&mut second, 3, AFTER_A_GAP);
    redis.restart();
    connected(&redis, 2);
    first.say(4);
    second.say(4);
    wait_until("the store is told again", || first.ask("invalidate plain 1") != "Unavailable");
    sees(&mut second, 4, AT_ONCE);
}
