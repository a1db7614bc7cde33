//! Free functions: their arguments, generics and lifetimes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use cached_runtime::{cached, hit, miss, testing};

#[cached]
fn nothing() -> u64 {
    7
}

#[cached]
fn text(one: &str, two: String, three: &String, four: Cow<'_, str>) -> usize {
    one.len() + two.len() + three.len() + four.len()
}

#[cached]
fn slices(list: &[u64], names: &[String], array: [u8; 3], bytes: &[u8; 2]) -> usize {
    list.len() + names.len() + array.len() + bytes.len()
}

#[cached]
fn references(one: &u64, two: &&u64, three: &&&str) -> u64 {
    one + **two + three.len() as u64
}

#[cached]
fn options(one: Option<&str>, two: Option<u64>, three: Option<&[u8]>) -> usize {
    one.map_or(0, str::len) + two.map_or(0, |_| 1) + three.map_or(0, <[u8]>::len)
}

#[cached]
fn shared(one: Arc<str>, two: &Arc<Vec<u8>>, three: BTreeMap<u8, String>) -> usize {
    one.len() + two.len() + three.len()
}

#[cached]
fn nine(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: &str) -> String {
    format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}")
}

#[cached]
#[allow(clippy::too_many_arguments)]
fn eighteen(
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: u8,
    j: u8,
    k: u8,
    l: u8,
    m: u8,
    n: u8,
    o: u8,
    p: u8,
    q: u8,
    r: u8,
) -> u8 {
    a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r
}

#[cached]
fn generic<T, const N: usize>(value: T, list: [T; N]) -> (T, usize)
where
    T: Hash + Eq + Clone + Send + Sync + 'static,
{
    drop(list);
    (value, N)
}

#[cached]
fn unsized_type<T>(value: &T) -> usize
where
    T: ToOwned<Owned: Hash + Eq + Clone + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    size_of_val(value)
}

#[cached]
fn lifetimes<'a, 'b: 'a>(one: &'a str, two: &'b str) -> String {
    let longer: &'a str = if one.len() > two.len() { one } else { two };
    longer.to_owned()
}

#[cached]
fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[cached]
extern "C" fn foreign(n: u32) -> u32 {
    n + 1
}

#[cached]
fn r#match(r#type: u64, r#fn: &str) -> u64 {
    r#type + r#fn.len() as u64
}

#[cached(key = "{type}:{fn}")]
fn r#loop(r#type: u64, r#fn: &str) -> u64 {
    r#type + r#fn.len() as u64
}

#[cached]
fn question_mark(text: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let number: u64 = text.trim().parse()?;
    if number == 0 {
        return Err("zero".into());
    }
    Ok(number)
}

#[cached]
fn early_return(n: u64) -> Option<u64> {
    let half = (n % 2 == 0).then_some(n / 2)?;
    Some(half)
}

#[cached]
fn static_reference(n: u64) -> &'static str {
    if n == 0 { "none" } else { "some" }
}

#[cached]
fn function_pointer(n: u64) -> fn(&str) -> &str {
    if n == 0 { str::trim } else { str::trim_end }
}

pub fn main() {
    testing::isolated(|| {
        miss!(nothing(), 7);
        hit!(nothing(), 7);
        miss!(text("a", "b".into(), &"c".into(), "d".into()), 4);
        hit!(text("a", "b".into(), &"c".into(), Cow::Owned("d".into())), 4);
        miss!(slices(&[1], &[], [0; 3], &[1, 2]), 6);
        hit!(slices(&[1], &[], [0; 3], &[1, 2]), 6);
        miss!(references(&1, &&2, &&"abc"), 6);
        hit!(references(&1, &&2, &&"abc"), 6);
        miss!(options(None, Some(1), Some(&[1])), 2);
        hit!(options(None, Some(1), Some(&[1])), 2);
        miss!(shared("a".into(), &Arc::default(), BTreeMap::new()), 1);
        hit!(shared("a".into(), &Arc::default(), BTreeMap::new()), 1);
        miss!(nine(1, 2, 3, 4, 5, 6, 7, 8, "9"), "123456789");
        hit!(nine(1, 2, 3, 4, 5, 6, 7, 8, "9"), "123456789");
        miss!(eighteen(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 18);
        miss!(eighteen(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0), 17);
        hit!(eighteen(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 18);
        miss!(generic(1_u8, [2; 3]), (1, 3));
        miss!(generic(1_u16, [2; 3]), (1, 3));
        hit!(generic(1_u8, [2; 3]), (1, 3));
        miss!(unsized_type("abc"), 3);
        hit!(unsized_type("abc"), 3);
        miss!(unsized_type(&[1_u16][..]), 2);
        miss!(lifetimes("a", "bc"), "bc");
        hit!(lifetimes("a", "bc"), "bc");
        assert_eq!(fibonacci(80), 23_416_728_348_467_685);
        miss!(foreign(1), 2);
        hit!(foreign(1), 2);
        miss!(r#match(1, "a"), 2);
        hit!(r#match(1, "a"), 2);
        miss!(r#loop(1, "a"), 2);
        hit!(r#loop(1, "a"), 2);
        assert!(miss!(question_mark("x")).is_err());
        assert_eq!(miss!(question_mark("7")).ok(), Some(7));
        assert_eq!(hit!(question_mark("7")).ok(), Some(7));
        miss!(early_return(3), None);
        miss!(early_return(4), Some(2));
        hit!(early_return(4), Some(2));
        miss!(static_reference(0), "none");
        hit!(static_reference(0), "none");
        assert_eq!(miss!(function_pointer(0))(" a "), "a");
        assert_eq!(hit!(function_pointer(0))(" a "), "a");
    });
}
