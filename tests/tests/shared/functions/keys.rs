//! Keys of every form name the same entry in every process, and never another one.

use cached_runtime::{cached, hit, miss};
use serde::Serialize;

use crate::world::{World, said, say};

#[derive(Clone, Serialize)]
struct Query {
    page: u32,
    tags: Vec<String>,
}

fn query(page: u32, tags: &[&str]) -> Query {
    Query { page, tags: tags.iter().map(ToString::to_string).collect() }
}

fn text_of(query: &Query) -> String {
    format!("q{}", query.page)
}

fn typed(query: &Query) -> (u32, usize) {
    (query.page, query.tags.len())
}

fn perhaps(query: &Query) -> Result<u32, &'static str> {
    if query.page > 0 { Ok(query.page) } else { Err("no page") }
}

#[cached(shared)]
fn by_arguments(name: &str, query: Query, limit: Option<u8>) -> u64 {
    let _ = (name, query, limit);
    said()
}

#[cached(shared, key = "{name}/{query.page}")]
fn by_template(name: &str, query: &Query) -> u64 {
    let _ = (name, query);
    said()
}

#[cached(shared, key = text_of)]
fn by_text(query: &Query) -> u64 {
    let _ = query;
    said()
}

#[cached(shared, key = typed)]
fn by_value(query: &Query) -> u64 {
    let _ = query;
    said()
}

#[cached(shared, key = (query.page, name))]
fn by_tuple(name: &str, query: &Query) -> u64 {
    let _ = (name, query);
    said()
}

#[cached(shared)]
fn by_nothing() -> u64 {
    said()
}

/// Expects that a call is a hit in another process, and that `other` is not.
#[track_caller]
fn one_entry(call: impl Fn() -> u64, other: impl Fn() -> u64) {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(|| miss!(call(), 1));
    say(2);
    second.run(|| {
        hit!(call(), 1);
        miss!(other(), 2);
        hit!(call(), 1);
        hit!(other(), 2);
    });
}

#[test]
fn arguments() {
    let call =
        |name: &str, page, tags: &[&str], limit| by_arguments(name, query(page, tags), limit);
    one_entry(|| call("a", 1, &["x"], None), || call("a", 1, &["x"], Some(0)));
    one_entry(|| call("a", 1, &["x,y"], None), || call("a", 1, &["x", "y"], None));
    one_entry(|| call("a,b", 1, &[], None), || call("a", 1, &["b"], None));
    one_entry(|| call("", 1, &[""], None), || call("'", 1, &[], None));
}

#[test]
fn templates() {
    one_entry(|| by_template("a", &query(1, &["x"])), || by_template("a", &query(2, &["x"])));
    one_entry(|| by_template("a/1", &query(1, &[])), || by_template("a%2F1", &query(1, &[])));
}

#[test]
fn callables() {
    one_entry(|| by_text(&query(1, &["x"])), || by_text(&query(2, &["x"])));
    one_entry(|| by_value(&query(1, &["x"])), || by_value(&query(1, &["x", "y"])));
}

#[test]
fn tuples_and_nothing_at_all() {
    one_entry(|| by_tuple("a", &query(1, &["x"])), || by_tuple("b", &query(1, &["x"])));
    one_entry(by_nothing, || by_tuple("a", &query(1, &[])));
}

#[test]
fn keys_that_no_store_takes_as_they_are() {
    let odd =
        [" ", "\n", "\r\nset x 0 0 1", "\0", "日本", "é", "%", ":", "a b", &"x".repeat(10_000)];
    let other = "x".repeat(10_001);
    for name in odd {
        one_entry(|| by_template(name, &query(1, &[])), || by_template(&other, &query(1, &[])));
        one_entry(
            || by_arguments(name, query(1, &[]), None),
            || by_arguments("x", query(1, &[]), None),
        );
    }
}

#[test]
fn a_key_that_names_nothing_is_no_entry() {
    #[cached(shared, handle, key = perhaps)]
    fn maybe(query: &Query) -> u64 {
        let _ = query;
        said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    first.run(|| {
        maybe(&query(0, &[]));
        let entry = maybe::entry(&query(0, &[]));
        assert_eq!(entry.key(), "");
        entry.put(5).unwrap();
        assert_eq!(entry.peek().unwrap(), None);
        assert_eq!(entry.age().unwrap(), None);
        assert!(!entry.invalidate().unwrap());
    });
    assert_eq!((world.store.reads(), world.store.writes()), (0, 0));
    say(2);
    second.run(|| {
        assert_eq!(maybe(&query(0, &[])), 2);
        assert_eq!(maybe::cache().stats().bypasses, 1);
        miss!(maybe(&query(1, &[])), 2);
    });
}
