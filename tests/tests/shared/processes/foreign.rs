//! What belongs to others on the same server stays as it is.

use cached_runtime::store::{RedisOptions, RedisStore, Store};
use cached_runtime::testing::{Isolation, conformance::wait};
use cached_runtime::{StoreConfig, cached, hit, init, miss, registry};
use cached_tests::servers::Redis;

#[cached(shared, handle, name = "foreign::page", key = "{n}")]
fn page(n: u64) -> u64 {
    n
}

const PREFIXES: [&str; 8] = ["*", "a*", "[a-z]", "?", "a?b", "\\", "{a}", "ca[ch]ed:"];

/// Every key of the server and what it holds, but for those of a prefix.
fn others(redis: &Redis, prefix: &str) -> Vec<(String, String)> {
    let dump = "local all = redis.call('KEYS', '*') table.sort(all) local told = {} \
                for _, key in ipairs(all) do if string.sub(key, 1, #ARGV[1]) ~= ARGV[1] then \
                told[#told + 1] = key .. '=' .. redis.sha1hex(redis.call('DUMP', key)) end end \
                return table.concat(told, '\\n')";
    let told = redis.cli(&["EVAL", dump, "0", prefix]);
    let told = told.lines().filter_map(|line| line.split_once('='));
    told.map(|(key, hash)| (key.to_owned(), hash.to_owned())).collect()
}

fn with_prefix(redis: &Redis, prefix: &str) -> Isolation {
    let process = Isolation::new();
    let store = StoreConfig::redis(redis.url()).prefix(prefix);
    process.run(|| init(store.into())).expect("the configuration is valid");
    process
}

#[test]
fn clear_and_purge_touch_nothing_of_anybody_else() {
    let redis = Redis::start();
    for key in
        ["user:1", "cached", "cached:x", "a", "ab", "aXb", "x", "x*", "q?", "zebra", "caced:"]
    {
        let _ = redis.cli(&["SET", key, "foreign"]);
    }
    let _ = redis.cli(&["RPUSH", "list", "1", "2"]);
    let _ = redis.cli(&["HSET", "abc:hash", "field", "value"]);
    // Stores of the same program under all those prefixes.
    let processes = PREFIXES.map(|prefix| with_prefix(&redis, prefix));
    for process in &processes {
        process.run(|| (0..5).map(|n| miss!(page(n), n)).count());
    }
    for (process, prefix) in processes.iter().zip(PREFIXES) {
        let before = others(&redis, prefix);
        assert!(before.len() >= 13, "{before:?}");
        process.run(|| page::cache().clear()).unwrap();
        assert_eq!(others(&redis, prefix), before, "cleared {prefix}");
        process.run(|| {
            miss!(page(1));
            hit!(page(1));
            registry::handle("foreign::page").expect("it was called").clear();
            miss!(page(1));
        });
        assert_eq!(others(&redis, prefix), before, "cleared {prefix}");
    }
    for (idx, prefix) in PREFIXES.iter().enumerate() {
        let options = RedisOptions::new(redis.url()).prefix(prefix);
        let store = RedisStore::new(options).expect("the options are valid");
        let before = others(&redis, prefix);
        assert!(wait(store.purge()).unwrap() > 0);
        assert_eq!(others(&redis, prefix), before, "purged {prefix}");
        // Those whose turn is still to come have their entries.
        for process in &processes[idx + 1..] {
            process.run(|| hit!(page(1)));
        }
    }
    assert_eq!(others(&redis, "no such prefix").len(), 13, "only what is foreign is left");
}
