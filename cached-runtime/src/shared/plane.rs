//! The backplane: what tells the memory of one process that another has changed an entry.
//!
//! Messages name keys and carry no values. A process never minds its own. What may have missed one
//! forgets everything: on a gap in the connection, and where a sender has sent more than arrived.
//! While there is no connection, memory answers for five seconds at most.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::policy::Timeout;
use crate::remote::wait;
use crate::store::Listener;
use crate::tag::{self, Tags};

use super::backend::Backend;
use super::envelope::Id;
use super::keeper;

/// How long memory may answer where no message would reach it.
pub(crate) const UNTOLD: Duration = Duration::from_secs(5);

/// After how long a sender says how much it has sent.
const TALLY: Duration = Duration::from_secs(1);

/// The memory in front of a store.
pub(crate) trait Told: Send + Sync {
    /// Another process has changed this entry.
    fn drop_entry(&self, key: &str);
    /// Another process has changed any number of entries.
    fn drop_all(&self);
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Message {
    from: String,
    /// The number of this message, or of the last one before it where this is a tally.
    number: u64,
    /// Of a tally: the number of the one before it.
    #[serde(default)]
    since: u64,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    Entry {
        namespace: String,
        key: String,
    },
    Namespace(String),
    Tag(String),
    Store,
    /// Says only how many messages there were.
    Tally,
}

/// One store's backplane.
pub(crate) struct Plane {
    hub: Arc<Hub>,
    sent: AtomicU64,
    /// What the latest tally said that could be sent.
    tallied: AtomicU64,
    /// Whether a tally is on its way.
    is_tallying: AtomicBool,
    has_subscribed: AtomicBool,
}

struct Hub {
    me: String,
    tags: Arc<Tags>,
    is_connected: AtomicBool,
    tiers: Mutex<HashMap<String, Vec<Weak<dyn Told>>>>,
    heard: Mutex<HashMap<String, Heard>>,
}

/// What was heard of a sender since the connection was made.
struct Heard {
    /// The number of the latest tally, or before the first message where there was no tally.
    before: u64,
    /// How many messages were heard after that.
    count: u64,
    has_tallied: bool,
}

impl Plane {
    pub(crate) fn new() -> Self {
        let hub = Hub {
            me: Id::new().hex(),
            tags: tag::current(),
            is_connected: AtomicBool::new(false),
            tiers: Mutex::default(),
            heard: Mutex::default(),
        };
        Self {
            hub: Arc::new(hub),
            sent: AtomicU64::new(0),
            tallied: AtomicU64::new(0),
            is_tallying: AtomicBool::new(false),
            has_subscribed: AtomicBool::new(false),
        }
    }

    /// Tells a memory from now on. The first one makes this process listen.
    pub(crate) fn attach(&self, backend: &Backend, namespace: &str, tier: Weak<dyn Told>) {
        let mut tiers = self.hub.tiers();
        let listed = tiers.entry(namespace.to_owned()).or_default();
        listed.retain(|listed| listed.strong_count() > 0);
        if !listed.iter().any(|listed| listed.ptr_eq(&tier)) {
            listed.push(tier);
        }
        drop(tiers);
        if let Some(bus) = backend.store().bus()
            && !self.has_subscribed.swap(true, Ordering::SeqCst)
        {
            let hub: Arc<dyn Listener> = Arc::clone(&self.hub) as _;
            bus.subscribe(Arc::downgrade(&hub));
        }
    }

    /// How long memory may answer for what the store has for `timeout`.
    pub(crate) fn bound(&self, timeout: Timeout) -> Timeout {
        if self.hub.is_connected.load(Ordering::Acquire) {
            timeout
        } else {
            timeout.less_a_tick().at_most(Timeout::after(UNTOLD))
        }
    }

    /// Tells the other processes. Where that fails, their memory answers for five seconds more.
    pub(crate) async fn tell(&self, backend: &Arc<Backend>, what: What) {
        if backend.store().bus().is_none() {
            return;
        }
        let number = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
        let _ = backend.publish(&self.message(number, what)).await;
        if !self.is_tallying.swap(true, Ordering::SeqCst) {
            let backend = Arc::clone(backend);
            keeper::after(TALLY, Box::new(move || backend.plane.tally(&backend)));
        }
    }

    /// Says how many messages there were, so that a lost one is missed.
    fn tally(&self, backend: &Backend) -> Option<Duration> {
        self.is_tallying.store(false, Ordering::SeqCst);
        let number = self.sent.load(Ordering::SeqCst);
        let told = wait(backend.publish(&self.message(number, What::Tally)));
        if told.is_ok() {
            self.tallied.store(number, Ordering::SeqCst);
        }
        // Another tally is on its way where more was sent since.
        let again = told.is_err() && !self.is_tallying.swap(true, Ordering::SeqCst);
        again.then_some(TALLY)
    }

    fn message(&self, number: u64, what: What) -> Vec<u8> {
        let since = self.tallied.load(Ordering::SeqCst);
        let message = Message { from: self.hub.me.clone(), number, since, what };
        serde_json::to_vec(&message).unwrap_or_default()
    }
}

impl Hub {
    fn tiers(&self) -> MutexGuard<'_, HashMap<String, Vec<Weak<dyn Told>>>> {
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The memories of a namespace, or all of them.
    fn of(&self, namespace: Option<&str>) -> Vec<Arc<dyn Told>> {
        let tiers = self.tiers();
        let listed: Vec<&Weak<dyn Told>> = match namespace {
            Some(namespace) => tiers.get(namespace).into_iter().flatten().collect(),
            None => tiers.values().flatten().collect(),
        };
        listed.into_iter().filter_map(Weak::upgrade).collect()
    }

    fn forget_all(&self) {
        self.of(None).iter().for_each(|tier| tier.drop_all());
    }

    /// Whether a message of this sender was lost.
    fn has_gap(&self, message: &Message) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let &Message { number, since, ref what, .. } = message;
        let is_tally = *what == What::Tally;
        let heard = heard.entry(message.from.clone()).or_insert(Heard {
            before: if is_tally { since } else { number.saturating_sub(1) },
            count: 0,
            has_tallied: false,
        });
        if !is_tally {
            // Those that were overtaken on the way by the first one heard do not count.
            heard.count += u64::from(number > heard.before);
            return false;
        }
        // Where the first that was heard is not the first since the last tally, those before it
        // were lost, or sent before this process listened.
        let is_late = !heard.has_tallied && since < heard.before;
        let is_lost = number > heard.before + heard.count || is_late;
        *heard = Heard { before: number, count: 0, has_tallied: true };
        is_lost
    }
}

impl Listener for Hub {
    fn message(&self, message: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Message>(message) else {
            // Of another version, perhaps: whatever it said, it is minded.
            return self.forget_all();
        };
        if message.from == self.me {
            return;
        }
        if self.has_gap(&message) {
            self.forget_all();
        }
        match message.what {
            What::Entry { namespace, key } => {
                self.of(Some(&namespace)).iter().for_each(|tier| tier.drop_entry(&key));
            }
            What::Namespace(namespace) => {
                self.of(Some(&namespace)).iter().for_each(|tier| tier.drop_all());
            }
            What::Tag(tag) => self.tags.invalidate(&tag),
            What::Store => self.forget_all(),
            What::Tally => {}
        }
    }

    fn connected(&self) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.is_connected.store(true, Ordering::Release);
        self.forget_all();
    }

    fn disconnected(&self) {
        self.is_connected.store(false, Ordering::Release);
        self.forget_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Memory {
        entries: Mutex<Vec<String>>,
        all: AtomicU64,
    }

    impl Told for Memory {
        fn drop_entry(&self, key: &str) {
            self.entries.lock().unwrap().push(key.to_owned());
        }
        fn drop_all(&self) {
            self.all.fetch_add(1, Ordering::SeqCst);
        }
    }

    struct Fixture {
        hub: Arc<Hub>,
        memory: Arc<Memory>,
    }

    impl Fixture {
        fn new() -> Self {
            let hub = Plane::new().hub;
            let memory = Arc::new(Memory::default());
            let told: Arc<dyn Told> = Arc::clone(&memory) as _;
            hub.tiers().insert("f".into(), vec![Arc::downgrade(&told)]);
            Self { hub, memory }
        }
        fn hear(&self, from: &str, number: u64, what: What) {
            self.hear_since(from, number, 6, what);
        }
        fn hear_since(&self, from: &str, number: u64, since: u64, what: What) {
            let message = Message { from: from.into(), number, since, what };
            self.hub.message(&serde_json::to_vec(&message).unwrap());
        }
        fn entry(&self, from: &str, number: u64) {
            self.hear(from, number, What::Entry { namespace: "f".into(), key: "k".into() });
        }
        fn dropped(&self) -> (usize, u64) {
            let entries = self.memory.entries.lock().unwrap().len();
            (entries, self.memory.all.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn messages_reach_the_memory_they_name_and_ones_own_none() {
        let it = Fixture::new();
        it.entry("other", 7);
        it.hear("other", 8, What::Entry { namespace: "g".into(), key: "k".into() });
        let me = it.hub.me.clone();
        it.entry(&me, 1);
        assert_eq!(it.dropped(), (1, 0));
        it.hear("other", 9, What::Namespace("f".into()));
        it.hear("other", 10, What::Store);
        assert_eq!(it.dropped(), (1, 2));
    }

    #[test]
    fn a_lost_message_is_missed_at_the_next_tally_and_a_late_one_is_not_lost() {
        let it = Fixture::new();
        for number in [7, 9, 8] {
            it.entry("other", number);
        }
        it.hear("other", 9, What::Tally);
        assert_eq!(it.dropped(), (3, 0));
        it.entry("other", 11);
        it.hear("other", 11, What::Tally);
        assert_eq!(it.dropped(), (4, 1));
        it.hear("other", 11, What::Tally);
        assert_eq!(it.dropped(), (4, 1));
    }

    #[test]
    fn the_first_message_of_a_sender_is_missed_as_any_other() {
        let it = Fixture::new();
        it.hear_since("silent", 1, 0, What::Tally);
        assert_eq!(it.dropped(), (0, 1));
        it.hear_since("idle", 4, 4, What::Tally);
        assert_eq!(it.dropped(), (0, 1));
        it.entry("half heard", 2);
        it.hear_since("half heard", 2, 0, What::Tally);
        assert_eq!(it.dropped(), (1, 2));
        it.entry("half heard", 3);
        it.hear_since("half heard", 3, 2, What::Tally);
        assert_eq!(it.dropped(), (2, 2));
    }

    #[test]
    fn what_cannot_be_read_and_every_change_of_the_connection_forget_everything() {
        let it = Fixture::new();
        it.hub.message(b"{");
        it.hub.connected();
        it.hub.disconnected();
        assert_eq!(it.dropped(), (0, 3));
    }
}
