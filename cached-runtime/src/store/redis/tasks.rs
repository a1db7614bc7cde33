//! The door for tasks: one multiplexed connection for each tokio runtime, which its tasks share.
//!
//! How runtimes are told apart, and how their ends are noticed, is in `store/runtimes`.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::redis::{RedisError, RedisResult, Value};
use futures_util::future::{Either, select};
use tokio::runtime::Handle;

use super::target::Wire;
use super::threads::TRUSTED;
use super::{Again, Core, Request, answer};
use crate::store::runtimes::{self, Fault, Runtimes};
use crate::sync::sleep;

/// The connections of all runtimes.
pub(super) type Tasks = Arc<Runtimes<Connected, RedisError>>;

type Entry = runtimes::Entry<Connected, RedisError>;

pub(super) struct Connected {
    wire: Wire,
    made: Instant,
    /// Microseconds from `made` to the last answer.
    heard: AtomicU64,
}

impl Core {
    /// Sends a request for a task. `None` where its runtime cannot drive a connection.
    pub(super) async fn run_on_tasks(
        self: &Arc<Self>,
        runtime: &Handle,
        request: &Request,
    ) -> Option<RedisResult<Vec<Value>>> {
        let mut is_second = false;
        loop {
            let core = Arc::downgrade(self);
            let (entry, is_new) = self.tasks.entry(runtime, || async move {
                let Some(core) = core.upgrade() else { return Err(not_connected()) };
                core.connect().await
            });
            let is_trusted = is_new || is_second || request.again == Again::Harmless;
            let connected = match entry.value().await {
                Ok(connected) => connected,
                Err(Fault::Unfit(_)) => return None,
                Err(Fault::Failed(error)) => {
                    self.tasks.forget(&entry);
                    return Some(Err(error));
                }
                Err(Fault::Ended) => {
                    self.tasks.forget(&entry);
                    return Some(Err(not_connected()));
                }
            };
            if !is_trusted
                && connected.idle() >= TRUSTED
                // Boxed, as every rare way is: the size of the others is paid for each request.
                && !Box::pin(connected.wire.is_alive()).await
            {
                self.tasks.forget(&entry);
                is_second = true;
                continue;
            }
            let answer = self.ask(&entry, &connected, request).await;
            let Err(error) = &answer else { return Some(answer) };
            if answer::breaks_connection(error) || self.is_deposed(error) {
                self.tasks.forget(&entry);
            }
            if is_new || is_second || !self.is_outdated(error, request) {
                return Some(answer);
            }
            is_second = true;
        }
    }

    async fn ask(
        &self,
        entry: &Entry,
        connected: &Connected,
        request: &Request,
    ) -> RedisResult<Vec<Value>> {
        let mut wait = Wait { core: self, entry, connected, since: connected.now(), over: false };
        let answer = connected.wire.clone().run(&request.commands).await;
        wait.over = true;
        connected.heard.store(connected.now(), Ordering::Relaxed);
        answer
    }

    async fn connect(&self) -> RedisResult<Connected> {
        // Not the runtime's timer, which it need not have.
        let limit = sleep(self.timeouts.connect);
        let wire = match select(pin!(self.target.connect_wire(self.timeouts)), limit).await {
            Either::Left((wire, _)) => wire?,
            Either::Right(_) => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        };
        Ok(Connected { wire, made: Instant::now(), heard: AtomicU64::new(0) })
    }
}

fn not_connected() -> RedisError {
    io::Error::from(io::ErrorKind::NotConnected).into()
}

impl Connected {
    fn now(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn idle(&self) -> Duration {
        Duration::from_micros(self.now().saturating_sub(self.heard.load(Ordering::Relaxed)))
    }
}

/// A request whose answer is awaited. A task that gives up on a connection from which nothing came
/// since then drops it, since nobody else may ever find out that the other side is gone.
struct Wait<'a> {
    core: &'a Core,
    entry: &'a Entry,
    connected: &'a Connected,
    since: u64,
    over: bool,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let waited = Duration::from_micros(self.connected.now().saturating_sub(self.since));
        let is_silent = self.connected.heard.load(Ordering::Relaxed) <= self.since;
        // Half, since who gave up began to wait before the request was sent.
        if is_silent && waited >= self.core.timeouts.read / 2 {
            self.core.tasks.forget(self.entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{RedisOptions, RedisStore, Store};

    #[test]
    fn the_end_of_a_runtime_removes_its_entry() {
        let store = RedisStore::new(RedisOptions::new("redis://127.0.0.1:1")).unwrap();
        let entries = || store.core.tasks.len();
        for _ in 0..3 {
            // Without drivers, which is remembered; the thread that helps out finds no server.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert!(runtime.block_on(store.get("a")).is_err());
            assert!(runtime.block_on(store.get("a")).is_err());
            assert_eq!(entries(), 1);
            drop(runtime);
            assert_eq!(entries(), 0);
        }
    }
}
