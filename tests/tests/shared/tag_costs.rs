//! What it costs to invalidate a tag of shared entries: the same for few as for many.

use cached_runtime::{Error, cached, expire_tag, hit, invalidate_tag, miss, stale};

use crate::world::World;

#[cached(shared, key = "{n}", timeout = never, stale = "1h", tags("all", "part:{n % 10}"))]
fn numbered(n: u64) -> u64 {
    n
}

type Way = fn(&str) -> Result<(), Error>;

#[test]
fn an_invalidation_costs_the_same_whatever_carries_the_tag() {
    for (invalidate, reads) in [(invalidate_tag as Way, 0), (expire_tag, 1)] {
        for entries in [10, 2_000] {
            let world = World::new();
            let (one, other) = (world.process(), world.process());
            one.run(|| (0..entries).for_each(|n| _ = numbered(n)));
            let before = (world.store.reads(), world.store.writes());
            other.run(|| invalidate("part:7")).unwrap();
            let after = (world.store.reads(), world.store.writes());
            // The record of the tag, and the one of any tag.
            let costs = (after.0 - before.0, after.1 - before.1);
            assert_eq!(costs, (reads, 2), "for {entries} entries");
            one.run(|| {
                for n in 0..entries {
                    match (n % 10, reads) {
                        (7, 0) => miss!(numbered(n), n),
                        (7, _) => stale!(numbered(n), n),
                        _ => hit!(numbered(n), n),
                    }
                }
            });
            world.settle();
            one.run(|| hit!(numbered(7), 7));
        }
    }
}
