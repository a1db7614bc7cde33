//! The two ways to a server: with the thread that asks, or with the runtime whose task asks.
//!
//! Both are the client's (`memcache::exp`), connections and pools included. What is asked, what
//! follows from the answers and when to ask again is the same for both, and stands in `servers`.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use memcache::exp::{
    AsyncMetaClient, Error as ClientError, MetaClient, MetaClientBuilder, Operation,
};
use tokio::net::UdpSocket;
use tokio::runtime::Handle;
use tokio::task::yield_now;

use crate::store::Timeouts;
use crate::store::runtimes::{Fault, Kept, Runtimes};
use crate::sync::{Mutex, unpoisoned};

/// Connections that a server keeps for the next to ask: for each purpose, and behind each door.
const IDLE: usize = 64;

/// Connections that the tasks of a runtime have to a server at once, for each purpose. Who comes
/// then waits for one, as long as it may take to connect.
const MOST: usize = IDLE;

/// After an answer, how long the connections beside it are taken to stand: a server does not start
/// anew within that.
const TRUSTED: Duration = Duration::from_millis(1);

/// Through which door an operation goes.
pub(super) enum Door {
    /// The thread waits. What is asked through here is answered when it is polled first.
    Thread,
    /// The task waits, on connections that its runtime drives.
    Task(Arc<Kept<Links>>),
}

/// What an operation is for. A client has one timeout for all it does, so there are two of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
}

/// A runtime's clients of each server, in their order.
pub(super) struct Links(Vec<Slot>);

/// The clients of a server: made at the first use, and anew after a failure, since the name may then
/// mean another address.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Arc<Clients>>>);

pub(super) struct Clients {
    reads: Client,
    writes: Client,
    made: Instant,
    /// Microseconds from `made` to the last answer that a task had.
    heard: AtomicU64,
}

enum Client {
    Blocking(MetaClient),
    Tokio(AsyncMetaClient),
}

/// What the tasks of all runtimes have.
#[derive(Debug, Default)]
pub(super) struct Tasks(Arc<Runtimes<Links, io::ErrorKind>>);

impl Tasks {
    /// The door for a task that runs now. `None` where none does, or its runtime lacks the drivers
    /// that the client needs.
    pub(super) async fn door(&self, servers: usize) -> Option<Door> {
        let runtime = Handle::try_current().ok()?;
        let (entry, _) = self.0.entry(&runtime, || async move {
            ask_for_drivers().await.map_err(|error| error.kind())?;
            Ok(Links((0..servers).map(|_| Slot::default()).collect()))
        });
        match entry.value().await {
            Ok(links) => Some(Door::Task(links)),
            Err(Fault::Unfit(_)) => None,
            // Not known this time: a thread helps out, and the next task asks again.
            Err(Fault::Failed(_) | Fault::Ended) => {
                self.0.forget(&entry);
                None
            }
        }
    }
}

/// Panics where the runtime lacks a driver, for input and output or for time, of which the client
/// needs both. Nothing else says so. A program that prints panics prints this one, once a runtime.
async fn ask_for_drivers() -> io::Result<()> {
    tokio::time::sleep(Duration::ZERO).await;
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.map(drop)
}

impl Door {
    /// Where the clients are of the server at `position`, whose own are `threads`.
    pub(super) fn slot<'a>(&'a self, position: usize, threads: &'a Slot) -> &'a Slot {
        match self {
            Self::Thread => threads,
            Self::Task(links) => &links.0[position],
        }
    }

    async fn client(
        &self,
        address: &str,
        builder: MetaClientBuilder,
    ) -> Result<Client, ClientError> {
        match self {
            Self::Thread => builder.connect(address).map(Client::Blocking),
            Self::Task(_) => {
                let builder = builder.max_connections(Some(MOST));
                builder.connect_async(address).await.map(Client::Tokio)
            }
        }
    }
}

impl Slot {
    /// The clients, for which only the name is resolved: a connection is made when it is needed.
    pub(super) async fn clients(
        &self,
        door: &Door,
        address: &str,
        timeouts: Timeouts,
    ) -> Result<Arc<Clients>, ClientError> {
        if let Some(clients) = &*unpoisoned(self.0.lock()) {
            return Ok(Arc::clone(clients));
        }
        // Resolves the name, which may take long: not under the lock.
        let builder = |timeout| {
            MetaClientBuilder::new()
                .connect_timeout(Some(timeouts.connect))
                .io_timeout(Some(timeout))
                .max_idle(IDLE)
        };
        let reads = door.client(address, builder(timeouts.read)).await?;
        let writes = door.client(address, builder(timeouts.write)).await?;
        let (made, heard) = (Instant::now(), AtomicU64::new(0));
        let clients = Arc::new(Clients { reads, writes, made, heard });
        Ok(Arc::clone(unpoisoned(self.0.lock()).get_or_insert(clients)))
    }

    pub(super) fn clear(&self) {
        let clients = unpoisoned(self.0.lock()).take();
        // Not under the lock: this closes connections.
        drop(clients);
    }
}

impl Clients {
    pub(super) async fn run<O: Operation>(
        &self,
        purpose: Purpose,
        operation: O,
    ) -> Result<O::Output, ClientError> {
        match self.client(purpose) {
            Client::Blocking(client) => client.run(operation),
            Client::Tokio(client) => self.heard(purpose, client.run(operation)).await,
        }
    }

    pub(super) async fn run_many<O: Operation>(
        &self,
        purpose: Purpose,
        operations: Vec<O>,
    ) -> Result<Vec<Result<O::Output, ClientError>>, ClientError> {
        match self.client(purpose) {
            Client::Blocking(client) => client.run_many(operations),
            Client::Tokio(client) => self.heard(purpose, client.run_many(operations)).await,
        }
    }

    fn client(&self, purpose: Purpose) -> &Client {
        match purpose {
            Purpose::Read => &self.reads,
            Purpose::Write => &self.writes,
        }
    }

    /// Waits for an answer, and lets the runtime look at the connections before a write.
    ///
    /// Of those that were closed, the client knows only what the runtime has seen by the time of the
    /// last answer, unlike the blocking one, which looks for itself. A read is asked once more, but
    /// a write is not. A task that yields goes on after its runtime has looked.
    async fn heard<T>(
        &self,
        purpose: Purpose,
        answer: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        let micros = || u64::try_from(self.made.elapsed().as_micros()).unwrap_or(u64::MAX);
        if purpose == Purpose::Write {
            let silence = micros().saturating_sub(self.heard.load(Ordering::Relaxed));
            if Duration::from_micros(silence) >= TRUSTED {
                yield_now().await;
            }
        }
        let answer = answer.await;
        if answer.is_ok() {
            self.heard.store(micros(), Ordering::Relaxed);
        }
        answer
    }
}
