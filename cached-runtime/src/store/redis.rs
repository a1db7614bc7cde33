//! Entries in Redis or Valkey: one server, one found by Sentinel, or a Cluster.
//!
//! Here are the operations, as commands. Where they are sent is in `target`, over which connection
//! in `threads` (callers that may block) and `tasks` (callers on tokio), what the answers mean in
//! `answer`. Nothing here waits, counts failures or gives up on a server: that is the business of
//! the layer above, which drops a future that takes too long.

mod answer;
mod bus;
mod options;
mod purge;
mod swap;
mod target;
mod tasks;
mod threads;

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Cmd, RedisError, RedisResult, Value, cmd};

use self::bus::RedisBus;
use self::tasks::Tasks;
use self::threads::Threads;
use super::{Bus, Guard, Store, StoreFuture, Swapped, Timeouts, may_block};
use crate::error::Error;

pub use self::options::RedisOptions;

/// What messages call this store.
const KIND: &str = "redis";

/// Timeouts beyond this many milliseconds, a thousand years, are kept as no timeout at all: the
/// server adds the present time to them, and refuses a sum that it cannot hold.
const LONGEST_MS: u64 = 1_000 * 365 * 24 * 60 * 60 * 1_000;

/// Entries in Redis or Valkey (7.0 and later), under a prefix.
///
/// # Errors
/// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) where there is no server, or one that
/// is starting; `Timeout` where it does not answer; `Refused` where it is read-only, out of memory
/// or forbids it; `Protocol` where the answer makes no sense.
///
/// # Concurrency
/// Callers that [`may_block`] use a connection each, from a pool that keeps 16 idle ones. Tasks on
/// a tokio runtime share one multiplexed connection for each runtime. Other executors are not held
/// up: the work goes to a thread. Connections are made when they are needed and never before, made
/// anew once they break, and not shared with a forked child.
///
/// A connection that broke while it lay idle is replaced without an error, unless the server may
/// have done what it was asked and to ask again would change the result.
///
/// # Cost
/// One round trip for each operation; two for `purge` of each thousand keys, and for the first
/// [`swap`](Store::swap) on a server. A `swap` on a connection that was idle for a second asks first
/// whether it still stands.
#[derive(Debug)]
pub struct RedisStore {
    core: Arc<Core>,
    bus: RedisBus,
}

/// What the operations share with the threads that work for them.
#[derive(Debug)]
struct Core {
    target: target::Target,
    prefix: String,
    timeouts: Timeouts,
    threads: Threads,
    tasks: Tasks,
}

/// Commands that make one round trip, and whether a second one does no harm.
struct Request {
    commands: Vec<Cmd>,
    again: Again,
}

/// Whether a request may be sent again when nobody knows if it was carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Harmless,
    Harmful,
}

impl Request {
    fn new(commands: Vec<Cmd>, again: Again) -> Self {
        Self { commands, again }
    }

    fn one(command: Cmd) -> Self {
        Self::new(vec![command], Again::Harmless)
    }
}

impl RedisStore {
    /// Makes a store. Checks the options and connects to nothing: a server that is down is found
    /// out by the first operation, and again by the next.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): a URL that cannot be read, an empty prefix,
    /// TLS without the feature `redis-tls`, a file of certificates that cannot be read.
    pub fn new(options: RedisOptions) -> Result<Self, Error> {
        let (target, prefix, timeouts) = options.check()?;
        let (threads, tasks) = (Threads::default(), Tasks::default());
        let core = Arc::new(Core { target, prefix, timeouts, threads, tasks });
        Ok(Self { bus: RedisBus::new(Arc::clone(&core)), core })
    }
}

impl Core {
    /// Sends a request through the door that suits the caller.
    async fn run(self: &Arc<Self>, request: Request) -> RedisResult<Vec<Value>> {
        if may_block() {
            return self.run_on_thread(&request);
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            // Boxed: an allocation as large as this and an operation's own together costs far more.
            && let Some(answer) = Box::pin(self.run_on_tasks(&runtime, &request)).await
        {
            return answer;
        }
        let core = Arc::clone(self);
        ::blocking::unblock(move || core.run_on_thread(&request)).await
    }

    /// Sends one command, and returns its answer.
    async fn run_one(self: &Arc<Self>, command: Cmd) -> RedisResult<Value> {
        let mut answers = self.run(Request::one(command)).await?;
        answers.pop().ok_or_else(answer::missing)
    }

    /// The name of a key at the server.
    fn name(&self, key: &str) -> String {
        [&self.prefix, key].concat()
    }

    fn set_command(&self, key: &str, value: &[u8], timeout: Option<Duration>) -> Cmd {
        let mut command = cmd("SET");
        command.arg(self.name(key)).arg(value);
        if let Some(timeout) = timeout.and_then(milliseconds) {
            command.arg("PX").arg(timeout);
        }
        command
    }

    /// Drops what could not be replaced for want of memory: it is older than what was to be stored.
    async fn drop_older(self: &Arc<Self>, error: RedisError, keys: &[&str]) -> RedisError {
        if answer::is_out_of_memory(&error) {
            let commands = keys.iter().map(|key| self.delete_command(key)).collect();
            // The error that is returned is the first one, whatever becomes of this.
            let _ = self.run(Request::new(commands, Again::Harmless)).await;
        }
        error
    }

    fn delete_command(&self, key: &str) -> Cmd {
        let mut command = cmd("UNLINK");
        command.arg(self.name(key));
        command
    }
}

/// A timeout as the server takes it, at least one millisecond. `None` for one without an end.
fn milliseconds(timeout: Duration) -> Option<u64> {
    let milliseconds = u64::try_from(timeout.as_millis()).ok()?;
    (milliseconds < LONGEST_MS).then_some(milliseconds.max(1))
}

impl Store for RedisStore {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let mut command = cmd("GET");
            command.arg(self.core.name(key));
            match self.core.run_one(command).await {
                Err(error) if answer::is_wrong_type(&error) => Ok(Some(Vec::new())),
                answer => {
                    let answer = answer.map_err(answer::failure).and_then(answer::bytes);
                    answer.map_err(during("get", key))
                }
            }
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let answer = match self.core.run_one(self.core.set_command(key, value, timeout)).await {
                Ok(answer) => answer::done(&answer),
                Err(error) => Err(answer::failure(self.core.drop_older(error, &[key]).await)),
            };
            answer.map_err(during("set", key))
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        Box::pin(async move {
            let swapped = swap::swap(&self.core, key, guard, value, timeout).await;
            swapped.map_err(during("swap", key))
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let answer = self.core.run_one(self.core.delete_command(key)).await;
            let deleted = answer.map_err(answer::failure).and_then(|answer| answer::count(&answer));
            deleted.map(|deleted| deleted > 0).map_err(during("delete", key))
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let answers = self.core.run(self.core.get_many_request(keys)).await;
            let values = answers.map_err(answer::failure).and_then(|mut answers| {
                let values = match answers.pop() {
                    Some(Value::Array(values)) if answers.is_empty() => values,
                    last => answers.into_iter().chain(last).collect(),
                };
                answer::expect(keys.len(), &values)?;
                values.into_iter().map(answer::bytes).collect()
            });
            values.map_err(during("get_many", keys[0]))
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let Some((first, _)) = entries.first() else { return Ok(()) };
            let set = |(key, value): &(&str, &[u8])| self.core.set_command(key, value, timeout);
            let commands = entries.iter().map(set).collect();
            let request = Request::new(commands, Again::Harmless);
            let answer = match self.core.run(request).await {
                Ok(answers) => answers.iter().try_for_each(answer::done),
                Err(error) => {
                    let keys: Vec<_> = entries.iter().map(|(key, _)| *key).collect();
                    Err(answer::failure(self.core.drop_older(error, &keys).await))
                }
            };
            answer.map_err(during("set_many", first))
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let Some(first) = keys.first() else { return Ok(0) };
            let commands = keys.iter().map(|key| self.core.delete_command(key)).collect();
            let answers = self.core.run(Request::new(commands, Again::Harmless)).await;
            let deleted = answers
                .map_err(answer::failure)
                .and_then(|answers| answers.iter().map(answer::count).sum());
            deleted.map_err(during("delete_many", first))
        })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let purged = purge::purge(&self.core).await;
            purged.map_err(|error| error.during("purge", KIND, None))
        })
    }

    fn bus(&self) -> Option<&dyn Bus> {
        Some(&self.bus)
    }
}

impl Core {
    /// One command, where all keys are at one server; else one for each key, and the client sends
    /// each to where its key is.
    fn get_many_request(&self, keys: &[&str]) -> Request {
        if self.target.is_cluster() {
            let commands = keys.iter().map(|key| {
                let mut command = cmd("GET");
                command.arg(self.name(key));
                command
            });
            return Request::new(commands.collect(), Again::Harmless);
        }
        let lengths = keys.iter().map(|key| self.prefix.len() + key.len());
        let mut command = Cmd::with_capacity(1 + keys.len(), "MGET".len() + lengths.sum::<usize>());
        command.arg("MGET");
        let mut name = self.prefix.clone();
        for key in keys {
            name.truncate(self.prefix.len());
            name.push_str(key);
            command.arg(&name);
        }
        Request::one(command)
    }
}

/// Says what was attempted, in an error.
fn during(operation: &'static str, key: &str) -> impl FnOnce(Error) -> Error {
    move |error| error.during(operation, KIND, Some(key))
}
