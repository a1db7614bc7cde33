//! Runs contestants in turn, round by round, and prints one table.
//!
//! The order of turns changes from round to round: what somebody leaves in the caches of the processor
//! is of use to those who come next.

use std::hint::black_box;
use std::time::Instant;

use crate::keys::Random;

/// Rounds per contestant where nothing else is asked for; the median counts.
const ROUNDS: usize = 41;

/// Contestants that do the same.
pub struct Contest {
    title: &'static str,
    operations: usize,
    rounds: usize,
    entries: Vec<Entry>,
}

struct Entry {
    name: &'static str,
    /// Does all operations once.
    run: Box<dyn FnMut()>,
}

/// What a contestant came to.
#[derive(Debug)]
pub struct Line {
    /// Who.
    pub name: &'static str,
    /// Median nanoseconds an operation.
    pub nanos: f64,
    /// Median, over the rounds, of its time divided by that of the first contestant in the same
    /// round: what else the machine did then weighs on both.
    pub ratio: f64,
    /// Allocations an operation.
    pub allocations: f64,
}

impl Contest {
    /// A contest in which each run does `operations`.
    #[must_use]
    pub fn new(title: &'static str, operations: usize) -> Self {
        Self { title, operations, rounds: ROUNDS, entries: Vec::new() }
    }

    /// Takes the median of so many rounds, where the usual number is too few or takes too long.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// Adds a contestant. The first one is what the others are compared with.
    #[must_use]
    pub fn with(mut self, name: &'static str, run: impl FnMut() + 'static) -> Self {
        self.entries.push(Entry { name, run: Box::new(run) });
        self
    }

    /// Runs and prints. The lines come in the order in which contestants were added.
    #[must_use]
    pub fn run(mut self) -> Vec<Line> {
        let operations = self.operations as f64;
        for entry in &mut self.entries {
            (entry.run)();
        }
        let mut times = vec![Vec::with_capacity(self.rounds); self.entries.len()];
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        let mut random = Random::new();
        for _ in 0..self.rounds {
            random.shuffle(&mut order);
            for at in &order {
                let start = Instant::now();
                (self.entries[*at].run)();
                times[*at].push(start.elapsed().as_nanos() as f64 / operations);
            }
        }
        let first = times[0].clone();
        let lines = self.entries.iter_mut().zip(times).map(|(entry, times)| {
            let ratios = times.iter().zip(&first).map(|(time, first)| time / first).collect();
            let allocations =
                allocation_counter::measure(&mut entry.run).count_total as f64 / operations;
            Line { name: entry.name, nanos: median(times), ratio: median(ratios), allocations }
        });
        let lines: Vec<Line> = lines.collect();
        println!("\n{}", self.title);
        println!("{:<58} {:>8} {:>8} {:>8}", "", "ns", "x first", "allocs");
        for Line { name, nanos, ratio, allocations } in &lines {
            println!("{name:<58} {nanos:>8.1} {ratio:>8.2} {allocations:>8.2}");
        }
        lines
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Does `work` for every key of an order, keeping what it gives.
pub fn each<T>(order: &[usize], mut work: impl FnMut(usize) -> T) {
    for key in order {
        black_box(work(black_box(*key)));
    }
}

/// The same for futures, one after the other.
pub async fn each_async<T>(order: &[usize], mut work: impl AsyncFnMut(usize) -> T) {
    for key in order {
        black_box(work(black_box(*key)).await);
    }
}
