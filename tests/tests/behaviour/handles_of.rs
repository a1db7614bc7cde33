//! Handles of `async` and generic functions, of methods, and of functions that hide their type.

use std::fmt::Display;
use std::hash::Hash;
use std::time::Duration;

use cached_runtime::{OpaqueEntry, cached, hit, miss, testing};

#[cached(key = "user:{id}", skip(db), timeout = 10, handle)]
async fn load_user(db: &str, id: u64) -> Result<String, u64> {
    id.checked_sub(1).map(|n| format!("user {n}{}", &db[..0])).ok_or(id)
}

#[tokio::test]
async fn an_async_function_has_a_handle() {
    testing::isolated_async(async {
        miss!(load_user("db", 1).await, Ok("user 0".into()));
        assert_eq!(load_user::entry(1).peek(), Some(Ok("user 0".into())));
        load_user::entry(1).put(Ok("other".into()));
        hit!(load_user("db", 1).await, Ok("other".into()));
        assert_eq!(load_user::uncached("db", 1).await, Ok("user 0".into()));
        miss!(load_user::fresh("db", 1).await, Ok("user 0".into()));
        testing::clock().advance(Duration::from_secs(3));
        assert_eq!(load_user::entry(1).age(), Some(Duration::from_secs(3)));
        assert!(load_user::entry(1).expire());
        miss!(load_user("db", 1).await, Ok("user 0".into()));
        assert!(load_user::entry(1).invalidate());
        assert_eq!(load_user::entry(1).key(), "user:1");
        assert!(load_user::cache().is_empty());
    })
    .await;
}

#[cached(handle)]
fn tagged<T: Clone + Eq + Hash + Send + Sync + 'static, const N: usize>(value: T) -> (T, usize) {
    (value, N)
}

#[test]
fn entries_of_a_generic_function_belong_to_one_instantiation() {
    testing::isolated(|| {
        miss!(tagged::<_, 1>("a"), ("a", 1));
        miss!(tagged::<_, 2>("a"), ("a", 2));
        miss!(tagged::<_, 1>(7), (7, 1));
        assert_eq!(tagged::entry::<_, 1>("a").peek(), Some(("a", 1)));
        assert_eq!(tagged::entry::<_, 3>("a").peek(), None);
        assert!(tagged::entry::<_, 1>("a").invalidate());
        assert_eq!(tagged::entry::<_, 2>("a").peek(), Some(("a", 2)));
        assert_eq!(tagged::fresh::<_, 2>("a"), ("a", 2));
        assert_eq!(tagged::uncached::<_, 2>("a"), ("a", 2));
    });
}

#[test]
fn the_cache_of_a_generic_function_is_all_its_instantiations() {
    testing::isolated(|| {
        tagged::<_, 1>("a");
        tagged::<_, 2>("a");
        tagged::<_, 1>(7);
        assert_eq!((tagged::cache().len(), tagged::cache().stats().misses), (3, 3));
        tagged::cache().clear();
        miss!(tagged::<_, 2>("a"), ("a", 2));
        tagged::cache().disable();
        assert_eq!(tagged::<_, 5>(1), (1, 5));
        assert_eq!(tagged::cache().stats().bypasses, 1);
    });
}

#[cached(handle)]
fn hidden(n: u64) -> impl Display + Clone + Send + Sync + 'static {
    n * 2
}

#[test]
fn a_hidden_return_type_has_an_entry_without_its_value() {
    testing::isolated(|| {
        let entry: OpaqueEntry = hidden::entry(4);
        assert!(!entry.invalidate());
        assert_eq!(miss!(hidden(4)).to_string(), "8");
        assert_eq!(hit!(hidden(4)).to_string(), "8");
        testing::clock().advance(Duration::from_secs(1));
        assert_eq!(entry.age(), Some(Duration::from_secs(1)));
        assert!(entry.expire());
        assert_eq!(miss!(hidden(4)).to_string(), "8");
        assert!(entry.invalidate());
        assert_eq!(miss!(hidden::fresh(4)).to_string(), "8");
        hidden::cache().clear();
        assert_eq!(entry.age(), None);
    });
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop {
    id: u64,
}

impl Shop {
    #[cached(handle(impl))]
    fn price(&self, item: &str) -> u64 {
        self.id * 10 + item.len() as u64
    }

    #[cached(key = "{self.id}/{item}", handle(impl))]
    async fn stock(&self, item: String) -> Option<u64> {
        (!item.is_empty()).then_some(self.id)
    }

    #[cached(handle(impl))]
    fn open(hour: u8) -> bool {
        hour > 8
    }

    #[cached(skip(self), handle(impl))]
    fn close(self, hour: u8) -> u8 {
        hour
    }
}

#[test]
fn methods_have_handles_as_associated_functions() {
    testing::isolated(|| {
        let shop = Shop { id: 1 };
        miss!(shop.price("egg"), 13);
        assert_eq!(shop.price_entry("egg").peek(), Some(13));
        shop.price_entry("egg").put(2);
        hit!(shop.price("egg"), 2);
        assert_eq!(shop.price_uncached("egg"), 13);
        miss!(shop.price_fresh("egg"), 13);
        assert_eq!(Shop { id: 2 }.price_entry("egg").peek(), None);
        assert!(shop.price_entry("egg").invalidate());
        assert_eq!(Shop::price_cache().stats().invalidations, 1);

        miss!(Shop::open(9), true);
        assert!(Shop::open_entry(9).invalidate());
        assert_eq!(Shop::open_cache().len(), 0);

        miss!(shop.clone().close(9), 9);
        assert_eq!(Shop::close_entry(9).peek(), Some(9));
        assert_eq!(shop.close_fresh(9), 9);
    });
}

#[tokio::test]
async fn async_methods_have_handles_as_well() {
    testing::isolated_async(async {
        let shop = Shop { id: 3 };
        miss!(shop.stock("a b".into()).await, Some(3));
        assert_eq!(shop.stock_entry("a b".into()).key(), "3/a%20b");
        assert!(shop.stock_entry("a b".into()).invalidate());
        miss!(shop.stock_fresh("a b".into()).await, Some(3));
        assert_eq!(shop.stock_uncached(String::new()).await, None);
        assert_eq!(Shop::stock_cache().stats().loads, 3);
    })
    .await;
}

struct Shelf<T>(T);

impl<T: Display + Send + Sync> Shelf<T> {
    #[cached(skip(self), handle(impl))]
    fn label<U: Display + Clone + Hash + Eq + Send + Sync + 'static>(&self, of: U) -> String {
        format!("{} {of}", self.0)
    }
}

#[test]
fn handles_in_a_generic_impl_belong_to_the_instantiation_of_both() {
    testing::isolated(|| {
        let (numbers, texts) = (Shelf(1), Shelf("x"));
        miss!(numbers.label(5), "1 5");
        miss!(texts.label(5), "x 5");
        miss!(texts.label("5"), "x 5");
        assert!(Shelf::<&str>::label_entry(5).invalidate());
        hit!(numbers.label(5), "1 5");
        hit!(texts.label("5"), "x 5");
        miss!(texts.label(5), "x 5");
        Shelf::<&str>::label_cache().clear();
        miss!(numbers.label(5), "1 5");
    });
}
