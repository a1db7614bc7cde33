//! The locks and atomics of this crate, in one place so that the model checker can replace them.
//!
//! `tests/model` compiles these very sources with the feature `model`, under which every lock
//! and every counter below is a scheduling point of the checker.

#[cfg(not(feature = "model"))]
mod imp {
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicU64};
    pub(crate) use std::thread_local;

    pub(crate) use crossbeam_utils::sync::ShardedLock;

    pub(crate) use futures_timer::Delay as Sleep;

    /// Ends after `delay`, on any executor: a thread of its own keeps the time.
    pub(crate) fn sleep(delay: std::time::Duration) -> Sleep {
        Sleep::new(delay)
    }
}

#[cfg(feature = "model")]
mod imp {
    pub(crate) use shuttle::sync::{
        Condvar, Mutex, MutexGuard, RwLock as ShardedLock, atomic::AtomicU64,
    };
    pub(crate) use shuttle::thread_local;

    pub(crate) type Sleep = std::future::Pending<()>;

    /// Never ends: the checker has no time.
    pub(crate) fn sleep(_: std::time::Duration) -> Sleep {
        std::future::pending()
    }
}

pub(crate) use imp::*;

use std::sync::{LockResult, PoisonError};

/// Takes the guard of a lock whether or not a panic happened under it.
///
/// Everything this crate keeps behind a lock is whole between any two calls into user code, so
/// a panic of the user's `Eq` or `Drop` leaves nothing to distrust.
pub(crate) fn unpoisoned<G>(result: LockResult<G>) -> G {
    result.unwrap_or_else(PoisonError::into_inner)
}
