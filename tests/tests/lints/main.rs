//! Generated code raises no lint, and means the same whatever surrounds it.
//!
//! Everything in here has to compile without a warning, by rustc and by clippy alike; the tests
//! then call it, so that names that resolve to something else are found.

#![deny(warnings, unused_qualifications, unreachable_pub, missing_docs)]
#![deny(clippy::pedantic, clippy::nursery)]
#![allow(clippy::redundant_pub_crate, reason = "it contradicts `unreachable_pub`")]
#![forbid(unsafe_code)]

extern crate cached_runtime as another_name;

pub mod background;
pub mod functions;
mod locals;
mod no_prelude;
mod renamed;
mod shadowed;
pub mod shared;

use std::sync::Arc;
use std::time::Duration;

use cached_runtime::{hit, miss, stale, testing};

#[test]
fn functions_under_lints_cache() {
    testing::isolated(|| {
        miss!(functions::plain(1, "a"), 2);
        hit!(functions::plain(1, "a"), 2);
        miss!(functions::held(1, "a"), Ok("1a".to_owned()));
        hit!(functions::held(1, "a"), Ok("1a".to_owned()));
        assert_eq!(functions::rename(1), Ok(()));
        miss!(functions::held(1, "a"), Ok("1a".to_owned()));
        miss!(functions::underscored(1), 1);
        miss!(functions::underscored(2), 1);
        miss!(functions::underscored_template(1), 1);
        miss!(functions::underscored_parts(1), 1);
        miss!(functions::skips_of_a_pattern((1, 2), "a"), 1);
        hit!(functions::skips_of_a_pattern((1, 3), "b"), 1);
        let repo = functions::Repo::new(1);
        miss!(repo.load(1), 2);
        assert!(functions::Repo::load_entry(1).invalidate());
    });
}

#[test]
fn shared_functions_under_lints_cache() {
    testing::isolated(|| {
        miss!(shared::plain(1), shared::plain(1));
        let page = shared::plain(1);
        miss!(shared::held(1, "a", &[]), Ok(page.clone()));
        hit!(shared::held(1, "a", &[1.0]), Ok(page.clone()));
        assert_eq!(shared::rename(1), 1);
        miss!(shared::held(1, "a", &[]), Ok(page.clone()));
        miss!(shared::by_closure(&page, 1), 1);
        hit!(shared::by_closure(&page, 2), 1);
        miss!(shared::by_parts(&page, 1), 2);
        miss!(shared::generic::<_, 1>(&1, "a"), "1a1");
        miss!(shared::generic::<_, 2>(&1, "a"), "1a2");
        miss!(shared::patterns((1, 2), 3, 4), 6);
        miss!(shared::patterns((1, 2), 3, 5), 6);
        miss!(shared::constant(), 7);
        miss!(page.next(1), shared::plain(2));
        assert_eq!(shared::Page::next_entry(&page, 1).invalidate().ok(), Some(true));
        drop((page.fetch(1), shared::parsed(String::new()), shared::rename_async(1)));
    });
}

/// Later, while entries are stale.
fn later() {
    testing::clock().advance(Duration::from_secs(310));
}

#[test]
fn functions_under_lints_load_in_the_background() {
    testing::isolated(|| {
        let plain = || background::plain(1, "a", "b".to_owned(), &[]);
        miss!(plain(), "ba10");
        later();
        stale!(plain(), "ba10");
        testing::settle();
        hit!(plain(), "ba10");
        miss!(background::underscored(1, &"a"), 1);
        miss!(background::underscored(1, &"b"), 1);
        miss!(background::generic(&1, "a", [1]), "1a1");
        hit!(background::generic(&1, "b", [1]), "1a1");
        assert_eq!(background::fibonacci(30), 832_040);
        let repo = background::Repo::new(1);
        miss!(repo.load(1), 2);
        miss!(repo.keyed(1), 2);
        later();
        stale!(repo.load(1), 2);
        stale!(repo.keyed(1), 2);
        testing::settle();
        hit!(repo.load(1), 2);
        hit!(repo.keyed(1), 2);
        assert!(background::Repo::load_entry(1).invalidate());
        drop((background::held(1, "a"), background::find(1, String::new())));
        drop(Arc::new(repo).fetch(1));
    });
}

#[test]
fn a_module_without_a_prelude_caches() {
    testing::isolated(|| {
        miss!(no_prelude::argument("1"), 1);
        hit!(no_prelude::argument("1"), 1);
        miss!(no_prelude::template(1), no_prelude::found(1));
        hit!(no_prelude::template(1), no_prelude::found(1));
        miss!(no_prelude::held(1), 1);
        no_prelude::drop_held(1);
        drop(no_prelude::drop_later(1));
        miss!(no_prelude::held(1), 1);
        miss!(no_prelude::shared("1"), 1);
        hit!(no_prelude::shared("1"), 1);
        miss!(no_prelude::shared_by_closure(1), no_prelude::found(1));
        hit!(no_prelude::shared_by_closure(1), no_prelude::found(1));
        miss!(no_prelude::stale(1, "1"), 2);
        later();
        stale!(no_prelude::stale(1, "1"), 2);
        testing::settle();
        hit!(no_prelude::stale(1, "1"), 2);
        drop(no_prelude::late(1));
        assert!(no_prelude::shared_held::entry(1).peek().is_ok());
    });
}

#[test]
fn a_renamed_crate_caches() {
    testing::isolated(|| {
        miss!(renamed::plain(1), Some(1));
        hit!(renamed::plain(1), Some(1));
        miss!(renamed::held(1), 1);
        renamed::drop_held(1);
        miss!(renamed::held(1), 1);
        miss!(renamed::shared(1), 1);
        miss!(renamed::stale(1), 1);
        later();
        stale!(renamed::stale(1), 1);
        testing::settle();
        hit!(renamed::stale(1), 1);
        drop(renamed::late(1));
        miss!(renamed::shared(1), 1);
        assert_eq!(renamed::shared::entry(1).peek().ok(), Some(Some(1)));
    });
}

#[test]
fn shadowed_names_of_the_standard_library_do_not_matter() {
    testing::isolated(|| {
        miss!(shadowed::plain("1", 2), 3);
        hit!(shadowed::plain("1", 2), 3);
        miss!(shadowed::template("1", 2), 3);
        hit!(shadowed::template("1", 2), 3);
        miss!(shadowed::held("1"), 1);
        shadowed::drop_held("1");
        miss!(shadowed::held("1"), 1);
        miss!(shadowed::shared("1", 2), 3);
        hit!(shadowed::shared("1", 2), 3);
        miss!(shadowed::shared_held("1"), 1);
        miss!(shadowed::stale("1", 2), 3);
        later();
        stale!(shadowed::stale("1", 2), 3);
        testing::settle();
        hit!(shadowed::stale("1", 2), 3);
        drop(shadowed::late(1));
    });
}

#[test]
fn arguments_and_locals_may_have_any_name() {
    testing::isolated(|| {
        miss!(locals::arguments(1, 2, 3, 4, 5, 6), 21);
        hit!(locals::arguments(1, 2, 3, 4, 5, 6), 21);
        miss!(locals::arguments(1, 2, 3, 4, 5, 7), 22);
        miss!(locals::underscored(1, 2, 3, 4), 10);
        hit!(locals::underscored(1, 2, 3, 4), 10);
        assert_eq!(locals::underscored::entry(1, 2, 3, 4).peek(), Some(10));
        drop(locals::underscored_async(1, 2, 3));
        miss!(locals::templated(1, 2), 3);
        hit!(locals::templated(1, 2), 3);
        miss!(locals::shared(1, 2, 3), 6);
        hit!(locals::shared(1, 2, 3), 6);
        miss!(locals::shared(1, 2, 4), 7);
        drop(locals::shared_async(1, 2, 3));
        miss!(locals::stale(1, 2, 3, 4), 10);
        later();
        stale!(locals::stale(1, 2, 3, 4), 10);
        testing::settle();
        hit!(locals::stale(1, 2, 3, 4), 10);
        drop(locals::early_async(1, 2, 3));
    });
}

#[test]
fn functions_may_have_the_names_of_what_handles_have() {
    testing::isolated(|| {
        miss!(locals::cache(1), 1);
        miss!(locals::entry(1), 1);
        miss!(locals::fresh(1), 1);
        miss!(locals::new(1), 1);
        assert!(locals::cache::entry(1).invalidate());
        assert!(locals::entry::entry(1).invalidate());
        assert!(locals::fresh::entry(1).invalidate());
        assert!(locals::new::entry(1).invalidate());
    });
}
