//! Arguments as keys, of every type that a signature may have.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cached_runtime::{cached, hit, miss, testing};

#[cached]
fn join(a: &str, b: &str) -> String {
    format!("{a}|{b}")
}

#[test]
fn text_does_not_run_over_from_one_argument_into_the_next() {
    testing::isolated(|| {
        miss!(join("a:b", "c"), "a:b|c");
        miss!(join("a", "b:c"), "a|b:c");
        miss!(join("ab", ""), "ab|");
        miss!(join("", "ab"), "|ab");
        miss!(join("a", "b"), "a|b");
        miss!(join("b", "a"), "b|a");
        hit!(join("a:b", "c"), "a:b|c");
        hit!(join("", "ab"), "|ab");
    });
}

#[cached]
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

#[cached]
fn owned(text: String, list: Vec<u8>, pair: (u8, bool), maybe: Option<String>) -> String {
    format!("{text}{list:?}{pair:?}{maybe:?}")
}

#[test]
fn every_part_of_owned_arguments_counts() {
    testing::isolated(|| {
        let call = |text: &str, list: &[u8], pair, maybe: Option<&str>| {
            owned(text.into(), list.into(), pair, maybe.map(Into::into))
        };
        miss!(call("a", &[1], (1, true), None));
        miss!(call("b", &[1], (1, true), None));
        miss!(call("a", &[1, 0], (1, true), None));
        miss!(call("a", &[1], (1, false), None));
        miss!(call("a", &[1], (1, true), Some("")));
        hit!(call("a", &[1], (1, true), None), "a[1](1, true)None");
    });
}

#[cached]
fn borrowed(list: &[u32], path: &Path, text: Cow<'_, str>) -> String {
    format!("{list:?} {} {text}", path.display())
}

#[test]
fn borrowed_arguments_are_compared_with_what_they_point_at() {
    testing::isolated(|| {
        miss!(borrowed(&[1, 2], Path::new("a/b"), Cow::Borrowed("x")));
        let (list, path) = (vec![1, 2], PathBuf::from("a/b"));
        hit!(borrowed(&list, &path, Cow::Owned("x".into())), "[1, 2] a/b x");
        miss!(borrowed(&[1], &path, "x".into()));
        miss!(borrowed(&list, Path::new("a"), "x".into()));
        miss!(borrowed(&list, &path, "y".into()));
    });
}

#[cached]
#[expect(clippy::needless_borrow, reason = "the nested reference is what is tested")]
fn nested(text: &&str, number: &&&u64) -> u64 {
    (&text).len() as u64 + ***number
}

#[test]
fn nested_references_are_keys_by_what_they_point_at() {
    testing::isolated(|| {
        miss!(nested(&"abc", &&&1), 4);
        let (text, number) = (String::from("abc"), Box::new(1));
        hit!(nested(&&*text, &&&*number), 4);
        miss!(nested(&"abcd", &&&1), 5);
        miss!(nested(&"abc", &&&2), 5);
    });
}

#[cached]
fn shared(text: Arc<str>, boxed: Box<[u8]>) -> usize {
    text.len() + boxed.len()
}

#[test]
fn smart_pointers_are_compared_by_content() {
    testing::isolated(|| {
        miss!(shared(Arc::from("ab"), Box::new([1])), 3);
        hit!(shared(Arc::from("ab"), Box::new([1])), 3);
        miss!(shared(Arc::from("ab"), Box::new([2])), 3);
    });
}

#[cached]
#[expect(clippy::too_many_arguments, reason = "how many there may be is what is tested")]
fn many(
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: &str,
    j: Option<u8>,
    k: u8,
    l: u8,
    m: u8,
    n: u8,
    o: u8,
    p: u8,
    q: &[u8],
) -> String {
    format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}{j:?}{k}{l}{m}{n}{o}{p}{q:?}")
}

#[test]
fn the_ninth_and_the_seventeenth_argument_count_too() {
    testing::isolated(|| {
        let call = |i, j, q: &[u8]| many(0, 0, 0, 0, 0, 0, 0, 0, i, j, 0, 0, 0, 0, 0, 0, q);
        miss!(call("i", None, &[]));
        miss!(call("x", None, &[]));
        miss!(call("i", Some(0), &[]));
        miss!(call("i", None, &[0]));
        hit!(call("i", None, &[]), "00000000iNone000000[]");
    });
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PageNumber(u32);

struct Query<T>(T);

#[cached]
fn pattern((a, b): (u8, u8), PageNumber(page): PageNumber, Query([x, ..]): Query<[u8; 2]>) -> u32 {
    page * 1_000 + u32::from(a) * 100 + u32::from(b) * 10 + u32::from(x)
}

#[test]
fn what_a_pattern_binds_is_the_key() {
    testing::isolated(|| {
        miss!(pattern((1, 2), PageNumber(3), Query([4, 5])), 3_124);
        hit!(pattern((1, 2), PageNumber(3), Query([4, 9])), 3_124);
        miss!(pattern((2, 1), PageNumber(3), Query([4, 5])), 3_214);
    });
}

#[cached(skip(verbose))]
fn skipped(id: u64, verbose: bool) -> String {
    format!("{id} {verbose}")
}

#[test]
fn a_skipped_argument_is_no_part_of_the_key() {
    testing::isolated(|| {
        miss!(skipped(1, true), "1 true");
        hit!(skipped(1, false), "1 true");
    });
}

#[cached]
fn constant() -> u64 {
    7
}

#[test]
fn a_function_without_arguments_has_one_entry() {
    testing::isolated(|| {
        miss!(constant(), 7);
        hit!(constant(), 7);
    });
}

#[cached]
fn changed(mut n: u64, r#type: &str) -> u64 {
    n += r#type.len() as u64;
    n
}

#[test]
fn the_key_is_taken_before_the_body_changes_an_argument() {
    testing::isolated(|| {
        miss!(changed(1, "a"), 2);
        hit!(changed(1, "a"), 2);
        miss!(changed(2, "a"), 3);
    });
}
