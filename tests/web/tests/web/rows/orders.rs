//! Attributes on either side of the framework's own cache as they say.

use crate::site::{Adapter, Site};

/// Handlers whose value is cached: the answer knows nothing of it.
pub async fn values_are_cached(site: &Site) {
    for route in ["value_above", "value_below"] {
        let (page, other) = (site.page(route), site.page(route));
        for turn in ["first", "second"] {
            let answer = page.get().send().await;
            assert_eq!(answer.text(), "run 1", "{route}, {turn}: {answer:?}");
            assert!(answer.lines("cache-status").is_empty(), "{route}: {answer:?}");
        }
        assert_eq!((other.get().send().await.text(), page.runs()), ("run 1", 1), "{route}");
    }
}

pub async fn responses_are_cached(site: &Site) {
    let everywhere = ["response_above", "taken_above", "taken_below"];
    let nesting = ["response_below", "several_above", "several_below"];
    let nesting = nesting.iter().filter(|_| site.adapter == Adapter::Actix);
    for route in everywhere.iter().chain(nesting) {
        let page = site.page(route);
        for turn in ["first", "second"] {
            let answer = page.get().send().await;
            assert_eq!(answer.text(), "run 1", "{route}, {turn}: {answer:?}");
            let kind = answer.field("content-type").unwrap_or_default();
            assert!(kind.starts_with("text/plain"), "{route}, {turn}: {answer:?}");
            assert_eq!(answer.says("hit"), turn == "second", "{route}: {answer:?}");
        }
        assert_eq!(page.runs(), 1, "{route}");
    }
}
