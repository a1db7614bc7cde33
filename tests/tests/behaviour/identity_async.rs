//! Identity of `async` functions.

use std::fmt::Debug;
use std::marker::PhantomData;

use cached_runtime::{cached, hit, miss, testing};

struct Red;
struct Blue;

impl Red {
    #[cached]
    async fn get(id: u64) -> String {
        format!("red {id}")
    }
}

impl Blue {
    #[cached]
    async fn get(id: u64) -> String {
        format!("blue {id}")
    }
}

#[tokio::test]
async fn async_methods_of_one_name_on_two_types_are_apart() {
    testing::isolated_async(async {
        miss!(Red::get(1).await, "red 1");
        miss!(Blue::get(1).await, "blue 1");
        hit!(Red::get(1).await, "red 1");
        hit!(Blue::get(1).await, "blue 1");
    })
    .await;
}

#[cached]
async fn width<T: Send + Sync, const N: usize>(n: u64) -> usize {
    size_of::<T>() * N + usize::try_from(n).unwrap_or_default()
}

#[tokio::test]
async fn instantiations_of_an_async_function_are_apart() {
    testing::isolated_async(async {
        miss!(width::<u8, 1>(1).await, 2);
        miss!(width::<u16, 1>(1).await, 3);
        miss!(width::<u16, 2>(1).await, 5);
        hit!(width::<u8, 1>(1).await, 2);
        hit!(width::<u16, 2>(1).await, 5);
    })
    .await;
}

struct Repo<T>(PhantomData<T>);

impl<T: Default + Debug + Sync> Repo<T> {
    #[cached(skip(self))]
    async fn get(&self, n: u64) -> String {
        format!("{:?} {n}", T::default())
    }
}

#[tokio::test]
async fn instantiations_of_an_impl_with_async_methods_are_apart() {
    testing::isolated_async(async {
        let (numbers, texts) = (Repo::<u8>(PhantomData), Repo::<String>(PhantomData));
        miss!(numbers.get(1).await, "0 1");
        miss!(texts.get(1).await, "\"\" 1");
        hit!(numbers.get(1).await, "0 1");
        hit!(texts.get(1).await, "\"\" 1");
    })
    .await;
}

trait Source {
    async fn read(&self, at: u64) -> String;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Disk(u64);
struct Net;

impl Source for Disk {
    #[cached]
    async fn read(&self, at: u64) -> String {
        format!("disk {} {at}", self.0)
    }
}

impl Source for Net {
    #[cached(skip(self))]
    async fn read(&self, at: u64) -> String {
        format!("net {at}")
    }
}

#[tokio::test]
async fn implementations_of_an_async_trait_method_are_apart() {
    testing::isolated_async(async {
        miss!(Disk(0).read(1).await, "disk 0 1");
        miss!(Disk(2).read(1).await, "disk 2 1");
        miss!(Net.read(1).await, "net 1");
        hit!(Disk(0).read(1).await, "disk 0 1");
        hit!(Net.read(1).await, "net 1");
    })
    .await;
}
