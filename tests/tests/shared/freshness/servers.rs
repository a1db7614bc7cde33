//! Freshness over real servers: for how long they keep what, and what becomes of calls where they die
//! or hang while an entry is stale or is being renewed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::testing::{Isolation, last_outcome};
use cached_runtime::{Outcome, StoreConfig, cached, expire_tag, init, invalidate_tag, miss, stale};
use cached_tests::servers::{Memcached, Redis, wait_until};

use super::scene::settle;
use crate::BOUND;

/// The time to connect and to read of a store that hangs, and what a busy machine adds.
const OPERATION: Duration = Duration::from_secs(4);

fn process(store: StoreConfig) -> Isolation {
    let process = Isolation::new();
    process.run(|| init(store.into())).expect("the configuration is valid");
    process
}

/// What a server keeps of the entries of one function, and for how many milliseconds.
fn kept(redis: &Redis, function: &str) -> Vec<i64> {
    let keys = redis.cli(&["KEYS", &format!("cached:e:*{function}*")]);
    let keys = keys.lines().filter(|key| !key.is_empty());
    keys.map(|key| redis.cli(&["PTTL", key]).parse().expect("a number")).collect()
}

#[test]
fn redis_keeps_an_entry_to_the_end_of_its_windows_and_no_longer() {
    #[cached(shared, key = "k", timeout = 10, stale = 20, stale_if_error = 30, tags("all"), handle)]
    fn long_kept() -> u64 {
        1
    }
    #[cached(shared, key = "k", timeout = "200ms", stale = "300ms", handle)]
    fn shortly_kept() -> u64 {
        1
    }
    #[cached(shared, key = "k", timeout = 10, stale = 20, err_timeout = 5, handle)]
    fn failing_kept() -> Result<u64, String> {
        Err("down".into())
    }
    #[cached(shared, key = "k", timeout = never, stale = 20, handle)]
    fn always_kept() -> u64 {
        1
    }
    let redis = Redis::start();
    let process = process(StoreConfig::redis(redis.url()));
    let within = |function: &str, least: i64, most: i64| {
        let kept = kept(&redis, function);
        assert_eq!(kept.len(), 1, "{function}");
        assert!(kept[0] > least && kept[0] <= most, "{function} is kept for {kept:?}");
    };
    process.run(|| {
        let _ = (long_kept(), shortly_kept(), failing_kept(), always_kept());
        within("long_kept", 10_000, 40_000);
        within("failing_kept", 0, 5_000);
        assert_eq!(kept(&redis, "always_kept"), [-1]);
        // Counted from the end of freshness, however that comes about.
        assert!(long_kept::entry().expire().unwrap());
        within("long_kept", 0, 30_000);
        assert!(always_kept::entry().expire().unwrap());
        within("always_kept", 0, 20_000);
    });
    // Records of tags outlive whatever carries them.
    let forever = || assert_eq!(redis.cli(&["PTTL", "cached:t:all:"]), "-1");
    forever();
    for change in [expire_tag, invalidate_tag] {
        process.run(|| change("all")).unwrap();
        forever();
    }
    wait_until("nothing is left", || kept(&redis, "shortly_kept").is_empty());
}

static HELD: Mutex<Option<(Sender<()>, Receiver<()>)>> = Mutex::new(None);
static IS_DOWN: AtomicBool = AtomicBool::new(false);

#[cached(
    shared,
    lease = "1s",
    key = "{id}",
    timeout = 3_600,
    stale = 3_600,
    stale_if_error = 3_600,
    tags("all")
)]
fn endures(id: u64) -> Result<u64, String> {
    let held = HELD.lock().unwrap().take();
    if let Some((begins, goes)) = held {
        begins.send(()).unwrap();
        goes.recv_timeout(BOUND).unwrap();
    }
    if IS_DOWN.load(Ordering::SeqCst) { Err("down".into()) } else { Ok(id) }
}

/// A server that can be harmed.
trait Server {
    fn config(&self) -> StoreConfig;
    fn harm(&mut self, how: Harm);
    fn mend(&mut self, how: Harm);
}

#[derive(Clone, Copy, Debug)]
enum Harm {
    Kill,
    Stop,
}

macro_rules! server {
    ($server:ty, $config:expr) => {
        impl Server for $server {
            fn config(&self) -> StoreConfig {
                let config: fn(&Self) -> StoreConfig = $config;
                config(self)
            }

            fn harm(&mut self, how: Harm) {
                match how {
                    Harm::Kill => self.kill(),
                    Harm::Stop => self.stop(),
                }
            }

            fn mend(&mut self, how: Harm) {
                match how {
                    Harm::Kill => self.restart(),
                    Harm::Stop => self.cont(),
                }
            }
        }
    };
}
server!(Redis, |redis| StoreConfig::redis(redis.url()));
server!(Memcached, |memcached| {
    StoreConfig::memcached([format!("127.0.0.1:{}", memcached.port())])
});

/// Calls for a while, and expects that each is answered in time, by a load or as stale.
fn calls(process: &Isolation, id: u64) {
    for _ in 0..20 {
        let start = Instant::now();
        assert_eq!(process.run(|| endures(id)), Ok(id));
        assert!(start.elapsed() < OPERATION, "a call took {:?}", start.elapsed());
        // Time for what the first of them found out to be known, and for the breaker to let another
        // one try.
        thread::sleep(Duration::from_millis(20));
    }
}

/// Harms a server while an entry is stale, and while one is renewed.
fn endure(server: &mut dyn Server, tiers: &[bool]) {
    let mut id = 0;
    for how in [Harm::Stop, Harm::Kill] {
        for &is_tiered in tiers {
            // Each has its own, whatever the one before has left in the store.
            id += 1;
            eprintln!("{how:?}, tiered: {is_tiered}");
            let config = server.config();
            let process = process(if is_tiered { config.tiered() } else { config });
            process.run(|| {
                miss!(endures(id), Ok(id));
                expire_tag("all").expect("the store is there");
            });
            // During a refresh.
            let ((begins, begun), (go, goes)) = (channel(), channel());
            *HELD.lock().unwrap() = Some((begins, goes));
            process.run(|| stale!(endures(id), Ok(id)));
            begun.recv_timeout(BOUND).expect("a refresh begins");
            server.harm(how);
            if is_tiered {
                // Without memory they wait for that load, as where there is no entry.
                calls(&process, id);
            }
            go.send(()).unwrap();
            settle(&process);
            calls(&process, id);
            // Not even where the source fails as well, if memory has anything.
            if is_tiered {
                IS_DOWN.store(true, Ordering::SeqCst);
                calls(&process, id);
                IS_DOWN.store(false, Ordering::SeqCst);
            }
            server.mend(how);
            wait_until("entries come from the store again", || {
                thread::sleep(Duration::from_millis(50));
                process.clock().advance(Duration::from_millis(500));
                let newcomer = self::process(server.config());
                process.run(|| _ = endures(id));
                let _ = last_outcome();
                let _ = newcomer.run(|| endures(id));
                matches!(last_outcome(), Some(Outcome::Hit { stale: false, .. }))
            });
        }
    }
}

#[test]
fn servers_die_and_hang_while_an_entry_is_stale() {
    // Memory that hears of changes forgets everything when it cannot any more.
    endure(&mut Redis::start(), &[false]);
    endure(&mut Memcached::start(), &[false, true]);
}
