//! Numbers: `incr` and `decr`.

use std::pin::pin;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use cached_runtime::store::MemoryStore;
use cached_runtime::{Cache, ErrorKind, Timeout, testing};
use futures_util::future::join_all;

use crate::support::{PATIENCE, Shaky, alone, block_on, process, secs};

#[test]
fn a_number_counts_on_from_zero_or_from_where_it_is() {
    alone(|cache| {
        assert_eq!(cache.incr("n", 3).unwrap(), 3);
        assert_eq!(cache.decr("n", 5).unwrap(), -2);
        assert_eq!(cache.get("n"), Some(-2_i64));
        cache.set("n", &40_u8, 60).unwrap();
        assert_eq!(cache.incr("n", 2).unwrap(), 42);
        assert_eq!(cache.incr("n", 0).unwrap(), 42);
        cache.delete("n").unwrap();
        assert_eq!(cache.decr("n", 1).unwrap(), -1);
        cache.clear().unwrap();
        assert_eq!(cache.incr("n", i64::MIN).unwrap(), i64::MIN);
    });
}

#[test]
fn counting_keeps_the_timeout() {
    alone(|cache| {
        cache.set("n", &1, Duration::from_millis(10_500)).unwrap();
        for _ in 0..10 {
            testing::clock().advance(secs(1));
            cache.incr("n", 1).unwrap();
        }
        testing::clock().advance(Duration::from_millis(499));
        assert_eq!(cache.get("n"), Some(11));
        testing::clock().advance(Duration::from_millis(1));
        assert_eq!(cache.get::<i64>("n"), None);
        assert_eq!(cache.incr("n", 1).unwrap(), 1, "a new one");
        testing::clock().advance(secs(299));
        assert_eq!(cache.get("n"), Some(1), "for the default timeout");
        testing::clock().advance(secs(1));
        assert_eq!(cache.get::<i64>("n"), None);
        cache.set("n", &1, Timeout::NEVER).unwrap();
        cache.incr("n", 1).unwrap();
        testing::clock().advance(secs(1 << 30));
        assert_eq!(cache.get("n"), Some(2));
    });
}

#[test]
fn what_is_no_number_and_what_would_be_none_stays_as_it_is() {
    alone(|cache| {
        for text in ["7", "seven"] {
            cache.set("text", text, 60).unwrap();
            assert_eq!(cache.incr("text", 1).unwrap_err().kind(), ErrorKind::Codec);
            assert_eq!(cache.get::<String>("text").as_deref(), Some(text));
        }
        cache.set("float", &1.5, 60).unwrap();
        assert_eq!(cache.incr("float", 1).unwrap_err().kind(), ErrorKind::Codec);
        cache.set("large", &u64::MAX, 60).unwrap();
        assert_eq!(cache.incr("large", -1).unwrap_err().kind(), ErrorKind::Codec);

        cache.set("n", &(i64::MAX - 1), 60).unwrap();
        assert_eq!(cache.incr("n", 2).unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!(cache.incr("n", 1).unwrap(), i64::MAX);
        assert_eq!(cache.decr("absent", i64::MIN).unwrap_err().kind(), ErrorKind::Refused);
        assert!(!cache.has("absent"));
    });
}

#[test]
fn no_increment_is_lost_between_threads() {
    const THREADS: i64 = 8;
    const TIMES: i64 = 1_000;
    alone(|cache| {
        let isolation = testing::isolation();
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    isolation.run(|| {
                        start.wait();
                        (0..TIMES).for_each(|_| assert!(cache.incr("n", 1).is_ok()));
                    });
                });
            }
        });
        assert_eq!(cache.get("n"), Some(THREADS * TIMES));
    });
}

#[test]
fn no_increment_is_lost_between_processes_and_tasks() {
    const PROCESSES: i64 = 4;
    const TASKS: i64 = 100;
    let store = Arc::new(MemoryStore::new());
    let start = Barrier::new(4);
    let numbers: Vec<i64> = thread::scope(|scope| {
        let count = |_| {
            let (process, start) = (process(&store), &start);
            scope.spawn(move || {
                start.wait();
                let cache = Cache::named("default");
                let tasks = (0..TASKS).map(|_| process.run_async(cache.incr_async("n", 1)));
                let numbers = block_on(join_all(tasks));
                numbers.into_iter().map(Result::unwrap).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..PROCESSES).map(count).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut numbers = numbers;
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=PROCESSES * TASKS), "everybody has a number of its own");
}

#[test]
fn a_task_that_is_not_polled_holds_up_nobody_for_long() {
    let store = Shaky::new();
    store.slow();
    let process = process(&store);
    process.run(|| {
        let cache = Cache::named("default");
        let mut task = pin!(cache.incr_async("n", 1));
        assert!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let (sender, receiver) = channel();
        let (isolation, same) = (process.clone(), cache.clone());
        thread::spawn(move || sender.send(isolation.run(|| same.incr("n", 1).unwrap())));
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(1), "it goes ahead without a turn");
        assert_eq!(block_on(task).unwrap(), 2);
    });
}
