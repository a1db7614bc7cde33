//! Every order of renewals in the background against invalidations, hard and soft, and against
//! callers who wait, as a model checker finds them, on the runtime's own code.
//!
//! The rule of `model.rs` holds of whatever answers: nothing that was hard-invalidated is ever seen
//! again. What was softly invalidated may be answered as stale, which takes no load: so a call that
//! loads, or waits for a load, must see at least what was announced when it began. And there is one
//! renewal at a time, whose value is there in the end.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use cached_runtime::__private::{
    Argument, Entry, Handle, Instance, Mode, Pick, Policy, Refresh, Site, TextBuffer,
    begin_refreshing, rules, run,
};
use cached_runtime::{expire_tag, invalidate_tag};
use shuttle::sync::atomic::{AtomicU64, Ordering::SeqCst};
use shuttle::thread;

/// A cached function with `stale` over a database, made anew for every execution.
struct World {
    site: &'static Site,
    database: AtomicU64,
    /// What every call that begins now must see at least; and one that is not answered at once.
    hard: AtomicU64,
    soft: AtomicU64,
    loads: AtomicU64,
}

/// Ways to tell the cache that the database has changed.
#[derive(Clone, Copy, Debug)]
enum Tell {
    Invalidate,
    Clear,
    Put,
    Tag,
    Expire,
    SoftTag,
}

impl World {
    /// One with an entry that is stale.
    fn stale() -> Arc<Self> {
        let world = Self::empty();
        world.read();
        let _ = world.entry().expire();
        world
    }

    fn empty() -> Arc<Self> {
        // Leaked, because a site is a static; a few hundred bytes for every execution.
        let site = Box::leak(Box::new(Site::new("renewed", "model")));
        let zero = || AtomicU64::new(0);
        Arc::new(Self { site, database: zero(), hard: zero(), soft: zero(), loads: zero() })
    }

    fn instance() -> Instance {
        // No schedule takes an hour.
        Instance::of(&|| (), || Policy::new().stale(Duration::from_secs(3_600)))
    }

    fn body(&self) -> u64 {
        self.loads.fetch_add(1, SeqCst);
        let value = self.database.load(SeqCst);
        thread::yield_now();
        value
    }

    /// One call: what it saw, and what is to be started. Where nothing answered at once, what it saw
    /// is at least `least`.
    fn call(&self, least: u64) -> (u64, Option<Refresh>) {
        let pick = Pick::<u64>::NEW;
        let terms = rules(&pick, pick.pick());
        let part = Some((Argument(&1_u64).part(),));
        let begun = begin_refreshing(self.site, Self::instance(), Mode::Normal, part, terms);
        match begun.split() {
            (refresh, ControlFlow::Break(value)) => (value, refresh),
            (refresh, ControlFlow::Continue(mut call)) => {
                let mut tag = TextBuffer::default();
                tag.literal("tag");
                call.tag(tag.key());
                let seen = run(call, || self.body());
                assert!(seen >= least, "loaded {seen}, from before {least} was announced");
                (seen, refresh)
            }
        }
    }

    fn entry(&self) -> Entry<u64> {
        let pick = Pick::<u64>::NEW;
        let part = Some((Argument(&1_u64).part(),));
        let mut tag = TextBuffer::default();
        tag.literal("tag");
        Entry::new(self.site, Self::instance(), part, rules(&pick, pick.pick())).tagged(tag.key())
    }

    /// Calls, checks the rule, and runs what is to be started before it goes on.
    fn read(&self) -> u64 {
        let (hard, soft) = (self.hard.load(SeqCst), self.soft.load(SeqCst));
        let (seen, refresh) = self.call(hard.max(soft));
        assert!(seen >= hard, "saw {seen}, loaded before {hard} was announced");
        if let Some(refresh) = refresh {
            refresh.take_up(|| _ = self.call(0));
        }
        seen
    }

    /// Changes the database, tells the cache, and announces the change.
    fn write(&self, value: u64, tell: Tell) {
        self.database.store(value, SeqCst);
        match tell {
            Tell::Invalidate => _ = self.entry().invalidate(),
            Tell::Clear => Handle::new(self.site).clear(),
            Tell::Put => self.entry().put(value),
            Tell::Tag => invalidate_tag("tag").expect("memory takes every invalidation"),
            Tell::Expire => _ = self.entry().expire(),
            Tell::SoftTag => expire_tag("tag").expect("memory takes every invalidation"),
        }
        let announced = match tell {
            Tell::Expire | Tell::SoftTag => &self.soft,
            _ => &self.hard,
        };
        announced.fetch_max(value, SeqCst);
    }

    /// What is there once nobody writes any more: renewed, if it has to be, by one call.
    fn settles(&self) {
        self.read();
        let (loads, latest) = (self.loads.load(SeqCst), self.database.load(SeqCst));
        assert_eq!(self.read(), latest, "the renewed entry is lost");
        assert_eq!(self.loads.load(SeqCst), loads, "the renewed entry is lost");
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// Random schedules, and schedules with few preemptions at the worst places (PCT).
fn check(test: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(test.clone(), 600);
    shuttle::check_pct(test, 600, 3);
}

fn together(workers: Vec<Work>) {
    let workers: Vec<_> = workers.into_iter().map(thread::spawn).collect();
    for worker in workers {
        if let Err(panic) = worker.join() {
            resume_unwind(panic);
        }
    }
}

fn reader(world: &Arc<World>) -> Work {
    let world = Arc::clone(world);
    Box::new(move || (0..2).for_each(|_| _ = world.read()))
}

fn writer(world: &Arc<World>, tells: &'static [Tell]) -> Work {
    let world = Arc::clone(world);
    Box::new(move || (1..).zip(tells).for_each(|(value, tell)| world.write(value, *tell)))
}

fn renewals_meet(tells: &'static [Tell]) {
    check(move || {
        let world = World::stale();
        together(vec![reader(&world), reader(&world), writer(&world, tells)]);
        world.settles();
    });
}

#[test]
fn a_stale_entry_is_renewed_once_whoever_comes() {
    check(|| {
        let world = World::stale();
        world.database.store(7, SeqCst);
        together(vec![reader(&world), reader(&world), reader(&world)]);
        assert_eq!(world.loads.load(SeqCst), 2, "it was renewed more than once");
        assert_eq!(world.read(), 7);
        assert_eq!(world.loads.load(SeqCst), 2, "it was renewed more than once");
    });
}

#[test]
fn an_invalidation_is_never_lost_in_a_renewal() {
    renewals_meet(&[Tell::Invalidate, Tell::Invalidate]);
}

#[test]
fn a_clear_is_never_lost_in_a_renewal() {
    renewals_meet(&[Tell::Clear, Tell::Clear]);
}

#[test]
fn a_put_beats_every_renewal_that_began_before_it() {
    renewals_meet(&[Tell::Put, Tell::Expire, Tell::Put]);
}

#[test]
fn an_invalidated_tag_is_never_lost_in_a_renewal() {
    renewals_meet(&[Tell::Tag, Tell::SoftTag, Tell::Tag]);
}

#[test]
fn what_is_softly_invalidated_is_renewed_in_the_end() {
    renewals_meet(&[Tell::Expire, Tell::Expire]);
    renewals_meet(&[Tell::SoftTag, Tell::SoftTag]);
    renewals_meet(&[Tell::SoftTag, Tell::Invalidate, Tell::Expire]);
}

#[test]
fn who_waits_is_handed_nothing_from_before_a_soft_invalidation() {
    for tell in [&[Tell::Expire, Tell::Expire], &[Tell::SoftTag, Tell::SoftTag]] {
        check(move || {
            let world = World::empty();
            together(vec![reader(&world), reader(&world), writer(&world, tell)]);
            world.settles();
        });
    }
}

#[test]
fn a_renewal_that_nobody_starts_is_left_to_others() {
    // Tagged anew or cleared meanwhile, the key has callers who wait for that renewal.
    for tells in [&[][..], &[Tell::Clear], &[Tell::Tag, Tell::Expire]] {
        check(move || {
            let world = World::stale();
            world.database.store(7, SeqCst);
            let dropper: Work = {
                let world = Arc::clone(&world);
                Box::new(move || drop(world.call(0)))
            };
            let reader: Work = {
                let world = Arc::clone(&world);
                Box::new(move || _ = world.read())
            };
            together(vec![dropper, reader, writer(&world, tells)]);
            world.settles();
        });
    }
}

#[test]
fn every_order_of_one_renewal_and_one_invalidation() {
    for tell in [&[Tell::Invalidate], &[Tell::Expire], &[Tell::Put], &[Tell::Tag]] {
        let test = move || {
            let world = World::stale();
            let reader: Work = {
                let world = Arc::clone(&world);
                Box::new(move || _ = world.read())
            };
            together(vec![reader, writer(&world, tell)]);
            world.settles();
        };
        // Depth first: all schedules there are, up to a bound.
        shuttle::check_dfs(test, Some(1_500));
    }
}
