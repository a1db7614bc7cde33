//! Whether a response may be stored, for everyone (RFC 9111, section 3), and what of it.
//!
//! That the request was a `GET` for the whole representation, and that its body will come to its
//! proper end, is seen to elsewhere.

use std::time::SystemTime;

use http::header::{AGE, AUTHORIZATION, DATE, ETAG, HeaderName, LAST_MODIFIED, SET_COOKIE};
use http::{HeaderMap, StatusCode};

use super::Control;
use super::freshness::{Lifetime, lifetime};
use super::terms::Terms;
use crate::admission::is_credential;
use crate::vary::Vary;
use crate::{fields, http_date};

/// Why a response is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Partial content, no final response, or a status that had to be understood.
    Status,
    NoStore,
    Private,
    /// Nothing gives it a lifetime.
    NoLifetime,
    /// It could never be used: neither fresh nor fit to be validated.
    OfNoUse,
    /// The request carried credentials, and the response does not say that it is for all.
    Credentials,
    SetCookie,
    VaryAny,
}

/// On what terms a response may be stored.
///
/// Three rules are stricter than the text of RFC 9111, which leaves them to whoever writes the fields.
/// A response with `Set-Cookie` is stored only if it is `public` (section 7.3 warns of what happens
/// otherwise). To a request with `Cookie`, or another field that says who asks, the response has to
/// say as much as to one with `Authorization` (section 3.5), or to vary on that field: then its copies
/// are as apart as the values are. And where `Cache-Control` cannot be read as a whole, the word of a
/// directive that forbids is enough, wherever it stands.
pub(crate) fn storable(
    request: &HeaderMap,
    status: StatusCode,
    headers: &HeaderMap,
    control: &Control,
    received: SystemTime,
) -> Result<Terms, Refusal> {
    let must_understand = control.has("must-understand");
    if !is_complete(status) || (must_understand && !is_understood(status)) {
        return Err(Refusal::Status);
    }
    if control.has("no-store") && !must_understand {
        return Err(Refusal::NoStore);
    }
    if control.may_forbid {
        return Err(Refusal::NoStore);
    }
    if control.has_unqualified("private") {
        return Err(Refusal::Private);
    }
    let Vary::Fields(varying) = Vary::of(headers) else {
        return Err(Refusal::VaryAny);
    };
    let is_for_all = control.has("public") || control.has("s-maxage");
    let is_shareable = is_for_all || control.has("must-revalidate");
    let is_own = |name: &HeaderName| {
        is_credential(name) && *name != AUTHORIZATION && !varying.contains(name)
    };
    let is_refused = (request.contains_key(AUTHORIZATION) && !is_shareable)
        || (!is_for_all && request.keys().any(is_own));
    if is_refused {
        return Err(Refusal::Credentials);
    }
    let is_withheld = unstored(control).any(|name| name == SET_COOKIE);
    if headers.contains_key(SET_COOKIE) && !control.has("public") && !is_withheld {
        return Err(Refusal::SetCookie);
    }
    let lifetime = lifetime(status, headers, control, received);
    if lifetime == Lifetime::Unknown {
        return Err(Refusal::NoLifetime);
    }
    let terms = Terms::new(control, lifetime.duration());
    let can_be_validated = headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED);
    if can_be_validated || terms.is_of_use() { Ok(terms) } else { Err(Refusal::OfNoUse) }
}

/// Leaves what is stored of a response's fields (RFC 9111, section 3.1), with a `Date` in any case.
///
/// Without those of a connection, those that `private` and `no-cache` name, and `Age`, which is
/// worked out anew for each answer.
pub(crate) fn keep(headers: &mut HeaderMap, control: &Control, received: SystemTime) {
    fields::remove_of_connection(headers);
    for name in unstored(control) {
        headers.remove(name);
    }
    headers.remove(AGE);
    if http_date::date(headers).is_none() {
        headers.insert(DATE, http_date::written(received));
    }
}

fn unstored(control: &Control) -> impl Iterator<Item = HeaderName> + '_ {
    control.qualified("private").chain(control.qualified("no-cache"))
}

/// Whether a response of this status stands for itself.
fn is_complete(status: StatusCode) -> bool {
    !status.is_informational()
        && !matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Whether this cache knows what the status demands of caches (RFC 9111, 5.2.2.3): those of RFC 9110.
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=205 | 300..=303 | 305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 451 | 500..=505
    )
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

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

    fn refusal(status: u16, request: Lines, response: Lines) -> Option<Refusal> {
        let (request, headers) = (map(request), map(response));
        let control = Control::of(&headers, &[]);
        let status = StatusCode::from_u16(status).unwrap();
        storable(&request, status, &headers, &control, UNIX_EPOCH).err()
    }

    fn of_control(control: &'static str) -> Option<Refusal> {
        let line = [("cache-control", control)];
        refusal(200, &[], Box::leak(Box::new(line)))
    }

    #[test]
    fn what_says_how_long_it_is_fresh_is_stored_whatever_its_status() {
        for status in [200, 204, 299, 302, 400, 403, 404, 499, 500, 503, 599] {
            assert_eq!(refusal(status, &[], &[("cache-control", "max-age=1")]), None, "{status}");
        }
        for status in [101, 206, 304] {
            let found = refusal(status, &[], &[("cache-control", "max-age=1")]);
            assert_eq!(found, Some(Refusal::Status), "{status}");
        }
    }

    #[test]
    fn directives_forbid() {
        for (control, expected) in [
            ("max-age=1, no-store", Some(Refusal::NoStore)),
            ("max-age=1, No-Store=x", Some(Refusal::NoStore)),
            ("max-age=1, private", Some(Refusal::Private)),
            ("max-age=1, private=\"x\"", None),
            ("max-age=0", Some(Refusal::OfNoUse)),
            ("max-age=9, no-cache", Some(Refusal::OfNoUse)),
            ("max-age=0, stale-if-error=1", None),
            ("max-age=1, must-understand, no-store", None),
            ("", Some(Refusal::OfNoUse)),
        ] {
            assert_eq!(of_control(control), expected, "{control}");
        }
        let understood = &[("cache-control", "max-age=1, must-understand")];
        assert_eq!(refusal(599, &[], understood), Some(Refusal::Status));
        assert_eq!(refusal(200, &[], understood), None);
    }

    #[test]
    fn what_can_be_validated_is_stored_without_a_lifetime() {
        assert_eq!(refusal(200, &[], &[("etag", "\"a\"")]), None);
        assert_eq!(refusal(200, &[], &[("cache-control", "no-cache"), ("etag", "\"a\"")]), None);
        assert_eq!(refusal(201, &[], &[("etag", "\"a\"")]), Some(Refusal::NoLifetime));
        assert_eq!(refusal(201, &[], &[("etag", "\"a\""), ("cache-control", "public")]), None);
    }

    #[test]
    fn answers_to_credentials_are_stored_only_if_they_are_for_all() {
        for (control, with_authorization, with_cookie) in [
            ("max-age=9", false, false),
            ("max-age=9, must-revalidate", true, false),
            ("max-age=9, public", true, true),
            ("s-maxage=9", true, true),
        ] {
            let response = Box::leak(Box::new([("cache-control", control)]));
            let authorized = refusal(200, &[("authorization", "x")], response);
            assert_eq!(authorized.is_none(), with_authorization, "{control}");
            let cookie = refusal(200, &[("cookie", "a=b")], response);
            assert_eq!(cookie.is_none(), with_cookie, "{control}");
        }
        let varying = &[("cache-control", "max-age=9"), ("vary", "Cookie, Authorization")];
        assert_eq!(refusal(200, &[("cookie", "a=b")], varying), None);
        let refused = Some(Refusal::Credentials);
        assert_eq!(refusal(200, &[("authorization", "x")], varying), refused);
    }

    #[test]
    fn cookies_of_one_are_not_set_for_others() {
        let with = |control| {
            let lines = Box::leak(Box::new([("cache-control", control), ("set-cookie", "a=b")]));
            refusal(200, &[], lines)
        };
        assert_eq!(with("s-maxage=9"), Some(Refusal::SetCookie));
        assert_eq!(with("max-age=9, public"), None);
        assert_eq!(with("max-age=9, private=\"Set-Cookie\""), None);
    }

    #[test]
    fn vary_on_anything_is_never_stored() {
        let lines = &[("cache-control", "max-age=9"), ("vary", "accept"), ("vary", "*")];
        assert_eq!(refusal(200, &[], lines), Some(Refusal::VaryAny));
    }

    #[test]
    fn fields_of_a_connection_and_those_named_are_left_out() {
        let mut headers = map(&[
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("age", "5"),
            ("x-user", "ann"),
            ("x-token", "t"),
            ("x-kept", "1"),
            ("cache-control", "private=\"x-user\", no-cache=x-token, max-age=1"),
        ]);
        let control = Control::of(&headers, &[]);
        keep(&mut headers, &control, UNIX_EPOCH);
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["cache-control", "date", "x-kept"]);
        assert_eq!(headers["date"], "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
