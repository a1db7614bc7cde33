//! What a request asks of caches: its `Cache-Control` and `Pragma` (RFC 9111, 5.2.1 and 5.4).

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

use crate::cache_control::{CacheControl, Seconds};

/// What a request asks of caches. The default asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) freshness: Wanted,
    /// Nothing but a stored response, or `504` (`only-if-cached`).
    pub(crate) is_cached_only: bool,
    /// Neither answer from the cache nor keep anything (`no-store`).
    pub(crate) is_unstored: bool,
}

/// Which stored responses a request takes without validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Fresh ones.
    #[default]
    Fresh,
    /// None: `no-cache`, `max-age=0`, `Pragma`.
    None,
    /// Those within these bounds.
    Within {
        /// No older than that (`max-age`).
        age: Duration,
        /// Fresh for that long still (`min-fresh`).
        left: Duration,
        /// Stale for no longer than that (`max-stale`).
        stale: Duration,
    },
}

impl Asked {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(CACHE_CONTROL) {
            let is_refresh = CacheControl::of_field(headers, &PRAGMA).has("no-cache");
            let freshness = if is_refresh { Wanted::None } else { Wanted::Fresh };
            return Self { freshness, ..Self::default() };
        }
        let directives = CacheControl::of(headers);
        Self {
            freshness: Wanted::of(&directives),
            is_cached_only: directives.has("only-if-cached"),
            is_unstored: directives.has("no-store"),
        }
    }

    /// Whether it asks for something fresher, or is content with something staler, than others do.
    pub(crate) fn has_bounds(&self) -> bool {
        self.freshness != Wanted::Fresh
    }

    /// The same as from a client that takes whatever is fresh.
    pub(crate) fn without_bounds(self) -> Self {
        Self { freshness: Wanted::Fresh, ..self }
    }
}

impl Wanted {
    fn of(directives: &CacheControl) -> Self {
        let given = |name| match directives.seconds(name) {
            Seconds::Given(duration) => Some(duration),
            Seconds::Absent | Seconds::Invalid => None,
        };
        let (age, left) = (given("max-age"), given("min-fresh"));
        if directives.has("no-cache") || age == Some(Duration::ZERO) {
            return Self::None;
        }
        // Without an argument a stale response of any age is taken.
        let is_any = directives.all("max-stale").any(|one| one.argument.is_none());
        let stale = if is_any { Some(Duration::MAX) } else { given("max-stale") };
        if age.is_none() && left.is_none() && stale.is_none() {
            return Self::Fresh;
        }
        Self::Within {
            age: age.unwrap_or(Duration::MAX),
            left: left.unwrap_or_default(),
            stale: stale.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(lines: &[(&'static str, &'static str)]) -> Asked {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Asked::of(&headers)
    }

    fn wanted(line: &'static str) -> Wanted {
        asked(&[("cache-control", line)]).freshness
    }

    #[test]
    fn most_requests_ask_nothing() {
        assert_eq!(asked(&[]), Asked::default());
        assert_eq!(wanted("nothing-to-see-here"), Wanted::Fresh);
        assert_eq!(wanted("max-age=x, min-fresh, max-stale=-1"), Wanted::Fresh);
    }

    #[test]
    fn a_reload_takes_nothing_unvalidated() {
        for line in ["no-cache", "NO-CACHE", "max-age=0", "max-stale, no-cache", "max-age=00"] {
            assert_eq!(wanted(line), Wanted::None, "{line}");
        }
    }

    #[test]
    fn pragma_counts_only_without_cache_control() {
        assert_eq!(asked(&[("pragma", "no-cache")]).freshness, Wanted::None);
        assert_eq!(asked(&[("pragma", "foo")]).freshness, Wanted::Fresh);
        let both = asked(&[("pragma", "no-cache"), ("cache-control", "x")]);
        assert_eq!(both.freshness, Wanted::Fresh);
    }

    #[test]
    fn bounds_are_read() {
        let secs = Duration::from_secs;
        let open = (Duration::MAX, Duration::ZERO, Duration::ZERO);
        for (line, (age, left, stale)) in [
            ("max-age=5", (secs(5), open.1, open.2)),
            ("min-fresh=5", (open.0, secs(5), open.2)),
            ("max-stale=5", (open.0, open.1, secs(5))),
            ("max-stale", (open.0, open.1, Duration::MAX)),
            ("max-age=1, min-fresh=2, max-stale=3", (secs(1), secs(2), secs(3))),
        ] {
            assert_eq!(wanted(line), Wanted::Within { age, left, stale }, "{line}");
        }
        assert!(asked(&[("cache-control", "only-if-cached")]).is_cached_only);
        assert!(asked(&[("cache-control", "no-store")]).is_unstored);
    }
}
