//! A breaker: a store that fails is left alone for a while.
//!
//! After five failures in a row, or one that says that there is no store to connect to, it opens for
//! two seconds; then one operation is let through as a probe. Each probe that fails doubles the time,
//! up to half a minute; one that succeeds closes it. (The circuit breaker of M. Nygard, "Release
//! It!".)

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stamp;

const FAILURES: u32 = 5;
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(30);

pub(crate) struct Breaker(Mutex<State>);

struct State {
    failures: u32,
    /// None where it is closed.
    open: Option<Open>,
}

#[derive(Clone, Copy)]
struct Open {
    until: Stamp,
    lasts: Duration,
}

/// How a store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It cannot be connected to.
    Absent,
    /// In any other way.
    Faulty,
}

/// Leave to ask the store once. Dropped without a word, it counts for nothing.
pub(crate) struct Admitted<'b> {
    breaker: &'b Breaker,
    /// Opens the breaker again if nobody says how the probe went.
    probe: Option<Open>,
}

impl Breaker {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State { failures: 0, open: None }))
    }

    /// Whether the store may be asked now. An open breaker lets one probe through once its time
    /// is over; until that is back, nobody else.
    pub(crate) fn admit(&self, now: Stamp) -> Option<Admitted<'_>> {
        let mut state = self.state();
        let probe = match state.open {
            None => None,
            Some(open) if now < open.until => return None,
            Some(open) => {
                // Nobody else, for as long again as a probe could take.
                state.open = Some(Open { until: now.after(FIRST), ..open });
                Some(open)
            }
        };
        Some(Admitted { breaker: self, probe })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted<'_> {
    /// The store answered, be it with a refusal.
    pub(crate) fn succeeded(mut self) {
        self.probe = None;
        let mut state = self.breaker.state();
        state.failures = 0;
        state.open = None;
    }

    /// The store failed.
    pub(crate) fn failed(mut self, failure: Failure, now: Stamp) {
        let probe = self.probe.take();
        let mut state = self.breaker.state();
        state.failures += 1;
        let lasts = match (probe, state.open) {
            (Some(before), _) => (before.lasts * 2).min(LONGEST),
            (None, None) if failure == Failure::Absent || state.failures >= FAILURES => FIRST,
            // Too few yet; or it opened while this operation was under way.
            (None, _) => return,
        };
        state.open = Some(Open { until: now.after(lasts), lasts });
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        // The probe was cancelled: the next one may try at once.
        if let Some(open) = self.probe.take() {
            self.breaker.state().open = Some(open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};

    struct Fixture {
        breaker: Breaker,
        clock: ManualClock,
    }

    impl Fixture {
        fn new() -> Self {
            Self { breaker: Breaker::new(), clock: ManualClock::new() }
        }
        fn now(&self) -> Stamp {
            Clock::Manual(self.clock.clone()).now()
        }
        fn fail(&self, failure: Failure) {
            self.breaker.admit(self.now()).expect("admitted").failed(failure, self.now());
        }
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_an_answer_between_them_does_not_count() {
        let it = Fixture::new();
        (0..4).for_each(|_| it.fail(Failure::Faulty));
        it.breaker.admit(it.now()).expect("closed").succeeded();
        (0..4).for_each(|_| it.fail(Failure::Faulty));
        drop(it.breaker.admit(it.now()).expect("four are too few"));
        it.fail(Failure::Faulty);
        assert!(it.breaker.admit(it.now()).is_none());
    }

    #[test]
    fn one_refused_connection_opens_it_and_the_time_doubles_up_to_half_a_minute() {
        let it = Fixture::new();
        it.fail(Failure::Absent);
        for seconds in [2, 4, 8, 16, 30, 30] {
            it.clock.advance(Duration::from_millis(seconds * 1000 - 1));
            assert!(it.breaker.admit(it.now()).is_none(), "{seconds}");
            it.clock.advance(Duration::from_millis(1));
            it.fail(Failure::Absent);
        }
    }

    #[test]
    fn one_probe_at_a_time_and_its_success_closes_it() {
        let it = Fixture::new();
        it.fail(Failure::Absent);
        it.clock.advance(Duration::from_secs(2));
        let probe = it.breaker.admit(it.now()).expect("the probe");
        assert!(it.breaker.admit(it.now()).is_none(), "a second one");
        probe.succeeded();
        assert!(it.breaker.admit(it.now()).is_some());
    }

    #[test]
    fn a_cancelled_probe_makes_way_for_the_next() {
        let it = Fixture::new();
        it.fail(Failure::Absent);
        it.clock.advance(Duration::from_secs(2));
        drop(it.breaker.admit(it.now()).expect("the probe"));
        assert!(it.breaker.admit(it.now()).is_some());
    }
}
