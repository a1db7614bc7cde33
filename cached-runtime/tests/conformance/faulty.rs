//! Each fault that a store can be told to have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::ErrorKind;
use cached_runtime::store::{Guard, MemoryStore, Store, Swapped};
use cached_runtime::testing::FaultyStore;
use cached_runtime::testing::conformance::wait;

const VALUE: &[u8] = &[7; 100];

/// A store that holds a value under `key`.
fn filled() -> FaultyStore {
    let store = FaultyStore::new(MemoryStore::new());
    wait(store.set("key", VALUE, None)).unwrap();
    store
}

fn read(store: &FaultyStore) -> Option<Vec<u8>> {
    wait(store.get("key")).unwrap()
}

#[test]
fn an_operation_that_fails_does_nothing() {
    let store = filled();
    store.fail(ErrorKind::Unavailable);
    assert_eq!(wait(store.get("key")).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(wait(store.get_many(&["key"])).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(wait(store.delete("key")).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(wait(store.purge()).unwrap_err().kind(), ErrorKind::Unavailable);
    store.fail(ErrorKind::Refused);
    assert_eq!(wait(store.set("key", VALUE, None)).unwrap_err().kind(), ErrorKind::Refused);
    store.heal();
    assert_eq!(read(&store).as_deref(), Some(VALUE));
}

#[test]
fn values_that_are_read_are_corrupted_in_one_bit() {
    let store = filled();
    store.corrupt();
    let places: Vec<_> = (0..20)
        .map(|_| {
            let read = read(&store).unwrap();
            assert_eq!(read.len(), VALUE.len());
            let flipped = |(n, byte): (usize, &u8)| (*byte != 7).then(|| (n, byte ^ 7));
            let flipped: Vec<_> = read.iter().enumerate().filter_map(flipped).collect();
            assert!(flipped.len() == 1 && flipped[0].1.is_power_of_two(), "{flipped:?}");
            flipped[0].0
        })
        .collect();
    assert!(places.iter().any(|place| *place != places[0]), "always at {}", places[0]);
    assert_ne!(wait(store.get_many(&["key"])).unwrap(), [Some(VALUE.to_vec())]);
    store.heal();
    assert_eq!(read(&store).as_deref(), Some(VALUE), "what is stored was spoiled");
}

#[test]
fn values_that_are_read_are_cut() {
    let store = filled();
    store.truncate();
    for _ in 0..20 {
        let read = read(&store).unwrap();
        assert!(read.len() < VALUE.len() && VALUE.starts_with(&read));
    }
    store.heal();
    assert_eq!(read(&store).as_deref(), Some(VALUE));
}

#[test]
fn writes_that_are_lost_answer_as_if_they_were_done() {
    let store = filled();
    store.lose();
    let head = VALUE[..24].to_vec();
    wait(store.set("key", &[8; 24], None)).unwrap();
    wait(store.set_many(&[("key", &[8; 24]), ("other", &[8; 24])], None)).unwrap();
    assert!(wait(store.add("other", VALUE, None)).unwrap());
    assert!(!wait(store.add("key", VALUE, None)).unwrap());
    assert!(wait(store.delete("key")).unwrap());
    assert_eq!(wait(store.delete_many(&["key", "other"])).unwrap(), 1);
    let swap = |guard| wait(store.swap("key", guard, Some(&[8; 24]), None)).unwrap();
    assert_eq!(swap(Guard::Any), Swapped { done: true, previous: Some(head.clone()) });
    assert_eq!(swap(Guard::Head(&[8; 24])), Swapped { done: false, previous: Some(head) });
    assert_eq!(read(&store).as_deref(), Some(VALUE), "reads are as ever");
    assert_eq!(wait(store.get("other")).unwrap(), None);
}

#[test]
fn a_delay_comes_before_the_answer_on_threads_and_in_tasks() {
    let store = filled();
    let delay = Duration::from_millis(30);
    store.delay(delay);
    let began = Instant::now();
    assert_eq!(read(&store).as_deref(), Some(VALUE));
    assert!(began.elapsed() >= delay);

    // The delay of a task holds up no thread.
    let mut get = store.get("key");
    let began = Instant::now();
    assert!(get.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(began.elapsed() < delay, "the poll took {:?}", began.elapsed());
    store.fail(ErrorKind::Timeout);
    let began = Instant::now();
    assert_eq!(wait(store.get("key")).unwrap_err().kind(), ErrorKind::Timeout);
    assert!(began.elapsed() >= delay, "a fault replaced the delay");
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn what_hangs_is_woken_when_the_store_is_healed() {
    let store = filled();
    store.hang();
    let woken = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut set = store.set("key", &[8; 24], None);
    for _ in 0..3 {
        assert!(set.as_mut().poll(&mut context).is_pending());
    }
    // Another fault lets go of nothing.
    store.fail(ErrorKind::Refused);
    assert!(set.as_mut().poll(&mut context).is_pending());
    assert_eq!(woken.0.load(Ordering::SeqCst), 0);
    store.heal();
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    assert!(matches!(set.as_mut().poll(&mut context), Poll::Ready(Ok(()))));
    drop(set);
    assert_eq!(read(&store), Some(vec![8; 24]), "it was not done after all");
}

#[test]
fn threads_that_hang_go_on_when_the_store_is_healed() {
    let store = filled();
    store.hang().times(2);
    let threads = [(); 2].map(|()| {
        let store = store.clone();
        thread::spawn(move || read(&store))
    });
    let give_up = Instant::now() + Duration::from_secs(5);
    while store.reads() < 2 {
        assert!(Instant::now() < give_up, "the threads do not come");
        thread::yield_now();
    }
    assert_eq!(read(&store).as_deref(), Some(VALUE), "the third hangs as well");
    assert!(threads.iter().all(|thread| !thread.is_finished()));
    store.heal();
    for thread in threads {
        assert_eq!(thread.join().unwrap().as_deref(), Some(VALUE));
    }
}

#[test]
fn faults_end_after_so_many_operations_that_they_concern() {
    let store = filled();
    store.lose().times(2);
    for _ in 0..5 {
        assert_eq!(read(&store).as_deref(), Some(VALUE));
    }
    assert!(wait(store.delete("key")).unwrap());
    assert!(wait(store.delete("key")).unwrap());
    assert!(wait(store.delete("key")).unwrap());
    assert_eq!(read(&store), None, "the third was to be done");
    store.fail(ErrorKind::Timeout).times(0);
    assert_eq!(read(&store), None);
}

#[test]
fn a_chance_is_met_as_often_as_it_says_and_the_same_in_each_run() {
    let failures = |share| {
        let store = filled();
        store.fail(ErrorKind::Timeout).chance(share);
        (0..1_000).map(|_| wait(store.get("key")).is_err()).collect::<Vec<_>>()
    };
    let count = |share| failures(share).into_iter().filter(|failed| *failed).count();
    assert!((250..350).contains(&count(0.3)), "{}", count(0.3));
    assert_eq!((count(0.0), count(1.0), count(f64::NAN)), (0, 1_000, 0));
    assert_eq!(failures(0.3), failures(0.3));
}

#[test]
fn clones_share_faults_and_counters() {
    let store = filled();
    let shared: Arc<dyn Store> = Arc::new(store.clone());
    assert_eq!((store.kind(), store.bus().is_none()), ("memory", true));
    assert_eq!((store.reads(), store.writes()), (0, 1));
    wait(shared.get("key")).unwrap();
    wait(shared.get_many(&["key", "other"])).unwrap();
    wait(shared.add("key", VALUE, None)).unwrap();
    wait(shared.delete_many(&["key"])).unwrap();
    wait(shared.purge()).unwrap();
    store.fail(ErrorKind::Codec);
    assert_eq!(wait(shared.set("key", VALUE, None)).unwrap_err().kind(), ErrorKind::Codec);
    assert_eq!((store.reads(), store.writes()), (2, 5));
}
