//! Fields as such: lists, tokens and quoted strings in them, and those that are kept with nothing.
//!
//! The grammar is RFC 9110, section 5.6. What single fields mean is in files of their own.

use http::HeaderMap;
use http::header::{
    AGE, CACHE_CONTROL, CONNECTION, DATE, ETAG, EXPIRES, HeaderName, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VARY,
};

/// Fields that belong to one connection, or to one proxy (RFC 9110, 7.6.1; RFC 9111, 3.1).
const OF_A_CONNECTION: [HeaderName; 10] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Fields that are for every recipient, so that `Connection` may not name them (RFC 9110, section
/// 7.6.1).
const OF_ALL: [HeaderName; 6] = [AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, VARY];

/// Removes the fields that belong to one connection, and those that `Connection` names.
pub(crate) fn remove_of_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|line| members(line.as_bytes()).0)
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .filter(|name| !OF_ALL.contains(name))
        .collect();
    for name in OF_A_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}

/// The members of a list, trimmed, without empty ones; and whether every quoted string has an end.
///
/// A comma in a quoted string parts nothing. After a quote that is never closed, all is one member.
pub(crate) fn members(line: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut members = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                members.push(line[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
    }
    members.push(line[start..].trim_ascii());
    members.retain(|member| !member.is_empty());
    (members, !is_quoted)
}

/// Whether this is a token.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_byte(*byte))
}

/// What a quoted string holds; none where this is not one.
pub(crate) fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut held = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return None,
            b'\\' => held.push(*bytes.next()?),
            _ => held.push(*byte),
        }
    }
    Some(held)
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn lists_are_parted_outside_of_quotes() {
        let (members, is_whole) = members(br#" a , ,"b, \" c" ;d,,e"#);
        assert_eq!(members, [&b"a"[..], br#""b, \" c" ;d"#, b"e"]);
        assert!(is_whole);
        assert_eq!(super::members(b"a, \"b, c"), (vec![&b"a"[..], b"\"b, c"], false));
        assert_eq!(super::members(b""), (vec![], true));
    }

    #[test]
    fn quoted_strings_are_whole() {
        assert_eq!(unquoted(br#""a\"b\\""#).as_deref(), Some(&br#"a"b\"#[..]));
        assert_eq!(unquoted(b"\"\"").as_deref(), Some(&b""[..]));
        for text in [&b"\""[..], b"a", b"\"a", b"\"a\"b\"", br#""a\""#, b""] {
            assert_eq!(unquoted(text), None, "{text:?}");
        }
    }

    #[test]
    fn tokens_are_what_the_grammar_says() {
        let all: Vec<u8> = (0..=u8::MAX).filter(|byte| is_token_byte(*byte)).collect();
        let mut expected = b"!#$%&'*+-.^_`|~".to_vec();
        expected.extend((b'0'..=b'9').chain(b'A'..=b'Z').chain(b'a'..=b'z'));
        expected.sort_unstable();
        assert_eq!(all, expected);
        assert!(!is_token(b""));
    }

    #[test]
    fn connection_names_nothing_that_is_for_all() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("connection", "vary, Cache-Control, x-hop"), ("vary", "x-a"), ("x-hop", "1")]
        {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove_of_connection(&mut headers);
        assert_eq!((headers.len(), headers.contains_key(VARY)), (1, true));
    }

    #[test]
    fn what_belongs_to_a_connection_goes_and_the_rest_stays_in_order() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("connection", "x-other"),
            ("x-hop", "1"),
            ("x-other", "2"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("trailer", "x-sum"),
            ("link", "b"),
            ("link", "a"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove_of_connection(&mut headers);
        let left: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(left, [("link", &b"b"[..]), ("link", b"a")]);
    }
}
