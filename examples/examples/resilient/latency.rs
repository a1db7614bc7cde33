//! What callers saw: how long each call took, and whether it failed. Prints it, as a timeline's cells
//! or as a plot.

use std::time::Duration;

/// The calls of one function.
#[derive(Default)]
pub struct Calls {
    took: Vec<Duration>,
    pub failed: usize,
}

impl Calls {
    pub fn add(&mut self, took: Duration, is_failure: bool) {
        self.took.push(took);
        self.failed += usize::from(is_failure);
    }

    pub fn len(&self) -> usize {
        self.took.len()
    }

    /// The longest that those took which ended after the first so many.
    pub fn worst_since(&self, ended: usize) -> Duration {
        self.took.iter().skip(ended).max().copied().unwrap_or_default()
    }

    /// How long so many of a hundred calls took at most.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

/// Three digits and a unit.
pub fn short(duration: Duration) -> String {
    let secs = duration.as_secs_f64();
    match secs {
        ..1e-3 => format!("{:.0} µs", secs * 1e6),
        ..1e-2 => format!("{:.1} ms", secs * 1e3),
        ..1.0 => format!("{:.0} ms", secs * 1e3),
        _ => format!("{secs:.1} s"),
    }
}

/// Prints percentiles as bars, on a logarithmic scale from 1 µs to 10 s.
pub fn plot(lines: &[(&str, &Calls)]) {
    println!("{:>22}1 µs    10 µs   100 µs  1 ms    10 ms   100 ms  1 s     10 s", "");
    for (title, percent) in [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
        for (idx, (name, calls)) in lines.iter().enumerate() {
            let took = calls.percentile(percent);
            let title = if idx == 0 { title } else { "" };
            println!("{title:>5}  {name:<15}{} {}", bar(took), short(took));
        }
    }
}

/// Eight columns for each power of ten.
fn bar(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    let is_within = |column: &i32| 10_f64.powf(f64::from(*column) / 8.0) < micros;
    "#".repeat((0..56).filter(is_within).count())
}
