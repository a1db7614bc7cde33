//! Following: waiting for a flight that another caller leads, as a thread or as a task.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Board, Flight, Flights, Followed, Lead, Phase, Tower};
use crate::key::Hashed;
use crate::sync::sleep;

/// A place among those who wait for a flight.
pub(crate) struct Follow<'f, K: Eq + Clone, P> {
    flights: &'f Flights<K, P>,
    key: &'f Hashed<K>,
    flight: Arc<Flight<P>>,
    /// This task's waker on the board.
    task: Option<u64>,
    is_done: bool,
}

impl<'f, K: Eq + Clone, P> Follow<'f, K, P> {
    pub(super) fn new(
        flights: &'f Flights<K, P>,
        key: &'f Hashed<K>,
        flight: Arc<Flight<P>>,
    ) -> Self {
        Self { flights, key, flight, task: None, is_done: false }
    }

    /// Blocks this thread until the flight lands, its lead falls to this caller, or `timeout` passes.
    pub(crate) fn wait(mut self, tower: &impl Tower, timeout: Duration) -> Followed<'f, K, P> {
        let start = tower.now();
        let flight = Arc::clone(&self.flight);
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

    /// The same for a task.
    pub(crate) async fn join(
        mut self,
        tower: &impl Tower,
        timeout: Duration,
    ) -> Followed<'f, K, P> {
        let start = tower.now();
        loop {
            let remaining = timeout.saturating_sub(tower.now().since(start));
            let mut delay = pin!(sleep(tower.clock().nap(remaining)));
            let next = poll_fn(|context| match self.poll(context, tower) {
                Some(followed) => Poll::Ready(Some(followed)),
                None => delay.as_mut().poll(context).map(|()| None),
            });
            if let Some(followed) = next.await {
                return followed;
            }
            if tower.now().since(start) >= timeout {
                return Followed::TimedOut;
            }
        }
    }

    fn poll(&mut self, context: &Context<'_>, tower: &impl Tower) -> Option<Followed<'f, K, P>> {
        let flight = Arc::clone(&self.flight);
        let mut board = flight.board();
        let followed = self.look(&mut board, tower);
        if followed.is_none() {
            self.leave_waker(&mut board, context.waker());
        }
        followed
    }

    /// Ends the wait where the board says so.
    fn look(&mut self, board: &mut Board<P>, tower: &impl Tower) -> Option<Followed<'f, K, P>> {
        let followed = match &board.phase {
            Phase::Loading => return None,
            Phase::Landed(landed) => Followed::Landed(landed.clone()),
            Phase::Vacant => {
                board.take_lead(tower);
                Followed::Lead(Lead::new(self.flights, self.key, Arc::clone(&self.flight)))
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

impl<K: Eq + Clone, P> Drop for Follow<'_, K, P> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let flight = Arc::clone(&self.flight);
        let mut shard = self.flights.shard(self.key);
        let mut board = flight.board();
        self.leave(&mut board);
        if !matches!(board.phase, Phase::Vacant) {
            return;
        }
        // This caller may be the one that was woken to lead.
        if board.followers == 0 {
            Flights::forget(&mut shard, self.key, &flight);
        } else {
            drop(shard);
            flight.elect(board);
        }
    }
}
