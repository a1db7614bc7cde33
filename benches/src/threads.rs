//! Hits a second of one and of two threads.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Rounds per contestant; the median counts.
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(60);

/// A contestant.
pub type Runner<'a> = (&'static str, Answers<'a>);

/// Answers a whole order of keys.
pub type Answers<'a> = Box<dyn Fn(&[usize]) + Sync + 'a>;

/// Million hits a second of a contestant, on one thread and on two.
#[derive(Debug)]
pub struct Line {
    /// Who.
    pub name: &'static str,
    /// One thread.
    pub one: f64,
    /// Two threads together.
    pub two: f64,
}

/// Runs the contestants in turn, round by round, and prints one table.
#[must_use]
pub fn compete(title: &str, order: &[usize], runners: &[Runner<'_>]) -> Vec<Line> {
    let mut rates = vec![[Vec::new(), Vec::new()]; runners.len()];
    for _ in 0..ROUNDS {
        for ((_, run), rates) in runners.iter().zip(&mut rates) {
            rates[0].push(rate(1, order, run));
            rates[1].push(rate(2, order, run));
        }
    }
    println!("\n{title}");
    println!("{:<58} {:>8} {:>8}", "M hits/s", "1 thread", "2");
    let lines = runners.iter().zip(rates).map(|((name, _), rates)| {
        let [one, two] = rates.map(|mut rates| {
            rates.sort_by(f64::total_cmp);
            rates[ROUNDS / 2]
        });
        println!("{name:<58} {one:>8.1} {two:>8.1}");
        Line { name, one, two }
    });
    lines.collect()
}

fn rate(threads: usize, order: &[usize], run: &(dyn Fn(&[usize]) + Sync)) -> f64 {
    let barrier = Barrier::new(threads);
    let hits: f64 = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    let start = Instant::now();
                    let mut rounds = 0;
                    while start.elapsed() < ROUND {
                        run(order);
                        rounds += 1;
                    }
                    f64::from(rounds) * order.len() as f64 / start.elapsed().as_secs_f64()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_default()).sum()
    });
    hits / 1e6
}
