//! Functions that load in the background: every kind of argument, receiver and place.

#![deny(warnings)]

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cached_runtime::{cached, hit, miss, stale, testing};

#[cached(stale = 60)]
fn none() -> u64 {
    1
}

#[cached(stale = 60)]
fn by_value(n: u64, text: String, list: Vec<u8>) -> usize {
    n as usize + text.len() + list.len()
}

#[cached(stale = 60)]
fn by_reference(n: &u64, text: &str, list: &[u8], path: &Path, owned: &String) -> usize {
    *n as usize + text.len() + list.len() + path.as_os_str().len() + owned.len()
}

#[cached(early = 1.0, key = "{text}", skip(n))]
fn by_reference_twice(text: &&str, n: &&&u64) -> usize {
    let _ = n;
    text.len()
}

#[cached(stale = 60, skip(pool))]
fn by_static_reference(pool: &'static [u8], name: &'static str) -> usize {
    pool.len() + name.len()
}

#[cached(stale = 60)]
fn changed(mut n: u64, mut text: String) -> u64 {
    n += 1;
    text.push('a');
    n + text.len() as u64
}

#[cached(stale = 60)]
fn moved(text: String, n: Option<Box<u64>>) -> (String, Option<Box<u64>>) {
    (text, n)
}

#[cached(stale = 60)]
fn bound_whole(pair @ (one, _): (u64, u64)) -> u64 {
    pair.1 + one
}

struct Pair {
    two: u64,
    three: String,
}

struct Whole<T>(T);

#[cached(stale = 60)]
fn taken_apart((one, Pair { two, three: text }): (u64, Pair), Whole(four): Whole<&u64>) -> String {
    format!("{one} {two} {text} {four}")
}

#[cached(stale = 60, skip(list))]
fn of_cow(text: Cow<'static, str>, list: Arc<[u8]>) -> usize {
    text.len() + list.len()
}

#[cached(stale = 60)]
fn with_lifetimes<'a, 'b: 'a>(one: &'a str, two: &'b str) -> String {
    let longer: &'a str = if one.len() > two.len() { one } else { two };
    longer.to_owned()
}

#[cached(stale = 60, key = "{value}", skip(array))]
fn generic<T: Display + Clone + Send + 'static, const N: usize>(value: &T, array: [u8; N]) -> String {
    format!("{value}{}", array.len())
}

#[cached(stale = 60)]
fn of_unnamed_type<T: Default + Debug>(n: u64) -> String {
    format!("{:?}{n}", T::default())
}

#[cached(stale = 60, key = "{text}", skip(list, n))]
fn of_impl_trait<T>(
    n: T,
    text: &(impl AsRef<str> + Display + Clone + Send + 'static),
    list: impl IntoIterator<Item = T> + Clone + Send + 'static,
) -> u64
where
    T: Into<u64> + Clone + Hash + Eq + Send + Sync + 'static,
{
    n.into() + text.as_ref().len() as u64 + list.into_iter().map(Into::into).sum::<u64>()
}

#[cached(stale = 60)]
fn hidden(n: u64) -> impl Display + Clone {
    n
}

#[cached(stale = 60)]
fn hidden_of_generic<T: Display + Clone + Hash + Eq + Send + Sync + 'static>(
    value: T,
    text: &str,
) -> impl Display + use<T> + Clone {
    format!("{value}{text}")
}

#[cached(stale = 60)]
extern "C" fn foreign(n: u64) -> u64 {
    n
}

#[cached(stale = 60)]
fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[cached(stale = 60)]
fn named_like_an_argument(named_like_an_argument: u64) -> u64 {
    let n = named_like_an_argument;
    n
}

#[cached(stale = 60)]
fn r#match(r#type: u64) -> u64 {
    r#type
}

#[cached(stale = 60)]
fn says_self_in_an_item(n: u64) -> u64 {
    struct Local(u64);
    impl Local {
        fn new(n: u64) -> Self {
            Self(n)
        }
    }
    Local::new(n).0
}

#[deprecated]
#[cached(stale = 60)]
#[must_use]
fn with_attributes(n: u64) -> u64 {
    n
}

#[cached(stale = 60, unless = n == 9, refresh = text == "now", tags("n:{n}", "all"))]
fn with_conditions(n: u64, text: &str) -> u64 {
    n + text.len() as u64
}

#[cached(stale = 60, handle, tags("n:{n}", |n| [format!("value:{n}")]))]
fn with_handle(n: u64, text: &str) -> u64 {
    n + text.len() as u64
}

#[cached(stale = 60, handle = Named, unless = n == 9)]
fn with_named_handle<T: Display + Hash + Eq + Clone + Send + Sync + 'static>(n: u64, other: T) -> String {
    format!("{n}{other}")
}

#[cached(stale = 60, shared, key = "{n}", tags("n:{n}"))]
fn shared(n: u64) -> u64 {
    n
}

#[cached(stale_if_error = 60, soft_timeout = "100ms", shared, handle, unless = text.is_empty())]
fn shared_with_handle(n: u64, text: &str) -> Result<u64, String> {
    Ok(n + text.len() as u64)
}

#[cached(
    timeout = "5m",
    stale = "1m",
    stale_if_error = "1h",
    stale_if = |error| error.len() > 4,
    throttle = "5s",
    refresh_ahead = 0.5 + 0.3,
    jitter = 0.1,
    soft_timeout = "100ms",
    hard_timeout = "2s",
    on_timeout = "took too long".to_owned(),
    max_background = 8
)]
async fn all_of_them(n: u64, text: &str) -> Result<u64, String> {
    std::future::ready(()).await;
    Ok(n + text.len() as u64)
}

#[cached(stale = never, stale_if_error = never, jitter = "10s")]
async fn by_value_async(n: u64, text: String) -> String {
    std::future::ready(()).await;
    format!("{n}{text}")
}

#[cached(stale = 60, skip(list))]
async fn by_reference_async<'a>(n: &u64, text: &'a str, list: &'a [f64]) -> String {
    std::future::ready(()).await;
    format!("{n}{text}{}", list.len())
}

#[cached(stale = 60)]
async fn fibonacci_async(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    Box::pin(fibonacci_async(n - 1)).await + Box::pin(fibonacci_async(n - 2)).await
}

#[cached(stale = 60)]
async fn hidden_async(n: u64, text: &str) -> impl Display + Clone + use<> {
    std::future::ready(()).await;
    format!("{n}{text}")
}

#[cached(stale = 60, shared, handle, tags("n:{n}"))]
async fn shared_async(n: u64, text: &str) -> Result<u64, std::io::Error> {
    std::future::ready(()).await;
    Ok(n + text.len() as u64)
}

#[cached(stale = 60)]
async fn generic_async<T>(value: T) -> String
where
    T: Debug + Clone + Hash + Eq + Send + Sync + 'static,
{
    std::future::ready(()).await;
    format!("{value:?}")
}

#[derive(Clone, PartialEq, Eq, Hash, Default)]
struct Repo {
    base: u64,
}

impl Repo {
    #[cached(stale = 60)]
    fn by_reference(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(stale = 60)]
    fn by_value(self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(stale = 60)]
    fn by_mutable_value(mut self, n: u64) -> u64 {
        self.base += n;
        self.base
    }

    #[cached(stale = 60)]
    fn by_typed_reference(self: &Self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(stale = 60)]
    fn by_arc(self: Arc<Self>, n: u64) -> u64 {
        self.base + n
    }

    #[cached(stale = 60)]
    fn by_arc_reference(self: &Arc<Self>, n: u64) -> u64 {
        self.base + n
    }

    #[cached(stale = 60)]
    fn by_static_reference(&'static self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(stale = 60)]
    fn new(base: u64) -> Self {
        Self { base }
    }

    #[cached(stale = 60)]
    fn says_self_in_its_body(base: u64) -> u64 {
        Self::new(base).base
    }

    #[cached(stale = 60, handle(impl))]
    fn without_self(base: u64) -> u64 {
        base
    }

    #[cached(stale = 60, handle(impl), skip(self))]
    async fn load<'a>(&self, text: &'a str) -> Result<u64, &'static str> {
        std::future::ready(()).await;
        Ok(self.base + text.len() as u64)
    }

    #[cached(stale = 60)]
    async fn by_arc_async(self: Arc<Self>, n: u64) -> u64 {
        std::future::ready(()).await;
        self.base + n
    }
}

/// Neither `Clone` nor named by a function.
struct Pool {
    base: u64,
}

impl Pool {
    #[cached(stale = 60, skip(self))]
    async fn by_arc(self: &Arc<Self>, n: u64) -> u64 {
        std::future::ready(()).await;
        self.base + n
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Wrapper<T>(T);

impl<T: Clone + Hash + Eq + Send + Sync + 'static> Wrapper<T> {
    #[cached(stale = 60)]
    fn unwrapped(&self) -> T {
        self.0.clone()
    }

    #[cached(stale = 60)]
    async fn paired<U: Clone + Hash + Eq + Send + Sync + 'static>(&self, other: U) -> (T, U) {
        std::future::ready(()).await;
        (self.0.clone(), other)
    }
}

trait Source {
    fn read(&self, n: u64) -> u64;
    async fn read_async(&self, path: &Path) -> PathBuf;

    #[cached(stale = 60, skip(self))]
    fn provided(&self, n: u64) -> u64
    where
        Self: Clone + Send + 'static,
    {
        n + 1
    }
}

impl Source for Repo {
    #[cached(stale = 60)]
    fn read(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(stale = 60)]
    async fn read_async(&self, path: &Path) -> PathBuf {
        std::future::ready(()).await;
        path.join(self.base.to_string())
    }
}

mod elsewhere {
    pub(crate) trait NotInScope {
        fn count(&self, n: u64) -> u64;
    }
}

impl elsewhere::NotInScope for Repo {
    #[cached(stale = 60)]
    fn count(&self, n: u64) -> u64 {
        self.base + n
    }
}

macro_rules! made {
    ($name:ident, $($argument:ident: $ty:ty),*) => {
        #[cached(stale = 60)]
        fn $name($($argument: $ty,)* n: u64) -> u64 {
            n $(+ $argument.len() as u64)*
        }
    };
}

made!(made, text: &str, list: Vec<u8>);

/// A miss; later a stale hit; and a hit of what was loaded meanwhile.
macro_rules! renews {
    ($call:expr, $value:expr) => {{
        miss!($call, $value);
        testing::clock().advance(Duration::from_secs(310));
        stale!($call, $value);
        testing::settle();
        hit!($call, $value);
    }};
}

macro_rules! renews_async {
    ($call:expr, $value:expr) => {{
        miss!($call, $value);
        testing::clock().advance(Duration::from_secs(310));
        stale!($call, $value);
        testing::settle_async().await;
        hit!($call, $value);
    }};
}

fn requires_send<F: Future + Send>(future: F) -> F {
    future
}

pub fn main() {
    testing::isolated(|| {
        fn local_caller() -> u64 {
            #[cached(stale = 60)]
            fn local(n: u64) -> u64 {
                n
            }
            local(1)
        }
        renews!(none(), 1);
        renews!(by_value(1, "a".into(), vec![1]), 3);
        renews!(by_reference(&1, "a", &[1], Path::new("a"), &"a".to_owned()), 5);
        miss!(by_reference_twice(&"a", &&&1), 1);
        renews!(by_static_reference(&[1], "a"), 2);
        renews!(changed(1, "a".into()), 4);
        renews!(moved("a".into(), None), ("a".to_owned(), None));
        renews!(bound_whole((1, 2)), 3);
        let pair = || Pair { two: 2, three: "a".into() };
        renews!(taken_apart((1, pair()), Whole(&3)), "1 2 a 3");
        renews!(of_cow("a".into(), [1].into()), 2);
        renews!(with_lifetimes("a", "bc"), "bc");
        renews!(generic(&1, [1]), "11");
        renews!(of_unnamed_type::<u8>(1), "01");
        renews!(of_unnamed_type::<String>(1), "\"\"1");
        renews!(of_impl_trait(1_u8, &"a", [1_u8]), 3);
        renews!(hidden(1).to_string(), "1");
        renews!(hidden_of_generic(1, "a").to_string(), "1a");
        renews!(foreign(1), 1);
        renews!(fibonacci(50), 12_586_269_025);
        renews!(named_like_an_argument(1), 1);
        renews!(r#match(1), 1);
        renews!(says_self_in_an_item(1), 1);
        #[expect(deprecated)]
        let with_attributes = || with_attributes(1);
        renews!(with_attributes(), 1);
        renews!(with_conditions(1, "a"), 2);
        renews!(with_handle(1, "a"), 2);
        assert_eq!(with_handle::entry(1, "a").peek(), Some(2));
        assert_eq!(with_handle::fresh(1, "a"), 2);
        renews!(with_named_handle(1, "a"), "1a");
        renews!(shared(1), 1);
        miss!(shared_with_handle(1, "a"), Ok(2));
        renews!(local_caller(), 1);
        renews!(made("a", vec![1], 1), 3);

        let repo = Repo { base: 1 };
        renews!(repo.by_reference(1), 2);
        renews!(repo.by_typed_reference(1), 2);
        renews!(repo.clone().by_value(1), 2);
        renews!(repo.clone().by_mutable_value(1), 2);
        renews!(Arc::new(repo.clone()).by_arc(1), 2);
        renews!(Arc::new(repo.clone()).by_arc_reference(1), 2);
        static REPO: Repo = Repo { base: 1 };
        renews!(REPO.by_static_reference(1), 2);
        renews!(Repo::new(1).base, 1);
        renews!(Repo::says_self_in_its_body(2), 2);
        renews!(Repo::without_self(1), 1);
        renews!(Wrapper(1).unwrapped(), 1);
        renews!(repo.read(1), 2);
        renews!(repo.provided(1), 2);
        renews!(elsewhere::NotInScope::count(&repo, 1), 2);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(testing::isolated_async(async {
        let repo = Repo { base: 1 };
        assert_eq!(requires_send(all_of_them(1, "a")).await, Ok(2));
        renews_async!(requires_send(by_value_async(1, "a".into())).await, "1a");
        renews_async!(requires_send(by_reference_async(&1, "a", &[1.0])).await, "1a1");
        renews_async!(fibonacci_async(50).await, 12_586_269_025);
        renews_async!(requires_send(hidden_async(1, "a")).await.to_string(), "1a");
        renews_async!(requires_send(shared_async(1, "a")).await.unwrap(), 2);
        renews_async!(requires_send(generic_async(1)).await, "1");
        renews_async!(requires_send(repo.load("a")).await, Ok(2));
        renews_async!(requires_send(Arc::new(repo.clone()).by_arc_async(1)).await, 2);
        renews_async!(requires_send(Arc::new(Pool { base: 1 }).by_arc(1)).await, 2);
        renews_async!(requires_send(Wrapper(1).paired(2)).await, (1, 2));
        renews_async!(requires_send(repo.read_async(Path::new("a"))).await, Path::new("a/1"));
    }));
}
