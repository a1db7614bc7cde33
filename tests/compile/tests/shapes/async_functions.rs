//! `async fn`: futures that stay `Send`, arguments that move into the body.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::hash::Hash;
use std::rc::Rc;

use cached_runtime::{cached, invalidates};

fn requires_send<T>(_: impl Future<Output = T> + Send) {}

#[cached]
async fn plain(n: u64, text: &str) -> Result<String, String> {
    ready(()).await;
    let more: u64 = text.parse().map_err(|_| "no number")?;
    Ok((n + more).to_string())
}

#[cached(skip(cell))]
async fn moves_what_is_not_sync(n: u64, cell: Cell<u64>) -> u64 {
    ready(()).await;
    cell.set(n);
    ready(()).await;
    cell.get()
}

#[cached(skip(future))]
async fn moves_a_future(n: u64, future: Ready<u64>) -> u64 {
    n + future.await
}

#[cached(key = "{n}", skip(list))]
async fn takes_a_mutable_reference(n: u64, list: &mut Vec<u64>) -> usize {
    ready(()).await;
    list.push(n);
    list.len()
}

#[cached]
async fn generic<T: Hash + Eq + Clone + Send + Sync + 'static, const N: usize>(
    value: T,
    list: &[T; N],
) -> Option<T> {
    ready(()).await;
    list.iter().find(|one| **one == value).cloned()
}

#[cached(handle)]
async fn with_handle(n: u64, text: &str) -> Result<u64, std::io::Error> {
    ready(()).await;
    Ok(n + text.len() as u64)
}

#[cached(skip(shared))]
async fn may_be_local(n: u64, shared: Rc<u64>) -> u64 {
    ready(()).await;
    n + *shared
}

#[cached]
async fn error_needs_no_trait(n: u64) -> Result<u64, Box<dyn FnOnce()>> {
    Ok(n)
}

#[cached]
async fn recursive(n: u64) -> u64 {
    if n == 0 { 0 } else { n + Box::pin(recursive(n - 1)).await }
}

#[cached]
async fn type_of_the_tail_comes_from_the_signature(n: u64) -> Vec<Option<Box<str>>> {
    let mut list = Vec::new();
    if n > 1 {
        return vec![None];
    }
    list.push(Some("a".into()));
    list.into_iter().collect()
}

#[cached(store_if = |value| !value.is_empty(), unless = n == 0, refresh = n == 1)]
async fn with_conditions(n: u64) -> Vec<u64> {
    ready(vec![n]).await
}

#[invalidates(with_handle::entry(n, "a"))]
async fn invalidating<T: Debug + Send>(n: u64, value: T) -> Result<(), std::fmt::Error> {
    ready(()).await;
    let _ = value;
    Err(std::fmt::Error)?;
    Ok(())
}

pub fn main() {
    requires_send(plain(1, "2"));
    requires_send(moves_what_is_not_sync(1, Cell::new(2)));
    requires_send(moves_a_future(1, ready(2)));
    requires_send(takes_a_mutable_reference(1, &mut Vec::new()));
    requires_send(generic(1, &[1, 2]));
    requires_send(with_handle(1, ""));
    requires_send(with_handle::fresh(1, ""));
    requires_send(with_handle::uncached(1, ""));
    drop(may_be_local(1, Rc::new(2)));
    drop(error_needs_no_trait(1));
    requires_send(recursive(3));
    requires_send(type_of_the_tail_comes_from_the_signature(1));
    requires_send(with_conditions(1));
    requires_send(invalidating(1, Cell::new(1)));
}
