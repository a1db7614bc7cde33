//! Queries in one form, so that requests that mean the same share an entry.
//!
//! What is merged is exactly this: the order of pairs with different names, empty pairs, the case
//! of `%xx`, and unreserved characters (RFC 3986, section 2.3) that are written as `%xx`. All else
//! keeps two queries apart: a miss at worst, where merging could be a wrong hit. So `+` is not
//! `%20`, `a` is not `a=`, and no byte is decoded that could end up beside a delimiter.

use std::borrow::Cow;

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
    if is_normal(query, selection) {
        return Cow::Borrowed(query);
    }
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && selection.keeps(pair));
    let mut pairs: Vec<Cow<'_, str>> = pairs.map(unescaped).collect();
    // It is stable: repeated names keep their order.
    pairs.sort_by(|one, other| name(one).cmp(name(other)));
    Cow::Owned(pairs.join("&"))
}

impl Selection {
    /// All pairs.
    pub(crate) const ALL: Self = Self { only: None, ignored: &[] };

    /// Whether a pair is in the key.
    ///
    /// Names are compared as a handler reads them, decoded. A pair stays where handlers may read
    /// more than one name in it: with a `;`, which some take for `&`, and with a broken `%xx`.
    fn keeps(self, pair: &str) -> bool {
        if self.only.is_none() && self.ignored.is_empty() {
            return true;
        }
        if pair.contains(';') || !is_well_escaped(pair) {
            return true;
        }
        let name = decoded(name(pair));
        let is_one_of = |patterns: &[&str]| patterns.iter().any(|pattern| matches(pattern, &name));
        self.only.is_none_or(is_one_of) && !is_one_of(self.ignored)
    }
}

/// Whether this is its own one form. False for some that are.
fn is_normal(query: &str, selection: Selection) -> bool {
    if query.is_empty() {
        return true;
    }
    let mut last = "";
    !query.contains('%')
        && query.split('&').all(|pair| {
            let is_in_order = last <= name(pair);
            last = name(pair);
            is_in_order && !pair.is_empty() && selection.keeps(pair)
        })
}

fn name(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

fn matches(pattern: &str, name: &[u8]) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix.as_bytes()),
        None => name == pattern.as_bytes(),
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

/// A name as forms have it: `+` is a blank, `%xx` a byte.
fn decoded(name: &str) -> Cow<'_, [u8]> {
    if !name.contains(['%', '+']) {
        return Cow::Borrowed(name.as_bytes());
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [byte, after @ ..] = rest {
        let (decoded, after) = match (byte, escaped_byte(after)) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            (b'+', _) => (b' ', after),
            _ => (*byte, after),
        };
        bytes.push(decoded);
        rest = after;
    }
    Cow::Owned(bytes)
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
            ("=", ""),
        ] {
            assert_ne!(all(one), all(other), "{one}");
        }
    }

    #[test]
    fn a_query_in_its_form_is_not_copied() {
        for query in ["", "page=2", "a=1&a=2&b", "a+b=c"] {
            assert!(matches!(all(query), Cow::Borrowed(_)), "{query}");
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

    /// What is to be one: for each name, in order, the values under it; read without `query.rs`.
    fn meaning(query: &str) -> Vec<(Vec<String>, Vec<Vec<String>>)> {
        let mut by_name: Vec<(Vec<String>, Vec<Vec<String>>)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let atoms = atoms(pair);
            let end = atoms.iter().position(|atom| atom == "=").unwrap_or(atoms.len());
            let (name, value) = (atoms[..end].to_vec(), atoms[end..].to_vec());
            match by_name.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => by_name.push((name, vec![value])),
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
                ";", "é",
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
            // Moves one pair to the front, unless its name stands before it.
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
        fn no_text_makes_it_panic(query in any::<String>()) {
            let only = Selection { only: Some(&["a*"]), ignored: &["ab"] };
            prop_assert!(normalised(&query, only).len() <= query.len());
        }
    }
}
