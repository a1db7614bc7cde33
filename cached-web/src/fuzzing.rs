//! What the fuzz targets check. Compiled by cargo-fuzz alone; the targets are in `fuzz/`.

use std::time::UNIX_EPOCH;

use http::header::{CACHE_CONTROL, HeaderName, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::cache_control::CacheControl;
use crate::plan::{self, Plan};
use crate::query::{self, Selection};
use crate::rules::Rules;
pub use crate::snapshot::Snapshot;
use crate::vary::{self, Vary};

/// What is kept has no line that forbids it, however carelessly that is read.
pub fn directives(lines: &[&[u8]]) {
    let headers = lines_of(&CACHE_CONTROL, lines);
    let parsed = CacheControl::of(&headers);
    let plan = plan::plan(&Rules::new(), StatusCode::OK, &headers, Some(0), UNIX_EPOCH);
    if matches!(plan, Plan::Pass(_)) {
        return;
    }
    assert!(!parsed.is_malformed());
    for line in headers.get_all(CACHE_CONTROL) {
        let line = line.as_bytes();
        assert!(
            line.contains(&b'"')
                || line.split(|byte| *byte == b',').all(|member| {
                    let member = member.trim_ascii().to_ascii_lowercase();
                    ![&b"no-store"[..], b"no-cache", b"private"].iter().any(|name| member == *name)
                })
        );
    }
}

/// A query has one form, which is its own. Two with the same form are read as the same pairs.
pub fn queries(one: &str, other: &str) {
    let forms = [one, other].map(|query| query::normalised(query, Selection::ALL).into_owned());
    for form in &forms {
        assert_eq!(query::normalised(form, Selection::ALL), form.as_str());
    }
    if forms[0] == forms[1] {
        assert_eq!(pairs(one), pairs(other));
    }
    // What a key takes over without a second look is the form, with nothing in it to be escaped.
    assert!(
        !query::is_plain(one) || forms[0] == one && query::PLAIN.run(one.as_bytes()) == one.len()
    );
    let only = Selection { only: Some(&["a*", "b"]), ignored: &["ab*", "c"] };
    assert!(query::normalised(one, only).len() <= one.len());
}

/// Two requests have one text exactly where their lines are the same.
pub fn vary(names: &[&[u8]], requests: [&[&[u8]]; 2]) {
    let Vary::Fields(names) = Vary::of(&lines_of(&VARY, names)) else { return };
    let Some(first) = names.first() else { return };
    let [one, other] = requests.map(|lines| lines_of(first, lines));
    let [text, other_text] =
        [&one, &other].map(|request| vary::values(names.iter().map(HeaderName::as_str), request));
    assert_eq!(text == other_text, one == other);
}

fn lines_of(name: &HeaderName, lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()).take(64) {
        headers.append(name, line);
    }
    headers
}

/// What a lenient decoder reads, by name as forms have them.
fn pairs(query: &str) -> Vec<(String, Option<Vec<u8>>)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let name = form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default().0;
            (name.into_owned(), pair.split_once('=').map(|(_, value)| decoded(value)))
        })
        .collect();
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    pairs
}

fn decoded(text: &str) -> Vec<u8> {
    let mut parts = text.as_bytes().split(|byte| *byte == b'%');
    let mut bytes = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        let code = part.get(..2).filter(|code| code.iter().all(u8::is_ascii_hexdigit));
        let byte = code.and_then(|code| u8::from_str_radix(str::from_utf8(code).ok()?, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part);
            }
        }
    }
    bytes
}
