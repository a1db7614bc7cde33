//! `impl Trait` in arguments and return types.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use cached_runtime::{cached, hit, miss, testing};

#[cached]
fn argument(value: impl Display + Hash + Eq + Clone + Send + Sync + 'static) -> String {
    value.to_string()
}

#[cached(key = "{value}")]
fn argument_in_a_template(value: &(impl Display + ?Sized)) -> String {
    value.to_string()
}

#[cached(key = "{n}", skip(call))]
fn closure_argument(n: u64, call: impl FnOnce(u64) -> u64) -> u64 {
    call(n)
}

#[cached]
fn returned(n: u64) -> impl Display + Clone + PartialEq<u64> + Debug {
    n + 1
}

#[cached]
fn in_a_result(n: u64) -> Result<impl Display + Clone + PartialEq<u64> + Debug, String> {
    if n == 0 { Err("zero".to_owned()) } else { Ok(n) }
}

#[cached]
fn in_an_option(n: u64) -> Option<impl Display + Clone + PartialEq<u64> + Debug> {
    n.checked_sub(1)
}

#[cached]
fn in_a_tuple(n: u64) -> (impl Display + Clone + PartialEq<u64> + Debug, u8) {
    (n, 1)
}

#[cached]
async fn of_async(n: u64) -> impl Display + Clone {
    n + 1
}

#[cached(handle)]
fn with_handle(n: u64) -> impl Display + Clone + PartialEq<u64> + Debug {
    n + 1
}

#[cached]
fn closure(n: u64) -> impl Fn(u64) -> u64 + Clone {
    move |more| n + more
}

#[cached]
fn iterator(n: u64) -> impl Iterator<Item = u64> + Clone {
    (0..n).map(|n| n * 2)
}

pub fn main() {
    testing::isolated(|| {
        miss!(argument(1), "1");
        miss!(argument("1"), "1");
        hit!(argument(1), "1");
        miss!(argument_in_a_template("a"), "a");
        hit!(argument_in_a_template("a"), "a");
        let add = |n| n + 1;
        miss!(closure_argument(1, add), 2);
        hit!(closure_argument(1, add), 2);
        miss!(returned(1), 2);
        hit!(returned(1), 2);
        assert!(miss!(in_a_result(0)).is_err());
        assert_eq!(miss!(in_a_result(1)).unwrap(), 1);
        assert_eq!(hit!(in_a_result(1)).unwrap(), 1);
        assert!(miss!(in_an_option(0)).is_none());
        assert!(miss!(in_an_option(1)).is_some());
        assert!(hit!(in_an_option(1)).is_some());
        assert_eq!(miss!(in_a_tuple(1)).0, 1);
        assert_eq!(hit!(in_a_tuple(1)).0, 1);
        miss!(with_handle(1), 2);
        assert!(with_handle::entry(1).invalidate());
        miss!(with_handle(1), 2);
        assert_eq!(miss!(closure(1))(2), 3);
        assert_eq!(hit!(closure(1))(2), 3);
        assert_eq!(miss!(iterator(3)).sum::<u64>(), 6);
        assert_eq!(hit!(iterator(3)).sum::<u64>(), 6);
    });
    drop(of_async(1));
}
