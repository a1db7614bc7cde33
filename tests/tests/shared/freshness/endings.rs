//! When freshness ends, by the value or by chance or by request, and what then becomes of what is in
//! the store.

use std::time::Duration;

use cached_runtime::store::Store as _;
use cached_runtime::testing::conformance::wait as now;
use cached_runtime::{cached, expire_tag, hit, invalidate_tag, miss, stale};

use super::scene::{Kind, Scene, Stages, aside, both, settle, wait};

both! {
    a_forced_load_is_stored_for_every_process, (timeout = 10, stale = 10),
    load(id: u64) -> u64 { id + STAGE.loads() },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(100), 101));
        for (seconds, value) in [(0, 102), (10, 103), (15, 104), (100, 105)] {
            scene.pass(seconds);
            other.run(|| miss!(done(load::fresh(100)), value));
            other.run(|| hit!(load(100), value));
            scene.newcomer().run(|| hit!(load(100), value));
        }
    }
}

both! {
    a_forced_load_takes_nothing_that_is_there, (timeout = 100, refresh_ahead = 0.5),
    load(id: u64) -> u64 { id + STAGE.loads() },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| miss!(load(100), 101));
        scene.pass(50);
        STAGE.close();
        one.run(|| hit!(load(100), 101));
        STAGE.wait_for(2);
        // It waits for the load that is under way, as any miss does.
        let forced = aside(one, || done(load::fresh(100)));
        forced.lingers();
        STAGE.open();
        // If it had no time to come there, its load is one of its own.
        assert_eq!(forced.join(), 100 + STAGE.loads());
        assert!(STAGE.loads() > 1);
    }
}

both! {
    a_value_s_own_timeout_ends_its_freshness,
    (timeout = 1_000, stale = 5, timeout_of = |value: &u64| Duration::from_secs(*value % 100)),
    load(id: u64) -> u64 { if STAGE.result().is_ok() { id } else { 100 } },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(110), 110));
        scene.pass(9);
        other.run(|| hit!(load(110), 110));
        scene.pass(1);
        // A refresh whose value is not to be stored leaves what is there.
        STAGE.fail(true);
        scene.newcomer().run(|| stale!(load(110), 110));
        one.run(|| stale!(load(110), 110));
        settle(one);
        one.run(|| stale!(load(110), 110));
        scene.pass(5);
        one.run(|| miss!(load(110), 100));
        one.run(|| miss!(load(110), 100));
    }
}

both! {
    chance_shortens_a_timeout_and_never_makes_it_longer, (timeout = 1_000, jitter = 0.5),
    load(id: u64) -> u64 { id + STAGE.loads() },
    |scene| {
        const ENTRIES: u64 = 200;
        let Scene { one, .. } = scene;
        one.seed(7);
        one.run(|| (0..ENTRIES).for_each(|id| _ = load(id)));
        // As the store has them.
        let fresh = || {
            let newcomer = scene.newcomer();
            let is_fresh = |id: &u64| load::entry(*id).peek().unwrap().is_some();
            newcomer.run(|| (0..ENTRIES).filter(is_fresh).count())
        };
        scene.world.advance(Duration::from_millis(499_990));
        assert_eq!(fresh(), 200);
        scene.pass(250);
        assert!((70..130).contains(&fresh()), "{}", fresh());
        scene.world.advance(Duration::from_millis(250_010));
        assert_eq!(fresh(), 0);
    }
}

both! {
    an_entry_that_never_ends_can_be_expired, (timeout = never, stale = 20, tags("all")),
    load(id: u64) -> u64 { id + STAGE.loads() },
    |scene| {
        let Scene { one, other, .. } = scene;
        let ways: [fn(); 2] = [
            || assert!(load::entry(100).expire().unwrap()),
            || expire_tag("all").unwrap(),
        ];
        for expire in ways {
            let value = one.run(|| load(100));
            scene.pass(1_000_000_000);
            other.run(|| hit!(load(100), value));
            other.run(expire);
            scene.pass(19);
            for process in [other, &scene.newcomer()] {
                process.run(|| assert_eq!(load::entry(100).peek().unwrap(), Some(value)));
            }
            other.run(|| stale!(load(100), value));
            settle(other);
            other.run(|| hit!(load(100), value + 1));
            other.run(expire);
            scene.pass(20);
            one.run(|| miss!(load(100), value + 2));
            settle(one);
        }
    }
}

both! {
    what_is_not_there_is_not_expired_and_its_load_counts_for_nothing,
    (timeout = 100, stale = 20, lease),
    load(id: u64) -> u64 { id + STAGE.loads() },
    |scene| {
        let Scene { one, other, .. } = scene;
        // Nothing is there; then what was invalidated.
        for _ in 0..2 {
            other.run(|| assert!(!load::entry(100).expire().unwrap()));
            other.run(|| load::entry(100).invalidate()).unwrap();
        }
        // The lease of a load.
        STAGE.close();
        let holder = aside(one, || miss!(load(100)));
        STAGE.wait_for(1);
        other.run(|| assert!(!load::entry(100).expire().unwrap()));
        STAGE.open();
        assert_eq!(holder.join(), 101);
        for (process, seen) in [(other, 102), (one, 102)] {
            process.run(|| assert_eq!(load(100), seen));
        }
        assert_eq!(STAGE.loads(), 2);
        // What was invalidated stays what it is, and does not come back as stale.
        other.run(|| load::entry(100).invalidate()).unwrap();
        other.run(|| assert!(!load::entry(100).expire().unwrap()));
        other.run(|| miss!(load(100), 103));
    }
}

both! {
    an_expiry_overtakes_a_load_without_a_lease, (timeout = 100, stale = 20),
    load(id: u64) -> u64 { id + STAGE.loads() },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(100), 101));
        STAGE.close();
        let forced = aside(one, || done(load::fresh(100)));
        STAGE.wait_for(2);
        other.run(|| assert!(load::entry(100).expire().unwrap()));
        STAGE.open();
        assert_eq!(forced.join(), 102);
        if scene.kind != Kind::Told {
            // Memory hears of nothing for so long.
            scene.pass(5);
        }
        one.run(|| assert_eq!(load::entry(100).peek().unwrap(), Some(101)));
        scene.newcomer().run(|| stale!(load(100), 101));
    }
}

both! {
    what_was_expired_here_and_invalidated_there_is_gone_here,
    (timeout = 100, stale = "1h", stale_if_error = "1h", tags("all")),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        let ways: [fn(); 2] = [
            || assert!(load::entry(100).expire().unwrap()),
            || expire_tag("all").unwrap(),
        ];
        for expire in ways {
            STAGE.fail(false);
            one.run(|| assert!(load(100).is_ok()));
            one.run(expire);
            other.run(|| load::entry(100).invalidate()).unwrap();
            if scene.kind != Kind::Told {
                scene.pass(5);
            }
            STAGE.fail(true);
            one.run(|| assert!(miss!(load(100)).is_err()));
        }
    }
}

both! {
    the_soft_and_the_hard_form_meet, (timeout = 100, stale = 20, tags("all")),
    load(id: u64) -> u64 { id + STAGE.loads() },
    |scene| {
        let Scene { one, other, world, .. } = scene;
        for hard in [one, other] {
            let value = one.run(|| load(100));
            scene.pass(5);
            other.run(|| hit!(load(100), value));
            let soft = if std::ptr::eq(hard, one) { other } else { one };
            let softens = aside(soft, || (0..20).for_each(|_| expire_tag("all").unwrap()));
            let hardens = aside(hard, || invalidate_tag("all").unwrap());
            softens.join();
            hardens.join();
            // In whatever order: what was there before is gone.
            let newcomer = scene.newcomer();
            newcomer.run(|| assert_eq!(load::entry(100).peek().unwrap(), None));
            if scene.kind != Kind::Told {
                scene.pass(5);
            }
            for process in [&newcomer, one, other] {
                process.run(|| assert_eq!(load(100), value + 1));
            }
        }
        // The record of a tag that was softened is lost: what carried it is gone, not stale.
        let value = one.run(|| load(100));
        one.run(|| expire_tag("all")).unwrap();
        now(world.store.delete("t:all:")).unwrap();
        let newcomer = scene.newcomer();
        newcomer.run(|| miss!(load(100), value + 1));
        newcomer.run(|| hit!(load(100), value + 1));
    }
}
