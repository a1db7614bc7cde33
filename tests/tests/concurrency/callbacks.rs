//! Code of the user's that calls back into the cache it is cached by: no lock is held around it.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::{cached, testing};

use crate::{bounded, tokio};

/// Invalidates its own key when it is dropped.
#[derive(Clone)]
struct Nosy(u64);

impl Drop for Nosy {
    fn drop(&mut self) {
        nosy::entry(self.0).invalidate();
    }
}

#[cached(coalesce = false, key = key, skip(gate), handle)]
fn nosy(key: u64, gate: Option<&Mutex<Receiver<()>>>) -> Arc<Nosy> {
    if let Some(gate) = gate {
        let _ = gate.lock().unwrap().recv();
    }
    Arc::new(Nosy(key))
}

#[test]
fn a_value_that_is_not_stored_is_dropped_outside_the_locks() {
    bounded(|| {
        let (open, gate) = channel();
        let gate = Mutex::new(gate);
        thread::scope(|scope| {
            let slow = scope.spawn(|| drop(nosy(1, Some(&gate))));
            while nosy::cache().stats().loads == 0 {
                thread::yield_now();
            }
            drop(nosy(1, None));
            open.send(()).unwrap();
            slow.join().unwrap();
        });
    });
}

/// A key that calls back when it is cloned or dropped.
#[derive(PartialEq, Eq, Hash)]
struct NosyKey(u64);

impl Clone for NosyKey {
    fn clone(&self) -> Self {
        by_nosy_key::cache().clear();
        Self(self.0)
    }
}

impl Drop for NosyKey {
    fn drop(&mut self) {
        by_nosy_key::cache().set_timeout(300);
        by_nosy_key::cache().clear();
    }
}

#[cached(handle, capacity = 2)]
fn by_nosy_key(key: NosyKey) -> u64 {
    key.0
}

#[test]
fn keys_are_cloned_and_dropped_outside_the_locks() {
    bounded(|| {
        for key in 0..20 {
            assert_eq!(by_nosy_key(NosyKey(key % 3)), key % 3);
            by_nosy_key::entry(NosyKey(key % 3)).invalidate();
        }
    });
}

#[test]
fn a_destructor_of_a_thread_local_may_call_a_cached_function() {
    #[cached]
    fn late(key: u64) -> u64 {
        key
    }

    struct AtTheEnd;
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            assert_eq!((late(1), late(1)), (1, 1));
        }
    }
    thread_local!(static LOCAL: AtTheEnd = const { AtTheEnd });

    bounded(|| {
        thread::spawn(|| {
            LOCAL.with(|_| ());
            late(2);
        })
        .join()
        .unwrap();
    });
}

#[test]
fn a_closure_that_asks_for_its_own_key_does_not_wait_for_its_load() {
    #[cached(handle, store_if = |_| curious(1) == 1)]
    fn curious(key: u64) -> u64 {
        if curious::cache().stats().loads > 10 { 0 } else { key }
    }

    let start = Instant::now();
    bounded(|| assert_eq!(curious(1), 1));
    assert!(start.elapsed() < Duration::from_secs(20), "far from the 30 s of `wait_timeout`");
}

#[test]
fn a_cancelled_body_is_gone_before_its_lead_passes_on() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    static RUNNING: AtomicUsize = AtomicUsize::new(0);

    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            RUNNING.fetch_sub(1, SeqCst);
        }
    }

    #[cached(handle)]
    async fn exclusive(key: u64) -> u64 {
        assert_eq!(RUNNING.fetch_add(1, SeqCst), 0, "two bodies of one key at a time");
        let _guard = Guard;
        ::tokio::task::yield_now().await;
        key
    }

    tokio(async {
        for round in 0..200 {
            let lead = ::tokio::spawn(exclusive(round));
            let follower = ::tokio::spawn(exclusive(round));
            ::tokio::task::yield_now().await;
            lead.abort();
            assert_eq!(follower.await.unwrap(), round);
            let _ = lead.await;
        }
    });
}

#[test]
fn an_entry_belongs_to_the_isolation_it_is_used_in() {
    #[cached(handle)]
    fn double(n: u64) -> u64 {
        n * 2
    }

    let entry = double::entry(7);
    testing::isolated(|| {
        entry.put(70);
        assert_eq!((entry.peek(), double(7)), (Some(70), 70));
    });
    testing::isolated(|| assert_eq!((entry.peek(), double(7)), (None, 14)));
    assert_eq!(entry.peek(), None);
}

#[test]
fn a_timeout_set_during_a_load_holds_for_what_it_stores() {
    #[cached(handle)]
    fn double(n: u64) -> u64 {
        double::cache().set_timeout(1);
        n * 2
    }

    testing::isolated(|| {
        double(1);
        testing::clock().advance(Duration::from_secs(1));
        assert_eq!(double::entry(1).peek(), None);
    });
}
