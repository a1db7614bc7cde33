//! `Cache-Status` (RFC 9211): how an answer was found, for whoever looks into a response.
//!
//! It never holds the key, which may be personal.

use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::admission::Bypass;
use crate::numbered::Numbered;
use crate::plan::Unkept;
use crate::rt::TextBuffer;
use crate::rules::{DEFAULT_NAME, Rules};

pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The largest number that a structured field may hold.
const MOST: u64 = 999_999_999_999_999;

/// How an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It was there.
    Hit {
        /// Time since it was stored.
        age: Duration,
        /// Whether its freshness has ended.
        stale: bool,
    },
    /// The handler gave it.
    Miss {
        /// Why what was there did not do.
        reason: Missed,
        /// Whether it was given to another request, which this one has waited for.
        collapsed: bool,
        /// Whether it is stored now.
        stored: bool,
        /// Why it is not, if the response was the reason.
        unkept: Option<Unkept>,
    },
    /// The handler gave it, and the cache had no part in it.
    Bypass(Bypass),
}

/// Why what was there did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// There was nothing for this key.
    Uri,
    /// There was something, for other values of the fields that `Vary` names.
    Vary,
    /// It was no longer fresh, or had been invalidated.
    Stale,
    /// The client asked for a load.
    Request,
}

/// Appends the member of this cache. Those of caches nearer to the handler stay before it.
///
/// `lifetime` is how long the response is fresh from when it was stored, if that is known.
pub(crate) fn append(
    headers: &mut HeaderMap,
    rules: &Rules,
    found: &Found,
    lifetime: Option<Duration>,
) {
    // A response that has as many fields as there can be goes without.
    if let Some(value) = value(rules, found, lifetime) {
        let _ = headers.try_append(CACHE_STATUS, value);
    }
}

/// The member of this cache; none where it sends none.
pub(crate) fn value(
    rules: &Rules,
    found: &Found,
    lifetime: Option<Duration>,
) -> Option<HeaderValue> {
    static HITS: Numbered = Numbered::new("cached-web; hit; ttl=");
    if !rules.is_cache_status_sent {
        return None;
    }
    if let (Found::Hit { age, stale: false }, Some(lifetime)) = (*found, lifetime)
        && rules.cache_name == DEFAULT_NAME
    {
        return Some(HITS.value(seconds(lifetime.saturating_sub(age))));
    }
    let mut text = TextBuffer::new();
    write_name(&mut text, rules.cache_name);
    write_found(&mut text, found, lifetime);
    // All of it is visible ASCII, so it is a value.
    HeaderValue::from_str(text.key()?.as_str()).ok()
}

/// A token where that is one (RFC 9651, section 3.3.4), else a string.
fn write_name(text: &mut TextBuffer, name: &str) {
    if name == DEFAULT_NAME {
        text.literal(name);
        return;
    }
    let is_inside = |byte: u8| crate::fields::is_token(&[byte]) || matches!(byte, b':' | b'/');
    let is_first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'*';
    if name.as_bytes().first().is_some_and(is_first) && name.bytes().all(is_inside) {
        text.literal(name);
        return;
    }
    text.literal("\"");
    text.literal(&name.replace('\\', "\\\\").replace('"', "\\\""));
    text.literal("\"");
}

fn write_found(text: &mut TextBuffer, found: &Found, lifetime: Option<Duration>) {
    match *found {
        Found::Hit { age, stale } => {
            text.literal("; hit");
            write_ttl(text, age, stale, lifetime);
        }
        Found::Miss { reason, collapsed, stored, unkept } => {
            text.literal("; fwd=");
            text.literal(reason.token());
            if stored {
                text.literal("; stored");
            }
            if collapsed {
                text.literal("; collapsed");
            }
            if let Some(unkept) = unkept {
                text.literal("; detail=");
                text.literal(unkept.token());
            }
        }
        Found::Bypass(Bypass::Method) => text.literal("; fwd=method"),
        Found::Bypass(reason) => {
            text.literal("; fwd=bypass; detail=");
            text.literal(reason.token());
        }
    }
}

/// Seconds of freshness that are left; negative for those since its end. What is stale for another
/// reason than its age has none left.
fn write_ttl(text: &mut TextBuffer, age: Duration, is_stale: bool, lifetime: Option<Duration>) {
    let over = lifetime.and_then(|lifetime| age.checked_sub(lifetime)).unwrap_or_default();
    let (sign, ttl) = match (is_stale, lifetime) {
        (true, _) => ("; ttl=-", seconds(over).max(1)),
        (false, Some(lifetime)) => ("; ttl=", seconds(lifetime.saturating_sub(age))),
        (false, None) => return,
    };
    text.literal(sign);
    text.literal(itoa::Buffer::new().format(ttl));
}

fn seconds(time: Duration) -> u64 {
    time.as_secs().min(MOST)
}

impl Missed {
    const fn token(self) -> &'static str {
        match self {
            Self::Uri => "uri-miss",
            Self::Vary => "vary-miss",
            Self::Stale => "stale",
            Self::Request => "request",
        }
    }
}

impl Bypass {
    const fn token(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Body => "body",
            Self::Range => "range",
            Self::Precondition => "precondition",
            Self::Credentials => "credentials",
            Self::MethodOverride => "method-override",
            Self::Upgrade => "upgrade",
            Self::Host => "host",
            Self::Refresh => "refresh",
            Self::Unless => "unless",
        }
    }
}

impl Unkept {
    const fn token(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::SetCookie => "set-cookie",
            Self::CacheControl => "cache-control",
            Self::Unreadable => "unreadable-cache-control",
            Self::Vary => "vary",
            Self::NotFresh => "not-fresh",
            Self::Form => "form",
            Self::TooLong => "too-long",
            Self::UnknownLength => "unknown-length",
            Self::Length => "wrong-length",
            Self::Declined => "declined",
            Self::Late => "timeout",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn sent(rules: &Rules, found: Found, lifetime: Option<Duration>) -> Vec<String> {
        let mut headers = HeaderMap::new();
        append(&mut headers, rules, &found, lifetime);
        headers.get_all(CACHE_STATUS).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn each_way_has_its_words() {
        let hit = |age, stale| Found::Hit { age, stale };
        let miss =
            |reason, collapsed, stored, unkept| Found::Miss { reason, collapsed, stored, unkept };
        for (found, lifetime, expected) in [
            (hit(secs(3), false), Some(secs(60)), "hit; ttl=57"),
            (hit(Duration::from_millis(2_999), false), Some(secs(60)), "hit; ttl=57"),
            (hit(secs(3), false), None, "hit"),
            (hit(secs(90), false), Some(secs(60)), "hit; ttl=0"),
            (hit(secs(90), true), Some(secs(60)), "hit; ttl=-30"),
            (hit(Duration::from_millis(60_100), true), Some(secs(60)), "hit; ttl=-1"),
            (hit(secs(3), true), Some(secs(60)), "hit; ttl=-1"),
            (hit(secs(3), true), None, "hit; ttl=-1"),
            (hit(secs(0), false), Some(Duration::MAX), "hit; ttl=999999999999999"),
            (miss(Missed::Uri, false, true, None), None, "fwd=uri-miss; stored"),
            (miss(Missed::Vary, false, true, None), Some(secs(9)), "fwd=vary-miss; stored"),
            (miss(Missed::Stale, true, false, None), None, "fwd=stale; collapsed"),
            (
                miss(Missed::Request, false, false, Some(Unkept::SetCookie)),
                None,
                "fwd=request; detail=set-cookie",
            ),
            (Found::Bypass(Bypass::Method), None, "fwd=method"),
            (Found::Bypass(Bypass::Credentials), None, "fwd=bypass; detail=credentials"),
        ] {
            assert_eq!(sent(&Rules::new(), found, lifetime), [format!("cached-web; {expected}")]);
        }
    }

    #[test]
    fn a_name_is_a_token_or_a_string() {
        let of = |name| sent(&Rules::new().cache_name(name), Found::Bypass(Bypass::Method), None);
        assert_eq!(of("a.example:8080/x"), ["a.example:8080/x; fwd=method"]);
        assert_eq!(of("*a"), ["*a; fwd=method"]);
        assert_eq!(of("1a"), ["\"1a\"; fwd=method"]);
        assert_eq!(of("my \"cache\"\\"), [r#""my \"cache\"\\"; fwd=method"#]);
    }

    #[test]
    fn it_comes_after_others_and_not_where_it_is_off() {
        let mut headers = HeaderMap::new();
        headers.append(CACHE_STATUS, HeaderValue::from_static("inner; hit"));
        append(&mut headers, &Rules::new(), &Found::Bypass(Bypass::Method), None);
        let lines: Vec<_> = headers.get_all(CACHE_STATUS).iter().collect();
        assert_eq!(lines, ["inner; hit", "cached-web; fwd=method"]);
        let off = Rules::new().cache_status(false);
        assert!(sent(&off, Found::Bypass(Bypass::Method), None).is_empty());
    }
}
