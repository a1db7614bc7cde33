//! Whether a stored response answers a request as it is (RFC 9111, section 4 and 4.2.4).
//!
//! That it was selected for the request is taken for granted: see `selection.rs`.

use std::time::Duration;

use http::StatusCode;

use super::Asked;
use super::asked::Wanted;
use super::terms::{Staleness, Terms};

/// How a stored response may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// As it is.
    Fresh,
    /// As it is, though it is stale: the client asked for that.
    Stale,
    /// As it is, though it is stale, while it is validated in the background.
    WhileRevalidating,
    /// Once it has been validated.
    Validated,
    /// Once it has been validated, or where that fails.
    ValidatedOrFailed,
}

/// How a response of this age may be used for a request.
pub(crate) fn reuse(terms: &Terms, age: Duration, asked: &Asked) -> Reuse {
    let past = age.saturating_sub(terms.lifetime);
    let left = terms.lifetime.saturating_sub(age);
    let is_fresh = !left.is_zero();
    let validated = match terms.on_error {
        on_error if !is_fresh && past < on_error => Reuse::ValidatedOrFailed,
        _ => Reuse::Validated,
    };
    if terms.is_validated_always {
        return validated;
    }
    let (max_age, min_left, max_stale) = match asked.freshness {
        Wanted::None => return validated,
        Wanted::Fresh => (Duration::MAX, Duration::ZERO, Duration::ZERO),
        Wanted::Within { age, left, stale } => (age, left, stale),
    };
    if age > max_age {
        return validated;
    }
    if is_fresh && left >= min_left {
        return Reuse::Fresh;
    }
    if is_fresh || !min_left.is_zero() {
        return validated;
    }
    if terms.staleness == Staleness::Allowed && past < max_stale {
        return Reuse::Stale;
    }
    if past < terms.while_revalidating { Reuse::WhileRevalidating } else { validated }
}

/// Whether a response says that the origin failed, so that a stale one may take its place
/// (RFC 5861, section 4).
pub(crate) fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::rfc9111::Control;

    fn found(response: &'static str, age: u64, request: &'static str) -> Reuse {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static(response));
        let control = Control::of(&headers, &[]);
        let lifetime = control.freshness("s-maxage").or(control.freshness("max-age")).unwrap();
        headers.insert("cache-control", HeaderValue::from_static(request));
        let asked = Asked::of(&headers);
        reuse(&Terms::new(&control, lifetime), Duration::from_secs(age), &asked)
    }

    #[test]
    fn the_table() {
        use Reuse::{Fresh, Stale, Validated, ValidatedOrFailed, WhileRevalidating};
        for (response, age, request, expected) in [
            ("max-age=10", 9, "", Fresh),
            ("max-age=10", 10, "", Validated),
            ("max-age=10, no-cache", 0, "", Validated),
            ("max-age=10, no-cache=\"a\"", 0, "", Fresh),
            // What the client asks.
            ("max-age=10", 5, "no-cache", Validated),
            ("max-age=10", 0, "max-age=0", Validated),
            ("max-age=10", 5, "max-age=5", Fresh),
            ("max-age=10", 6, "max-age=5", Validated),
            ("max-age=10", 5, "min-fresh=5", Fresh),
            ("max-age=10", 6, "min-fresh=5", Validated),
            ("max-age=10", 14, "max-stale=5", Stale),
            ("max-age=10", 15, "max-stale=5", Validated),
            ("max-age=10", 9_999, "max-stale", Stale),
            ("max-age=10", 14, "max-stale=5, max-age=12", Validated),
            ("max-age=10", 14, "max-stale=5, min-fresh=1", Validated),
            ("max-age=10, must-revalidate", 11, "max-stale", Validated),
            ("max-age=10, proxy-revalidate", 11, "max-stale", Validated),
            ("s-maxage=10", 11, "max-stale", Validated),
            ("no-cache, max-age=10", 1, "max-stale", Validated),
            // What the response allows once it is stale.
            ("max-age=10, stale-while-revalidate=5", 14, "", WhileRevalidating),
            ("max-age=10, stale-while-revalidate=5", 15, "", Validated),
            ("max-age=10, stale-while-revalidate=5", 11, "no-cache", Validated),
            ("max-age=10, stale-while-revalidate=5", 11, "max-age=5", Validated),
            ("max-age=10, stale-while-revalidate=5, must-revalidate", 11, "", Validated),
            ("s-maxage=10, stale-while-revalidate=5", 11, "", WhileRevalidating),
            ("max-age=10, stale-if-error=5", 14, "", ValidatedOrFailed),
            ("max-age=10, stale-if-error=5", 15, "", Validated),
            ("max-age=10, stale-if-error=5, proxy-revalidate", 11, "", Validated),
            ("max-age=10, stale-if-error=5", 5, "no-cache", Validated),
        ] {
            assert_eq!(found(response, age, request), expected, "{response} | {age} | {request}");
        }
    }
}
