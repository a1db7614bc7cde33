//! Functions that look like others: written by macros, with names in unusual places, with errors
//! that borrow.

use cached_runtime::{cached, hit, invalidates, miss, testing};

#[cached(key = "{list.iter().map(|n| n * factor).sum::<u64>()}")]
fn scaled(list: &[u64], factor: u64) -> u64 {
    list.iter().sum::<u64>() * factor
}

#[cached(key = (match kind { Some(n) if n > floor => n, _ => 0 }, format!("{floor}")))]
fn above(kind: Option<u64>, floor: u64) -> u64 {
    kind.filter(|n| *n > floor).unwrap_or_default()
}

#[test]
fn a_key_may_bind_names_that_no_argument_has() {
    testing::isolated(|| {
        miss!(scaled(&[1, 2], 2), 6);
        hit!(scaled(&[2, 1], 2), 6);
        miss!(scaled(&[1, 2], 3), 9);
        miss!(above(Some(7), 5), 7);
        hit!(above(Some(7), 5), 7);
        miss!(above(Some(7), 6), 7);
    });
}

/// An error that may be shared, were it not for what it borrows or stands for.
#[cached]
fn borrowing_error<'a>(n: u64, text: &'a str) -> Result<u64, &'a str> {
    if n > 9 { Err(text) } else { Ok(n) }
}

#[cached]
fn elided_error(text: &str) -> Result<usize, &str> {
    if text.is_empty() { Err(text) } else { Ok(text.len()) }
}

#[cached(skip(error))]
fn short_error<E: Clone + Send + Sync>(n: u64, error: E) -> Result<u64, E> {
    if n > 9 { Err(error) } else { Ok(n) }
}

#[cached(skip(error), none_timeout = 5)]
fn short_error_of_none<E: Clone + Send + Sync>(n: u64, error: E) -> Result<Option<u64>, E> {
    if n > 9 { Err(error) } else { Ok(n.checked_sub(1)) }
}

#[cached(skip(error))]
async fn short_error_of_a_future<E: Clone + Send + Sync>(n: u64, error: E) -> Result<u64, E> {
    if n > 9 { Err(error) } else { Ok(n) }
}

#[test]
fn an_error_may_be_of_any_lifetime() {
    testing::isolated(|| {
        let text = String::from("text");
        miss!(borrowing_error(10, &text), Err("text"));
        miss!(borrowing_error(10, &text), Err("text"));
        miss!(borrowing_error(1, &text), Ok(1));
        hit!(borrowing_error(1, &text), Ok(1));
        miss!(elided_error(&text), Ok(4));
        miss!(short_error(10, &*text), Err("text"));
        miss!(short_error(1, &*text), Ok(1));
        hit!(short_error(1, &*text), Ok(1));
        miss!(short_error_of_none(0, &*text), Ok(None));
        hit!(short_error_of_none(0, &*text), Ok(None));
        miss!(short_error_of_none(10, &*text), Err("text"));
        drop(short_error_of_a_future(1, &*text));
    });
}

#[cached(handle)]
fn held(n: u64) -> u64 {
    n
}

mod written {
    use super::{cached, held, invalidates};

    macro_rules! twice {
        ($name:ident, $ty:ty, $krate:path, $body:block) => {
            #[cached(crate = $krate)]
            pub(super) fn $name(n: $ty) -> $ty $body

            #[invalidates(crate = $krate, held::cache())]
            pub(super) fn drops_held() -> $ty $body
        };
    }

    twice!(seven, u64, ::cached_runtime, { 7 });
}

#[test]
fn what_macros_write_caches() {
    testing::isolated(|| {
        miss!(written::seven(1), 7);
        hit!(written::seven(1), 7);
        miss!(held(1), 1);
        assert_eq!(written::drops_held(), 7);
        miss!(held(1), 1);
    });
}

#[cached]
fn with_inner_attributes(n: u64) -> u64 {
    //! Doubles.
    #![allow(unused_variables, reason = "the test is about it")]
    let unused = n;
    n * 2
}

#[test]
fn a_body_may_begin_with_attributes() {
    testing::isolated(|| {
        miss!(with_inner_attributes(1), 2);
        hit!(with_inner_attributes(1), 2);
    });
}

trait Out {
    type Out;
    fn out(&self) -> Self::Out;
}

impl Out for u64 {
    type Out = Result<u64, u64>;
    fn out(&self) -> Self::Out {
        self.checked_sub(1).ok_or(0)
    }
}

#[cached]
fn projected(n: u64) -> <u64 as Out>::Out {
    n.out()
}

#[test]
fn a_projection_of_a_known_type_is_a_result_where_that_is_one() {
    testing::isolated(|| {
        miss!(projected(0), Err(0));
        miss!(projected(0), Err(0));
        miss!(projected(1), Ok(0));
        hit!(projected(1), Ok(0));
    });
}
