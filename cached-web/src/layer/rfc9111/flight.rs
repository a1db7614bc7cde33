//! Fetches in progress: who leads one, who waits for it, and which an invalidation overtook.
//!
//! Every fetch whose response may be stored is here, also one that nobody may join, so that an
//! invalidation finds it. A flight hands no response over: those who waited look for it again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use futures_timer::Delay;

/// How long a request waits for the end of a response that flows.
const FLOWING: Duration = Duration::from_secs(1);

/// How long a fetch may be joined. One that takes longer may never end.
const JOINABLE: Duration = Duration::from_secs(60);

/// The fetches of one shard of keys.
#[derive(Default)]
pub(super) struct Flights(HashMap<Box<str>, Vec<Arc<Flight>>>);

/// Whom a request shares its fetch with: requests of the same key, and of the same values of the
/// fields that responses vary on.
#[derive(Debug)]
pub(super) enum Company {
    Nobody,
    /// It follows another one. Its own response is not likely to be for others.
    Leaders(String),
    Anybody(String),
}

/// One fetch.
pub(super) struct Flight {
    /// The values of those who may join it. None: nobody.
    values: Option<String>,
    begun: Instant,
    board: Mutex<Board>,
}

#[derive(Default)]
struct Board {
    /// Overtaken by an invalidation: whatever it brings is not stored.
    is_doomed: bool,
    /// Its response flows already, and may do so for ever.
    is_flowing: bool,
    outcome: Option<Outcome>,
    /// Who waits, each at a place of its own. None: it waits no more.
    waiting: Vec<Option<Waker>>,
}

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Its response was stored.
    Stored,
    /// It brought a response that others may not have, or none.
    Refused,
    /// Nobody knows: it was dropped on the way.
    Abandoned,
}

/// What a request does about a fetch.
pub(super) enum Joined {
    Leads(Arc<Flight>),
    Follows(Arc<Flight>),
}

impl Flights {
    /// Joins a fetch, or begins one.
    pub(super) fn join(&mut self, key: &str, company: Company) -> Joined {
        let flights = self.0.get(key).map_or(&[][..], Vec::as_slice);
        let open = |values: &String| {
            let joinable = |flight: &&Arc<Flight>| flight.values.as_ref() == Some(values);
            flights.iter().filter(joinable).find(|flight| flight.is_open()).map(Arc::clone)
        };
        let values = match company {
            Company::Nobody => None,
            Company::Leaders(values) => match open(&values) {
                Some(flight) => return Joined::Follows(flight),
                None => None,
            },
            Company::Anybody(values) => match open(&values) {
                Some(flight) => return Joined::Follows(flight),
                None => Some(values),
            },
        };
        Joined::Leads(self.begin(key, values))
    }

    /// Begins a fetch that others with these values may join. None: nobody.
    pub(super) fn begin(&mut self, key: &str, values: Option<String>) -> Arc<Flight> {
        let flight = Arc::new(Flight { values, begun: Instant::now(), board: Mutex::default() });
        match self.0.get_mut(key) {
            Some(flights) => flights.push(Arc::clone(&flight)),
            None => drop(self.0.insert(key.into(), vec![Arc::clone(&flight)])),
        }
        flight
    }

    /// Dooms the fetches of a key.
    pub(super) fn doom(&mut self, key: &str) {
        for flight in self.0.get(key).into_iter().flatten() {
            flight.board().is_doomed = true;
        }
    }

    /// A fetch is over.
    pub(super) fn remove(&mut self, key: &str, flight: &Arc<Flight>) {
        if let Some(flights) = self.0.get_mut(key) {
            flights.retain(|present| !Arc::ptr_eq(present, flight));
            if flights.is_empty() {
                self.0.remove(key);
            }
        }
    }
}

impl Flight {
    pub(super) fn is_doomed(&self) -> bool {
        self.board().is_doomed
    }

    /// Tells those who wait. To be called outside of every lock: wakers are anybody's.
    pub(super) fn land(&self, outcome: Outcome) {
        let waiting = {
            let mut board = self.board();
            board.outcome = Some(outcome);
            std::mem::take(&mut board.waiting)
        };
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    /// Tells those who wait that the response flows.
    pub(super) fn flow(&self) {
        let waiting = {
            let mut board = self.board();
            board.is_flowing = true;
            board.waiting.clone()
        };
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    /// Waits for the end. None after `limit`, or soon where the response flows and does not end.
    pub(super) async fn landed(&self, limit: Duration) -> Option<Outcome> {
        let mut limit = Delay::new(limit);
        let mut is_flowing = false;
        let mut place = Place { flight: self, at: None };
        std::future::poll_fn(move |ctx| {
            let (outcome, flows) = {
                let mut board = self.board();
                if board.outcome.is_none() {
                    place.wait(&mut board, ctx.waker());
                }
                (board.outcome, board.is_flowing)
            };
            if outcome.is_some() {
                return Poll::Ready(outcome);
            }
            if flows && !is_flowing {
                is_flowing = true;
                limit.reset(FLOWING);
            }
            std::pin::Pin::new(&mut limit).poll(ctx).map(|()| None)
        })
        .await
    }

    fn is_open(&self) -> bool {
        let board = self.board();
        !board.is_doomed && board.outcome.is_none() && self.begun.elapsed() < JOINABLE
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one who waits, which is given up with it.
struct Place<'f> {
    flight: &'f Flight,
    at: Option<usize>,
}

impl Place<'_> {
    fn wait(&mut self, board: &mut Board, waker: &Waker) {
        let at = *self.at.get_or_insert_with(|| {
            board.waiting.push(None);
            board.waiting.len() - 1
        });
        match &mut board.waiting[at] {
            Some(present) => present.clone_from(waker),
            place => *place = Some(waker.clone()),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut board = self.flight.board();
        let place = self.at.and_then(|at| board.waiting.get_mut(at));
        let waker = place.and_then(Option::take);
        drop(board);
        drop(waker);
    }
}
