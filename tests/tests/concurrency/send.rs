//! The future of a cached function is `Send` where that of its body is, whatever it returns.

use std::borrow::Cow;
use std::cell::Cell;
use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;

use cached_runtime::{cached, invalidates};

use crate::tokio;

type Boxed = Box<dyn Error + Send + Sync>;

#[cached]
async fn boxed_error(n: u64) -> Result<u64, Boxed> {
    ::tokio::task::yield_now().await;
    Ok(n)
}

#[cached(handle)]
async fn text(n: u64) -> &'static str {
    ::tokio::task::yield_now().await;
    if n == 0 { "zero" } else { "more" }
}

#[cached(store_if = |text| !text.is_empty(), weigh = |text| text.len(), capacity = "1KiB")]
async fn cow(name: &str) -> Result<Cow<'static, str>, &'static str> {
    ::tokio::task::yield_now().await;
    Ok(name.to_owned().into())
}

#[cached(none_timeout = 5)]
async fn object(n: u64) -> Option<Arc<dyn Display + Send + Sync>> {
    ::tokio::task::yield_now().await;
    Some(Arc::new(n))
}

/// Moves what is `Send` and not `Sync` into its body.
#[cached(skip(cell))]
async fn cell(n: u64, cell: Cell<u64>) -> u64 {
    ::tokio::task::yield_now().await;
    cell.get() + n
}

trait Loads {
    fn load(&self, n: u64) -> impl Future<Output = Result<&'static str, Boxed>> + Send;
}

struct Loader;

impl Loads for Loader {
    #[cached(skip(self))]
    async fn load(&self, n: u64) -> Result<&'static str, Boxed> {
        boxed_error(n).await?;
        Ok(text(n).await)
    }
}

#[cached(shared, lease, handle)]
async fn shared(n: u64, text: &str) -> Result<u64, Boxed> {
    ::tokio::task::yield_now().await;
    Ok(n + text.parse::<u64>()?)
}

/// Moves what is `Send` and not `Sync` into its body.
#[cached(shared, store = "sessions", key = "{n}", skip(cell))]
async fn shared_cell(n: u64, cell: Cell<u64>) -> Option<Cow<'static, str>> {
    ::tokio::task::yield_now().await;
    Some((cell.get() + n).to_string().into())
}

#[invalidates(before, shared::entry(n, "1"), shared::cache())]
async fn invalidates_shared(n: u64) -> Result<u64, Boxed> {
    shared(n, "1").await
}

#[test]
fn futures_of_shared_functions_can_be_spawned() {
    tokio(async {
        let all = ::tokio::spawn(async {
            let number = invalidates_shared(1).await.unwrap();
            let entry = shared::entry(1, "1");
            entry.put_async(Ok(7)).await.unwrap();
            (
                number,
                entry.peek_async().await.unwrap().unwrap().unwrap(),
                shared(1, "x").await.is_err(),
            )
        });
        assert_eq!(all.await.unwrap(), (2, 7, true));
        let cell = ::tokio::spawn(async { shared_cell(1, Cell::new(2)).await });
        assert_eq!(cell.await.unwrap().as_deref(), Some("3"));
        shared::cache().clear_async().await.unwrap();
    });
}

#[test]
fn futures_of_cached_functions_can_be_spawned() {
    tokio(async {
        let all = ::tokio::spawn(async {
            let number = boxed_error(1).await.unwrap();
            let object = object(2).await.unwrap().to_string();
            (number, text(0).await, cow("a").await, object, cell(1, Cell::new(2)).await)
        });
        assert_eq!(all.await.unwrap(), (1, "zero", Ok("a".into()), "2".to_owned(), 3));
        assert_eq!(::tokio::spawn(async { Loader.load(1).await.unwrap() }).await.unwrap(), "more");
    });
}
