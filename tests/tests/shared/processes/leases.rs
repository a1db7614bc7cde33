//! One load among processes, whatever becomes of its holder.

use std::time::{Duration, Instant};

use super::children::{Place, Process};

/// The lease of the children's functions, what memcached's whole seconds add to it, and what a busy
/// machine does.
const LEASE: Duration = Duration::from_secs(2);
const SLACK: Duration = Duration::from_secs(5);

#[test]
fn ten_processes_of_a_hundred_callers_load_a_cold_key_once() {
    for place in Place::all() {
        for callers in ["threads", "tasks"] {
            let mut processes: Vec<_> = (0..10).map(|_| Process::at(&place.url)).collect();
            for (idx, process) in processes.iter_mut().enumerate() {
                process.ask(&format!("say {}", idx + 100));
                process.ask("body 300");
            }
            for process in &mut processes {
                process.tell(&format!("crowd {callers} 5"));
            }
            let (mut loads, mut values) = (0, Vec::new());
            for process in &mut processes {
                let answer = process.answer();
                let (count, value) = answer.split_once(' ').expect("loads, and a value");
                loads += count.parse::<u64>().expect("a count");
                values.push(value.to_owned());
            }
            values.dedup();
            assert_eq!((loads, values.len()), (1, 1), "{} with {callers}", place.kind);
        }
    }
}

#[test]
fn who_waits_takes_over_from_a_holder_that_was_killed() {
    for place in Place::all() {
        let (mut first, mut second) = (Process::at(&place.url), Process::at(&place.url));
        first.begin("leased", 1, 60_000);
        second.say(2);
        second.tell("call leased 1");
        let start = Instant::now();
        first.kill();
        assert_eq!(second.answer(), "2", "{}", place.kind);
        assert!(start.elapsed() < LEASE + SLACK, "{:?} at {}", start.elapsed(), place.kind);
        assert_eq!(Process::at(&place.url).call("leased"), 2, "{}", place.kind);
    }
}

#[test]
fn a_holder_that_slept_through_its_lease_stores_nothing() {
    for place in Place::all() {
        let (mut first, mut second) = (Process::at(&place.url), Process::at(&place.url));
        first.begin("leased", 1, 1_000);
        first.signal("STOP");
        second.say(2);
        let start = Instant::now();
        assert_eq!(second.call("leased"), 2, "{}", place.kind);
        assert!(start.elapsed() < LEASE + SLACK, "{:?} at {}", start.elapsed(), place.kind);
        first.signal("CONT");
        assert_eq!(first.ask("join"), "1", "{}: its own caller gets it", place.kind);
        for process in [&mut first, &mut second, &mut Process::at(&place.url)] {
            assert_eq!(process.call("leased"), 2, "{}", place.kind);
        }
    }
}

#[test]
fn a_load_that_another_process_overtakes_is_stored_nowhere() {
    for place in Place::all() {
        for function in ["plain", "leased"] {
            for overtake in [format!("invalidate {function} 1"), format!("clear {function}")] {
                let (mut first, mut second) = (Process::at(&place.url), Process::at(&place.url));
                first.begin(function, 1, 400);
                second.say(2);
                // The first overtakes nothing but the load.
                let answer = second.ask(&overtake);
                assert!(["true", "false"].contains(&&*answer), "{answer} at {}", place.kind);
                assert_eq!(first.ask("join"), "1");
                first.say(3);
                let values = [second.call(function), first.call(function)];
                assert_eq!(values, [2, 2], "{overtake} at {}", place.kind);
                assert_eq!(second.ask(&format!("invalidate {function} 1")), "true");
            }
        }
    }
}
