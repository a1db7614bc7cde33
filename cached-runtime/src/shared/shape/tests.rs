//! Types that differ have fingerprints that differ; types that do not, do not.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::*;

/// Makes each item a type of the given name, and returns their fingerprints.
macro_rules! shapes {
    ($name:ident: $($(#[$attr:meta])* $kind:ident $body:tt $(;)?),* $(,)?) => {
        [$({
            #[derive(Deserialize)]
            #[allow(dead_code, reason = "its shape is all that counts")]
            $(#[$attr])*
            $kind $name $body
            shape::<$name>()
        }),*]
    };
}

/// Whether all fingerprints differ from one another.
#[track_caller]
fn all_differ(shapes: &[u64]) {
    for (idx, shape) in shapes.iter().enumerate() {
        let other = shapes.iter().rposition(|other| other == shape);
        assert_eq!(other, Some(idx), "two types have one shape");
    }
}

#[test]
#[allow(clippy::option_option, reason = "a version like others")]
fn a_struct_differs_from_its_other_versions() {
    all_differ(&shapes!(
        User:
        struct { id: u64, name: Option<String> },
        struct { id: u64 },
        struct { id: u64, name: Option<String>, age: Option<u8> },
        struct { id: u64, label: Option<String> },
        struct { id: u64, name: Option<u8> },
        struct { id: u64, name: String },
        struct { id: u32, name: Option<String> },
        struct { name: Option<String>, id: u64 },
        struct { id: u64, name: Option<Option<String>> },
        struct { id: u64, name: Option<Vec<String>> },
        #[serde(rename_all = "UPPERCASE")]
        struct { id: u64, name: Option<String> },
    ));
}

#[test]
fn a_change_at_depth_is_seen() {
    #[derive(Deserialize)]
    struct In<T>(#[allow(dead_code)] T);
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Outer<T> {
        list: Vec<Option<(u8, In<T>)>>,
        map: HashMap<String, In<T>>,
        last: [u8; 2],
    }
    mod before {
        #[derive(serde::Deserialize)]
        pub(super) struct Item {
            #[allow(dead_code)]
            pub(super) price: Option<u32>,
        }
    }
    mod after {
        #[derive(serde::Deserialize)]
        pub(super) struct Item {
            #[allow(dead_code)]
            pub(super) amount: Option<u32>,
        }
    }
    all_differ(&[
        shape::<Outer<u8>>(),
        shape::<Outer<u16>>(),
        shape::<Outer<Option<u8>>>(),
        shape::<Outer<before::Item>>(),
        shape::<Outer<after::Item>>(),
    ]);
}

#[test]
fn an_enum_differs_from_its_other_versions() {
    all_differ(&shapes!(
        Event:
        enum { Started, Failed(String), Moved { x: Option<u8> }, Pair(u8, u8) },
        enum { Failed(String), Started, Moved { x: Option<u8> }, Pair(u8, u8) },
        enum { Started, Failed(String), Moved { x: Option<u8> } },
        enum { Started, Broken(String), Moved { x: Option<u8> }, Pair(u8, u8) },
        enum { Started, Failed(u8), Moved { x: Option<u8> }, Pair(u8, u8) },
        enum { Started(()), Failed(String), Moved { x: Option<u8> }, Pair(u8, u8) },
        enum { Started, Failed(String), Moved { y: Option<u8> }, Pair(u8, u8) },
        enum { Started, Failed(String), Moved { x: Option<u16> }, Pair(u8, u8) },
        enum { Started, Failed(String), Moved { x: Option<u8> }, Pair(u8, u16) },
        enum { Started, Failed(String), Moved { x: Option<u8> }, Pair(u8, u8, u8) },
        #[serde(tag = "type")]
        enum { Started, Moved { x: u8 } },
        #[serde(tag = "kind")]
        enum { Started, Moved { x: u8 } },
        #[serde(tag = "type")]
        enum { Started, Gone { x: u8 } },
        #[serde(tag = "type")]
        enum { Started, Moved { y: u8 } },
        #[serde(tag = "type", content = "of")]
        enum { Started, Moved(u8) },
        #[serde(tag = "type", content = "of")]
        enum { Started, Moved(u16) },
        #[serde(tag = "type", content = "of")]
        enum { Started, Gone(u8) },
    ));
}

/// Every enum is seen in full: beside another, within another, and the same one twice.
#[test]
fn enums_that_meet_are_each_seen_in_full() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Four<T> {
        A,
        B(u8),
        C { inner: Option<Box<Four<T>>> },
        D(T),
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Both<A, B> {
        left: Result<A, String>,
        right: Four<Result<String, B>>,
    }
    all_differ(&[
        shape::<Both<u8, u8>>(),
        shape::<Both<u16, u8>>(),
        shape::<Both<u8, u16>>(),
        shape::<Both<Four<u8>, u8>>(),
        shape::<Both<Four<u16>, u8>>(),
        shape::<Both<u8, Four<u8>>>(),
        shape::<Both<u8, Four<u16>>>(),
        shape::<[Result<u8, u8>; 2]>(),
        shape::<(Result<u8, u8>, Result<u8, u16>)>(),
    ]);
}

#[test]
fn types_of_std_have_shapes_of_their_own() {
    all_differ(&[
        shape::<()>(),
        shape::<bool>(),
        shape::<u8>(),
        shape::<i8>(),
        shape::<u128>(),
        shape::<f32>(),
        shape::<f64>(),
        shape::<char>(),
        shape::<String>(),
        shape::<Option<u8>>(),
        shape::<Vec<u8>>(),
        shape::<Vec<u16>>(),
        shape::<Vec<Vec<u8>>>(),
        shape::<[u8; 2]>(),
        shape::<[u8; 3]>(),
        shape::<(u8, u16)>(),
        shape::<(u16, u8)>(),
        shape::<HashMap<u8, u16>>(),
        shape::<HashMap<u16, u8>>(),
        shape::<HashMap<String, u16>>(),
        shape::<Result<u8, u16>>(),
        shape::<Result<u16, u8>>(),
        shape::<Duration>(),
        shape::<SystemTime>(),
    ]);
}

#[test]
fn what_is_written_alike_has_one_shape() {
    assert_eq!(shape::<String>(), shape::<Arc<str>>());
    assert_eq!(shape::<Vec<u8>>(), shape::<Box<[u8]>>());
    assert_eq!(shape::<HashMap<u8, u8>>(), shape::<BTreeMap<u8, u8>>());
    assert_eq!(shape::<Option<Box<u8>>>(), shape::<Option<u8>>());
}

/// Deserializes from a text that must parse, as dates and ids do.
struct Parsed;

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "1970-01-01" => Ok(Self),
            _ => Err(de::Error::custom("no date")),
        }
    }
}

/// Takes nothing that can be made up.
struct Never;

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?;
        Err(de::Error::custom("no"))
    }
}

/// Trusts its input.
struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        assert!(text.len() > 100, "input of this test");
        Ok(Self)
    }
}

#[test]
fn what_follows_a_value_that_parses_is_seen() {
    all_differ(&[
        shape::<(Parsed, NonZeroU32, IpAddr, SocketAddr, PathBuf, u8)>(),
        shape::<(Parsed, NonZeroU32, IpAddr, SocketAddr, PathBuf, u16)>(),
        shape::<Vec<(HashMap<IpAddr, (Parsed, u8)>, u8)>>(),
        shape::<Vec<(HashMap<IpAddr, (Parsed, u8)>, u16)>>(),
    ]);
}

#[test]
fn what_stands_beside_a_value_that_refuses_all_is_seen() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Beside<N, T> {
        before: Option<u8>,
        never: N,
        inner: Result<Vec<(Parsed, N)>, T>,
        after: Option<T>,
    }
    all_differ(&[
        shape::<Beside<Never, u8>>(),
        shape::<Beside<Never, u16>>(),
        shape::<Vec<Option<Beside<Never, u32>>>>(),
        shape::<Vec<Option<Beside<Never, u64>>>>(),
        shape::<Beside<Parsed, u8>>(),
    ]);
    assert_ne!(shape::<Beside<Panics, u8>>(), shape::<Beside<Panics, u16>>());
    // Seen before the whole option is given up.
    all_differ(&[
        shape::<Option<(Result<u8, u8>, Never)>>(),
        shape::<Option<(Result<u8, u16>, Never)>>(),
    ]);
}

#[test]
fn another_name_of_a_field_does_not_hide_the_next() {
    all_differ(&shapes!(
        Aliased:
        struct { #[serde(alias = "b", alias = "c")] a: u8, next: Option<u8> },
        struct { #[serde(alias = "b", alias = "c")] a: u8, next: Option<u16> },
    ));
}

#[test]
fn recursive_types_end() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Tree<T> {
        children: Vec<Tree<T>>,
        parent: Option<Box<Tree<T>>>,
        by_name: HashMap<String, Tree<T>>,
        value: T,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Expr<T> {
        Add(Box<Expr<T>>, Box<Expr<T>>),
        Not { inner: Box<Expr<T>> },
        Call(String, Vec<Expr<T>>),
        Literal(T),
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Page<T> {
        items: T,
    }
    let start = Instant::now();
    all_differ(&[
        shape::<Tree<u8>>(),
        shape::<Tree<Option<u8>>>(),
        shape::<Expr<u8>>(),
        shape::<Expr<u16>>(),
        shape::<Expr<Tree<u8>>>(),
        shape::<Page<Page<u8>>>(),
        shape::<Page<Page<u16>>>(),
    ]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn what_hides_its_type_is_seen_as_far_as_it_shows() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Inner<T> {
        hidden: T,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    #[serde(untagged)]
    enum Loose {
        Number(u8),
        Named { name: String },
    }
    all_differ(&shapes!(
        Flat:
        struct { own: u8, #[serde(flatten)] rest: Inner<u8> },
        struct { own: u16, #[serde(flatten)] rest: Inner<u8> },
        struct { other: u8, #[serde(flatten)] rest: Inner<u8> },
        struct { own: u8, #[serde(flatten)] rest: HashMap<String, u8> },
    ));
    all_differ(&[
        shape::<(Loose, u8)>(),
        shape::<(Loose, u16)>(),
        shape::<(serde_json::Value, u8)>(),
        shape::<(serde_json::Value, u16)>(),
    ]);
}

/// These numbers are in stores: another one makes a miss of every entry.
#[test]
fn shapes_do_not_change_between_builds() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct User {
        id: u64,
        name: Option<String>,
        roles: Vec<Role>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Role {
        Admin,
        Guest { until: u32 },
    }
    assert_eq!(shape::<User>(), shape::<User>());
    assert_eq!(format!("{:016x}", shape::<u64>()), "61ffaeceee85617e");
    assert_eq!(format!("{:016x}", shape::<User>()), "1595a92250e33edc");
}
