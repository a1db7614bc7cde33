//! `Cache-Control` and fields of its form (RFC 9111, section 5.2): the directives of all lines.
//!
//! What a directive means for a response is not decided here. The parser goes on after a mistake,
//! so that nothing that stands beside it is lost, and tells that there was one.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, HeaderName};

use crate::fields;

/// The largest number of seconds that is told from larger ones (RFC 9111, section 1.2.2).
const MOST_SECONDS: u64 = 1 << 31;

/// The directives of all lines of one field, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheControl {
    directives: Vec<Directive>,
    is_malformed: bool,
}

/// One directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// In lower case.
    pub(crate) name: String,
    /// Without its quotes. None where there is no `=`.
    pub(crate) argument: Option<Vec<u8>>,
}

/// What the lines say of a directive whose argument is a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seconds {
    /// It is not there.
    Absent,
    /// It is there without a number, or with several that differ.
    Invalid,
    /// It is there with this number. At most 2^31 seconds.
    Given(Duration),
}

impl CacheControl {
    /// The directives of the `Cache-Control` lines. No line: no directives.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self::of_field(headers, &CACHE_CONTROL)
    }

    /// The directives of the lines of another field of this form.
    pub(crate) fn of_field(headers: &HeaderMap, name: &HeaderName) -> Self {
        let mut all = Self::default();
        for line in headers.get_all(name) {
            all.read(line.as_bytes());
        }
        all
    }

    /// Whether some part of a line was no directive, or was one with blanks around its `=`.
    pub(crate) fn is_malformed(&self) -> bool {
        self.is_malformed
    }

    /// Whether a directive is there, with an argument or without. `name` is in lower case.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The number of seconds of a directive. `name` is in lower case.
    pub(crate) fn seconds(&self, name: &str) -> Seconds {
        let mut found = Seconds::Absent;
        for directive in self.all(name) {
            let given = match directive.argument.as_deref().and_then(seconds) {
                Some(given) => Seconds::Given(given),
                None => Seconds::Invalid,
            };
            found =
                if found == Seconds::Absent || found == given { given } else { Seconds::Invalid };
        }
        found
    }

    /// Every occurrence of a directive. `name` is in lower case.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.directives.iter().filter(move |directive| directive.name == name)
    }

    /// Every directive, in order.
    #[cfg(feature = "tower")]
    pub(crate) fn directives(&self) -> &[Directive] {
        &self.directives
    }

    fn read(&mut self, line: &[u8]) {
        let (members, is_whole) = fields::members(line);
        self.is_malformed |= !is_whole;
        for member in members {
            match directive(member) {
                Some((directive, is_strict)) => {
                    self.is_malformed |= !is_strict;
                    self.directives.push(directive);
                }
                None => self.is_malformed = true,
            }
        }
    }
}

/// A number of seconds (`delta-seconds`); larger ones than 2^31 are 2^31.
pub(crate) fn seconds(text: &[u8]) -> Option<Duration> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = text
        .iter()
        .fold(0, |so_far: u64, digit| (so_far * 10 + u64::from(digit - b'0')).min(MOST_SECONDS));
    Some(Duration::from_secs(seconds))
}

/// A directive, and whether it is written as it has to be.
fn directive(member: &[u8]) -> Option<(Directive, bool)> {
    let (name, argument) = match member.iter().position(|byte| *byte == b'=') {
        Some(at) => (&member[..at], Some(&member[at + 1..])),
        None => (member, None),
    };
    let trimmed = name.trim_ascii();
    if !fields::is_token(trimmed) {
        return None;
    }
    let name_text = String::from_utf8_lossy(trimmed).to_ascii_lowercase();
    let Some(argument) = argument else {
        return Some((Directive { name: name_text, argument: None }, true));
    };
    let is_unpadded = name.len() == trimmed.len() && argument.trim_ascii().len() == argument.len();
    let (argument, is_whole) = match fields::unquoted(argument.trim_ascii()) {
        Some(text) => (text, true),
        None => (argument.trim_ascii().to_vec(), fields::is_token(argument.trim_ascii())),
    };
    Some((Directive { name: name_text, argument: Some(argument) }, is_unpadded && is_whole))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(lines: &[&str]) -> CacheControl {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_str(line).unwrap());
        }
        CacheControl::of(&headers)
    }

    const fn given(seconds: u64) -> Seconds {
        Seconds::Given(Duration::from_secs(seconds))
    }

    #[test]
    fn directives_are_found_in_any_case_and_on_any_line() {
        let parsed = of(&["PUBLIC,,\tNo-Store ,", "max-age=60, Private=\"set-cookie, x\""]);
        assert!(!parsed.is_malformed());
        assert!(parsed.has("public") && parsed.has("no-store") && parsed.has("private"));
        assert!(!parsed.has("x\""));
        assert_eq!(parsed.seconds("max-age"), given(60));
        assert_eq!(parsed.directives().len(), 4);
        assert_eq!(
            parsed.all("private").next().unwrap().argument.as_deref(),
            Some(&b"set-cookie, x"[..])
        );
    }

    #[test]
    fn what_is_quoted_is_no_directive() {
        let parsed = of(&[r#"ext="no-store, \", private", max-age=1"#]);
        assert!(!parsed.is_malformed());
        assert!(!parsed.has("no-store") && !parsed.has("private"));
        assert_eq!(parsed.seconds("max-age"), given(1));
    }

    #[test]
    fn a_mistake_hides_nothing_beside_it() {
        for line in [
            "max-age=1 2, no-store",
            "b d, no-store",
            "=3, no-store",
            "@, no-store=x y",
            "a=\"b\"c, no-store",
        ] {
            let parsed = of(&[line]);
            assert!(parsed.is_malformed(), "{line}");
            assert!(parsed.has("no-store"), "{line}");
        }
        for line in [
            "a=\"b, no-store",
            "max-age =1",
            "max-age= 1",
            "a=",
            "a=\"",
            "a=\"\\\"",
            "no-store;private",
        ] {
            assert!(of(&[line]).is_malformed(), "{line}");
        }
    }

    #[test]
    fn numbers_are_digits_and_agree() {
        for (line, expected) in [
            ("max-age=0", given(0)),
            ("max-age=0060", given(60)),
            ("max-age=\"60\"", given(60)),
            ("max-age=60, max-age=60", given(60)),
            ("max-age=99999999999999999999999", given(MOST_SECONDS)),
            ("max-age=60, max-age=61, max-age=60", Seconds::Invalid),
            ("max-age=60, max-age=x, max-age=60", Seconds::Invalid),
            ("max-age", Seconds::Invalid),
            ("max-age=", Seconds::Invalid),
            ("max-age=-1", Seconds::Invalid),
            ("max-age=+1", Seconds::Invalid),
            ("max-age=1.5", Seconds::Invalid),
            ("max-age='60'", Seconds::Invalid),
            ("s-maxage=60", Seconds::Absent),
        ] {
            assert_eq!(of(&[line]).seconds("max-age"), expected, "{line}");
        }
    }

    #[test]
    fn non_ascii_arguments_are_kept_and_non_ascii_names_are_mistakes() {
        let mut headers = HeaderMap::new();
        headers.append(CACHE_CONTROL, HeaderValue::from_bytes(b"a=\"\xFF\", \xC3\xA9").unwrap());
        let parsed = CacheControl::of(&headers);
        assert_eq!(parsed.all("a").next().unwrap().argument.as_deref(), Some(&b"\xFF"[..]));
        assert!(parsed.is_malformed());
        assert_eq!(parsed.directives().len(), 1);
    }

    /// A directive as it may be written, with its name and argument.
    fn written() -> impl Strategy<Value = (String, String, Option<String>)> {
        let name = "[a-zA-Z][a-zA-Z-]{0,6}";
        prop_oneof![
            name.prop_map(|name| (name.clone(), name, None)),
            (name, "[a-z0-9.]{1,5}").prop_map(|(name, value)| (
                format!("{name}={value}"),
                name,
                Some(value)
            )),
            (name, "[a-z ,=\"\\\\]{0,6}").prop_map(|(name, value)| {
                let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
                (format!("{name}=\"{quoted}\""), name, Some(value))
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_well_written_is_read_as_it_was_meant(
            directives in prop::collection::vec(written(), 0..6),
            blanks in prop::collection::vec("[ \t,]{0,3}", 7),
            split in any::<prop::sample::Index>(),
        ) {
            let members: Vec<String> = directives
                .iter()
                .zip(&blanks)
                .map(|((text, ..), blanks)| format!("{blanks}{text} "))
                .collect();
            let (one, other) = members.split_at(split.index(members.len() + 1));
            let parsed = of(&[&one.join(","), &other.join(",")]);
            prop_assert!(!parsed.is_malformed());
            let expected: Vec<Directive> = directives
                .into_iter()
                .map(|(_, name, argument)| Directive {
                    name: name.to_ascii_lowercase(),
                    argument: argument.map(String::into_bytes),
                })
                .collect();
            prop_assert_eq!(parsed.directives(), expected);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"=,\"\\ a1"[..])], 0..64)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.append(CACHE_CONTROL, value);
            }
            let parsed = CacheControl::of(&headers);
            prop_assert!(parsed.directives().iter().all(|directive| directive.name == directive.name.to_ascii_lowercase()));
        }
    }
}
