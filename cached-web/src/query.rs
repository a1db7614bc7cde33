//! Queries in one form, so that requests that mean the same share an entry.
//!
//! What is merged is exactly this: the order of pairs with different names, empty pairs, the case
//! of `%xx`, and unreserved characters (RFC 3986, section 2.3) that are written as `%xx`. All else
//! keeps two queries apart: a miss at worst, where merging could be a wrong hit. So `+` is not
//! `%20`, `a` is not `a=`, and no byte is decoded that could end up beside a delimiter.
//!
//! Names are different where no handler can take them for one: as forms are read, `a+b` is `a%20b`,
//! and `x[]` is `x%5B%5D`. Parsers of nested forms fill one list from `x[a]` and `x[b]`, or `x.a` and
//! `x.b`, in their order; so what counts is the name up to the first of `[`, `.` and `:`. In a query
//! with a `;`, which some take for `&`, all pairs keep their order.

use std::borrow::Cow;

use crate::rt::Plain;

/// What a key shows of a query as it is.
pub(crate) static PLAIN: Plain = Plain::and(b"&=");

/// Which pairs of a query are in the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    /// If given, all other names are left out.
    pub(crate) only: Option<&'static [&'static str]>,
    pub(crate) ignored: &'static [&'static str],
}

/// Returns the query in its one form: `a=%2F&a=1&b`.
///
/// Cost: nothing is allocated for a query that is in that form already and holds no `%`.
pub(crate) fn normalised(query: &str, selection: Selection) -> Cow<'_, str> {
    if is_normal(query, &STOPS)
        && (selection.is_whole() || pairs(query).all(|pair| selection.keeps(pair)))
    {
        return Cow::Borrowed(query);
    }
    let kept = pairs(query).filter(|pair| !pair.is_empty() && selection.keeps(pair));
    let mut kept: Vec<Cow<'_, str>> = kept.map(unescaped).collect();
    if !query.contains(';') {
        // It is stable: what may be one name keeps its order.
        kept.sort_by_cached_key(|pair| root(pair));
    }
    Cow::Owned(kept.join("&"))
}

fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&')
}

impl Selection {
    /// All pairs.
    pub(crate) const ALL: Self = Self { only: None, ignored: &[] };

    pub(crate) fn is_whole(self) -> bool {
        self.only.is_none() && self.ignored.is_empty()
    }

    /// Whether a pair is in the key.
    ///
    /// Names are compared as a handler reads them, decoded. A pair stays where handlers may read
    /// more than one name in it: with a `;`, which some take for `&`, and with a broken `%xx`.
    fn keeps(self, pair: &str) -> bool {
        if self.is_whole() {
            return true;
        }
        if pair.contains(';') || !is_well_escaped(pair) {
            return true;
        }
        let name = name(pair);
        let is_one_of = |patterns: &[&str]| patterns.iter().any(|pattern| matches(pattern, &name));
        self.only.is_none_or(is_one_of) && !is_one_of(self.ignored)
    }
}

/// Whether a query is in its one form already, and stands in a key as it is: most are, and do. False
/// for some that are.
pub(crate) fn is_plain(query: &str) -> bool {
    is_normal(query, &STOPS_OF_KEYS)
}

/// Whether this is its own one form, as far as it is told by pairs without certain bytes.
fn is_normal(query: &str, stops: &Stops) -> bool {
    let mut rest = query.as_bytes();
    // Not a literal: to compare with bytes at no address of theirs is slow on some processors.
    let mut last = &rest[..0];
    while !rest.is_empty() {
        let (root, after) = rest.split_at(first(rest, &stops.root));
        let value = first(after, &stops.pair);
        // Something is there, with a name that reads as it is written and is in order.
        let is_in_place = root >= last && root.len() + value > 0 && !after.starts_with(b"+");
        rest = match &after[value..] {
            _ if !is_in_place => return false,
            [] => return true,
            [b'&', next @ ..] if !next.is_empty() => next,
            _ => return false,
        };
        last = root;
    }
    true
}

/// Bytes at which a look over a query stops.
struct Stops {
    /// Those that end what orders pairs, or keep it from being told at a glance.
    root: [bool; 256],
    /// The same of a pair.
    pair: [bool; 256],
}

static STOPS: Stops = Stops { root: marked(b"=&%+;[.:"), pair: marked(b"&%;") };

/// And those that are escaped.
static STOPS_OF_KEYS: Stops =
    Stops { root: escaped_too(STOPS.root), pair: escaped_too(STOPS.pair) };

const fn marked(bytes: &[u8]) -> [bool; 256] {
    let (mut marked, mut at) = ([false; 256], 0);
    while at < bytes.len() {
        marked[bytes[at] as usize] = true;
        at += 1;
    }
    marked
}

const fn escaped_too(mut marked: [bool; 256]) -> [bool; 256] {
    let mut byte = u8::MIN;
    loop {
        marked[byte as usize] |= !PLAIN.has(byte);
        if byte == u8::MAX {
            return marked;
        }
        byte += 1;
    }
}

/// Where the first of such bytes is; the end, if there is none.
fn first(text: &[u8], marked: &[bool; 256]) -> usize {
    text.iter().position(|byte| marked[usize::from(*byte)]).unwrap_or(text.len())
}

/// What orders pairs: the name, up to where it may say which part of a list it is.
fn root(pair: &str) -> String {
    let mut name = name(pair).into_owned();
    name.truncate(name.find(['[', '.', ':']).unwrap_or(name.len()));
    name
}

/// The name of a pair, as forms are read.
fn name(pair: &str) -> Cow<'_, str> {
    form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name).unwrap_or_default()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// Upper-cases `%xx`, and decodes what need not be encoded.
///
/// A text with a `%` that begins no `%xx` stays as it is. Decoding beside such a one could make an
/// escape of it that was none: `%%32F` is not `%2F`.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') || !is_well_escaped(text) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('%');
    plain.extend(parts.next());
    for part in parts {
        // Two digits, since all is well escaped.
        let (digits, rest) = part.split_at(2);
        match escaped_byte(digits.as_bytes()) {
            Some(byte) if is_unreserved(byte) => plain.push(char::from(byte)),
            _ => {
                plain.push('%');
                plain.extend(digits.chars().map(|digit| digit.to_ascii_uppercase()));
            }
        }
        plain.push_str(rest);
    }
    Cow::Owned(plain)
}

/// Whether each `%` begins a `%xx`.
fn is_well_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|part| escaped_byte(part.as_bytes()).is_some())
}

/// The byte that the first two characters name.
fn escaped_byte(digits: &[u8]) -> Option<u8> {
    let digit =
        |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match digits {
        [high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(query: &str) -> Cow<'_, str> {
        normalised(query, Selection::ALL)
    }

    #[test]
    fn what_means_the_same_is_one() {
        for (one, other) in [
            ("b=2&a=1", "a=1&b=2"),
            ("%7efoo", "~foo"),
            ("a=%c3%a9", "a=%C3%A9"),
            ("&a=1&&b", "b&a=1"),
            ("%61=1&b", "b&a=1"),
            ("a=%41&b&a=2", "b&a=A&a=2"),
            ("b+c=1&a+b=2", "a+b=2&b+c=1"),
            ("x[b]=1&a.b=2", "a.b=2&x[b]=1"),
            ("&&", ""),
        ] {
            assert_eq!(all(one), all(other), "{one}");
        }
    }

    #[test]
    fn what_may_differ_is_kept_apart() {
        for (one, other) in [
            ("a=2&a=1", "a=1&a=2"),
            ("a=%26b=2", "a=&b=2"),
            ("a", "a="),
            ("a=%FF", "a=%FE"),
            ("a=+", "a=%20"),
            ("a=%2B", "a=+"),
            ("a%3D1", "a=1"),
            ("a=1;b=2", "a=1&b=2"),
            ("a=%3B", "a=;"),
            ("%%32F", "%2F"),
            ("a=%2", "a=%252"),
            ("a=é", "a=%C3%A9"),
            ("A=1", "a=1"),
            ("a=1", "a=1&a=1"),
            // Names that handlers read as one, and parts of one list.
            ("a+b=1&a%20b=2", "a%20b=2&a+b=1"),
            ("x[]=1&x%5B%5D=2", "x%5B%5D=2&x[]=1"),
            ("%FF=1&%FE=2", "%FE=2&%FF=1"),
            ("x[a]=1&x[b]=2", "x[b]=2&x[a]=1"),
            ("x.a=1&x:b=2", "x:b=2&x.a=1"),
            ("%61=%&a=1", "a=1&%61=%"),
            ("b=3&a=1;b=2", "a=1;b=2&b=3"),
            ("=", ""),
        ] {
            assert_ne!(all(one), all(other), "{one}");
        }
    }

    #[test]
    fn a_query_in_its_form_is_not_copied() {
        for query in ["", "page=2", "a=1&a=2&b", "a=b+c", "a[1]=.&a[0]", "é=:"] {
            assert!(matches!(all(query), Cow::Borrowed(_)), "{query}");
        }
        for query in ["", "page=2", "page=2&sort=name", "a=1&a=2&b", "a=x.y~z"] {
            assert!(is_plain(query), "{query}");
        }
    }

    #[test]
    fn names_are_left_out_as_handlers_read_them() {
        let without = Selection { only: None, ignored: &["utm_*", "a b", "x[]"] };
        let query = "utm_a=1&page=2&u%74m_b&utm_&a+b=1&a%20b&x%5B%5D=1&x[]=2&UTM_a";
        assert_eq!(normalised(query, without), "UTM_a&page=2");
        let only = Selection { only: Some(&["page", "sort*"]), ignored: &["sort_by"] };
        let query = "sort_by=1&x=1&%70age=2&pages=3&sorted&page";
        assert_eq!(normalised(query, only), "page=2&page&sorted");
        assert_eq!(normalised("x=1", Selection { only: Some(&[]), ignored: &[] }), "");
    }

    #[test]
    fn what_may_hide_another_name_is_never_left_out() {
        let only = Selection { only: Some(&["page"]), ignored: &["utm_*"] };
        for query in ["x=1;page=2", "utm_x=1;page=2", "x%=1", "x=%zz"] {
            assert_eq!(normalised(query, only), query);
        }
    }

    /// What is to be one: for each name, in order, the pairs under it; read without `query.rs`.
    fn meaning(query: &str) -> Vec<(String, Vec<Vec<String>>)> {
        let mut by_name: Vec<(String, Vec<Vec<String>>)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = form_urlencoded::parse(pair.as_bytes()).next().unwrap().0;
            let name =
                if query.contains(';') { "" } else { name.split(['[', '.', ':']).next().unwrap() };
            match by_name.iter_mut().find(|(known, _)| *known == name) {
                Some((_, pairs)) => pairs.push(atoms(pair)),
                None => by_name.push((name.to_owned(), vec![atoms(pair)])),
            }
        }
        by_name.sort();
        by_name
    }

    /// Characters and escapes; what is badly escaped is one atom.
    fn atoms(pair: &str) -> Vec<String> {
        let chars: Vec<char> = pair.chars().collect();
        let (mut atoms, mut at) = (Vec::new(), 0);
        while at < chars.len() {
            if chars[at] != '%' {
                atoms.push(chars[at].to_string());
                at += 1;
                continue;
            }
            let code: String = chars.iter().skip(at + 1).take(2).collect();
            if code.len() < 2 || !code.chars().all(|digit| digit.is_ascii_hexdigit()) {
                // As it stands, then: its characters, but with its `%` told from all others.
                return std::iter::once("broken".to_owned())
                    .chain(pair.chars().map(String::from))
                    .collect();
            }
            let byte = u32::from_str_radix(&code, 16).unwrap();
            let plain =
                char::from_u32(byte).filter(|c| c.is_ascii_alphanumeric() || "-_.~".contains(*c));
            atoms.push(plain.map_or_else(|| format!("%{}", code.to_uppercase()), String::from));
            at += 3;
        }
        atoms
    }

    /// Queries of pieces that are likely to be confused.
    fn query() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(
            &[
                "a", "b", "=", "&", "%61", "%41", "%", "2", "F", "%2F", "%2f", "%26", "%FF", "+",
                ";", "é", "[", ".", "%5B",
            ][..],
        );
        prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn one_form_exactly_for_one_meaning(one in query(), other in query()) {
            prop_assert_eq!(all(&one) == all(&other), meaning(&one) == meaning(&other));
        }

        #[test]
        fn the_order_of_names_is_nothing(query in query(), at in any::<prop::sample::Index>()) {
            // Moves one pair to the front.
            let mut pairs: Vec<&str> = query.split('&').collect();
            let moved = pairs.remove(at.index(pairs.len()));
            let others = pairs.join("&");
            let turned = format!("{moved}&{others}");
            prop_assert_eq!(all(&turned) == all(&query), meaning(&turned) == meaning(&query));
        }

        #[test]
        fn the_form_is_its_own(query in query()) {
            let once = all(&query).into_owned();
            prop_assert_eq!(all(&once), once.as_str());
        }

        #[test]
        fn a_plain_query_is_its_own_form_and_holds_nothing_to_escape(query in query()) {
            let (is_own_form, run) = (all(&query) == query, PLAIN.run(query.as_bytes()));
            prop_assert!(!is_plain(&query) || is_own_form && run == query.len());
        }

        #[test]
        fn no_text_makes_it_panic(query in any::<String>()) {
            let only = Selection { only: Some(&["a*"]), ignored: &["ab"] };
            prop_assert!(normalised(&query, only).len() <= query.len());
        }
    }
}
