//! What a [`RedisStore`](super::RedisStore) is told: where, under which prefix, how long to wait.
//! Read and checked here, once; nothing is connected.

use std::fmt;
use std::path::PathBuf;

use ::redis::cluster::ClusterClient;
use ::redis::io::tcp::TcpSettings;
use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use super::target::Target;
use crate::error::{Error, ErrorKind};
use crate::store::Timeouts;

/// Where a [`RedisStore`](super::RedisStore) keeps its entries, and how.
///
/// URLs read `redis://user:password@host:port/database`, of which all but the host may be left out
/// (port 6379, database 0); `rediss://` for TLS, which needs the feature `redis-tls`;
/// `redis+unix:///path?db=0` for a socket of this machine, which a Cluster cannot have.
///
/// ```
/// use cached_runtime::store::{RedisOptions, RedisStore};
///
/// let options = RedisOptions::new("redis://127.0.0.1/2").prefix("shop:");
/// let store = RedisStore::new(options).unwrap(); // not connected yet
/// ```
#[derive(Clone)]
pub struct RedisOptions {
    urls: Vec<String>,
    layout: Layout,
    prefix: String,
    timeouts: Timeouts,
    ca_file: Option<PathBuf>,
    sentinel_login: Option<(Option<String>, String)>,
}

#[derive(Clone, Debug)]
enum Layout {
    Server,
    Sentinel { master: String },
    Cluster,
}

impl RedisOptions {
    /// One server.
    pub fn new(url: impl Into<String>) -> Self {
        Self::with(vec![url.into()], Layout::Server)
    }

    /// The server that Sentinels call the master of the name `master_name`. They are asked in the
    /// order given, at each new connection.
    ///
    /// Host and port of a URL are the Sentinel's, port 26379 if left out; user, password, database
    /// and TLS of the first URL are those of the master. A password of the Sentinels' own is
    /// [`sentinel_login`](Self::sentinel_login).
    pub fn sentinel<T: Into<String>>(
        urls: impl IntoIterator<Item = T>,
        master_name: impl Into<String>,
    ) -> Self {
        let layout = Layout::Sentinel { master: master_name.into() };
        Self::with(urls.into_iter().map(Into::into).collect(), layout)
    }

    /// A Cluster, of which at least one member is named. All URLs have the same user and password.
    pub fn cluster<T: Into<String>>(urls: impl IntoIterator<Item = T>) -> Self {
        Self::with(urls.into_iter().map(Into::into).collect(), Layout::Cluster)
    }

    fn with(urls: Vec<String>, layout: Layout) -> Self {
        Self {
            urls,
            layout,
            prefix: "cached:".to_owned(),
            timeouts: Timeouts::default(),
            ca_file: None,
            sentinel_login: None,
        }
    }

    /// What every key begins with at the server. Default: `cached:`. Not empty, since
    /// [`purge`](crate::store::Store::purge) drops all that begins with it.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// How long to wait for the server. Default: 1 s to connect, 250 ms to read, 500 ms to write.
    /// Each is at least 1 ms.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// A file with the certificates (PEM) that vouch for the server, in place of those that this
    /// machine trusts. For `rediss://` only.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// The user and password that the Sentinels themselves ask for. Default: none.
    #[must_use]
    pub fn sentinel_login(mut self, user: Option<&str>, password: &str) -> Self {
        self.sentinel_login = Some((user.map(str::to_owned), password.to_owned()));
        self
    }

    /// Checks everything that can be checked without a connection.
    pub(super) fn check(self) -> Result<(Target, String, Timeouts), Error> {
        if self.prefix.is_empty() {
            return Err(config(
                "the prefix of a redis store is empty; give it one, since `purge` drops all keys \
                 that begin with it",
            ));
        }
        let Timeouts { connect, read, write } = self.timeouts;
        if connect.min(read).min(write).as_millis() == 0 {
            return Err(config("a timeout of a redis store is 0; give it at least 1 ms"));
        }
        let nodes = self.urls.iter().map(|url| self.node(url)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = nodes.first().cloned() else {
            return Err(config("a redis store has no URL; give it at least one"));
        };
        let target = match &self.layout {
            Layout::Server => Target::Server(first),
            Layout::Sentinel { master } => {
                let sentinels = nodes.into_iter().map(|node| self.sentinel_of(node)).collect();
                Target::Sentinel { sentinels, name: master.clone(), like: first }
            }
            Layout::Cluster => Target::cluster(self.cluster_client(&nodes)?, nodes),
        };
        Ok((target, self.prefix, self.timeouts))
    }

    fn node(&self, url: &str) -> Result<ConnectionInfo, Error> {
        let is_tls = url.starts_with("rediss:") || url.starts_with("valkeys:");
        if is_tls && cfg!(not(feature = "redis-tls")) {
            return Err(config("a `rediss://` URL needs the feature `redis-tls`; enable it"));
        }
        if is_tls && url.contains('#') {
            return Err(config(
                "a `rediss://` URL ends in `#..`; remove it, and name a private authority's \
                 certificate with `ca_file`",
            ));
        }
        if !is_tls && self.ca_file.is_some() {
            return Err(config("`ca_file` is given for a URL without TLS; write `rediss://`"));
        }
        // The URL holds a password: no part of it goes into a message.
        let node = url.into_connection_info().map_err(|error| {
            config(format!("a redis URL cannot be read ({error}); write `redis://host:port/0`"))
        })?;
        let settings = node.redis_settings().clone();
        let settings = settings.set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name();
        let node = node
            .set_redis_settings(settings)
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        match &self.layout {
            Layout::Sentinel { .. } => self.trusting(with_sentinel_port(node, url)),
            _ => self.trusting(node),
        }
    }

    /// The same node, with the certificates of `ca_file` in place of the machine's.
    #[cfg(feature = "redis-tls")]
    fn trusting(&self, node: ConnectionInfo) -> Result<ConnectionInfo, Error> {
        let Some(certificates) = self.certificates()? else { return Ok(node) };
        let client = ::redis::Client::build_with_tls(node, certificates);
        Ok(client.map_err(|error| self.unusable_ca(&error))?.get_connection_info().clone())
    }

    #[cfg(not(feature = "redis-tls"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "has to do with TLS only")]
    fn trusting(&self, node: ConnectionInfo) -> Result<ConnectionInfo, Error> {
        Ok(node)
    }

    #[cfg(feature = "redis-tls")]
    fn certificates(&self) -> Result<Option<::redis::TlsCertificates>, Error> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        let root_cert = std::fs::read(path).map_err(|error| self.unusable_ca(&error))?;
        Ok(Some(::redis::TlsCertificates { client_tls: None, root_cert: Some(root_cert) }))
    }

    #[cfg(feature = "redis-tls")]
    fn unusable_ca(&self, error: &dyn fmt::Display) -> Error {
        let path = self.ca_file.as_deref().unwrap_or(std::path::Path::new("")).display();
        config(format!("`ca_file` {path} cannot be used ({error}); give a PEM file"))
    }

    /// The Sentinel of a URL, which has none of the master's settings.
    fn sentinel_of(&self, node: ConnectionInfo) -> ConnectionInfo {
        let settings = node.redis_settings();
        let mut own = ::redis::RedisConnectionInfo::default()
            .set_protocol(settings.protocol())
            .set_skip_set_lib_name();
        if let Some((user, password)) = &self.sentinel_login {
            own = own.set_password(password);
            if let Some(user) = user {
                own = own.set_username(user);
            }
        }
        node.set_redis_settings(own)
    }

    fn cluster_client(&self, nodes: &[ConnectionInfo]) -> Result<ClusterClient, Error> {
        let builder = ClusterClient::builder(nodes.to_vec())
            .connection_timeout(self.timeouts.connect)
            .response_timeout(self.timeouts.read)
            .tcp_settings(TcpSettings::default().set_nodelay(true))
            // Enough to follow a slot that moved twice. The layer above knows when to give up.
            .retries(2)
            .min_retry_wait(1)
            .max_retry_wait(50);
        #[cfg(feature = "redis-tls")]
        let builder = match self.certificates()? {
            Some(certificates) => builder.certs(certificates),
            None => builder,
        };
        builder.build().map_err(|error| config(format!("a redis Cluster cannot be used: {error}")))
    }
}

/// A URL of a Sentinel without a port means the port that Sentinels have.
fn with_sentinel_port(node: ConnectionInfo, url: &str) -> ConnectionInfo {
    const REDIS: u16 = 6379;
    const SENTINEL: u16 = 26379;
    let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next());
    let host = authority.and_then(|authority| authority.rsplit('@').next()).unwrap_or_default();
    let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
    match node.addr().clone() {
        ConnectionAddr::Tcp(host, REDIS) if !has_port => {
            node.set_addr(ConnectionAddr::Tcp(host, SENTINEL))
        }
        ConnectionAddr::TcpTls { host, port: REDIS, insecure, tls_params } if !has_port => {
            let port = SENTINEL;
            node.set_addr(ConnectionAddr::TcpTls { host, port, insecure, tls_params })
        }
        _ => node,
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message.into())
}

/// Without the URLs, which may hold passwords.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { urls: _, layout, prefix, timeouts, ca_file, sentinel_login: _ } = self;
        f.debug_struct("RedisOptions")
            .field("layout", layout)
            .field("prefix", prefix)
            .field("timeouts", timeouts)
            .field("ca_file", ca_file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentinel_without_a_port_has_that_of_sentinels() {
        let port = |url: &str| {
            let node = RedisOptions::sentinel([url], "main").node(url).unwrap();
            match node.addr() {
                ConnectionAddr::Tcp(_, port) => *port,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(port("redis://host"), 26379);
        assert_eq!(port("redis://user:pass@host/2?a=b:c"), 26379);
        assert_eq!(port("redis://[::1]"), 26379);
        assert_eq!(port("redis://host:6379"), 6379);
        assert_eq!(port("redis://user:pass@[::1]:6379/2"), 6379);
        assert_eq!(port("redis://host:5000"), 5000);
    }

    #[test]
    fn the_login_of_a_url_is_for_the_master() {
        let options = RedisOptions::sentinel(["redis://user:pass@host/2"], "main");
        let (target, ..) = options.sentinel_login(None, "other").check().unwrap();
        let Target::Sentinel { sentinels, like, .. } = target else { panic!("{target:?}") };
        let (own, master) = (sentinels[0].redis_settings(), like.redis_settings());
        assert_eq!((own.username(), own.password(), own.db()), (None, Some("other"), 0));
        assert_eq!((master.username(), master.password()), (Some("user"), Some("pass")));
        assert_eq!(master.db(), 2);
    }

    #[cfg(not(feature = "redis-tls"))]
    #[test]
    fn tls_without_its_feature_is_told() {
        let error = RedisOptions::new("rediss://host").check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("feature `redis-tls`"), "{error}");
    }
}
