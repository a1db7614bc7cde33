//! The timeline: a row every half second, on how the calls since the last row were answered.

use std::time::Duration;

use cached_runtime::Stats;

use crate::latency::{Calls, short};
use crate::upstream::phase_at;

pub struct Timeline {
    rows: u32,
    /// The counters at the last row.
    before: Stats,
    /// How many calls had ended then, and how many of them had failed.
    ended: (usize, usize),
    /// Entries answer because nothing better is to be had.
    is_failing: bool,
}

const ROW: Duration = Duration::from_millis(500);

impl Timeline {
    pub fn begin() -> Self {
        println!(
            " time  the service    fresh stale loaded failed   worst  refreshes   callers see"
        );
        Self { rows: 0, before: Stats::default(), ended: (0, 0), is_failing: false }
    }

    /// Prints a row once it is over, of the function with these counters.
    pub fn advance(&mut self, elapsed: Duration, now: Stats, calls: &Calls) {
        let began = ROW * self.rows;
        if elapsed < began + ROW {
            return;
        }
        let before = self.before;
        let (fresh, stale) = (now.hits - before.hits, now.stale_hits - before.stale_hits);
        let refreshes = now.refreshes - before.refreshes;
        let errors = now.load_errors - before.load_errors;
        let was_failing = self.is_failing;
        self.is_failing = stale > 0 && (errors > 0 || was_failing && fresh == 0);
        let seen = match (self.is_failing, was_failing, stale) {
            (true, ..) => "stale on error",
            (false, true, _) => "recovered",
            (false, false, 0) => "fresh",
            (false, false, _) => "stale while refreshing",
        };
        println!(
            "{:>5.1}  {:<14}{fresh:>6}{stale:>6}{:>7}{:>7}{:>8}{:>11}   {seen}",
            began.as_secs_f64(),
            phase_at(began).is,
            now.misses - before.misses,
            calls.failed - self.ended.1,
            short(calls.worst_since(self.ended.0)),
            if errors == 0 { refreshes.to_string() } else { format!("{errors} failed") },
        );
        self.rows += 1;
        self.before = now;
        self.ended = (calls.len(), calls.failed);
    }
}
