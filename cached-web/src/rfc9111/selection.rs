//! Which of several stored responses of one URI a request selects (RFC 9111, section 4.1).
//!
//! Values are normalised as that section allows, where two spellings cannot mean two things: lists
//! are the same over one line or several and with any blanks between their members, languages in any
//! case. Their order is kept: many who pick a language take the first of equals.

use http::HeaderMap;
use http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN, PROXY_AUTHORIZATION, REFERER,
    USER_AGENT,
};

use crate::fields;
use crate::vary::{Vary, escape};

/// The fields of a request that a stored response depends on, and their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    names: Vec<HeaderName>,
    values: String,
}

impl Selection {
    /// What selects this response to this request. None: it depends on more than fields (`*`).
    pub(crate) fn new(request: &HeaderMap, response: &HeaderMap) -> Option<Self> {
        let Vary::Fields(names) = Vary::of(response) else {
            return None;
        };
        let values = values(&names, request);
        Some(Self { names, values })
    }

    /// Whether this request has the same values.
    pub(crate) fn is_of(&self, request: &HeaderMap) -> bool {
        self.names.is_empty() || self.values == values(&self.names, request)
    }

    /// The fields that the response depends on.
    pub(crate) fn names(&self) -> &[HeaderName] {
        &self.names
    }

    /// Bytes held, about.
    pub(crate) fn weight(&self) -> usize {
        self.values.len() + self.names.len() * size_of::<HeaderName>()
    }
}

/// What tells the fetches of one URI apart: the values of the fields its last response depended on.
pub(crate) fn flight_values(names: &[HeaderName], request: &HeaderMap) -> String {
    values(names, request)
}

/// Writes the values of these fields so that no two requests share a text unless their values mean
/// the same: `foo=1,2&bar&`, where all that could be taken for a separator is escaped.
fn values(names: &[HeaderName], request: &HeaderMap) -> String {
    let mut text = String::new();
    for name in names {
        text.push_str(name.as_str());
        if is_single(name) {
            for line in request.get_all(name) {
                text.push('=');
                escape(line.as_bytes(), &mut text);
            }
        } else if request.contains_key(name) {
            text.push('=');
            let lines = request.get_all(name).iter();
            for member in lines.flat_map(|line| fields::members(line.as_bytes()).0) {
                if *name == ACCEPT_LANGUAGE {
                    let without_blanks: Vec<u8> =
                        member.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
                    escape(&without_blanks.to_ascii_lowercase(), &mut text);
                } else {
                    escape(member, &mut text);
                }
                text.push(',');
            }
        }
        text.push('&');
    }
    text
}

/// Whether a field is no list, so that a comma in it parts nothing.
fn is_single(name: &HeaderName) -> bool {
    const SINGLE: [HeaderName; 7] =
        [AUTHORIZATION, COOKIE, HOST, ORIGIN, PROXY_AUTHORIZATION, REFERER, USER_AGENT];
    SINGLE.contains(name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    type Lines = &'static [(&'static str, &'static str)];

    fn map(lines: Lines) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn selects(vary: &'static str, stored: Lines, asked: Lines) -> bool {
        let vary = map(Box::leak(Box::new([("vary", vary)])));
        Selection::new(&map(stored), &vary).unwrap().is_of(&map(asked))
    }

    #[test]
    fn values_have_to_be_the_same() {
        let one: Lines = &[("foo", "1"), ("bar", "2"), ("other", "3")];
        assert!(selects("Foo", one, &[("foo", "1")]));
        assert!(selects("foo, bar", one, &[("bar", "2"), ("foo", "1")]));
        assert!(selects("foo, baz", one, &[("foo", "1")]), "absent in both");
        assert!(!selects("foo", one, &[("foo", "2")]));
        assert!(!selects("foo", one, &[]));
        assert!(!selects("foo", &[], &[("foo", "1")]));
        assert!(!selects("foo", &[], &[("foo", "")]));
        assert!(!selects("foo, bar", one, &[("foo", "1")]));
        assert!(selects("", one, &[]));
    }

    #[test]
    fn no_value_can_pose_as_several() {
        assert!(!selects("a, b", &[("a", "1"), ("b", "2")], &[("a", "1&b=2")]));
        assert!(!selects("foo", &[("foo", "1,2")], &[("foo", "1%2C2")]));
        assert!(!selects("foo", &[("foo", "\"1,2\"")], &[("foo", "\"1"), ("foo", "2\"")]));
        assert!(!selects("foo", &[("foo", "1, 2")], &[("foo", "1 2")]));
        assert!(!selects("cookie", &[("cookie", "a=1,b")], &[("cookie", "a=1, b")]));
        assert!(!selects("cookie", &[("cookie", "a"), ("cookie", "b")], &[("cookie", "a, b")]));
    }

    #[test]
    fn lists_mean_the_same_in_any_spelling() {
        let stored: Lines = &[("foo", "1, 2")];
        for asked in [&[("foo", " 1 ,2 ")][..], &[("foo", "1"), ("foo", "2")], &[("foo", "1,,2")]] {
            let lines: Vec<_> = asked.to_vec();
            assert!(selects("foo", stored, Box::leak(lines.into_boxed_slice())), "{asked:?}");
        }
        assert!(!selects("foo", stored, &[("foo", "2, 1")]));
    }

    #[test]
    fn languages_are_the_same_in_any_case_but_in_their_order() {
        let stored: Lines = &[("accept-language", "en, de;q=0.5")];
        assert!(selects("accept-language", stored, &[("accept-language", " eN ,DE; q=0.5")]));
        assert!(!selects("accept-language", stored, &[("accept-language", "de;q=0.5, en")]));
    }
}
