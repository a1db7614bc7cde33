use std::time::UNIX_EPOCH;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use proptest::prelude::*;

use super::*;

/// The time of the requests: Sun, 06 Nov 1994 08:49:37 GMT.
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

fn planned(rules: &Rules, status: u16, lines: &[(&'static str, &str)]) -> Plan {
    plan(rules, StatusCode::from_u16(status).unwrap(), &headers(lines), Some(5), now())
}

fn page(lines: &[(&'static str, &str)]) -> Plan {
    planned(&Rules::new(), 200, lines)
}

const fn kept(secs: u64) -> Plan {
    Plan::Buffer(Keep { lifetime: Some(Duration::from_secs(secs)) })
}

const AS_LONG_AS_THE_POLICY_SAYS: Plan = Plan::Buffer(Keep { lifetime: None });

#[test]
fn five_statuses_are_kept_and_two_by_option() {
    let with_option = Rules::new().not_found(Duration::from_secs(9));
    for status in 100..=999 {
        let (default, optional) = match status {
            200 | 203 | 204 | 301 | 308 => (AS_LONG_AS_THE_POLICY_SAYS, AS_LONG_AS_THE_POLICY_SAYS),
            404 | 410 => (Plan::Pass(Unkept::Status), kept(9)),
            _ => (Plan::Pass(Unkept::Status), Plan::Pass(Unkept::Status)),
        };
        assert_eq!(planned(&Rules::new(), status, &[]), default, "{status}");
        assert_eq!(planned(&with_option, status, &[]), optional, "{status}");
    }
    assert_eq!(planned(&with_option, 404, &[("cache-control", "max-age=3")]), kept(3));
    assert_eq!(planned(&with_option, 404, &[("cache-control", "max-age=30")]), kept(9));
    let never = Rules::new().not_found(Duration::ZERO);
    assert_eq!(planned(&never, 404, &[]), Plan::Pass(Unkept::NotFresh));
}

#[test]
fn what_is_for_one_client_is_not_kept() {
    use Unkept::{CacheControl, Form, SetCookie, Unreadable, Vary};
    for (lines, reason) in [
        (&[("set-cookie", "a=b")][..], SetCookie),
        (&[("set-cookie2", "a=b")], SetCookie),
        (&[("set-cookie", "")], SetCookie),
        (&[("cache-control", "no-store")], CacheControl),
        (&[("cache-control", "max-age=60, NO-STORE")], CacheControl),
        (&[("cache-control", " , \tPrivate\t")], CacheControl),
        (&[("cache-control", "private=\"x-a, x-b\"")], CacheControl),
        (&[("cache-control", "no-cache=x")], CacheControl),
        (&[("cache-control", "no-cache=\"set-cookie\"")], CacheControl),
        (&[("cache-control", "public"), ("cache-control", "no-store")], CacheControl),
        (&[("cache-control", "no-store =1")], CacheControl),
        (&[("cache-control", "\"public, no-store")], Unreadable),
        (&[("cache-control", "no-store;private")], Unreadable),
        (&[("cache-control", "max-age=60;")], Unreadable),
        (&[("cache-control", "é")], Unreadable),
        (&[("pragma", "No-Cache")], CacheControl),
        (&[("vary", "*")], Vary),
        (&[("vary", "accept"), ("vary", "origin, *")], Vary),
        (&[("vary", "accept;q")], Vary),
        (&[("content-range", "bytes 0-1/2")], Form),
        (&[("trailer", "x-sum")], Form),
        (&[("upgrade", "h2c")], Form),
    ] {
        assert_eq!(page(lines), Plan::Pass(reason), "{lines:?}");
    }
}

#[test]
fn what_forbids_nothing_is_kept() {
    for lines in [
        &[("cache-control", "public, must-revalidate, x-no-store, x=\"no-store, private\"")][..],
        &[("cache-control", "")],
        &[("vary", "accept, Origin")],
        &[("etag", "\"a\""), ("last-modified", "x"), ("date", "x")],
        &[("content-length", "5")],
        &[("content-length", "5"), ("content-length", "5")],
    ] {
        assert_eq!(page(lines), AS_LONG_AS_THE_POLICY_SAYS, "{lines:?}");
    }
}

#[test]
fn private_pages_are_kept_where_identity_is_in_the_key() {
    let rules = Rules::new().per_identity();
    for (line, expected) in [
        ("private", AS_LONG_AS_THE_POLICY_SAYS),
        ("private=\"x\", max-age=4", kept(4)),
        ("private, no-store", Plan::Pass(Unkept::CacheControl)),
        ("private, no-cache", Plan::Pass(Unkept::CacheControl)),
    ] {
        assert_eq!(planned(&rules, 200, &[("cache-control", line)]), expected, "{line}");
    }
    let cookie = [("set-cookie", "a=b")];
    assert_eq!(planned(&rules, 200, &cookie), Plan::Pass(Unkept::SetCookie));
    let ignored = Rules::new().ignore_credentials();
    let private = [("cache-control", "private")];
    assert_eq!(planned(&ignored, 200, &private), Plan::Pass(Unkept::CacheControl));
}

#[test]
fn the_lifetime_is_what_is_left_of_what_the_response_says() {
    const LATER: &str = "Sun, 06 Nov 1994 08:50:37 GMT";
    for (lines, expected) in [
        (&[("cache-control", "max-age=60")][..], 60),
        (&[("cache-control", "max-age=60, s-maxage=7")], 7),
        (&[("cache-control", "s-maxage=70, max-age=6")], 70),
        (&[("cache-control", "max-age=60"), ("age", "20")], 40),
        (&[("cache-control", "max-age=7"), ("expires", LATER)], 7),
        (&[("cache-control", "max-age=7"), ("expires", "0")], 7),
        (&[("expires", LATER)], 60),
        (&[("expires", LATER), ("age", "10")], 50),
        (&[("expires", LATER), ("date", "Sun, 06 Nov 1994 08:49:57 GMT")], 40),
        (&[("expires", LATER), ("date", "Sun, 06 Nov 1994 08:00:00 GMT")], 60),
    ] {
        assert_eq!(page(lines), kept(expected), "{lines:?}");
    }
}

#[test]
fn what_is_not_fresh_is_not_kept() {
    for lines in [
        &[("cache-control", "max-age=0")][..],
        &[("cache-control", "max-age=60, s-maxage=0")],
        &[("cache-control", "max-age=60, max-age=61")],
        &[("cache-control", "max-age")],
        &[("cache-control", "max-age=-1")],
        &[("cache-control", "s-maxage=x, max-age=60")],
        &[("cache-control", "max-age=60"), ("age", "60")],
        &[("expires", "0")],
        &[("expires", "-1")],
        &[("expires", "Sun, 06 Nov 1994 08:49:37 GMT")],
        &[("expires", "Sun, 06 Nov 1994 08:50:37 GMT"), ("expires", "0")],
        &[("expires", "Sun, 06 Nov 1994 08:40:37 GMT"), ("date", "Sun, 06 Nov 1994 08:30:37 GMT")],
    ] {
        assert_eq!(page(lines), Plan::Pass(Unkept::NotFresh), "{lines:?}");
    }
}

#[test]
fn bodies_are_read_only_up_to_the_limit_and_where_their_length_is_known() {
    let of = |rules: &Rules, length, lines: &[_]| {
        plan(rules, StatusCode::OK, &headers(lines), length, now())
    };
    let keep = Keep { lifetime: None };
    let rules = Rules::new().max_body(10);
    assert_eq!(of(&rules, Some(0), &[]), Plan::Buffer(keep));
    assert_eq!(of(&rules, Some(10), &[]), Plan::Buffer(keep));
    assert_eq!(of(&rules, Some(11), &[]), Plan::Pass(Unkept::TooLong));
    assert_eq!(of(&rules, None, &[]), Plan::Pass(Unkept::UnknownLength));
    assert_eq!(of(&rules, None, &[("content-length", "5")]), Plan::Pass(Unkept::UnknownLength));
    assert_eq!(of(&rules.clone().tee(), None, &[]), Plan::Tee(keep));
    assert_eq!(of(&rules.clone().tee(), Some(11), &[]), Plan::Pass(Unkept::TooLong));
    assert_eq!(of(&rules.tee(), None, &[("set-cookie", "a")]), Plan::Pass(Unkept::SetCookie));
    for line in ["4", "6", "+5", "5, 5", "x", ""] {
        assert_eq!(page(&[("content-length", line)]), Plan::Pass(Unkept::Length), "{line}");
    }
    assert_eq!(
        page(&[("content-length", "5"), ("content-length", "6")]),
        Plan::Pass(Unkept::Length)
    );
}

#[test]
fn some_responses_are_of_no_use_when_stale() {
    for (line, expected) in [
        ("must-revalidate", true),
        ("Proxy-Revalidate, max-age=1", true),
        ("s-maxage=9", true),
        ("max-age=9, public", false),
    ] {
        assert_eq!(forbids_stale(&headers(&[("cache-control", line)])), expected, "{line}");
    }
}

proptest! {
    /// Whatever stands around them, in whatever case, on whatever line.
    #[test]
    fn a_forbidding_directive_is_never_overlooked(
        before in "[ ,\"=a-z0-9;\t-]{0,12}",
        directive in prop::sample::select(&["no-store", "private", "no-cache"][..]),
        cases in any::<u16>(),
        after in "(=\"[a-z, ]{0,5}\"|=[a-z]{1,3})?",
        is_first in any::<bool>(),
    ) {
        let directive: String = directive.chars().enumerate().map(|(at, c)| {
            if cases >> at & 1 == 1 { c.to_ascii_uppercase() } else { c }
        }).collect();
        let mut lines = [before.clone(), format!("{directive}{after}")];
        if is_first {
            lines.reverse();
        }
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_str(&line).unwrap());
        }
        let plan = plan(&Rules::new(), StatusCode::OK, &headers, Some(0), now());
        prop_assert_eq!(plan, Plan::Pass(Unkept::CacheControl));
    }

    #[test]
    fn nothing_lives_longer_than_it_says(max_age in 0_u64..100, age in 0_u64..100) {
        let lines = [("cache-control", &*format!("max-age={max_age}")), ("age", &*age.to_string())];
        let expected = match max_age.saturating_sub(age) {
            0 => Plan::Pass(Unkept::NotFresh),
            left => kept(left),
        };
        prop_assert_eq!(page(&lines), expected);
    }
}
