//! What a body says of its load, where the value that it is to replace may be in the store alone.

use cached_runtime::{Timeout, cached, current, expire_tag, hit, invalidate_tag, miss, stale};

use super::scene::{Scene, Stages, both, settle, wait};

/// The number of a load, and that of the value that it saw.
type Seen = (u64, Option<u64>);

/// What a load that is `number` returns.
fn seen(id: u64, number: u64) -> Seen {
    assert_eq!(id, 100);
    (number, current().previous::<Seen>().map(|(number, _)| number))
}

both! {
    a_refresh_sees_what_it_is_to_replace, (timeout = 10, stale = 50),
    load(id: u64) -> Result<Seen, String> { STAGE.result().map(|number| seen(id, number)) },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| miss!(load(100), Ok((1, None))));
        scene.pass(10);
        // In a process that has never had it.
        let newcomer = scene.newcomer();
        newcomer.run(|| stale!(load(100), Ok((1, None))));
        settle(&newcomer);
        newcomer.run(|| hit!(load(100), Ok((2, Some(1)))));
        scene.pass(60);
        one.run(|| miss!(load(100), Ok((3, None))));
        scene.pass(10);
        one.run(|| load::entry(100).invalidate()).unwrap();
        one.run(|| miss!(load(100), Ok((4, None))));
    }
}

both! {
    a_load_ahead_sees_what_it_is_to_replace, (timeout = 10, refresh_ahead = 0.5),
    load(id: u64) -> Result<Seen, String> { STAGE.result().map(|number| seen(id, number)) },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| miss!(load(100), Ok((1, None))));
        scene.pass(5);
        let newcomer = scene.newcomer();
        newcomer.run(|| hit!(load(100), Ok((1, None))));
        settle(&newcomer);
        newcomer.run(|| hit!(load(100), Ok((2, Some(1)))));
        scene.pass(10);
        newcomer.run(|| miss!(load(100), Ok((3, None))));
    }
}

both! {
    a_load_that_may_fall_back_sees_on_what, (timeout = 10, stale_if_error = 50),
    load(id: u64) -> Result<Seen, String> { STAGE.result().map(|number| seen(id, number)) },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| miss!(load(100), Ok((1, None))));
        scene.pass(10);
        scene.newcomer().run(|| miss!(load(100), Ok((2, Some(1)))));
        scene.pass(10);
        one.run(|| miss!(load(100), Ok((3, Some(2)))));
    }
}

both! {
    what_is_not_modified_is_fresh_again_with_its_tags,
    (timeout = 10, stale = 50, stale_if_error = 100),
    load(id: u64) -> u64 {
        if let Some(value) = current().not_modified::<u64>() {
            return value;
        }
        current().add_tag(format!("version:{}", STAGE.loads()));
        id + STAGE.loads()
    },
    |scene| {
        let Scene { other, .. } = scene;
        // The first load that says a tag is its process's own; from then on the store is asked.
        other.run(|| miss!(load(7), 8));
        other.run(|| miss!(load(100), 102));
        scene.pass(10);
        let newcomer = scene.newcomer();
        newcomer.run(|| stale!(load(100), 102));
        settle(&newcomer);
        scene.pass(5);
        for process in [&newcomer, other] {
            process.run(|| hit!(load(100), 102));
            // Memory may have had a stale one, and finds what the store has by now.
            settle(process);
        }
        assert_eq!(STAGE.loads(), 3);
        scene.pass(55);
        newcomer.run(|| miss!(load(100), 102));
        other.run(|| invalidate_tag("version:2")).unwrap();
        scene.pass(5);
        newcomer.run(|| miss!(load(100), 105));
        other.run(|| invalidate_tag("version:2")).unwrap();
        scene.pass(4);
        newcomer.run(|| hit!(load(100), 105));
    }
}

both! {
    a_timeout_that_the_body_sets_holds_in_the_store, (timeout = 1_000, stale = 5),
    load(seconds: u64) -> u64 {
        match seconds {
            1 => current().set_timeout(Timeout::NEVER),
            _ => current().set_timeout(seconds),
        }
        seconds
    },
    |scene| {
        let Scene { one, .. } = scene;
        for seconds in [0, 1, 10] {
            one.run(|| miss!(load(seconds), seconds));
        }
        one.run(|| miss!(load(0), 0));
        scene.pass(9);
        scene.newcomer().run(|| hit!(load(10), 10));
        scene.pass(1);
        scene.newcomer().run(|| stale!(load(10), 10));
        scene.pass(1_000_000_000);
        scene.newcomer().run(|| hit!(load(1), 1));
    }
}

both! {
    what_the_body_says_not_to_store_stays_out_of_the_store, (timeout = 10, stale = 50),
    load(id: u64) -> u64 {
        if STAGE.result().is_err() {
            current().do_not_store();
        }
        id + STAGE.loads()
    },
    |scene| {
        let Scene { one, .. } = scene;
        STAGE.fail(true);
        one.run(|| miss!(load(100), 101));
        STAGE.fail(false);
        one.run(|| miss!(load(100), 102));
        scene.pass(10);
        // In the background it leaves the entry as it is.
        STAGE.fail(true);
        for process in [one, &scene.newcomer()] {
            process.run(|| stale!(load(100), 102));
            settle(process);
            process.run(|| stale!(load(100), 102));
        }
        assert_eq!(STAGE.loads(), 4);
    }
}

both! {
    tags_that_the_body_adds_are_those_of_the_entry, (timeout = 100, stale = 50, tags("all")),
    load(id: u64) -> u64 {
        current().add_tag(format!("body:{id}"));
        id + STAGE.loads()
    },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(7)));
        one.run(|| miss!(load(100), 102));
        other.run(|| expire_tag("body:100")).unwrap();
        scene.pass(5);
        one.run(|| stale!(load(100), 102));
        settle(one);
        one.run(|| hit!(load(100), 103));
        other.run(|| invalidate_tag("body:100")).unwrap();
        scene.pass(5);
        one.run(|| miss!(load(100), 104));
        other.run(|| invalidate_tag("body:7")).unwrap();
        scene.pass(4);
        one.run(|| hit!(load(100), 104));
    }
}
