//! The stamps of an entry, and what it is good for by them.
//!
//! Pure: stamps go in, decisions come out. Nothing here reads a clock, draws a number or touches an
//! entry.
//!
//! ```text
//! stored            look_at        fresh_until = ends     + stale        + stale_if_error
//!   |--- fresh --------|--- due ---------|---- stale ---------|---- fallback ---|
//! ```
//!
//! A glance compares `look_at` alone, so that what may happen around the end of an entry costs
//! nothing before it. Where a store has the entry too, memory may have to ask it before the entry
//! ends, and before it may be used as stale: then there is a `known_until`.

use std::time::Duration;

use crate::clock::Stamp;
use crate::policy::{Ahead, Windows};

/// The stamps of an entry, by which it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// When the value was stored.
    pub(crate) stored: Stamp,
    /// Until when memory may answer with it.
    pub(crate) fresh_until: Stamp,
    /// When it stops being fresh. [`Stamp::FIRST`] for what is of no use after that.
    pub(crate) ends: Stamp,
    /// Until when memory knows what it is good for. Later it may stand in for a failure alone.
    known_until: Stamp,
    /// When a glance is no longer enough to see that it is fresh.
    look_at: Stamp,
    /// The invalidation counter before the body ran.
    pub(crate) as_of: u64,
}

/// What an entry seems good for at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glance {
    Fresh,
    /// It has to be looked at.
    Unclear,
    /// Loaded before the whole cache was cleared.
    Cleared,
}

/// What an entry is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// To be returned.
    Fresh,
    /// To be returned in place of waiting for a load.
    Stale,
    /// To be returned in place of a load's failure.
    Fallback,
    Nothing,
}

/// Beyond this many means, an exponential variable drawn from 64 bits does not go.
const FARTHEST: f64 = 44.4;

impl Life {
    pub(crate) fn new(stored: Stamp, fresh_until: Stamp, ends: Stamp, as_of: u64) -> Self {
        Self { stored, fresh_until, ends, known_until: Stamp::NEVER, look_at: fresh_until, as_of }
    }

    /// The same of an entry of which memory knows nothing from then on, where that is before its end.
    pub(crate) fn known_until(self, local: Stamp) -> Self {
        if local < self.ends { Self { known_until: local, ..self } } else { self }
    }

    /// The same of an entry that has more to it than its stamps.
    pub(crate) fn looked_at(self) -> Self {
        Self { look_at: Stamp::FIRST, ..self }
    }

    /// The same of an entry that may be renewed ahead of its end. `pace` is how long a load takes.
    pub(crate) fn renewed(self, ahead: Ahead, pace: Duration) -> Self {
        Self { look_at: self.look_at.min(self.due_from(ahead, pace)), ..self }
    }

    /// When it may have to be renewed at the earliest.
    fn due_from(&self, ahead: Ahead, pace: Duration) -> Stamp {
        match ahead {
            Ahead::Never => Stamp::NEVER,
            _ if self.ends == Stamp::NEVER || self.is_negative() => Stamp::NEVER,
            Ahead::Past(part) => self.stored.after(self.span().mul_f64(part.clamp(0.0, 1.0))),
            Ahead::Early(factor) => self.ends.before(times(pace, factor * FARTHEST)),
        }
    }

    /// Whether a fresh entry may have to be renewed.
    pub(crate) fn may_be_due(&self, now: Stamp, ahead: Ahead, pace: Duration) -> bool {
        now >= self.due_from(ahead, pace)
    }

    /// Ends its freshness.
    pub(crate) fn expire(&mut self, now: Stamp) {
        self.fresh_until = self.fresh_until.min(now);
        self.ends = self.ends.min(now);
        self.look_at = self.look_at.min(now);
    }

    /// Judges an entry at a glance. `now` is asked for only where the entry can expire.
    #[inline]
    pub(crate) fn glance(&self, cleared: u64, now: impl FnOnce() -> Stamp) -> Glance {
        if self.as_of < cleared {
            Glance::Cleared
        } else if self.look_at == Stamp::NEVER || now() < self.look_at {
            Glance::Fresh
        } else {
            Glance::Unclear
        }
    }

    /// Judges an entry by all its stamps. `softened` is when its freshness was ended by request, if
    /// it was.
    pub(crate) fn judge(&self, now: Stamp, softened: Stamp, windows: Windows) -> Use {
        let fresh_until = self.fresh_until.min(softened);
        if fresh_until == Stamp::NEVER || now < fresh_until {
            return Use::Fresh;
        }
        if self.is_negative() {
            return Use::Nothing;
        }
        let ends = self.ends.min(softened);
        // From then on the store knows better.
        if now < self.known_until && now < windows.stale.end(ends) {
            Use::Stale
        } else if now < windows.longest().end(ends) {
            Use::Fallback
        } else {
            Use::Nothing
        }
    }

    /// Whether a fresh entry is to be renewed. `chance` lies in 0 (not included) to 1.
    ///
    /// Of `early` this is `XFetch` (Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic
    /// Cache Stampede Prevention", VLDB 2015): with so much freshness left that it is `r` times the
    /// pace and the factor, the chance is `exp(-r)`.
    pub(crate) fn is_due(&self, now: Stamp, ahead: Ahead, pace: Duration, chance: f64) -> bool {
        match ahead {
            Ahead::Never | Ahead::Past(_) => self.may_be_due(now, ahead, pace),
            Ahead::Early(_) if !self.may_be_due(now, ahead, pace) => false,
            Ahead::Early(factor) => {
                let left = self.ends.since(now).as_secs_f64();
                pace.as_secs_f64() * factor * -chance.ln() >= left
            }
        }
    }

    /// Whether it is of an `Err` or a `None`, which is of no use once it is not fresh.
    pub(crate) fn is_negative(&self) -> bool {
        self.ends == Stamp::FIRST
    }

    fn span(&self) -> Duration {
        self.ends.since(self.stored)
    }
}

/// A duration so many times, as far as one can be.
fn times(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};
    use crate::policy::Timeout;

    const SECOND: Duration = Duration::from_secs(1);

    fn life(timeout: Timeout) -> (ManualClock, Life) {
        let clock = ManualClock::new();
        let now = now(&clock);
        (clock, Life::new(now, timeout.end(now), timeout.end(now), 3))
    }

    fn now(clock: &ManualClock) -> Stamp {
        Clock::Manual(clock.clone()).now()
    }

    #[test]
    fn an_entry_is_fresh_until_just_before_its_end() {
        let (clock, life) = life(Timeout::after(Duration::from_millis(1500)));
        clock.advance(Duration::from_nanos(1_499_999_999));
        assert_eq!(life.glance(3, || now(&clock)), Glance::Fresh);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(life.glance(3, || now(&clock)), Glance::Unclear);
        assert_eq!(life.glance(4, || now(&clock)), Glance::Cleared);
    }

    #[test]
    fn an_entry_that_never_expires_reads_no_clock() {
        let life = Life::new(Stamp::NEVER, Stamp::NEVER, Stamp::NEVER, 0);
        let clock = || unreachable!("the clock was read");
        assert_eq!(life.glance(0, clock), Glance::Fresh);
    }

    #[test]
    fn windows_follow_one_another() {
        let windows = Windows {
            stale: Timeout::after(10 * SECOND),
            stale_if_error: Timeout::after(30 * SECOND),
        };
        let (clock, life) = life(Timeout::after(5 * SECOND));
        let judge = |life: &Life| life.judge(now(&clock), Stamp::NEVER, windows);
        for (advance, wanted) in [
            (4, Use::Fresh),
            (1, Use::Stale),
            (9, Use::Stale),
            (1, Use::Fallback),
            (19, Use::Fallback),
            (1, Use::Nothing),
        ] {
            clock.advance(advance * SECOND);
            assert_eq!(judge(&life), wanted, "at {:?}", clock.elapsed());
        }
        // Negative results have no windows, and an entry that the store knows better is no stale one.
        assert_eq!(judge(&Life { ends: Stamp::FIRST, ..life }), Use::Nothing);
        let mut longer = Life { ends: now(&clock).after(SECOND), ..life };
        longer = longer.known_until(now(&clock));
        assert_eq!(judge(&longer), Use::Fallback);
        // Nor is it one for having been expired.
        longer.expire(now(&clock));
        assert_eq!(judge(&longer), Use::Fallback);
    }

    #[test]
    fn what_was_softened_counts_from_then_but_no_longer_than_it_would_have() {
        let windows = Windows { stale: Timeout::after(10 * SECOND), ..Windows::NONE };
        let (clock, life) = life(Timeout::after(5 * SECOND));
        clock.advance(3 * SECOND);
        let softened = now(&clock);
        assert_eq!(life.judge(now(&clock), softened, windows), Use::Stale);
        clock.advance(10 * SECOND);
        assert_eq!(life.judge(now(&clock), softened, windows), Use::Nothing);
        assert_eq!(life.judge(now(&clock), now(&clock), windows), Use::Stale);
        clock.advance(2 * SECOND);
        assert_eq!(life.judge(now(&clock), now(&clock), windows), Use::Nothing);
    }

    #[test]
    fn a_glance_is_enough_until_an_entry_may_be_due() {
        let (clock, life) = life(Timeout::after(10 * SECOND));
        let ahead = life.renewed(Ahead::Past(0.8), Duration::ZERO);
        let early = life.renewed(Ahead::Early(1.0), Duration::from_millis(10));
        clock.advance(Duration::from_nanos(7_999_999_999));
        assert_eq!(ahead.glance(0, || now(&clock)), Glance::Fresh);
        assert!(!ahead.is_due(now(&clock), Ahead::Past(0.8), Duration::ZERO, 0.5));
        clock.advance(Duration::from_nanos(1));
        assert_eq!(ahead.glance(0, || now(&clock)), Glance::Unclear);
        assert!(ahead.is_due(now(&clock), Ahead::Past(0.8), Duration::ZERO, 0.5));
        clock.advance(Duration::from_millis(1500));
        assert_eq!(early.glance(0, || now(&clock)), Glance::Fresh);
        clock.advance(Duration::from_millis(100));
        assert_eq!(early.glance(0, || now(&clock)), Glance::Unclear);
    }

    #[test]
    fn early_is_due_with_the_chance_that_xfetch_gives() {
        let (clock, life) = life(Timeout::after(10 * SECOND));
        clock.advance(9 * SECOND);
        let now = now(&clock);
        for (factor, pace) in [(1.0, SECOND), (2.0, SECOND), (1.0, SECOND / 2), (0.5, SECOND / 2)] {
            let draws = 1_000_000;
            let chance = |draw: u32| f64::from(draw + 1) / f64::from(draws);
            let due = |draw: &u32| life.is_due(now, Ahead::Early(factor), pace, chance(*draw));
            let count = u32::try_from((0..draws).filter(due).count()).unwrap();
            let share = f64::from(count) / f64::from(draws);
            let wanted = (-1.0 / (factor * pace.as_secs_f64())).exp();
            assert!((share - wanted).abs() < 0.000_01, "{share} for {wanted}");
        }
    }
}
