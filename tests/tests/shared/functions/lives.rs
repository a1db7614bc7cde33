//! How long the store keeps what, and what it is never given.

use std::time::Duration;

use cached_runtime::{MissReason, Timeout, cached, hit, miss};

use crate::world::{World, from_memory, from_store, loaded, said, say};

#[test]
fn an_entry_ends_everywhere_when_its_timeout_is_over() {
    #[cached(shared, key = "k", timeout = "1m")]
    fn minute() -> u64 {
        said()
    }
    #[cached(shared, key = "k", timeout = never)]
    fn always() -> u64 {
        said()
    }
    #[cached(shared, key = "k", timeout = "250ms")]
    fn briefly() -> u64 {
        said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(|| (minute(), always(), briefly()));
    say(2);
    world.advance(Duration::from_millis(249));
    assert_eq!(second.run(|| from_store(briefly)), 1);
    world.advance(Duration::from_millis(1));
    assert_eq!(second.run(|| miss!(briefly())), 2);
    world.advance(Duration::from_millis(59_749));
    assert_eq!(second.run(|| from_store(minute)), 1);
    world.advance(Duration::from_millis(1));
    assert_eq!(second.run(|| miss!(minute())), 2);
    world.advance(Duration::from_secs(100 * 365 * 86_400));
    assert_eq!(second.run(|| from_store(always)), 1);
}

#[test]
fn the_configured_timeout_holds_for_functions_that_name_none() {
    #[cached(shared, key = "k")]
    fn configured() -> u64 {
        said()
    }
    #[cached(shared, key = "k", timeout = 100)]
    fn declared() -> u64 {
        said()
    }

    let world = World::new();
    let process = world.process_with(|store| store.default_timeout(10));
    let endless = world.process_with(|store| store.default_timeout(0));
    process.run(|| (configured(), declared()));
    world.advance_secs(10);
    process.run(|| {
        miss!(configured());
        hit!(declared());
    });
    endless.run(|| from_store(configured));
    world.advance_secs(10);
    endless.run(|| miss!(configured()));
    world.advance_secs(1_000_000_000);
    endless.run(|| from_store(configured));
}

#[test]
fn a_timeout_set_at_run_time_holds_in_the_store() {
    #[cached(shared, handle, key = "{n}")]
    fn f(n: u64) -> u64 {
        n + said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    first.run(|| {
        f::cache().set_timeout(5);
        f(1);
        f::cache().set_timeout(Timeout::NEVER);
        f(2);
        f::cache().set_timeout(Duration::ZERO);
        f(3);
    });
    world.advance_secs(4);
    second.run(|| hit!(f(1)));
    world.advance_secs(1);
    second.run(|| {
        miss!(f(1));
        miss!(f(3));
    });
    world.advance_secs(1_000_000);
    second.run(|| hit!(f(2)));
}

#[test]
fn a_value_says_how_long_it_lives() {
    #[cached(shared, key = "{secs}", timeout_of = |secs: &u64| Duration::from_secs(*secs))]
    fn lease(secs: u64) -> u64 {
        secs
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    first.run(|| (lease(0), lease(5), lease(50)));
    world.advance_secs(5);
    second.run(|| {
        miss!(lease(0));
        miss!(lease(5));
        from_store(|| lease(50));
    });
}

#[test]
fn errors_and_nones_are_shared_only_where_asked_for() {
    #[cached(shared, key = "{n}")]
    fn plain(n: u64) -> Result<u64, String> {
        if n == 0 { Err(said().to_string()) } else { Ok(said()) }
    }
    #[cached(shared, key = "{n}", err_timeout = 5, timeout = 60)]
    fn negative(n: u64) -> Result<u64, String> {
        if n == 0 { Err(said().to_string()) } else { Ok(said()) }
    }
    #[cached(shared, key = "k", err_timeout = 5, err_if = |error: &u64| *error < 10)]
    fn some_errors() -> Result<u64, u64> {
        Err(said())
    }
    #[cached(shared, key = "k")]
    fn plain_none() -> Option<u64> {
        None
    }
    #[cached(shared, key = "k", none_timeout = 5)]
    fn none() -> Option<u64> {
        None
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(|| {
        let _ = (plain(0), plain(1), negative(0), negative(1), some_errors());
        let _ = (plain_none(), none());
    });
    say(20);
    second.run(|| {
        miss!(plain(0), Err("20".into()));
        hit!(plain(1), Ok(1));
        hit!(negative(0), Err("1".into()));
        hit!(negative(1), Ok(1));
        hit!(some_errors(), Err(1));
        miss!(plain_none(), None);
        hit!(none(), None);
    });
    world.advance_secs(5);
    second.run(|| {
        miss!(negative(0), Err("20".into()));
        hit!(negative(1), Ok(1));
        miss!(some_errors(), Err(20));
        miss!(none(), None);
    });
    first.run(|| miss!(some_errors(), Err(20)));
}

#[test]
fn what_store_if_refuses_and_what_cannot_be_encoded_is_not_shared() {
    #[cached(shared, key = "{n}", store_if = |value: &u64| value.is_multiple_of(2))]
    fn even(n: u64) -> u64 {
        n
    }
    #[cached(shared, handle, key = "{n}")]
    fn root(n: i32) -> f64 {
        f64::from(n).sqrt()
    }

    let world = World::new();
    let (plain, tiered) = (world.process(), world.tiered());
    plain.run(|| {
        even(1);
        even(2);
        assert!(root(-1).is_nan());
        assert_eq!(root(4).to_string(), "2");
    });
    tiered.run(|| {
        miss!(even(1));
        from_store(|| even(2));
        assert!(loaded(MissReason::Absent, || root(-1)).is_nan());
        from_store(|| root(4));
        // Memory may have what the store cannot.
        assert!(from_memory(|| root(-1)).is_nan());
        assert_eq!(root::cache().stats().store_errors, 1);
    });
}

#[test]
fn the_bound_of_memory_is_none_of_the_stores() {
    #[cached(shared, handle, key = "{n}", capacity = 2)]
    fn few(n: u64) -> u64 {
        n
    }
    #[cached(shared, handle, key = "{n}", capacity = "1KiB", weigh = |value: &String| value.len())]
    fn heavy(n: usize) -> String {
        "x".repeat(n)
    }

    let world = World::new();
    let tiered = world.tiered();
    tiered.run(|| {
        for n in 0..20 {
            few(n);
        }
        heavy(2_000);
        heavy(100);
        assert!(few::cache().len() <= 2);
        for n in 0..20 {
            hit!(few(n));
        }
        from_store(|| heavy(2_000));
        from_memory(|| heavy(100));
        assert_eq!(few::cache().stats().loads, 20);
    });
}
