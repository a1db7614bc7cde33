//! Where commands go, and how to connect there: a server, the master that Sentinels name, a Cluster.
//!
//! Knows nothing of keys, and keeps no connection.

use std::fmt;

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::{ClusterClient, ClusterConnection};
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, Connection, ConnectionAddr, ConnectionInfo, ErrorKind,
    RedisError, RedisResult, Value, cluster_async, cmd,
};

use crate::store::Timeouts;

/// Where commands go.
pub(super) enum Target {
    Server(ConnectionInfo),
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        name: String,
        /// Everything of the master but its host and port.
        like: ConnectionInfo,
    },
    Cluster(Box<Cluster>),
}

pub(super) struct Cluster {
    client: ClusterClient,
    nodes: Vec<ConnectionInfo>,
}

/// A connection of a thread.
pub(super) enum Link {
    Node(Connection),
    Cluster(Box<ClusterConnection>),
}

/// A connection that tasks share.
#[derive(Clone)]
pub(super) enum Wire {
    Node(MultiplexedConnection),
    Cluster(cluster_async::ClusterConnection),
}

impl Target {
    pub(super) fn cluster(client: ClusterClient, nodes: Vec<ConnectionInfo>) -> Self {
        Self::Cluster(Box::new(Cluster { client, nodes }))
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Whether another server may be the master by now.
    pub(super) fn is_elected(&self) -> bool {
        matches!(self, Self::Sentinel { .. })
    }

    /// The number of the database, which is zero in a Cluster.
    pub(super) fn database(&self) -> i64 {
        match self {
            Self::Server(node) | Self::Sentinel { like: node, .. } => node.redis_settings().db(),
            Self::Cluster(_) => 0,
        }
    }

    /// Connects, and blocks the thread for it.
    pub(super) fn connect(&self, timeouts: Timeouts) -> RedisResult<Link> {
        match self {
            Self::Cluster(cluster) => {
                choose_cryptography();
                let connection = cluster.client.get_connection()?;
                connection.set_write_timeout(Some(timeouts.write))?;
                Ok(Link::Cluster(Box::new(connection)))
            }
            _ => self.connect_node(timeouts).map(Link::Node),
        }
    }

    /// Connects to the one server there is, or to some member of a Cluster.
    pub(super) fn connect_node(&self, timeouts: Timeouts) -> RedisResult<Connection> {
        match self {
            Self::Server(node) => open(node, timeouts),
            Self::Sentinel { .. } => {
                let mut connection = open(&self.node(timeouts)?, timeouts)?;
                check_master(role(&mut connection)?)?;
                Ok(connection)
            }
            Self::Cluster(cluster) => {
                first(cluster.nodes.iter().map(|node| open(node, timeouts)), nowhere)
            }
        }
    }

    /// Connects for tasks, from within their runtime.
    ///
    /// # Panics
    /// On a runtime that was built without the drivers for input, output or time.
    pub(super) async fn connect_wire(&self, timeouts: Timeouts) -> RedisResult<Wire> {
        choose_cryptography();
        if let Self::Cluster(cluster) = self {
            // What the client spawns relies on the timer. Better to miss it here.
            drop(tokio::time::sleep(timeouts.connect));
            return cluster.client.get_async_connection().await.map(Wire::Cluster);
        }
        // The client's own timeouts rely on the timer, which a runtime need not have.
        let config = AsyncConnectionConfig::new();
        let config = config.set_connection_timeout(None).set_response_timeout(None);
        let node = self.node_for_tasks(timeouts).await?;
        let client = Client::open(node)?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        if self.is_elected() {
            check_master(connection.send_packed_command(&cmd("ROLE")).await?.extract_error()?)?;
        }
        Ok(Wire::Node(connection))
    }

    async fn node_for_tasks(&self, timeouts: Timeouts) -> RedisResult<ConnectionInfo> {
        let Self::Sentinel { sentinels, name, like } = self else { return self.node(timeouts) };
        let ask = (sentinels.clone(), name.clone(), like.clone());
        ::blocking::unblock(move || master(&ask.0, &ask.1, &ask.2, timeouts)).await
    }

    /// The server to connect to at present.
    fn node(&self, timeouts: Timeouts) -> RedisResult<ConnectionInfo> {
        match self {
            Self::Server(node) => Ok(node.clone()),
            Self::Sentinel { sentinels, name, like } => master(sentinels, name, like, timeouts),
            Self::Cluster(cluster) => cluster.nodes.first().cloned().ok_or_else(nowhere),
        }
    }

    /// Connects to every server that holds keys of its own.
    pub(super) fn connect_masters(&self, timeouts: Timeouts) -> RedisResult<Vec<Connection>> {
        let mut connection = self.connect_node(timeouts)?;
        let Self::Cluster(cluster) = self else { return Ok(vec![connection]) };
        let like = cluster.nodes.first().ok_or_else(nowhere)?;
        let slots = ask(&mut connection, cmd("CLUSTER").arg("SLOTS"))?;
        let masters = masters(&slots).ok_or_else(|| odd("CLUSTER SLOTS"))?;
        masters.into_iter().map(|(host, port)| open(&at(like, host, port), timeouts)).collect()
    }
}

impl Link {
    /// Sends all commands, then waits for all answers. Fails as a whole with the first that does.
    pub(super) fn run(&mut self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        match (self, commands) {
            (Self::Node(connection), commands) => run(connection, commands),
            (Self::Cluster(connection), [command]) => {
                let answer = ::redis::ConnectionLike::req_command(&mut **connection, command)?;
                Ok(vec![answer.extract_error()?])
            }
            (Self::Cluster(connection), commands) => {
                let mut pipeline = ::redis::cluster::cluster_pipe();
                for command in commands {
                    pipeline.add_command(command.clone());
                }
                pipeline.query(connection)
            }
        }
    }

    /// Whether the other side still answers.
    pub(super) fn is_alive(&mut self) -> bool {
        match self {
            Self::Node(connection) => ask(connection, &cmd("PING")).is_ok(),
            // Finds out for itself, node by node, and connects anew.
            Self::Cluster(_) => true,
        }
    }
}

impl Wire {
    /// As [`Link::run`].
    pub(super) async fn run(self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        let answers = match (self, commands) {
            (Self::Node(mut connection), [command]) => {
                vec![connection.send_packed_command(command).await?]
            }
            (Self::Node(mut connection), commands) => {
                let mut pipeline = ::redis::Pipeline::with_capacity(commands.len());
                for command in commands {
                    pipeline.add_command(command.clone());
                }
                Box::pin(connection.send_packed_commands(&pipeline, 0, commands.len())).await?
            }
            // A pipeline goes to one node. These go each to its own, and do not wait for others.
            (Self::Cluster(connection), commands) => {
                let answers = commands.iter().map(|command| {
                    let mut connection = connection.clone();
                    async move {
                        ::redis::aio::ConnectionLike::req_packed_command(&mut connection, command)
                            .await
                    }
                });
                Box::pin(futures_util::future::try_join_all(answers)).await?
            }
        };
        answers.into_iter().map(Value::extract_error).collect()
    }

    /// As [`Link::is_alive`].
    pub(super) async fn is_alive(&self) -> bool {
        match self {
            Self::Node(connection) => {
                connection.clone().send_packed_command(&cmd("PING")).await.is_ok()
            }
            Self::Cluster(_) => true,
        }
    }
}

/// Connects to a server, with limits for this and for everything after.
fn open(node: &ConnectionInfo, timeouts: Timeouts) -> RedisResult<Connection> {
    choose_cryptography();
    let connection = Client::open(node.clone())?.get_connection_with_timeout(timeouts.connect)?;
    connection.set_read_timeout(Some(timeouts.read))?;
    connection.set_write_timeout(Some(timeouts.write))?;
    Ok(connection)
}

/// Chooses the cryptography, unless the program did. The TLS library would do the same, and panic
/// where another crate brought in a second one.
#[cfg(feature = "redis-tls")]
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Fails only where another thread has just chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(not(feature = "redis-tls"))]
fn choose_cryptography() {}

/// Sends commands in one write. Stops at the first answer that does not come in time, where the
/// client's own pipeline would wait for each of the others as long again.
fn run(connection: &mut Connection, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
    let mut packed = Vec::new();
    for command in commands {
        command.write_packed_command(&mut packed);
    }
    connection.send_packed_command(&packed)?;
    let answers = commands.iter().map(|_| connection.recv_response());
    let answers = answers.collect::<RedisResult<Vec<_>>>()?;
    answers.into_iter().map(Value::extract_error).collect()
}

fn ask(connection: &mut Connection, command: &Cmd) -> RedisResult<Value> {
    connection.send_packed_command(&command.get_packed_command())?;
    connection.recv_response()?.extract_error()
}

/// Asks the Sentinels where the master is. The first that knows is believed.
fn master(
    sentinels: &[ConnectionInfo],
    name: &str,
    like: &ConnectionInfo,
    timeouts: Timeouts,
) -> RedisResult<ConnectionInfo> {
    let unknown = || (ErrorKind::MasterNameNotFoundBySentinel, "no Sentinel knows the master");
    let answers = sentinels.iter().map(|sentinel| {
        let mut connection = open(sentinel, timeouts)?;
        let mut command = cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
        match &ask(&mut connection, &command)? {
            Value::Array(parts) => match &parts[..] {
                [host, port] => {
                    let port = text(port).and_then(|port| port.parse().ok());
                    let address = text(host).zip(port).ok_or_else(|| odd("SENTINEL"))?;
                    Ok(at(like, address.0, address.1))
                }
                _ => Err(odd("SENTINEL")),
            },
            Value::Nil => Err(unknown().into()),
            _ => Err(odd("SENTINEL")),
        }
    });
    first(answers, || unknown().into())
}

fn role(connection: &mut Connection) -> RedisResult<Value> {
    ask(connection, &cmd("ROLE"))
}

/// A server that was the master until a moment ago is not what Sentinel meant.
fn check_master(role: Value) -> RedisResult<()> {
    match role {
        Value::Array(parts) if parts.first().and_then(text).as_deref() == Some("master") => Ok(()),
        _ => Err((ErrorKind::Io, "the server that Sentinel names is no master").into()),
    }
}

/// Host and port of all masters in an answer to `CLUSTER SLOTS`, each once.
fn masters(slots: &Value) -> Option<Vec<(String, u16)>> {
    let Value::Array(ranges) = slots else { return None };
    let mut masters = Vec::new();
    for range in ranges {
        let Value::Array(range) = range else { return None };
        let Some(Value::Array(master)) = range.get(2) else { return None };
        let Some(Value::Int(port)) = master.get(1) else { return None };
        let master = (text(master.first()?)?, u16::try_from(*port).ok()?);
        if !masters.contains(&master) {
            masters.push(master);
        }
    }
    Some(masters)
}

/// The same settings for another host.
fn at(like: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let address = match like.addr().clone() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    like.clone().set_addr(address)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

/// The first success, or else the last failure.
fn first<T>(
    attempts: impl Iterator<Item = RedisResult<T>>,
    none: impl FnOnce() -> RedisError,
) -> RedisResult<T> {
    let mut failure = None;
    for attempt in attempts {
        match attempt {
            Ok(success) => return Ok(success),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(none))
}

fn nowhere() -> RedisError {
    (ErrorKind::ClusterConnectionNotFound, "no node is known").into()
}

fn odd(command: &'static str) -> RedisError {
    (ErrorKind::UnexpectedReturnType, "an answer has an unknown form", command.to_owned()).into()
}

/// Without addresses and passwords.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server(_) => "Server",
            Self::Sentinel { .. } => "Sentinel",
            Self::Cluster(_) => "Cluster",
        })
    }
}
