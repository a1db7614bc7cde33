//! Entries that are stale, in several processes: each answers with them, and one renews them.

use std::thread;
use std::time::{Duration, Instant};

use cached_tests::servers::wait_until;

use super::children::{Place, Process};

/// The lease of the children's function, what memcached's whole seconds add to it, and what a busy
/// machine does.
const LEASE: Duration = Duration::from_secs(2);
const SLACK: Duration = Duration::from_secs(8);

/// Longer than a call may take that waits for no load.
const LONG_MS: u64 = 8_000;

/// A process that has stored 1, and let that become stale.
fn first(place: &Place) -> Process {
    let mut process = Process::at(&place.url);
    process.say(1);
    assert_eq!(process.ask("how renewed 1"), "load 1 at once", "{}", place.kind);
    assert_eq!(process.ask("expire 1"), "true", "{}", place.kind);
    process
}

#[test]
fn what_is_stale_outlives_the_process_that_loaded_it() {
    for place in Place::all().into_iter().chain(Place::all().map(Place::tiered)) {
        first(&place).kill();
        let mut second = Process::at(&place.url);
        second.say(2);
        assert_eq!(second.ask("how renewed 1"), "stale 1 at once", "{}", place.url);
        wait_until("it is renewed", || second.ask("how renewed 1") == "hit 2 at once");
        let mut third = Process::at(&place.url);
        assert_eq!(third.ask("how renewed 1"), "hit 2 at once", "{}", place.url);
        assert_eq!([second.ask("loads"), third.ask("loads")], ["1", "0"], "{}", place.url);
    }
}

#[test]
fn one_process_of_four_renews_and_no_other_waits() {
    for place in Place::all() {
        drop(first(&place));
        let mut processes: Vec<_> = (0..4).map(|_| Process::at(&place.url)).collect();
        for process in &mut processes {
            process.ask("say 2");
            process.ask(&format!("body {LONG_MS}"));
        }
        for _ in 0..5 {
            for process in &mut processes {
                process.tell("how renewed 1");
            }
            for process in &mut processes {
                assert_eq!(process.answer(), "stale 1 at once", "{}", place.kind);
            }
        }
        for process in &mut processes {
            wait_until("it is renewed", || {
                thread::sleep(Duration::from_millis(50));
                process.ask("how renewed 1") == "hit 2 at once"
            });
        }
        let loads = |process: &mut Process| process.ask("loads").parse::<u64>().expect("a count");
        let loads: Vec<_> = processes.iter_mut().map(loads).collect();
        assert_eq!(loads.iter().sum::<u64>(), 1, "{loads:?} at {}", place.kind);
    }
}

#[test]
fn a_renewal_whose_process_is_killed_is_taken_up_by_another() {
    for place in Place::all() {
        drop(first(&place));
        let (mut victim, mut other) = (Process::at(&place.url), Process::at(&place.url));
        victim.ask("say 9");
        victim.ask("body 60000");
        assert_eq!(victim.ask("how renewed 1"), "stale 1 at once", "{}", place.kind);
        victim.ask("entered");
        other.say(2);
        assert_eq!(other.ask("how renewed 1"), "stale 1 at once", "{}", place.kind);
        assert_eq!(other.ask("loads"), "0", "{}: the other one has the lease", place.kind);
        victim.kill();
        let start = Instant::now();
        while other.ask("how renewed 1") != "hit 2 at once" {
            assert!(start.elapsed() < LEASE + SLACK, "never renewed at {}", place.kind);
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(other.ask("loads"), "1", "{}", place.kind);
    }
}
