use std::time::{SystemTime, UNIX_EPOCH};

use http::header::HeaderName;

use super::*;
use crate::admission::Bypass;
use crate::cache_status::Missed;
use crate::request::RequestInfo;
use crate::rules::ETags;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn request(method: Method, lines: &[(&'static str, &str)]) -> RequestInfo {
    RequestInfo::new(method, "/".parse().unwrap(), headers(lines))
}

fn get(lines: &[(&'static str, &str)]) -> RequestInfo {
    request(Method::GET, lines)
}

fn kept(status: u16, lines: &[(&'static str, &str)]) -> Page {
    let status = StatusCode::from_u16(status).unwrap();
    let mut snapshot = Snapshot::new(status, headers(lines), b"hello", now());
    validators::add_etag(&mut snapshot, ETags::Weak);
    snapshot.lifetime = Some(Duration::from_secs(60));
    Page::new(snapshot)
}

const fn hit(secs: u64) -> Found {
    Found::Hit { age: Duration::from_millis(secs * 1_000 + 999), stale: false }
}

const STORED: Found =
    Found::Miss { reason: Missed::Uri, collapsed: false, stored: true, unkept: None };

fn lines(answer: &Answer, name: &str) -> Vec<String> {
    answer.headers.get_all(name).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// All names, sorted.
fn names(answer: &Answer) -> Vec<&str> {
    let mut names: Vec<&str> = answer.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_hit_is_the_response_with_its_age() {
    let snapshot =
        kept(200, &[("age", "7"), ("link", "b"), ("link", "a"), ("content-length", "5")]);
    let answer = answer(&Rules::new(), get(&[]).asked(), &snapshot, &hit(3));
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"hello"[..]));
    assert_eq!(names(&answer), ["age", "cache-status", "content-length", "date", "etag", "link"]);
    assert_eq!(lines(&answer, "age"), ["10"]);
    assert_eq!(lines(&answer, "date"), [DATE]);
    assert_eq!(lines(&answer, "link"), ["b", "a"]);
    assert_eq!(lines(&answer, "cache-status"), ["cached-web; hit; ttl=56"]);
}

#[test]
fn a_miss_tells_the_age_that_the_handler_told() {
    let age =
        |of: &[_]| lines(&answer(&Rules::new(), get(&[]).asked(), &kept(200, of), &STORED), "age");
    assert_eq!(age(&[]), [""; 0]);
    assert_eq!(age(&[("age", "7")]), ["7"]);
    let zero = answer(&Rules::new(), get(&[]).asked(), &kept(200, &[]), &hit(0));
    assert_eq!(lines(&zero, "age"), ["0"]);
}

#[test]
fn an_age_beyond_all_bounds_is_told_all_the_same() {
    let mut snapshot = kept(200, &[]);
    snapshot.snapshot.initial_age = Duration::MAX;
    let found = Found::Hit { age: Duration::MAX, stale: true };
    let answer = answer(&Rules::new(), get(&[]).asked(), &snapshot, &found);
    assert_eq!(lines(&answer, "age"), [u64::MAX.to_string()]);
}

#[test]
fn a_client_that_has_the_page_gets_a_304_with_six_fields() {
    let all = [
        ("cache-control", "public"),
        ("content-location", "/x"),
        ("content-type", "text/plain"),
        ("content-language", "en"),
        ("etag", "\"a\""),
        ("expires", "0"),
        ("last-modified", DATE),
        ("link", "b"),
        ("vary", "accept"),
        ("vary", "origin"),
    ];
    let known = request(Method::GET, &[("if-none-match", "W/\"a\"")]);
    let head = request(Method::HEAD, &[("if-none-match", "*")]);
    let since = request(Method::GET, &[("if-modified-since", DATE)]);
    for request in [known, head, since] {
        for found in [hit(3), STORED] {
            let answer = answer(&Rules::new(), request.asked(), &kept(200, &all), &found);
            assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0));
            let mut expected = vec![
                "cache-control",
                "cache-status",
                "content-location",
                "date",
                "etag",
                "expires",
                "vary",
            ];
            if found != STORED {
                expected.insert(0, "age");
            }
            assert_eq!(names(&answer), expected);
            assert_eq!(lines(&answer, "vary"), ["accept", "origin"]);
        }
    }
}

#[test]
fn a_client_that_has_another_page_gets_this_one() {
    let snapshot = kept(200, &[("last-modified", DATE)]);
    let request = get(&[("if-none-match", "\"other\""), ("if-modified-since", DATE)]);
    assert_eq!(answer(&Rules::new(), request.asked(), &snapshot, &hit(0)).status, StatusCode::OK);
    let any = get(&[("if-none-match", "*")]);
    assert_eq!(
        answer(&Rules::new(), any.asked(), &kept(404, &[]), &hit(0)).status,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn head_is_get_without_its_body() {
    let head = request(Method::HEAD, &[]);
    for (status, length) in [(200, Some("5")), (404, Some("5")), (204, None)] {
        let snapshot = kept(status, &[("content-type", "text/plain")]);
        let answered = answer(&Rules::new(), head.asked(), &snapshot, &hit(0));
        assert!(answered.body.is_empty());
        let told = lines(&answered, "content-length");
        assert_eq!(told.first().map(String::as_str), length, "{status}");
        assert_eq!(
            answered.headers,
            answer(&Rules::new(), get(&[]).asked(), &snapshot, &hit(0)).headers
        );
    }
}

#[test]
fn declared_fields_are_in_vary_once() {
    let rules = Rules::new().vary(&["accept-language", "dnt"]);
    let vary = |of: &[_]| lines(&answer(&rules, get(&[]).asked(), &kept(200, of), &hit(0)), "vary");
    assert_eq!(vary(&[]), ["accept-language, dnt"]);
    assert_eq!(vary(&[("vary", "Origin, DNT")]), ["Origin, DNT", "accept-language"]);
    assert_eq!(vary(&[("vary", "dnt, Accept-Language")]), ["dnt, Accept-Language"]);
    let mut passed = headers(&[("vary", "*")]);
    pass(&rules, &mut passed, &STORED);
    assert_eq!(passed[VARY], "*");
    let mut passed = HeaderMap::new();
    pass(&rules, &mut passed, &STORED);
    assert_eq!(passed[VARY], "accept-language, dnt");
}

#[test]
fn pages_of_one_client_are_private() {
    let rules = Rules::new().per_identity();
    let cache_control = |rules: &Rules, of: &[_]| {
        lines(&answer(rules, get(&[]).asked(), &kept(200, of), &hit(0)), "cache-control")
    };
    assert_eq!(cache_control(&rules, &[]), ["private"]);
    assert_eq!(
        cache_control(&rules, &[("cache-control", "max-age=9, Private")]),
        ["max-age=9, Private"]
    );
    let partly = [("cache-control", "private=\"x\"")];
    assert_eq!(cache_control(&rules, &partly), ["private=\"x\"", "private"]);
    let both = rules.clone().cache_control("max-age=5");
    assert_eq!(cache_control(&both, &[("cache-control", "public")]), ["max-age=5", "private"]);
    assert_eq!(cache_control(&Rules::new(), &[]), [""; 0]);
    let mut passed = HeaderMap::new();
    pass(&rules, &mut passed, &Found::Bypass(Bypass::Range));
    assert_eq!(passed[CACHE_CONTROL], "private");
}

#[test]
fn clients_are_told_what_the_option_says() {
    let rules = Rules::new().cache_control("max-age=5");
    let told = |status, request: &RequestInfo| {
        let snapshot =
            kept(status, &[("cache-control", "s-maxage=60"), ("cache-control", "public")]);
        lines(&answer(&rules, request.asked(), &snapshot, &hit(0)), "cache-control")
    };
    assert_eq!(told(200, &get(&[])), ["max-age=5"]);
    assert_eq!(told(200, &get(&[("if-none-match", "*")])), ["max-age=5"]);
    assert_eq!(told(301, &get(&[])), ["max-age=5"]);
    assert_eq!(told(404, &get(&[])), ["s-maxage=60", "public"]);
    let mut passed = headers(&[("cache-control", "no-store")]);
    pass(&rules, &mut passed, &STORED);
    assert_eq!(passed[CACHE_CONTROL], "no-store");
}
