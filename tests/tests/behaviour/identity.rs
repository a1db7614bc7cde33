//! Whose entry a call finds: the function's identity is part of every key.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;

use cached_runtime::{cached, hit, miss, testing};

/// Asserts that calls share no entry: each misses, and afterwards each finds its own value.
macro_rules! apart {
    ($($call:expr => $value:expr),+ $(,)?) => {
        testing::isolated(|| {
            $(miss!($call, $value);)+
            $(hit!($call, $value);)+
        })
    };
}

struct Red;
struct Blue;

impl Red {
    #[cached]
    fn get(id: u64) -> String {
        format!("red {id}")
    }
}

impl Blue {
    #[cached]
    fn get(id: u64) -> String {
        format!("blue {id}")
    }
}

#[test]
fn methods_of_one_name_on_two_types_are_apart() {
    apart!(Red::get(1) => "red 1", Blue::get(1) => "blue 1");
}

#[cached]
fn width<T: Default + Debug>(n: u64) -> String {
    format!("{} {n}", size_of::<T>())
}

#[test]
fn instantiations_of_a_function_are_apart() {
    apart!(
        width::<u8>(1) => "1 1",
        width::<u16>(1) => "2 1",
        width::<(u64, u64)>(1) => "16 1",
    );
}

#[cached]
fn repeat<const N: usize, const IS_LOUD: bool>(text: &str) -> String {
    let text = text.repeat(N);
    if IS_LOUD { text.to_uppercase() } else { text }
}

#[test]
fn const_generics_are_apart() {
    apart!(
        repeat::<1, false>("a") => "a",
        repeat::<2, false>("a") => "aa",
        repeat::<2, true>("a") => "AA",
    );
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Repo<T>(PhantomData<T>);

impl<T: Default + Debug + Clone + Hash + Eq + Send + Sync + 'static> Repo<T> {
    const NEW: Self = Self(PhantomData);

    #[cached]
    fn first(n: u64) -> String {
        format!("{:?} {n}", T::default())
    }

    #[cached]
    fn get(&self, n: u64) -> String {
        format!("{:?} {n}", T::default())
    }

    #[cached(skip(self))]
    fn find(&self, n: u64) -> String {
        format!("{:?} {n}", T::default())
    }

    #[cached(key = "{n}", skip(self))]
    fn named(&self, n: u64) -> String {
        format!("{:?} {n}", T::default())
    }
}

#[test]
fn instantiations_of_an_impl_are_apart() {
    apart!(Repo::<u8>::first(1) => "0 1", Repo::<String>::first(1) => "\"\" 1");
    let (bytes, texts) = (Repo::<u8>::NEW, Repo::<String>::NEW);
    apart!(bytes.get(1) => "0 1", texts.get(1) => "\"\" 1");
    apart!(bytes.find(1) => "0 1", texts.find(1) => "\"\" 1");
    apart!(bytes.named(1) => "0 1", texts.named(1) => "\"\" 1");
}

mod north {
    use cached_runtime::cached;

    #[cached]
    pub fn pole(n: u64) -> String {
        format!("north {n}")
    }
}

mod south {
    use cached_runtime::cached;

    #[cached]
    pub fn pole(n: u64) -> String {
        format!("south {n}")
    }
}

#[test]
fn functions_of_one_name_in_two_modules_are_apart() {
    apart!(north::pole(1) => "north 1", south::pole(1) => "south 1");
}

trait Animal {
    const SOUND: &str;

    fn call(times: u64) -> String;

    #[cached]
    fn twice(prefix: &str) -> String {
        format!("{prefix}{0}{0}", Self::SOUND)
    }
}

struct Cat;
struct Dog;
struct Tamed<A>(PhantomData<A>);

impl Animal for Cat {
    const SOUND: &str = "meow";

    #[cached]
    fn call(times: u64) -> String {
        format!("cat {times}")
    }
}

impl Animal for Dog {
    const SOUND: &str = "woof";

    #[cached]
    fn call(times: u64) -> String {
        format!("dog {times}")
    }
}

impl<A: Animal> Animal for Tamed<A> {
    const SOUND: &str = A::SOUND;

    #[cached]
    fn call(times: u64) -> String {
        format!("tame {} {times}", A::SOUND)
    }
}

#[test]
fn implementations_of_a_trait_are_apart() {
    apart!(
        Cat::call(1) => "cat 1",
        Dog::call(1) => "dog 1",
        Tamed::<Cat>::call(1) => "tame meow 1",
        Tamed::<Dog>::call(1) => "tame woof 1",
    );
}

#[test]
fn types_that_inherit_a_default_method_are_apart() {
    apart!(Cat::twice("") => "meowmeow", Dog::twice("") => "woofwoof");
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Tenant {
    id: u64,
}

impl Tenant {
    #[cached]
    fn page(&self, number: u64) -> u64 {
        self.id * 100 + number
    }

    #[cached(key = "{self.id}:{number}")]
    fn row(&self, number: u64) -> u64 {
        self.id * 1_000 + number
    }
}

#[test]
fn instances_are_apart_where_self_is_in_the_key() {
    let (one, two) = (Tenant { id: 1 }, Tenant { id: 2 });
    apart!(one.page(7) => 107, two.page(7) => 207);
    apart!(one.row(7) => 1_007, two.row(7) => 2_007);
}

#[test]
fn equal_instances_share_where_self_is_in_the_key() {
    testing::isolated(|| {
        miss!(Tenant { id: 3 }.page(1), 301);
        hit!(Tenant { id: 3 }.page(1), 301);
    });
}

#[cached(key = "{value}")]
fn shown(value: impl Display) -> String {
    format!("{}: {value}", std::any::type_name_of_val(&value).len())
}

#[test]
fn arguments_of_two_types_that_read_alike_are_apart() {
    apart!(shown(1_u8) => "2: 1", shown("1") => "4: 1", shown(true) => "4: true");
    apart!(shown("true") => "4: true", shown('t') => "4: t");
}

#[cached]
fn length<'a>(text: &'a str, other: &'a str) -> usize {
    text.len()
}

#[test]
fn lifetimes_are_no_part_of_the_identity() {
    testing::isolated(|| {
        miss!(length("abc", "d"), 3);
        let (text, other) = (String::from("abc"), String::from("d"));
        hit!(length(&text, &other), 3);
    });
}
