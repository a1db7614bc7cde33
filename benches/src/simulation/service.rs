//! The service: how long a load takes, whether it fails, and how many run at once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::ops::Range;
use std::task::Poll;
use std::time::Duration;

use cached_runtime::ManualClock;

use super::{Scenario, exponential};
use crate::keys::Random;

/// The service does not answer.
#[derive(Clone, Debug)]
pub struct Down;

/// What a load takes at least, and on the mean beyond that.
const TAKES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(500));

thread_local! {
    pub(super) static SERVICE: RefCell<Service> = RefCell::new(Service::default());
}

#[derive(Default)]
pub(super) struct Service {
    clock: ManualClock,
    random: Option<Random>,
    counted: Range<Duration>,
    outage: Range<Duration>,
    /// Where the keys of each group end.
    ends: Vec<u32>,
    /// What became of each group's loads.
    pub(super) loads: Vec<Loads>,
    /// Loads that have begun since this was last emptied, and when they end.
    pub(super) due: Vec<(u32, Duration)>,
}

/// Loads of one group.
#[derive(Clone, Debug, Default)]
pub(super) struct Loads {
    /// How many have begun.
    pub(super) begun: usize,
    /// How many ran at once, at most.
    pub(super) peak: usize,
    running: usize,
    /// Of each key, when its first and its last load began, and how many followed the first.
    by_key: HashMap<u32, (Duration, Duration, u32)>,
}

impl Loads {
    /// The mean time between two loads of one key.
    pub(super) fn between(&self) -> Duration {
        let spans = self.by_key.values().map(|(first, last, _)| last.saturating_sub(*first));
        let followed: u32 = self.by_key.values().map(|(.., followed)| followed).sum();
        spans.sum::<Duration>() / followed.max(1)
    }
}

/// Makes the service anew.
pub(super) fn open(scenario: &Scenario, clock: ManualClock) {
    let ends = scenario.groups.iter().scan(0, |end, group| {
        *end += group.keys;
        Some(*end)
    });
    let service = Service {
        clock,
        random: Some(Random::new()),
        counted: scenario.counted.clone(),
        outage: scenario.outage.clone(),
        ends: ends.collect(),
        loads: vec![Loads::default(); scenario.groups.len()],
        due: Vec::new(),
    };
    SERVICE.set(service);
}

/// Asks the service: the body of every cached function here. Returns when it was asked.
pub async fn load(key: u32) -> Result<Duration, Down> {
    let began = SERVICE.with_borrow(|service| service.clock.elapsed());
    let (end, is_down) = SERVICE.with_borrow_mut(|service| service.begin(key));
    let has_ended = || SERVICE.with_borrow(|service| service.clock.elapsed() >= end);
    poll_fn(|_| if has_ended() { Poll::Ready(()) } else { Poll::Pending }).await;
    SERVICE.with_borrow_mut(|service| service.loads_of(key).running -= 1);
    if is_down { Err(Down) } else { Ok(began) }
}

impl Service {
    fn begin(&mut self, key: u32) -> (Duration, bool) {
        let now = self.clock.elapsed();
        let random = self.random.get_or_insert_with(Random::new);
        let end = now + TAKES.0 + exponential(TAKES.1, random);
        self.due.push((key, end));
        let is_counted = self.counted.contains(&now);
        let loads = self.loads_of(key);
        loads.running += 1;
        if is_counted {
            loads.begun += 1;
            loads.peak = loads.peak.max(loads.running);
            let of_key = loads.by_key.entry(key);
            of_key
                .and_modify(|(_, last, followed)| (*last, *followed) = (now, *followed + 1))
                .or_insert((now, now, 0));
        }
        (end, self.outage.contains(&now))
    }

    fn loads_of(&mut self, key: u32) -> &mut Loads {
        let group = self.ends.partition_point(|end| *end <= key);
        &mut self.loads[group]
    }
}
