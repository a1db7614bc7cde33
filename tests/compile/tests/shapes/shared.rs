//! Shared functions of every shape, with a store behind them: what is stored by the first call is
//! what the second one reads back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Display;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cached_runtime::store::MemoryStore;
use cached_runtime::{
    Config, HitTier, Outcome, StoreConfig, cached, hit, init, invalidates, miss, testing,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Point {
    x: f64,
    y: f64,
}

#[cached(shared)]
fn plain(n: u64, text: &str) -> String {
    format!("{n}{text}")
}

#[cached(shared)]
fn of_no_arguments() -> u64 {
    7
}

// A float can be in the key of a shared function, and need not be `Hash`.
#[cached(shared, timeout = never)]
fn of_floats(point: Point, by: f64) -> Point {
    Point { x: point.x + by, ..point }
}

#[cached(store = "sessions", version = 3, name = "sessions of users")]
fn in_a_store_of_its_own(n: u64) -> u64 {
    n
}

#[cached(shared, local = "10s", lease)]
fn with_a_lease(n: u64) -> u64 {
    n
}

const TIME: std::time::Duration = std::time::Duration::from_secs(5);

#[cached(shared, store = "sessions", local = false, lease = TIME)]
fn with_a_lease_and_no_memory(n: u64) -> Vec<u64> {
    vec![n]
}

#[cached(shared, local = never, coalesce = false, capacity = 3)]
fn everybody_loads(n: u64) -> u64 {
    n
}

#[cached(shared, err_timeout = 5, err_if = |text| !text.is_empty())]
fn with_errors(n: u64) -> Result<u64, String> {
    n.checked_sub(1).ok_or_else(|| "zero".to_owned())
}

#[cached(shared, none_timeout = 5)]
fn with_none(n: u64) -> Option<u64> {
    n.checked_sub(1)
}

#[cached(shared)]
fn of_a_result(n: u64) -> Result<Option<u64>, Box<dyn Error + Send + Sync>> {
    Ok(n.checked_sub(1))
}

// Only the value leaves the process; its error need not be anything.
#[cached(shared)]
fn with_a_borrowed_error(text: &str) -> Result<usize, &str> {
    if text.is_empty() { Err(text) } else { Ok(text.len()) }
}

#[cached(shared, store_if = |text| text.len() < 9, timeout_of = |_| TIME)]
fn cow(name: Cow<'_, str>) -> Cow<'static, str> {
    name.into_owned().into()
}

#[cached(shared, key = "{n}:{text:?}", skip(rest))]
fn by_template(n: u64, text: &str, rest: impl Display) -> String {
    format!("{n}{text}{rest}")
}

#[cached(shared, key = (point.x, n / 2))]
fn by_parts(point: &Point, n: u64) -> f64 {
    point.x + point.y + (n / 2) as f64
}

#[cached(shared, key = point.x.to_string(), skip(n))]
fn by_expression(point: &Point, n: u64) -> f64 {
    point.x + n as f64
}

#[cached(shared, key = |point, _| point.x)]
fn by_closure(point: &Point, _n: u64) -> f64 {
    point.x
}

#[cached(shared, key = text_key, skip(n))]
fn by_function(text: &str, n: u64) -> u64 {
    text.len() as u64 + n
}

fn text_key(text: &str) -> Result<String, std::fmt::Error> {
    if text.is_empty() { Err(std::fmt::Error) } else { Ok(text.to_uppercase()) }
}

#[cached(shared)]
fn generic<T: Serialize, const N: usize>(list: &[T]) -> (usize, usize) {
    (size_of::<T>() * N, list.len())
}

#[cached(shared, handle, store_if = |_| true)]
fn generic_value<T>(value: T) -> T
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static + Display,
{
    value
}

#[cached(shared)]
fn of_lifetimes<'a: 'b, 'b>(one: &'a str, two: &'b [Option<&'a str>]) -> usize {
    one.len() + two.len()
}

#[cached(shared)]
fn of_patterns((one, mut two): (u64, u64), Point { x, .. }: Point, mut three: u64, _: Rc<u64>) -> f64 {
    two += one;
    three += two;
    x + three as f64
}

#[cached(shared, skip(context))]
fn of_impl_trait(n: impl Into<u64> + Serialize, context: impl Fn(u64) -> u64) -> u64 {
    context(n.into())
}

#[cached(shared)]
fn recursive(n: u64) -> u64 {
    if n < 2 { n } else { recursive(n - 1) + recursive(n - 2) }
}

#[cached(shared)]
fn of_ten(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8) -> u8 {
    a + b + c + d + e + f + g + h + i + j
}

#[cached(shared)]
fn map(n: u64) -> Arc<BTreeMap<String, Vec<Option<u64>>>> {
    Arc::new([(n.to_string(), vec![Some(n), None])].into())
}

#[cached(shared)]
/// SAFETY: none is needed.
unsafe fn not_safe(n: u64) -> u64 {
    n
}

#[cached(shared, handle)]
fn held(n: u64, text: &str) -> Result<String, String> {
    Ok(format!("{n}{text}"))
}

#[cached(shared, handle = Lookup, key = "lookup:{n}", unless = n == 0, refresh = n == 9)]
fn lookup(n: u64) -> Option<u64> {
    Some(n)
}

#[cached(shared, handle)]
async fn load(n: u64, text: &str) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let more: u64 = text.parse()?;
    std::future::ready(n + more).await.checked_sub(0).ok_or("none".into())
}

#[cached(shared, lease, skip(context))]
async fn later(n: u64, context: Arc<u64>) -> Option<Point> {
    std::future::ready(()).await;
    Some(Point { x: n as f64, y: *context as f64 })
}

#[invalidates(held::entry(n, "a"), Lookup::cache())]
fn rename(n: u64) -> Result<u64, String> {
    n.checked_sub(1).ok_or_else(String::new)
}

#[invalidates(before, load::entry(n, "1"))]
async fn store(n: u64) -> u64 {
    n
}

#[derive(Clone, Serialize)]
struct Repo {
    base: u64,
}

impl Repo {
    #[cached(shared)]
    fn keyed(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(shared, handle(impl), skip(self))]
    fn load(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(shared, handle(impl), key = "{self.base}:{n}")]
    async fn fetch(&self, n: u64) -> Result<u64, std::io::Error> {
        Ok(std::future::ready(self.base + n).await)
    }

    #[cached(shared)]
    fn associated(base: u64) -> u64 {
        base + 1
    }
}

struct Of<T>(T);

impl<T: Serialize> Of<T> {
    #[cached(shared, key = "{n}", skip(self))]
    fn size(&self, n: usize) -> usize {
        size_of_val(&self.0) + n
    }
}

trait Loads {
    fn load(&self, n: u64) -> u64;
    async fn fetch(&self, n: u64) -> u64;
    fn fetch_send(&self, n: u64) -> impl Future<Output = u64> + Send;
    fn provided(n: u64) -> u64 {
        n
    }
}

impl Loads for Repo {
    #[cached(shared)]
    fn load(&self, n: u64) -> u64 {
        self.base + 10 * n
    }

    #[cached(shared)]
    async fn fetch(&self, n: u64) -> u64 {
        std::future::ready(self.base + 100 * n).await
    }

    #[cached(shared, lease)]
    async fn fetch_send(&self, n: u64) -> u64 {
        std::future::ready(self.base + 1_000 * n).await
    }

    #[cached(shared)]
    fn provided(n: u64) -> u64 {
        n + 1
    }
}

macro_rules! shared {
    ($name:ident, $arg:ident: $ty:ty => $ret:ty, $store:literal, $local:expr, $lease:expr) => {
        #[cached(store = $store, local = $local, lease = $lease)]
        fn $name($arg: $ty) -> $ret {
            $arg.into()
        }
    };
}

shared!(of_a_macro, text: &str => String, "sessions", "10s", 5);
shared!(of_a_macro_without_memory, text: &str => String, "sessions", false, "5s");

/// The first call loads, the second reads what the first has stored.
macro_rules! shares {
    ($call:expr, $value:expr) => {
        miss!($call, $value);
        assert_eq!($call, $value);
        let outcome = testing::last_outcome();
        assert!(
            matches!(outcome, Some(Outcome::Hit { tier: HitTier::Shared, .. })),
            "{}: {outcome:?}",
            stringify!($call)
        );
    };
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a store in this process does not keep anybody waiting"),
    }
}

fn free_functions() {
    let point = Point { x: 1.0, y: 0.5 };
    shares!(plain(1, "a"), "1a");
    shares!(plain(1, "b"), "1b");
    shares!(of_no_arguments(), 7);
    shares!(of_floats(point, 0.25), Point { x: 1.25, y: 0.5 });
    shares!(in_a_store_of_its_own(1), 1);
    shares!(with_a_lease_and_no_memory(2), vec![2]);
    shares!(with_errors(0), Err("zero".to_owned()));
    shares!(with_none(0), None);
    shares!(of_a_result(1).unwrap(), Some(0));
    shares!(with_a_borrowed_error("ab"), Ok(2));
    shares!(cow("name".into()), "name");
    shares!(by_template(1, "a", 2), "1a2");
    shares!(by_parts(&point, 4), 3.5);
    shares!(by_expression(&point, 4), 5.0);
    shares!(by_closure(&point, 4), 1.0);
    shares!(by_function("ab", 4), 6);
    shares!(generic::<_, 1>(&["a"]), (size_of::<&str>(), 1));
    shares!(generic::<_, 1>(&[1_u8]), (1, 1));
    shares!(generic::<_, 2>(&[1_u8]), (2, 1));
    shares!(generic_value(1_u8), 1);
    shares!(generic_value("1".to_owned()), "1");
    shares!(of_lifetimes("a", &[None, Some("b")]), 3);
    shares!(of_patterns((1, 2), point, 3, Rc::new(4)), 7.0);
    shares!(of_impl_trait(1_u8, |n| n + 1), 2);
    shares!(of_ten(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 55);
    shares!(map(1).values().next().cloned(), Some(vec![Some(1), None]));
    shares!(unsafe { not_safe(1) }, 1);
    shares!(of_a_macro_without_memory("a"), "a");
    assert_eq!(recursive(50), 12_586_269_025);
    hit!(recursive(49), 7_778_742_049);
    for (name, call) in [
        ("with_a_lease", with_a_lease as fn(u64) -> u64),
        ("everybody_loads", everybody_loads),
        ("of_a_macro", |n| of_a_macro(&n.to_string()).parse().unwrap()),
    ] {
        miss!(call(1), 1);
        assert_eq!(call(1), 1);
        let outcome = testing::last_outcome();
        let is_local = matches!(outcome, Some(Outcome::Hit { tier: HitTier::Memory, .. }));
        assert!(is_local, "{name}: {outcome:?}");
    }
}

fn handles() {
    shares!(held(1, "a"), Ok("1a".to_owned()));
    shares!(lookup(1), Some(1));
    assert_eq!(held::entry(1, "a").peek().unwrap(), Some(Ok("1a".to_owned())));
    assert_eq!(held::entry(1, "a").key(), "1,a");
    rename(0).unwrap_err();
    hit!(held(1, "a"), Ok("1a".to_owned()));
    rename(1).unwrap();
    miss!(held(1, "a"), Ok("1a".to_owned()));
    miss!(lookup(1), Some(1));
    assert!(Lookup::entry(1).invalidate().unwrap());
    Lookup::cache().clear().unwrap();
    assert_eq!((Lookup::uncached(2), Lookup::fresh(2)), (Some(2), Some(2)));
    hit!(lookup(2), Some(2));
    generic_value::entry(1_u8).put(2).unwrap();
    hit!(generic_value(1_u8), 2);
    shares!(now(load(1, "1")).unwrap(), 2);
    assert_eq!(now(store(1)), 1);
    miss!(now(load(1, "1")).unwrap(), 2);
    assert!(now(load::entry(1, "1").invalidate_async()).unwrap());
    miss!(now(load::fresh(1, "1")).unwrap(), 2);
    shares!(now(later(1, Arc::new(2))), Some(Point { x: 1.0, y: 2.0 }));
}

fn methods() {
    let repo = Repo { base: 1 };
    shares!(repo.keyed(1), 2);
    miss!(Repo { base: 2 }.keyed(1), 3);
    shares!(Repo::load(&repo, 1), 2);
    assert!(Repo::load_entry(1).invalidate().unwrap());
    assert_eq!(repo.load_fresh(1), 2);
    Repo::load_cache().clear().unwrap();
    miss!(Repo::load(&repo, 1), 2);
    shares!(now(repo.fetch(1)).unwrap(), 2);
    assert_eq!(Repo::fetch_entry(&repo, 1).key(), "1:1");
    shares!(Repo::associated(1), 2);
    shares!(Loads::load(&repo, 1), 11);
    shares!(now(Loads::fetch(&repo, 1)), 101);
    shares!(now(repo.fetch_send(1)), 1_001);
    shares!(<Repo as Loads>::provided(1), 2);
    shares!(Of(1_u8).size(1), 2);
    shares!(Of(1_u64).size(1), 9);
}

pub fn main() {
    let requires_send = |_: &dyn Send| ();
    requires_send(&later(1, Arc::new(2)));
    requires_send(&load(1, "1"));
    testing::isolated(|| {
        let store = || StoreConfig::custom(Arc::new(MemoryStore::new()));
        init(Config::new().with(store()).store("sessions", store())).unwrap();
        free_functions();
        handles();
        methods();
    });
}
