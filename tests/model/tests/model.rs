//! Every order of loads, invalidations, `put`, `clear`, panics and drops, as a model checker finds
//! them, on the runtime's own code.
//!
//! The rule under test: a call that begins after an invalidation returned never sees a value
//! whose body began before it. A "database" holds a number that only grows; whoever writes it
//! invalidates and then announces the number; a call must return at least what was announced
//! when it began.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;

use cached_runtime::__private::{
    Argument, Entry, Handle, Instance, Mode, Pick, Policy, Site, TextBuffer, begin, rules, run,
    run_async,
};
use cached_runtime::invalidate_tag;
use shuttle::future;
use shuttle::sync::atomic::{AtomicU64, Ordering::SeqCst};
use shuttle::thread;

/// A cached function over a database, made anew for every execution.
struct World {
    site: &'static Site,
    policy: fn() -> Policy,
    /// What the body reads.
    database: AtomicU64,
    /// What every call that begins now must see at least.
    announced: AtomicU64,
    loads: AtomicU64,
}

/// Ways to tell the cache that the database has changed.
#[derive(Clone, Copy)]
enum Tell {
    Invalidate,
    Expire,
    Clear,
    Put,
}

impl World {
    fn new(policy: fn() -> Policy) -> Arc<Self> {
        // Leaked, because a site is a static; a few hundred bytes for every execution.
        let site = Box::leak(Box::new(Site::new("call", "model")));
        let zero = || AtomicU64::new(0);
        Arc::new(Self { site, policy, database: zero(), announced: zero(), loads: zero() })
    }

    fn instance(&self) -> Instance {
        Instance::of(&|| (), self.policy)
    }

    fn body(&self) -> u64 {
        self.loads.fetch_add(1, SeqCst);
        let value = self.database.load(SeqCst);
        thread::yield_now();
        value
    }

    /// One call of the cached function, for a key.
    fn call(&self, key: u64, body: impl FnOnce() -> u64) -> u64 {
        let pick = Pick::<u64>::NEW;
        let terms = rules(&pick, pick.pick());
        let part = Some((Argument(&key).part(),));
        match begin(self.site, self.instance(), Mode::Normal, part, terms) {
            ControlFlow::Break(hit) => hit,
            ControlFlow::Continue(call) => run(call, body),
        }
    }

    /// The same of a function whose entries have a tag of their arguments, and one of their value.
    fn call_tagged(&self) -> u64 {
        let pick = Pick::<u64>::NEW;
        let terms = rules(&pick, pick.pick()).tags_of(|_: &u64| ["of the value"]);
        let part = Some((Argument(&1_u64).part(),));
        match begin(self.site, self.instance(), Mode::Normal, part, terms) {
            ControlFlow::Break(hit) => hit,
            ControlFlow::Continue(mut call) => {
                let mut tag = TextBuffer::default();
                tag.literal("static");
                call.tag(tag.key());
                run(call, || self.body())
            }
        }
    }

    async fn call_async(&self, key: u64, body: impl Future<Output = u64>) -> u64 {
        let pick = Pick::<u64>::NEW;
        let terms = rules(&pick, pick.pick());
        let begun = {
            let part = Some((Argument(&key).part(),));
            begin(self.site, self.instance(), Mode::Normal, part, terms)
        };
        match begun {
            ControlFlow::Break(hit) => hit,
            ControlFlow::Continue(call) => run_async(call, pin!(body)).await,
        }
    }

    /// A task that calls, with a body that yields once and gives 7.
    fn spawn_call(self: &Arc<Self>) -> future::JoinHandle<u64> {
        let world = Arc::clone(self);
        future::spawn(async move {
            let body = async {
                world.loads.fetch_add(1, SeqCst);
                future::yield_now().await;
                7
            };
            world.call_async(1, body).await
        })
    }

    fn entry(&self, key: u64) -> Entry<u64> {
        let pick = Pick::<u64>::NEW;
        let part = Some((Argument(&key).part(),));
        Entry::new(self.site, self.instance(), part, rules(&pick, pick.pick()))
    }

    /// Calls, and checks the rule.
    fn read(&self) {
        let least = self.announced.load(SeqCst);
        let seen = self.call(1, || self.body());
        assert!(seen >= least, "saw {seen}, loaded before {least} was announced");
    }

    /// Changes the database, tells the cache, and announces the change.
    fn write(&self, value: u64, tell: Tell) {
        self.database.store(value, SeqCst);
        match tell {
            Tell::Invalidate => _ = self.entry(1).invalidate(),
            Tell::Expire => _ = self.entry(1).expire(),
            Tell::Clear => Handle::new(self.site).clear(),
            Tell::Put => self.entry(1).put(value),
        }
        self.announced.fetch_max(value, SeqCst);
    }
}

/// Random schedules, and schedules with few preemptions at the worst places (PCT).
fn check(test: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(test.clone(), 1_500);
    shuttle::check_pct(test, 1_500, 3);
}

fn together(workers: Vec<Box<dyn FnOnce() + Send>>) {
    let workers: Vec<_> = workers.into_iter().map(thread::spawn).collect();
    for worker in workers {
        if let Err(panic) = worker.join() {
            resume_unwind(panic);
        }
    }
}

fn readers_and_writer(policy: fn() -> Policy, tells: &'static [Tell]) -> impl Fn() + Clone {
    move || {
        let world = World::new(policy);
        let reader = || {
            let world = Arc::clone(&world);
            Box::new(move || (0..2).for_each(|_| world.read())) as Box<dyn FnOnce() + Send>
        };
        let writer = {
            let world = Arc::clone(&world);
            Box::new(move || {
                for (value, tell) in (1..).zip(tells) {
                    world.write(value, *tell);
                }
            })
        };
        together(vec![reader(), reader(), writer]);
        world.read();
    }
}

#[test]
fn an_invalidation_is_never_lost_in_a_load() {
    check(readers_and_writer(Policy::new, &[Tell::Invalidate, Tell::Invalidate]));
}

#[test]
fn an_expiry_is_never_lost_in_a_load() {
    check(readers_and_writer(Policy::new, &[Tell::Expire, Tell::Expire]));
}

#[test]
fn a_clear_is_never_lost_in_a_load() {
    check(readers_and_writer(Policy::new, &[Tell::Clear, Tell::Clear]));
}

#[test]
fn a_put_beats_every_load_that_began_before_it() {
    check(readers_and_writer(Policy::new, &[Tell::Put, Tell::Put]));
}

#[test]
fn invalidations_of_all_kinds_keep_their_order() {
    check(readers_and_writer(Policy::new, &[Tell::Put, Tell::Invalidate, Tell::Clear]));
    check(readers_and_writer(Policy::new, &[Tell::Clear, Tell::Put, Tell::Expire]));
}

#[test]
fn loads_outside_flights_keep_the_rule_as_well() {
    let policy = || Policy::new().uncoalesced();
    check(readers_and_writer(policy, &[Tell::Invalidate, Tell::Put, Tell::Clear]));
}

#[test]
fn evictions_during_flights_keep_the_rule() {
    let policy = || Policy::new().capacity(1);
    check(move || {
        let world = World::new(policy);
        let reader = |key: u64| {
            let world = Arc::clone(&world);
            Box::new(move || {
                world.read();
                assert_eq!(world.call(key, || key), key);
            }) as Box<dyn FnOnce() + Send>
        };
        let writer = {
            let world = Arc::clone(&world);
            Box::new(move || world.write(1, Tell::Invalidate))
        };
        together(vec![reader(2), reader(3), writer]);
    });
}

#[test]
fn every_order_of_one_load_and_one_invalidation() {
    for tell in [Tell::Invalidate, Tell::Expire, Tell::Clear, Tell::Put] {
        let test = move || {
            let world = World::new(Policy::new);
            let reader = {
                let world = Arc::clone(&world);
                Box::new(move || world.read()) as Box<dyn FnOnce() + Send>
            };
            let writer = {
                let world = Arc::clone(&world);
                Box::new(move || world.write(1, tell))
            };
            together(vec![reader, writer]);
            world.read();
        };
        // Depth first: all schedules there are, up to a bound.
        shuttle::check_dfs(test, Some(4_000));
    }
}

#[test]
fn an_invalidated_tag_is_never_lost_in_a_load() {
    for tags in [["static", "static"], ["of the value", "of the value"], ["static", "another"]] {
        for policy in [Policy::new, || Policy::new().uncoalesced()] {
            check(move || {
                let world = World::new(policy);
                let read = |world: &World| {
                    let least = world.announced.load(SeqCst);
                    let seen = world.call_tagged();
                    assert!(seen >= least, "saw {seen}, loaded before {least} was announced");
                };
                let reader = || {
                    let world = Arc::clone(&world);
                    Box::new(move || (0..2).for_each(|_| read(&world))) as Box<dyn FnOnce() + Send>
                };
                let writer = {
                    let world = Arc::clone(&world);
                    Box::new(move || {
                        for (value, tag) in (1..).zip(tags) {
                            if tag != "another" {
                                world.database.store(value, SeqCst);
                            }
                            invalidate_tag(tag).expect("memory takes every invalidation");
                            if tag != "another" {
                                world.announced.fetch_max(value, SeqCst);
                            }
                        }
                    })
                };
                together(vec![reader(), reader(), writer]);
                read(&world);
            });
        }
    }
}

#[test]
fn callers_of_one_cold_key_share_one_load() {
    check(|| {
        let world = World::new(Policy::new);
        let worker = || {
            let world = Arc::clone(&world);
            Box::new(move || world.read()) as Box<dyn FnOnce() + Send>
        };
        together(vec![worker(), worker(), worker()]);
        assert_eq!(world.loads.load(SeqCst), 1);
    });
}

#[test]
fn a_lead_that_panics_is_succeeded_by_one_follower() {
    check(|| {
        let world = World::new(Policy::new);
        let worker = || {
            let world = Arc::clone(&world);
            Box::new(move || {
                let body = || {
                    let value = world.body();
                    if world.loads.load(SeqCst) == 1 {
                        // As a panic, without the noise of its message.
                        resume_unwind(Box::new("the first load"));
                    }
                    value
                };
                let _ = catch_unwind(AssertUnwindSafe(|| world.call(1, body)));
            }) as Box<dyn FnOnce() + Send>
        };
        together(vec![worker(), worker(), worker()]);
        assert!(world.loads.load(SeqCst) <= 3);
        assert_eq!(world.call(1, || world.body()), 0);
    });
}

#[test]
fn a_task_that_is_dropped_hands_its_lead_over() {
    check(|| {
        let world = World::new(Policy::new);
        let task = || world.spawn_call();
        let (first, second, third) = (task(), task(), task());
        first.abort();
        future::block_on(async move {
            assert_eq!(second.await.ok(), Some(7));
            assert_eq!(third.await.ok(), Some(7));
            // Waited for, or the checker would tear it down in the middle of a lock.
            let _ = first.await;
        });
        assert!(world.loads.load(SeqCst) <= 2);
    });
}

#[test]
fn a_follower_that_is_dropped_leaves_the_others_waiting_for_the_lead() {
    check(|| {
        let world = World::new(Policy::new);
        let task = || world.spawn_call();
        let tasks = [task(), task(), task(), task()];
        tasks[0].abort();
        tasks[2].abort();
        let [first, second, third, fourth] = tasks;
        future::block_on(async move {
            assert_eq!(second.await.ok(), Some(7));
            assert_eq!(fourth.await.ok(), Some(7));
            let _ = (first.await, third.await);
        });
    });
}

#[test]
fn threads_and_tasks_meet_in_one_flight() {
    check(|| {
        let world = World::new(Policy::new);
        let thread = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.call(1, || world.body()))
        };
        let task = {
            let world = Arc::clone(&world);
            future::spawn(async move { world.call_async(1, async { world.body() }).await })
        };
        assert_eq!(future::block_on(task).ok(), Some(0));
        assert_eq!(thread.join().ok(), Some(0));
        assert_eq!(world.loads.load(SeqCst), 1);
    });
}
