//! What happens next, and the tasks that wait for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cached_runtime::{BackgroundJob, set_spawner, testing};

use super::figures::Figures;
use super::service::SERVICE;
use super::{Call, Scenario, Strategy, exponential};
use crate::keys::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// Somebody calls for a key of this group.
    Arrival(usize),
    /// A load of this key has ended, or a caller has waited long enough.
    Due(u32),
}

/// The events to come, and the tasks under way.
pub(super) struct Events<'s> {
    scenario: &'s Scenario,
    strategy: &'s Strategy,
    queue: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    /// Events at the same time happen in the order in which they were pushed.
    pushed: u64,
    /// By key, the eldest first.
    tasks: HashMap<u32, Vec<Task>>,
    /// What is to run in the background.
    spawned: Receiver<BackgroundJob>,
    figures: Vec<Figures>,
}

enum Task {
    Caller { group: usize, began: Duration, call: Call },
    Background(Pin<Box<dyn Future<Output = ()>>>),
}

impl<'s> Events<'s> {
    /// Takes over the background of this isolated test.
    pub(super) fn new(scenario: &'s Scenario, strategy: &'s Strategy) -> Self {
        let (jobs, spawned) = mpsc::channel();
        set_spawner(move |job| drop(jobs.send(job))).expect("an isolated test has no spawner yet");
        Self {
            scenario,
            strategy,
            queue: BinaryHeap::new(),
            pushed: 0,
            tasks: HashMap::new(),
            spawned,
            figures: scenario.groups.iter().map(|_| Figures::default()).collect(),
        }
    }

    pub(super) fn next(&mut self) -> Option<(Duration, Event)> {
        self.queue.pop().map(|Reverse((at, _, event))| (at, event))
    }

    /// Decides when the next call for a group comes.
    pub(super) fn push_arrival(&mut self, group: usize, now: Duration, random: &mut Random) {
        let of_group = &self.scenario.groups[group];
        let at = now + exponential(of_group.between / of_group.keys, random);
        self.push(at, Event::Arrival(group));
    }

    /// Calls for any key of a group.
    pub(super) fn call(&mut self, group: usize, now: Duration, random: &mut Random) {
        let first: u32 = self.scenario.groups[..group].iter().map(|group| group.keys).sum();
        let chosen = f64::from(self.scenario.groups[group].keys) * random.unit();
        let key = first + chosen as u32;
        let task = Task::Caller { group, began: now, call: (self.strategy.call)(key) };
        if let Some(waiting) = self.poll_task(task, now) {
            self.tasks.entry(key).or_default().push(waiting);
            if let Some(soft_timeout) = self.strategy.soft_timeout {
                self.push(now + soft_timeout, Event::Due(key));
            }
        }
        self.begin_loads(key, now);
    }

    /// Polls the tasks of a key until none of them ends.
    pub(super) fn poll(&mut self, key: u32, now: Duration) {
        let mut tasks = self.tasks.remove(&key).unwrap_or_default();
        loop {
            let before = tasks.len();
            tasks = tasks.into_iter().filter_map(|task| self.poll_task(task, now)).collect();
            if tasks.len() == before {
                break;
            }
        }
        if !tasks.is_empty() {
            self.tasks.insert(key, tasks);
        }
        self.begin_loads(key, now);
    }

    pub(super) fn into_figures(self) -> Vec<Figures> {
        self.figures
    }

    /// Begins what a task of this key has had begun.
    fn begin_loads(&mut self, key: u32, now: Duration) {
        while let Ok(job) = self.spawned.try_recv() {
            let job = Task::Background(Box::pin(job.run()));
            if let Some(running) = self.poll_task(job, now) {
                self.tasks.entry(key).or_default().push(running);
            }
        }
        let due = SERVICE.with_borrow_mut(|service| std::mem::take(&mut service.due));
        for (key, at) in due {
            self.push(at, Event::Due(key));
        }
    }

    /// Polls a task, and returns it if it has to wait.
    fn poll_task(&mut self, mut task: Task, now: Duration) -> Option<Task> {
        let mut context = Context::from_waker(Waker::noop());
        match &mut task {
            Task::Background(load) => load.as_mut().poll(&mut context).is_pending().then_some(task),
            Task::Caller { group, began, call } => {
                let Poll::Ready(result) = call.as_mut().poll(&mut context) else {
                    return Some(task);
                };
                let is_stale = testing::last_outcome().is_some_and(|outcome| outcome.is_stale());
                let (figures, outage) = (&mut self.figures[*group], &self.scenario.outage);
                if self.scenario.counted.contains(began) {
                    figures.add(result.is_err(), is_stale, now.saturating_sub(*began));
                }
                if *began >= outage.end && !result.is_ok_and(|loaded| loaded >= outage.end) {
                    figures.has_not_recovered(began.saturating_sub(outage.end));
                }
                None
            }
        }
    }

    fn push(&mut self, at: Duration, event: Event) {
        self.pushed += 1;
        self.queue.push(Reverse((at, self.pushed, event)));
    }
}
