//! Whether a request may use the cache at all, by what it says itself.
//!
//! Whether the answer may be kept is decided in `plan.rs`. A body that no field announces (HTTP/2
//! needs none) is not seen here: who can see it has to look.

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, HOST, HeaderName, PRAGMA};
use http::{HeaderMap, HeaderValue, Method};

use crate::cache_control::{CacheControl, Seconds};
use crate::request::Asked;
use crate::rules::{Credentials, Rules};
use crate::topics::Topic;

/// What a request may do with the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Read it, and fill it.
    Use,
    /// Fill it, without a look at what is there: the client asks for that.
    Refresh,
    /// Read it. A HEAD has no body to fill it with; a request with `no-store` must leave no trace
    /// (RFC 9111, section 5.2.1.5).
    ReadOnly,
    /// Nothing.
    Bypass(Bypass),
}

/// Why a request does not use the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bypass {
    /// It is neither GET nor HEAD.
    Method,
    /// It has a body, which the key does not know.
    Body,
    /// It asks for a part.
    Range,
    /// It is to fail unless something holds of the handler's own state.
    Precondition,
    /// It says who asks.
    Credentials,
    /// It asks for another method, which the key does not know.
    MethodOverride,
    /// It asks for another protocol.
    Upgrade,
    /// It names two hosts: one would be in the key, and the handler may believe the other.
    Host,
    /// It is a HEAD that asks for a load, which would fill nothing.
    Refresh,
    /// The attribute's `unless`, or a cache that is turned off.
    Unless,
}

/// What a request may do with the cache.
pub(crate) fn admission(rules: &Rules, request: Asked<'_>) -> Admission {
    let headers = request.headers();
    if ![Method::GET, Method::HEAD].contains(request.method) {
        return Admission::Bypass(Bypass::Method);
    }
    let topics = request.topics;
    if topics.may_forbid()
        && let Some(reason) = headers.keys().find_map(|name| forbidden(rules, headers, name))
    {
        return Admission::Bypass(reason);
    }
    if rules.is_host_keyed && names_two_hosts(request) {
        return Admission::Bypass(Bypass::Host);
    }
    if !topics.has(Topic::Directives) {
        let is_head = *request.method == Method::HEAD;
        return if is_head { Admission::ReadOnly } else { Admission::Use };
    }
    let cache_control = CacheControl::of(headers);
    let is_refresh = rules.is_refreshed_by_clients && asks_for_load(headers, &cache_control);
    let is_read_only = *request.method == Method::HEAD || cache_control.has("no-store");
    match (is_refresh, is_read_only) {
        (false, false) => Admission::Use,
        (false, true) => Admission::ReadOnly,
        (true, false) => Admission::Refresh,
        (true, true) => Admission::Bypass(Bypass::Refresh),
    }
}

/// What a field forbids. Credentials of HTTP's own may not be declared with `vary`, the others may.
fn forbidden(rules: &Rules, headers: &HeaderMap, name: &HeaderName) -> Option<Bypass> {
    let is_bypassed = rules.credentials == Credentials::Bypass;
    match Topic::of(name)? {
        Topic::Credentials => is_bypassed.then_some(Bypass::Credentials),
        Topic::Identity => {
            let is_open = is_bypassed && !rules.vary.contains(&name.as_str());
            is_open.then_some(Bypass::Credentials)
        }
        Topic::Range => Some(Bypass::Range),
        Topic::Precondition => Some(Bypass::Precondition),
        Topic::Method => Some(Bypass::MethodOverride),
        Topic::Upgrade => Some(Bypass::Upgrade),
        Topic::Length => {
            let is_body = headers.get_all(CONTENT_LENGTH).iter().any(|length| length != "0");
            is_body.then_some(Bypass::Body)
        }
        Topic::Transfer => Some(Bypass::Body),
        Topic::Condition | Topic::Directives | Topic::Target => None,
    }
}

/// Whether a field says who asks: those that HTTP has for that, and those that programs and proxies
/// commonly send in their place.
#[cfg(feature = "tower")]
pub(crate) fn is_credential(name: &HeaderName) -> bool {
    matches!(Topic::of(name), Some(Topic::Credentials | Topic::Identity))
}

/// Whether a request names more than one host: a key would know one of them.
pub(crate) fn names_two_hosts(request: Asked<'_>) -> bool {
    let headers = request.headers();
    let uri = request.authority.map(str::as_bytes);
    // Most have one line of each name.
    if uri.is_none() && headers.len() == headers.keys_len() {
        return false;
    }
    let named = headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let mut all = uri.into_iter().chain(named);
    let Some(first) = all.next() else { return false };
    all.any(|other| !other.eq_ignore_ascii_case(first))
}

/// Whether the client wants no answer from a cache. `Pragma` counts only where there is no
/// `Cache-Control` (RFC 9111, section 5.4).
fn asks_for_load(headers: &HeaderMap, cache_control: &CacheControl) -> bool {
    if !headers.contains_key(CACHE_CONTROL) {
        return CacheControl::of_field(headers, &PRAGMA).has("no-cache");
    }
    let is_old = matches!(cache_control.seconds("max-age"), Seconds::Given(age) if age.is_zero());
    is_old || cache_control.has("no-cache")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestInfo;

    fn admitted(
        rules: &Rules,
        method: Method,
        uri: &str,
        lines: &[(&'static str, &str)],
    ) -> Admission {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        admission(rules, RequestInfo::new(method, uri.parse().unwrap(), headers).asked())
    }

    fn get(rules: &Rules, lines: &[(&'static str, &str)]) -> Admission {
        admitted(rules, Method::GET, "/", lines)
    }

    #[test]
    fn get_reads_and_fills_head_reads() {
        let rules = Rules::new();
        let method = |method| admitted(&rules, method, "/", &[]);
        assert_eq!(method(Method::GET), Admission::Use);
        assert_eq!(method(Method::HEAD), Admission::ReadOnly);
        for other in
            ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "QUERY", "get"]
        {
            let other = Method::from_bytes(other.as_bytes()).unwrap();
            assert_eq!(method(other), Admission::Bypass(Bypass::Method));
        }
    }

    #[test]
    fn what_the_key_does_not_know_bypasses() {
        use Bypass::{Body, Host, MethodOverride, Precondition, Range, Upgrade};
        for (lines, reason) in [
            (&[("content-length", "1")][..], Body),
            (&[("content-length", "0"), ("content-length", "5")], Body),
            (&[("content-length", "x")], Body),
            (&[("transfer-encoding", "chunked")], Body),
            (&[("range", "bytes=0-1")], Range),
            (&[("if-range", "\"a\"")], Precondition),
            (&[("if-match", "*")], Precondition),
            (&[("if-unmodified-since", "x")], Precondition),
            (&[("x-http-method-override", "DELETE")], MethodOverride),
            (&[("x-http-method", "DELETE")], MethodOverride),
            (&[("x-method-override", "DELETE")], MethodOverride),
            (&[("upgrade", "websocket"), ("connection", "upgrade")], Upgrade),
            (&[("host", "a"), ("host", "b")], Host),
        ] {
            assert_eq!(get(&Rules::new(), lines), Admission::Bypass(reason), "{lines:?}");
        }
    }

    #[test]
    fn harmless_fields_do_not() {
        for lines in [
            &[("content-length", "0")][..],
            &[("host", "a"), ("host", "A")],
            &[("if-none-match", "*"), ("if-modified-since", "x")],
            &[("accept", "*/*"), ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-host", "a")],
            &[("cache-control", "no-cache, max-age=0"), ("pragma", "no-cache")],
        ] {
            assert_eq!(get(&Rules::new(), lines), Admission::Use, "{lines:?}");
        }
    }

    #[test]
    fn credentials_bypass_unless_they_are_keyed_or_ignored() {
        let names =
            ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-forwarded-user"];
        for name in names {
            let lines = [(name, "x")];
            assert_eq!(
                get(&Rules::new(), &lines),
                Admission::Bypass(Bypass::Credentials),
                "{name}"
            );
            assert_eq!(get(&Rules::new().per_identity(), &lines), Admission::Use, "{name}");
            assert_eq!(get(&Rules::new().ignore_credentials(), &lines), Admission::Use, "{name}");
        }
        let declared = Rules::new().vary(&["x-api-key", "cookie"]);
        assert_eq!(get(&declared, &[("x-api-key", "x")]), Admission::Use);
        assert_eq!(get(&declared, &[("cookie", "x")]), Admission::Bypass(Bypass::Credentials));
    }

    #[test]
    fn a_request_that_names_two_hosts_bypasses() {
        let rules = Rules::new();
        let of = |rules: &Rules, uri, host| admitted(rules, Method::GET, uri, &[("host", host)]);
        assert_eq!(of(&rules, "http://a/", "b"), Admission::Bypass(Bypass::Host));
        assert_eq!(of(&rules, "http://A:80/", "a:80"), Admission::Use);
        assert_eq!(of(&rules.clone().host(false), "http://a/", "b"), Admission::Use);
    }

    #[test]
    fn clients_ask_for_a_load_only_where_they_may() {
        let rules = Rules::new().client_refresh();
        for line in ["no-cache", "No-Cache", "max-age=0", "max-age=00, x"] {
            assert_eq!(get(&rules, &[("cache-control", line)]), Admission::Refresh, "{line}");
        }
        for line in ["max-age=1", "max-age", "x", "max-stale"] {
            assert_eq!(get(&rules, &[("cache-control", line)]), Admission::Use, "{line}");
        }
        assert_eq!(get(&rules, &[("pragma", "no-cache")]), Admission::Refresh);
        let both = [("pragma", "no-cache"), ("cache-control", "max-age=1")];
        assert_eq!(get(&rules, &both), Admission::Use);
        let head = admitted(&rules, Method::HEAD, "/", &[("pragma", "no-cache")]);
        assert_eq!(head, Admission::Bypass(Bypass::Refresh));
    }

    #[test]
    fn no_store_leaves_no_trace() {
        assert_eq!(get(&Rules::new(), &[("cache-control", "x, NO-STORE")]), Admission::ReadOnly);
    }
}
