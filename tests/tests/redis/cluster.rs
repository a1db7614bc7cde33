//! A Cluster of three members.

use std::time::{Duration, Instant};

use cached_runtime::store::{RedisOptions, RedisStore, Store};
use cached_tests::servers::{Cluster, wait_until};

use crate::callers::{Caller, value};
use crate::operations::exercise;

#[test]
fn all_operations_through_every_door() {
    let cluster = Cluster::start();
    for caller in Caller::all() {
        // One member is enough to find the others.
        let options = RedisOptions::cluster([&cluster.urls()[1]]);
        exercise(&RedisStore::new(options).unwrap(), &caller);
    }
}

#[test]
fn purge_reaches_every_member() {
    let cluster = Cluster::start();
    let store = RedisStore::new(RedisOptions::cluster(cluster.urls()).prefix("a*")).unwrap();
    let size = |member| cluster.cli(member, &["DBSIZE"]).parse::<u32>().unwrap();
    for member in 0..3 {
        let key = foreign_key(&cluster, member);
        assert_eq!(cluster.cli(member, &["SET", &key, "foreign"]), "OK");
    }
    let foreign: Vec<_> = (0..3).map(size).collect();
    assert_eq!(foreign.iter().sum::<u32>(), 3, "one foreign key a member: {foreign:?}");
    for caller in Caller::all() {
        let keys: Vec<_> = (0..300).map(|number| number.to_string()).collect();
        let a = value(b'a');
        let entries: Vec<_> = keys.iter().map(|key| (key.as_str(), &a[..])).collect();
        caller.wait(store.set_many(&entries, None)).unwrap();
        assert!((0..3).all(|member| size(member) > 50), "the keys are spread");
        assert_eq!(caller.wait(store.purge()).unwrap(), 300);
        assert_eq!((0..3).map(size).collect::<Vec<_>>(), foreign);
    }
}

/// A second or two on an idle machine. What hangs would do so for ever.
const GIVEN_UP: Duration = Duration::from_secs(20);

#[test]
fn a_hung_member_is_given_up_in_time_and_comes_back() {
    let cluster = Cluster::start();
    let store = RedisStore::new(RedisOptions::cluster([&cluster.urls()[0]])).unwrap();
    let caller = Caller::Thread;
    let keys: Vec<_> = (0..30).map(|number| number.to_string()).collect();
    for key in &keys {
        caller.wait(store.set(key, &value(b'a'), None)).unwrap();
    }
    cluster.stop(2);
    let start = Instant::now();
    let failed = keys.iter().find(|key| caller.wait(store.get(key)).is_err());
    assert!(failed.is_some(), "some key is at the member that hangs");
    assert!(start.elapsed() < GIVEN_UP, "given up after {:?}", start.elapsed());
    let many: Vec<_> = keys.iter().map(String::as_str).collect();
    let start = Instant::now();
    assert!(caller.wait(store.get_many(&many)).is_err());
    assert!(start.elapsed() < GIVEN_UP, "given up after {:?}", start.elapsed());
    cluster.cont(2);
    wait_until("all keys are there", || {
        keys.iter().all(|key| matches!(caller.wait(store.get(key)), Ok(Some(_))))
    });
}

/// A key that the member holds, and the pattern of the prefix would match.
fn foreign_key(cluster: &Cluster, member: usize) -> String {
    let slot = |key: &str| cluster.cli(0, &["CLUSTER", "KEYSLOT", key]).parse::<usize>().unwrap();
    let mut keys = (0..).map(|number| format!("ab{number}"));
    keys.find(|key| slot(key) / 5_462 == member).unwrap()
}
