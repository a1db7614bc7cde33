//! What the attribute or the layer says of keeping and sending responses. Decides nothing.

use std::time::Duration;

use crate::query::Selection;

/// Two MiB.
const MAX_BODY: u64 = 2 << 20;

/// What the attribute or the layer says: which requests share a response, what is kept of it, what
/// is sent.
///
/// Built in a `static` of each handler, or by a layer at run time. How long a response is fresh is
/// not here: that is the policy of its cache.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the attribute's")]
pub struct Rules {
    pub(crate) is_host_keyed: bool,
    pub(crate) query: Selection,
    pub(crate) vary: &'static [&'static str],
    pub(crate) credentials: Credentials,
    pub(crate) max_body: u64,
    pub(crate) is_teed: bool,
    pub(crate) not_found: Option<Duration>,
    pub(crate) etags: ETags,
    pub(crate) is_cache_status_sent: bool,
    pub(crate) cache_name: &'static str,
    pub(crate) cache_control: Option<&'static str>,
    pub(crate) is_refreshed_by_clients: bool,
}

/// The `ETag` of a response whose handler set none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ETags {
    /// A weak hash of the body. The default: it stays true under a layer that compresses.
    #[default]
    Weak,
    /// A strong hash of the body. True only where nothing changes the body on its way out.
    Strong,
    /// None.
    Off,
}

/// What becomes of requests that say who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// They neither read nor fill the cache.
    Bypass,
    /// Who asks is in the key: their answers are kept apart, and sent as `private`.
    Keyed,
    /// They share the answers that are for everybody.
    Ignored,
}

impl Default for Rules {
    fn default() -> Self {
        Self::new()
    }
}

impl Rules {
    /// The rules where nothing is said.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            is_host_keyed: true,
            query: Selection::ALL,
            vary: &[],
            credentials: Credentials::Bypass,
            max_body: MAX_BODY,
            is_teed: false,
            not_found: None,
            etags: ETags::Weak,
            is_cache_status_sent: true,
            cache_name: "cached-web",
            cache_control: None,
            is_refreshed_by_clients: false,
        }
    }

    /// Whether the host is part of the key. Default: it is.
    #[must_use]
    pub const fn host(mut self, is_keyed: bool) -> Self {
        self.is_host_keyed = is_keyed;
        self
    }

    /// Leaves these names of the query out of the key. `prefix*` means all that begin so.
    #[must_use]
    pub const fn ignore_query(mut self, names: &'static [&'static str]) -> Self {
        self.query.ignored = names;
        self
    }

    /// Leaves all other names of the query out of the key. `prefix*` means all that begin so.
    #[must_use]
    pub const fn only_query(mut self, names: &'static [&'static str]) -> Self {
        self.query.only = Some(names);
        self
    }

    /// Puts these request fields into the key and into `Vary`. In lower case.
    #[must_use]
    pub const fn vary(mut self, names: &'static [&'static str]) -> Self {
        self.vary = names;
        self
    }

    /// Says that who asks is in the key: requests with credentials use the cache, and answers are
    /// sent as `private`.
    #[must_use]
    pub const fn per_identity(mut self) -> Self {
        self.credentials = Credentials::Keyed;
        self
    }

    /// Says that answers do not depend on credentials. Nothing where who asks is in the key.
    #[must_use]
    pub const fn ignore_credentials(mut self) -> Self {
        if let Credentials::Bypass = self.credentials {
            self.credentials = Credentials::Ignored;
        }
        self
    }

    /// The longest body that is kept, in bytes. Default: 2 MiB.
    #[must_use]
    pub const fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// Copies bodies of unknown length while they flow. Default: they are not kept.
    #[must_use]
    pub const fn tee(mut self) -> Self {
        self.is_teed = true;
        self
    }

    /// Keeps 404 and 410, that long. Default: they are not kept.
    #[must_use]
    pub const fn not_found(mut self, timeout: Duration) -> Self {
        self.not_found = Some(timeout);
        self
    }

    /// The `ETag` of a response whose handler set none. Default: weak.
    #[must_use]
    pub const fn etag(mut self, etags: ETags) -> Self {
        self.etags = etags;
        self
    }

    /// Whether `Cache-Status` is sent. Default: it is.
    #[must_use]
    pub const fn cache_status(mut self, is_sent: bool) -> Self {
        self.is_cache_status_sent = is_sent;
        self
    }

    /// The name of this cache in `Cache-Status`. Default: `cached-web`.
    ///
    /// # Panics
    ///
    /// Where it is empty or not visible ASCII: while compiling, if this is called in a `static`.
    #[must_use]
    pub const fn cache_name(mut self, name: &'static str) -> Self {
        assert!(!name.is_empty() && is_visible(name), "a cache's name is visible ASCII");
        self.cache_name = name;
        self
    }

    /// The `Cache-Control` that clients get with what is kept, in place of the handler's. Default:
    /// the handler's, if it set one.
    ///
    /// # Panics
    ///
    /// Where it is not visible ASCII: while compiling, if this is called in a `static`.
    #[must_use]
    pub const fn cache_control(mut self, value: &'static str) -> Self {
        assert!(is_visible(value), "a value of `Cache-Control` is visible ASCII");
        self.cache_control = Some(value);
        self
    }

    /// Lets clients ask for a load, with `no-cache`, `max-age=0` or `Pragma`. Default: they do not.
    #[must_use]
    pub const fn client_refresh(mut self) -> Self {
        self.is_refreshed_by_clients = true;
        self
    }
}

const fn is_visible(text: &str) -> bool {
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() {
        if !(bytes[at].is_ascii_graphic() || bytes[at] == b' ') {
            return false;
        }
        at += 1;
    }
    true
}
