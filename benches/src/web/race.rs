//! Servers in turn, round by round, each under the same load; and one table of what they came to.
//!
//! All are up all the time, and one works at a time. A cache that runs a handler while it is measured
//! has failed.

use std::net::SocketAddr;
use std::time::Duration;

use super::load::{self, Outcome, Visitor};
use super::pages::{self, Size};

/// Rounds of each server; the median counts. Who begins changes from round to round.
const ROUNDS: usize = 31;
const ROUND: Duration = Duration::from_millis(100);

/// Runs before the first round in which a cache may fill itself.
const WARM_UPS: usize = 10;

/// A server that is up.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Who.
    pub name: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// Whether it has a cache, and so runs no handler once that is full.
    pub is_cached: bool,
}

/// What a server came to: medians over the rounds.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Who.
    pub name: &'static str,
    /// Responses a second.
    pub rate: f64,
    /// The rate divided by that of the first server in the same round.
    pub ratio: f64,
    /// Microseconds in which half of the responses came.
    pub p50: f64,
    /// Microseconds in which 99 of 100 came.
    pub p99: f64,
    /// Microseconds of processor time a response, the server's.
    pub server: f64,
    /// The same, the client's.
    pub client: f64,
    /// The status of responses.
    pub status: u16,
}

/// Runs the servers in turn and prints one table.
///
/// # Panics
/// Where a server fails, or where one with a cache runs a handler.
#[must_use]
pub fn run(title: &str, servers: &[Server], size: Size, visitor: Visitor) -> Vec<Line> {
    for server in servers {
        warm_up(server, size);
    }
    let mut outcomes = vec![Vec::with_capacity(ROUNDS); servers.len()];
    for round in 0..ROUNDS {
        for turn in 0..servers.len() {
            let at = (round + turn) % servers.len();
            let server = &servers[at];
            let written = pages::written();
            outcomes[at].push(load::run(server.address, size, visitor, ROUND));
            // Some step aside for requests with conditions, as the column for the server's time shows.
            let is_missed = server.is_cached && pages::written() != written;
            assert!(
                !is_missed || visitor == Visitor::Returning,
                "{}: a handler ran behind a cache",
                server.name,
            );
        }
    }
    println!("\n{title}");
    println!(
        "{:<44} {:>6} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7}",
        "", "status", "req/s", "x first", "p50 us", "p99 us", "server", "client"
    );
    let first = outcomes[0].clone();
    let lines = servers.iter().zip(&outcomes).map(|(server, outcomes)| {
        let line = line(server.name, outcomes, &first);
        let Line { name, rate, ratio, p50, p99, server, client, status } = line;
        println!(
            "{name:<44} {status:>6} {rate:>8.0} {ratio:>8.2} {p50:>7.0} {p99:>7.0} {server:>7.1} {client:>7.1}"
        );
        line
    });
    lines.collect()
}

/// Asks for every page, until a cache has them.
fn warm_up(server: &Server, size: Size) {
    for _ in 0..WARM_UPS {
        let written = pages::written();
        let _ = load::run(server.address, size, Visitor::New, ROUND / 10);
        if !server.is_cached || pages::written() == written {
            return;
        }
    }
    panic!("{}: the cache keeps nothing", server.name);
}

fn line(name: &'static str, outcomes: &[Outcome], first: &[Outcome]) -> Line {
    let median = |figure: &dyn Fn(&Outcome) -> f64| median(outcomes.iter().map(figure));
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    Line {
        name,
        rate: median(&|outcome| outcome.rate),
        ratio: self::median(
            outcomes.iter().zip(first).map(|(outcome, first)| outcome.rate / first.rate),
        ),
        p50: median(&|outcome| micros(outcome.p50)),
        p99: median(&|outcome| micros(outcome.p99)),
        server: median(&|outcome| micros(outcome.server)),
        client: median(&|outcome| micros(outcome.client)),
        status: outcomes.last().map_or(0, |outcome| outcome.status),
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
