//! What a hit costs: no allocation, no box, and little room in a future.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use cached_runtime::cached;

/// Calls once to load, then asserts that a hundred more calls allocate nothing.
fn assert_no_allocation<T>(mut call: impl FnMut() -> T) {
    black_box(call());
    // Counters give a thread its place on its first hit.
    black_box(call());
    let info = measure(|| {
        for _ in 0..100 {
            black_box(call());
        }
    });
    assert_eq!((info.count_total, info.bytes_total), (0, 0));
}

/// Polls a future that is ready at once, as a hit is.
fn poll_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a hit waits for nothing"),
    }
}

#[cached(timeout = 60)]
fn by_tuple(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

#[cached]
fn by_integer(id: u64) -> u64 {
    id + 1
}

#[cached(timeout = never)]
#[expect(clippy::many_single_char_names, reason = "their types are the point")]
fn by_many(a: u8, b: &[u32], c: Option<&str>, d: (u8, char), e: &std::path::Path) -> Arc<str> {
    format!("{a}{b:?}{c:?}{d:?}{}", e.display()).into()
}

#[test]
fn a_hit_by_arguments_allocates_nothing() {
    assert_no_allocation(|| by_tuple(42, "a name of some length"));
    assert_no_allocation(|| by_integer(42));
    assert_no_allocation(|| by_many(1, &[2, 3], Some("x"), (4, 'y'), "z".as_ref()));
}

#[test]
fn a_hit_by_a_borrowed_part_of_an_owned_text_allocates_nothing() {
    let text = String::from("some text that is owned by the caller");
    assert_no_allocation(|| by_tuple(7, &text));
    assert_no_allocation(|| by_tuple(7, text.trim()));
}

#[cached(key = "user:{id}:{name}:{page:04}:{mode:?}", handle)]
fn by_template(id: u64, name: &str, page: u32, mode: Option<u8>) -> Arc<str> {
    format!("{id}{name}{page}{mode:?}").into()
}

#[cached(key = "{text}", handle)]
fn by_long_template(text: &str) -> usize {
    text.len()
}

#[test]
fn a_hit_by_a_template_allocates_nothing() {
    assert_no_allocation(|| by_template(42, "Ann / Bob", 7, Some(1)));
    let fits = "x".repeat(128);
    assert_no_allocation(|| by_long_template(&fits));
}

#[cached(key = |list, _page| list.len(), handle)]
fn by_callable(list: &[u8], page: u32) -> u64 {
    list.len() as u64 + u64::from(page)
}

#[cached(key = (list.first(), page))]
fn by_parts(list: &[u8], page: u32) -> u64 {
    list.len() as u64 + u64::from(page)
}

#[test]
fn a_hit_by_a_key_that_allocates_nothing_itself_allocates_nothing() {
    assert_no_allocation(|| by_callable(&[1, 2], 3));
    assert_no_allocation(|| by_parts(&[1, 2], 3));
}

#[cached]
fn fallible(id: u64) -> Result<Arc<str>, String> {
    Ok(id.to_string().into())
}

#[cached(err_timeout = 60)]
fn failing(id: u64) -> Result<u64, u64> {
    Err(id)
}

#[cached(store_if = |value| *value > 0, timeout_of = |_| std::time::Duration::MAX, unless = id == 0)]
fn conditional(id: u64) -> u64 {
    id
}

#[test]
fn a_hit_under_any_rules_allocates_nothing() {
    assert_no_allocation(|| fallible(1));
    assert_no_allocation(|| failing(1));
    assert_no_allocation(|| conditional(1));
}

struct Repo<T>(T);

impl<T: Copy + Into<u64>> Repo<T> {
    #[cached(skip(self))]
    fn get(&self, id: u64) -> u64 {
        self.0.into() + id
    }
}

#[test]
fn a_hit_of_a_second_instantiation_allocates_nothing() {
    assert_no_allocation(|| Repo(1_u8).get(1));
    assert_no_allocation(|| Repo(1_u16).get(1));
    assert_no_allocation(|| Repo(1_u32).get(1));
}

#[cached]
async fn task(id: u64, name: &str) -> Arc<str> {
    format!("{id}{name}").into()
}

#[cached(key = "user:{id}", skip(db), handle)]
async fn task_by_template(db: &str, id: u64) -> Result<Arc<str>, String> {
    Ok(format!("{db}{id}").into())
}

#[test]
fn a_hit_of_an_async_function_allocates_and_boxes_nothing() {
    assert_no_allocation(|| poll_once(task(1, "name")));
    assert_no_allocation(|| poll_once(task_by_template("db", 1)));
}

/// Writes functions with one signature and one body, cached in several ways and not at all.
macro_rules! futures {
    ($($(#[$attr:meta])* $name:ident;)*) => {$(
        $(#[$attr])*
        async fn $name(id: u64, name: &str, path: String, words: Vec<u8>) -> Result<Arc<str>, String> {
            let text = format!("{id}{name}{path}{words:?}");
            std::future::ready(()).await;
            Ok(text.into())
        }
    )*};
}

futures! {
    plain;
    #[cached]
    by_arguments;
    #[cached(key = "{id}/{name}/{path}/{words:?}")]
    by_text;
    #[cached(handle)]
    with_handle;
    #[cached(
        key = |id, _name, _path, _words| *id,
        store_if = |text| !text.is_empty(),
        err_timeout = 5,
        handle
    )]
    with_rules;
}

async fn plain_small(id: u64) -> u64 {
    std::future::ready(id).await
}

#[cached]
async fn small(id: u64) -> u64 {
    std::future::ready(id).await
}

#[test]
fn the_future_of_a_cached_function_grows_by_less_than_256_bytes() {
    let plain = size_of_val(&plain(1, "a", String::new(), Vec::new()));
    let sizes = [
        ("arguments", size_of_val(&by_arguments(1, "a", String::new(), Vec::new()))),
        ("template", size_of_val(&by_text(1, "a", String::new(), Vec::new()))),
        ("handle", size_of_val(&with_handle(1, "a", String::new(), Vec::new()))),
        ("rules", size_of_val(&with_rules(1, "a", String::new(), Vec::new()))),
    ];
    let grown: Vec<_> = sizes.iter().filter(|(_, size)| *size >= plain + 256).collect();
    assert!(grown.is_empty(), "{grown:?} against {plain} bytes");
    let (plain, cached) = (size_of_val(&plain_small(1)), size_of_val(&small(1)));
    assert!(cached < plain + 256, "{cached} against {plain} bytes");
}

#[cached(capacity = "64MiB", weigh = |_| 1 << 20)]
fn heavy(id: u64) -> u64 {
    id
}

#[test]
fn a_cache_by_weight_hardly_remembers_the_keys_it_evicted() {
    let calls = |ids: std::ops::Range<u64>| measure(|| ids.for_each(|id| _ = heavy(id)));
    calls(0..100_000);
    let grown = calls(100_000..200_000).bytes_current;
    assert!(grown < 1 << 18, "{grown} bytes for 100,000 keys that are no longer held");
}
