//! What the handler's own `Cache-Control`, `Expires` and `Age` make of its response.

use std::time::{Duration, SystemTime};

use crate::outcome::{hit, stored};
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
    // Which of the two holds, nobody knows (RFC 9111, 4.2.1).
    &["max-age=40", "max-age=10"],
    &["max-age=10, max-age=40"],
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
    let (date, expires) = (date_in(0), date_in(10));
    let rows: [(&[(_, &str)], u64); 8] = [
        (&[("cache-control", "max-age=10")], 10),
        (&[("cache-control", "max-age=50, s-maxage=5")], 5),
        (&[("cache-control", "max-age=5, s-maxage=50")], 50),
        (&[("date", &date), ("expires", &expires)], 10),
        (&[("date", &date), ("expires", &expires), ("cache-control", "max-age=20")], 20),
        // The timeout is shorter.
        (&[("cache-control", "max-age=3600")], 60),
        // It comes with an age of its own.
        (&[("cache-control", "max-age=10"), ("age", "7")], 3),
        (&[("cache-control", "max-age=10"), ("age", "0")], 10),
    ];
    for (fields, lifetime) in rows {
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (*name, value.to_string())).collect();
        let sent = fields.clone();
        let page = site.page_of("plain", move |run| {
            sent.iter().fold(Reply::run(run), |reply, (name, value)| reply.field(name, value))
        });
        let first = page.get().send().await;
        assert!(first.says("stored"), "{fields:?}: {first:?}");
        // `Expires` names a time of day, which goes on while the test runs.
        let rest = if fields.iter().any(|(name, _)| *name == "expires") { 5 } else { 1 };
        site.advance(lifetime - rest);
        let last = page.get().send().await;
        assert_eq!(last.text(), "run 1", "{fields:?}: {last:?}");
        site.advance(rest);
        let next = page.get().send().await;
        assert_eq!(next.text(), "run 2", "{fields:?}: {next:?}");
    }
}

pub async fn what_has_expired_is_not_kept(site: &Site) {
    let (past, now) = (date_in(-10), date_in(0));
    for expires in ["0", "-1", "never", "", &past, &now] {
        let sent = expires.to_owned();
        let page = site.page_of("plain", move |run| Reply::run(run).field("expires", &sent));
        let (first, second) = (page.get().send().await, page.get().send().await);
        assert_eq!((first.text(), second.text()), ("run 1", "run 2"), "{expires:?}");
    }
    let page = site.page_of("plain", |run| {
        Reply::run(run).field("cache-control", "max-age=10").field("age", "10")
    });
    let (first, second) = (page.get().send().await, page.get().send().await);
    assert_eq!((first.text(), second.text()), ("run 1", "run 2"), "as old as it may be");
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

/// The date so many seconds from now.
fn date_in(secs: i64) -> String {
    let offset = Duration::from_secs(secs.unsigned_abs());
    let now = SystemTime::now();
    fmt_http_date(if secs < 0 { now - offset } else { now + offset })
}
