//! The servers: which one has a key, what is asked of it again, and what its failures mean.
//!
//! By which client it is reached is in `doors`; the protocol is the client's (`memcache::exp`).

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use memcache::exp::{Error as ClientError, Operation};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, ErrorKind};
use crate::store::Timeouts;

use super::doors::{Clients, Door, Purpose, Slot};

/// Operations sent at once. Their requests fit into the buffers of a socket, so that neither side
/// waits for the other to read.
pub(super) const BATCH: usize = 100;

/// All servers of a store.
#[derive(Debug)]
pub(super) struct Servers(Vec<Server>);

impl Servers {
    pub(super) fn new(addresses: Vec<String>, timeouts: Timeouts) -> Self {
        let server = |(position, address)| Server::new(position, address, timeouts);
        Self(addresses.into_iter().enumerate().map(server).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Server> {
        self.0.iter()
    }

    /// The server that an operation is for.
    pub(super) fn of(&self, operation: &impl Operation) -> &Server {
        &self.0[self.index(operation.key())]
    }

    /// The server of a key.
    pub(super) fn of_key(&self, key: &str) -> &Server {
        &self.0[self.index(key.as_bytes())]
    }

    /// Rendezvous hashing: the server that draws the highest number for this key. Not the client's,
    /// whose hash may differ between two versions of the standard library.
    fn index(&self, key: &[u8]) -> usize {
        let drawn = |idx: &usize| xxh3_64_with_seed(key, self.0[*idx].seed);
        (0..self.0.len()).max_by_key(drawn).unwrap_or(0)
    }

    /// Runs operations of one purpose on their servers, a batch at a time, and returns what they
    /// gave in order.
    ///
    /// A server that fails is not asked further; the others are, before its failure is returned.
    pub(super) async fn many<O: Operation + Clone>(
        &self,
        door: &Door,
        purpose: Purpose,
        operations: &[O],
    ) -> Result<Vec<O::Output>, Error> {
        let mut shares = vec![Vec::new(); self.0.len()];
        for (position, operation) in operations.iter().enumerate() {
            shares[self.index(operation.key())].push(position);
        }
        let mut failure = None;
        let mut outputs: Vec<_> = operations.iter().map(|_| None).collect();
        for (server, share) in self.0.iter().zip(&shares) {
            for positions in share.chunks(BATCH) {
                let batch: Vec<_> = positions.iter().map(|idx| operations[*idx].clone()).collect();
                match server.batch(door, purpose, &batch).await {
                    Ok(results) => {
                        for (position, output) in positions.iter().zip(results) {
                            outputs[*position] = Some(output);
                        }
                    }
                    Err(error) => {
                        failure.get_or_insert(error);
                        break;
                    }
                }
            }
        }
        let unanswered = || Error::new(ErrorKind::Protocol, "an operation was not answered");
        match failure {
            Some(failure) => Err(failure),
            None => outputs.into_iter().map(|output| output.ok_or_else(unanswered)).collect(),
        }
    }
}

/// One server.
pub(super) struct Server {
    address: String,
    /// Among all of them.
    position: usize,
    seed: u64,
    timeouts: Timeouts,
    /// For threads. Runtimes have their own.
    threads: Slot,
}

impl Server {
    fn new(position: usize, address: String, timeouts: Timeouts) -> Self {
        // The client adds to the time of day; an hour keeps every sum in range.
        let bounded = |timeout: Duration| timeout.min(Duration::from_secs(3_600));
        let timeouts = Timeouts {
            connect: bounded(timeouts.connect),
            read: bounded(timeouts.read),
            write: bounded(timeouts.write),
        };
        let seed = xxh3_64_with_seed(address.as_bytes(), 0);
        Self { address, position, seed, timeouts, threads: Slot::default() }
    }

    pub(super) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    pub(super) async fn read<O: Operation + Clone>(
        &self,
        door: &Door,
        operation: &O,
    ) -> Result<O::Output, Error> {
        self.one(door, Purpose::Read, operation).await
    }

    pub(super) async fn write<O: Operation + Clone>(
        &self,
        door: &Door,
        operation: &O,
    ) -> Result<O::Output, Error> {
        self.one(door, Purpose::Write, operation).await
    }

    /// Connects anew, for what the client has no command of.
    pub(super) fn connect(&self) -> Result<TcpStream, Error> {
        let deadline = Instant::now() + self.timeouts.connect;
        let connect = || {
            let mut failure = io::Error::from(io::ErrorKind::TimedOut);
            for address in self.address.to_socket_addrs()? {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                match TcpStream::connect_timeout(&address, left) {
                    Ok(stream) => return Ok(stream),
                    Err(error) => failure = error,
                }
            }
            Err(failure)
        };
        connect().map_err(|error| converted(ClientError::Io(error)))
    }

    /// Runs an operation, and once more where the connection proved to be closed before anything can
    /// have been done.
    async fn one<O: Operation + Clone>(
        &self,
        door: &Door,
        purpose: Purpose,
        operation: &O,
    ) -> Result<O::Output, Error> {
        let mut is_second = false;
        loop {
            let done = match self.clients(door).await {
                Ok(clients) => clients.run(purpose, operation.clone()).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(output) => return Ok(output),
                Err(error) if !is_second && is_closed(&error) => is_second = true,
                Err(error) => return Err(self.failed(door, error)),
            }
        }
    }

    /// Runs a batch. Every write of it is attempted before the first failure is returned.
    async fn batch<O: Operation + Clone>(
        &self,
        door: &Door,
        purpose: Purpose,
        operations: &[O],
    ) -> Result<Vec<O::Output>, Error> {
        let mut results = self.exchange(door, purpose, operations.to_vec()).await?;
        let is_again = |idx: &usize| matches!(&results[*idx], Err(error) if is_closed(error));
        let again: Vec<_> = (0..results.len()).filter(is_again).collect();
        if !again.is_empty() {
            let operations = again.iter().map(|idx| operations[*idx].clone()).collect();
            let redone = self.exchange(door, purpose, operations).await?;
            for (idx, result) in again.into_iter().zip(redone) {
                results[idx] = result;
            }
        }
        let mut outputs = Vec::with_capacity(results.len());
        for (operation, result) in operations.iter().zip(results) {
            outputs.push(match result.map_err(|error| self.failed(door, error)) {
                // A refusal ends the batch: what became of the rest of it is not known.
                Err(error) if purpose == Purpose::Write && error.kind() == ErrorKind::Refused => {
                    self.write(door, operation).await
                }
                result => result,
            });
        }
        outputs.into_iter().collect()
    }

    async fn exchange<O: Operation>(
        &self,
        door: &Door,
        purpose: Purpose,
        operations: Vec<O>,
    ) -> Result<Vec<Result<O::Output, ClientError>>, Error> {
        let results = match self.clients(door).await {
            Ok(clients) => clients.run_many(purpose, operations).await,
            Err(error) => Err(error),
        };
        results.map_err(|error| self.failed(door, error))
    }

    async fn clients(&self, door: &Door) -> Result<Arc<Clients>, ClientError> {
        door.slot(self.position, &self.threads).clients(door, &self.address, self.timeouts).await
    }

    fn failed(&self, door: &Door, error: ClientError) -> Error {
        let error = converted(error);
        if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) {
            door.slot(self.position, &self.threads).clear();
        }
        error
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// Whether a connection ended before the server can have done what was asked. Where it may have, the
/// client says [`ClientError::Ambiguous`] instead.
fn is_closed(error: &ClientError) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let closed = [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof];
    matches!(error, ClientError::Io(error) if closed.contains(&error.kind()))
}

/// What a failure of the client means here. Keeps its text where that holds no key.
pub(super) fn converted(error: ClientError) -> Error {
    match error {
        ClientError::Ambiguous { source, .. } => converted(*source),
        ClientError::Timeout { .. } => Error::new(ErrorKind::Timeout, "no answer in time"),
        ClientError::Io(error) => match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                Error::new(ErrorKind::Timeout, error)
            }
            _ => Error::new(ErrorKind::Unavailable, error),
        },
        ClientError::Server(text) => Error::new(ErrorKind::Refused, text),
        // All that a server older than 1.6 says to a meta command.
        ClientError::Rejected(text) if text == "ERROR" => Error::new(
            ErrorKind::Protocol,
            "the server answered `ERROR`; is it memcached 1.6 or later?",
        ),
        error => Error::new(ErrorKind::Protocol, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_added_moves_its_own_keys_only() {
        let servers = |count: u16| {
            let address = |n| format!("cache-{n}:11211");
            Servers::new((0..count).map(address).collect(), Timeouts::default())
        };
        let (three, four) = (servers(3), servers(4));
        let mut counts = [0; 4];
        for n in 0..4_000 {
            let key = format!("key:{n}");
            let (before, after) = (three.index(key.as_bytes()), four.index(key.as_bytes()));
            assert!(after == before || after == 3, "{key}: {before} to {after}");
            counts[after] += 1;
        }
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
    }

    #[test]
    fn keys_stay_where_earlier_versions_put_them() {
        let addresses = ["cache-1:11211", "cache-2:11211", "cache-3:11211"].map(str::to_owned);
        let servers = Servers::new(addresses.into(), Timeouts::default());
        let indices =
            ["a", "b", "c", "d", "e", "f", "g", "h"].map(|key| servers.index(key.as_bytes()));
        assert_eq!(indices, [2, 1, 1, 0, 0, 0, 2, 0]);
    }

    #[test]
    fn failures_are_told_apart_and_show_no_key() {
        use std::error::Error as _;
        let key = || b"user:17".to_vec();
        let refused = || ClientError::Io(io::ErrorKind::ConnectionRefused.into());
        for (error, kind) in [
            (refused(), ErrorKind::Unavailable),
            (ClientError::Io(io::ErrorKind::TimedOut.into()), ErrorKind::Timeout),
            (ClientError::Timeout { key: key() }, ErrorKind::Timeout),
            (ClientError::Server("out of memory storing object".into()), ErrorKind::Refused),
            (ClientError::Server("object too large for cache".into()), ErrorKind::Refused),
            (ClientError::Rejected("ERROR".into()), ErrorKind::Protocol),
            (ClientError::Protocol("empty response line".into()), ErrorKind::Protocol),
        ] {
            let source = ClientError::Ambiguous { key: key(), source: Box::new(error) };
            let error = converted(source);
            assert_eq!(error.kind(), kind);
            let text = format!("{error}: {}", error.source().unwrap());
            assert!(!text.contains("user:17"), "{text}");
        }
    }

    #[test]
    fn only_what_cannot_have_been_done_is_attempted_again() {
        let reset = || ClientError::Io(io::ErrorKind::ConnectionReset.into());
        assert!(is_closed(&reset()));
        assert!(!is_closed(&ClientError::Ambiguous { key: vec![], source: Box::new(reset()) }));
        assert!(!is_closed(&ClientError::Io(io::ErrorKind::ConnectionRefused.into())));
        assert!(!is_closed(&ClientError::Io(io::ErrorKind::TimedOut.into())));
    }
}
