//! What a store over memcached is told: addresses, prefix, timeouts.

use crate::error::{Error, ErrorKind};
use crate::store::Timeouts;

use super::is_key_byte;

/// How to reach memcached, and what the keys there begin with.
///
/// Nothing is checked before [`MemcachedStore::new`](super::MemcachedStore::new).
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cached_runtime::store::{MemcachedOptions, MemcachedStore, Timeouts};
///
/// let timeouts = Timeouts { read: Duration::from_millis(100), ..Timeouts::default() };
/// let options = MemcachedOptions::new(["cache-1", "cache-2:11212"]).prefix("shop:");
/// let store = MemcachedStore::new(options.timeouts(timeouts))?;
/// # Ok::<(), cached_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemcachedOptions {
    pub(super) servers: Vec<String>,
    pub(super) prefix: String,
    pub(super) timeouts: Timeouts,
}

/// The port of memcached where an address has none.
const PORT: u16 = 11211;

/// Bytes of a prefix: with the 200 of a key they make the 250 that memcached takes.
const LONGEST_PREFIX: usize = 50;

impl MemcachedOptions {
    /// Names the servers: `host`, `host:port`, `[::1]:port`. Port by default: 11211.
    #[must_use]
    pub fn new(servers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let servers = servers.into_iter().map(Into::into).collect();
        Self { servers, prefix: "cached:".to_owned(), timeouts: Timeouts::default() }
    }

    /// What the keys of this store begin with: 1 to 50 characters of `A-Z a-z 0-9 _ . : -`.
    /// Default: `cached:`.
    ///
    /// End it in `:`, so that no other prefix begins with it by chance.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// How long operations may take, each in all: reads and writes are exchanges of a request and
    /// its answer. Names are resolved within the system's own limits.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The same with every address written in full.
    pub(super) fn checked(mut self) -> Result<Self, Error> {
        let prefix = &self.prefix;
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !prefix.bytes().all(is_key_byte) {
            return Err(invalid(format!(
                "prefix {prefix:?} for memcached; \
                 write 1 to {LONGEST_PREFIX} characters of `A-Z a-z 0-9 _ . : -`"
            )));
        }
        if self.servers.is_empty() {
            return Err(invalid("no server is named for memcached; write `host:port`".to_owned()));
        }
        let mut servers: Vec<String> = Vec::with_capacity(self.servers.len());
        for server in &self.servers {
            let address = address(server).ok_or_else(|| {
                invalid(format!("{server:?} is no address of memcached; write `host:port`"))
            })?;
            if servers.contains(&address) {
                return Err(invalid(format!("{address:?} is named twice for memcached")));
            }
            servers.push(address);
        }
        self.servers = servers;
        Ok(self)
    }
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::Config, text)
}

/// Completes an address with the port. Nothing where it is none.
fn address(text: &str) -> Option<String> {
    let (host, port) = match text.rsplit_once(':') {
        // A colon inside brackets, or of an IPv6 address without them, parts off no port.
        Some((host, port))
            if !port.ends_with(']') && (!host.contains(':') || host.ends_with(']')) =>
        {
            (host, port.parse().ok().filter(|port| *port != 0)?)
        }
        _ => (text, PORT),
    };
    let is_host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']').is_some_and(is_ipv6),
        None if host.contains(':') => return is_ipv6(host).then(|| format!("[{host}]:{port}")),
        None => {
            let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(is_host_byte)
        }
    };
    is_host.then(|| format!("{}:{port}", host.to_ascii_lowercase()))
}

fn is_ipv6(host: &str) -> bool {
    host.parse::<std::net::Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_completed() {
        for (text, full) in [
            ("cache", Some("cache:11211")),
            ("Cache.Example:11212", Some("cache.example:11212")),
            ("127.0.0.1", Some("127.0.0.1:11211")),
            ("[::1]", Some("[::1]:11211")),
            ("[::1]:5", Some("[::1]:5")),
            ("::1", Some("[::1]:11211")),
            ("", None),
            (":11211", None),
            ("cache:", None),
            ("cache:0", None),
            ("cache:65536", None),
            ("cache:http", None),
            ("a b", None),
            ("memcached://cache", None),
            ("[::1", None),
            ("[cache]:5", None),
        ] {
            assert_eq!(address(text).as_deref(), full, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_with_a_remedy() {
        let with_prefix = |prefix: &str| MemcachedOptions::new(["cache"]).prefix(prefix).checked();
        for prefix in ["", "a b", "a\r\n", "*", "ä", &"x".repeat(51)] {
            let error = with_prefix(prefix).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let text = error.to_string();
            assert!(text.contains(&format!("prefix {prefix:?}")), "{text}");
            assert!(text.ends_with("write 1 to 50 characters of `A-Z a-z 0-9 _ . : -`"), "{text}");
        }
        assert!(with_prefix(&"x".repeat(50)).is_ok());

        let of = |servers: &[&str]| {
            MemcachedOptions::new(servers.iter().copied()).checked().unwrap_err().to_string()
        };
        assert_eq!(
            of(&[]),
            "invalid configuration: no server is named for memcached; write `host:port`"
        );
        assert_eq!(
            of(&["cache", "a b"]),
            "invalid configuration: \"a b\" is no address of memcached; write `host:port`"
        );
        assert_eq!(
            of(&["cache", "CACHE:11211"]),
            "invalid configuration: \"cache:11211\" is named twice for memcached"
        );
    }
}
