//! Which field governs this cache: the first one targeted at it (RFC 9213), or `Cache-Control`.
//!
//! What its directives mean is not decided here.

use std::time::Duration;

use http::header::{CACHE_CONTROL, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::cache_control::{CacheControl, Seconds};
use crate::fields;

/// The name by which `Surrogate-Control` may mean this cache.
const DEVICE: &str = "cached-web";

/// What tells the origin that this cache goes by `Surrogate-Control`, and by which name.
pub(crate) const CAPABILITY: (HeaderName, HeaderValue) = (
    HeaderName::from_static("surrogate-capability"),
    HeaderValue::from_static("cached-web=\"Surrogate/1.0\""),
);

/// The directives of a response that this cache goes by.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    directives: CacheControl,
    /// From a field targeted at caches like this one: then `Expires` says nothing (RFC 9213, 2.2).
    pub(crate) is_targeted: bool,
    /// Whether what could not be read holds the word of something that forbids, as in
    /// `no-store; private`.
    pub(crate) may_forbid: bool,
}

impl Control {
    /// The directives of a response. `targets` are names of targeted fields, best first.
    ///
    /// A targeted field that is not well formed, or says nothing of storing, is as good as absent. So is
    /// a directive in it that names another cache, as `Surrogate-Control: max-age=60;other` does.
    pub(crate) fn of(headers: &HeaderMap, targets: &[HeaderName]) -> Self {
        for target in targets {
            let directives = addressed(headers, target);
            if is_usable(&directives) {
                return Self { directives, is_targeted: true, may_forbid: false };
            }
        }
        let directives = CacheControl::of_field(headers, &CACHE_CONTROL);
        let may_forbid = directives.is_malformed() && names_what_forbids(headers);
        Self { directives, is_targeted: false, may_forbid }
    }

    /// Whether a directive is there, with an argument or without. `name` is in lower case.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.directives.has(name)
    }

    /// Whether a directive is there for the whole response, not just for fields that it names.
    pub(crate) fn has_unqualified(&self, name: &str) -> bool {
        let mut all = self.directives.all(name);
        all.any(|directive| directive.argument.as_ref().is_none_or(Vec::is_empty))
    }

    /// The fields that a directive names: `private="set-cookie, x-user"`.
    pub(crate) fn qualified<'a>(&'a self, name: &'a str) -> impl Iterator<Item = HeaderName> + 'a {
        let arguments = self.directives.all(name).filter_map(|one| one.argument.as_deref());
        let names = arguments.flat_map(|argument| argument.split(|byte| *byte == b','));
        names.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
    }

    /// The seconds of a directive that gives freshness. Zero where they make no sense: such a
    /// response counts as stale (RFC 9111, 4.2.1).
    pub(crate) fn freshness(&self, name: &str) -> Option<Duration> {
        match self.directives.seconds(name) {
            Seconds::Absent => None,
            Seconds::Invalid => Some(Duration::ZERO),
            Seconds::Given(duration) => Some(duration),
        }
    }

    /// The seconds of a directive that allows stale use. Zero without one.
    pub(crate) fn allowance(&self, name: &str) -> Duration {
        match self.directives.seconds(name) {
            Seconds::Given(duration) => duration,
            Seconds::Absent | Seconds::Invalid => Duration::ZERO,
        }
    }
}

/// The directives of a targeted field that are meant for this cache, without their parameters.
///
/// A parameter with a value says something that this cache does not know (RFC 9213, 2.1). One without
/// names the cache that is meant (Edge Architecture Specification, 2.3).
fn addressed(headers: &HeaderMap, target: &HeaderName) -> CacheControl {
    if !headers.contains_key(target) {
        return CacheControl::default();
    }
    let mut meant = HeaderMap::new();
    let lines = headers.get_all(target).iter();
    for member in lines.flat_map(|line| fields::members(line.as_bytes()).0) {
        let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let directive = parts.next().unwrap_or_default();
        if parts.all(|name| name.contains(&b'=') || name == DEVICE.as_bytes())
            && let Ok(line) = HeaderValue::from_bytes(directive)
        {
            meant.append(target, line);
        }
    }
    CacheControl::of_field(&meant, target)
}

/// Whether the directives of a targeted field are those of a dictionary of structured values, where a
/// number in quotes is none, and say something of storing. Without the latter, as in
/// `content="ESI/1.0"`, they must not put a `private` beside them out of force.
fn is_usable(directives: &CacheControl) -> bool {
    const NUMBERS: [&str; 4] = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];
    const OTHERS: [&str; 3] = ["no-store", "no-cache", "private"];
    let has_keys = directives.directives().iter().all(|directive| is_key(&directive.name));
    let has_numbers = NUMBERS.iter().all(|name| directives.seconds(name) != Seconds::Invalid);
    let says_something = NUMBERS[..2].iter().chain(&OTHERS).any(|name| directives.has(name));
    says_something && !directives.is_malformed() && has_keys && has_numbers
}

/// Whether `Cache-Control` has a word that keeps responses from being stored, wherever it stands.
fn names_what_forbids(headers: &HeaderMap) -> bool {
    const WORDS: [&[u8]; 3] = [b"no-store", b"no-cache", b"private"];
    headers.get_all(CACHE_CONTROL).iter().any(|line| {
        let line = line.as_bytes().to_ascii_lowercase();
        WORDS.iter().any(|word| line.windows(word.len()).any(|part| part == *word))
    })
}

fn is_key(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.*".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: HeaderName = HeaderName::from_static("cdn-cache-control");

    fn control(lines: &[(&'static str, &'static str)]) -> Control {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Control::of(&headers, &[TARGET])
    }

    #[test]
    fn a_targeted_field_takes_the_place_of_cache_control() {
        let found = control(&[("cache-control", "no-store"), ("cdn-cache-control", "max-age=5")]);
        assert!(found.is_targeted && !found.has("no-store"));
        assert_eq!(found.freshness("max-age"), Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_targeted_field_with_a_mistake_is_as_good_as_absent() {
        for line in [
            "content=\"ESI/1.0\"",
            "public",
            "max-age=10, &&&&&",
            "max-age=x",
            "max-age = 10",
            "",
            "max-age=1, max-age=2",
        ] {
            let found = control(&[("cache-control", "no-store"), ("cdn-cache-control", line)]);
            assert!(!found.is_targeted && found.has("no-store"), "{line}");
        }
    }

    #[test]
    fn directives_that_name_another_cache_are_not_meant() {
        for (line, expected) in [
            ("max-age=5;cached-web", Some(5)),
            ("max-age=5; cached-web ,max-age=9;other", Some(5)),
            ("max-age=5;x=1", Some(5)),
            ("max-age=5;other", None),
            ("no-store;other, max-age=5", Some(5)),
        ] {
            let found = control(&[("cdn-cache-control", line)]);
            assert_eq!(found.freshness("max-age"), expected.map(Duration::from_secs), "{line}");
            assert!(!found.has("no-store"), "{line}");
        }
    }

    #[test]
    fn directives_may_be_about_single_fields() {
        let found = control(&[("cache-control", "private=\"Set-Cookie, x-user\", no-cache")]);
        assert!(!found.has_unqualified("private") && found.has_unqualified("no-cache"));
        let names: Vec<_> = found.qualified("private").collect();
        assert_eq!(names, ["set-cookie", "x-user"]);
        assert!(control(&[("cache-control", "private=\"a\", private")]).has_unqualified("private"));
    }

    #[test]
    fn what_cannot_be_read_may_forbid() {
        for (line, expected) in [
            ("no-store; private", true),
            ("max-age=60, Private;x", true),
            ("public=\"a, no-cache", true),
            ("max-age=60; public", false),
            ("max-age=60, x-private", false),
        ] {
            assert_eq!(control(&[("cache-control", line)]).may_forbid, expected, "{line}");
        }
    }

    #[test]
    fn numbers_without_sense_give_no_freshness_and_allow_nothing() {
        let found = control(&[("cache-control", "max-age=a1, stale-if-error=a1")]);
        assert_eq!(found.freshness("max-age"), Some(Duration::ZERO));
        assert_eq!(found.freshness("s-maxage"), None);
        assert_eq!(found.allowance("stale-if-error"), Duration::ZERO);
    }
}
