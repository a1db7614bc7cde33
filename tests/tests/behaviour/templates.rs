//! Template keys: what they write, and that no two calls write the same.

use std::borrow::Cow;
use std::fmt;

use cached_runtime::{cached, hit, miss, testing};

#[cached(key = "{a}:{b}", handle)]
fn join(a: &str, b: &str) -> String {
    format!("{a}|{b}")
}

#[test]
fn text_does_not_run_over_a_separator() {
    testing::isolated(|| {
        miss!(join("a:b", "c"), "a:b|c");
        miss!(join("a", "b:c"), "a|b:c");
        miss!(join("a%3Ab", "c"), "a%3Ab|c");
        hit!(join("a:b", "c"), "a:b|c");
    });
}

#[test]
fn arguments_are_escaped_bytewise_and_the_own_text_is_not() {
    assert_eq!(join::entry("a:b", "c/d").key(), "a%3Ab:c%2Fd");
    assert_eq!(join::entry("é ~._-", "%").key(), "%C3%A9%20~._-:%25");
}

#[cached(key = "q:{words}", handle)]
fn search(words: Option<&str>) -> String {
    format!("{words:?}")
}

#[test]
fn none_empty_text_and_the_word_none_are_apart() {
    testing::isolated(|| {
        miss!(search(None), "None");
        miss!(search(Some("")), "Some(\"\")");
        miss!(search(Some("None")), "Some(\"None\")");
        hit!(search(None), "None");
        hit!(search(Some("")), "Some(\"\")");
    });
}

#[cached(key = "{{{n:04}}}/{ratio:.2}/{flags:#x}/{mode:?}", handle)]
fn formatted(n: u32, ratio: f64, flags: u8, mode: Option<&str>) -> u32 {
    n
}

#[test]
fn formats_and_doubled_braces_are_those_of_format() {
    let key = |n, mode| formatted::entry(n, 0.5, 255, mode).key().to_owned();
    assert_eq!(key(7, None), "{0007}/0.50/0xff/None");
    assert_eq!(key(12_345, Some("a")), "{12345}/0.50/0xff/Some%28%22a%22%29");
}

struct Request {
    path: String,
    parts: (u8, [char; 2]),
}

impl Request {
    fn path(&self) -> &str {
        &self.path
    }

    fn query(&self, name: &str) -> Option<String> {
        (name == "page").then(|| self.parts.0.to_string())
    }
}

#[cached(key = "{req.path()}?{req.parts.0}&{req.parts.1[1]}", handle)]
fn view(req: &Request) -> String {
    req.path.clone()
}

#[cached(key = "{req.path()}/{req.query(\"page\")}", handle)]
fn page(req: &Request) -> String {
    req.path.clone()
}

#[test]
fn placeholders_reach_fields_elements_and_methods() {
    let req = Request { path: "/a b".into(), parts: (4, ['x', '/']) };
    assert_eq!(view::entry(&req).key(), "%2Fa%20b?4&%2F");
    assert_eq!(page::entry(&req).key(), "%2Fa%20b/4");
    testing::isolated(|| {
        miss!(view(&req), "/a b");
        hit!(view(&Request { path: "/a b".into(), parts: (4, ['y', '/']) }), "/a b");
        miss!(view(&Request { path: "/a b".into(), parts: (5, ['x', '/']) }), "/a b");
    });
}

struct Coordinates {
    x: i8,
    y: i8,
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.x, self.y)
    }
}

#[cached(key = "{a}|{b}|{c}|{d}|{e}|{f}|{r#type}", handle)]
fn typed(
    a: i64,
    b: bool,
    c: char,
    d: String,
    e: Cow<'_, str>,
    f: &Coordinates,
    r#type: &&str,
) -> u8 {
    0
}

#[test]
fn every_displayed_type_may_stand_in_a_template() {
    let at = Coordinates { x: -1, y: 2 };
    let entry = typed::entry(-5, true, '|', "d".into(), "e".into(), &at, &"t");
    assert_eq!(entry.key(), "-5|true|%7C|d|e|-1%2C2|t");
}

#[test]
fn long_keys_are_told_apart_by_their_last_byte() {
    testing::isolated(|| {
        for length in [60, 120, 126, 127, 128, 129, 130, 500, 100_000] {
            let one = "x".repeat(length);
            let other = format!("{}y", &one[1..]);
            miss!(join(&one, "same"));
            miss!(join(&other, "same"));
            miss!(join("same", &one));
            hit!(join(&one, "same"), format!("{one}|same"));
            hit!(join(&other, "same"), format!("{other}|same"));
        }
    });
}

#[cached(key = "{text}", handle)]
fn bare(text: &str) -> usize {
    text.len()
}

#[test]
fn a_key_that_comes_out_empty_bypasses_the_cache() {
    testing::isolated(|| {
        assert_eq!(bare(""), 0);
        assert_eq!(testing::last_outcome(), Some(cached_runtime::Outcome::Bypass));
        let stats = bare::cache().stats();
        assert_eq!((stats.bypasses, stats.misses, stats.loads, stats.entries), (1, 0, 1, 0));
        assert_eq!(bare::entry("").key(), "");
        bare::entry("").put(5);
        assert_eq!(bare::entry("").peek(), None);
        assert!(!bare::entry("").invalidate());
    });
}
