//! Methods: every receiver, every kind of impl.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use cached_runtime::{cached, hit, miss, testing};

#[derive(Clone, PartialEq, Eq, Hash, Default)]
struct Repo {
    base: u64,
}

impl Repo {
    #[cached]
    fn by_reference(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(key = "{self.base}:{n}")]
    fn by_template(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached]
    fn by_value(self, n: u64) -> u64 {
        self.base + n
    }

    #[cached]
    fn by_mutable_value(mut self, n: u64) -> u64 {
        self.base += n;
        self.base
    }

    #[cached(key = "{n}", skip(self))]
    fn by_mutable_reference(&mut self, n: u64) -> u64 {
        self.base += n;
        self.base
    }

    #[cached]
    fn by_arc(self: Arc<Self>, n: u64) -> u64 {
        self.base + n
    }

    #[cached]
    fn by_arc_reference(self: &Arc<Self>, n: u64) -> u64 {
        self.base + n
    }

    #[cached]
    fn by_box(self: Box<Self>, n: u64) -> u64 {
        self.base + n
    }

    #[cached(key = "{self.base}:{n}")]
    fn by_rc(self: Rc<Self>, n: u64) -> u64 {
        self.base + n
    }

    #[cached(key = "{self.base}:{n}")]
    fn by_pin(self: Pin<&Self>, n: u64) -> u64 {
        self.base + n
    }

    #[cached(key = (self.base, n))]
    fn typed(self: &Self, n: u64) -> u64 {
        self.base + n
    }

    #[cached]
    fn associated(n: u64) -> Self {
        Self { base: n }
    }

    #[cached]
    async fn asynchronous(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(handle(impl), key = "{n}", skip(self))]
    pub fn with_handle(&self, n: u64) -> u64 {
        self.base + n
    }

    #[cached(handle(impl))]
    async fn associated_with_handle(n: u64) -> u64 {
        n
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Typed<T>(PhantomData<T>);

impl<T: Default + Debug + 'static> Typed<T> {
    #[cached]
    fn name() -> String {
        format!("{:?}", T::default())
    }

    #[cached(skip(self))]
    fn of<U: Debug + Default>(&self) -> String {
        format!("{:?}{:?}", T::default(), U::default())
    }

    #[cached(skip(self), handle(impl))]
    fn held<U: Debug + Default + 'static, const N: usize>(&self, n: u8) -> String {
        format!("{:?}{:?}{n}{N}", T::default(), U::default())
    }
}

trait Load {
    const OFFSET: u64;

    fn load(&self, id: u64) -> u64;
    fn name() -> String;
    fn load_async(&self, id: u64) -> impl Future<Output = u64> + Send;
    async fn load_local(&self, id: u64) -> u64;

    #[cached(skip(self))]
    fn provided(&self, id: u64) -> u64 {
        id + Self::OFFSET
    }
}

impl Load for Repo {
    const OFFSET: u64 = 10;

    #[cached]
    fn load(&self, id: u64) -> u64 {
        self.base + id
    }

    #[cached]
    fn name() -> String {
        "repo".into()
    }

    #[cached]
    async fn load_async(&self, id: u64) -> u64 {
        self.base + id
    }

    #[cached(skip(self))]
    async fn load_local(&self, id: u64) -> u64 {
        self.base + id
    }
}

impl<T: Send + Sync + 'static> Load for Typed<T> {
    const OFFSET: u64 = 20;

    #[cached(skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }

    #[cached]
    fn name() -> String {
        std::any::type_name::<T>().into()
    }

    #[cached(skip(self))]
    async fn load_async(&self, id: u64) -> u64 {
        id
    }

    #[cached(skip(self))]
    async fn load_local(&self, id: u64) -> u64 {
        id
    }
}

pub fn main() {
    let repo = Repo { base: 1 };
    testing::isolated(|| {
        miss!(repo.by_reference(1), 2);
        hit!(repo.by_reference(1), 2);
        miss!(repo.by_template(1), 2);
        hit!(repo.by_template(1), 2);
        miss!(repo.clone().by_value(1), 2);
        hit!(repo.clone().by_value(1), 2);
        miss!(repo.clone().by_mutable_value(1), 2);
        hit!(repo.clone().by_mutable_value(1), 2);
        miss!(repo.clone().by_mutable_reference(1), 2);
        hit!(repo.clone().by_mutable_reference(1), 2);
        miss!(Arc::new(repo.clone()).by_arc(1), 2);
        hit!(Arc::new(repo.clone()).by_arc(1), 2);
        miss!(Arc::new(repo.clone()).by_arc_reference(1), 2);
        hit!(Arc::new(repo.clone()).by_arc_reference(1), 2);
        miss!(Box::new(repo.clone()).by_box(1), 2);
        hit!(Box::new(repo.clone()).by_box(1), 2);
        miss!(Rc::new(repo.clone()).by_rc(1), 2);
        hit!(Rc::new(repo.clone()).by_rc(1), 2);
        miss!(Pin::new(&repo).by_pin(1), 2);
        hit!(Pin::new(&repo).by_pin(1), 2);
        miss!(repo.typed(1), 2);
        hit!(repo.typed(1), 2);
        assert_eq!(miss!(Repo::associated(3)).base, 3);
        assert_eq!(hit!(Repo::associated(3)).base, 3);
        miss!(repo.with_handle(1), 2);
        assert_eq!(Repo::with_handle_entry(1).peek(), Some(2));
        assert_eq!(repo.with_handle_uncached(5), 6);
        assert_eq!(repo.with_handle_fresh(5), 6);
        assert_eq!(Repo::with_handle_cache().len(), 2);
        assert!(!Repo::associated_with_handle_entry(1).invalidate());

        miss!(Typed::<u8>::name(), "0");
        miss!(Typed::<String>::name(), "\"\"");
        hit!(Typed::<u8>::name(), "0");
        let typed = Typed::<u8>(PhantomData);
        miss!(typed.of::<u16>(), "00");
        miss!(typed.of::<String>(), "0\"\"");
        miss!(typed.held::<u16, 3>(1), "0013");
        assert_eq!(Typed::<u8>::held_entry::<u16, 3>(1).peek().as_deref(), Some("0013"));
        assert_eq!(Typed::<u8>::held_entry::<u16, 4>(1).peek(), None);

        miss!(Load::load(&repo, 1), 2);
        hit!(Load::load(&repo, 1), 2);
        miss!(typed.load(1), 1);
        miss!(<Repo as Load>::name(), "repo");
        miss!(<Typed<u8> as Load>::name(), "u8");
        miss!(repo.provided(1), 11);
        miss!(typed.provided(1), 21);
        hit!(repo.provided(1), 11);
    });
    fn requires_send(_: impl Send) {}
    requires_send(repo.asynchronous(1));
    requires_send(repo.load_async(1));
    drop(repo.load_local(1));
}
