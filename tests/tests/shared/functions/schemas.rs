//! Releases whose values have another shape: a miss, never a wrong value, never an error.

use cached_runtime::{MissReason, cached, hit};
use serde::{Deserialize, Serialize};

use crate::world::{World, from_store, loaded};

/// The same function in a release of its own, with its own type of value.
macro_rules! release {
    ($release:ident, { $($field:ident: $ty:ty = $value:expr),* $(,)? }) => {
        mod $release {
            use super::{Deserialize, Serialize, cached};

            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub(super) struct User {
                $(pub(super) $field: $ty,)*
            }

            pub(super) fn made() -> User {
                User { $($field: $value,)* }
            }

            #[cached(shared, name = "schemas::user", key = "{id}", handle)]
            pub(super) fn user(id: u64) -> User {
                let _ = id;
                made()
            }
        }
    };
}

release!(plain, { id: u64 = 1, name: String = "a".into() });
release!(same, { id: u64 = 2, name: String = "b".into() });
release!(added, { id: u64 = 3, name: String = "c".into(), email: Option<String> = None });
release!(removed, { id: u64 = 4 });
release!(renamed, { id: u64 = 5, title: Option<String> = None });
release!(renamed_from, { id: u64 = 6, name: Option<String> = None });
release!(retyped, { id: String = "7".into(), name: String = "d".into() });
release!(narrower, { id: u8 = 8, name: String = "e".into() });
release!(listed, { id: u64 = 9, name: Vec<String> = Vec::new() });

/// Expects that what one release stored is not used by another, and the other way round.
macro_rules! parted {
    ($($one:ident, $other:ident;)*) => {
        $({
            let world = World::new();
            let (old, new) = (world.process(), world.process());
            old.run(|| $one::user(1));
            assert_eq!(
                new.run(|| loaded(MissReason::Corrupt, || $other::user(1))),
                $other::made(),
            );
            new.run(|| assert_eq!(from_store(|| $other::user(1)), $other::made()));
            assert_eq!(old.run(|| loaded(MissReason::Corrupt, || $one::user(1))), $one::made());
            let errors = new.run(|| $other::user::cache().stats().store_errors);
            assert_eq!(errors, 1, "counted, and said to nobody");
        })*
    };
}

#[test]
fn releases_with_other_fields_never_read_each_others_values() {
    parted! {
        plain, added;
        plain, removed;
        renamed_from, renamed;
        plain, renamed_from;
        plain, retyped;
        plain, listed;
        plain, narrower;
        added, removed;
    }
}

#[test]
fn a_release_with_the_same_fields_reads_them() {
    let world = World::new();
    let (old, new) = (world.process(), world.process());
    old.run(|| plain::user(1));
    new.run(|| {
        let user = from_store(|| same::user(1));
        assert_eq!((user.id, user.name), (1, "a".to_owned()));
    });
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Dot,
    Line { length: u32 },
    Text(String, Option<Box<Shape>>),
}

#[test]
fn values_come_back_as_they_were() {
    #[cached(shared, key = "{n}")]
    fn shape(n: u8) -> Vec<Shape> {
        let text = Shape::Text("é\n\0\"".into(), Some(Box::new(Shape::Line { length: n.into() })));
        vec![Shape::Dot, text, Shape::Text(String::new(), None)]
    }
    #[cached(shared, key = "{n}")]
    fn number(n: u8) -> (f64, i64, Option<String>, Vec<(String, u64)>) {
        (0.1 + f64::from(n) / 3.0, i64::MIN, Some(String::new()), vec![("x".into(), u64::MAX)])
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    for n in 0..=u8::MAX {
        let loaded = first.run(|| (shape(n), number(n)));
        second.run(|| {
            hit!(shape(n), loaded.0);
            hit!(number(n), loaded.1);
        });
    }
}
