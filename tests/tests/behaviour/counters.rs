//! Counters balance after any sequence of calls and changes, checked against a plain map.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use cached_runtime::{Outcome, Stats, cached, testing};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, proptest};
use proptest::prop_oneof;
use proptest::test_runner::TestCaseError;

thread_local! {
    static LOADS: Cell<u64> = const { Cell::new(0) };
}

const TIMEOUT: u64 = 10;

/// Each load gives another number; every seventh is an error, every fifth is not stored.
#[cached(timeout = TIMEOUT, store_if = |number| number % 5 != 0, unless = key == 3, handle)]
fn load(key: u8) -> Result<u64, u64> {
    LOADS.set(LOADS.get() + 1);
    result(LOADS.get())
}

fn result(number: u64) -> Result<u64, u64> {
    if number.is_multiple_of(7) { Err(number) } else { Ok(number) }
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Call(u8),
    Fresh(u8),
    Uncached(u8),
    Put(u8, u64),
    Invalidate(u8),
    Expire(u8),
    Peek(u8),
    Advance(u64),
    SetTimeout(u64),
    Clear,
    Purge,
    Disable,
    Enable,
}

fn operation() -> impl Strategy<Value = Operation> {
    let key = || 0..4_u8;
    prop_oneof![
        8 => key().prop_map(Operation::Call),
        1 => key().prop_map(Operation::Fresh),
        1 => key().prop_map(Operation::Uncached),
        2 => (key(), 1_000..1_100_u64).prop_map(|(key, value)| Operation::Put(key, value)),
        2 => key().prop_map(Operation::Invalidate),
        2 => key().prop_map(Operation::Expire),
        2 => key().prop_map(Operation::Peek),
        3 => (1..2 * TIMEOUT).prop_map(Operation::Advance),
        1 => (0..20_u64).prop_map(Operation::SetTimeout),
        1 => Just(Operation::Clear),
        1 => Just(Operation::Purge),
        1 => Just(Operation::Disable),
        2 => Just(Operation::Enable),
    ]
}

/// What the cache is expected to hold and to have counted.
#[derive(Default)]
struct Model {
    /// By key: the value and the second at which it stops being fresh.
    entries: HashMap<u8, (u64, u64)>,
    now: u64,
    timeout: u64,
    is_disabled: bool,
    loads: u64,
    hits: u64,
    misses: u64,
    bypasses: u64,
    errors: u64,
    invalidations: u64,
}

impl Model {
    fn fresh(&self, key: u8) -> Option<u64> {
        self.entries.get(&key).filter(|(_, until)| self.now < *until).map(|(value, _)| *value)
    }

    fn load(&mut self) -> Result<u64, u64> {
        self.loads += 1;
        let result = result(self.loads);
        self.errors += u64::from(result.is_err());
        result
    }

    fn store(&mut self, key: u8, result: Result<u64, u64>) {
        if let Ok(value) = result
            && value % 5 != 0
            && self.timeout > 0
        {
            self.entries.insert(key, (value, self.now + self.timeout));
        }
    }

    fn bypass(&mut self) -> Result<u64, u64> {
        self.bypasses += 1;
        self.load()
    }

    fn call(&mut self, key: u8, is_forced: bool) -> Result<u64, u64> {
        if self.is_disabled || key == 3 {
            return self.bypass();
        }
        if let Some(value) = self.fresh(key)
            && !is_forced
        {
            self.hits += 1;
            return Ok(value);
        }
        self.misses += 1;
        let result = self.load();
        self.store(key, result);
        result
    }

    /// Does the same to the model and to the cache.
    fn step(&mut self, operation: Operation) -> Result<(), TestCaseError> {
        match operation {
            Operation::Call(key) => prop_assert_eq!(load(key), self.call(key, false)),
            Operation::Fresh(key) => prop_assert_eq!(load::fresh(key), self.call(key, true)),
            Operation::Uncached(key) => prop_assert_eq!(load::uncached(key), self.bypass()),
            Operation::Put(key, value) => {
                load::entry(key).put(Ok(value));
                self.store(key, Ok(value));
            }
            Operation::Invalidate(key) => {
                let was_fresh = self.fresh(key).is_some();
                prop_assert_eq!(load::entry(key).invalidate(), was_fresh);
                self.entries.remove(&key);
                self.invalidations += 1;
            }
            Operation::Expire(key) => {
                let was_fresh = self.fresh(key).is_some();
                prop_assert_eq!(load::entry(key).expire(), was_fresh);
                if let Some((_, until)) = self.entries.get_mut(&key) {
                    *until = self.now.min(*until);
                }
            }
            Operation::Peek(key) => {
                prop_assert_eq!(load::entry(key).peek(), self.fresh(key).map(Ok));
                prop_assert_eq!(load::entry(key).age().is_some(), self.fresh(key).is_some());
            }
            Operation::Advance(seconds) => {
                testing::clock().advance(Duration::from_secs(seconds));
                self.now += seconds;
            }
            Operation::SetTimeout(seconds) => {
                load::cache().set_timeout(seconds);
                self.timeout = seconds;
            }
            Operation::Clear => {
                load::cache().clear();
                self.entries.clear();
                self.invalidations += 1;
            }
            Operation::Purge => {
                let held = self.entries.len();
                self.entries.retain(|_, (_, until)| self.now < *until);
                let _ = load::cache().purge();
                prop_assert!(self.entries.len() <= held);
            }
            Operation::Disable => {
                load::cache().disable();
                self.is_disabled = true;
            }
            Operation::Enable => {
                load::cache().enable();
                self.is_disabled = false;
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let stats = load::cache().stats();
        let Stats { hits, stale_hits, misses, bypasses, loads, load_errors, .. } = stats;
        prop_assert_eq!(
            (hits, stale_hits, misses, bypasses),
            (self.hits, 0, self.misses, self.bypasses)
        );
        prop_assert_eq!((loads, load_errors), (self.loads, self.errors));
        prop_assert!(loads <= misses + bypasses);
        prop_assert_eq!((stats.evictions, stats.store_errors), (0, 0));
        prop_assert_eq!(stats.entries, self.entries.len() as u64);
        prop_assert_eq!(load::cache().len(), self.entries.len());
        Ok(())
    }
}

proptest! {
    #[test]
    fn any_sequence_agrees_with_a_map_and_a_clock(operations in vec(operation(), 1..80)) {
        testing::isolated(|| {
            LOADS.set(0);
            let mut model = Model { timeout: TIMEOUT, ..Model::default() };
            // Makes the cache: `clear` of one that was never called has nothing to count.
            prop_assert_eq!(load(0), model.call(0, false));
            for operation in operations {
                model.step(operation)?;
                model.check()?;
            }
            Ok(())
        })?;
    }
}

#[test]
fn the_outcome_of_a_call_is_what_the_counters_count() {
    testing::isolated(|| {
        LOADS.set(0);
        let mut counted = Stats::default();
        let mut outcomes = Stats::default();
        for key in [0, 0, 3, 1, 1, 0, 2, 3, 2, 2] {
            load(key).unwrap_or_default();
            match testing::last_outcome() {
                Some(Outcome::Hit { .. }) => outcomes.hits += 1,
                Some(Outcome::Miss { .. }) => outcomes.misses += 1,
                _ => outcomes.bypasses += 1,
            }
            counted = load::cache().stats();
            assert_eq!(
                (counted.hits, counted.misses, counted.bypasses),
                (outcomes.hits, outcomes.misses, outcomes.bypasses)
            );
        }
        assert_eq!(counted.hits + counted.misses + counted.bypasses, 10);
    });
}
