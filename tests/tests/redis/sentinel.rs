//! A master that Sentinel names, and names anew.

use cached_runtime::ErrorKind;
use cached_runtime::store::{Guard, RedisOptions, RedisStore, Store};
use cached_tests::servers::{Sentinel, wait_until};

use crate::callers::{Caller, value};
use crate::operations::exercise;

fn store(sentinel: &Sentinel) -> RedisStore {
    let nobody = "redis://127.0.0.1:1".to_owned();
    RedisStore::new(RedisOptions::sentinel([nobody, sentinel.url()], sentinel.master_name()))
        .unwrap()
}

#[test]
fn all_operations_through_every_door() {
    let sentinel = Sentinel::start();
    for caller in Caller::all() {
        exercise(&store(&sentinel), &caller);
    }
}

#[test]
fn the_new_master_is_found_after_a_failover() {
    let mut sentinel = Sentinel::start();
    let stores: Vec<_> = Caller::all().map(|caller| (caller, store(&sentinel))).into();
    for (caller, store) in &stores {
        caller.wait(store.set("a", &value(b'a'), None)).unwrap();
    }
    sentinel.master.kill();
    sentinel.wait_for_failover();
    for (caller, store) in &stores {
        caller.wait(store.set("a", &value(b'b'), None)).unwrap();
        assert_eq!(caller.wait(store.get("a")).unwrap(), Some(value(b'b')));
    }
    assert_eq!(sentinel.replica.cli(&["EXISTS", "cached:a"]), "1");
}

#[test]
fn a_master_that_became_a_replica_is_left() {
    let sentinel = Sentinel::start();
    let stores: Vec<_> = Caller::all().map(|caller| (caller, store(&sentinel))).into();
    for (caller, store) in &stores {
        caller.wait(store.set("a", &value(b'a'), None)).unwrap();
    }
    sentinel.fail_over();
    wait_until("the first master follows", || sentinel.master.cli(&["ROLE"]).starts_with("slave"));
    for (caller, store) in &stores {
        wait_until("the store writes", || {
            caller.wait(store.swap("b", Guard::Any, Some(&value(b'b')), None)).is_ok()
        });
        assert_eq!(sentinel.replica.cli(&["EXISTS", "cached:b"]), "1");
    }
}

#[test]
fn a_connection_to_a_deposed_master_is_replaced_by_the_call_that_notices() {
    let sentinel = Sentinel::start();
    let stores: Vec<_> = Caller::all().map(|caller| (caller, store(&sentinel))).into();
    for (caller, store) in &stores {
        caller.wait(store.set("a", &value(b'a'), None)).unwrap();
    }
    sentinel.swap_roles();
    for (caller, store) in &stores {
        caller.wait(store.set("a", &value(b'b'), None)).unwrap();
        assert!(caller.wait(store.swap("a", Guard::Any, None, None)).unwrap().done);
    }
    assert_eq!(sentinel.master.cli(&["ROLE"]).lines().next(), Some("slave"));
}

#[test]
fn a_master_that_nobody_knows_is_unavailable() {
    let sentinel = Sentinel::start();
    let store = RedisStore::new(RedisOptions::sentinel([sentinel.url()], "other")).unwrap();
    for caller in Caller::all() {
        let error = caller.wait(store.get("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
}
