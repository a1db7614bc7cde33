//! `cargo bench -p cached-benches --no-default-features --features simulation --bench freshness`: what
//! the options of freshness come to, as the tables of `cached-runtime/docs/freshness.md`.
//!
//! The functions are real, and so is everything that answers their calls. Time, callers, the service
//! and the executor are simulated: see `cached_benches::simulation`.

use std::time::Duration;

use cached_benches::simulation::{Down, Figures, Group, Scenario, Strategy, load, run};
use cached_runtime::cached;

/// A function that is fresh for a minute, with further arguments.
macro_rules! strategy {
    ($($argument:tt)*) => {{
        #[cached(timeout = 60, capacity = 100_000, $($argument)*)]
        async fn function(key: u32) -> Result<Duration, Down> {
            load(key).await
        }
        Strategy {
            written: stringify!($($argument)*),
            call: |key| Box::pin(function(key)),
            soft_timeout: None,
        }
    }};
}

fn main() {
    let popular = Group { keys: 500, between: Duration::from_millis(500) };
    // Counted once every key has been loaded: what was loaded together expires together.
    calm("500 keys, each asked for twice a second", popular.clone(), seconds(30));
    let rare = Group { keys: 2_000, between: seconds(40) };
    calm("2,000 keys, each asked for every 40 seconds", rare, seconds(300));
    outage("The 500 keys again, while the service fails for two minutes", popular);
}

/// The service works.
fn calm(title: &str, group: Group, begin: Duration) {
    let counted = begin..begin + seconds(1_200);
    let outage = Duration::ZERO..Duration::ZERO;
    let scenario = Scenario { groups: vec![group], lasts: counted.end, counted, outage };
    let strategies = [
        strategy!(),
        strategy!(jitter = 0.1),
        strategy!(refresh_ahead = 0.8),
        strategy!(early = 1.0),
        strategy!(early = 2.0),
        strategy!(stale = 60),
        strategy!(stale = 60, jitter = 0.1),
        strategy!(stale = 60, refresh_ahead = 0.8),
    ];
    let columns = ["loads a minute", "at once", "stale", "waited", "p90", "p99", "max"];
    head(title, &columns);
    for strategy in &strategies {
        let figures = &run(&scenario, strategy)[0];
        println!(
            "| {} | {:.2} | {} | {} | {} | {} |",
            name(strategy),
            60.0 / figures.between().as_secs_f64(),
            figures.peak(),
            percent(figures.stale()),
            percent(figures.waited()),
            latency(figures, &[900, 990, 1_000]),
        );
    }
}

/// The service fails for two minutes, which are what is counted.
fn outage(title: &str, group: Group) {
    let outage = seconds(360)..seconds(480);
    let keys = group.keys;
    let scenario =
        Scenario { groups: vec![group], lasts: seconds(900), counted: outage.clone(), outage };
    let soft_timeout = Some(Duration::from_millis(50));
    let soft = strategy!(stale_if_error = "1h", soft_timeout = "50ms");
    let roomy = strategy!(stale_if_error = "1h", soft_timeout = "50ms", max_background = 500);
    let strategies = [
        strategy!(),
        strategy!(stale = 60),
        strategy!(stale_if_error = "1h"),
        strategy!(stale_if_error = "1h", throttle = 2),
        Strategy { soft_timeout, ..soft },
        Strategy { soft_timeout, ..roomy },
        strategy!(stale = 60, stale_if_error = "1h"),
        strategy!(stale = "1h"),
    ];
    let columns =
        ["failed", "stale", "waited", "p99", "max", "attempts a key", "at once", "noticed after"];
    head(title, &columns);
    for strategy in &strategies {
        let figures = &run(&scenario, strategy)[0];
        println!(
            "| {} | {} | {} | {} | {} | {:.1} | {} | {:.0} s |",
            name(strategy),
            percent(figures.failed()),
            percent(figures.stale()),
            percent(figures.waited()),
            latency(figures, &[990, 1_000]),
            figures.loads_a_key(keys),
            figures.peak(),
            figures.recovery().as_secs_f64(),
        );
    }
}

fn head(title: &str, columns: &[&str]) {
    println!("\n{title}\n");
    println!("| beside `timeout = 60` | {} |", columns.join(" | "));
    println!("|---|{}", "--:|".repeat(columns.len()));
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn name(strategy: &Strategy) -> String {
    match strategy.written {
        "" => "nothing".into(),
        written => format!("`{written}`"),
    }
}

fn percent(share: f64) -> String {
    if share > 0.0 { format!("{:.1} %", share * 100.0) } else { "0".into() }
}

fn latency(figures: &Figures, ranks: &[usize]) -> String {
    let show = |rank: &usize| match figures.per_mille(*rank).as_secs_f64() {
        0.0 => "0".into(),
        secs @ ..1.0 => format!("{:.0} ms", secs * 1e3),
        secs => format!("{secs:.1} s"),
    };
    ranks.iter().map(show).collect::<Vec<_>>().join(" | ")
}
