//! What the fields of a request are about, as far as that matters to a cache.
//!
//! Most requests have no such field. One look over the names tells, and all that is left for those
//! requests is to see that nothing was found.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONNECTION,
    CONTENT_LENGTH, COOKIE, FORWARDED, HOST, HeaderName, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, PRAGMA, PROXY_AUTHORIZATION, RANGE, REFERER,
    TRANSFER_ENCODING, UPGRADE, UPGRADE_INSECURE_REQUESTS, USER_AGENT,
};
use http::{HeaderMap, HeaderValue};

/// What a field is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Who asks, as HTTP says it.
    Credentials,
    /// Who asks, as programs and proxies commonly say it.
    Identity,
    /// It asks for a part.
    Range,
    /// It is to fail unless something holds of the handler's own state.
    Precondition,
    /// What the client has already.
    Condition,
    /// Another method.
    Method,
    /// Another protocol.
    Upgrade,
    /// How long its body is.
    Length,
    /// How its body comes.
    Transfer,
    /// What it asks of caches.
    Directives,
    /// Where it was sent to, if it is one of those by which proxies say so.
    Target,
}

impl Topic {
    /// What a field is about.
    pub(crate) fn of(name: &HeaderName) -> Option<Self> {
        Some(match *name {
            AUTHORIZATION | COOKIE | PROXY_AUTHORIZATION => Self::Credentials,
            RANGE => Self::Range,
            IF_MATCH | IF_UNMODIFIED_SINCE | IF_RANGE => Self::Precondition,
            IF_NONE_MATCH | IF_MODIFIED_SINCE => Self::Condition,
            UPGRADE => Self::Upgrade,
            CONTENT_LENGTH => Self::Length,
            TRANSFER_ENCODING => Self::Transfer,
            CACHE_CONTROL | PRAGMA => Self::Directives,
            FORWARDED => Self::Target,
            // Nothing, and told at a glance: most requests have these.
            ACCEPT
            | ACCEPT_ENCODING
            | ACCEPT_LANGUAGE
            | CONNECTION
            | REFERER
            | UPGRADE_INSECURE_REQUESTS
            | USER_AGENT => return None,
            _ => return Self::of_extension(name.as_str()),
        })
    }

    /// The same of fields that HTTP does not know.
    fn of_extension(name: &str) -> Option<Self> {
        if !name.starts_with("x-") {
            let is_identity = matches!(name, "api-key" | "cf-access-jwt-assertion" | "remote-user");
            return is_identity.then_some(Self::Identity);
        }
        Some(match name {
            "x-access-token"
            | "x-amzn-oidc-data"
            | "x-api-key"
            | "x-auth-token"
            | "x-forwarded-email"
            | "x-forwarded-user"
            | "x-goog-iap-jwt-assertion"
            | "x-remote-user" => Self::Identity,
            "x-http-method-override" | "x-http-method" | "x-method-override" => Self::Method,
            _ => Self::Target,
        })
    }
}

/// What all the fields of a request are about.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Topics(u16);

impl Topics {
    /// These, and the first line of `Host`: both from one look.
    pub(crate) fn and_host(headers: &HeaderMap) -> (Self, Option<&HeaderValue>) {
        let (mut topics, mut host) = (Self::default(), None);
        for (name, value) in headers {
            if *name == HOST {
                host = host.or(Some(value));
            } else {
                topics.add(Topic::of(name));
            }
        }
        (topics, host)
    }

    pub(crate) fn add(&mut self, topic: Option<Topic>) {
        self.0 |= topic.map_or(0, |topic| 1 << topic as u16);
    }

    pub(crate) fn has(self, topic: Topic) -> bool {
        self.0 & 1 << topic as u16 != 0
    }

    /// Whether a field may keep the request from the cache.
    pub(crate) fn may_forbid(self) -> bool {
        const HARMLESS: u16 = 1 << Topic::Condition as u16
            | 1 << Topic::Directives as u16
            | 1 << Topic::Target as u16;
        self.0 & !HARMLESS != 0
    }
}
