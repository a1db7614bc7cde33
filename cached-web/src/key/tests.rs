use cached_runtime::__private::TextBuffer;
use http::Method;
use proptest::prelude::*;

use super::*;
use crate::request::RequestInfo;

fn request(uri: &str, lines: &[(&'static str, &str)]) -> RequestInfo {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    RequestInfo::new(Method::GET, uri.parse().unwrap(), headers)
}

fn text(rules: &Rules, request: &RequestInfo) -> String {
    let mut buffer = TextBuffer::new();
    write(&mut buffer, rules, request.asked());
    spelled(&buffer)
}

fn spelled(buffer: &TextBuffer) -> String {
    buffer.key().expect("a key is never empty").as_str().to_owned()
}

fn key(uri: &str, lines: &[(&'static str, &str)]) -> String {
    text(&Rules::new(), &request(uri, lines))
}

#[test]
fn a_key_is_legible() {
    let rules = Rules::new().vary(&["accept-language", "dnt"]);
    let lines =
        [("host", "Example.org:80"), ("x-forwarded-proto", "https"), ("accept-language", "en")];
    assert_eq!(
        text(&rules, &request("/a%20b/c?sort=x&page=2", &lines)),
        "example.org:80;x-forwarded-proto=https&#accept-language=en&dnt&/a%2520b/c?page=2&sort=x"
    );
    assert_eq!(text(&Rules::new().host(false), &request("/a", &lines[..1])), "/a");
}

#[test]
fn the_scope_ends_where_a_template_begins() {
    let mut buffer = TextBuffer::new();
    write_scope(&mut buffer, &Rules::new(), request("/a/b?c", &[("host", "h")]).asked());
    assert_eq!(spelled(&buffer), "h/");
}

#[test]
fn one_page_has_one_key() {
    for (one, other) in [
        (key("/?b=2&a=1", &[("host", "H")]), key("/?a=1&b=2", &[("host", "h")])),
        (key("http://h:8080/", &[]), key("HTTP://H:8080/", &[("host", "h:8080")])),
        (key("/?", &[]), key("/", &[])),
        (key("/", &[("user-agent", "a"), ("x-request-id", "1")]), key("/", &[])),
        (
            key("/", &[("forwarded", "for=c;host=b;by=\"[::1]\"")]),
            key("/", &[("forwarded", "host=b")]),
        ),
        (
            key("/", &[("forwarded", "for=1.2.3.4;proto=https, for=\"[::1]:80\"")]),
            key("/", &[("forwarded", "For=5.6.7.8;proto=https,for=b")]),
        ),
    ] {
        assert_eq!(one, other);
    }
}

#[test]
fn what_may_change_the_page_changes_its_key() {
    let keys = [
        key("/", &[]),
        key("/", &[("host", "")]),
        key("/", &[("host", "a")]),
        key("/", &[("host", "a:80")]),
        key("/", &[("host", "a/")]),
        key("/", &[("host", "%-")]),
        key("/", &[("host", "é")]),
        // A handler may make its links of the scheme.
        key("http://a/", &[]),
        key("https://a/", &[("host", "a")]),
        key("evil://a/", &[("host", "a")]),
        key("/", &[("host", "a"), ("x-forwarded-host", "b")]),
        key("/", &[("host", "a"), ("x-forwarded-host", "")]),
        key("/", &[("host", "a"), ("x-original-url", "/b")]),
        key("/", &[("host", "a"), ("forwarded", "host=b")]),
        key("/", &[("host", "a"), ("forwarded", "for=c,host=b")]),
        key("/", &[("host", "a"), ("forwarded", "for=\"c;host=b\"")]),
        key("/", &[("host", "a"), ("forwarded", "for=c"), ("forwarded", "host=b")]),
        key("//", &[]),
        key("/a", &[]),
        key("/%61", &[]),
        key("/a/", &[]),
        key("/A", &[]),
        key("/a;b", &[]),
        key("/a/../a", &[]),
        key("/a%2F", &[]),
        key("/a%2f", &[]),
        key("/a?b", &[]),
        key("/a%3Fb", &[]),
        key("/?a=%FF", &[]),
        key("/?a=%FE", &[]),
        key("*", &[]),
    ];
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{key}");
    }
}

#[test]
fn the_host_of_the_uri_comes_first() {
    assert_eq!(key("http://a/", &[("host", "b")]), "http!a/");
    assert_eq!(key("/", &[]), "%-/");
}

/// What a request is to be known by, found without `key.rs` and without escapes.
#[derive(PartialEq)]
struct Known {
    host: Option<Vec<u8>>,
    forwarded_host: Vec<Vec<u8>>,
    accept: Vec<Vec<u8>>,
    path: String,
    query: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug)]
struct Sent {
    path: String,
    query: Option<String>,
    lines: Vec<(&'static str, Vec<u8>)>,
}

impl Sent {
    fn known(&self) -> Known {
        let all = |name| {
            self.lines.iter().filter(move |(named, _)| *named == name).map(|(_, line)| line.clone())
        };
        let mut query: Vec<(String, Vec<String>)> = Vec::new();
        for pair in
            self.query.iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty())
        {
            let (name, value) = match pair.find('=') {
                Some(at) => (&pair[..at], &pair[at..]),
                None => (pair, ""),
            };
            match query.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value.into()),
                None => query.push((name.into(), vec![value.into()])),
            }
        }
        query.sort();
        Known {
            host: all("host").next().map(|host| host.to_ascii_lowercase()),
            forwarded_host: all("x-forwarded-host").collect(),
            accept: all("accept").collect(),
            path: self.path.clone(),
            query,
        }
    }

    fn key(&self) -> String {
        let query = self.query.iter().map(|query| format!("?{query}"));
        let uri = format!("{}{}", self.path, query.collect::<String>());
        let mut headers = HeaderMap::new();
        for (name, line) in &self.lines {
            headers.append(*name, HeaderValue::from_bytes(line).unwrap());
        }
        let request = RequestInfo::new(Method::GET, uri.parse().unwrap(), headers);
        text(&Rules::new().vary(&["accept"]), &request)
    }
}

/// Requests of few pieces, so that two of them are often one, or nearly.
fn sent() -> impl Strategy<Value = Sent> {
    let of = |pieces: &'static [&'static str], most: usize| {
        prop::collection::vec(prop::sample::select(pieces), 0..most)
            .prop_map(|pieces| pieces.concat())
    };
    let path = of(&["/", "a", "%2F", ";", "&", "é", "%2f"], 3).prop_map(|path| format!("/{path}"));
    let query = of(&["a", "b", "=", "&", "%26", "%3D", "/", "?", "é", "%FF"], 5);
    let name = prop::sample::select(&["host", "x-forwarded-host", "accept"][..]);
    let line = prop::collection::vec(prop::sample::select(&b"a/;=&#\xFF"[..]), 0..3);
    let lines = prop::collection::vec((name, line), 0..3);
    (path, prop::option::of(query), lines).prop_map(|(path, query, lines)| Sent {
        path,
        query,
        lines,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn one_key_exactly_for_what_is_known_by_the_same(one in sent(), other in sent()) {
        prop_assert_eq!(one.key() == other.key(), one.known() == other.known());
    }

    #[test]
    fn moving_one_byte_between_parts_is_seen(sent in sent(), other in sent()) {
        let mut near = sent.clone();
        near.lines = other.lines;
        prop_assert_eq!(near.key() == sent.key(), near.known() == sent.known());
        let mut near = sent.clone();
        near.query = other.query;
        prop_assert_eq!(near.key() == sent.key(), near.known() == sent.known());
        let mut near = sent.clone();
        near.path = other.path;
        prop_assert_eq!(near.key() == sent.key(), near.known() == sent.known());
    }
}
