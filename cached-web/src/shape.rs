//! Fields of a response as answers send them: their names apart from their values.
//!
//! The responses of a handler have names in common. So a map of names is there once, and near at hand
//! also for a page that nobody has asked for in a while; of the page itself an answer reads no more
//! than its values.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use http::header::{AGE, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::cache_status::CACHE_STATUS;
use crate::packed::packed;

/// Fields of a response, with places for those that each answer has of its own.
#[derive(Debug)]
pub(crate) struct Shaped {
    shape: Arc<Shape>,
    /// Those of the response, in order, in one buffer.
    values: Box<[HeaderValue]>,
}

/// The fields that an answer has of its own.
pub(crate) struct Own {
    pub(crate) age: Option<HeaderValue>,
    pub(crate) cache_status: Option<HeaderValue>,
}

/// Names of fields.
#[derive(Debug)]
struct Shape {
    /// With empty values.
    places: HeaderMap,
    age_at: usize,
    cache_status_at: Option<usize>,
}

/// Those of all responses so far.
static SHAPES: LazyLock<Mutex<HashMap<Names, Arc<Shape>>>> = LazyLock::new(Mutex::default);

/// Beyond so many each response has its own. What handlers write of fields is in their code, so they
/// are few.
const MOST_SHAPES: usize = 1024;

/// Names in order, and whether the last `Cache-Status` is the answer's own.
type Names = (Box<[HeaderName]>, bool);

const EMPTY: HeaderValue = HeaderValue::from_static("");

impl Shaped {
    /// Fields that answers have in common.
    pub(crate) fn new(mut headers: HeaderMap, has_cache_status: bool) -> Self {
        let values = values(&headers);
        // A response that has as many fields as there can be goes without.
        let _ = headers.try_insert(AGE, EMPTY);
        let has_cache_status = has_cache_status && headers.try_append(CACHE_STATUS, EMPTY).is_ok();
        Self { shape: Shape::of(headers, has_cache_status), values }
    }

    /// The fields of an answer.
    pub(crate) fn fields(&self, mut own: Own) -> HeaderMap {
        let Shape { places, age_at, cache_status_at } = &*self.shape;
        let has_age = own.age.is_some();
        let mut headers = places.clone();
        let mut values = self.values.iter();
        for (at, place) in headers.values_mut().enumerate() {
            let value = match at {
                _ if at == *age_at => own.age.take(),
                _ if Some(at) == *cache_status_at => own.cache_status.take(),
                _ => values.next().cloned(),
            };
            if let Some(value) = value {
                *place = value;
            }
        }
        if !has_age {
            headers.remove(AGE);
        }
        headers
    }
}

/// Copies of values, which have one buffer: whoever clones them counts its users in one place.
fn values(headers: &HeaderMap) -> Box<[HeaderValue]> {
    let copies = packed(|| headers.values().map(HeaderValue::as_bytes));
    let copy = |(value, copy): (&HeaderValue, _)| {
        let mut copy = HeaderValue::from_maybe_shared(copy).unwrap_or_else(|_| value.clone());
        copy.set_sensitive(value.is_sensitive());
        copy
    };
    headers.values().zip(copies).map(copy).collect()
}

impl Shape {
    /// That of these fields.
    fn of(fields: HeaderMap, has_cache_status: bool) -> Arc<Self> {
        let names = fields.iter().map(|(name, _)| name.clone()).collect();
        let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
        let count = shapes.len();
        match shapes.entry((names, has_cache_status)) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => {
                let shape = Arc::new(Self::new(fields, has_cache_status));
                if count < MOST_SHAPES {
                    place.insert(Arc::clone(&shape));
                }
                shape
            }
        }
    }

    fn new(mut places: HeaderMap, has_cache_status: bool) -> Self {
        places.values_mut().for_each(|value| *value = EMPTY);
        let at = |wanted: &HeaderName| {
            let names = places.iter().enumerate().filter(|(_, (name, _))| *name == wanted);
            names.map(|(at, _)| at).last()
        };
        let age_at = at(&AGE).unwrap_or(usize::MAX);
        let cache_status_at = if has_cache_status { at(&CACHE_STATUS) } else { None };
        Self { places, age_at, cache_status_at }
    }
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
    fn values_stay_sensitive() {
        let mut headers = fields(&[("x-a", "1"), ("x-b", "2")]);
        headers.get_mut("x-a").unwrap().set_sensitive(true);
        let headers = Shaped::new(headers, true).fields(Own { age: None, cache_status: None });
        assert!(headers["x-a"].is_sensitive() && !headers["x-b"].is_sensitive());
    }
}
