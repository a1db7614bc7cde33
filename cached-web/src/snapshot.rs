//! A response as it is kept: status, fields, body. What may be kept is not decided here, nor how
//! it is sent.

mod wire;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{AGE, CONTENT_LENGTH, DATE, Entry};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{fields, http_date};

/// What a field takes in memory beside its name and value: its places in the map. In bytes.
const FIELD: u64 = 112;

/// A response as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its status.
    pub status: StatusCode,
    /// Its fields, in order, as bytes; none that belong to one connection, no `Age` and no
    /// `Content-Length`. There is a `Date`.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
    /// How old it was when the handler gave it: its own `Age`. Zero without one.
    pub initial_age: Duration,
    /// How long it is fresh from then on. None: as long as it is there.
    pub lifetime: Option<Duration>,
}

impl Snapshot {
    /// A response that was given at `now`: without the fields that say how it came, with a `Date`.
    ///
    /// The values of fields and the body are copied: one may be a piece of a larger buffer, which would
    /// be kept whole. `lifetime` is none.
    pub(crate) fn new(
        status: StatusCode,
        mut headers: HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Self {
        let initial_age = http_date::age(&headers);
        fields::remove_of_connection(&mut headers);
        headers.remove(AGE);
        headers.remove(CONTENT_LENGTH);
        if let Entry::Vacant(place) = headers.entry(DATE) {
            place.insert(http_date::written(now));
        }
        headers.values_mut().for_each(detach);
        let body = Bytes::copy_from_slice(body);
        Self { status, headers, body, initial_age, lifetime: None }
    }

    /// What it takes in memory, in bytes, nearly: body, names and values of fields, places.
    pub(crate) fn weight(&self) -> u64 {
        size_of::<Self>() as u64 + length(&self.body) + self.weight_of_fields()
    }

    /// The part of it that is its fields.
    pub(crate) fn weight_of_fields(&self) -> u64 {
        let fields = self.headers.iter();
        fields.map(|(name, value)| FIELD + length(name.as_str()) + length(value)).sum()
    }
}

fn length(bytes: impl AsRef<[u8]>) -> u64 {
    bytes.as_ref().len() as u64
}

/// Gives a value bytes of its own.
fn detach(value: &mut HeaderValue) {
    let is_sensitive = value.is_sensitive();
    if let Ok(copy) = HeaderValue::from_bytes(value.as_bytes()) {
        *value = copy;
        value.set_sensitive(is_sensitive);
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_says_how_it_came_is_not_kept() {
        let headers = headers(&[
            ("age", "7"),
            ("content-length", "2"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("link", "b"),
            ("link", "a"),
        ]);
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let snapshot = Snapshot::new(StatusCode::OK, headers, b"hi", now);
        assert_eq!(snapshot.initial_age, Duration::from_secs(7));
        assert_eq!(snapshot.lifetime, None);
        let kept: Vec<_> = snapshot
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        assert_eq!(
            kept,
            [("link", &b"b"[..]), ("link", b"a"), ("date", b"Sun, 06 Nov 1994 08:49:37 GMT")]
        );
    }

    #[test]
    fn a_date_that_is_there_stays() {
        let given = headers(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT")]);
        let snapshot = Snapshot::new(StatusCode::OK, given.clone(), b"", UNIX_EPOCH);
        assert_eq!(snapshot.headers, given);
    }

    #[test]
    fn nothing_larger_than_itself_is_kept() {
        let buffer = Bytes::from(vec![b'a'; 1 << 20]);
        let snapshot = Snapshot::new(StatusCode::OK, headers(&[]), &buffer.slice(..9), UNIX_EPOCH);
        drop(buffer);
        let body = snapshot.body.try_into_mut().expect("nobody shares it");
        assert_eq!(body.capacity(), 9);
    }

    #[test]
    fn weight_grows_with_all_that_is_kept() {
        let weight = |lines: &[_], body: &[u8]| {
            Snapshot::new(StatusCode::OK, headers(lines), body, UNIX_EPOCH).weight()
        };
        let least = weight(&[], b"");
        assert_eq!(weight(&[], b"12345"), least + 5);
        assert_eq!(weight(&[("x-a", "12"), ("x-a", "3")], b""), least + 2 * (FIELD + 3) + 3);
        assert!(least > 256);
    }
}
