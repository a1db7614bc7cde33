//! Callers, and a service that takes its time, around the real crate.
//!
//! Real: the attribute, entries, flights, refreshes, throttles, chance (seeded). Every call is a call
//! of a cached function, and every load runs its body, those in the background too.
//!
//! Simulated: time, which is a `ManualClock` that jumps to whatever happens next; callers, who come at
//! random (Poisson); the service, whose answers take a random time; and the executor. Tasks, and
//! background loads through `set_spawner`, are polled by hand on one thread when something is due for
//! their key. So a run repeats itself, and minutes take a moment.

mod events;
mod figures;
mod service;

use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use cached_runtime::testing;

use events::{Event, Events};
pub use figures::Figures;
use service::SERVICE;
pub use service::{Down, load};

use crate::keys::Random;

/// Keys that are asked for equally often.
#[derive(Clone, Debug)]
pub struct Group {
    /// How many.
    pub keys: u32,
    /// The mean time between two calls for one of them.
    pub between: Duration,
}

/// What happens, whatever the function's arguments are.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Who is asked for. Their keys are numbered through.
    pub groups: Vec<Group>,
    /// How long it lasts.
    pub lasts: Duration,
    /// When calls and loads begin that count.
    pub counted: Range<Duration>,
    /// When loads begin that fail.
    pub outage: Range<Duration>,
}

/// A call of a cached function.
pub type Call = Pin<Box<dyn Future<Output = Result<Duration, Down>>>>;

/// A cached function under some arguments.
pub struct Strategy {
    /// The arguments, as they are written.
    pub written: &'static str,
    /// Calls it.
    pub call: fn(u32) -> Call,
    /// Its `soft_timeout`: a call that waits has to be looked at then.
    pub soft_timeout: Option<Duration>,
}

/// Runs a scenario, and returns what became of the calls of each group.
#[must_use]
pub fn run(scenario: &Scenario, strategy: &Strategy) -> Vec<Figures> {
    testing::isolated(|| {
        testing::isolation().seed(1);
        let clock = testing::clock();
        service::open(scenario, clock.clone());
        let mut random = Random::new();
        let mut events = Events::new(scenario, strategy);
        for group in 0..scenario.groups.len() {
            events.push_arrival(group, Duration::ZERO, &mut random);
        }
        while let Some((at, event)) = events.next() {
            clock.advance(at.saturating_sub(clock.elapsed()));
            match event {
                Event::Arrival(group) => {
                    if at < scenario.lasts {
                        events.push_arrival(group, at, &mut random);
                        events.call(group, at, &mut random);
                    }
                }
                Event::Due(key) => events.poll(key, at),
            }
        }
        let loads = SERVICE.with_borrow_mut(|service| std::mem::take(&mut service.loads));
        events.into_figures().into_iter().zip(loads).map(|(one, loads)| one.with(loads)).collect()
    })
}

/// A random time whose mean is this.
fn exponential(mean: Duration, random: &mut Random) -> Duration {
    mean.mul_f64(-(1.0 - random.unit()).ln())
}
