//! Messages between processes, and what is told when they may be lost.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use cached_runtime::store::{Bus, Listener, RedisOptions, RedisStore, Store};
use cached_tests::servers::{Cluster, Redis, Sentinel, wait_until};

use crate::callers::{Caller, store};

#[derive(Debug, PartialEq)]
enum Event {
    Message(Vec<u8>),
    Connected,
    Disconnected,
}

struct Ear(Sender<Event>);

impl Ear {
    fn say(&self, event: Event) {
        // Fails at the end of a test, when nobody cares.
        let _ = self.0.send(event);
    }
}

impl Listener for Ear {
    fn message(&self, message: &[u8]) {
        self.say(Event::Message(message.to_vec()));
    }

    fn connected(&self) {
        self.say(Event::Connected);
    }

    fn disconnected(&self) {
        self.say(Event::Disconnected);
    }
}

/// Subscribes; the listener lives as long as the first of what is returned.
fn listen(store: &RedisStore) -> (Arc<dyn Listener>, Receiver<Event>) {
    let (sender, events) = channel();
    let ear: Arc<dyn Listener> = Arc::new(Ear(sender));
    bus(store).subscribe(Arc::downgrade(&ear));
    (ear, events)
}

fn bus(store: &RedisStore) -> &dyn Bus {
    store.bus().expect("redis carries messages")
}

fn next(events: &Receiver<Event>) -> Event {
    events.recv_timeout(Duration::from_secs(20)).expect("something happens")
}

fn message(text: &str) -> Event {
    Event::Message(text.as_bytes().to_vec())
}

#[test]
fn messages_arrive_at_everybody_of_the_same_prefix() {
    let redis = Redis::start();
    let (here, there) = (store(redis.url()), store(redis.url()));
    let other = RedisStore::new(RedisOptions::new(redis.url()).prefix("other:")).unwrap();
    let listening = [listen(&here), listen(&there), listen(&other)];
    for (_, events) in &listening {
        assert_eq!(next(events), Event::Connected);
    }
    for caller in Caller::all() {
        caller.wait(bus(&here).publish(b"to all")).unwrap();
        caller.wait(bus(&here).publish(b"")).unwrap();
        for (_, events) in &listening[..2] {
            assert_eq!(next(events), message("to all"));
            assert_eq!(next(events), message(""));
        }
    }
    // Longer than a heartbeat, so that one comes by and is not taken for a message.
    let quiet = Duration::from_millis(1_300);
    for (_, events) in &listening {
        assert_eq!(events.recv_timeout(quiet), Err(RecvTimeoutError::Timeout));
    }
}

#[test]
fn a_restart_is_told() {
    let mut redis = Redis::start();
    let store = store(redis.url());
    let (_ear, events) = listen(&store);
    assert_eq!(next(&events), Event::Connected);
    redis.kill();
    let start = Instant::now();
    assert_eq!(next(&events), Event::Disconnected);
    assert!(start.elapsed() < Duration::from_millis(2_500), "told after {:?}", start.elapsed());
    redis.restart();
    assert_eq!(next(&events), Event::Connected);
    Caller::Thread.wait(bus(&store).publish(b"again")).unwrap();
    assert_eq!(next(&events), message("again"));
}

#[test]
fn a_server_that_is_down_at_first_is_connected_to_later() {
    let mut redis = Redis::start();
    redis.kill();
    let store = store(redis.url());
    let (_ear, events) = listen(&store);
    let quiet = events.recv_timeout(Duration::from_millis(300));
    assert_eq!(quiet, Err(RecvTimeoutError::Timeout));
    redis.restart();
    assert_eq!(next(&events), Event::Connected);
}

#[test]
fn a_hung_server_is_told_within_four_seconds() {
    let redis = Redis::start();
    let store = store(redis.url());
    let (_ear, events) = listen(&store);
    assert_eq!(next(&events), Event::Connected);
    redis.stop();
    let start = Instant::now();
    assert_eq!(next(&events), Event::Disconnected);
    assert!(start.elapsed() < Duration::from_secs(4), "told after {:?}", start.elapsed());
    redis.cont();
    assert_eq!(next(&events), Event::Connected);
}

#[test]
fn a_channel_that_is_forbidden_is_never_connected() {
    let redis = Redis::start();
    let rules = ["ACL", "SETUSER", "default", "resetchannels", "&cached:bus:0:*"];
    assert_eq!(redis.cli(&rules), "OK");
    let store = store(redis.url());
    let (_ear, events) = listen(&store);
    let told = events.recv_timeout(Duration::from_millis(3_500));
    assert_eq!(told, Err(RecvTimeoutError::Timeout), "it hears its own channel only");
}

#[test]
fn it_ends_with_its_listener() {
    let redis = Redis::start();
    let store = store(redis.url());
    let (ear, events) = listen(&store);
    assert_eq!(next(&events), Event::Connected);
    let subscribers = || redis.cli(&["PUBSUB", "NUMSUB", "cached:bus:0"]);
    assert_eq!(subscribers(), "cached:bus:0\n1");
    drop(ear);
    wait_until("the subscription ends", || subscribers() == "cached:bus:0\n0");
    assert_eq!(events.recv_timeout(Duration::from_secs(5)), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_listener_that_is_gone_at_once_needs_no_thread() {
    struct Nobody;
    impl Listener for Nobody {
        fn message(&self, _: &[u8]) {}
        fn connected(&self) {}
        fn disconnected(&self) {}
    }
    let redis = Redis::start();
    let store = store(redis.url());
    bus(&store).subscribe(Weak::<Nobody>::new());
    drop(store);
    assert_eq!(redis.cli(&["PUBSUB", "CHANNELS"]), "");
}

#[test]
fn every_member_of_a_cluster_passes_messages_on() {
    let cluster = Cluster::start();
    let stores: Vec<_> = cluster
        .urls()
        .into_iter()
        .map(|url| RedisStore::new(RedisOptions::cluster([url])).unwrap())
        .collect();
    let listening: Vec<_> = stores.iter().map(listen).collect();
    for (_, events) in &listening {
        assert_eq!(next(events), Event::Connected);
    }
    for store in &stores {
        for caller in Caller::all() {
            caller.wait(bus(store).publish(b"moved")).unwrap();
            for (_, events) in &listening {
                assert_eq!(next(events), message("moved"));
            }
        }
    }
}

#[test]
fn a_failover_is_told_and_the_new_master_is_listened_to() {
    let sentinel = Sentinel::start();
    let options = RedisOptions::sentinel([sentinel.url()], sentinel.master_name());
    let store = RedisStore::new(options).unwrap();
    let (_ear, events) = listen(&store);
    assert_eq!(next(&events), Event::Connected);
    sentinel.fail_over();
    assert_eq!(next(&events), Event::Disconnected);
    loop {
        match next(&events) {
            Event::Connected => break,
            event => assert_eq!(event, Event::Disconnected),
        }
    }
    let _ = sentinel.replica.cli(&["PUBLISH", "cached:bus:0", "mfrom the new master"]);
    wait_until("the new master is heard", || {
        let _ = sentinel.replica.cli(&["PUBLISH", "cached:bus:0", "mfrom the new master"]);
        events.try_iter().any(|event| event == message("from the new master"))
    });
}
