//! Whose entries they are: the name of a function, its version, its types.

use cached_runtime::{cached, hit, miss};
use serde::Serialize;

use crate::world::{World, said, say};

mod one {
    #[cached_runtime::cached(shared, key = "k")]
    pub(super) fn same() -> u64 {
        crate::world::said()
    }
}

mod two {
    #[cached_runtime::cached(shared, key = "k")]
    pub(super) fn same() -> u64 {
        crate::world::said()
    }
}

#[test]
fn functions_of_one_name_in_two_modules_share_nothing() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(one::same);
    say(2);
    second.run(|| {
        miss!(two::same(), 2);
        hit!(one::same(), 1);
    });
}

#[derive(Clone, Hash, PartialEq, Eq, Serialize)]
struct Red(u64);
#[derive(Clone, Hash, PartialEq, Eq, Serialize)]
struct Blue(u64);

impl Red {
    #[cached(shared)]
    fn shade(&self, depth: u8) -> u64 {
        u64::from(depth) + said()
    }
    #[cached(shared, key = "k")]
    fn all() -> u64 {
        said()
    }
}

impl Blue {
    #[cached(shared)]
    fn shade(&self, depth: u8) -> u64 {
        u64::from(depth) + said()
    }
    #[cached(shared, key = "k")]
    fn all() -> u64 {
        said()
    }
}

#[test]
fn methods_of_two_types_share_nothing_and_self_is_in_the_key() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(10);
    first.run(|| (Red(1).shade(0), Red::all()));
    say(20);
    second.run(|| {
        hit!(Red(1).shade(0), 10);
        miss!(Red(2).shade(0), 20);
        miss!(Red(1).shade(1), 21);
        miss!(Blue(1).shade(0), 20);
        hit!(Red::all(), 10);
        miss!(Blue::all(), 20);
    });
}

trait Code {
    const CODE: u64;
}
impl Code for Red {
    const CODE: u64 = 100;
}
impl Code for Blue {
    const CODE: u64 = 200;
}

#[cached(shared, key = "{n}")]
fn generic<T: Code>(n: u64) -> u64 {
    n + T::CODE + said()
}

#[cached(shared, name = "identity::renamed", key = "{n}")]
fn renamed<T: Code>(n: u64) -> u64 {
    n + T::CODE + said()
}

#[test]
fn instantiations_of_a_generic_function_share_nothing() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(0);
    first.run(|| (generic::<Red>(1), renamed::<Red>(1)));
    say(5);
    second.run(|| {
        hit!(generic::<Red>(1), 101);
        miss!(generic::<Blue>(1), 206);
        hit!(renamed::<Red>(1), 101);
        miss!(renamed::<Blue>(1), 206);
    });
}

mod releases {
    use super::{cached, said};

    pub(super) mod first {
        #[super::cached(shared, name = "identity::moved", key = "k")]
        pub(in super::super) fn before() -> u64 {
            super::said()
        }
    }
    #[cached(shared, name = "identity::moved", key = "k")]
    pub(super) fn after() -> u64 {
        said()
    }
    #[cached(shared, name = "identity::moved", key = "k", version = 1)]
    pub(super) fn of_another_version() -> u64 {
        said()
    }
}

#[test]
fn a_name_stays_when_the_function_moves_and_a_version_parts_its_values() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(releases::first::before);
    say(2);
    second.run(|| {
        hit!(releases::after(), 1);
        miss!(releases::of_another_version(), 2);
    });
    say(3);
    first.run(|| miss!(releases::first::before(), 3));
}
