//! The rules of several at once, and of futures that nobody waits for.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::store::{Guard, HEAD, Store, StoreFuture, blocking};

use super::{Door, Subject, value};

const THREADS: usize = 8;

/// Threads that count by compare and swap lose no step.
pub fn concurrent_swaps_lose_no_update(subject: &Subject) {
    const STEPS: u64 = 25;
    let counted = |count: u64| {
        let mut value = vec![0; HEAD + 10];
        value[..8].copy_from_slice(&count.to_le_bytes());
        value
    };
    subject.set("count", &counted(0), None);
    let give_up = Instant::now() + Duration::from_secs(20);
    at_once(|_| {
        for _ in 0..STEPS {
            loop {
                assert!(Instant::now() < give_up, "the swaps get nowhere");
                let present = subject.get("count").expect("the count was lost");
                let next = count_of(&present) + 1;
                let guard = Guard::Head(&present[..HEAD]);
                if subject.swap("count", guard, Some(&counted(next))).done {
                    break;
                }
            }
        }
    });
    assert_eq!(count_of(&subject.get("count").unwrap()), STEPS * THREADS as u64);
}

fn count_of(value: &[u8]) -> u64 {
    u64::from_le_bytes(value[..8].try_into().expect("a value has 8 bytes"))
}

/// A swap to nothing drops what it compared, and nothing that came after it.
pub fn concurrent_swaps_to_nothing_drop_what_they_compared(subject: &Subject) {
    let dropped: Vec<String> = at_once(|thread| {
        let mut dropped = Vec::new();
        for round in 0..60 {
            let Some(present) = subject.get("lease") else {
                subject.add("lease", &value(&format!("{thread} {round}")));
                continue;
            };
            let head = &present[..HEAD];
            if subject.swap("lease", Guard::Head(head), None).done {
                dropped.push(String::from_utf8_lossy(head).into_owned());
            }
        }
        dropped
    })
    .concat();
    let mut seen = HashSet::new();
    let twice = dropped.iter().find(|head| !seen.insert(*head));
    assert_eq!(twice, None, "dropped twice, the second time instead of another");
}

/// Of threads that add at once one does, of those that delete one does.
pub fn concurrent_adds_have_one_winner(subject: &Subject) {
    for round in 0..10 {
        let key = format!("lease:{round}");
        let winners: Vec<_> = at_once(|thread| {
            let won = subject.add(&key, &value(&format!("holder {thread}")));
            won.then_some(thread)
        });
        let winners: Vec<_> = winners.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "{winners:?} hold one lease");
        assert_eq!(subject.get(&key), Some(value(&format!("holder {}", winners[0]))));
        let gone = at_once(|_| subject.delete(&key));
        assert_eq!(gone.into_iter().filter(|gone| *gone).count(), 1, "deleted more than once");
    }
}

/// Futures are dropped before they are polled, and after one poll: by a time limit, by `select!`.
pub fn abandoned_operations_break_nothing(subject: &Subject) {
    let bytes = value("value");
    subject.set("key", &bytes, None);
    for polls in [0, 1] {
        for _ in 0..10 {
            let keys = ["key", "other"];
            let entries = [("abandoned", &bytes[..])];
            abandon(subject, polls, |store| store.get("key"));
            abandon(subject, polls, |store| store.set("abandoned", &bytes, None));
            abandon(subject, polls, |store| store.add("abandoned", &bytes, None));
            abandon(subject, polls, |store| store.swap("abandoned", Guard::Any, None, None));
            abandon(subject, polls, |store| store.delete("abandoned"));
            abandon(subject, polls, |store| store.get_many(&keys));
            abandon(subject, polls, |store| store.set_many(&entries, None));
            abandon(subject, polls, |store| store.delete_many(&["abandoned"]));
            assert_eq!(subject.get("key"), Some(bytes.clone()));
        }
    }
    subject.set("after", &bytes, None);
    assert_eq!(subject.get("after"), Some(bytes));
}

fn abandon<'a, T>(
    subject: &'a Subject,
    polls: usize,
    start: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T>,
) {
    let mut future = pin!(start(&*subject.store));
    let mut poll = || {
        for _ in 0..polls {
            let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    };
    match subject.door {
        Door::Thread => blocking(poll),
        Door::Task => poll(),
    }
}

/// Whoever reads while others write gets a value that somebody wrote.
pub fn many_threads_see_only_whole_values(subject: &Subject) {
    const KEYS: [&str; 3] = ["first", "second", "third"];
    at_once(|thread| {
        let mut random = thread as u64 + 1;
        for step in 0..60 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = KEYS[(random >> 33) as usize % KEYS.len()];
            let stamp = format!("{key} {thread} {step} ");
            let mut bytes = value(&stamp);
            bytes.extend(stamp.as_bytes().repeat((random >> 40) as usize % 500));
            match (random >> 50) % 6 {
                0 => subject.set(key, &bytes, None),
                1 => drop(subject.add(key, &bytes)),
                2 => drop(subject.swap(key, Guard::Any, Some(&bytes))),
                3 => drop(subject.delete(key)),
                _ => {
                    for (key, found) in KEYS.iter().zip(subject.wait(|store| store.get_many(&KEYS)))
                    {
                        assert_whole(key, found.as_deref());
                    }
                }
            }
            assert_whole(key, subject.get(key).as_deref());
        }
    });
}

/// A value is the stamp of its writer, over and over.
fn assert_whole(key: &str, found: Option<&[u8]>) {
    let Some(found) = found else { return };
    let (head, rest) = found.split_at(HEAD);
    let stamp: Vec<_> = head.iter().copied().take_while(|byte| *byte != b'.').collect();
    assert!(stamp.starts_with(format!("{key} ").as_bytes()), "the value of another key");
    assert!(rest.len().is_multiple_of(stamp.len()), "a torn value");
    assert!(rest.chunks(stamp.len()).all(|part| part == stamp), "a mixed value");
}

/// Runs code on several threads that begin together.
fn at_once<T: Send>(code: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let run = |thread| {
            let (barrier, code) = (&barrier, &code);
            scope.spawn(move || {
                barrier.wait();
                code(thread)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(run).collect();
        let outputs = threads.into_iter().map(|thread| thread.join().expect("a thread failed"));
        outputs.collect()
    })
}
