//! Turns at a key that many callers of this process change at once.
//!
//! A change is a look and a swap that fails where another came between. Callers of one process go
//! one after another instead, so that only other processes can come between. This saves work and
//! decides nothing: whoever has waited long enough goes ahead without a turn, and the swap sees to
//! the rest. So a task that holds a turn and is never polled again holds up nobody for long, not
//! even a thread that is to poll it.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use futures_util::lock::{Mutex, MutexGuard};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, ErrorKind};
use crate::sync::sleep;

/// How long anybody waits.
const PATIENCE: Duration = Duration::from_millis(500);

/// Keys of the same hash share a turn, which costs time and nothing else.
const TURNS: usize = 64;

static QUEUES: [Mutex<()>; TURNS] = [const { Mutex::new(()) }; TURNS];

/// The turn of whoever has this, until it is dropped.
pub(super) type Turn = MutexGuard<'static, ()>;

/// Waits for a turn at a key of a store; none where it takes too long.
pub(super) async fn take(name: &str) -> Option<Turn> {
    let idx = usize::try_from(xxh3_64(name.as_bytes()) % TURNS as u64).unwrap_or_default();
    let queue = &QUEUES[idx];
    if let Some(turn) = queue.try_lock() {
        return Some(turn);
    }
    match select(queue.lock(), pin!(sleep(PATIENCE))).await {
        Either::Left((turn, _)) => Some(turn),
        Either::Right(((), _)) => None,
    }
}

/// How long a caller goes on to lose against other processes.
const LONGEST_CONTEST: Duration = Duration::from_secs(30);

/// A change that is tried until no other comes between its look and its swap. Each that is lost is
/// one that another caller has won.
pub(super) struct Contest(Instant);

impl Contest {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// Leave to try again.
    pub(super) fn lost(&self) -> Result<(), Error> {
        if self.0.elapsed() < LONGEST_CONTEST {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Timeout, "others have changed the key all the time for 30 s"))
    }
}
