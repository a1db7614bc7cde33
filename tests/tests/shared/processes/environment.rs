//! One unchanged program under five settings of its environment, twice each.

use std::path::Path;

use cached_tests::servers::{Memcached, Redis};

use super::children::Process;

/// What two runs of the program printed, and the loads of each.
fn two_runs(dir: &Path, env: &[(&str, &str)]) -> ([String; 2], [u64; 2]) {
    let run = || {
        let mut process =
            Process::start(|command| command.current_dir(dir).envs(env.iter().copied()));
        process.ask("say 7");
        let answer = process.ask("program");
        let (printed, counts) = answer.split_once(" | ").expect("results, and counts");
        let mut counts = counts.split(' ').map(|count| count.parse().expect("a count"));
        let (loads, errors): (u64, Option<u64>) = (counts.next().expect("loads"), counts.next());
        assert_eq!(errors, Some(0), "no operation of the store failed under {env:?}");
        (printed.to_owned(), loads)
    };
    let (first, second) = (run(), run());
    ([first.0, second.0], [first.1, second.1])
}

#[test]
fn a_program_prints_the_same_wherever_its_entries_go() {
    let (redis, memcached) = (Redis::start(), Memcached::start());
    let redis_url = format!("{}?{}", redis.url(), super::children::PATIENT);
    let servers = format!("127.0.0.1:{}", memcached.port());
    let never = "922337203685477580";
    let settings: [&[(&str, &str)]; 6] = [
        &[("CACHE_TYPE", "null")],
        &[("CACHE_TYPE", "simple")],
        &[],
        &[("CACHE_TYPE", "redis"), ("CACHE_REDIS_URL", &redis_url)],
        &[("CACHE_TYPE", "memcached"), ("CACHE_MEMCACHED_SERVERS", &servers)],
        &[
            ("CACHE_TYPE", "filesystem"),
            ("CACHE_DIR", "./flask_cache"),
            ("CACHE_DEFAULT_TIMEOUT", never),
            ("CACHE_THRESHOLD", never),
        ],
    ];
    // Bodies: each of 45 calls without a cache; with one, one for each of 15 keys, and one more
    // for the key that the program invalidates. Of a second run, those that are not shared, and
    // that one.
    let loads = [[45, 45], [16, 16], [16, 16], [16, 4], [16, 4], [16, 4]];
    let mut all = Vec::new();
    for (env, loads) in settings.iter().zip(loads) {
        let dir = tempfile::tempdir().expect("a directory is made");
        let (printed, counted) = two_runs(dir.path(), env);
        assert_eq!(counted, loads, "{env:?}");
        all.extend(printed);
        let has_files = dir.path().join("flask_cache").is_dir();
        assert_eq!(has_files, env.contains(&("CACHE_DIR", "./flask_cache")));
    }
    assert!(all[0].contains("Ok(\"x17\")") && all[0].contains("Err(\"nothing\")"), "{}", all[0]);
    for printed in &all {
        assert_eq!(printed, &all[0]);
    }
}
