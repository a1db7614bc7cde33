//! Fields of a response as answers send them: what responses have in common, apart from what each has
//! of its own.
//!
//! The responses of a handler have the names of their fields in common, and some values, such as that
//! of `Content-Type`. So these are there once, and near at hand also for a page that nobody has asked
//! for in a while; of the page itself an answer reads no more than its other values.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::cache_status::CACHE_STATUS;
use crate::packed::packed;

/// Fields of a response, with places for those that each answer has of its own.
#[derive(Debug)]
pub(crate) struct Shaped {
    shape: Arc<Shape>,
    /// The values that are the response's own, in order, in one buffer.
    values: Box<[HeaderValue]>,
}

/// The fields that an answer has of its own.
pub(crate) struct Own {
    pub(crate) age: Option<HeaderValue>,
    pub(crate) cache_status: Option<HeaderValue>,
}

/// What responses have in common.
#[derive(Debug)]
struct Shape {
    /// Fields, with the values that are in common. The others are empty.
    places: HeaderMap,
    /// For each of them.
    owners: Box<[Owner]>,
}

/// Whose the value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Owner {
    /// Of all responses of a shape.
    Shape,
    Response,
    /// The `Age` of an answer.
    Age,
    /// The `Cache-Status` of an answer.
    CacheStatus,
}

/// Those of all responses so far.
static SHAPES: LazyLock<Mutex<HashMap<Key, Arc<Shape>>>> = LazyLock::new(Mutex::default);

/// Beyond so many each response has its own. What handlers write of fields is in their code, so they
/// are few.
const MOST_SHAPES: usize = 1024;

/// The fields of a shape, in order.
type Key = Box<[(HeaderName, HeaderValue, Owner)]>;

/// Fields whose values are in the code of handlers as a rule.
const COMMON: [HeaderName; 5] =
    [CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, VARY];

/// Bytes of the longest value in common. They stay for as long as the program runs.
const LONGEST: usize = 128;

const EMPTY: HeaderValue = HeaderValue::from_static("");

impl Shaped {
    /// Fields that answers have in common.
    pub(crate) fn new(mut headers: HeaderMap, has_cache_status: bool) -> Self {
        // A response that has as many fields as there can be goes without.
        let _ = headers.try_insert(AGE, EMPTY);
        let has_cache_status = has_cache_status && headers.try_append(CACHE_STATUS, EMPTY).is_ok();
        let owners = owners(&headers, has_cache_status);
        let values = values(&headers, &owners);
        for (value, owner) in headers.values_mut().zip(&owners) {
            if *owner != Owner::Shape {
                *value = EMPTY;
            }
        }
        Self { shape: Shape::of(headers, owners), values }
    }

    /// The fields of an answer.
    pub(crate) fn fields(&self, mut own: Own) -> HeaderMap {
        let has_age = own.age.is_some();
        let mut headers = self.shape.places.clone();
        let mut values = self.values.iter();
        for (place, owner) in headers.values_mut().zip(&self.shape.owners) {
            match owner {
                Owner::Shape => {}
                Owner::Response => fill(place, values.next().cloned()),
                Owner::Age => fill(place, own.age.take()),
                Owner::CacheStatus => fill(place, own.cache_status.take()),
            }
        }
        if !has_age {
            headers.remove(AGE);
        }
        headers
    }
}

fn fill(place: &mut HeaderValue, value: Option<HeaderValue>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn owners(headers: &HeaderMap, has_cache_status: bool) -> Box<[Owner]> {
    let statuses = headers.iter().enumerate().filter(|(_, (name, _))| *name == CACHE_STATUS);
    let last_status = statuses.map(|(at, _)| at).last().filter(|_| has_cache_status);
    let all = headers.iter().enumerate();
    all.map(|(at, (name, value))| match () {
        () if *name == AGE => Owner::Age,
        () if Some(at) == last_status => Owner::CacheStatus,
        () if is_common(name, value) => Owner::Shape,
        () => Owner::Response,
    })
    .collect()
}

fn is_common(name: &HeaderName, value: &HeaderValue) -> bool {
    COMMON.contains(name) && value.len() <= LONGEST && !value.is_sensitive()
}

/// Copies of a response's own values, which have one buffer: whoever clones them counts its users in
/// one place.
fn values(headers: &HeaderMap, owners: &[Owner]) -> Box<[HeaderValue]> {
    let of_response = || {
        let all = headers.values().zip(owners);
        all.filter(|(_, owner)| **owner == Owner::Response).map(|(value, _)| value)
    };
    let copies = packed(|| of_response().map(HeaderValue::as_bytes));
    let copy = |(value, copy): (&HeaderValue, _)| {
        let mut copy = HeaderValue::from_maybe_shared(copy).unwrap_or_else(|_| value.clone());
        copy.set_sensitive(value.is_sensitive());
        copy
    };
    of_response().zip(copies).map(copy).collect()
}

impl Shape {
    /// That of these fields.
    fn of(mut places: HeaderMap, owners: Box<[Owner]>) -> Arc<Self> {
        let all = places.iter().zip(&owners);
        let key = all.map(|((name, value), owner)| (name.clone(), value.clone(), *owner));
        let key = key.collect();
        let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
        let count = shapes.len();
        match shapes.entry(key) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) if count < MOST_SHAPES => {
                places.values_mut().for_each(|value| *value = for_ever(value));
                Arc::clone(place.insert(Arc::new(Self { places, owners })))
            }
            Entry::Vacant(_) => Arc::new(Self { places, owners }),
        }
    }
}

/// A copy whose users nobody counts: a count would go from core to core with each hit.
fn for_ever(value: &HeaderValue) -> HeaderValue {
    let bytes = Bytes::from_static(value.as_bytes().to_vec().leak());
    HeaderValue::from_maybe_shared(bytes).unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }

    fn fields(of: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, text) in of {
            headers.append(*name, value(text));
        }
        headers
    }

    #[test]
    fn an_answer_has_the_fields_of_the_response_and_its_own() {
        let given = [("link", "a"), ("cache-status", "inner; hit"), ("link", "b"), ("etag", "e")];
        let shaped = Shaped::new(fields(&given), true);
        let own = || Own { age: Some(value("3")), cache_status: Some(value("outer")) };
        for _ in 0..2 {
            let headers = shaped.fields(own());
            let links: Vec<_> = headers.get_all("link").iter().collect();
            assert_eq!(links, ["a", "b"]);
            let all: Vec<_> = headers.get_all("cache-status").iter().collect();
            assert_eq!(all, ["inner; hit", "outer"]);
            assert_eq!((&headers["etag"], &headers["age"]), (&value("e"), &value("3")));
            assert_eq!(headers.len(), 6);
        }
        let young = shaped.fields(Own { age: None, ..own() });
        assert!(!young.contains_key(AGE) && young.len() == 5);
    }

    #[test]
    fn who_sends_no_status_leaves_those_of_others() {
        let shaped = Shaped::new(fields(&[("cache-status", "inner; hit")]), false);
        let headers = shaped.fields(Own { age: Some(value("0")), cache_status: None });
        assert_eq!(headers, fields(&[("cache-status", "inner; hit"), ("age", "0")]));
    }

    #[test]
    fn responses_with_the_same_names_share_them() {
        let of = |etag, is_told| Shaped::new(fields(&[("x-a", "1"), ("etag", etag)]), is_told);
        let [one, other, silent] = [of("1", true), of("2", true), of("1", false)];
        assert!(Arc::ptr_eq(&one.shape, &other.shape));
        assert!(!Arc::ptr_eq(&one.shape, &silent.shape));
        let own = || Own { age: Some(value("1")), cache_status: None };
        assert_eq!(one.fields(own())["etag"], "1");
        assert_eq!(other.fields(own())["etag"], "2");
    }

    #[test]
    fn responses_share_values_that_are_in_the_code_of_handlers() {
        let of = |kind, etag| Shaped::new(fields(&[("content-type", kind), ("etag", etag)]), true);
        let [one, other, json] = [of("text/x", "1"), of("text/x", "2"), of("json", "3")];
        assert!(Arc::ptr_eq(&one.shape, &other.shape) && !Arc::ptr_eq(&one.shape, &json.shape));
        let own = || Own { age: Some(value("1")), cache_status: Some(value("c")) };
        let given =
            [("content-type", "text/x"), ("etag", "2"), ("age", "1"), ("cache-status", "c")];
        assert_eq!(other.fields(own()), fields(&given));
        assert_eq!(json.fields(own())["content-type"], "json");
        let [one, other] = [one, other].map(|shaped| shaped.fields(own())["content-type"].clone());
        assert_eq!(one.as_bytes().as_ptr(), other.as_bytes().as_ptr());
    }

    #[test]
    fn of_long_and_secret_values_each_response_has_its_own() {
        let long = "x".repeat(LONGEST + 1);
        let of = |text: &str, is_sensitive| {
            let mut value = HeaderValue::from_str(text).unwrap();
            value.set_sensitive(is_sensitive);
            let shaped = Shaped::new(HeaderMap::from_iter([(CONTENT_TYPE, value.clone())]), false);
            let headers = shaped.fields(Own { age: None, cache_status: None });
            assert_eq!(headers, HeaderMap::from_iter([(CONTENT_TYPE, value)]));
            (shaped.values.len(), headers[CONTENT_TYPE].is_sensitive())
        };
        assert_eq!((of("x", false), of("x", true)), ((0, false), (1, true)));
        assert_eq!((of(&long[1..], false), of(&long, false)), ((0, false), (1, false)));
    }

    #[test]
    fn values_stay_sensitive() {
        let mut headers = fields(&[("x-a", "1"), ("x-b", "2")]);
        headers.get_mut("x-a").unwrap().set_sensitive(true);
        let headers = Shaped::new(headers, true).fields(Own { age: None, cache_status: None });
        assert!(headers["x-a"].is_sensitive() && !headers["x-b"].is_sensitive());
    }
}
