//! The text that a request is found by: host, path, query, and what else may change the answer.
//!
//! ```text
//! example.org:80;x-forwarded-proto=https&#accept-language=en&/items/a%2520b?page=2&sort=name
//! host       what proxies say        declared `vary`     path           query
//! ```
//!
//! Two requests share a text exactly where they share the scheme that their URIs name, if they name one
//! (`https!example.org`), the host (in any case), what proxies say, the declared fields, the path byte for
//! byte and the query by its one form (`query.rs`). The method is no part of it: HEAD is answered from
//! GET's entry.
//!
//! The path is not brought into one form. Routers compare it as it was sent, so `/%61pi` may come
//! to another handler than `/api`, and must not fill its entry.
//!
//! `X-Forwarded-Host` and its like are sent by anyone, and read by many handlers and extractors to
//! make links. Honest proxies send them with every request, so to bypass the cache would be to turn
//! it off; to ignore them would let one request put its host into the page of all. So they are part
//! of the key. What `Forwarded` says of the client (`for`, `by`) is not: it would be a key for each.

use std::borrow::Cow;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderValue};

use crate::kept::Varies;
use crate::query;
use crate::request::Asked;
use crate::rt::{Plain, TextBuffer};
use crate::rules::Rules;
use crate::topics::Topic;
use crate::vary;

/// Fields by which proxies tell where a request was sent to.
const TARGET: [&str; 9] = [
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-host",
    "x-original-host",
];

/// What a key shows of a host as it is. Of its letters the case means nothing.
static HOST: Plain = Plain::and(b":").in_lower_case();

/// The same of a line of `Forwarded`.
static IN_FORWARDED: Plain = Plain::and(b":");

/// The same of a path.
static IN_PATH: Plain = Plain::and(b"/");

/// Fields that some servers take for the path and query.
const PATH: [&str; 3] = ["x-original-uri", "x-original-url", "x-rewrite-url"];

/// Writes the whole key of a request.
pub(crate) fn write(buffer: &mut TextBuffer, rules: &Rules, request: Asked<'_>) {
    write_before_path(buffer, rules, request);
    write_path(buffer, request.path);
    write_query(buffer, rules, request.query.unwrap_or_default());
}

/// The key of the response to requests with such fields, where it lies under a key of its own.
pub(crate) fn of_variant(key: &str, varies: &Varies, headers: &HeaderMap) -> Box<str> {
    let names = varies.names.iter().map(Box::as_ref);
    let values = vary::values(names, headers);
    format!("{key}\n{:016x}{values}", varies.id).into()
}

/// Writes what stands before a key that the user writes: all but path and query. Ends in `/`, which
/// is nowhere else in it.
pub(crate) fn write_scope(buffer: &mut TextBuffer, rules: &Rules, request: Asked<'_>) {
    write_before_path(buffer, rules, request);
    buffer.literal("/");
}

/// The host that a request names, with its port. None where it names none.
///
/// The URI comes before `Host` (RFC 9112, section 3.2.2).
fn host(request: Asked<'_>) -> Option<&[u8]> {
    request.authority.map(str::as_bytes).or(request.host)
}

fn write_before_path(buffer: &mut TextBuffer, rules: &Rules, request: Asked<'_>) {
    if rules.is_host_keyed {
        if let Some(scheme) = request.scheme {
            buffer.escaped_but(scheme.as_bytes(), &HOST);
            buffer.literal("!");
        }
        match host(request) {
            Some(host) => buffer.escaped_but(host, &HOST),
            // Escaped text never holds this.
            None => buffer.literal("%-"),
        }
    }
    if request.topics.has(Topic::Target) {
        write_target(buffer, rules, request.headers());
    }
    if !rules.vary.is_empty() {
        buffer.literal("#");
        buffer.literal(&vary::values(rules.vary.iter().copied(), request.headers()));
    }
}

/// Writes what proxies say of where the request was sent to.
fn write_target(buffer: &mut TextBuffer, rules: &Rules, headers: &HeaderMap) {
    let target = if rules.is_host_keyed { &TARGET[..] } else { &[] };
    let names = target.iter().chain(&PATH).copied().filter(|name| headers.contains_key(*name));
    let values = vary::values(names, headers);
    if !values.is_empty() {
        buffer.literal(";");
        buffer.literal(&values);
    }
    if rules.is_host_keyed && headers.contains_key(FORWARDED) {
        buffer.literal(";");
        for line in headers.get_all(FORWARDED) {
            buffer.literal("=");
            buffer.escaped_but(&forwarded(line), &IN_FORWARDED);
        }
    }
}

/// What a line of `Forwarded` (RFC 7239) says of the target: its pairs but `for` and `by`.
///
/// It is taken apart without regard to quotes, as careless readers do. A line in which that makes a
/// difference stays as it is.
fn forwarded(line: &HeaderValue) -> Cow<'_, [u8]> {
    let line = line.as_bytes();
    let mut kept = Vec::new();
    for hop in line.split(|byte| *byte == b',') {
        for pair in hop.split(|byte| *byte == b';') {
            if !is_of_client(pair.trim_ascii()) {
                kept.extend_from_slice(pair);
                kept.push(b';');
            } else if !is_in_one_piece(pair) {
                return Cow::Borrowed(line);
            }
        }
        kept.push(b',');
    }
    Cow::Owned(kept)
}

fn is_of_client(pair: &[u8]) -> bool {
    let begins =
        |name: &[u8]| pair.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    begins(b"for=") || begins(b"by=")
}

/// Whether no quoted string goes on beyond the pair.
fn is_in_one_piece(pair: &[u8]) -> bool {
    !pair.contains(&b'\\') && pair.split(|byte| *byte == b'"').count() % 2 == 1
}

fn write_path(buffer: &mut TextBuffer, path: &str) {
    if !path.starts_with('/') {
        // A path that is none, as in `OPTIONS *`.
        buffer.literal("/%-");
    }
    buffer.escaped_but(path.as_bytes(), &IN_PATH);
}

fn write_query(buffer: &mut TextBuffer, rules: &Rules, query: &str) {
    if rules.query.is_whole() && query::is_plain(query) {
        if !query.is_empty() {
            buffer.literal("?");
            buffer.literal(query);
        }
        return;
    }
    let query = query::normalised(query, rules.query);
    if !query.is_empty() {
        buffer.literal("?");
        buffer.escaped_but(query.as_bytes(), &query::PLAIN);
    }
}

#[cfg(test)]
mod tests;
