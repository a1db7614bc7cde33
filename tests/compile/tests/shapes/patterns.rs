//! Arguments that are patterns.

use cached_runtime::{cached, hit, miss, testing};

struct Path<T>(T);
struct Query<T>(T);
struct Page {
    page: u32,
    size: u32,
}

#[cached]
fn tuple_struct(Path(id): Path<u64>) -> u64 {
    id
}

#[cached]
fn nested(Path(id): Path<u64>, Query(Page { page, .. }): Query<Page>) -> u64 {
    id + u64::from(page)
}

#[cached(key = "{id}/{page}", skip(size))]
fn in_a_template(Path(id): Path<u64>, Query(Page { page, size }): Query<Page>) -> u32 {
    id as u32 + page + size
}

#[cached]
fn renamed(Query(Page { page: number, size: _ }): Query<Page>) -> u32 {
    number
}

#[cached]
fn ignored(_: &f64, n: u64, _unused: u64) -> u64 {
    n
}

#[cached]
fn mutable(mut n: u64, (mut one, two): (u64, &str)) -> u64 {
    n += 1;
    one += n;
    one + two.len() as u64
}

#[cached]
fn by_reference(&n: &u64) -> u64 {
    n
}

#[cached]
async fn of_async(Path(mut id): Path<u64>, _: (), [one, rest @ ..]: [u8; 3]) -> u64 {
    id += u64::from(one);
    id + rest.len() as u64
}

#[cached]
fn bound((whole @ Some(_) | whole @ None): Option<u64>) -> u64 {
    whole.unwrap_or(9)
}

#[cached(handle)]
fn with_handle(Path(id): Path<u64>, mut more: u64, _: u8) -> u64 {
    more += id;
    more
}

pub fn main() {
    testing::isolated(|| {
        miss!(tuple_struct(Path(1)), 1);
        hit!(tuple_struct(Path(1)), 1);
        miss!(nested(Path(1), Query(Page { page: 2, size: 0 })), 3);
        hit!(nested(Path(1), Query(Page { page: 2, size: 9 })), 3);
        miss!(in_a_template(Path(1), Query(Page { page: 2, size: 3 })), 6);
        hit!(in_a_template(Path(1), Query(Page { page: 2, size: 4 })), 6);
        miss!(renamed(Query(Page { page: 2, size: 3 })), 2);
        miss!(ignored(&0.5, 1, 2), 1);
        hit!(ignored(&0.7, 1, 2), 1);
        miss!(mutable(1, (2, "a")), 5);
        hit!(mutable(1, (2, "a")), 5);
        miss!(by_reference(&1), 1);
        hit!(by_reference(&1), 1);
        miss!(bound(None), 9);
        hit!(bound(None), 9);
        miss!(with_handle(Path(1), 2, 3), 3);
        hit!(with_handle(Path(1), 2, 4), 3);
        assert_eq!(with_handle::entry(Path(1), 2).peek(), Some(3));
        assert_eq!(with_handle::uncached(Path(1), 3, 0), 4);
    });
    drop(of_async(Path(1), (), [1, 2, 3]));
}
