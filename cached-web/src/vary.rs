//! `Vary` (RFC 9111, section 4.1): which request fields a response depends on, and their values.
//!
//! Values are compared as bytes. `gzip, br` and `br, gzip` are two variants: a miss, never a wrong
//! hit.

use std::fmt::Write;

use http::HeaderMap;
use http::header::{HeaderName, VARY};

use crate::fields;

/// What a response depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Vary {
    /// More than fields can tell: `*`, or something that is no list of names.
    Any,
    /// On these fields, sorted, each once. None: on no field.
    Fields(Vec<HeaderName>),
}

impl Vary {
    /// What the `Vary` lines of a response say.
    pub(crate) fn of(response: &HeaderMap) -> Self {
        let mut names = Vec::new();
        for line in response.get_all(VARY) {
            for member in fields::members(line.as_bytes()).0 {
                match HeaderName::from_bytes(member) {
                    Ok(name) if name != "*" => names.push(name),
                    _ => return Self::Any,
                }
            }
        }
        names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        Self::Fields(names)
    }
}

/// Writes the values that a request has for these fields: `accept=a%2Cb=c&range&`.
///
/// Two requests have one text for the same `names` exactly where they have the same lines for each
/// of them. A line is `=` and its value, so a field that is absent differs from an empty one, and
/// two lines from one that holds a comma. Only unreserved characters stand for themselves.
pub(crate) fn values<'n>(names: impl IntoIterator<Item = &'n str>, request: &HeaderMap) -> String {
    let mut text = String::new();
    for name in names {
        escape(name.as_bytes(), &mut text);
        for line in request.get_all(name) {
            text.push('=');
            escape(line.as_bytes(), &mut text);
        }
        text.push('&');
    }
    text
}

/// Writes all but `A-Za-z0-9-_.~` as `%XX`.
pub(crate) fn escape(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        match byte {
            b'-' | b'_' | b'.' | b'~' => text.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
            // Writing to a `String` never fails.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn names_come_from_all_lines_in_any_case_and_once() {
        let vary = Vary::of(&headers(&[("vary", "Origin, ,Accept"), ("vary", "ACCEPT")]));
        assert_eq!(vary, Vary::Fields(vec!["accept".parse().unwrap(), "origin".parse().unwrap()]));
        assert_eq!(Vary::of(&HeaderMap::new()), Vary::Fields(vec![]));
    }

    #[test]
    fn a_star_or_an_odd_name_means_anything() {
        for line in
            ["*", "accept, *", "*, accept", "accept language", "\"accept\"", "a;b", "\"a, b"]
        {
            let lines = headers(&[("vary", "origin"), ("vary", line)]);
            assert_eq!(Vary::of(&lines), Vary::Any, "{line}");
        }
    }

    #[test]
    fn values_are_told_apart() {
        let of = |lines| values(["accept", "dnt"], &headers(lines));
        assert_eq!(
            of(&[("dnt", "1"), ("accept", "a, b"), ("accept", "é")]),
            "accept=a%2C%20b=%C3%A9&dnt=1&"
        );
        let texts = [
            of(&[]),
            of(&[("accept", "")]),
            of(&[("accept", ""), ("accept", "")]),
            of(&[("accept", "a"), ("accept", "b")]),
            of(&[("accept", "b"), ("accept", "a")]),
            of(&[("accept", "a,b")]),
            of(&[("accept", "a=b")]),
            of(&[("accept", "a&dnt=1")]),
            of(&[("accept", "a"), ("dnt", "1")]),
            of(&[("accept", "A")]),
        ];
        for (at, text) in texts.iter().enumerate() {
            assert!(!texts[..at].contains(text), "{text}");
        }
    }

    /// Lines of two fields, of bytes that are likely to confuse.
    fn request() -> impl Strategy<Value = [Vec<Vec<u8>>; 2]> {
        let byte = prop::sample::select(&b"a,=&%2C \xC3\xFF"[..]);
        let lines = || prop::collection::vec(prop::collection::vec(byte.clone(), 0..3), 0..3);
        [lines(), lines()]
    }

    fn text(request: &[Vec<Vec<u8>>; 2]) -> String {
        let mut headers = HeaderMap::new();
        for (name, lines) in ["x-a", "x-b"].into_iter().zip(request) {
            for line in lines {
                headers.append(name, HeaderValue::from_bytes(line).unwrap());
            }
        }
        values(["x-a", "x-b"], &headers)
    }

    proptest! {
        #[test]
        fn one_text_exactly_for_the_same_lines(one in request(), other in request()) {
            prop_assert_eq!(text(&one) == text(&other), one == other);
        }
    }
}
