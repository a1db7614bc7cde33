//! What stands between the scheme of a URL and its query: user, hosts, path.
//!
//! Split by hand, since no URL has several hosts. User and password stay escaped, for the client.

use crate::error::Error;

use super::invalid;

/// The port of each kind of server.
pub(super) const REDIS: u16 = 6379;
pub(super) const SENTINEL: u16 = 26379;
pub(super) const MEMCACHED: u16 = 11211;

/// `//user:password@host:port,host/path`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// As it is written, with its `@`; empty where there is none.
    pub(super) user: &'a str,
    /// Each with a port.
    pub(super) hosts: Vec<String>,
    /// Without the slash before it.
    pub(super) path: &'a str,
}

impl<'a> Address<'a> {
    /// Splits what follows the colon of a scheme. Messages call the URL `shown`.
    pub(super) fn split(rest: &'a str, port: u16, shown: &str) -> Result<Self, Error> {
        let Some(rest) = rest.strip_prefix("//") else {
            return Err(invalid(format!(
                "{shown} has no `//`; write `//` and a host after the scheme"
            )));
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, listed) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        Ok(Self { user, hosts: hosts(listed, port, shown)?, path })
    }
}

/// Splits hosts at their commas, and gives `port` to those that have none.
pub(super) fn hosts(listed: &str, port: u16, shown: &str) -> Result<Vec<String>, Error> {
    if listed.trim().is_empty() {
        return Err(invalid(format!("{shown} names no host; write one, such as `127.0.0.1`")));
    }
    let each = listed.split(',').zip(1..);
    each.map(|(host, place)| {
        with_port(host.trim_matches(' '), port).ok_or_else(|| no_host(place, port, shown))
    })
    .collect()
}

/// `host` or `host:port`, the host perhaps an IPv6 address in brackets, with a port.
fn with_port(text: &str, default: u16) -> Option<String> {
    let end = match text.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(end);
    let port = match port.strip_prefix(':') {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
        None if port.is_empty() => default,
        _ => return None,
    };
    is_host(host).then(|| format!("{host}:{port}"))
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(is_part)
        }
    }
}

/// What is at the place may be a password that was not escaped: it is not shown.
fn no_host(place: u32, port: u16, shown: &str) -> Error {
    let forms = format!("`host`, `host:{port}` or `[::1]:{port}`");
    invalid(format!("host {place} in {shown} is none; write {forms}, and commas between several"))
}

/// Undoes `%XX`. `None` where that is no text.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let digits =
            part.get(..2).filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// Writes everything but letters and digits as `%XX`.
pub(super) fn escaped(text: &str) -> String {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split() {
        for (rest, user, hosts, path) in [
            ("//localhost", "", &["localhost:6379"][..], ""),
            ("//h_1.a-b:1/", "", &["h_1.a-b:1"], ""),
            ("//u:p%40,@[::1]:7,[::2]/main/3", "u:p%40,@", &["[::1]:7", "[::2]:6379"], "main/3"),
            ("//:a@b@c@h1, h2:65535/0", ":a@b@c@", &["h1:6379", "h2:65535"], "0"),
        ] {
            let hosts = hosts.iter().map(ToString::to_string).collect();
            let address = Address::split(rest, REDIS, "the URL").unwrap();
            assert_eq!(address, Address { user, hosts, path }, "{rest}");
        }
    }

    #[test]
    fn what_is_no_host_is_told_by_its_place() {
        let forms = "`host`, `host:6379` or `[::1]:6379`, and commas between several";
        for (rest, place) in [
            ("//h:", 1),
            ("//user:secret", 1),
            ("//:sec/ret@h", 1),
            ("//h1,h:65536", 2),
            ("//h:-1", 1),
            ("//h:+1", 1),
            ("//::1", 1),
            ("//[::1", 1),
            ("//[::1]6379", 1),
            ("//[h]", 1),
            ("//h1,,h2", 2),
            ("//h1,h2,h 3", 3),
            ("//h\r\n", 1),
            ("//h[1]", 1),
        ] {
            let error = Address::split(rest, REDIS, "the URL").unwrap_err().to_string();
            let message = format!("host {place} in the URL is none; write {forms}");
            assert_eq!(error, format!("invalid configuration: {message}"), "{rest}");
        }
    }

    #[test]
    fn a_url_without_hosts_is_refused() {
        for (rest, message) in [
            ("", "`u` has no `//`; write `//` and a host after the scheme"),
            ("/h", "`u` has no `//`; write `//` and a host after the scheme"),
            ("//", "`u` names no host; write one, such as `127.0.0.1`"),
            ("//u:p@/0", "`u` names no host; write one, such as `127.0.0.1`"),
        ] {
            let error = Address::split(rest, REDIS, "`u`").unwrap_err();
            assert_eq!(error.to_string(), format!("invalid configuration: {message}"), "{rest}");
        }
    }

    #[test]
    fn escapes_come_back() {
        let text = "a b/ü%+@:\u{0}";
        assert_eq!(escaped(text), "a%20b%2F%C3%BC%25%2B%40%3A%00");
        assert_eq!(unescaped(&escaped(text)).as_deref(), Some(text));
        for wrong in ["%", "%4", "%zz", "a%+1", "%ff", "%é"] {
            assert_eq!(unescaped(wrong), None, "{wrong}");
        }
    }
}
