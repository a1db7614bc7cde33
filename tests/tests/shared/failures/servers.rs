//! Real servers: not there at first, killed, restarted, hung, full, read-only.

use std::thread;
use std::time::Duration;

use cached_runtime::{ErrorKind, StoreConfig};
use cached_tests::servers::{Memcached, Redis};

use super::trial::{Trial, ten_times};

fn redis_store(redis: &Redis) -> StoreConfig {
    StoreConfig::redis(redis.url())
}

fn memcached_store(memcached: &Memcached) -> StoreConfig {
    StoreConfig::memcached([format!("127.0.0.1:{}", memcached.port())])
}

#[test]
fn redis_is_not_there_at_first() {
    let mut redis = Redis::start();
    redis.kill();
    let trial = Trial::of(redis_store(&redis));
    trial.endures();
    redis.restart();
    trial.recovers();
}

#[test]
fn redis_is_killed_under_load_and_restarted() {
    let mut redis = Redis::start();
    let trial = Trial::of(redis_store(&redis));
    trial.works();
    trial.under_load(|| {
        thread::sleep(Duration::from_millis(300));
        redis.kill();
        thread::sleep(Duration::from_millis(700));
        redis.restart();
        trial.recovers();
    });
}

#[test]
fn redis_hangs() {
    let redis = Redis::start();
    let trial = Trial::of(redis_store(&redis));
    trial.works();
    redis.stop();
    trial.endures();
    redis.cont();
    trial.recovers();
}

#[test]
fn redis_hangs_under_load() {
    let redis = Redis::start();
    let trial = Trial::of(redis_store(&redis).tiered());
    trial.works();
    trial.under_load(|| {
        redis.stop();
        thread::sleep(Duration::from_millis(1_500));
        redis.cont();
    });
    trial.recovers();
}

#[test]
fn redis_is_out_of_memory() {
    let redis = Redis::start_with(&["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"]);
    let _ = redis.cli(&["DEBUG", "POPULATE", "20000", "filler", "100"]);
    let _ = redis.cli(&[
        "EVAL",
        "for i = 1, 2000 do redis.call('SET', 'f'..i, string.rep('x', 1000)) end",
        "0",
    ]);
    let trial = Trial::of(redis_store(&redis));
    trial.endures();
    let error = trial.process.run(|| ten_times::entry(1).invalidate()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    let _ = redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    trial.recovers();
}

#[test]
fn redis_is_read_only() {
    let redis = Redis::start();
    let trial = Trial::of(redis_store(&redis));
    trial.works();
    // A master that nobody ever was.
    let _ = redis.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    trial.endures();
    trial.works();
    let error = trial.process.run(|| ten_times::entry(1).invalidate()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    let _ = redis.cli(&["REPLICAOF", "NO", "ONE"]);
    trial.recovers();
}

#[test]
fn memcached_is_killed_under_load_and_restarted() {
    let mut memcached = Memcached::start();
    let trial = Trial::of(memcached_store(&memcached));
    trial.works();
    trial.under_load(|| {
        thread::sleep(Duration::from_millis(300));
        memcached.kill();
        thread::sleep(Duration::from_millis(700));
        memcached.restart();
        trial.recovers();
    });
}

#[test]
fn memcached_is_not_there_at_first() {
    let mut memcached = Memcached::start();
    memcached.kill();
    let trial = Trial::of(memcached_store(&memcached));
    trial.endures();
    memcached.restart();
    trial.recovers();
}

#[test]
fn memcached_hangs() {
    let memcached = Memcached::start();
    let trial = Trial::of(memcached_store(&memcached));
    trial.works();
    memcached.stop();
    trial.endures();
    memcached.cont();
    trial.recovers();
}
