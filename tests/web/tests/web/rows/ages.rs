//! `Age` and `Date`: how old an answer is, and that both together tell the time.

use std::time::{Duration, SystemTime};

use httpdate::{fmt_http_date, parse_http_date};

use crate::client::Answer;
use crate::outcome::{hit, stored};
use crate::script::Reply;
use crate::site::Site;

pub async fn an_entry_ends_with_its_timeout(site: &Site) {
    let page = site.page("plain");
    stored!(page.get(), 1);
    site.advance(59);
    hit!(page.get(), 1);
    site.advance(1);
    stored!(page.get(), 2);
    site.advance(59);
    hit!(page.get(), 2);
}

pub async fn every_hit_tells_its_age(site: &Site) {
    let page = site.page("plain");
    assert_eq!(stored!(page.get(), 1).field("age"), None);
    for (wait, age) in [(0, "0"), (7, "7"), (0, "7"), (50, "57")] {
        site.advance(wait);
        assert_eq!(hit!(page.get(), 1).field("age"), Some(age));
        assert_eq!(page.head().send().await.field("age"), Some(age));
    }
}

pub async fn the_age_that_it_came_with_adds_up(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("age", "5"));
    page.get().send().await;
    for (wait, age) in [(0, "5"), (7, "12")] {
        site.advance(wait);
        assert_eq!(hit!(page.get(), 1).field("age"), Some(age));
    }
}

pub async fn the_date_of_the_handler_stays(site: &Site) {
    let date = fmt_http_date(SystemTime::now() - Duration::from_secs(3));
    let sent = date.clone();
    let page = site.page_of("plain", move |run| Reply::run(run).field("date", &sent));
    assert_eq!(stored!(page.get(), 1).field("date"), Some(&*date));
    for _ in 0..2 {
        site.advance(5);
        assert_eq!(hit!(page.get(), 1).field("date"), Some(&*date));
    }
}

/// The caches' clock is turned by as much as the day goes on, which nothing but time can do.
pub async fn dates_and_ages_add_up(site: &Site) {
    let page = site.page("plain");
    let date = |answer: &Answer| parse_http_date(answer.field("date").expect("a date")).unwrap();
    let first = date(&stored!(page.get(), 1));
    assert!(distance(first, SystemTime::now()) < Duration::from_secs(3));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    site.isolation.clock().advance(Duration::from_millis(1100));
    let later = hit!(page.get(), 1);
    assert_eq!(date(&later), first, "{later:?}");
    let age = later.field("age").and_then(|age| age.parse().ok()).expect("an age");
    assert_eq!(age, 1, "{later:?}");
    let told = first + Duration::from_secs(age);
    assert!(distance(told, SystemTime::now()) < Duration::from_secs(3), "{later:?}");
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}
