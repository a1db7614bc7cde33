//! The door for tasks: one multiplexed connection for each tokio runtime, which its tasks share.
//!
//! A connection is driven by the runtime that made it, and dies with that. So there is one for each
//! runtime, found by the runtime's number, and a task beside it that reports the runtime's end.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use ::redis::{RedisError, RedisResult, Value};
use futures_util::future::{Either, FutureExt, Shared, select};
use tokio::runtime::{Handle, Id};
use tokio::task::AbortHandle;

use super::target::Wire;
use super::threads::TRUSTED;
use super::{Again, Core, Request, answer};
use crate::sync::sleep;

/// The connections of all runtimes.
#[derive(Default)]
pub(super) struct Tasks {
    runtimes: Mutex<HashMap<Id, Entry>>,
    /// Numbers entries, so that a late report does not remove a newer one.
    serial: AtomicU64,
}

/// A runtime's connection, made or in the making. All who come meanwhile wait for the same one.
#[derive(Clone)]
struct Entry {
    runtime: Id,
    serial: u64,
    connection: Shared<Connecting>,
}

type Connecting = Pin<Box<dyn Future<Output = Result<Arc<Connected>, Fault>> + Send>>;

struct Connected {
    wire: Wire,
    made: Instant,
    /// Microseconds from `made` to the last answer.
    heard: AtomicU64,
    _keeper: Keeper,
}

/// Why a runtime has no connection.
#[derive(Clone)]
enum Fault {
    Failed(RedisError),
    /// It has no drivers for input, output and time. Remembered for as long as it runs.
    Unfit(
        #[expect(dead_code, reason = "held, so that the end of the runtime is noticed")]
        Arc<Keeper>,
    ),
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
            let (entry, is_new) = self.entry(runtime);
            let is_trusted = is_new || is_second || request.again == Again::Harmless;
            let connected = match entry.connection.clone().await {
                Ok(connected) => connected,
                Err(Fault::Unfit(_)) => return None,
                Err(Fault::Failed(error)) => {
                    self.tasks.forget(&entry);
                    return Some(Err(error));
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

    /// The connection of a runtime, and whether this call begins it.
    fn entry(self: &Arc<Self>, runtime: &Handle) -> (Entry, bool) {
        let id = runtime.id();
        let mut runtimes = self.tasks.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = runtimes.get(&id) {
            return (entry.clone(), false);
        }
        let serial = self.tasks.serial.fetch_add(1, Ordering::Relaxed);
        // Begins when it is polled: under the lock, a runtime that ends would wait for itself.
        let connection = connect(Arc::downgrade(self), runtime.clone(), serial).boxed().shared();
        let entry = Entry { runtime: id, serial, connection };
        runtimes.insert(id, entry.clone());
        (entry, true)
    }
}

/// Connects in a task of its own, so that a caller who gives up does not end what others wait for.
async fn connect(core: Weak<Core>, runtime: Handle, serial: u64) -> Result<Arc<Connected>, Fault> {
    let keeper = Keeper::start(core.clone(), &runtime, serial);
    let Some(core) = core.upgrade() else { return Err(failed(io::ErrorKind::NotConnected)) };
    let connecting = runtime.spawn(async move {
        // Not the runtime's timer, which it need not have.
        let limit = sleep(core.timeouts.connect);
        match select(pin!(core.target.connect_wire(core.timeouts)), limit).await {
            Either::Left((wire, _)) => wire,
            Either::Right(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
    });
    match connecting.await {
        Ok(Ok(wire)) => {
            let (made, heard) = (Instant::now(), AtomicU64::new(0));
            Ok(Arc::new(Connected { wire, made, heard, _keeper: keeper }))
        }
        Ok(Err(error)) => Err(Fault::Failed(error)),
        Err(error) if error.is_panic() => Err(Fault::Unfit(Arc::new(keeper))),
        Err(_) => Err(failed(io::ErrorKind::NotConnected)),
    }
}

fn failed(kind: io::ErrorKind) -> Fault {
    Fault::Failed(io::Error::from(kind).into())
}

impl Connected {
    fn now(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn idle(&self) -> Duration {
        Duration::from_micros(self.now().saturating_sub(self.heard.load(Ordering::Relaxed)))
    }
}

impl Tasks {
    /// Drops a connection. The next task makes another.
    fn forget(&self, entry: &Entry) {
        self.remove(entry.runtime, entry.serial);
    }

    fn remove(&self, runtime: Id, serial: u64) {
        let removed = {
            let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
            match runtimes.get(&runtime) {
                Some(entry) if entry.serial == serial => runtimes.remove(&runtime),
                _ => None,
            }
        };
        // Not under the lock: this ends a keeper, which asks for it.
        drop(removed);
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

/// A task that only waits for the end of its runtime, and then removes the entry.
struct Keeper(AbortHandle);

impl Keeper {
    fn start(core: Weak<Core>, runtime: &Handle, serial: u64) -> Self {
        let report = Report { core, runtime: runtime.id(), serial };
        let task = runtime.spawn(async move {
            let _report = report;
            std::future::pending::<()>().await;
        });
        Self(task.abort_handle())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Report {
    core: Weak<Core>,
    runtime: Id,
    serial: u64,
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            core.tasks.remove(self.runtime, self.serial);
        }
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{RedisOptions, RedisStore, Store};

    #[test]
    fn the_end_of_a_runtime_removes_its_entry() {
        let store = RedisStore::new(RedisOptions::new("redis://127.0.0.1:1")).unwrap();
        let entries = || store.core.tasks.runtimes.lock().unwrap().len();
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
