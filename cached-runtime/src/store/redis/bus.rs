//! Messages between processes: publish and subscribe, on a channel named after the prefix.
//!
//! Who listens must know whether messages can be lost. An open socket says nothing of that, so a
//! heartbeat goes the whole way, from another connection through the server and back, each second.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use ::redis::{Msg, PubSub, cmd};

use super::{Bus, Core, KIND, Request, StoreFuture, answer};
use crate::store::Listener;

/// Between two heartbeats.
const BEAT: Duration = Duration::from_secs(1);
/// Without a heartbeat for so long, messages may be lost.
const SILENCE: Duration = Duration::from_secs(3);
/// Longest wait for a message before the time is looked at.
const SLICE: Duration = Duration::from_millis(250);
/// Waits before another connection is tried: the first, doubling up to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// What the first byte on the common channel says: a message, or a heartbeat.
const MESSAGE: u8 = b'm';
const HEARTBEAT: u8 = b'h';

/// See [`RedisStore`](super::RedisStore).
#[derive(Debug)]
pub(super) struct RedisBus {
    core: Arc<Core>,
}

impl RedisBus {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }
}

impl Bus for RedisBus {
    fn publish<'a>(&'a self, message: &'a [u8]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let answer = self.core.run(publication(&channel(&self.core), MESSAGE, message)).await;
            answer.map(drop).map_err(|error| answer::failure(error).during("publish", KIND, None))
        })
    }

    fn subscribe(&self, listener: Weak<dyn Listener>) {
        let common = channel(&self.core);
        // Nobody else hears this one, so that heartbeats are no burden to others.
        let own = format!("{common}:{:016x}", RandomState::new().hash_one(&common));
        let subscriber =
            Subscriber { core: Arc::clone(&self.core), common, own, listener: listener.clone() };
        let spawned = thread::Builder::new()
            .name("cached-redis-bus".to_owned())
            .spawn(move || subscriber.attend());
        // Without a thread nothing will ever come.
        if spawned.is_err()
            && let Some(listener) = listener.upgrade()
        {
            listener.disconnected();
        }
    }
}

/// The channel of all stores with the same prefix. A server has one set of channels for all of its
/// databases.
fn channel(core: &Core) -> String {
    format!("{}bus:{}", core.prefix, core.target.database())
}

fn publication(channel: &str, first: u8, message: &[u8]) -> Request {
    let mut command = cmd("PUBLISH");
    command.arg(channel).arg([&[first], message].concat());
    Request::one(command)
}

/// The thread that listens.
struct Subscriber {
    core: Arc<Core>,
    common: String,
    own: String,
    listener: Weak<dyn Listener>,
}

/// Why a subscription ended.
enum End {
    /// Nobody listens any more.
    Unheard,
    /// It broke, after it had stood.
    Broken,
    /// It was never made.
    Failed,
}

impl Subscriber {
    fn attend(self) {
        let mut pause = PAUSES.0;
        loop {
            match self.session() {
                End::Unheard => return,
                End::Broken => pause = PAUSES.0,
                End::Failed => {}
            }
            thread::sleep(pause);
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Subscribes, and hands on messages for as long as heartbeats come.
    fn session(&self) -> End {
        if self.listener.strong_count() == 0 {
            return End::Unheard;
        }
        let Ok(mut connection) = self.core.target.connect_node(self.core.timeouts) else {
            return End::Failed;
        };
        let mut subscription = connection.as_pubsub();
        let end = match subscription
            .subscribe(&self.common)
            .and_then(|()| subscription.subscribe(&self.own))
            .and_then(|()| subscription.set_read_timeout(Some(SLICE)))
        {
            Ok(()) => self.listen(&mut subscription),
            Err(_) => End::Failed,
        };
        if let End::Broken = end
            && let Some(listener) = self.listener.upgrade()
        {
            listener.disconnected();
        }
        // Its end says goodbye to the server, and would wait for an answer.
        let _ = subscription.set_read_timeout(Some(Duration::from_millis(1)));
        end
    }

    fn listen(&self, subscription: &mut PubSub<'_>) -> End {
        let (mut heard, mut sent) = (Instant::now(), None::<Instant>);
        let mut is_connected = false;
        loop {
            if self.listener.strong_count() == 0 {
                return End::Unheard;
            }
            let silence = heard.elapsed();
            if silence >= SILENCE {
                return ended(is_connected);
            }
            // Once one was not answered, a further one proves no more and may take long to send.
            if silence < 2 * BEAT && sent.is_none_or(|sent| sent.elapsed() >= BEAT) {
                sent = Some(Instant::now());
                self.beat(is_connected);
            }
            match subscription.get_message() {
                Ok(message) => {
                    let Some(listener) = self.listener.upgrade() else { return End::Unheard };
                    if self.is_heartbeat(&message) {
                        heard = Instant::now();
                        if !is_connected {
                            is_connected = true;
                            listener.connected();
                        }
                    } else if let [MESSAGE, message @ ..] = message.get_payload_bytes() {
                        listener.message(message);
                    }
                }
                Err(error) if error.is_timeout() => {}
                Err(_) => return ended(is_connected),
            }
        }
    }

    /// Sends a heartbeat: the first on the common channel, which proves the subscription to that.
    fn beat(&self, is_connected: bool) {
        let channel = if is_connected { &self.own } else { &self.common };
        // A heartbeat that cannot be sent is not heard either, and that is noticed.
        let _ = self.core.run_on_thread(&publication(channel, HEARTBEAT, self.own.as_bytes()));
    }

    /// Whether this is a heartbeat of this very thread.
    fn is_heartbeat(&self, message: &Msg) -> bool {
        matches!(message.get_payload_bytes(), [HEARTBEAT, own @ ..] if own == self.own.as_bytes())
    }
}

fn ended(is_connected: bool) -> End {
    if is_connected { End::Broken } else { End::Failed }
}
