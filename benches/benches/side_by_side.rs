//! `cargo bench -p cached-benches --bench side_by_side`: what a hit costs, here and elsewhere.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cached_benches::cold;
use cached_benches::contest::{self, Contest, each, each_async};
use cached_benches::contestants::by_hand::{self, Borrowed, Map, Owned, Quick, Stack};
use cached_benches::contestants::{cached_4, memoize_0_6, ours};
use cached_benches::keys::{self, Key};
use cached_benches::threads::{self, Answers, Runner};

fn main() {
    let keys: &'static [Key] = keys::all().leak();
    let order: &'static [usize] = keys::order(0.0, 16_384).leak();
    for key in keys {
        let _ = (ours::forever(key.id), ours::integer(key.id));
    }
    let tuples = tuples(keys, order);
    let texts = texts(keys, order);
    let integers = integers(keys, order);
    let futures = futures(keys, order);
    let (loads, last) = cold::run();
    let hot: Vec<usize> = vec![7; 4096];
    let zipf = keys::order(0.99, 16_384);
    let threads = [
        threads_on_tuples("Two threads, Zipf(0.99), (u64, &str) -> Arc<str>", keys, &zipf),
        threads_on_integers("Two threads, Zipf(0.99), u64 -> u64", keys, &zipf),
        threads_on_integers("Two threads, one hot key, u64 -> u64", keys, &hot),
        threads_on_tuples("Two threads, one hot key, (u64, &str) -> Arc<str>", keys, &hot),
    ];

    println!("\nBudgets{:>60} {:>9}", "measured", "at most");
    let ratio = |lines: &[contest::Line]| lines[1].nanos / lines[0].nanos;
    let fastest =
        |lines: &[contest::Line]| lines.iter().map(|line| line.nanos).fold(f64::MAX, f64::min);
    let (cached, plain) = (ours::later(1, ""), ours::uncached(1, ""));
    let growth = size_of_val(&cached).saturating_sub(size_of_val(&plain));
    let growth = f64::from(u32::try_from(growth).unwrap_or(u32::MAX));
    budget("tuple key, times the floor", ratio(&tuples), 2.2);
    budget("tuple key, allocations", tuples[1].allocations, 0.0);
    budget("template key, times the floor", ratio(&texts), 1.5);
    budget("template key, allocations", texts[1].allocations, 0.0);
    budget(
        "integer key, times the fastest attribute",
        integers[1].nanos / fastest(&integers[5..]),
        1.0,
    );
    budget(
        "integer key, times the fastest by hand",
        integers[1].nanos / fastest(&integers[3..5]),
        1.0,
    );
    budget("async hit, ns over the sync hit", futures[1].nanos - futures[0].nanos, 10.0);
    budget("async fn, bytes that its future grows by", growth, 255.0);
    budget("1,000 tasks on one cold key, loads", loads, 1.0);
    budget("1,000 tasks on one cold key, ms to the last", last.as_secs_f64() * 1e3, 1.0);
    for (lines, what) in
        threads.iter().zip(["Zipf, tuple", "Zipf, integer", "hot, integer", "hot, tuple"])
    {
        let best = lines[1..].iter().map(|line| line.two).fold(0.0, f64::max);
        budget(
            &format!("two threads, {what}: best peer's rate, times ours"),
            best / lines[0].two,
            1.0,
        );
    }
}

fn budget(what: &str, measured: f64, most: f64) {
    let verdict = if measured <= most { "" } else { "  over" };
    println!("{what:<58} {measured:>8.2} {most:>9.2}{verdict}");
}

fn tuples(keys: &'static [Key], order: &'static [usize]) -> Vec<contest::Line> {
    let map: Map<Owned, Arc<str>> = by_hand::tuples(keys).collect();
    let quick = Quick::filled(by_hand::tuples(keys));
    let moka = by_hand::moka(by_hand::tuples(keys));
    Contest::new("Fresh hit, (u64, &str) -> Arc<str>, timeout on", order.len())
        .with("plain map, borrowed key (the floor)", move || {
            each(order, |at| map.get(&Borrowed(keys[at].id, &keys[at].name)).cloned());
        })
        .with("cached-runtime", move || each(order, |at| ours::tuple(keys[at].id, &keys[at].name)))
        .with("quick_cache by hand, borrowed key, coarse clock", move || {
            each(order, |at| quick.get(&Borrowed(keys[at].id, &keys[at].name)));
        })
        .with("moka sync by hand, owned key", move || {
            each(order, |at| moka.get(&Owned(keys[at].id, keys[at].name.clone())));
        })
        .with("cached 4.1 #[cached]", move || {
            each(order, |at| cached_4::tuple(keys[at].id, &keys[at].name));
        })
        .with("cached 4.1 #[concurrent_cached]", move || {
            each(order, |at| cached_4::sharded(keys[at].id, &keys[at].name));
        })
        .with("memoize 0.6, SharedCache", move || {
            each(order, |at| memoize_0_6::tuple(keys[at].id, keys[at].name.clone()));
        })
        .run()
}

fn texts(keys: &'static [Key], order: &'static [usize]) -> Vec<contest::Line> {
    let map: Map<String, Arc<str>> = by_hand::texts(keys).collect();
    let quick = Quick::filled(by_hand::texts(keys));
    let moka = by_hand::moka(by_hand::texts(keys));
    Contest::new("Fresh hit, \"user:{id}:{name}\" -> Arc<str>, timeout on", order.len())
        .with("plain map, text written into a stack buffer (the floor)", move || {
            each(order, |at| map.get(Stack::key(keys[at].id, &keys[at].name).text()).cloned());
        })
        .with("cached-runtime", move || {
            each(order, |at| ours::template(keys[at].id, &keys[at].name));
        })
        .with("quick_cache by hand, stack buffer, coarse clock", move || {
            each(order, |at| quick.get(Stack::key(keys[at].id, &keys[at].name).text()));
        })
        .with("moka sync by hand, stack buffer", move || {
            each(order, |at| moka.get(Stack::key(keys[at].id, &keys[at].name).text()));
        })
        .with("cached 4.1 #[cached], format!", move || {
            each(order, |at| cached_4::template(keys[at].id, &keys[at].name));
        })
        .run()
}

fn integers(keys: &'static [Key], order: &'static [usize]) -> Vec<contest::Line> {
    let map: Map<u64, u64> = by_hand::integers(keys).collect();
    let quick = Quick::filled(by_hand::integers(keys));
    let moka = by_hand::moka(by_hand::integers(keys));
    Contest::new("Fresh hit, u64 -> u64, timeout on", order.len())
        .with("plain map (the floor)", move || each(order, |at| map.get(&keys[at].id).copied()))
        .with("cached-runtime", move || each(order, |at| ours::integer(keys[at].id)))
        .with("cached-runtime, timeout = never", move || {
            each(order, |at| ours::forever(keys[at].id));
        })
        .with("quick_cache by hand, coarse clock", move || {
            each(order, |at| quick.get(&keys[at].id));
        })
        .with("moka sync by hand", move || each(order, |at| moka.get(&keys[at].id)))
        .with("cached 4.1 #[cached]", move || each(order, |at| cached_4::integer(keys[at].id)))
        .with("cached 4.1 #[concurrent_cached]", move || {
            each(order, |at| cached_4::sharded_integer(keys[at].id));
        })
        .with("memoize 0.6, SharedCache", move || {
            each(order, |at| memoize_0_6::integer(keys[at].id));
        })
        .run()
}

fn futures(keys: &'static [Key], order: &'static [usize]) -> Vec<contest::Line> {
    let moka = by_hand::moka_future::<Owned, Arc<str>>();
    for (key, value) in by_hand::tuples(keys) {
        at_once(moka.insert(key, value));
    }
    Contest::new("Fresh hit awaited in a task, (u64, &str) -> Arc<str>, timeout on", order.len())
        .with("cached-runtime, the sync function", move || {
            at_once(async { each(order, |at| ours::tuple(keys[at].id, &keys[at].name)) });
        })
        .with("cached-runtime, async fn", move || {
            at_once(each_async(order, |at: usize| ours::later(keys[at].id, &keys[at].name)));
        })
        .with("moka future by hand, owned key", move || {
            at_once(each_async(order, async |at: usize| {
                moka.get(&Owned(keys[at].id, keys[at].name.clone())).await
            }));
        })
        .with("cached 4.1 #[cached] async fn", move || {
            at_once(each_async(order, |at: usize| cached_4::later(keys[at].id, &keys[at].name)));
        })
        .run()
}

/// The output of a future that waits for nothing.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a hit waits for nothing"),
    }
}

fn threads_on_tuples(title: &str, keys: &[Key], order: &[usize]) -> Vec<threads::Line> {
    let quick = Quick::filled(by_hand::tuples(keys));
    let moka = by_hand::moka(by_hand::tuples(keys));
    let runners: [Runner<'_>; 6] = [
        ("cached-runtime", on(|at: usize| ours::tuple(keys[at].id, &keys[at].name))),
        ("quick_cache by hand", on(|at: usize| quick.get(&Borrowed(keys[at].id, &keys[at].name)))),
        ("moka sync by hand", on(|at: usize| moka.get(&Owned(keys[at].id, keys[at].name.clone())))),
        ("cached 4.1 #[cached]", on(|at: usize| cached_4::tuple(keys[at].id, &keys[at].name))),
        (
            "cached 4.1 #[concurrent_cached]",
            on(|at: usize| cached_4::sharded(keys[at].id, &keys[at].name)),
        ),
        ("memoize 0.6", on(|at: usize| memoize_0_6::tuple(keys[at].id, keys[at].name.clone()))),
    ];
    threads::compete(title, order, &runners)
}

fn threads_on_integers(title: &str, keys: &[Key], order: &[usize]) -> Vec<threads::Line> {
    let quick = Quick::filled(by_hand::integers(keys));
    let moka = by_hand::moka(by_hand::integers(keys));
    let runners: [Runner<'_>; 6] = [
        ("cached-runtime", on(|at: usize| ours::integer(keys[at].id))),
        ("quick_cache by hand", on(|at: usize| quick.get(&keys[at].id))),
        ("moka sync by hand", on(|at: usize| moka.get(&keys[at].id))),
        ("cached 4.1 #[cached]", on(|at: usize| cached_4::integer(keys[at].id))),
        ("cached 4.1 #[concurrent_cached]", on(|at: usize| cached_4::sharded_integer(keys[at].id))),
        ("memoize 0.6", on(|at: usize| memoize_0_6::integer(keys[at].id))),
    ];
    threads::compete(title, order, &runners)
}

/// A contestant that does `work` for each key.
fn on<'a, T>(work: impl Fn(usize) -> T + Sync + 'a) -> Answers<'a> {
    Box::new(move |order| each(order, &work))
}
