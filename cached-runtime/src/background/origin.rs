//! What a job takes along from the call that started it, and how the user's code is run for it.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(feature = "tokio")]
use tokio::runtime::Handle;

#[cfg(feature = "testing")]
use crate::testing::{self, Isolation};

/// Where a job was started.
pub(super) struct Origin {
    #[cfg(feature = "testing")]
    isolation: Option<Isolation>,
    #[cfg(feature = "tokio")]
    runtime: Option<Handle>,
}

impl Origin {
    pub(super) fn here() -> Self {
        Self {
            #[cfg(feature = "testing")]
            isolation: testing::current(),
            #[cfg(feature = "tokio")]
            runtime: Handle::try_current().ok(),
        }
    }

    /// Runs code as if there.
    ///
    /// A thread that has a runtime keeps its own: it is one that the program chose for the job.
    #[cfg_attr(
        not(any(feature = "testing", feature = "tokio")),
        allow(clippy::unused_self, reason = "then there is nothing to take along")
    )]
    pub(super) fn run<T>(&self, code: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tokio")]
        let _entered = match &self.runtime {
            Some(runtime) if Handle::try_current().is_err() => Some(runtime.enter()),
            _ => None,
        };
        #[cfg(feature = "testing")]
        if let Some(isolation) = &self.isolation {
            return isolation.run(code);
        }
        code()
    }
}

/// Runs code of the user's on a thread that must outlive it; none where it panics.
pub(super) fn contained<T>(code: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // What is thrown may throw again as it is dropped. That is enough.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                mem::forget(again);
            }
            None
        }
    }
}
