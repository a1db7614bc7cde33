//! The door for callers that may block: a pool of plain connections, worked on the calling thread.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::redis::{RedisError, RedisResult, Value};

use super::target::Link;
use super::{Again, Core, Request, answer};

/// Idle connections that are kept.
const KEPT: usize = 16;

/// After this long idle, a connection is asked whether it stands before it is trusted with what
/// must not be done twice. A server that restarts takes no less.
pub(super) const TRUSTED: Duration = Duration::from_secs(1);

/// Connections that no thread uses at present.
#[derive(Default)]
pub(super) struct Threads {
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// The process that made them. A forked child would share their sockets with its parent.
    process: u32,
    links: Vec<(Link, Instant)>,
}

impl Core {
    /// Sends a request and waits for the answers, on this thread.
    pub(super) fn run_on_thread(&self, request: &Request) -> RedisResult<Vec<Value>> {
        if let Some((mut link, since)) = self.threads.take()
            && (request.again == Again::Harmless || since.elapsed() < TRUSTED || link.is_alive())
        {
            match link.run(&request.commands) {
                Err(error) if self.is_outdated(&error, request) => self.threads.clear(),
                answer => return self.finish(link, answer),
            }
        }
        let mut link = self.target.connect(self.timeouts)?;
        let answer = link.run(&request.commands);
        self.finish(link, answer)
    }

    /// Keeps a connection for the next request, unless it failed. The idle ones lead to the same
    /// server, and would each have to fail in turn.
    fn finish(&self, link: Link, answer: RedisResult<Vec<Value>>) -> RedisResult<Vec<Value>> {
        match &answer {
            Err(error) if answer::breaks_connection(error) || self.is_deposed(error) => {
                self.threads.clear();
            }
            _ => self.threads.put(link),
        }
        answer
    }

    /// Whether a request on a connection from earlier deserves another one: the connection had
    /// been closed, or leads to a server that is no longer the master.
    pub(super) fn is_outdated(&self, error: &RedisError, request: &Request) -> bool {
        self.is_deposed(error) || (answer::is_gone(error) && request.again == Again::Harmless)
    }

    /// Whether the answer came from a master that became a replica.
    pub(super) fn is_deposed(&self, error: &RedisError) -> bool {
        self.target.is_elected() && answer::is_read_only(error)
    }
}

impl Threads {
    /// Takes the connection that was used last, so that those beyond the need grow old.
    fn take(&self) -> Option<(Link, Instant)> {
        let process = std::process::id();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.process != process {
            // Closing them here says nothing to the server, and leaves the parent's open.
            idle.links.clear();
            idle.process = process;
        }
        idle.links.pop()
    }

    fn put(&self, link: Link) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.links.len() < KEPT {
            idle.links.push((link, Instant::now()));
        }
    }

    /// Drops the idle connections.
    fn clear(&self) {
        let links = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut idle.links)
        };
        drop(links);
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").finish_non_exhaustive()
    }
}
