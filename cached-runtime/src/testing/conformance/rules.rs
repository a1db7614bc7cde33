//! The rules of one caller, a function each. What runs them is in the file above.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use crate::store::{Guard, HEAD, Swapped};

use super::{Subject, head, value};

/// An empty store answers every question with nothing.
pub fn nothing_is_found_where_nothing_is(subject: &Subject) {
    assert_eq!(subject.get("nothing"), None);
    assert!(!subject.delete("nothing"));
    assert_eq!(subject.wait(|store| store.get_many(&["nothing", "more"])), [None, None]);
    assert_eq!(subject.wait(|store| store.delete_many(&["nothing", "more"])), 0);
    assert_eq!(subject.purge(), 0);
    assert!(!subject.store.kind().is_empty(), "a store has a name");
}

/// A value comes back byte for byte, from the shortest to almost a megabyte.
pub fn values_hold_any_bytes(subject: &Subject) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let large: Vec<u8> = all.iter().copied().cycle().take((1 << 20) - 10_240).collect();
    for (name, value) in [
        ("shortest", &[0; HEAD][..]),
        ("zeros", &[0; 1_000]),
        ("every-byte", &all),
        ("line-ends", &b"\r\nEND\r\n".repeat(20)),
        ("spaces", &[b' '; 100]),
        ("large", &large),
    ] {
        subject.set(name, value, None);
        let found = subject.get(name);
        // Not by assert_eq, which would print a megabyte.
        assert!(found.as_deref() == Some(value), "`{name}` came back otherwise");
        let swapped = subject.swap(name, Guard::Head(&value[..HEAD]), Some(value));
        assert!(swapped.done, "`{name}` was not compared byte for byte");
    }
}

/// What was stored last is what is there.
pub fn values_are_replaced(subject: &Subject) {
    for text in ["first", "the second, which is longer", "3"] {
        subject.set("key", &value(text), None);
        assert_eq!(subject.get("key"), Some(value(text)));
    }
}

/// A delete drops its own key, and says whether there was anything.
pub fn deletes_say_whether_there_was_something(subject: &Subject) {
    subject.set("key", &value("first"), None);
    subject.set("other", &value("other"), None);
    assert!(subject.delete("key"));
    assert_eq!(subject.get("key"), None);
    assert!(!subject.delete("key"));
    subject.set("key", &value("second"), None);
    assert_eq!(subject.get("key"), Some(value("second")));
    assert_eq!(subject.get("other"), Some(value("other")));
}

/// An add changes nothing where there is something.
pub fn adds_store_only_where_nothing_is(subject: &Subject) {
    assert!(subject.add("key", &value("first")));
    assert!(!subject.add("key", &value("second")));
    assert_eq!(subject.get("key"), Some(value("first")));
    assert!(subject.delete("key"));
    assert!(subject.add("key", &value("third")));
    assert_eq!(subject.get("key"), Some(value("third")));
}

/// An entry ends by its timeout. Asks again and again: a store may keep it for seconds longer, but
/// none may lose it sooner.
pub fn timeouts_end_entries(subject: &Subject) {
    const YEAR: Duration = Duration::from_secs(31_557_600);
    let (short, long) = (Some(Duration::from_millis(600)), Some(100 * YEAR));
    let month = Some(Duration::from_secs(31 * 86_400));
    let bytes = value("value");

    let staying =
        [("none", None), ("month", month), ("century", long), ("largest", Some(Duration::MAX))];
    for (key, timeout) in staying {
        subject.set(key, &bytes, timeout);
    }
    for (key, first, second) in [("prolonged", short, None), ("shortened", long, short)] {
        subject.set(key, &bytes, first);
        subject.set(key, &bytes, second);
    }
    let many: [(&str, &[u8]); 2] = [("many-1", &bytes), ("many-2", &bytes)];
    subject.wait(|store| store.set_many(&many, short));
    assert!(subject.wait(|store| store.add("added", &bytes, short)));
    let swap = subject.wait(|store| store.swap("swapped", Guard::Any, Some(&bytes), short));
    assert!(swap.done);

    for key in ["again-add", "again-swap", "again-delete"] {
        subject.set(key, &bytes, short);
    }
    let began = Instant::now();
    subject.set("set", &bytes, short);
    let found = subject.has("set");
    assert!(found || Some(began.elapsed()) >= short, "an entry ended before its timeout");

    let ending = ["shortened", "many-1", "many-2", "added", "swapped", "set"];
    while ending.iter().any(|key| subject.has(key)) {
        assert!(began.elapsed() < Duration::from_secs(8), "an entry does not end");
        thread::sleep(Duration::from_millis(10));
    }
    for (key, _) in staying {
        assert!(subject.has(key), "`{key}` ended too soon");
    }
    assert!(subject.has("prolonged"), "a replaced value still ends by its own timeout");

    // What has ended counts as nothing, to every operation.
    assert!(subject.add("again-add", &bytes));
    let absent = subject.swap("again-swap", Guard::Absent, Some(&bytes));
    assert_eq!(absent, Swapped { done: true, previous: None });
    assert!(!subject.delete("again-delete"));
}

/// A swap without a condition is done, and gives the head of what was there.
pub fn a_swap_of_anything_gives_what_was_there(subject: &Subject) {
    let swap = |value: Option<&[u8]>| subject.swap("key", Guard::Any, value);
    let was = |text: &str| Swapped { done: true, previous: Some(head(text)) };
    let was_nothing = Swapped { done: true, previous: None };
    assert_eq!(swap(None), was_nothing);
    assert_eq!(swap(Some(&value("first"))), was_nothing);
    assert_eq!(swap(Some(&value("second"))), was("first"));
    assert_eq!(subject.get("key"), Some(value("second")));
    assert_eq!(swap(None), was("second"));
    assert_eq!(subject.get("key"), None);
    assert_eq!(swap(None), was_nothing);
}

/// A swap that wants nothing is done where there is nothing.
pub fn a_swap_where_nothing_is(subject: &Subject) {
    let swap = |value: Option<&[u8]>| subject.swap("key", Guard::Absent, value);
    assert_eq!(swap(None), Swapped { done: true, previous: None });
    assert_eq!(swap(Some(&value("first"))), Swapped { done: true, previous: None });
    let refused = Swapped { done: false, previous: Some(head("first")) };
    assert_eq!(swap(Some(&value("second"))), refused);
    assert_eq!(swap(None), refused);
    assert_eq!(subject.get("key"), Some(value("first")));
}

/// A swap that wants a head is done where the value begins with it.
pub fn a_swap_compares_heads(subject: &Subject) {
    let swap = |head: &[u8], value: Option<&[u8]>| subject.swap("key", Guard::Head(head), value);
    for guard in [&head("first")[..], b"f", b""] {
        let nothing = Swapped { done: false, previous: None };
        assert_eq!(swap(guard, Some(&value("second"))), nothing, "there is nothing to compare");
        assert_eq!(swap(guard, None), nothing);
    }
    subject.set("key", &value("first"), None);
    let wrong = Swapped { done: false, previous: Some(head("first")) };
    assert_eq!(swap(&head("firsT"), Some(&value("second"))), wrong);
    assert_eq!(swap(&head("first!"), None), wrong);
    assert_eq!(subject.get("key"), Some(value("first")));

    let was = |text: &str| Swapped { done: true, previous: Some(head(text)) };
    assert_eq!(swap(&head("first"), Some(&value("second"))), was("first"));
    assert!(!swap(&head("first"), Some(&value("third"))).done);
    assert_eq!(swap(b"sec", Some(&value("third"))), was("second"));
    assert_eq!(swap(b"", Some(&value("fourth"))), was("third"));
    assert_eq!(subject.get("key"), Some(value("fourth")));
    assert_eq!(swap(&head("fourth"), None), was("fourth"));
    assert_eq!(subject.get("key"), None);
}

/// Operations on many keys do what as many on one key do, in their order.
pub fn many_are_stored_read_and_dropped_in_order(subject: &Subject) {
    const COUNT: usize = 250;
    let keys: Vec<_> = (0..COUNT).map(|n| format!("key:{n}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let values: Vec<_> = keys.iter().map(|key| value(key)).collect();
    // Every third is left out.
    let is_stored = |n: &usize| !n.is_multiple_of(3);
    let stored: Vec<_> = (0..COUNT).filter(is_stored).collect();
    let entries: Vec<_> = stored.iter().map(|n| (keys[*n], &values[*n][..])).collect();
    subject.wait(|store| store.set_many(&entries, None));

    let found = subject.wait(|store| store.get_many(&keys));
    assert_eq!(found.len(), COUNT);
    for (n, found) in found.into_iter().enumerate() {
        assert_eq!(found, is_stored(&n).then(|| values[n].clone()), "at {n}");
    }
    let twice = [keys[2], keys[0], keys[2]];
    let found = subject.wait(|store| store.get_many(&twice));
    assert_eq!(found, [Some(values[2].clone()), None, Some(values[2].clone())]);

    assert_eq!(subject.wait(|store| store.delete_many(&keys[..30])), 20);
    assert!(!subject.has(keys[29]) && subject.has(keys[31]));
    assert_eq!(subject.wait(|store| store.delete_many(&keys)), stored.len() as u64 - 20);
    assert!(subject.wait(|store| store.get_many(&keys)).iter().all(Option::is_none));

    subject.wait(|store| store.set_many(&[], None));
    assert_eq!(subject.wait(|store| store.get_many(&[])), [] as [Option<Vec<u8>>; 0]);
    assert_eq!(subject.wait(|store| store.delete_many(&[])), 0);
}

/// All keys of the contract are taken, and no two for the same.
pub fn keys_that_differ_are_different(subject: &Subject) {
    let all: String = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain("_.:-".chars()).collect();
    let longest = "k".repeat(200);
    let longest_but_one = format!("{}x", &longest[..199]);
    let mut keys: Vec<&str> = vec![
        &all,
        &longest,
        &longest_but_one,
        "key",
        "KEY",
        "Key",
        "key:",
        ":key",
        "key::",
        "a:b",
        "a.b",
        "a_b",
        "a-b",
        ".",
        "..",
        "...",
        "-",
        "--",
        "-x",
        "_",
        ":",
        "::",
        "a",
        "A",
        "0",
        "00",
        "nul",
        "CON",
        ".tmp",
        "a.tmp",
        "a.lock",
    ];
    let characters: Vec<_> = all.chars().map(String::from).collect();
    keys.extend(characters.iter().map(String::as_str));
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert(*key));

    for key in &keys {
        assert!(subject.add(key, &value(key)), "{key:?} is taken for another key");
    }
    for key in &keys {
        assert_eq!(subject.get(key), Some(value(key)), "{key:?}");
    }
    assert_eq!(subject.purge(), keys.len() as u64);
}

/// A purge drops everything, counts it, and leaves a store that works.
pub fn purges_drop_everything(subject: &Subject) {
    let keys: Vec<_> = (0..25).map(|n| format!("key:{n}")).collect();
    for round in ["first", "second"] {
        for key in &keys {
            subject.set(key, &value(round), None);
        }
        assert_eq!(subject.purge(), keys.len() as u64);
        for key in &keys {
            assert_eq!(subject.get(key), None);
        }
        assert_eq!(subject.purge(), 0);
        assert!(subject.add(&keys[0], &value("used again")));
        assert_eq!(subject.purge(), 1);
    }
}

/// Two stores over one place share nothing.
pub fn a_purge_leaves_what_is_under_another_prefix(one: &Subject, other: &Subject) {
    for key in ["a", "b", "c"] {
        one.set(key, &value("one"), None);
        other.set(key, &value("other"), None);
    }
    assert_eq!(one.get("a"), Some(value("one")), "both have the same entry");
    assert_eq!(one.purge(), 3);
    for key in ["a", "b", "c"] {
        assert_eq!(one.get(key), None);
        assert_eq!(other.get(key), Some(value("other")), "a purge went beyond its own prefix");
    }
    assert_eq!(other.purge(), 3);
}
