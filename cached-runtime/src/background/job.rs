//! One job on its way: the future that an executor drives, whichever it is.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::origin::{Origin, contained};
use super::{Background, Job};

/// A background load of an async function, for the program's own executor.
///
/// [`set_spawner`](crate::set_spawner) hands them out.
#[must_use = "a job that is dropped does not run"]
pub struct BackgroundJob {
    // Dropped in this order: a job that is still being dropped is not over.
    job: Job,
    ticket: Ticket,
}

impl BackgroundJob {
    pub(super) fn new(job: Job, ticket: Ticket) -> Self {
        Self { job, ticket }
    }

    /// Returns the load as a future, which need not be `Send`: the body's own is made when this one
    /// is first polled.
    ///
    /// It ends with the load, or when [`shutdown`](crate::shutdown) gives up waiting for it. It panics
    /// never, and may be dropped at any time, which ends the load.
    pub fn run(self) -> impl Future<Output = ()> {
        self.into_running()
    }

    pub(super) fn into_running(self) -> Running {
        Running { stage: Stage::New(self.job), ticket: self.ticket }
    }
}

impl fmt::Debug for BackgroundJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackgroundJob").finish_non_exhaustive()
    }
}

/// A job that is driven.
pub(super) struct Running {
    stage: Stage,
    ticket: Ticket,
}

enum Stage {
    New(Job),
    Begun(Pin<Box<dyn Future<Output = ()>>>),
    Over,
}

impl Future for Running {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<()> {
        let Self { stage, ticket } = &mut *self;
        if ticket.background.goes_on(ticket.id, ctx) {
            let polled = contained(|| ticket.origin.run(|| stage.poll(ctx)));
            if polled == Some(Poll::Pending) {
                return Poll::Pending;
            }
        }
        self.end();
        Poll::Ready(())
    }
}

impl Running {
    /// Drops what is left of the job, and only then reports that it is over.
    fn end(&mut self) {
        let stage = mem::replace(&mut self.stage, Stage::Over);
        contained(|| self.ticket.origin.run(|| drop(stage)));
        self.ticket.leave();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl Stage {
    fn poll(&mut self, ctx: &mut Context<'_>) -> Poll<()> {
        if let Self::New(_) = self
            && let Self::New(job) = mem::replace(self, Self::Over)
        {
            *self = Self::Begun(job());
        }
        match self {
            Self::Begun(future) => future.as_mut().poll(ctx),
            Self::New(_) | Self::Over => Poll::Ready(()),
        }
    }
}

/// A place in the count of what runs.
pub(super) struct Ticket {
    background: Arc<Background>,
    id: u64,
    origin: Origin,
}

impl Ticket {
    pub(super) fn new(background: Arc<Background>, id: u64) -> Self {
        Self { background, id, origin: Origin::here() }
    }

    fn leave(&self) {
        self.background.leave(self.id);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.leave();
    }
}
