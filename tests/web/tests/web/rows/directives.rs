//! What the handler's own `Cache-Control`, `Expires` and `Age` make of its response.

use std::time::{Duration, SystemTime};

use crate::outcome::{hit, passed, stored};
use crate::script::Reply;
use crate::site::Site;
use httpdate::fmt_http_date;

/// Lines of `Cache-Control`, each list one response's, with which nothing is kept.
const REFUSED: &[&[&str]] = &[
    &["no-store"],
    &["No-Store"],
    &["NO-STORE"],
    &["private"],
    &["PrIvAtE"],
    &["no-cache"],
    &["private=\"set-cookie\""],
    &["no-cache=\"x-a, x-b\""],
    &["private=x-a"],
    &["max-age=60, no-store"],
    &["max-age=60,no-store"],
    &["no-store,max-age=60"],
    &["max-age=60 ,\t no-store  "],
    &[",,no-store,,"],
    &["public,\tprivate"],
    &["max-age=60", "no-store"],
    &["no-store", "max-age=60"],
    &["", "private"],
    &["x=\"a, b\", no-store"],
    &["x=\"a\\\", b\", no-store"],
    &["x=\"unclosed", "no-store"],
    &["no-store=\"\""],
    &["max-age=0"],
    &["s-maxage=0, max-age=60"],
    &["max-age=60", "s-maxage=0"],
    &["Max-Age=\"0\""],
];

/// Lines that are no reason to keep nothing, whatever they look like.
const KEPT: &[&[&str]] = &[
    &["public"],
    &["max-age=60"],
    &["MAX-AGE=60"],
    &["max-age=\"60\""],
    &["max-age=99999999999999999999"],
    &["s-maxage=60, max-age=0"],
    &["x=\"no-store\""],
    &["x=\"a, no-store, b\""],
    &["nostore"],
    &["no-store-ever"],
    &["must-revalidate"],
    &["no-transform"],
    &[""],
];

pub async fn these_refuse(site: &Site) {
    for lines in REFUSED {
        let page = site.page_of("plain", move |run| {
            lines.iter().fold(Reply::run(run), |reply, line| reply.field("cache-control", line))
        });
        for run in 1..3 {
            let answer = page.get().send().await;
            assert_eq!(answer.text(), format!("run {run}"), "{lines:?}: {answer:?}");
            assert!(!answer.says("stored"), "{lines:?}: {answer:?}");
        }
    }
}

pub async fn these_do_not(site: &Site) {
    for lines in KEPT {
        let page = site.page_of("plain", move |run| {
            lines.iter().fold(Reply::run(run), |reply, line| reply.field("cache-control", line))
        });
        for turn in ["first", "second"] {
            let answer = page.get().send().await;
            assert_eq!(answer.text(), "run 1", "{turn} with {lines:?}: {answer:?}");
        }
    }
}

/// What is sent is what the handler sent, line for line.
pub async fn lines_stay_as_they_are(site: &Site) {
    let page = site.page_of("plain", |run| {
        Reply::run(run).field("cache-control", "Max-Age=30").field("cache-control", "x=\"a,b\"")
    });
    stored!(page.get(), 1);
    let answer = hit!(page.get(), 1);
    assert_eq!(answer.lines("cache-control"), [&b"Max-Age=30"[..], b"x=\"a,b\""]);
}

pub async fn a_shorter_lifetime_counts(site: &Site) {
    let date = |secs| fmt_http_date(SystemTime::now() + Duration::from_secs(secs));
    let expires = move |run| Reply::run(run).field("date", date(0)).field("expires", date(10));
    let rows: [(&str, Box<dyn Fn(u64) -> Reply + Send + Sync>, u64); 8] = [
        ("max-age", Box::new(|run| Reply::run(run).field("cache-control", "max-age=10")), 10),
        (
            "s-maxage",
            Box::new(|run| Reply::run(run).field("cache-control", "max-age=50, s-maxage=5")),
            5,
        ),
        (
            "longer s-maxage",
            Box::new(|run| Reply::run(run).field("cache-control", "max-age=5, s-maxage=50")),
            50,
        ),
        ("expires", Box::new(expires), 10),
        (
            "max-age over expires",
            Box::new(move |run| expires(run).field("cache-control", "max-age=20")),
            20,
        ),
        ("the timeout", Box::new(|run| Reply::run(run).field("cache-control", "max-age=3600")), 60),
        (
            "less its age",
            Box::new(|run| Reply::run(run).field("cache-control", "max-age=10").field("age", "7")),
            3,
        ),
        (
            "two of them",
            Box::new(|run| {
                Reply::run(run)
                    .field("cache-control", "max-age=40")
                    .field("cache-control", "max-age=10")
            }),
            10,
        ),
    ];
    for (what, answer, lifetime) in rows {
        let page = site.page_of("plain", answer);
        stored!(page.get(), 1);
        site.advance(lifetime - 1);
        let last = page.get().send().await;
        assert_eq!(last.text(), "run 1", "{what}: {last:?}");
        site.advance(1);
        let next = page.get().send().await;
        assert_eq!(next.text(), "run 2", "{what}: {next:?}");
    }
}

pub async fn what_has_expired_is_not_kept(site: &Site) {
    let past = fmt_http_date(SystemTime::now() - Duration::from_secs(10));
    let past = Box::leak(past.into_boxed_str());
    for expires in ["0", "-1", "never", "", past] {
        let page = site.page_of("plain", move |run| Reply::run(run).field("expires", expires));
        let (first, second) = (page.get().send().await, page.get().send().await);
        assert_eq!((first.text(), second.text()), ("run 1", "run 2"), "{expires:?}");
    }
    let page = site.page_of("plain", |run| {
        Reply::run(run).field("cache-control", "max-age=10").field("age", "10")
    });
    passed!(page.get(), 1);
    passed!(page.get(), 2);
}

/// A cache without a timeout of its own keeps to what the response says.
pub async fn never_ends_where_the_response_says(site: &Site) {
    let page = site.page_of("lasting", |run| Reply::run(run).field("cache-control", "max-age=10"));
    stored!(page.get(), 1);
    site.advance(10);
    stored!(page.get(), 2);
    let page = site.page("lasting");
    stored!(page.get(), 1);
    site.advance(1_000_000_000);
    hit!(page.get(), 1);
}

pub async fn a_closure_says_for_how_long(site: &Site) {
    let page = site.page("timed");
    // As many seconds as the body has bytes.
    stored!(page.get(), 1);
    site.advance(4);
    hit!(page.get(), 1);
    site.advance(1);
    stored!(page.get(), 2);
    page.script.answers(|_| Reply::new(""));
    site.advance(5);
    for _ in 0..2 {
        let answer = page.get().send().await;
        assert!(answer.body.is_empty() && !answer.says("stored"), "{answer:?}");
    }
    assert_eq!(page.runs(), 4);
}
