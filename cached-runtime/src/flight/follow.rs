//! Following: waiting for a flight that another caller leads, as a thread or as a task.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Board, Followed, Lead, Phase, Place, Tower};
use crate::tag::Labels;
use crate::timer::Timer;

/// A place among those who wait for a flight.
pub(crate) struct Follow<K: Eq + Clone, P> {
    place: Place<K, P>,
    /// The tags of this caller's own load.
    labels: Labels,
    /// This task's waker on the board.
    task: Option<u64>,
    /// What wakes this task when it has waited long enough.
    timer: Option<Timer>,
    is_done: bool,
}

impl<K: Eq + Clone, P> Follow<K, P> {
    pub(super) fn new(place: Place<K, P>, labels: &Labels) -> Self {
        Self { place, labels: labels.clone(), task: None, timer: None, is_done: false }
    }

    /// Blocks this thread until the flight lands, its lead falls to this caller, or `timeout` passes.
    pub(crate) fn wait(mut self, tower: &impl Tower, timeout: Duration) -> Followed<K, P> {
        let start = tower.now();
        let flight = Arc::clone(&self.place.flight);
        let mut board = flight.board();
        loop {
            let waited = tower.now().since(start);
            if let Some(followed) = self.look(&mut board, tower) {
                return followed;
            }
            if waited >= timeout {
                return Followed::TimedOut;
            }
            board.threads += 1;
            let nap = tower.clock().nap(timeout.saturating_sub(waited));
            board = match flight.changed.wait_timeout(board, nap) {
                Ok((board, _)) => board,
                Err(poisoned) => poisoned.into_inner().0,
            };
            board.threads -= 1;
        }
    }

    /// The same for a task, which is woken to poll again.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        tower: &impl Tower,
        timeout: Duration,
    ) -> Poll<Followed<K, P>> {
        let flight = Arc::clone(&self.place.flight);
        let mut board = flight.board();
        if let Some(followed) = self.look(&mut board, tower) {
            return Poll::Ready(followed);
        }
        self.leave_waker(&mut board, context.waker());
        drop(board);
        let timer = self.timer.get_or_insert_with(|| Timer::new(tower.clock()));
        timer.poll(context, tower.clock(), timeout).map(|()| Followed::TimedOut)
    }

    /// Ends the wait where the board says so.
    fn look(&mut self, board: &mut Board<P>, tower: &impl Tower) -> Option<Followed<K, P>> {
        let followed = match &board.phase {
            Phase::Loading => return None,
            Phase::Landed(landed) => Followed::Landed(landed.clone()),
            Phase::Vacant => {
                board.take_lead(tower, &self.labels);
                Followed::Lead(Lead::new(self.place.clone()))
            }
        };
        self.leave(board);
        Some(followed)
    }

    fn leave_waker(&mut self, board: &mut Board<P>, waker: &Waker) {
        let task = *self.task.get_or_insert_with(|| {
            board.next_task += 1;
            board.next_task
        });
        // The waker may be another one at each poll.
        board.tasks.insert(task, waker.clone());
    }

    fn leave(&mut self, board: &mut Board<P>) {
        self.is_done = true;
        board.followers -= 1;
        if let Some(task) = self.task {
            board.tasks.remove(&task);
        }
    }
}

impl<K: Eq + Clone, P> Drop for Follow<K, P> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let Place { flights, flight } = self.place.clone();
        let mut shard = flights.shard(&flight.key);
        let mut board = flight.board();
        self.leave(&mut board);
        // This caller may be the one that was woken to lead.
        if matches!(board.phase, Phase::Vacant) {
            flight.pass_on(&mut shard, board);
        }
    }
}
