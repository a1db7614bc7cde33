//! Stores that need no server, and what their futures need: no executor.

use std::sync::Arc;

use cached_runtime::ErrorKind;
use cached_runtime::store::{MemoryStore, Store};
use cached_runtime::testing::FaultyStore;
use cached_runtime::testing::conformance::{self, Subject, check};

cached_runtime::store_conformance!(memory, MemoryStore::new, || (
    MemoryStore::new(),
    MemoryStore::new()
));

cached_runtime::store_conformance!(bounded_memory, || {
    MemoryStore::new().threshold(1_000).max_bytes(1 << 30)
});

cached_runtime::store_conformance!(shared_memory, || -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
});

cached_runtime::store_conformance!(healthy_faulty, || FaultyStore::new(MemoryStore::new()));

/// The rules can fail: each of these meets a fault of the store, and says so.
#[test]
fn a_store_that_loses_or_spoils_fails_the_rules() {
    type Rule = fn(&Subject);
    let fails = |rule: Rule, break_it: fn(&FaultyStore)| {
        let make = || {
            let store = FaultyStore::new(MemoryStore::new());
            break_it(&store);
            store
        };
        std::panic::catch_unwind(|| check(make, rule)).is_err()
    };
    let loses = |store: &FaultyStore| _ = store.lose();
    let rules: [Rule; 8] = [
        conformance::values_hold_any_bytes,
        conformance::values_are_replaced,
        conformance::deletes_say_whether_there_was_something,
        conformance::adds_store_only_where_nothing_is,
        conformance::concurrent_adds_have_one_winner,
        conformance::many_are_stored_read_and_dropped_in_order,
        conformance::keys_that_differ_are_different,
        conformance::a_swap_compares_heads,
    ];
    for (n, rule) in rules.into_iter().enumerate() {
        assert!(fails(rule, loses), "rule {n} takes a store that loses");
        assert!(!fails(rule, |_| {}), "rule {n} fails of itself");
    }
    let spoils = |store: &FaultyStore| _ = store.corrupt();
    assert!(fails(conformance::values_hold_any_bytes, spoils));
    let cuts = |store: &FaultyStore| _ = store.truncate();
    assert!(fails(conformance::many_are_stored_read_and_dropped_in_order, cuts));
    let fails_once = |store: &FaultyStore| _ = store.fail(ErrorKind::Timeout).times(1);
    assert!(fails(conformance::purges_drop_everything, fails_once));
}
